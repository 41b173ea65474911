package arrow

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// ipcBytes writes records with the library.
func ipcBytes(t testing.TB, isFile bool, records []arrow.Record, o ...ipc.Option) []byte {
	t.Helper()
	var out seeker
	o = append(o, ipc.WithSchema(records[0].Schema()))
	var w interface {
		Write(arrow.Record) error
		Close() error
	} = ipc.NewWriter(&out, o...)
	if isFile {
		var err error
		if w, err = ipc.NewFileWriter(&out, o...); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// recordOf makes a record of rows of JSON.
func recordOf(t testing.TB, fields []arrow.Field, rows string) arrow.Record {
	t.Helper()
	record, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// wordsRecord makes a record of one dictionary column; index -1 is a null.
func wordsRecord(t testing.TB, typ *arrow.DictionaryType, words []string, at ...int) arrow.Record {
	t.Helper()
	w := array.NewStringBuilder(memory.DefaultAllocator)
	w.AppendValues(words, nil)
	index := array.NewBuilder(memory.DefaultAllocator, typ.IndexType)
	for _, i := range at {
		if i < 0 {
			index.AppendNull()
			continue
		}
		if err := index.AppendValueFromString(strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	d := array.NewDictionaryArray(typ, index.NewArray(), w.NewArray())
	return array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "word", Type: typ, Nullable: true}}, nil), []arrow.Array{d}, int64(d.Len()))
}

func words(isOrdered bool) *arrow.DictionaryType {
	return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String, Ordered: isOrdered}
}

// copying is how rows are copied.
type copying struct {
	keep  func(row int) bool
	limit int // of what is held of a file with dictionaries; 0: the usual
	extra []string
}

func every(int) bool { return true }

// copied copies rows, batch after batch.
func (c copying) copied(t testing.TB, data []byte) []byte {
	t.Helper()
	out, err := c.copy(data)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func input(data []byte) Input {
	return Input{Name: "in.arrow", Reader: bytes.NewReader(data), Size: int64(len(data)), IsFile: isFile(data)}
}

func isFile(data []byte) bool { return bytes.HasPrefix(data, []byte(magic)) }

func (c copying) copy(data []byte) ([]byte, error) {
	r, err := Open(input(data))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := r.NewWriter(Output{&out, r.IsFile(), func() (*os.File, error) { return os.CreateTemp("", "") }}, c.extra...)
	if err != nil {
		return nil, err
	}
	if w.spool != nil && c.limit != 0 {
		w.spool.limit = c.limit
	}
	row := 0
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = b.Decode()
		}
		if err != nil {
			return nil, err
		}
		s := Selection{Keep: func(i int) bool { return c.keep(row + i) }, Words: []string{"permitted"}}
		for range c.extra {
			s.Extra = append(s.Extra, make([]uint8, b.Rows))
		}
		p, err := w.Encode(b, s)
		if err == nil {
			err = w.Append(p)
		}
		if err != nil {
			return nil, err
		}
		row += b.Rows
		b.Release()
	}
	err = w.Close()
	return out.Bytes(), err
}

// libraryRows reads every row with the library, as JSON.
func libraryRows(t testing.TB, data []byte) (rows []string) {
	t.Helper()
	add := func(r arrow.Record) {
		b, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var all []json.RawMessage
		if err := json.Unmarshal(b, &all); err != nil {
			t.Fatal(err)
		}
		for _, row := range all {
			rows = append(rows, string(row))
		}
	}
	if isFile(data) {
		in, err := ipc.NewFileReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for i := range in.NumRecords() {
			r, err := in.Record(i)
			if err != nil {
				t.Fatal(err)
			}
			add(r)
		}
		return rows
	}
	in, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for in.Next() {
		add(in.Record())
	}
	if in.Err() != nil {
		t.Fatal(in.Err())
	}
	return rows
}

// columnTexts reads a column as text, with "-" for a null.
func columnTexts(t testing.TB, data []byte, column int) (all []string) {
	t.Helper()
	r, err := Open(input(data))
	if err == nil {
		err = r.CanText(column)
	}
	for err == nil {
		var b *Batch
		if b, err = r.Next(); err != nil {
			break
		}
		var rows [][]byte
		if err = b.Decode(); err == nil {
			rows, err = b.Values(column)
		}
		for _, row := range rows {
			if row == nil {
				row = []byte("-")
			}
			all = append(all, string(row))
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return all
}

// chosen returns the rows that keep names.
func chosen(rows []string, keep func(row int) bool) (some []string) {
	for i, row := range rows {
		if keep(i) {
			some = append(some, row)
		}
	}
	return slices.Clip(some)
}
