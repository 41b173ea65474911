package formats

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"cpm/formats/fault"
)

func TestFaultsNameTheLineOfTheRecord(t *testing.T) {
	deep := strings.Repeat("[", jsonDepth) + strings.Repeat("]", jsonDepth)
	for _, c := range []struct{ name, text, records, where, what string }{
		{"a file cut in a record", "{\"a\":1}\n{\"a\":2", "", "list:2", "ends inside the record"},
		{"a file cut in the first record", "\n{\"a\":[{\"b\":\"", "", "list:2", "ends inside the record"},
		{"an invalid record", "{\"a\":1}\n\n{\"a\":2,}\n{\"a\":3}\n", "", "list:3", "not valid JSON"},
		{"a line break in a string", "{\"a\":1}\n{\"a\":\"}\n{\"}\n", "", "list:2", "not valid JSON"},
		{"a comma between lines", "{\"a\":1},\n{\"a\":2}\n", "", "list:1", "an object in braces"},
		{"a value that is no object", "{\"a\":1}\n2\n", "", "list:2", "an object in braces"},
		{"an array behind objects", "{\"a\":1}\n[{}]\n", "", "list:2", "an object in braces"},
		{"a record that is nested too deep", "{\"a\":1}\n{\"a\":" + deep + "}\n", "", "list:2", "more than 512 deep"},
		{"bytes that are not UTF-8", strings.Repeat("{\"a\":1}\n", jsonPeek/8) + "{\"a\":\"\xff\"}\n", "", "list:8193", "not UTF-8"},
		{"an unknown word", "{\"a\":1}\n{\"a\":nul}\n", "", "list:2", "not valid JSON"},
		{"a number with a leading zero", "{\"a\":1}\n{\"a\":01}\n", "", "list:2", "not valid JSON"},
		{"an unknown escape", "{\"a\":1}\n{\"a\":\"\\x\"}\n", "", "list:2", "not valid JSON"},
		{"an array without its end", "[\n{\"a\":1},\n{\"a\":2}\n", "", "list:3", "ends inside the record"},
		{"an array that ends behind a comma", "[\n{\"a\":1},\n", "", "list:3", "before the array"},
		{"an array of nothing without its end", "[\n", "", "list:2", "before the array"},
		{"an array with a comma too many", "[\n{\"a\":1},\n]", "", "list:3", "an object in braces"},
		{"an array with a comma first", "[\n,{\"a\":1}\n]", "", "list:2", "an object in braces"},
		{"an array without a comma", "[\n{\"a\":1}\n{\"a\":2}\n]", "", "list:3", "an object in braces"},
		{"an array with a number", "[\n{\"a\":1},\n2\n]", "", "list:3", "an object in braces"},
		{"an array closed by a brace", "[\n{\"a\":1}\n}", "", "list:3", "an object in braces"},
		{"an array of nothing closed by a brace", "[\n}", "", "list:2", "an object in braces"},
		{"a bracket closed by a brace", "[\n{\"a\":[1}}\n]", "", "list:2", ""},
		{"text behind an array", "[\n{\"a\":1}\n]\n{}", "", "list:4", "something follows"},
		{"a second array", "[{}]\n[{}]", "", "list:2", "something follows"},
		{"a page cut behind its records", "{\"items\":[\n{}\n],\n\"a\":", "items", "list:4", "ends before the object"},
		{"a page cut behind a record", "{\"items\":[\n{}\n", "items", "list:2", "ends inside the record"},
		{"a small page cut behind its records", "{\"items\":[\n{}\n],\n\"a\":", "", "list:1", "ends inside the record"},
		{"an invalid page", "{\"items\":[\n{}\n],\n\"a\":}", "items", "list:1", "not valid JSON"},
		{"an invalid page beside its records", "{}\n{\"a\":x,\"items\":[\n{}\n]}", "items", "list:1", "no array under items"},
		{"an object without records", "{\"items\":[{}]}\n{\"item\":[]}", "items", "list:2", "no array under items"},
		{"records twice", "{\"items\":[{}],\n\"items\":[{}]}", "items", "list:1", "2 times"},
		{"records in two ways", "{\"a\":{\"b\":[{}]},\n\"a.b\":[{}]}", "a.b", "list:1", "2 times"},
		{"text behind a page", "{\"items\":[{}]}\n[]", "items", "list:2", "no other begins"},
		{"a NUL byte behind a page", "{\"items\":[{}]}\n\x00", "items", "list:2", "no other begins"},
		{"a NUL byte behind an array", "[{}]\n\x00{}", "", "list:2", "something follows"},
		{"a NUL byte behind lines", "{}\n\x00{}", "", "list:2", "an object in braces"},
		{"a number among the records of a page", "{\"items\":[\n1]}", "items", "list:2", "an object in braces"},
		{"a second array of objects far behind", "{\"items\":[{}," + strings.Repeat("{},\n", jsonPeek) + "{}],\n\"other\":[{}]}", "", "list:1", "two arrays"},
		{"an object without records far behind", strings.Repeat("{\"items\":[{}]}\n", jsonPeek) + "{}", "", "list:65537", "no array under items"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, batch := range []int{0, 1, 5, 100} {
				_, err := readTable(suite{open: Open}, fixture{name: "list", options: Options{Records: c.records, BatchSize: batch}}, []byte(c.text))
				var f *fault.Error
				if !errors.As(err, &f) || f.Kind != fault.Input || !strings.HasPrefix(f.Where, c.where) || !strings.Contains(f.What, c.what) || f.Mend == "" {
					t.Errorf("batches of %d bytes: %v, want a fault at %s about %q", batch, err, c.where, c.what)
				}
			}
		})
	}
}

func TestRecordOver16MiBIsRefused(t *testing.T) {
	record := func(bytes int) string { return `{"a":"` + strings.Repeat("x", bytes-8) + `"}` }
	for _, form := range []struct{ name, before, between, behind string }{
		{"lines", "{}\n", "\n", "\n{}"}, {"objects that touch", "{}\n", "", "{}"}, {"an array", "[{},\n", ",", "{}]"},
	} {
		for _, batch := range []int{1 << 16, 64 << 20} {
			if _, err := jsonTable(form.before+record(jsonRowLimit)+form.between+form.behind, Options{BatchSize: batch}, "b"); err != nil {
				t.Errorf("%s, batches of %d bytes, a record of 16 MiB: %v", form.name, batch, err)
			}
			for _, over := range []int{1, 2 * jsonRowLimit} {
				_, err := jsonTable(form.before+record(jsonRowLimit+over)+form.between+form.behind, Options{BatchSize: batch}, "b")
				if fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), "list.json:2: the record that begins here is longer than 16 MiB") {
					t.Errorf("%s, batches of %d bytes, %d bytes more: %v", form.name, batch, over, err)
				}
			}
		}
	}
}

func TestWhatIsSaidOfTablesIsRefusedOfJSON(t *testing.T) {
	for what, o := range map[string]Options{
		"header": {NoHeader: true}, "encoding": {Encoding: "GB18030"}, "delimiter": {Delimiter: ','}, "sheet": {Sheet: "a"},
	} {
		_, err := openJSON(Input{Name: "list", Reader: strings.NewReader("{}"), Size: 2}, o)
		if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := jsonTable("{}", Options{Encoding: "utf-8"}, "a"); err != nil {
		t.Error(err)
	}
	if _, err := jsonTable("[{}]", Options{Records: "items"}, "a"); fault.KindOf(err) != fault.Usage {
		t.Errorf("a path of records for an array: %v", err)
	}
}

func TestJSONThatIsNotUTF8IsRefusedWithTheMend(t *testing.T) {
	for text, mend := range map[string]string{
		"{\"a\":1}\n{\"a\":\"" + gb18030(t, "上海市") + "\"}\n": "iconv -f GB18030",
		"{\"a\":1}\n{\"a\":\"Jos\xe9\"}\n":                   "convert it to UTF-8",
	} {
		_, err := openNamed("list.json", text)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Unsupported || f.Where != "list.json:2" || !strings.Contains(f.Mend, mend) {
			t.Errorf("%v, want the mend %q", err, mend)
		}
	}
}

func TestReadErrorOfJSONIsReportedWithTheName(t *testing.T) {
	broken := errors.New("the cable was pulled")
	for _, text := range []string{"{}\n", "[{},", `{"items":[{},`, `{"items":[{}]`, "[{}]"} {
		src := io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken))
		_, err := openJSON(Input{Name: "list", Reader: src, Size: -1}, Options{})
		if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "list: ") {
			t.Errorf("%s: error %v", text, err)
		}
	}
	if _, err := openJSON(Input{Name: "list", Reader: io.MultiReader(strings.NewReader("{}"), idleReader{}), Size: -1}, Options{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

func TestStreamIsReadInSmallPieces(t *testing.T) {
	const records = 20_000
	for name, text := range map[string]string{
		"lines": strings.Repeat("{\"a\":\"\\\"}\",\n\"b\":[{}]}\n", records),
		"array": "[" + strings.Repeat("{\"a\":\"\\\"}\",\n\"b\":[{}]}\n,", records-1) + "{}]",
		"pages": strings.Repeat("{\"n\":1,\"items\":[{\"a\":1},{}]}", records/2),
	} {
		r, err := Open(Input{Name: "standard input", Reader: iotest.HalfReader(strings.NewReader(text)), Size: -1}, Options{BatchSize: 1000})
		if err != nil {
			t.Fatal(err)
		}
		rows, most := 0, 0
		for b, err := range batchesOf(r) {
			if err != nil {
				t.Fatal(err)
			}
			rows += b.Rows()
			most = max(most, len(b.(*jsonBatch).data))
			b.Release()
		}
		if rows != records || r.Done() != int64(len(text)) || most > 1000 {
			t.Errorf("%s: %d rows, %d of %d bytes done, a batch of %d bytes", name, rows, r.Done(), len(text), most)
		}
	}
}
