package parquet

import (
	"errors"
	"iter"
	"strconv"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// blockRows is how many rows of all columns are held as cells at once.
const blockRows = 4096

// Table tells the columns of the cells. What stands in structures is a column of its own, their names joined by dots; a
// column that holds many values a row, or none that is a text, is a fault of kind Usage.
func (f *File) Table() (cells.Table, error) {
	t := cells.Table{Name: f.name}
	for _, l := range f.leaves {
		if l.MaxRepetitionLevel() > 0 || cellOf(l.schema) == nil {
			what := "a column of type " + typeName(l.schema)
			if l.MaxRepetitionLevel() > 0 {
				what = "a column that is nested in a list"
			}
			return t, fault.New(fault.Usage, f.where(l), "%s cannot be written in another format", what).
				Hint("leave the column out of the file, or leave out --to")
		}
		t.Columns = append(t.Columns, cells.Column{Name: l.name, Type: typeOf(l.schema)})
	}
	return t, nil
}

// typeOf returns what the cells of a column can be read back as. An INT96 stays a text: its nanoseconds reach further
// than those of any other type, and a date such as 9999-12-31 is common in it.
func typeOf(s *format.SchemaElement) cells.Type {
	logical := logicalType(s)
	switch s.Type.V {
	case format.Boolean:
		return cells.Type{Kind: cells.Truth}
	case format.Float:
		return cells.Type{Kind: cells.Single}
	case format.Double:
		return cells.Type{Kind: cells.Number}
	case format.Int32, format.Int64:
		return intType(s.Type.V, logical)
	}
	if t, ok := logical.(*format.DecimalType); ok && s.Type.V != format.Int96 {
		return cells.DecimalOf(int(t.Precision), int(t.Scale))
	}
	return cells.Type{}
}

func intType(physical format.Type, logical format.LogicalTypeValue) cells.Type {
	switch t := logical.(type) {
	case nil:
		return cells.Type{Kind: cells.Integer}
	case *format.IntType:
		if !t.IsSigned && physical == format.Int64 {
			return cells.Type{Kind: cells.Unsigned}
		}
		return cells.Type{Kind: cells.Integer}
	case *format.DecimalType:
		return cells.DecimalOf(int(t.Precision), int(t.Scale))
	case *format.DateType:
		return cells.Type{Kind: cells.Date}
	case *format.TimeType:
		return timed(cells.Clock, t.Unit)
	case *format.TimestampType:
		if t.IsAdjustedToUTC {
			return timed(cells.Instant, t.Unit)
		}
		return timed(cells.Local, t.Unit)
	}
	return cells.Type{}
}

// timed returns a type of times; that of a text for a unit that is not known.
func timed(kind cells.Kind, unit format.TimeUnit) cells.Type {
	switch unit.Value.(type) {
	case *format.MilliSeconds:
		return cells.Type{Kind: kind, Unit: 1e3}
	case *format.MicroSeconds:
		return cells.Type{Kind: kind, Unit: 1e6}
	case *format.NanoSeconds:
		return cells.Type{Kind: kind, Unit: 1e9}
	}
	return cells.Type{}
}

// cellOf returns how values of a column become cells, or nil when they cannot. It is textOf, but for what never is an
// identifier and is a value all the same.
func cellOf(s *format.SchemaElement) textFunc {
	switch s.Type.V {
	case format.Float:
		return func(b []byte, v pq.Value) []byte { return strconv.AppendFloat(b, float64(v.Float()), 'g', -1, 32) }
	case format.Double:
		return func(b []byte, v pq.Value) []byte { return strconv.AppendFloat(b, v.Double(), 'g', -1, 64) }
	case format.Int32, format.Int64:
		if t := typeOf(s); t.Kind == cells.Clock {
			return printed(t)
		}
	}
	if t, ok := logicalType(s).(*format.DecimalType); ok && t.Scale > 0 {
		return decimalCell(s.Type.V, int(t.Scale))
	}
	return textOf(s)
}

func decimalCell(physical format.Type, scale int) textFunc {
	if physical == format.Int32 || physical == format.Int64 {
		return printed(cells.Type{Kind: cells.Decimal, Scale: scale})
	}
	return func(b []byte, v pq.Value) []byte { return cells.AppendDecimal(b, bigInt(v.ByteArray()), scale) }
}

// Cells gives the kept rows of a row group. Every column is read anew, a few pages at a time.
func (f *File) Cells(group int, keep []uint64, give func(*cells.Block) error) (err error) {
	defer f.recover(&err)
	columns := make([]*cellColumn, len(f.leaves))
	for i, l := range f.leaves {
		columns[i] = f.readCells(group, l)
		defer columns[i].stop()
	}
	var b cells.Block
	for first, total := 0, f.GroupRows(group); first < total; first += blockRows {
		b.Reset(len(columns))
		rows := min(blockRows, total-first)
		for row := first; row < first+rows; row++ {
			if has(keep, row) {
				b.Add(row)
			}
		}
		for i, c := range columns {
			if err := c.take(&b, i, first+rows); err != nil {
				return err
			}
		}
		if len(b.Rows) == 0 {
			continue
		}
		if err := give(&b); err != nil {
			return err
		}
	}
	for _, c := range columns {
		if _, err, _ := c.next(); err != nil { // what stands behind the last row is checked too
			return err
		}
	}
	return nil
}

// errStopped ends a scan of which nobody wants more.
var errStopped = errors.New("stopped")

// cellColumn is a column of a row group on its way.
type cellColumn struct {
	text textFunc
	next func() ([]pq.Value, error, bool)
	stop func()
	row  int // of the first of the values
	rest []pq.Value
}

func (f *File) readCells(group int, l *leaf) *cellColumn {
	c := &cellColumn{text: cellOf(l.schema)}
	c.next, c.stop = iter.Pull2(func(yield func([]pq.Value, error) bool) {
		err := f.scan(group, l, func(values []pq.Value) error {
			if !yield(values, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped { //nolint:errorlint // scan returns it as it stands
			yield(nil, err)
		}
	})
	return c
}

// take gives the rows of a block, which end before a row of the group, their cells.
func (c *cellColumn) take(b *cells.Block, column, end int) error {
	texts := b.Columns[column]
	for i, row := range append(b.Rows, end) {
		for c.row+len(c.rest) <= row && (i < len(b.Rows) || c.row+len(c.rest) < end) {
			c.row += len(c.rest)
			values, err, more := c.next()
			if err != nil {
				return err
			}
			if c.rest = values; !more {
				return errShort
			}
		}
		c.rest, c.row = c.rest[row-c.row:], row
		if i == len(b.Rows) {
			return nil
		}
		if v := c.rest[0]; !v.IsNull() {
			from := len(b.Arena)
			text := c.text(b.Arena, v)
			if text == nil {
				return &cells.Error{Row: row, Column: column, What: "holds a value that its type does not allow", Mend: "mend it where the file was made"}
			}
			b.Arena = text
			texts[i] = b.Kept(from)
		}
	}
	return nil
}
