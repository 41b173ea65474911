package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"cpm/formats/fault"
)

func TestJSONWriter(t *testing.T) {
	for _, c := range []struct{ name, in, extra, keep, want string }{
		{name: "lines are kept as they are", in: "{\"a\": 1}\n{\"b\":2 } \r\n{}", want: "{\"a\": 1}\n{\"b\":2 } \r\n{}"},
		{name: "a dropped last record leaves the line end of the one before", in: "{}\n{ }", keep: "0", want: "{}\n"},
		{name: "empty lines and what stands before a record are dropped", in: "\n\n  {\"a\":1}\n\n \t{}\n \n", want: "{\"a\":1}\n{}\n"},
		{name: "records that touch get a line end", in: "{}{\"a\":1} {}", want: "{}\n{\"a\":1}\n{}"},
		{name: "it is that of the document", in: "{}{\"a\":1}\r\n{}{}", want: "{}\r\n{\"a\":1}\r\n{}\r\n{}"},
		{name: "the mark is kept", in: bom + "{}\n", want: bom + "{}\n"},
		{name: "no record is nothing", in: "{}\n", keep: "none", want: ""},
		{name: "columns stand behind the others", in: "{\"a\":1 }\n{\"a\":{}}", extra: "why", want: "{\"a\":1 ,\"why\":\"word\"}\n{\"a\":{},\"why\":\"wo\\\"rd\\u0007\"}"},
		{name: "an empty record needs no comma", in: "{}\n{ \n }\n", extra: "why how", want: "{\"why\":\"word\",\"how\":\"word\"}\n{ \n \"why\":\"wo\\\"rd\\u0007\",\"how\":\"wo\\\"rd\\u0007\"}\n"},
		{name: "a value with the name of the column is no key", in: `{"a":"why"}`, extra: "why", want: `{"a":"why","why":"word"}`},
		{name: "a key below is none of the record", in: `{"a":{"why":1}}`, extra: "why", want: `{"a":{"why":1},"why":"word"}`},
		{name: "an array stays one", in: `[{"a": 1}, {}]`, want: `[{"a": 1},{}]`},
		{name: "an array of lines stays one", in: bom + "[\r\n  {\"a\": 1},\r\n  {}\r\n]", want: bom + "[\r\n{\"a\": 1},\r\n{}\r\n]\r\n"},
		{name: "an array without records is one", in: "[\n{}]", keep: "none", want: "[\n]\n"},
		{name: "an empty array stays one", in: " [ ] ", want: "[]"},
		{name: "an array is extended", in: `[{"a": 1}, {}]`, extra: "why", want: `[{"a": 1,"why":"word"},{"why":"wo\"rd\u0007"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			how := choice{keep: everyRow, extra: strings.Fields(c.extra), words: []string{"word", "wo\"rd\a"}, word: func(row int) uint8 { return uint8(row & 1) }}
			if c.keep != "" {
				how.keep = func(row int) bool { return strings.Contains(c.keep, string(rune('0'+row))) }
			}
			for _, batch := range []int{0, 1, 5} {
				var out bytes.Buffer
				err := suite{open: openJSON}.rewrite(fixture{name: "list", data: []byte(c.in), options: Options{BatchSize: batch}}, &out, how)
				if err != nil || out.String() != c.want {
					t.Errorf("batches of %d bytes: %q and %v, want %q", batch, out.String(), err, c.want)
				}
				text := strings.TrimPrefix(out.String(), bom)
				for in := json.NewDecoder(strings.NewReader(text)); ; {
					var v any
					if err := in.Decode(&v); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatalf("%q is no JSON: %v", text, err)
					}
				}
			}
		})
	}
}

func TestColumnThatIsThereAlreadyIsRefused(t *testing.T) {
	for _, text := range []string{"{}\n{\"why\":1}", "{}\n{\"a\":1,\"\\u0077hy\":1}", "[{},\n{\"why\" :null}]"} {
		c := choice{keep: everyRow, extra: []string{"why"}, words: []string{"word"}, word: func(int) uint8 { return 0 }}
		err := suite{open: openJSON}.rewrite(fixture{name: "list", data: []byte(text)}, io.Discard, c)
		if fault.KindOf(err) != fault.Usage || !strings.HasPrefix(err.Error(), "list:2: ") {
			t.Errorf("%s: error %v", text, err)
		}
		c.keep = func(row int) bool { return row == 0 }
		if err := (suite{open: openJSON}).rewrite(fixture{name: "list", data: []byte(text)}, io.Discard, c); err != nil {
			t.Errorf("%s: a record that is dropped: %v", text, err)
		}
	}
}

func TestPagesAreNotWritten(t *testing.T) {
	r, err := openNamed("list", `{"items":[{}]}`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.NewWriter(io.Discard)
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Unsupported || !strings.Contains(f.Mend, "jq -c '.items[]'") {
		t.Errorf("error %v", err)
	}
}

func TestJSONEncodeRefusesWhatDoesNotFit(t *testing.T) {
	r, err := openNamed("list", "{}\n{}\n")
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.NewWriter(io.Discard, "why")
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	whole := Selection{Keep: Bits{3}, Extra: [][]uint8{{0, 0}}, Words: []string{"w"}}
	if _, err := w.Encode(b, whole); err == nil {
		t.Error("a batch was encoded that nobody had decoded")
	}
	if err := b.Decode(); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]Selection{
		"too few words": {Keep: Bits{3}, Extra: [][]uint8{{0, 1}}, Words: []string{"w"}},
		"too short":     {Keep: Bits{3}, Extra: [][]uint8{{0}}, Words: []string{"w"}},
	} {
		if _, err := w.Encode(b, s); err == nil {
			t.Errorf("%s: encoded without an error", name)
		}
	}
	if _, err := w.Encode(nil, whole); err == nil {
		t.Error("no batch at all was encoded")
	}
	if err := w.Append("a part of something else"); err == nil {
		t.Error("a foreign part was appended")
	}
	p, err := w.Encode(b, whole)
	if err != nil {
		t.Fatal(err)
	}
	w.(*jsonWriter).w = shortWriter{}
	if err := w.Append(p); !errors.Is(err, io.ErrShortWrite) || w.Rows() != 0 {
		t.Errorf("error %v, %d rows", err, w.Rows())
	}
	b.Release()
	if _, err := w.Encode(b, whole); err == nil {
		t.Error("a batch was encoded after its release")
	}
}
