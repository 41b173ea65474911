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

// arrowJSON returns the schema and the rows of Arrow, as the library reads them.
func arrowJSON(t *testing.T, data []byte) string {
	t.Helper()
	var text strings.Builder
	tell := func(r lib.Record) {
		rows, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		text.Write(bytes.Trim(rows, "[]\n"))
		text.WriteByte('\n')
	}
	if bytes.HasPrefix(data, []byte("ARROW1")) {
		r, err := ipc.NewFileReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&text, r.Schema())
		for i := range r.NumRecords() {
			record, err := r.Record(i)
			if err != nil {
				t.Fatal(err)
			}
			tell(record)
		}
		return text.String()
	}
	r, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&text, r.Schema())
	for r.Next() {
		tell(r.Record())
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return text.String()
}

func TestArrowBecomesAFileOrAStreamAsAsked(t *testing.T) {
	records := func(schema *lib.Schema, isFile bool) []byte {
		var out seekable
		var w interface {
			Write(lib.Record) error
			Close() error
		} = ipc.NewWriter(&out, ipc.WithSchema(schema))
		if isFile {
			var err error
			if w, err = ipc.NewFileWriter(&out, ipc.WithSchema(schema)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 4 {
			rows := fmt.Sprintf(`[{"text": "keep%d", "list": [%[1]d]}, {"text": "hide%[1]d"}]`, i)
			record, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
			if err == nil {
				err = w.Write(record)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	plain := lib.NewSchema([]lib.Field{{Name: "text", Type: lib.BinaryTypes.String}, {Name: "list", Type: lib.ListOf(lib.PrimitiveTypes.Int32), Nullable: true}}, nil)
	half := func(row int) bool { return row%2 == 0 }
	for name, data := range map[string][]byte{
		"a file": records(plain, true), "a stream": records(plain, false),
		"a file with dictionaries": arrowInput{perBatch: 8, isFile: true}.of(t, arrowRowsOf(8)),
	} {
		same, err := copyArrow(data, half)
		if err != nil {
			t.Fatal(err)
		}
		for to, isFile := range map[string]bool{"arrow": true, "arrows": false} {
			var out bytes.Buffer
			if err := convertedTo(fixture{name: "list", data: data}, to, &out, choice{keep: half}); err != nil {
				t.Fatalf("%s to %s: %v", name, to, err)
			}
			if bytes.HasPrefix(out.Bytes(), []byte("ARROW1")) != isFile {
				t.Errorf("%s to %s begins with %q", name, to, out.Bytes()[:8])
			}
			if want, got := arrowJSON(t, same), arrowJSON(t, out.Bytes()); got != want {
				t.Errorf("%s to %s:\ngot  %s\nwant %s", name, to, got, want)
			}
			if bytes.Contains(out.Bytes(), []byte("hide")) || bytes.Contains(out.Bytes(), []byte("city1")) {
				t.Errorf("%s to %s holds what was not kept", name, to)
			}
		}
	}
}

func TestAStreamWithDictionariesBecomesAFileOfTheirWords(t *testing.T) {
	words := &lib.DictionaryType{IndexType: lib.PrimitiveTypes.Int8, ValueType: lib.BinaryTypes.String}
	schema := lib.NewSchema([]lib.Field{
		{Name: "word", Type: words, Nullable: true},
		{Name: "at", Type: lib.FixedWidthTypes.Date32},
		{Name: "ratio", Type: &lib.DictionaryType{IndexType: lib.PrimitiveTypes.Int8, ValueType: lib.PrimitiveTypes.Float64}},
	}, nil)
	var in bytes.Buffer
	w := ipc.NewWriter(&in, ipc.WithSchema(schema))
	for _, word := range []string{"a", "b"} { // a dictionary for each record batch
		rows := fmt.Sprintf(`[{"word": %q, "at": "2026-01-02", "ratio": 0.1}, {"word": null, "at": "2026-01-03", "ratio": 3}]`, word)
		record, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
		if err == nil {
			err = w.Write(record)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := convertedTo(fixture{name: "words", data: in.Bytes()}, "arrow", &out, choice{keep: everyRow}); err != nil {
		t.Fatal(err)
	}
	got := arrowJSON(t, out.Bytes())
	for _, want := range []string{"word: type=utf8", "at: type=date32", "ratio: type=float64", `"ratio":0.1`, `"ratio":3`, `"word":"a"`, `"word":"b"`, `"word":null`, `"2026-01-03"`} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in %s", want, got)
		}
	}
	nested := arrowInput{perBatch: 2}.of(t, arrowRowsOf(2))
	if err := convertedTo(fixture{name: "nested", data: nested}, "arrow", io.Discard, choice{keep: everyRow}); fault.KindOf(err) != fault.Usage {
		t.Errorf("words in a list: %v", err)
	}
}
