package parquet

import (
	"errors"
	"iter"
	"math/big"
	"strconv"
	"time"

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
		t.Columns = append(t.Columns, cells.Column{Name: l.name, Kind: kindOf(l.schema)})
	}
	return t, nil
}

// kindOf returns what the cells of a column can be read back as.
func kindOf(s *format.SchemaElement) cells.Kind {
	switch logical := logicalType(s); s.Type.V {
	case format.Boolean:
		return cells.Truth
	case format.Float, format.Double:
		return cells.Number
	case format.Int32, format.Int64:
		if t, isInt := logical.(*format.IntType); logical == nil || isInt && (t.IsSigned || s.Type.V == format.Int32) {
			return cells.Integer
		}
	}
	return cells.Text
}

// cellOf returns how values of a column become cells, or nil when they cannot. It is textOf, but for what never is an
// identifier and is a value all the same.
func cellOf(s *format.SchemaElement) textFunc {
	switch s.Type.V {
	case format.Float:
		return func(b []byte, v pq.Value) []byte { return strconv.AppendFloat(b, float64(v.Float()), 'g', -1, 32) }
	case format.Double:
		return func(b []byte, v pq.Value) []byte { return strconv.AppendFloat(b, v.Double(), 'g', -1, 64) }
	}
	switch t := logicalType(s).(type) {
	case *format.DecimalType:
		if t.Scale > 0 {
			return decimalCell(s.Type.V, int(t.Scale))
		}
	case *format.TimeType:
		return timeCell(t.Unit.Value)
	}
	return textOf(s)
}

func decimalCell(physical format.Type, scale int) textFunc {
	return func(b []byte, v pq.Value) []byte {
		var n *big.Int
		switch physical {
		case format.Int32:
			n = big.NewInt(int64(v.Int32()))
		case format.Int64:
			n = big.NewInt(v.Int64())
		default:
			n = bigInt(v.ByteArray())
		}
		return cells.AppendDecimal(b, n, scale)
	}
}

// timeCell writes the time of a day. An old file that has no unit is not read.
func timeCell(unit format.TimeUnitValue) textFunc {
	var since func(v pq.Value) time.Duration
	switch unit.(type) {
	case *format.MilliSeconds:
		since = func(v pq.Value) time.Duration { return time.Duration(v.Int32()) * time.Millisecond }
	case *format.MicroSeconds:
		since = func(v pq.Value) time.Duration { return time.Duration(v.Int64()) * time.Microsecond }
	case *format.NanoSeconds:
		since = func(v pq.Value) time.Duration { return time.Duration(v.Int64()) }
	default:
		return nil
	}
	return func(b []byte, v pq.Value) []byte {
		return time.Unix(0, int64(since(v))).UTC().AppendFormat(b, "15:04:05.999999999")
	}
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
			b.Arena = c.text(b.Arena, v)
			texts[i] = b.Kept(from)
		}
	}
	return nil
}
