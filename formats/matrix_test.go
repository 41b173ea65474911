package formats

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	lib "github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"cpm/formats/fault"
)

// subject is a format that the matrix of the README has a column for.
type subject struct {
	name  string
	suite suite
	paths bool // columns are asked for by path
	write func(t *testing.T, columns []string, rows [][]string) []byte

	lacks map[string]string // by line of the matrix, what stands in the README in place of a tick
}

// Lines of the matrix, as the README has them.
const (
	noRow     = "no row, one row"
	someKept  = "all, some and none kept"
	awkward   = "line breaks, quotes, Chinese in a cell"
	longCell  = "a cell of 1 MB"
	twins     = "two columns of one name"
	cutFile   = "a file that is cut anywhere is refused"
	fullDisks = "a full disk, at any byte, is told"
	sameBytes = "kept rows byte for byte"
)

func matrixLines() []string {
	return []string{noRow, someKept, awkward, longCell, twins, cutFile, fullDisks, sameBytes}
}

func subjects() []subject {
	return []subject{
		{
			name: "CSV", suite: suite{open: Open, verbatim: true}, write: writeCSVTable,
			lacks: map[string]string{cutFile: "within quotes¹"},
		},
		{
			name: "JSON Lines", suite: suite{open: Open, verbatim: true}, paths: true, write: writeJSONTable,
			lacks: map[string]string{twins: "malformed row", cutFile: "within a record¹"},
		},
		{
			name: "XLSX", suite: xlsxSuite(), write: writeXLSXTable,
			lacks: map[string]string{longCell: "32,767 characters²", sameBytes: "the same cells"},
		},
		{
			name: "Parquet", suite: suite{open: openParquet, cutIsFault: true}, write: writeParquetTable,
			lacks: map[string]string{twins: "–", sameBytes: "the same values"},
		},
		{
			name: "Arrow", suite: suite{open: openArrowBytes, cutIsFault: true}, write: writeArrowTable,
			lacks: map[string]string{sameBytes: "the same values"},
		},
	}
}

func TestTheMatrixOfFormatsInTheReadmeHolds(t *testing.T) {
	all := subjects()
	var want strings.Builder
	want.WriteString("| |")
	for _, s := range all {
		want.WriteString(" " + s.name + " |")
	}
	want.WriteString("\n|---|" + strings.Repeat("---|", len(all)) + "\n")
	for _, line := range matrixLines() {
		want.WriteString("| " + line + " |")
		for _, s := range all {
			told, lacks := s.lacks[line]
			if !lacks {
				told = "✓"
				t.Run(s.name+"/"+line, func(t *testing.T) { s.passes(t, line) })
			}
			want.WriteString(" " + told + " |")
		}
		want.WriteString("\n")
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), want.String()) {
		t.Errorf("the README does not have this table:\n%s", want.String())
	}
}

// passes runs what a tick in the matrix stands for.
func (s subject) passes(t *testing.T, line string) {
	columns := []string{"name", "phone"} // in order, which is that of a Parquet schema made by hand
	three := [][]string{{"a", "13800000001"}, {"b", "13800000002"}, {"c", "13800000003"}}
	switch line {
	case noRow:
		s.copies(t, columns, nil)
		s.copies(t, columns, three[:1])
	case someKept:
		s.copies(t, columns, three)
	case awkward:
		s.copies(t, columns, [][]string{{"two\nlines", "13800000001"}, {`a "quote", 李小龙`, "13800000002"}, {"😀", "13800000003"}})
	case longCell:
		s.copies(t, columns, [][]string{three[0], {strings.Repeat("長い", 1<<20/6), "13800000002"}, three[2]})
	case twins:
		s.copies(t, []string{"name", "name", "phone"}, [][]string{{"a", "b", "13800000001"}, {"c", "d", "13800000002"}})
	case cutFile:
		s.isRefusedCut(t, columns, three)
	case fullDisks:
		if testing.Short() && s.name == "XLSX" {
			t.Skip("TestXLSXConforms does it with smaller workbooks than another writer makes")
		}
		s.suite.failingWriter(t, s.fixture(s.write(t, columns, three), columns))
	case sameBytes:
		s.keepsBytes(t, columns, three)
	default:
		t.Fatalf("nobody knows what %q stands for", line)
	}
}

func (s subject) fixture(data []byte, columns []string) fixture {
	f := fixture{name: "list", data: data}
	if s.paths {
		f.paths = columns
	}
	return f
}

// copies holds what is read, and copies of all rows, of some and of none, to what was written.
func (s subject) copies(t *testing.T, columns []string, rows [][]string) {
	t.Helper()
	f := s.fixture(s.write(t, columns, rows), columns)
	whole, err := readTable(s.suite, f, f.data)
	if err != nil {
		if s.paths && len(rows) == 0 && fault.KindOf(err) != 0 {
			return // a file of no bytes has no columns
		}
		t.Fatal(err)
	}
	if diff := cmp.Diff(columns, whole.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	var want []tableRow
	for _, row := range rows {
		var values [][]byte
		for _, value := range row {
			values = append(values, []byte(value))
		}
		want = append(want, tableRow{Values: values})
	}
	if !reflect.DeepEqual(want, whole.Rows) {
		t.Fatalf("%d rows, want the %d that were written", len(whole.Rows), len(want))
	}
	s.suite.keepsAll(t, f, whole)
	if len(f.data) > 1<<16 { // once is enough
		s.suite.same(t, f, s.suite.rewritten(t, f, choice{keep: coin(1)}), whole.keep(coin(1)))
		return
	}
	s.suite.keepsSome(t, f, whole)
}

func (s subject) isRefusedCut(t *testing.T, columns []string, rows [][]string) {
	f := s.fixture(s.write(t, columns, rows), columns)
	for n := range f.data {
		if _, err := readTable(s.suite, f, f.data[:n]); fault.KindOf(err) == 0 {
			t.Fatalf("cut after %d of %d bytes: error %v", n, len(f.data), err)
		}
	}
}

func (s subject) keepsBytes(t *testing.T, columns []string, rows [][]string) {
	f := s.fixture(s.write(t, columns, rows), columns)
	middle := s.suite.rewritten(t, f, choice{keep: func(row int) bool { return row == 1 }})
	if want := s.write(t, columns, rows[1:2]); !bytes.Equal(middle, want) {
		t.Errorf("bytes (-want +got):\n%s", cmp.Diff(string(want), string(middle)))
	}
}

func writeCSVTable(t *testing.T, columns []string, rows [][]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := errors.Join(w.Write(columns), w.WriteAll(rows)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func writeJSONTable(t *testing.T, columns []string, rows [][]string) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, row := range rows {
		var members []string
		for i, name := range columns {
			key, keyErr := json.Marshal(name)
			value, err := json.Marshal(row[i])
			if err = errors.Join(err, keyErr); err != nil {
				t.Fatal(err)
			}
			members = append(members, fmt.Sprintf("%s:%s", key, value))
		}
		out.WriteString("{" + strings.Join(members, ",") + "}\n")
	}
	return out.Bytes()
}

func writeXLSXTable(t *testing.T, columns []string, rows [][]string) []byte {
	t.Helper()
	book := excelize.NewFile()
	for i, row := range append([][]string{columns}, rows...) {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := errors.Join(book.Write(&out), book.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func writeParquetTable(t *testing.T, columns []string, rows [][]string) []byte {
	t.Helper()
	group := pq.Group{}
	for _, name := range columns {
		group[name] = pq.Optional(pq.String())
	}
	var out bytes.Buffer
	schema := pq.NewSchema("list", group)
	w := pq.NewGenericWriter[any](&out, schema)
	for _, row := range rows {
		values := make(pq.Row, len(columns))
		for i, name := range columns {
			leaf, _ := schema.Lookup(name)
			values[leaf.ColumnIndex] = pq.ByteArrayValue([]byte(row[i])).Level(0, 1, leaf.ColumnIndex)
		}
		if _, err := w.WriteRows([]pq.Row{values}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func writeArrowTable(t *testing.T, columns []string, rows [][]string) []byte {
	t.Helper()
	var fields []lib.Field
	for _, name := range columns {
		fields = append(fields, lib.Field{Name: name, Type: lib.BinaryTypes.String, Nullable: true})
	}
	schema := lib.NewSchema(fields, nil)
	build := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer build.Release()
	var out seekable
	w, err := ipc.NewFileWriter(&out, ipc.WithSchema(schema))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i, value := range row {
			build.Field(i).(*array.StringBuilder).Append(value)
		}
	}
	record := build.NewRecord()
	defer record.Release()
	if err := errors.Join(w.Write(record), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
