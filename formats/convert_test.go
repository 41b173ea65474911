package formats

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// writerTo returns a writer in another format.
func writerTo(r Reader, to string, w io.Writer, extra ...string) (Writer, error) {
	c, err := ConvertTo(r, to)
	if err != nil {
		return nil, err
	}
	return c.NewWriter(w, extra...)
}

// convertible are fixtures of every format, by name; each can be written in every other.
func convertible(t *testing.T) map[string]fixture {
	t.Helper()
	files := map[string]fixture{}
	for pattern, options := range map[string]Options{
		"testdata/csv/*.csv": {}, "testdata/csv/*.txt": {}, "testdata/csv/plain.csv.gz": {}, "testdata/csv/p*n.csv": {NoHeader: true},
		"testdata/json/[a-c]*.json*": {}, "testdata/json/[m-z]*.json*": {}, "testdata/json/li*.jsonl": {},
		"../testdata/xlsx/*.xlsx": {}, "../testdata/xlsx/phones.xls*": {NoHeader: true},
		"../testdata/parquet/*.parquet": {}, "arrow/testdata/*.arrow": {},
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no fixtures: %v", pattern, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(path, "refused_") {
				files[strings.TrimPrefix(pattern+" ", "../testdata/")+filepath.Base(path)] = fixture{name: filepath.Base(path), data: data, options: options}
			}
		}
	}
	long := strings.Repeat("长", 1<<20/3)
	for name, text := range map[string]string{
		"made/nothing but a header": "phone,name\n",
		"made/one row":              "phone,name\n13800000001,李\n",
		"made/what is in a cell":    "a,b,\"c;d\"\n\"1\n2\",\"\"\"\",\" x \"\n=1+1,{\\},\"\r\"\n_x0041_,<&>',\u00e9\U0001F600\n\"\",,\n",
		"made/a row of two fields":  "a,b,c\n1,2,3\n4,5\n6,\"7\"x,8\n9,10,11\n",
		"made/a long cell":          "a,b\n1," + long + "\n2,3\n",
		"made/empty rows":           "a\n1\n\n2\n",
	} {
		files[name] = fixture{name: "made.csv", data: []byte(text)}
	}
	return files
}

// cellTable is a table of cells, whose nulls are dashes.
type cellTable struct {
	Columns []string
	Rows    []string
}

// cellsOf reads the cells of the rows that are kept, as they are for a format. Where it knows no nulls, they are empty.
func cellsOf(f fixture, keep func(int) bool, to string) (cellTable, error) {
	nulls := knowsNulls(to)
	r, err := suite{open: Open}.opened(f, f.data)
	if err != nil {
		return cellTable{}, err
	}
	from := converterOf(r)
	named, err := from.Table(to == "jsonl")
	if err != nil {
		return cellTable{}, err
	}
	var table cellTable
	for _, column := range named.Columns {
		table.Columns = append(table.Columns, column.Name)
	}
	first := 0
	for b, err := range batchesOf(r) {
		if err != nil {
			return table, err
		}
		err := from.Cells(b, choice{keep: keep}.selection(first, b.Rows()).Keep, func(block *cells.Block) error {
			for i := range block.Rows {
				row := ""
				for _, texts := range block.Columns {
					if texts[i] == nil && nulls {
						row += "-|"
					} else {
						row += fmt.Sprintf("%q|", texts[i])
					}
				}
				table.Rows = append(table.Rows, row)
			}
			return nil
		})
		if err != nil {
			return table, err
		}
		first += b.Rows()
		b.Release()
	}
	return table, r.Close()
}

// convertedTo writes the chosen rows of a fixture in another format.
func convertedTo(f fixture, to string, w io.Writer, c choice) error {
	s := suite{open: func(in Input, o Options) (Reader, error) {
		r, err := Open(in, o)
		if err != nil {
			return nil, err
		}
		return ConvertTo(r, to)
	}}
	return s.rewrite(f, w, c)
}

// knowsNulls tells whether a table written in a format keeps nulls and empty texts apart.
func knowsNulls(to string) bool { return to != "csv" && to != "xlsx" }

func TestWhatIsWrittenInAnotherFormatHoldsTheSameCells(t *testing.T) {
	fixtures := convertible(t)
	for _, to := range conversions() {
		done := 0
		for name, f := range fixtures {
			if to.format == arrowFormat && strings.HasPrefix(name, "arrow") || to.format == xlsxFormat && strings.HasPrefix(name, "xlsx") {
				continue // of this format already
			}
			for _, keep := range []func(int) bool{everyRow, coin(3), func(row int) bool { return row == 1 }, func(int) bool { return false }} {
				var out bytes.Buffer
				err := convertedTo(f, to.word, &out, choice{keep: keep})
				want, unread := cellsOf(f, keep, to.word)
				switch {
				case err != nil && (fault.KindOf(unread) != 0 || refusedIn(name, to, want)):
					if fault.KindOf(err) == 0 {
						t.Errorf("%s to %s: %v is no fault", name, to.word, err)
					}
					continue
				case err != nil:
					t.Fatalf("%s to %s: %v", name, to.word, err)
				}
				if unread != nil {
					continue // it is of this format already
				}
				if to.word == "jsonl" && strings.Contains(name, "json") {
					continue // records stay records, whatever keys they have
				}
				written := fixture{name: "out." + to.word, data: out.Bytes()}
				written.options.NoHeader = f.options.NoHeader && (to.word == "csv" || to.word == "xlsx")
				if to.word == "xlsx" { // in which an empty row is none
					want.Rows = slices.DeleteFunc(want.Rows, func(row string) bool { return strings.Trim(row, `"|`) == "" })
					want.Rows = append([]string(nil), want.Rows...)
				}
				if len(want.Rows) == 0 && (to.word == "jsonl" || written.options.NoHeader) {
					continue // which then says nothing
				}
				got, err := cellsOf(written, everyRow, to.word)
				if err != nil {
					t.Fatalf("%s to %s: %v", name, to.word, err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s to %s (-want +got):\n%.2000s", name, to.word, diff)
				}
				done++
			}
		}
		if done < 100 {
			t.Errorf("%s: %d conversions of %d fixtures", to.word, done, len(fixtures))
		}
	}
}

func TestExtraColumnsStandLastInAnotherFormat(t *testing.T) {
	f := fixture{name: "list.csv", data: []byte("a,b\n1,2\n3\n5,6\n")}
	c := choice{keep: everyRow, extra: []string{"why"}, words: []string{"denied", "malformed_row"}, word: func(row int) uint8 { return uint8(row % 2) }}
	for _, to := range conversions()[1:] {
		var out bytes.Buffer
		if err := convertedTo(f, to.word, &out, c); err != nil {
			t.Fatal(err)
		}
		got, err := cellsOf(fixture{name: "out", data: out.Bytes()}, everyRow, "arrow")
		want := cellTable{[]string{"a", "b", "why"}, []string{`"1"|"2"|"denied"|`, `"3"|-|"malformed_row"|`, `"5"|"6"|"denied"|`}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", to.word, err, diff)
		}
	}
}

func TestAFailingWriterIsReportedInAnyFormat(t *testing.T) {
	f := fixture{name: "list.csv", data: []byte("a,b\n1,2\n3,x\n5,6\n"), options: Options{BatchSize: 4}}
	c := choice{keep: everyRow, extra: []string{"why"}, words: []string{"denied"}, word: func(int) uint8 { return 0 }}
	for _, to := range conversions()[1:] {
		var out bytes.Buffer
		if err := convertedTo(f, to.word, &out, c); err != nil {
			t.Fatal(err)
		}
		for n := range everyByte(out.Len()) {
			if err := convertedTo(f, to.word, &fullDisk{left: n}, c); !errors.Is(err, errFull) {
				t.Fatalf("%s: the disk was full after %d of %d bytes: error %v", to.word, n, out.Len(), err)
			}
		}
	}
}

func TestNothingOfARowThatIsNotKeptStandsInAnotherFormat(t *testing.T) {
	f := fixture{name: "list.csv", data: []byte("a,b\nkept1,x\nhidden2,hidden3\nkept4,x\n")}
	for _, to := range conversions()[1:] {
		var out bytes.Buffer
		if err := convertedTo(f, to.word, &out, choice{keep: func(row int) bool { return row != 1 }}); err != nil {
			t.Fatal(err)
		}
		text := out.Bytes()
		if to.word == "xlsx" {
			text = unzipped(t, text)
		}
		if bytes.Contains(text, []byte("hidden")) || !bytes.Contains(text, []byte("kept")) {
			t.Errorf("%s: %q", to.word, text)
		}
	}
}

func TestConversionsRefuseWhatWouldBeLost(t *testing.T) {
	extra := func(in string) choice {
		if strings.HasPrefix(in, "a,\n") { // of which the last column must stay the last
			return choice{keep: everyRow}
		}
		return choice{keep: everyRow, extra: []string{"why"}, words: []string{"w"}, word: func(int) uint8 { return 0 }}
	}
	for _, c := range []struct {
		name, to, in, want string
		kind               fault.Kind
	}{
		{"two columns of one name", "jsonl", "a,b,a\n1,2,3\n", `two columns are named "a"`, fault.Usage},
		{"bytes that are no text", "jsonl", "a,b\n1,\"x\xff\"\n", "list:2, column b: the cell holds bytes that are no text", fault.Input},
		{"the name of an extra column", "parquet", "a,why\n1,2\n", `two columns are named "why"`, fault.Usage},
		{"a character that no workbook holds", "xlsx", `{"a":"x\u0001"}`, "list:1, column a: the cell holds a character", fault.Input},
		{"a cell longer than Excel takes", "xlsx", "a,b\n1," + strings.Repeat("x", 32768) + "\n", "list:2, column b: the cell holds more than the 32767 characters", fault.Input},
		{"a last column without a name", "xlsx", "a,\n1,2\n", "the last column has no name", fault.Usage},
		{"more rows than a sheet has", "xlsx", "a,b\n" + strings.Repeat(",\n", 1<<20), "a sheet has room for 1048576 rows", fault.Unsupported},
		{"a NUL in a CSV", "csv", `{"a":"x\u0000"}`, "list:1, column a: the cell holds a NUL", fault.Input},
		{"a key that the first records lack", "csv", `{"a":1}` + strings.Repeat("\n{}", jsonTablePeek/3) + "\n{\"b\":2}", "a key that the first 8 MiB of records lack", fault.Input},
		{"a key twice, far behind", "csv", strings.Repeat("{\"a\":1}\n", 2500) + `{"a":1,"a":2}`, "list:2501: the record has a key twice", fault.Input},
		{"a NUL far behind", "csv", strings.Repeat("{\"a\":1}\n", 2500) + `{"a":"x\u0000"}`, "list:2501, column a: the cell holds a NUL", fault.Input},
		{"a long cell far behind", "xlsx", strings.Repeat("a,b\n", 2500) + strings.Repeat("x", 32768) + ",y\n", "list:2501, column a: the cell holds more than", fault.Input},
		{"a key twice", "csv", `{"a":1,"b":2,"a":3}`, "list:1: the record has a key twice", fault.Input},
		{"half a surrogate pair", "csv", `{"a":"\ud800"}`, "list:1: the record has a string with half a surrogate pair", fault.Input},
		{"no column at all", "csv", `[]`, "there are no columns", fault.Input},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := convertedTo(fixture{name: "list", data: []byte(c.in), options: Options{Encoding: "utf-8"}}, c.to, io.Discard, extra(c.in))
			if fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestRecordsOfAnyFormBecomeJSONLines(t *testing.T) {
	for in, want := range map[string]string{
		"[\n {\"a\": 1.0,\n  \"b\": \"x \\n\"},\n {}]":           "{\"a\":1.0,\"b\":\"x \\n\"}\n{}\n",
		"{\"a\": 1}\r\n{\"a\": [1, 2]}":                          "{\"a\": 1}\n{\"a\": [1, 2]}\n",
		`{"total": 2, "data": [{"a":1},{"a":{"b":[]}}], "x": 1}`: "{\"a\":1}\n{\"a\":{\"b\":[]}}\n",
		"[]": "",
	} {
		var out bytes.Buffer
		err := convertedTo(fixture{name: "list.json", data: []byte(in)}, "jsonl", &out, choice{keep: everyRow})
		if err != nil || out.String() != want {
			t.Errorf("%s: %v\ngot  %q\nwant %q", in, err, out.String(), want)
		}
		var wide bytes.Buffer
		c := choice{keep: everyRow, extra: []string{"why"}, words: []string{"w"}, word: func(int) uint8 { return 0 }}
		err = convertedTo(fixture{name: "list.json", data: []byte(in)}, "jsonl", &wide, c)
		want = strings.NewReplacer("{}\n", `{"why":"w"}`+"\n", "}\n", `,"why":"w"}`+"\n").Replace(want)
		if err != nil || wide.String() != want {
			t.Errorf("%s: %v\ngot  %q\nwant %q", in, err, wide.String(), want)
		}
	}
}

// refusedIn reports whether a format cannot hold what a fixture has cells of.
func refusedIn(name string, to conversion, table cellTable) bool {
	seen := map[string]bool{}
	for _, column := range table.Columns {
		if to.unique && seen[column] {
			return true
		}
		seen[column] = true
	}
	return to.word == "xlsx" && (strings.HasSuffix(name, "a long cell") || seen[""])
}

// unzipped returns the parts of a zip archive, one behind another.
func unzipped(t *testing.T, data []byte) (text []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, b...)
	}
	return text
}

func TestALargeTableIsWrittenInPieces(t *testing.T) {
	const rows = 250_000
	var text bytes.Buffer
	text.WriteString("n,empty\n")
	for i := range rows {
		fmt.Fprintf(&text, "%d,\n", i)
	}
	f := fixture{name: "large", data: text.Bytes()}
	for _, to := range []string{"parquet", "arrow"} {
		var out bytes.Buffer
		if err := convertedTo(f, to, &out, choice{keep: everyRow}); err != nil {
			t.Fatal(err)
		}
		r, err := suite{open: Open}.opened(f, out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Select([]int{0}); err != nil {
			t.Fatal(err)
		}
		next, batches := 0, 0
		for b, err := range batchesOf(r) {
			if err != nil {
				t.Fatal(err)
			}
			if batches++; b.Rows() > 100_000 {
				t.Errorf("%s: %d rows in a batch", to, b.Rows())
			}
			for _, value := range b.Values(0) {
				if string(value) != fmt.Sprint(next) {
					t.Fatalf("%s: row %d is %s", to, next, value)
				}
				next++
			}
			b.Release()
		}
		if next != rows || batches < 3 {
			t.Errorf("%s: %d rows in %d batches", to, next, batches)
		}
	}
}

// encodedBy converts rows with so many goroutines that encode.
func encodedBy(t *testing.T, f fixture, to string, workers int) []byte {
	t.Helper()
	before := runtime.GOMAXPROCS(workers)
	defer runtime.GOMAXPROCS(before)
	r, err := suite{open: Open}.opened(f, f.data)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := writerTo(r, to, &out)
	if err != nil {
		t.Fatal(err)
	}
	var batches []Batch
	for b, err := range batchesOf(r) {
		if err != nil {
			t.Fatal(err)
		}
		batches = append(batches, b)
	}
	parts := make([]Part, len(batches))
	var encoders errgroup.Group
	encoders.SetLimit(workers)
	for i, b := range batches {
		encoders.Go(func() (err error) {
			parts[i], err = w.Encode(b, choice{keep: coin(uint64(i))}.selection(0, b.Rows()))
			return err
		})
	}
	if err := encoders.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if err := w.Append(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAnOutputIsTheSameHoweverManyGoroutinesEncodeIt(t *testing.T) {
	var text bytes.Buffer
	text.WriteString("n,word,empty\n")
	for i := range 300_000 {
		fmt.Fprintf(&text, "%d,word %d,\n", i, i%7)
	}
	f := fixture{name: "large", data: text.Bytes(), options: Options{BatchSize: 1 << 18}}
	for _, to := range []string{"parquet", "arrow", "arrows", "jsonl", "xlsx"} {
		one := encodedBy(t, f, to, 1)
		if four := encodedBy(t, f, to, 4); !bytes.Equal(one, four) {
			t.Errorf("%s: one goroutine gave %d bytes, four others: %d", to, len(one), len(four))
		}
	}
}
