package arrow

import (
	"errors"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// blockRows is how many rows of all columns are held as cells at once.
const blockRows = 4096

// Table tells the columns of the cells. One whose values are no text is a fault of kind Usage.
func (r *Reader) Table() (cells.Table, error) {
	t := cells.Table{Name: r.name}
	for _, f := range r.schema.Fields() {
		if !hasCells(f.Type) {
			return t, fault.New(fault.Usage, r.name+", column "+f.Name, "a column of type %s cannot be written in another format", f.Type).
				Hint("leave the column out of the file, or leave out --to")
		}
		t.Columns = append(t.Columns, cells.Column{Name: f.Name, Type: typeOf(f.Type)})
	}
	return t, nil
}

// hasCells is hasText, and true for what never is an identifier and is a value all the same.
func hasCells(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.TIME32, arrow.TIME64:
		return true
	case arrow.DECIMAL128, arrow.DECIMAL256:
		return t.(arrow.DecimalType).GetScale() >= 0 //nolint:errcheck // the IDs say so
	}
	return hasText(t)
}

// typeOf returns what the cells of a column can be read back as.
func typeOf(t arrow.DataType) cells.Type {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return cells.Type{Kind: cells.Truth}
	case *arrow.Float32Type:
		return cells.Type{Kind: cells.Single}
	case *arrow.Float64Type:
		return cells.Type{Kind: cells.Number}
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type, *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type:
		return cells.Type{Kind: cells.Integer}
	case *arrow.Uint64Type:
		return cells.Type{Kind: cells.Unsigned}
	case *arrow.Date32Type, *arrow.Date64Type:
		return cells.Type{Kind: cells.Date}
	case *arrow.Time32Type:
		return cells.Type{Kind: cells.Clock, Unit: unitOf(t.Unit)}
	case *arrow.Time64Type:
		return cells.Type{Kind: cells.Clock, Unit: unitOf(t.Unit)}
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			return cells.Type{Kind: cells.Local, Unit: unitOf(t.Unit)}
		}
		return cells.Type{Kind: cells.Instant, Unit: unitOf(t.Unit), Zone: t.TimeZone}
	case arrow.DecimalType:
		return cells.DecimalOf(int(t.GetPrecision()), int(t.GetScale()))
	case *arrow.DictionaryType:
		return typeOf(t.ValueType)
	}
	return cells.Type{}
}

// unitOf returns how many units a second has.
func unitOf(u arrow.TimeUnit) int64 { return int64(time.Second / u.Multiplier()) }

// cellOf returns the function for a column that hasCells and is no text.
func cellOf(a arrow.Array) textFunc {
	switch a := a.(type) {
	case *array.Float32:
		return func(b []byte, i int) []byte { return strconv.AppendFloat(b, float64(a.Value(i)), 'g', -1, 32) }
	case *array.Float64:
		return func(b []byte, i int) []byte { return strconv.AppendFloat(b, a.Value(i), 'g', -1, 64) }
	case *array.Decimal128:
		scale := int(a.DataType().(arrow.DecimalType).GetScale()) //nolint:errcheck // a decimal has such a type
		return func(b []byte, i int) []byte { return cells.AppendDecimal(b, a.Value(i).BigInt(), scale) }
	case *array.Decimal256:
		scale := int(a.DataType().(arrow.DecimalType).GetScale()) //nolint:errcheck // a decimal has such a type
		return func(b []byte, i int) []byte { return cells.AppendDecimal(b, a.Value(i).BigInt(), scale) }
	case *array.Time32:
		return unitText(typeOf(a.DataType()), a.Time32Values())
	case *array.Time64:
		return unitText(typeOf(a.DataType()), a.Time64Values())
	}
	return textOf(a)
}

// Cells gives the kept rows of a decoded batch.
func (b *Batch) Cells(keep func(row int) bool, give func(*cells.Block) error) error {
	if b.record == nil {
		return errors.New("the batch is released")
	}
	var block cells.Block
	for first := 0; first < b.Rows; first += blockRows {
		end := min(first+blockRows, b.Rows)
		block.Reset(len(b.record.columns))
		for row := first; row < end; row++ {
			if keep(row) {
				block.Add(row)
			}
		}
		if len(block.Rows) == 0 {
			continue
		}
		for column := range b.record.columns {
			all, err := b.texts(column, run{from: b.from + first, to: b.from + end})
			var cell *cells.Error
			if errors.As(err, &cell) {
				cell.Row, cell.Column = cell.Row+first, column
				return cell
			}
			if err != nil {
				return b.damaged(err)
			}
			for i, row := range block.Rows {
				block.Columns[column][i] = all[row-first]
			}
		}
		if err := give(&block); err != nil {
			return err
		}
	}
	return nil
}

// texts returns every cell of a column, nil for a null.
func (b *Batch) texts(column int, rows run) ([][]byte, error) {
	if at := b.reader.leafOf[column]; at >= 0 {
		return b.words[at].texts(b.record.columns[column], rows)
	}
	return textsBy(cellOf, b.record.columns[column], rows)
}
