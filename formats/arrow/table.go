package arrow

import (
	"io"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"cpm/formats/cells"
)

// The sizes at which a record batch of a table ends.
const (
	tableRows  = 1 << 16
	tableBytes = 64 << 20 // of its texts
)

// Table writes flat columns, all of which may hold nulls: texts in UTF-8, 64-bit integers, doubles and booleans. Its
// record batches are not compressed.
type Table struct {
	to      *sink
	schema  *arrow.Schema
	columns []array.Builder
	begun   bool
	rows    int // of the record batch
	bytes   int
}

// NewTable returns a writer of a table to w, as a file or as a stream.
func NewTable(w io.Writer, t cells.Table, isFile bool) *Table {
	out := &Table{to: &sink{to: w, isFile: isFile}}
	var fields []arrow.Field
	for _, column := range t.Columns {
		f := arrow.Field{Name: column.Name, Type: typeOf(column.Kind), Nullable: true}
		fields = append(fields, f)
		out.columns = append(out.columns, array.NewBuilder(memory.DefaultAllocator, f.Type))
	}
	out.schema = arrow.NewSchema(fields, nil)
	return out
}

func typeOf(kind cells.Kind) arrow.DataType {
	switch kind {
	case cells.Integer:
		return arrow.PrimitiveTypes.Int64
	case cells.Number:
		return arrow.PrimitiveTypes.Float64
	case cells.Truth:
		return arrow.FixedWidthTypes.Boolean
	case cells.Text:
	}
	return arrow.BinaryTypes.String
}

// Write writes the rows of a block behind those before.
func (t *Table) Write(b *cells.Block) error {
	for i, texts := range b.Columns {
		for _, text := range texts {
			if err := appendCell(t.columns[i], text); err != nil {
				return err
			}
			t.bytes += len(text)
		}
	}
	if t.rows += len(b.Rows); t.rows < tableRows && t.bytes < tableBytes {
		return nil
	}
	return t.flush()
}

// appendCell reads a cell back.
func appendCell(to array.Builder, text []byte) error {
	if text == nil {
		to.AppendNull()
		return nil
	}
	switch to := to.(type) {
	case *array.Int64Builder:
		n, err := strconv.ParseInt(string(text), 10, 64)
		to.Append(n)
		return err
	case *array.Float64Builder:
		x, err := strconv.ParseFloat(string(text), 64)
		to.Append(x)
		return err
	case *array.BooleanBuilder:
		to.Append(string(text) == "true")
	case *array.StringBuilder:
		to.BinaryBuilder.Append(text)
	}
	return nil
}

// flush writes a record batch of what is there.
func (t *Table) flush() error {
	if err := t.begin(); err != nil || t.rows == 0 {
		return err
	}
	columns := make([]arrow.Array, len(t.columns))
	for i, c := range t.columns {
		columns[i] = c.NewArray()
	}
	messages, err := write(t.schema, plain, columns, int64(t.rows))
	if err != nil {
		return err
	}
	t.rows, t.bytes = 0, 0
	return t.to.message(messages[len(messages)-1], &t.to.records)
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
