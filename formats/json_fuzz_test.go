package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

// standardRecords returns the records of a document as encoding/json finds them in the form that our reader saw, each as
// it is written. It reports false when the document is not one of that form.
func standardRecords(text string, r *jsonReader) (records []string, ok bool) {
	in := json.NewDecoder(strings.NewReader(strings.TrimPrefix(text, bom)))
	for {
		var value json.RawMessage
		if err := in.Decode(&value); errors.Is(err, io.EOF) {
			return records, ok || r.form == formLines
		} else if err != nil || ok && r.form == formArray {
			return nil, false
		}
		array, found := value, true
		if r.form == formPages {
			array, found = standardValue(value, r.records, nil)
		}
		var elements []json.RawMessage
		if r.form == formLines {
			elements = []json.RawMessage{value}
		} else if !found || json.Unmarshal(array, &elements) != nil || elements == nil {
			return nil, false
		}
		for _, e := range elements {
			if e[0] != '{' {
				return nil, false
			}
			records = append(records, string(e))
		}
		ok = true
	}
}

// standardMembers returns the keys and values of an object, in order, equal keys too.
func standardMembers(object []byte) (keys []string, values []json.RawMessage) {
	in := json.NewDecoder(bytes.NewReader(object))
	if brace, err := in.Token(); err != nil || brace != json.Delim('{') {
		return nil, nil
	}
	for in.More() {
		key, err := in.Token()
		var value json.RawMessage
		if err == nil {
			err = in.Decode(&value)
		}
		name, isText := key.(string)
		if err != nil || !isText {
			return nil, nil
		}
		keys, values = append(keys, name), append(values, value)
	}
	return keys, values
}

// standardValue returns the value under a path, the first of equal ones; the longest keys win. torn learns of keys that
// stand twice on the way of the path, and of a second value.
func standardValue(object []byte, path string, torn *bool) (found json.RawMessage, ok bool) {
	keys, values := standardMembers(object)
	for end := len(path); end >= 0; end-- {
		if end < len(path) && path[end] != '.' {
			continue
		}
		seen := false
		for i, key := range keys {
			if key != path[:end] {
				continue
			}
			value, there := values[i], true
			if end < len(path) {
				value, there = standardValue(values[i], path[end+1:], torn)
			}
			if torn != nil && (seen || there && ok) {
				*torn = true
			}
			if there && !ok {
				found, ok = value, true
			}
			seen = true
		}
	}
	return found, ok
}

// standardText is a value as text.
func standardText(value json.RawMessage) []byte {
	var text string
	switch {
	case len(value) == 0 || value[0] == 'n':
		return nil
	case value[0] == '"' && json.Unmarshal(value, &text) == nil:
		return []byte(text)
	}
	if digits, zeros, cut := bytes.Cut(value, []byte{'.'}); cut && value[0] != '{' && value[0] != '[' && value[0] != '"' && len(bytes.Trim(zeros, "0")) == 0 {
		return digits
	}
	return value
}

// FuzzJSON compares with encoding/json: the reader answers with a fault, or with the same records and values. It may
// refuse nothing that is objects or an array of objects to encoding/json, but what is no UTF-8 or nested too deep.
// Half a surrogate pair becomes U+FFFD there, and a malformed row here.
func FuzzJSON(f *testing.F) {
	for _, fixture := range jsonFixtures(f, "*") {
		f.Add(string(fixture.data), "a.b", "", 7)
		f.Add(string(fixture.data), "phone", ".", 100)
	}
	f.Add(`{"data":{"items":[{"a":{"b":1}}]}}`, "a.b", "data.items", 3)
	f.Add("{\"a.b\":{\"c\":1},\"a\":{\"b.c\":2,\"b\":{\"c\":3}}}\n{\"a\":\"}\n{\"}", "a.b.c", "", 5)
	half := regexp.MustCompile(`(?i)\\ud[89a-f]`)
	f.Fuzz(func(t *testing.T, text, path, records string, batch int) {
		o := Options{Records: records, BatchSize: max(1, min(batch, 1<<20))}
		in := fixture{name: "list", data: []byte(text), options: o, paths: []string{path}}
		opened, err := openJSON(Input{Name: "list", Reader: strings.NewReader(text), Size: -1}, o)
		if err != nil {
			mayRefuse(t, text, records, err)
			return
		}
		r := opened.(*jsonReader)
		in.paths = append(in.paths, r.Info().Columns[:min(len(r.Info().Columns), 8)]...)
		if strings.Count(strings.Join(in.paths, ""), ".") > jsonMaxDots {
			return
		}
		got, err := readTable(suite{open: openJSON}, in, in.data)
		if err != nil {
			mayRefuse(t, text, records, err)
			return
		}
		want, ok := standardRecords(text, r)
		if !ok || len(want) != len(got.Rows) {
			t.Fatalf("%q: %d rows, encoding/json finds %d, %v", text, len(got.Rows), len(want), ok)
		}
		if half.MatchString(text) {
			return
		}
		for i, record := range want {
			row := tableRow{}
			for _, path := range in.paths {
				value, _ := standardValue([]byte(record), path, &row.Torn)
				row.Values = append(row.Values, standardText(value))
			}
			if diff := cmp.Diff(row, got.Rows[i]); diff != "" {
				t.Fatalf("row %d of %q, paths %q (-want +got):\n%s", i, text, in.paths, diff)
			}
		}
		checkCopy(t, in, r, want)
	})
}

// mayRefuse fails the test when a document is refused that is as it should be.
func mayRefuse(t *testing.T, text, records string, err error) {
	t.Helper()
	if fault.KindOf(err) == 0 {
		t.Fatalf("%q: %v, which is no fault", text, err)
	}
	if records != "" && records != recordsRoot || !utf8.ValidString(text) || strings.Contains(err.Error(), "deep") {
		return
	}
	r := &jsonReader{form: formLines}
	if strings.HasPrefix(string(visible([]byte(text))), "[") {
		r.form = formArray
	}
	found, ok := standardRecords(text, r)
	if ok && len(found) > 0 && !strings.Contains(err.Error(), "the object") { // which may be pages that do not agree
		t.Fatalf("%q is refused: %v", text, err)
	}
}

// checkCopy rewrites a document, some of its records and all with one more column, and compares with the records.
func checkCopy(t *testing.T, in fixture, r *jsonReader, records []string) {
	t.Helper()
	if r.form == formPages {
		return
	}
	for _, extra := range []string{"", "why \"now\""} {
		c := choice{keep: coin(2), words: []string{"a\"b"}, word: func(int) uint8 { return 0 }}
		if extra != "" {
			c.extra = []string{extra}
		}
		var out bytes.Buffer
		if err := (suite{open: openJSON}).rewrite(in, &out, c); err != nil {
			if fault.KindOf(err) != fault.Usage || extra == "" {
				t.Fatalf("%q: %v", in.data, err)
			}
			continue
		}
		got, ok := standardRecords(out.String(), r)
		var want []string
		for i, record := range records {
			if !c.keep(i) {
				continue
			}
			if extra != "" {
				keys, _ := standardMembers([]byte(record))
				record = record[:len(record)-1]
				if len(keys) > 0 {
					record += ","
				}
				record += `"why \"now\"":"a\"b"}`
			}
			want = append(want, record)
		}
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Fatalf("%q becomes %q (-want +got):\n%s", in.data, out.String(), diff)
		}
	}
}
