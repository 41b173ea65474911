package formats

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

func TestCSVConforms(t *testing.T) {
	conform(t, suite{open: Open, fixtures: csvFixtures(t), verbatim: true})
}

// csvFixtures reads testdata/csv, most files once more without a header.
func csvFixtures(t *testing.T) []fixture {
	t.Helper()
	paths, err := filepath.Glob("testdata/csv/*.csv")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	var fixtures []fixture
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		fixtures = append(fixtures, fixture{name: name, data: data, copied: naiveCopy(string(data), nil)})
		if !strings.Contains("malformed.csv one-column.csv empty-lines.csv", name) { // the first kept row would change the columns
			fixtures = append(fixtures, fixture{name: name + " without header", data: data, options: Options{NoHeader: true}, copied: data})
		}
	}
	return fixtures
}

// naiveCopy is what keeping some rows of a text must give: its mark, header and these rows as they stand. nil keeps
// every row.
func naiveCopy(text string, keep func(int) bool) []byte {
	header, rows, _ := naiveTable(text)
	eol := header.EOL
	if eol == "" {
		eol = "\n"
	}
	out := text[:len(text)-len(strings.TrimPrefix(text, bom))] + header.Raw
	for i, row := range rows {
		if keep == nil || keep(i) {
			out += row.Raw
		}
	}
	return []byte(out)
}

// copyRows rewrites a text with commas at a batch size.
func copyRows(text string, o Options, c choice) (string, error) {
	var out bytes.Buffer
	o.Encoding, o.Delimiter = "utf-8", ','
	f := fixture{name: "list.csv", data: []byte(text), options: o}
	err := suite{open: openCSV}.rewrite(f, &out, c)
	return out.String(), err
}

// FuzzKeptRowsAreTheirBytes: keeping every row gives the text byte for byte, whenever it has no empty line before the
// header and, in a table of several columns, none behind it; else the text without these lines. Keeping some rows gives
// the header and exactly these rows.
func FuzzKeptRowsAreTheirBytes(f *testing.F) {
	for _, text := range scannerSeeds() {
		f.Add(text, 7, uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, batch int, seed uint64) {
		o := Options{BatchSize: max(1, min(batch, 1<<20))}
		all, err := copyRows(text, o, choice{keep: everyRow})
		if fault.KindOf(err) == fault.Input {
			return // which texts are refused is tested elsewhere
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(naiveCopy(text, nil)), all); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", text, diff)
		}
		if !hasEmptyLine(text) && all != text {
			t.Fatalf("%q becomes %q", text, all)
		}
		some, err := copyRows(text, o, choice{keep: coin(seed)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(naiveCopy(text, coin(seed))), some); diff != "" {
			t.Fatalf("some rows of %q (-want +got):\n%s", text, diff)
		}
	})
}

// hasEmptyLine may err on the side of yes: an empty line within quotes counts.
func hasEmptyLine(text string) bool {
	text = strings.ReplaceAll("\n"+strings.TrimPrefix(text, bom), "\r\n", "\n")
	return strings.Contains(text, "\n\n") || strings.HasSuffix(text, "\n\r")
}

func TestRandomTextsKeepTheirRowsByteForByte(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 5_000 {
		text, seed := "h,i\n"+randomText(random, 80), random.Uint64()
		got, err := copyRows(text, Options{BatchSize: 1 + random.IntN(60)}, choice{keep: coin(seed)})
		if fault.KindOf(err) == fault.Input {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(naiveCopy(text, coin(seed))), got); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestFaultsNameTheLineAtWhichTheRowStarts(t *testing.T) {
	long := strings.Repeat("x", 50)
	for _, c := range []struct{ name, in, where, what string }{
		{"a quote open at the end", "a,b\n1,2\n\n3,\"4\n5,6\n", "list.csv:4", "still open"},
		{"a quote open at the end, cut at a doubled quote", "a,b\n1,\"2\"\"", "list.csv:2", "still open"},
		{"a NUL byte", "a,b\n\"1\n\",2\n3,\"4\n\x00\"\n5,6\n", "list.csv:4", "NUL"},
		{"a NUL byte in a dropped malformed row", "a,b\n1\n2,3,\x00\n", "list.csv:3", "NUL"},
		{"a NUL byte in the header", "\na,\x00b\n1,2\n", "list.csv:2", "NUL"},
		{"a long row", "a,b\n1,2\n3,\"\n" + long + "\"\n", "list.csv:3", "longer than 40 bytes"},
		{"a long row behind an empty line", "a,b\n\n" + long + ",2\n3,4\n", "list.csv:3", "longer than 40 bytes"},
		{"a long row that never ends", "a,b\n1,\"2\n" + long + long, "list.csv:2", ""},
		{"a long header", long + ",b\n", "list.csv:1", "longer than 40 bytes"},
		{"a quote open in the header", "\n\r\n\"a,b\n1,2\n", "list.csv:3", "still open"},
		{"a header that cannot be split", "\"a\"b,c\n1,2\n", "list.csv:1", "header cannot be split"},
		{"a NUL byte before a long row", "a,b\n\x00,2\n" + long + "\n", "list.csv:2", "NUL"},
		{"a NUL byte behind a long row", "a,b\n" + long + "\n\x00,2\n", "list.csv:2", "longer than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, batch := range []int{1, 10, 30, 1000} {
				r, err := openText(c.in, csvShape{batch: batch, limit: 40})
				if err == nil {
					_, err = readNaively(r)
				}
				var f *fault.Error
				if !errors.As(err, &f) || f.Kind != fault.Input || f.Where != c.where || !strings.Contains(f.What, c.what) || f.Mend == "" {
					t.Errorf("batches of %d bytes: %v, want a fault at %s about %q", batch, err, c.where, c.what)
				}
			}
		})
	}
}

func TestRowOfExactlyTheLimitIsRead(t *testing.T) {
	for _, batch := range []int{1, 7, 1000} {
		r, err := openText("a,b\n1234567,9\n", csvShape{batch: batch, limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := readNaively(r); err != nil || len(rows) != 1 {
			t.Errorf("batches of %d bytes: %d rows and %v", batch, len(rows), err)
		}
	}
}

func TestInfoTellsWhatWasUnderstood(t *testing.T) {
	for _, c := range []struct {
		in, detail string
		noHeader   bool
		columns    []string
	}{
		{in: "a,b\r\n1,2\r\n", detail: "UTF-8, comma, CRLF", columns: []string{"a", "b"}},
		{in: bom + "a,\"b\"\"\"\n", detail: "UTF-8 with BOM, comma, LF", columns: []string{"a", `b"`}},
		{in: "手机号\n1\n", detail: "UTF-8, one column, LF", columns: []string{"手机号"}},
		{in: "a,a", detail: "UTF-8, comma, no line end", columns: []string{"a", "a"}},
		{in: bom + "1,2,3\n", detail: "UTF-8 with BOM, comma, LF", noHeader: true, columns: []string{"#1", "#2", "#3"}},
	} {
		r, err := Open(Input{Name: "list", Reader: strings.NewReader(c.in), Size: int64(len(c.in))}, Options{NoHeader: c.noHeader})
		if err != nil {
			t.Fatal(err)
		}
		want := Info{Format: "CSV", Detail: c.detail, Columns: c.columns, Rows: -1, Size: int64(len(c.in))}
		if diff := cmp.Diff(want, r.Info()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.in, diff)
		}
	}
}

// idleReader never has anything to give, and never ends.
type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }

func TestReaderThatGivesNothingForEverIsGivenUp(t *testing.T) {
	src := io.MultiReader(strings.NewReader("a,b\n1,2\n"), idleReader{})
	_, err := newCSVReader(Input{Name: "list.csv", Reader: src, Size: -1}, csvShape{delim: ',', batch: 100, limit: csvRowLimit})
	if !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error %v", err)
	}
}

func TestEndIsAnsweredAgain(t *testing.T) {
	r, err := openText("a,b\n", csvShape{batch: 100})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if b, err := r.Next(); b != nil || !errors.Is(err, io.EOF) {
			t.Errorf("%v and %v behind the last row", b, err)
		}
	}
}

func TestRowOver16MiBIsRefused(t *testing.T) {
	for _, batch := range []int{0, 1 << 16, 64 << 20} {
		row := strings.Repeat("x", csvRowLimit-1)
		_, err := copyRows("a\n"+row+"\n", Options{BatchSize: batch}, choice{keep: everyRow})
		if err != nil {
			t.Errorf("batches of %d bytes, a row of 16 MiB with its line end: %v", batch, err)
		}
		_, err = copyRows("a\n1\n"+row+"x\n", Options{BatchSize: batch}, choice{keep: everyRow})
		if fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), "list.csv:3: the row that begins here is longer than 16 MiB") {
			t.Errorf("batches of %d bytes, one byte more: %v", batch, err)
		}
	}
}
