package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"strings"

	lib "github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/rogpeppe/go-internal/testscript"
)

// arrowTypes are the types that a column of a script can have, by the word behind its name.
func arrowTypes() map[string]lib.DataType {
	return map[string]lib.DataType{
		"text": lib.BinaryTypes.String, "large": lib.BinaryTypes.LargeString, "view": lib.BinaryTypes.StringView,
		"int": lib.PrimitiveTypes.Int64, "double": lib.PrimitiveTypes.Float64,
		"words": &lib.DictionaryType{IndexType: lib.PrimitiveTypes.Int32, ValueType: lib.BinaryTypes.String},
	}
}

// arrow makes an Arrow stream of a CSV text whose header names the types, as in "arrow TO.arrows FROM.csv" with the header
// phone:words,n:int. Each two rows are a batch; an empty cell is a null.
func arrow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: arrow TO.arrows FROM.csv")
	}
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[1]))).ReadAll()
	ts.Check(err)
	var fields []lib.Field
	for _, head := range rows[0] {
		name, kind, _ := strings.Cut(head, ":")
		fields = append(fields, lib.Field{Name: name, Type: arrowTypes()[kind], Nullable: true})
	}
	schema := lib.NewSchema(fields, nil)
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(schema), ipc.WithLZ4(), ipc.WithDictionaryDeltas(true))
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i, row := range rows[1:] {
		for c, cell := range row {
			if cell == "" {
				b.Field(c).AppendNull()
				continue
			}
			ts.Check(b.Field(c).AppendValueFromString(cell))
		}
		if i%2 == 1 || i == len(rows)-2 {
			ts.Check(w.Write(b.NewRecord()))
		}
	}
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o600))
}

// unarrow writes the rows of an Arrow stream as CSV, as in "unarrow FROM.arrows TO.csv".
func unarrow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unarrow FROM.arrows TO.csv")
	}
	file, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer func() { ts.Check(file.Close()) }()
	r, err := ipc.NewReader(file)
	ts.Check(err)
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	var names []string
	for _, f := range r.Schema().Fields() {
		names = append(names, f.Name+":"+f.Type.Name())
	}
	ts.Check(out.Write(names))
	for r.Next() {
		record := r.Record()
		for row := range int(record.NumRows()) {
			var cells []string
			for _, c := range record.Columns() {
				cells = append(cells, c.ValueStr(row))
			}
			ts.Check(out.Write(cells))
		}
	}
	ts.Check(r.Err())
	out.Flush()
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text.Bytes(), 0o600))
}
