package parquet

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/big"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"cpm/formats/cells"
)

// storedType returns the type that a column is written with: Parquet has no seconds.
func storedType(t cells.Type) cells.Type {
	if t.Unit == 1 {
		t.Unit = 1e3
	}
	return t
}

// elementOf returns what the schema says of a column.
func elementOf(c cells.Column) (e format.SchemaElement) {
	e.Name = c.Name
	e.RepetitionType.Set(format.Optional)
	t := pqType(storedType(c.Type))
	e.Type.Set(*t.PhysicalType())
	if e.Type.V == format.FixedLenByteArray {
		e.TypeLength.Set(int32(t.Length()))
	}
	if converted := t.ConvertedType(); converted != nil && c.Kind != cells.Clock && c.Kind != cells.Local { // those are in UTC
		e.ConvertedType.Set(*converted)
	}
	if logical := t.LogicalType(); logical != nil {
		e.LogicalType = *logical
	}
	if c.Kind == cells.Decimal {
		e.Precision.Set(int32(c.Precision))
		e.Scale.Set(int32(c.Scale))
	}
	return e
}

// pqType returns the library's type.
func pqType(t cells.Type) pq.Type {
	switch t.Kind {
	case cells.Integer:
		return pq.Int(64).Type()
	case cells.Unsigned:
		return pq.Uint(64).Type()
	case cells.Single:
		return pq.FloatType
	case cells.Number:
		return pq.DoubleType
	case cells.Truth:
		return pq.BooleanType
	case cells.Date:
		return pq.Date().Type()
	case cells.Clock:
		return pq.TimeAdjusted(timeUnit(t.Unit), false).Type()
	case cells.Local:
		return pq.TimestampAdjusted(timeUnit(t.Unit), false).Type()
	case cells.Instant:
		return pq.TimestampAdjusted(timeUnit(t.Unit), true).Type()
	case cells.Decimal:
		return decimalType(t)
	case cells.Binary:
		return pq.ByteArrayType
	case cells.JSON:
		return pq.JSON().Type()
	case cells.Text:
	}
	return pq.String().Type()
}

// timeUnit returns the unit of which a second has so many.
func timeUnit(unit int64) pq.TimeUnit {
	switch unit {
	case 1e3:
		return pq.Millisecond
	case 1e6:
		return pq.Microsecond
	}
	return pq.Nanosecond
}

// decimalType returns the smallest type for the digits.
func decimalType(t cells.Type) pq.Type {
	physical := pq.Int32Type
	switch {
	case t.Precision > 18:
		bits := float64(t.Precision)*math.Log2(10) + 1
		physical = pq.FixedLenByteArrayType(int(math.Ceil(bits / 8)))
	case t.Precision > 9:
		physical = pq.Int64Type
	}
	return pq.Decimal(t.Scale, t.Precision, physical).Type()
}

// headOf returns the parts of a footer that say of which columns a file is.
func headOf(columns []format.SchemaElement) (*footer, error) {
	root := format.SchemaElement{Name: "table"}
	root.NumChildren.Set(int32(len(columns)))
	m := &format.FileMetaData{Schema: append([]format.SchemaElement{root}, columns...)}
	for range columns {
		m.ColumnOrders = append(m.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	b, err := thrift.Marshal(new(thrift.CompactProtocol), m)
	if err != nil {
		return nil, err
	}
	f := &footer{bytes: b}
	return f, f.walk("")
}

// addCell reads a cell back; false for one that the column cannot hold.
func (p *draftPage) addCell(c *outColumn, t cells.Type, text []byte) bool {
	p.rows++
	p.count++
	if text == nil {
		if p.nulls == 0 {
			p.valid.addOnes(p.count - 1)
		}
		p.nulls++
		p.valid.add(0, 1)
		return true
	}
	if p.nulls > 0 {
		p.valid.add(1, 1)
	}
	switch t.Kind {
	case cells.Text, cells.JSON:
		p.plain = append(binary.LittleEndian.AppendUint32(p.plain, uint32(len(text))), text...)
		return len(text) <= maxPageBytes
	case cells.Binary:
		return p.addBytes(text)
	case cells.Truth:
		p.bits.add(bit(string(text) == "true"), 1)
		return true
	case cells.Decimal:
		if c.kind == format.FixedLenByteArray {
			n, ok := t.Big(text)
			return p.addBig(n, c.width) && ok
		}
	}
	n, ok := t.Bits(text)
	if c.width == 4 {
		p.plain = binary.LittleEndian.AppendUint32(p.plain, uint32(n))
	} else {
		p.plain = binary.LittleEndian.AppendUint64(p.plain, n)
	}
	return ok
}

// addBig adds a decimal, the highest byte first.
func (p *draftPage) addBig(n *big.Int, width int) bool {
	from := len(p.plain)
	p.plain = append(p.plain, make([]byte, width)...)
	return cells.PutTwos(p.plain[from:], n)
}

// addBytes adds the bytes that a text in base64 stands for.
func (p *draftPage) addBytes(text []byte) bool {
	from := len(p.plain)
	all, err := base64.StdEncoding.AppendDecode(append(p.plain, 0, 0, 0, 0), text)
	size := len(all) - from - 4
	binary.LittleEndian.PutUint32(all[from:], uint32(size))
	p.plain = all
	return err == nil && size <= maxPageBytes
}
