package formats

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

// jsonPaths are what the fixtures are asked for.
func jsonPaths() []string {
	return []string{
		"phone", "email", "name", "id", "n", "e", "a.b", "a", "person.phone", "person.emails", "person.more.x.y.z",
		"consents.email.val", "lists", "name.first", "name.tags", "none.at.all",
	}
}

// jsonFixtures reads those of testdata/json that a pattern names.
func jsonFixtures(t testing.TB, pattern string) []fixture {
	t.Helper()
	paths, err := filepath.Glob("testdata/json/" + pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	var fixtures []fixture
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fixtures = append(fixtures, fixture{name: filepath.Base(path), data: data, paths: jsonPaths()})
	}
	return fixtures
}

func TestJSONLinesConform(t *testing.T) {
	fixtures := append(jsonFixtures(t, "[a-o]*.jsonl"), jsonFixtures(t, "pretty.json")...)
	for i, f := range fixtures {
		if f.name != "pretty.json" {
			fixtures[i].copied = []byte(strings.ReplaceAll(strings.ReplaceAll(string(f.data), "\n\n", "\n"), "\r\n\r\n", "\r\n"))
		}
	}
	conform(t, suite{open: Open, fixtures: fixtures, verbatim: true})
}

func TestJSONArraysConform(t *testing.T) {
	conform(t, suite{open: Open, fixtures: jsonFixtures(t, "*array*.json"), verbatim: true, cutIsFault: true})
}

func TestPagesAreReadLikeTheArraysInThem(t *testing.T) {
	s := suite{open: Open, cutIsFault: true}
	for _, c := range []struct{ pattern, records, same string }{
		{"page.json", "", `[{"phone": "1", "email": "a@b.c", "name": "]}"},{"phone": "2", "lists": [[1], {"a": [2, 3]}]}]`},
		{"page.json", "content", `[{"phone": "1", "email": "a@b.c", "name": "]}"},{"phone": "2", "lists": [[1], {"a": [2, 3]}]}]`},
		{"page-deep.json", "data.items", `[{"phone":"1"},{"phone":"2"}]`},
		{"pages.jsonl", "", `[{"phone":"1"},{"phone":"2"},{"phone":"3"},{"phone":"4"}]`},
		{"pages.jsonl", "content", `[{"phone":"1"},{"phone":"2"},{"phone":"3"},{"phone":"4"}]`},
	} {
		f := jsonFixtures(t, c.pattern)[0]
		f.options.Records = c.records
		want, err := readTable(s, fixture{name: "array", paths: f.paths}, []byte(c.same))
		if err != nil {
			t.Fatal(err)
		}
		for _, batch := range []int{0, 1, 2, 7, 33, 100} {
			f.options.BatchSize = batch
			s.same(t, f, f.data, want)
			if f.name == "pages.jsonl" { // it may end behind each of its pages
				suite{open: Open}.anyPrefix(t, f, want)
			} else {
				s.anyPrefix(t, f, want)
			}
		}
	}
}

// jsonTable reads a document and tells a value of each row by path: "<nil>" is a null.
func jsonTable(text string, o Options, paths ...string) ([]string, error) {
	all, err := readTable(suite{open: Open}, fixture{name: "list.json", options: o, paths: paths}, []byte(text))
	var rows []string
	for _, row := range all.Rows {
		var values []string
		for _, v := range row.Values {
			if v == nil {
				v = []byte("<nil>")
			}
			values = append(values, string(v))
		}
		if row.Torn {
			values = append(values, "torn")
		}
		rows = append(rows, strings.Join(values, "|"))
	}
	return rows, err
}

func TestValuesOfPaths(t *testing.T) {
	for _, c := range []struct{ name, record, path, want string }{
		{"a string is its text", `{"a":"b\u0020c"}`, "a", "b c"},
		{"a number is as it is written", `{"a":1.50}`, "a", "1.50"},
		{"a whole double has no fraction", `{"a":1000.0}`, "a", "1000"},
		{"an exponent stays", `{"a":1.38E10}`, "a", "1.38E10"},
		{"so is one with an exponent", `{"a":-1E+5}`, "a", "-1E+5"},
		{"true is a word", `{"a":true}`, "a", "true"},
		{"null is null", `{"a":null}`, "a", "<nil>"},
		{"what is not there is null", `{"b":1}`, "a", "<nil>"},
		{"an empty string is no null", `{"a":""}`, "a", ""},
		{"an object is its text", `{"a":{"b": [1 ]}}`, "a", `{"b": [1 ]}`},
		{"an array is its text", `{"a":["x", 2]}`, "a", `["x", 2]`},
		{"a path walks objects", `{"a":{"b":{"c":1}}}`, "a.b.c", "1"},
		{"a path through a string is null", `{"a":"b"}`, "a.b", "<nil>"},
		{"a path through an array is null", `{"a":[{"b":1}]}`, "a.b", "<nil>"},
		{"a key with a dot is found whole", `{"a.b":{"c":1}}`, "a.b.c", "1"},
		{"two values under one path are malformed, and the longest key is told", `{"a":{"b":1},"a.b":2}`, "a.b", "2|torn"},
		{"two values under one path are malformed, whichever stands first", `{"a.b":2,"a":{"b":1}}`, "a.b", "2|torn"},
		{"two values under one path are malformed, one null too", `{"a.b":null,"a":{"b":1}}`, "a.b", "<nil>|torn"},
		{"the first key counts more than the second", `{"a":{"b.c":1},"a.b":{"c":2}}`, "a.b.c", "2|torn"},
		{"a longer key that leads nowhere hides nothing", `{"a.b":1,"a":{"b":{"c":2}}}`, "a.b.c", "2"},
		{"a key may be empty", `{"":{"":1}}`, ".", "1"},
		{"a key written with escapes is the same key", `{"\u0061\u002eb":1}`, "a.b", "1"},
		{"a key twice is malformed", `{"a":1,"a":1}`, "a", "1|torn"},
		{"a key twice on the way is malformed", `{"a":{"b":1},"a":2}`, "a.b", "1|torn"},
		{"a key twice, once with escapes, is malformed", `{"a":1,"\u0061":2}`, "a", "1|torn"},
		{"a key twice beside the way does not matter", `{"b":1,"b":2,"a":3}`, "a", "3"},
		{"a key twice below the value does not matter", `{"a":{"b":1,"b":2}}`, "a", `{"b":1,"b":2}`},
		{"half a character is malformed", `{"a":"\ud800"}`, "a", "\uFFFD|torn"},
		{"two first halves are malformed", `{"a":"\ud83d\ud83d\ude00"}`, "a", "\uFFFD😀|torn"},
		{"half a character elsewhere does not matter", `{"a":"x","b":"\udc00"}`, "a", "x"},
		{"half a character in a key is malformed", `{"a\ud800":1,"a":2}`, "a", "2|torn"},
		{"a pair of halves is one character", `{"a":"\uD83D\uDE00"}`, "a", "😀"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := jsonTable(c.record, Options{Records: recordsRoot}, c.path)
			if err != nil || len(got) != 1 || got[0] != c.want {
				t.Errorf("%q and %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestSeveralPathsShareTheirWay(t *testing.T) {
	got, err := jsonTable(`{"a":{"b":1,"c":{"d":2}},"e":3}`, Options{}, "a.c.d", "a", "a.b", "e", "a.c", "a.b")
	want := []string{`2|{"b":1,"c":{"d":2}}|1|3|{"d":2}|1`}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestFormIsTold(t *testing.T) {
	big := `"pad":"` + strings.Repeat("x", 2*jsonPeek) + `"`
	for _, c := range []struct {
		name, text, records, detail string
		rows                        int
	}{
		{"one object", `{"phone":"1"}`, "", "UTF-8, JSON Lines", 1},
		{"objects", bom + "{\"phone\":\"1\"}\n{}", "", "UTF-8 with BOM, JSON Lines", 2},
		{"objects that touch", `{"phone":"1"}{}`, "", "UTF-8, JSON Lines", 2},
		{"an array", " \n[{}]", "", "UTF-8, an array", 1},
		{"an empty array", "[]", "", "UTF-8, an array", 0},
		{"a page", `{"n":1,"items":[{}]}`, "", "UTF-8, records in items[]", 1},
		{"a page with empty arrays", `{"n":[],"items":[{},{}],"m":[]}`, "", "UTF-8, records in items[]", 2},
		{"an array beside another that holds something", `{"n":[1],"items":[{},{}]}`, "", "UTF-8, JSON Lines", 1},
		{"an array of objects under another name", `{"purposes":[{}]}`, "", "UTF-8, JSON Lines", 1},
		{"two arrays of objects", `{"items":[{}],"purposes":[{}]}`, "", "UTF-8, JSON Lines", 1},
		{"two arrays of objects with known names", `{"items":[{}],"data":[{}]}`, "", "UTF-8, JSON Lines", 1},
		{"an empty array of records", `{"items":[]}`, "", "UTF-8, JSON Lines", 1},
		{"pages", "{\"items\":[{}]}\n{\"items\":[]}\n", "", "UTF-8, records in items[]", 1},
		{"objects of which one is a page", "{\"items\":[{}]}\n{\"item\":1}\n", "", "UTF-8, JSON Lines", 2},
		{"a large page", `{"items":[{` + big + `},{}]}`, "", "UTF-8, records in items[]", 2},
		{"a page with a large beginning", `{` + big + `,"items":[{},{}]}`, "", "UTF-8, records in items[]", 2},
		{"a large record", `{` + big + `}{}`, "", "UTF-8, JSON Lines", 2},
		{"named records", `{"a":{"b.c":[{},{}]}}`, "a.b.c", "UTF-8, records in a.b.c[]", 2},
		{"named empty records", `{"items":[]}`, "items", "UTF-8, records in items[]", 0},
		{"the document itself", `{"items":[{}]}`, ".", "UTF-8, JSON Lines", 1},
		{"the array itself", `[{}]`, ".", "UTF-8, an array", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Open(Input{Name: "list.json", Reader: strings.NewReader(c.text), Size: -1}, Options{Records: c.records})
			if err != nil {
				t.Fatal(err)
			}
			if r.Info().Detail != c.detail || r.Info().Format != "JSON" || r.Info().Rows != -1 {
				t.Errorf("%#v, want %q", r.Info(), c.detail)
			}
			for _, batch := range []int{0, 1} {
				rows, err := jsonTable(c.text, Options{Records: c.records, BatchSize: batch}, "phone")
				if err != nil || len(rows) != c.rows {
					t.Errorf("%d rows and %v, want %d", len(rows), err, c.rows)
				}
			}
		})
	}
}

func TestColumnsAreTheLeavesOfTheFirstRecords(t *testing.T) {
	text := `{"b":1,"a":{"x":[{"y":1}],"w":{},"v":null},"a.x":1}` + "\n" + `{"c":"","b":2,"\u0061":{"z":{"q":1}}}`
	for _, text := range []string{text, "[" + strings.Replace(text, "\n", ",", 1) + "]", `{"items":[` + strings.Replace(text, "\n", ",", 1) + "]}"} {
		r, err := Open(Input{Name: "list", Reader: strings.NewReader(text), Size: int64(len(text))}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"b", "a.x", "a.v", "c", "a.z.q"}, r.Info().Columns); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		nested := r.(PathReader)
		for path, want := range map[string]int{"b": 0, "a.z.q": 4} {
			if got, err := nested.Path(path); got != want || err != nil {
				t.Errorf("%s stands at %d, %v", path, got, err)
			}
		}
		if got, err := nested.Path("new.one"); got != 5 || err != nil || r.Info().Columns[5] != "new.one" {
			t.Errorf("a new path stands at %d, %v, of %q", got, err, r.Info().Columns)
		}
		if _, err := nested.Path(strings.Repeat("a.", jsonMaxDots+1)); fault.KindOf(err) != fault.Usage {
			t.Errorf("a path without end: %v", err)
		}
	}
}

func TestJSONIsTakenForATableOnlyWhereItIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"[phone],[name]\n1,2\n":      "CSV",
		"[\"phone\"],name\n1,2\n":    "CSV",
		"[1],[2]\n3,4\n":             "CSV",
		"{phone},name\n1,2\n":        "CSV",
		"{\"phone\"},name\n1,2\n":    "CSV",
		"{},name\n1,2\n":             "CSV",
		"{\"a\":1},13800138000\n":    "CSV",
		bom + "[phone]\n1\n":         "CSV",
		"{\"phone\":1}\n":            "JSON",
		" \r\n\t{\"phone\"\n:\n1}\n": "JSON",
		bom + "[ ]":                  "JSON",
	} {
		r, err := openNamed("list", text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got := r.Info().Format; got != want {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}

func TestWarmJSONBatchIsDecodedAndEncodedWithoutAllocations(t *testing.T) {
	text := strings.Repeat(`{"phone":"\u0031","a":{"b":"x"},"\u0063":[1,{"d":null}]}`+"\n"+`{"phone":"1","phone":"2"}`+"\n", 500)
	r := newJSONReader(Input{Name: "list", Reader: strings.NewReader(text), Size: -1}, 0)
	if err := r.begin(Options{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := selectPaths(r, []string{"phone", "a.b", "c"}); err != nil {
		t.Fatal(err)
	}
	checkNoAllocations(t, r, firstBatch(t, r))
}
