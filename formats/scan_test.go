package formats

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

// naiveRow is what the naive splitter says of a row.
type naiveRow struct {
	Raw    string // with its line end
	EOL    string
	Fields []string
	Torn   bool // text behind a closing quote, or another number of fields than the first row's
	Line   int
}

// naive splits a text byte by byte, by the rules as they are written down at the top of scan.go; it shares no code with
// the scanner. ok is false where the reader must refuse the text.
func naive(text string) (rows []naiveRow, ok bool) {
	at, line, ok := 0, 1, true
	for at < len(text) {
		row := naiveRow{Line: line}
		start, field, state := at, []byte{}, "start"
		for row.EOL == "" && at < len(text) {
			c, rest := text[at], text[at:]
			isCRLF := strings.HasPrefix(rest, "\r\n") || rest == "\r"
			switch {
			case state == "quoted" && strings.HasPrefix(rest, `""`):
				field = append(field, '"')
				at++
			case state == "quoted" && c == '"':
				state = "closed"
			case state == "quoted":
				field = append(field, c)
			case c == '\n' || isCRLF:
				row.EOL = rest[:map[bool]int{true: min(2, len(rest)), false: 1}[isCRLF]]
				at += len(row.EOL) - 1
			case c == ',':
				row.Fields = append(row.Fields, string(field))
				field, state = field[:0], "start"
			case state == "start" && c == '"':
				state = "quoted"
			case state == "closed" || state == "behind":
				state, row.Torn = "behind", true
			default:
				field, state = append(field, c), "bare"
			}
			at++
		}
		ok = ok && state != "quoted"
		row.Raw = text[start:at]
		row.Fields = append(row.Fields, string(field))
		line += strings.Count(row.Raw, "\n")
		rows = append(rows, row)
	}
	return rows, ok && !strings.Contains(text, "\x00")
}

// naiveTable takes the header off and drops the lines that are no rows.
func naiveTable(text string) (header naiveRow, rows []naiveRow, ok bool) {
	all, ok := naive(strings.TrimPrefix(text, bom))
	for len(all) > 0 && all[0].Raw == all[0].EOL {
		all = all[1:]
	}
	if len(all) == 0 || all[0].Torn || !ok {
		return naiveRow{}, nil, false
	}
	for _, row := range all[1:] {
		row.Torn = row.Torn || len(row.Fields) != len(all[0].Fields)
		if row.Raw != row.EOL || len(all[0].Fields) == 1 {
			rows = append(rows, row)
		}
	}
	return all[0], rows, true
}

// openText opens a text as CSV, past the detection.
func openText(text string, shape csvShape) (*csvReader, error) {
	if shape.limit == 0 {
		shape.limit = csvRowLimit
	}
	shape.delim = ','
	return newCSVReader(Input{Name: "list.csv", Reader: strings.NewReader(text), Size: int64(len(text))}, shape)
}

// readNaively reads all batches into the naive form, asking for every column.
func readNaively(r *csvReader) ([]naiveRow, error) {
	every := make([]int, len(r.info.Columns))
	for i := range every {
		every[i] = i
	}
	if err := r.Select(every); err != nil {
		return nil, err
	}
	var rows []naiveRow
	for next, err := range batchesOf(r) {
		if err != nil {
			return rows, err
		}
		b := next.(*csvBatch)
		for i, s := range b.rows {
			row := naiveRow{Raw: string(b.data[s.start:s.stop]), EOL: string(b.data[s.end:s.stop]), Torn: b.Malformed(i)}
			row.Line = int(b.lineOf(int(s.start)))
			for _, c := range every {
				if v := b.Values(c)[i]; v != nil {
					row.Fields = append(row.Fields, string(v))
				}
			}
			rows = append(rows, row)
		}
		b.Release()
	}
	return rows, nil
}

// checkAgainstNaive holds the reader, at one batch size, to the naive splitter.
func checkAgainstNaive(t *testing.T, text string, batch int) {
	t.Helper()
	header, want, ok := naiveTable(text)
	r, err := openText(text, csvShape{batch: batch})
	var got []naiveRow
	if err == nil {
		got, err = readNaively(r)
	}
	if !ok {
		if fault.KindOf(err) != fault.Input {
			t.Fatalf("batches of %d bytes of %q: error %v, want a fault of the input", batch, text, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("batches of %d bytes of %q: %v", batch, text, err)
	}
	if diff := cmp.Diff(header.Fields, r.Info().Columns); diff != "" {
		t.Fatalf("batches of %d bytes of %q: columns (-naive +reader):\n%s", batch, text, diff)
	}
	for i := range want { // a row holds at most the header's fields, a short one what it has
		want[i].Fields = want[i].Fields[:min(len(want[i].Fields), len(header.Fields))]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("batches of %d bytes of %q: rows (-naive +reader):\n%s", batch, text, diff)
	}
	if done := r.Done(); done != int64(len(text)) {
		t.Fatalf("batches of %d bytes of %q: %d bytes done of %d", batch, text, done, len(text))
	}
}

// scannerSeeds are texts that have each rule at least once; the fuzz targets start from them.
func scannerSeeds() []string {
	return []string{
		"a,b\n1,2\n3,4\n",
		"a,b\r\n1,2\r\n3,4",
		"a,b\r\n1,2\n3,4\r\n5,6\r",
		"a,b\n\n1,2\n\r\n\n3,4\n\n",
		"\n\r\n\na,b\n1,2\n",
		"a\n\n1\n\r\n\r",
		"a\n\"\"\n\n",
		bom + "\"a\"\"x\",b\n\"1\"\"\",\"\"\"\"\n",
		"a,b\n\"1\n2\",3\n4,\"5\r\n\"\n",
		"a,b\n1\"2,3\"\n\"4\"5,\"6\"\n\"7\" ,\"8\" \"9\"\n",
		"a,b\n\"1\"x\"y,2\n\"3\"\r,4\n\"5\"\r\r\n",
		"a,b\n1\n1,2,3\n,\n,,\n",
		"a,b\n1,2\n\"3,4\n",
		"a,b\n1,2\n3\x00,4\n",
		"a,a\n手机,\"号\"\n\xff,\xfe\n",
		"a,b\n1\r2,\r\n3,4\r\r\n",
		"a,b",
		"\"a\nb\",\"c\"",
		"\"a",
		"\"a\"b,c\n",
		bom, "", "\n", "\r", "\"", "\"\"", ",", bom + "\n",
	}
}

func TestScannerAgreesWithTheNaiveSplitterAtAnyBatchSize(t *testing.T) {
	for _, text := range scannerSeeds() {
		for _, batch := range []int{1, 2, 3, 5, 8, 13, 64, 1 << 20} {
			checkAgainstNaive(t, text, batch)
		}
	}
}

func TestScannerAgreesWithTheNaiveSplitterOnEveryShortText(t *testing.T) {
	const alphabet = "a,\"\n\r"
	var text []byte
	var extend func(n int)
	extend = func(n int) {
		checkAgainstNaive(t, "h,i\n"+string(text), 1)
		checkAgainstNaive(t, "h\n"+string(text), 1<<10)
		checkAgainstNaive(t, string(text), 2)
		if n == 0 {
			return
		}
		for _, c := range []byte(alphabet) {
			text = append(text, c)
			extend(n - 1)
			text = text[:len(text)-1]
		}
	}
	extend(5)
}

func TestScannerAgreesWithTheNaiveSplitterOnRandomText(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		text := randomText(random, 60)
		checkAgainstNaive(t, "h,i\n"+text, 1+random.IntN(40))
	}
}

// randomText is made of the bytes that matter.
func randomText(random *rand.Rand, most int) string {
	text := make([]byte, random.IntN(most))
	for i := range text {
		text[i] = "aaab,,,\"\"\n\n\r"[random.IntN(12)]
	}
	return string(text)
}

func FuzzScannerAgainstNaive(f *testing.F) {
	for _, text := range scannerSeeds() {
		f.Add(text, 7)
	}
	f.Fuzz(func(t *testing.T, text string, batch int) {
		checkAgainstNaive(t, text, max(1, min(batch, 1<<20)))
	})
}

// FuzzScannerAgainstEncodingCSV compares with the standard library, whose InputOffset tells where a row ends. It
// differs by design, so texts are left out that hold:
//
//   - a CR that is not part of CRLF: it is data there too, but not at the end of a file, where it is dropped
//   - a CRLF inside quotes: it becomes an LF there
//   - a lone quote in or behind a field: an error there, data here (and a malformed row, behind a closing quote)
//   - another number of fields than the header's: an error there, a malformed row here
//   - a NUL byte or a byte order mark: data there
//
// Empty lines are no rows there, not even under a one-column header, and belong to the span of the row behind them.
func FuzzScannerAgainstEncodingCSV(f *testing.F) {
	for _, text := range scannerSeeds() {
		f.Add(text, 7)
	}
	f.Fuzz(func(t *testing.T, text string, batch int) {
		switch {
		case strings.HasPrefix(text, bom):
			t.Skip("a byte order mark is part of the first field in encoding/csv, and stands before it here")
		case strings.Contains(text, "\x00"):
			t.Skip("a NUL byte is data in encoding/csv, and refused here")
		case strings.Contains(strings.ReplaceAll(text, "\r\n", "\n"), "\r"):
			t.Skip("a CR without LF is dropped by encoding/csv at the end of a file, where it is a line end here")
		}
		standard := csv.NewReader(strings.NewReader(text))
		var want [][]string
		var raws []string
		for from := int64(0); ; {
			row, err := standard.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			raw := text[from:standard.InputOffset()]
			if err != nil {
				t.Skipf("encoding/csv refuses a quote or a number of fields that makes data, a malformed row or a fault here: %v", err)
			}
			if strings.Contains(strings.TrimSuffix(raw, "\r\n"), "\r\n") && strings.Contains(raw, `"`) {
				t.Skip("a CRLF inside quotes, as this one may be, becomes an LF in encoding/csv and stays here")
			}
			from = standard.InputOffset()
			want, raws = append(want, row), append(raws, strings.TrimLeft(raw, "\r\n"))
		}
		if len(want) == 0 {
			t.Skip("encoding/csv finds no row in empty lines, which are refused here for want of a header")
		}
		r, err := openText(text, csvShape{batch: max(1, min(batch, 1<<20))})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := readNaively(r)
		if err != nil {
			t.Fatal(err)
		}
		got, gotRaws := [][]string{r.Info().Columns}, []string{string(r.header) + r.eol}
		for _, row := range rows {
			if row.Raw != row.EOL {
				got, gotRaws = append(got, row.Fields), append(gotRaws, row.Raw)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("fields of %q (-encoding/csv +cpm):\n%s", text, diff)
		}
		if diff := cmp.Diff(raws, gotRaws); diff != "" {
			t.Fatalf("raw rows of %q (-encoding/csv +cpm):\n%s", text, diff)
		}
	})
}

func TestReaderTakesOneByteAtATime(t *testing.T) {
	for _, text := range scannerSeeds() {
		whole, errWhole := openText(text, csvShape{batch: 16})
		in := Input{Name: "list.csv", Reader: iotest.OneByteReader(strings.NewReader(text)), Size: -1}
		bytewise, err := newCSVReader(in, csvShape{delim: ',', batch: 16, limit: csvRowLimit})
		if (err == nil) != (errWhole == nil) {
			t.Fatalf("%q: %v, bytewise %v", text, errWhole, err)
		}
		if err != nil {
			continue
		}
		want, errWhole := readNaively(whole)
		got, err := readNaively(bytewise)
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (errWhole == nil) {
			t.Fatalf("%q: %v, bytewise %v; rows (-whole +bytewise):\n%s", text, errWhole, err, diff)
		}
	}
}

func TestReadErrorIsNeverAnEnd(t *testing.T) {
	broken := errors.New("the cable was pulled")
	text := "a,b\n" + strings.Repeat("1,\"2\n\"\n", 20)
	for n := range len(text) {
		src := io.MultiReader(strings.NewReader(text[:n]), iotest.ErrReader(broken))
		r, err := newCSVReader(Input{Name: "list.csv", Reader: src, Size: -1}, csvShape{delim: ',', batch: 10, limit: csvRowLimit})
		if err == nil {
			_, err = readNaively(r)
		}
		if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "list.csv: ") {
			t.Fatalf("after %d bytes: error %v", n, err)
		}
	}
}

func TestLastRowEndIsWhereTheNaiveSplitterEndsItsLastWholeRow(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var segments []segment
	for range 20_000 {
		text := randomText(random, 40)
		whole := 0
		rows, _ := naive(text)
		for _, row := range rows {
			if strings.HasSuffix(row.EOL, "\n") {
				whole += len(row.Raw)
			}
		}
		var got int
		got, segments = lastRowEnd([]byte(text), ',', segments)
		if got != whole {
			t.Fatalf("%q is cut at %d, want %d", text, got, whole)
		}
	}
}

func TestUnquoteUndoublesQuotes(t *testing.T) {
	for raw, want := range map[string]string{`a`: `a`, `a""b`: `a"b`, `""""`: `""`, `""`: `"`, `x""`: `x"`, ``: ``} {
		if got := unquote([]byte("kept,"), []byte(raw)); !bytes.Equal(got, []byte("kept,"+want)) {
			t.Errorf("%q becomes %q, want %q", raw, got, want)
		}
	}
}
