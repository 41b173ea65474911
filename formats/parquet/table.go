package parquet

import (
	"io"
	"strconv"

	pq "github.com/parquet-go/parquet-go"

	"cpm/formats/cells"
)

// The sizes at which a row group of a table ends.
const (
	tableRows  = 100_000
	tableBytes = 64 << 20 // of its texts
)

// Table writes a file of flat columns, all of them optional: texts in UTF-8, 64-bit integers, doubles and booleans, in
// row groups of 100,000 rows at most, compressed with zstd.
type Table struct {
	to      *pq.GenericWriter[any]
	columns []cells.Column
	values  []pq.Value
	rows    int // of the row group
	bytes   int
}

// NewTable returns a writer of a table to w. The names of its columns must differ.
func NewTable(w io.Writer, t cells.Table) *Table {
	root := ordered{Group: pq.Group{}}
	for _, column := range t.Columns {
		one := pq.Group{column.Name: pq.Optional(pq.Encoded(nodeOf(column.Kind), &pq.Plain))}
		root.Group[column.Name] = one[column.Name]
		root.fields = append(root.fields, one.Fields()...)
	}
	schema := pq.NewSchema("table", root)
	return &Table{columns: t.Columns, to: pq.NewGenericWriter[any](w, schema, pq.Compression(&pq.Zstd), pq.CreatedBy("cpm", "", ""))}
}

// ordered is a group whose fields stay in the order of the columns.
type ordered struct {
	pq.Group
	fields []pq.Field
}

// Fields implements pq.Node.
func (o ordered) Fields() []pq.Field { return o.fields }

func nodeOf(kind cells.Kind) pq.Node {
	switch kind {
	case cells.Integer:
		return pq.Int(64)
	case cells.Number:
		return pq.Leaf(pq.DoubleType)
	case cells.Truth:
		return pq.Leaf(pq.BooleanType)
	case cells.Text:
	}
	return pq.String()
}

// Write writes the rows of a block behind those before.
func (t *Table) Write(b *cells.Block) error {
	if t.rows > 0 && (t.rows+len(b.Rows) > tableRows || t.bytes > tableBytes) {
		if err := t.to.Flush(); err != nil {
			return err
		}
		t.rows, t.bytes = 0, 0
	}
	for i, w := range t.to.ColumnWriters() {
		t.values = t.values[:0]
		for _, text := range b.Columns[i] {
			v, err := valueOf(t.columns[i].Kind, text)
			if err != nil {
				return err
			}
			definition := 1
			if text == nil {
				definition = 0
			}
			t.values = append(t.values, v.Level(0, definition, i))
			t.bytes += len(text)
		}
		if _, err := w.WriteRowValues(t.values); err != nil {
			return err
		}
	}
	t.rows += len(b.Rows)
	return nil
}

// valueOf reads a cell back.
func valueOf(kind cells.Kind, text []byte) (pq.Value, error) {
	if text == nil {
		return pq.NullValue(), nil
	}
	switch kind {
	case cells.Integer:
		n, err := strconv.ParseInt(string(text), 10, 64)
		return pq.Int64Value(n), err
	case cells.Number:
		x, err := strconv.ParseFloat(string(text), 64)
		return pq.DoubleValue(x), err
	case cells.Truth:
		return pq.BooleanValue(string(text) == "true"), nil
	case cells.Text:
	}
	return pq.ByteArrayValue(text), nil
}

// Close writes the last row group and the footer.
func (t *Table) Close() error { return t.to.Close() }
