package formats

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"cpm/formats/fault"
)

// xlsxFixtures returns the workbooks of testdata, by name.
func xlsxFixtures(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../testdata/xlsx/*.xlsx")
	if err != nil || len(paths) < 12 {
		t.Fatalf("%d fixtures, %v", len(paths), err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".xlsx")] = data
	}
	return files
}

func xlsxSuite() suite { return suite{open: openXLSX, cutIsFault: true} }

// The two whole workbooks are too large to fail at every byte; the next test copies them.
func TestXLSXConforms(t *testing.T) {
	files, s := xlsxFixtures(t), xlsxSuite()
	for _, name := range []string{"sparse", "rich", "inline", "phones", "strict", "prefixed", "one_row", "header_only"} {
		s.fixtures = append(s.fixtures, fixture{name: name, data: files[name]})
	}
	s.fixtures = append(s.fixtures, fixture{name: "phones without a header", data: files["phones"], options: Options{NoHeader: true}})
	conform(t, s)
}

func TestAnXLSXCopyHoldsTheKeptRowsInOrder(t *testing.T) {
	for name, data := range xlsxFixtures(t) {
		f, s := fixture{name: name, data: data}, xlsxSuite()
		whole, err := readTable(s, f, data)
		if err != nil {
			t.Fatal(err)
		}
		s.keepsAll(t, f, whole)
		s.keepsSome(t, f, whole)
		s.widens(t, f, whole)
		s.anyBatchSize(t, f, whole)
		s.anyPrefix(t, f, whole)
		s.atOnce(t, f)
	}
}

// xlsxText reads a workbook and writes its table, a line a row, a null as a dash.
func xlsxText(t testing.TB, name string, o Options) string {
	t.Helper()
	all, err := readTable(xlsxSuite(), fixture{name: name, options: o}, xlsxFixtures(t)[name])
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	out.WriteString(strings.Join(all.Columns, "|") + "\n")
	for _, row := range all.Rows {
		if row.Torn {
			out.WriteString("(malformed) ")
		}
		for i, value := range row.Values {
			if i > 0 {
				out.WriteByte('|')
			}
			if value == nil {
				value = []byte("-")
			}
			out.WriteString(strings.NewReplacer("\r", `\r`, "\n", `\n`, "\x1a", `\x1a`).Replace(string(value)))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func TestXLSXValuesAreText(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"numbers have no exponent, and none beyond 2⁵³ looks like a phone", "phones", `手机号
13800000001
13800000001
13800000001
1380000000.5
0.1
0.1
0.0000001
-5
7
9007199254740991
9007199254740993
1.2345678901234567E+19
110101199003070011
0
1e999
`},
		{"rich texts are joined, phonetic runs left out", "rich", "phone|name|note\n13800000001|東京|a & b <c> 中\n13800000002|-| line\\r\\none \n"},
		{"strings stand in their cells, and an error cannot be read", "inline", "phone|name|ok\n13800000001|ab|true\n138 <00> 000002|-|false\n13800000003|2026-01-02T03:04:05|\\x1a#VALUE!\n"},
		{"missing cells are null, empty rows are none, and a value beyond the header is malformed", "sparse", `|name||phone
-|-|-|13800000001
b|-|-|-
(malformed) -|b|-|-
-|13800000003|-|-
-|-|-|13800000004
`},
		{"the strict dialect", "strict", "phone|day|ok\n13800000001|2026-01-02|true\n"},
		{"names with a prefix", "prefixed", "phone|name\n13800000001|a&b\n"},
		{"a formula has its cached value, and without one it cannot be read", "xlsxwriter", `phone|name|seen|sum|found
+8613800000001|secret-1|2026-01-01T12:30:15|2|\x1a#VALUE!
+8613800000002|secret-2|2026-01-02T12:30:15|3|\x1a#VALUE!
+8613800000003|secret-3|2026-01-03T12:30:15|4|\x1a#VALUE!
+8613800000004|secret-4|2026-01-04T12:30:15|5|\x1a#VALUE!
+8613800000005|secret-5|2026-01-05T12:30:15|6|found-5
+8613800000006|secret-6|2026-01-06T12:30:15|7|found-6
+8613800000007|secret-7|2026-01-07T12:30:15|8|found-7
+8613800000008|secret-8|2026-01-08T12:30:15|9|found-8
-|-|-|-|\x1a#VALUE!
+8613800000009|-|-|-|-
`},
		{"days and times by number format, from 1900", "dates1900", `c0|c1|c2|c3|c4|c5|c6|c7|c8|c9|c10|c11
0|0|0|00:00:00|0|0|0|0|0|00:00:00|00:00:00|0
59|1900-02-28|1900-02-28T00:00:00|1900-02-28T00:00:00|59|1900-02-28|1900-02-28T00:00:00|1900-02-28|59|1900-02-28T00:00:00|1900-02-28T00:00:00|59
60|60|60|60|60|60|60|60|60|60|60|60
61|1900-03-01|1900-03-01T00:00:00|1900-03-01T00:00:00|61|1900-03-01|1900-03-01T00:00:00|1900-03-01|61|1900-03-01T00:00:00|1900-03-01T00:00:00|61
0.5|0.5|0.5|12:00:00|0.5|0.5|0.5|0.5|0.5|12:00:00|12:00:00|0.5
45000.75|2023-03-15T18:00:00|2023-03-15T18:00:00|2023-03-15T18:00:00|45000.75|2023-03-15T18:00:00|2023-03-15T18:00:00|2023-03-15T18:00:00|45000.75|2023-03-15T18:00:00|2023-03-15T18:00:00|45000.75
46023.123456|2026-01-01T02:57:46.598|2026-01-01T02:57:46.598|2026-01-01T02:57:46.598|46023.123456|2026-01-01T02:57:46.598|2026-01-01T02:57:46.598|2026-01-01T02:57:46.598|46023.123456|2026-01-01T02:57:46.598|2026-01-01T02:57:46.598|46023.123456
2958465|9999-12-31|9999-12-31T00:00:00|9999-12-31T00:00:00|2958465|9999-12-31|9999-12-31T00:00:00|9999-12-31|2958465|9999-12-31T00:00:00|9999-12-31T00:00:00|2958465
2958466|2958466|2958466|2958466|2958466|2958466|2958466|2958466|2958466|2958466|2958466|2958466
-1|-1|-1|-1|-1|-1|-1|-1|-1|-1|-1|-1
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, xlsxText(t, c.file, Options{})); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
		})
	}
	if got := xlsxText(t, "dates1904", Options{}); !strings.Contains(got, "\n0|1904-01-01|1904-01-01T00:00:00|00:00:00|0|") || !strings.Contains(got, "\n60|1904-03-01|") {
		t.Errorf("days are not counted from 1904:\n%s", got)
	}
}

func TestASheetIsChosen(t *testing.T) {
	data := xlsxFixtures(t)["openpyxl"]
	for _, c := range []struct {
		name    string
		options Options
		detail  string
		says    string
	}{
		{"the first visible one", Options{}, `sheet "名单" (first of 3)`, ""},
		{"by name", Options{Sheet: "secret-sheet"}, `sheet "secret-sheet" (2 of 3)`, ""},
		{"by name in another case", Options{Sheet: " Secret-Sheet"}, `sheet "secret-sheet" (2 of 3)`, ""},
		{"one that is not there", Options{Sheet: "x"}, "", `the sheets are "名单", "secret-sheet", "hidden"`},
		{"with an encoding", Options{Encoding: "GB18030"}, "", "leave out --"},
		{"with a delimiter", Options{Delimiter: ';'}, "", "leave out --"},
		{"with records", Options{Records: "content"}, "", "leave out --"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Open(Input{Name: "list.xlsx", Reader: bytes.NewReader(data), Size: int64(len(data))}, c.options)
			if c.says != "" {
				var f *fault.Error
				if !errors.As(err, &f) || f.Kind != fault.Usage || !strings.Contains(f.Mend, c.says) {
					t.Errorf("%v, want a usage fault that says %q", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Info(); got.Detail != c.detail || got.Format != "XLSX" {
				t.Errorf("%s, %s, want %s", got.Format, got.Detail, c.detail)
			}
		})
	}
}

// xlsxCopy keeps rows of a workbook; it returns the output and what the writer says it lacks.
func xlsxCopy(t testing.TB, data []byte, c choice) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := xlsxSuite().rewrite(fixture{name: "list.xlsx", data: data}, &out, c); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// manyKinds is a workbook of every kind of cell, made by another writer.
func manyKinds(t testing.TB, rows int) []byte {
	t.Helper()
	book := excelize.NewFile()
	codes := []string{"yyyy-mm-dd hh:mm", "#,##0.00", "@"}
	var styles []int
	for _, code := range codes {
		style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &code, Font: &excelize.Font{Bold: true, Color: "FF0000"}})
		if err != nil {
			t.Fatal(err)
		}
		styles = append(styles, style)
	}
	w, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(w.SetColWidth(1, 3, 22.5), w.SetRow("A1", []any{"客户", "phone", "seen", "sum", "ok", "note", "found"}))
	for i := range rows {
		n := fmt.Sprint(i + 2)
		seen := time.Date(2026, 1, 1, i%24, i%60, 0, 0, time.UTC)
		err = errors.Join(err, w.SetRow("A"+n, []any{
			fmt.Sprintf("canary-%04d", i), 13800000000 + i,
			excelize.Cell{StyleID: styles[0], Value: seen},
			excelize.Cell{StyleID: styles[1], Value: float64(i) / 8},
			i%2 == 0,
			[]excelize.RichTextRun{{Text: "rich "}, {Text: fmt.Sprintf("canary-%04d", i), Font: &excelize.Font{Italic: true}}},
			excelize.Cell{StyleID: styles[2], Value: fmt.Sprintf("<canary-%04d>", i)},
		}))
	}
	var out bytes.Buffer
	if err = errors.Join(err, w.Flush(), book.Write(&out), book.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// seenCell is what another reader sees of a cell.
type seenCell struct {
	Shown, Raw, Format string
	Type               excelize.CellType
	Bold               bool
}

// seenRows reads the first sheet with another reader.
func seenRows(t testing.TB, data []byte) (rows [][]seenCell, sheets []string) {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	sheets = book.GetSheetList()
	all, err := book.GetRows(sheets[0])
	if err != nil {
		t.Fatal(err)
	}
	for y, row := range all {
		var cells []seenCell
		for x := range row {
			at, _ := excelize.CoordinatesToCellName(x+1, y+1)
			raw, rawErr := book.GetCellValue(sheets[0], at, excelize.Options{RawCellValue: true})
			kind, kindErr := book.GetCellType(sheets[0], at)
			id, idErr := book.GetCellStyle(sheets[0], at)
			style, styleErr := book.GetStyle(id)
			if err := errors.Join(rawErr, kindErr, idErr, styleErr); err != nil {
				t.Fatal(err)
			}
			seen := seenCell{Shown: row[x], Raw: raw, Type: kind, Format: fmt.Sprint(style.NumFmt), Bold: style.Font != nil && style.Font.Bold}
			if kind == excelize.CellTypeUnset { // the type that is not written is that of numbers
				seen.Type = excelize.CellTypeNumber
			}
			if style.CustomNumFmt != nil {
				seen.Format = *style.CustomNumFmt
			}
			cells = append(cells, seen)
		}
		rows = append(rows, cells)
	}
	return rows, sheets
}

func TestAnotherReaderSeesTheSameCells(t *testing.T) {
	files := map[string][]byte{"excelize": manyKinds(t, 40)}
	for _, name := range []string{"openpyxl", "phones", "dates1900", "dates1904"} {
		files[name] = xlsxFixtures(t)[name]
	}
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			all, sheets := seenRows(t, data)
			want := all[:1:1]
			for i, row := range all[1:] {
				if coin(7)(i) {
					want = append(want, row)
				}
			}
			got, left := seenRows(t, xlsxCopy(t, data, choice{keep: coin(7)}))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(sheets[:1], left); diff != "" {
				t.Errorf("sheets (-want +got):\n%s", diff)
			}
		})
	}
}

// xlsxParts unpacks a package.
func xlsxParts(t testing.TB, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[f.Name] = string(text)
	}
	return parts
}

func TestNothingOfASuppressedRowRemainsInAWorkbook(t *testing.T) {
	files := map[string][]byte{"excelize": manyKinds(t, 40), "openpyxl": xlsxFixtures(t)["openpyxl"], "xlsxwriter": xlsxFixtures(t)["xlsxwriter"]}
	keep := func(row int) bool { return row == 1 }
	for name, data := range files {
		out := xlsxCopy(t, data, choice{keep: keep})
		kept := 0
		for part, text := range xlsxParts(t, out) {
			for _, canary := range []string{"canary-", "secret-", "comment-", "author-", "1380000000", "found-"} {
				for rest := text; ; {
					at := strings.Index(rest, canary)
					if at < 0 {
						break
					}
					rest = rest[at+len(canary):]
					if !strings.HasPrefix(rest, "0001") && !strings.HasPrefix(rest, "2<") && !strings.HasPrefix(rest, "1<") {
						t.Errorf("%s: the part %s holds %s%.12q", name, part, canary, rest)
					}
					kept++
				}
			}
		}
		if kept < 2 {
			t.Errorf("%s: the row that was kept is not there", name)
		}
		if bytes.Contains(out, []byte("author")) || bytes.Contains(out, []byte("docProps")) {
			t.Errorf("%s: document properties remain", name)
		}
	}
}

func TestAWorkbookSaysWhatItLeavesOut(t *testing.T) {
	for name, want := range map[string][]string{
		"openpyxl":   {"2 other sheets", "comments", "tables"},
		"xlsxwriter": {"conditional formats", "data validations", "defined names", "filters", "formulas (their values stand there)", "hyperlinks", "merged cells"},
		"prefixed":   {"looks of parts of a text"},
		"phones":     nil,
	} {
		r, err := xlsxSuite().opened(fixture{name: name}, xlsxFixtures(t)[name])
		if err != nil {
			t.Fatal(err)
		}
		w, err := r.NewWriter(io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		for b, err := range batchesOf(r) {
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Encode(b, choice{keep: everyRow}.selection(0, b.Rows())); err != nil {
				t.Fatal(err)
			}
		}
		lossy, ok := w.(Lossy)
		if !ok {
			t.Fatal("the writer does not say what it leaves out")
		}
		got := lossy.LeftOut()
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEncodeOfAWorkbookRefusesWhatDoesNotFit(t *testing.T) {
	r, err := xlsxSuite().opened(fixture{name: "list.xlsx"}, xlsxFixtures(t)["phones"])
	if err != nil {
		t.Fatal(err)
	}
	b := firstBatch(t, r)
	whole := choice{keep: everyRow, extra: []string{"why"}, words: []string{"w"}, word: func(int) uint8 { return 0 }}.selection(0, b.Rows())
	for _, to := range []string{"xlsx", "csv"} {
		w, err := writerTo(r, to, io.Discard, "why")
		if err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]Selection{
			"no bits":         {Extra: whole.Extra, Words: whole.Words},
			"no extra column": {Keep: whole.Keep, Words: whole.Words},
			"too short":       {Keep: whole.Keep, Extra: [][]uint8{whole.Extra[0][1:]}, Words: whole.Words},
			"too few words":   {Keep: whole.Keep, Extra: whole.Extra},
			"nothing at all":  {},
		} {
			if _, err := w.Encode(b, s); err == nil {
				t.Errorf("%s: %s was encoded without an error", to, name)
			}
		}
		if _, err := w.Encode(b, whole); err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
}

func TestAWorkbookComesFromAPipe(t *testing.T) {
	data := xlsxFixtures(t)["one_row"]
	r, err := Open(Input{Name: "standard input", Reader: io.MultiReader(bytes.NewReader(data)), Size: -1}, Options{})
	if err != nil || len(r.Info().Columns) != 1 {
		t.Fatalf("%v", err)
	}
	endless := io.MultiReader(bytes.NewReader(data), zeros{})
	_, err = Open(Input{Name: "standard input", Reader: endless, Size: -1}, Options{})
	if fault.KindOf(err) != fault.Unsupported {
		t.Errorf("%v, want a refusal", err)
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
