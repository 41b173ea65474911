package formats

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	lib "github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"cpm/formats/cells"
)

func TestBytesAreBase64InTextAndStayBytesElsewhere(t *testing.T) {
	bytesOf := lib.Field{Name: "b", Type: lib.BinaryTypes.Binary, Nullable: true}
	schema := lib.NewSchema([]lib.Field{bytesOf, {Name: "t", Type: lib.BinaryTypes.String}}, nil)
	record, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"b": "AP8=", "t": "x"}, {"b": null, "t": "y"}, {"b": "", "t": "z"}]`))
	if err != nil {
		t.Fatal(err)
	}
	var in bytes.Buffer
	w := ipc.NewWriter(&in, ipc.WithSchema(schema))
	if err := errors.Join(w.Write(record), w.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		way  []string
		want string
	}{
		{[]string{"jsonl"}, `{"b":"AP8=","t":"x"}` + "\n" + `{"b":null,"t":"y"}` + "\n" + `{"b":"","t":"z"}` + "\n"},
		{[]string{"parquet", "arrow", "parquet", "csv"}, bom + "b,t\r\nAP8=,x\r\n,y\r\n,z\r\n"},
		{[]string{"parquet", "arrows", "parquet"}, "\x00\xff"},
	} {
		f := fixture{name: "bytes", data: in.Bytes()}
		for _, to := range c.way {
			var out bytes.Buffer
			if err := convertedTo(f, to, &out, choice{keep: everyRow}); err != nil {
				t.Fatalf("%v: %v", c.way, err)
			}
			f.data = out.Bytes()
		}
		if to := c.way[len(c.way)-1]; to != "parquet" && string(f.data) != c.want || !bytes.Contains(f.data, []byte(c.want)) {
			t.Errorf("%v: %q, want %q", c.way, f.data, c.want)
		}
	}
}

func TestJSONOfOthersIsWrittenAsSuchWhereItIsOneLineOfAnObjectOrArray(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":[1,{}]}`: `{"a":[1,{}]}`, `[]`: `[]`, `{"a":1`: `"{\"a\":1"`, `"x"`: `"\"x\""`, `null`: `"null"`, "[1,\n2]": `"[1,\u000a2]"`, "": `""`, ` {}`: `" {}"`,
	} {
		var b cells.Block
		b.Reset(1)
		b.Add(0)
		b.Set(0, []byte(text))
		var out bytes.Buffer
		to, err := newJSONTarget(&out, cells.Table{Columns: []cells.Column{{Name: "x", Type: cells.Type{Kind: cells.JSON}}}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := to.Add(nil, &b)
		if err := errors.Join(err, to.Append(p), to.Close()); err != nil || out.String() != `{"x":`+want+"}\n" {
			t.Errorf("%q: %v, %s, want %s", text, err, out.String(), want)
		}
	}
}
