package formats

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	lib "github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"cpm/formats/fault"
)

// seekable is a buffer that an Arrow file can be written to.
type seekable struct{ bytes.Buffer }

func (s *seekable) Seek(int64, int) (int64, error) { return int64(s.Len()), nil }

// arrowSchema has each kind of column that is gathered in its own way, two of them of one name.
func arrowSchema() *lib.Schema {
	text, words := lib.BinaryTypes.String, &lib.DictionaryType{IndexType: lib.PrimitiveTypes.Int8, ValueType: lib.BinaryTypes.String}
	metadata := lib.NewMetadata([]string{"made by"}, []string{"a test"})
	return lib.NewSchema([]lib.Field{
		{Name: "id", Type: lib.PrimitiveTypes.Int64},
		{Name: "email", Type: text, Nullable: true},
		{Name: "email", Type: lib.BinaryTypes.LargeString, Nullable: true},
		{Name: "city", Type: words, Nullable: true},
		{Name: "ok", Type: lib.FixedWidthTypes.Boolean, Nullable: true},
		{Name: "seen", Type: lib.FixedWidthTypes.Timestamp_ms, Nullable: true},
		{Name: "tags", Type: lib.ListOf(words), Nullable: true},
		{Name: "pair", Type: lib.FixedSizeListOf(2, lib.PrimitiveTypes.Int32), Nullable: true},
		{Name: "person", Type: lib.StructOf(lib.Field{Name: "name", Type: text, Nullable: true}), Nullable: true},
		{Name: "map", Type: lib.MapOf(text, lib.PrimitiveTypes.Float64), Nullable: true},
	}, &metadata)
}

// arrowInput is how rows are written as Arrow.
type arrowInput struct {
	isFile   bool
	perBatch int
	options  []ipc.Option
}

// of writes rows of JSON.
func (in arrowInput) of(t testing.TB, rows []string) []byte {
	t.Helper()
	schema := arrowSchema()
	o := append([]ipc.Option{ipc.WithSchema(schema)}, in.options...)
	var out seekable
	var w interface {
		Write(lib.Record) error
		Close() error
	} = ipc.NewWriter(&out, o...)
	if in.isFile {
		var err error
		if w, err = ipc.NewFileWriter(&out, o...); err != nil {
			t.Fatal(err)
		}
	}
	for len(rows) > 0 {
		n := min(in.perBatch, len(rows))
		record, _, err := array.RecordFromJSON(memory.DefaultAllocator, distinct(schema), strings.NewReader("["+strings.Join(rows[:n], ",")+"]"))
		if err == nil {
			err = w.Write(array.NewRecord(schema, record.Columns(), record.NumRows()))
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// distinct gives the second column named email a name of its own, because the library fills by name.
func distinct(schema *lib.Schema) *lib.Schema {
	fields := append([]lib.Field{}, schema.Fields()...)
	fields[2].Name = "second"
	return lib.NewSchema(fields, nil)
}

// arrowRow is a row whose every value names it.
func arrowRow(i int) string {
	if i%5 == 4 {
		return fmt.Sprintf(`{"id": %d}`, i)
	}
	return fmt.Sprintf(`{"id": %d, "email": "u%[1]d@example.com", "second": "w%[1]d@example.com", "city": "city%[1]d", "ok": true, "seen": "2024-02-27T00:00:%02[1]d.5", "tags": ["tag%[1]d"], "pair": [%[1]d, 2], "person": {"name": "name%[1]d"}, "map": [{"key": "key%[1]d", "value": 1.5}]}`, i)
}

func arrowRowsOf(n int) (rows []string) {
	for i := range n {
		rows = append(rows, arrowRow(i))
	}
	return rows
}

func openArrowBytes(in Input, o Options) (Reader, error) {
	p, err := peekAt(in)
	if err != nil {
		return nil, err
	}
	in.Reader = p.rewound(in.Reader)
	return openArrow(in, o, bytes.HasPrefix(p.head, []byte("ARROW1")))
}

func TestArrowConforms(t *testing.T) {
	stream, file := arrowInput{perBatch: 2}, arrowInput{perBatch: 3, isFile: true}
	compressed := func(o ipc.Option) arrowInput { return arrowInput{perBatch: 2, options: []ipc.Option{o}} }
	conform(t, suite{open: openArrowBytes, cutIsFault: true, fixtures: []fixture{
		{name: "a stream", data: stream.of(t, arrowRowsOf(5)[2:])},
		{name: "a stream of lz4", data: compressed(ipc.WithLZ4()).of(t, arrowRowsOf(1))},
		{name: "a stream without rows", data: stream.of(t, nil)},
		{name: "a file", data: file.of(t, arrowRowsOf(3))},
		{name: "a file without rows", data: file.of(t, nil)},
	}})
}

// copyArrow copies the rows that keep names.
func copyArrow(data []byte, keep func(row int) bool) ([]byte, error) {
	s := suite{open: openArrowBytes}
	var out bytes.Buffer
	err := s.rewrite(fixture{name: "in.arrow", data: data}, &out, choice{keep: keep})
	return out.Bytes(), err
}

func TestArrowOutputsAreReadByTheLibrary(t *testing.T) {
	long := fmt.Sprintf(`{"id": 7, "email": %q}`, strings.Repeat("x", 1<<20))
	out, err := copyArrow(arrowInput{perBatch: 2}.of(t, []string{long, arrowRow(1), arrowRow(2)}), everyRow)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ipc.NewReader(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Schema().Equal(arrowSchema()) || r.Schema().Metadata().String() != arrowSchema().Metadata().String() {
		t.Errorf("schema %v", r.Schema())
	}
	rows := int64(0)
	for r.Next() {
		rows += r.Record().NumRows()
	}
	if r.Err() != nil || rows != 3 {
		t.Errorf("%d rows, %v", rows, r.Err())
	}
}

func TestArrowSurvivesDamage(t *testing.T) {
	for _, isFile := range []bool{false, true} {
		whole := arrowInput{perBatch: 5, isFile: isFile}.of(t, arrowRowsOf(5))
		random := rand.New(rand.NewPCG(1, 2))
		for range 1000 {
			data := bytes.Clone(whole)
			for range 1 + random.IntN(3) {
				data[random.IntN(len(data))] = byte(random.Uint32())
			}
			_, err := copyArrow(data, func(row int) bool { return row%2 == 0 })
			if err != nil && fault.KindOf(err) == 0 {
				t.Fatalf("%v, which is no fault", err)
			}
		}
	}
}

func TestArrowIsReadFromAPipe(t *testing.T) {
	r, err := Open(Input{Name: "standard input", Reader: io.MultiReader(bytes.NewReader(arrowInput{perBatch: 2}.of(t, arrowRowsOf(3)))), Size: -1}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Select([]int{5, 3, 0}); err != nil {
		t.Fatal(err)
	}
	b := firstBatch(t, r)
	if got := fmt.Sprintf("%s %s %s", b.Values(0)[1], b.Values(1)[1], b.Values(2)[1]); got != "2024-02-27T00:00:01.5Z city1 1" {
		t.Error(got)
	}
	if err := r.Select([]int{6}); fault.KindOf(err) != fault.Usage {
		t.Errorf("a list: %v", err)
	}
}
