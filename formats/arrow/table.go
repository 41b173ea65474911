package arrow

import (
	"encoding/base64"
	"io"
	"math/big"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"

	"cpm/formats/cells"
)

// The sizes at which a record batch of a table ends.
const (
	tableRows  = 1 << 16
	tableBytes = 64 << 20 // of its texts
)

// Table writes flat columns, all of which may hold nulls. Its record batches are not compressed. Add may run on
// several goroutines at once; Append and Close belong to one.
type Table struct {
	to      *sink
	schema  *arrow.Schema
	stored  []cells.Type
	waiting [][]*column // for a record batch
	rows    int         // of them
	size    uint64      // of their texts
	begun   bool
}

// TablePart is rows that wait for their place in a table: columns for one record batch, or for each of several.
type TablePart struct{ batches [][]*column }

// NewTable returns a writer of a table to w, as a file or as a stream.
func NewTable(w io.Writer, t cells.Table, isFile bool) *Table {
	out := &Table{to: &sink{to: w, isFile: isFile}}
	var fields []arrow.Field
	for _, column := range t.Columns {
		fields = append(fields, arrow.Field{Name: column.Name, Type: dataType(column.Type), Nullable: true})
		out.stored = append(out.stored, column.Type)
	}
	out.schema = arrow.NewSchema(fields, nil)
	return out
}

// empty returns columns without rows.
func (t *Table) empty() (columns []*column) {
	for _, f := range t.schema.Fields() {
		columns = append(columns, newColumn(f.Type, layoutOf(f.Type)))
	}
	return columns
}

// dataType returns the type that a column is written as.
func dataType(t cells.Type) arrow.DataType {
	switch t.Kind {
	case cells.Integer:
		return arrow.PrimitiveTypes.Int64
	case cells.Unsigned:
		return arrow.PrimitiveTypes.Uint64
	case cells.Single:
		return arrow.PrimitiveTypes.Float32
	case cells.Number:
		return arrow.PrimitiveTypes.Float64
	case cells.Truth:
		return arrow.FixedWidthTypes.Boolean
	case cells.Date:
		return arrow.FixedWidthTypes.Date32
	case cells.Clock:
		if t.Unit <= 1e3 {
			return &arrow.Time32Type{Unit: timeUnit(t.Unit)}
		}
		return &arrow.Time64Type{Unit: timeUnit(t.Unit)}
	case cells.Local:
		return &arrow.TimestampType{Unit: timeUnit(t.Unit)}
	case cells.Instant:
		if t.Zone == "" {
			t.Zone = "UTC"
		}
		return &arrow.TimestampType{Unit: timeUnit(t.Unit), TimeZone: t.Zone}
	case cells.Decimal:
		return decimalType(t)
	case cells.Binary:
		return arrow.BinaryTypes.Binary
	case cells.Text, cells.JSON:
	}
	return arrow.BinaryTypes.String
}

// decimalType returns the smallest type for the digits.
func decimalType(t cells.Type) arrow.DataType {
	if t.Precision <= 38 {
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	}
	return &arrow.Decimal256Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
}

// timeUnit returns the unit of which a second has so many.
func timeUnit(unit int64) arrow.TimeUnit {
	all := []arrow.TimeUnit{arrow.Second, arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond}
	return all[slices.IndexFunc(all, func(u arrow.TimeUnit) bool { return unitOf(u) == unit })]
}

// Add puts the rows of a block behind those of a part, which may be nil.
func (t *Table) Add(p *TablePart, b *cells.Block) (*TablePart, error) {
	if p == nil {
		p = &TablePart{}
	}
	last := len(p.batches) - 1
	if last < 0 || isFull(p.batches[last], len(b.Rows)) {
		p.batches = append(p.batches, t.empty())
		last++
	}
	for i, c := range p.batches[last] {
		if row := c.addCells(t.stored[i], b.Columns[i]); row >= 0 {
			return nil, cells.NotHeld(b.Rows[row], i, c.t.String())
		}
	}
	return p, nil
}

// isFull reports whether a record batch of columns has no room for so many rows more.
func isFull(columns []*column, more int) bool {
	return columns[0].n > 0 && columns[0].n+more > tableRows || textSize(columns) >= tableBytes
}

// textSize returns how many bytes the texts of columns take.
func textSize(columns []*column) (size uint64) {
	for _, c := range columns {
		size += c.end
	}
	return size
}

// addCells reads cells back. It returns the place of the first that the column cannot hold, or -1.
func (c *column) addCells(t cells.Type, texts [][]byte) int {
	if c.layout.kind != text {
		return slices.IndexFunc(texts, func(text []byte) bool { return !c.addCell(t, text) })
	}
	for i, text := range texts {
		c.mark(1, text != nil)
		before := len(c.text)
		if t.Kind == cells.Binary {
			var err error
			if c.text, err = base64.StdEncoding.AppendDecode(c.text, text); err != nil {
				return i
			}
		} else {
			c.text = append(c.text, text...)
		}
		c.end += uint64(len(c.text) - before)
		c.values = appendNumber(c.values, c.layout.width, c.end)
	}
	return -1
}

// addCell reads a cell of a column of no texts back; false for one that the column cannot hold.
func (c *column) addCell(t cells.Type, text []byte) (fits bool) {
	c.mark(1, text != nil)
	switch {
	case c.layout.kind == bitmap:
		if c.n%8 == 1 {
			c.values = append(c.values, 0)
		}
		if string(text) == "true" {
			bitutil.SetBit(c.values, c.n-1)
		}
		return true
	case text == nil:
		c.values = append(c.values, make([]byte, c.layout.width)...)
		return true
	case t.Kind == cells.Decimal:
		n, ok := t.Big(text)
		return c.addBig(n) && ok
	}
	n, ok := t.Bits(text)
	c.values = appendNumber(c.values, c.layout.width, n)
	return ok
}

// addBig adds a decimal, the lowest byte first.
func (c *column) addBig(n *big.Int) bool {
	var room [32]byte
	b := room[:c.layout.width]
	fits := cells.PutTwos(b, n)
	slices.Reverse(b)
	c.values = append(c.values, b...)
	return fits
}

// Append writes the rows of a part behind those before.
func (t *Table) Append(p *TablePart) error {
	for _, columns := range p.batches {
		if t.rows > 0 && t.rows+columns[0].n > tableRows || t.size >= tableBytes {
			if err := t.flush(); err != nil {
				return err
			}
		}
		t.waiting = append(t.waiting, columns)
		t.rows, t.size = t.rows+columns[0].n, t.size+textSize(columns)
	}
	return nil
}

// flush writes a record batch of what waits.
func (t *Table) flush() error {
	if err := t.begin(); err != nil || t.rows == 0 {
		return err
	}
	columns := make([]arrow.Array, len(t.stored))
	for i := range columns {
		d, err := t.joined(i)
		if err != nil {
			return err
		}
		columns[i] = array.MakeFromData(d)
	}
	messages, err := write(t.schema, plain, columns, int64(t.rows))
	if err != nil {
		return err
	}
	t.waiting, t.rows, t.size = nil, 0, 0
	return t.to.message(messages[len(messages)-1], &t.to.records)
}

// joined returns a column of all that waits.
func (t *Table) joined(column int) (*array.Data, error) {
	first := t.waiting[0][column]
	if len(t.waiting) == 1 {
		return first.data()
	}
	whole, values, text := newColumn(first.t, first.layout), 0, 0
	for _, columns := range t.waiting {
		values, text = values+len(columns[column].values), text+len(columns[column].text)
	}
	whole.values, whole.text = slices.Grow(whole.values, values), slices.Grow(whole.text, text)
	for _, columns := range t.waiting {
		d, err := columns[column].data()
		if err != nil {
			return nil, err
		}
		whole.add(d, []run{all(d)})
	}
	return whole.data()
}

// begin writes the schema, once.
func (t *Table) begin() error {
	if t.begun {
		return nil
	}
	t.begun = true
	head, err := write(t.schema, plain, nil, 0)
	if err != nil {
		return err
	}
	return t.to.begin(head[0])
}

// Close writes what is left and the end.
func (t *Table) Close() error {
	if err := t.flush(); err != nil {
		return err
	}
	return t.to.end(t.schema)
}
