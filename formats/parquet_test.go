package formats

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"

	"cpm/formats/fault"
)

// parquetFixtures returns the fixtures that can be read, by name.
func parquetFixtures(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../testdata/parquet/*.parquet")
	if err != nil || len(paths) < 12 {
		t.Fatalf("%d fixtures, %v", len(paths), err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".parquet")
		// The library, by which the copies are judged, reads wrong values from LZ4_RAW (parquet-go#608).
		if strings.HasPrefix(name, "refused_") || strings.HasSuffix(name, "_lz4_raw") {
			continue
		}
		if files[name], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// openParquetBytes opens a file that is in memory.
func openParquetBytes(name string, data []byte) (Reader, error) {
	return openParquet(Input{Name: name, Reader: bytes.NewReader(data), Size: int64(len(data))}, Options{})
}

// copyParquet copies the rows for which keep is true; in the extra column stands a word by the number of the row.
func copyParquet(data []byte, extra string, keep func(row int) bool) ([]byte, error) {
	r, err := openParquetBytes("in.parquet", data)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := r.NewWriter(&out, strings.Fields(extra)...)
	if err != nil {
		return nil, err
	}
	first := 0
	for b, err := range batchesOf(r) {
		if err != nil {
			return nil, err
		}
		s := Selection{Keep: Bits(nil).Reset(b.Rows()), Extra: [][]uint8{make([]uint8, b.Rows())}, Words: []string{"even", "odd"}}
		for i := range b.Rows() {
			if keep(first + i) {
				s.Keep.Set(i)
			}
			s.Extra[0][i] = uint8((first + i) % 2)
		}
		first += b.Rows()
		part, err := w.Encode(b, s)
		if err != nil {
			return nil, err
		}
		b.Release()
		if err := w.Append(part); err != nil {
			return nil, err
		}
	}
	err = errors.Join(w.Close(), r.Close())
	return out.Bytes(), err
}

// parquetRows reads a file row by row, by the path of parquet-go that the code under test does not use. The root that
// some writers call repeated is made required, else every level is one too many.
func parquetRows(t testing.TB, data []byte) []string {
	t.Helper()
	f, err := pq.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, group := range f.RowGroups() {
		if group.NumRows() == 0 {
			continue // parquet-go cannot seek in an empty row group
		}
		rows := group.Rows()
		buffer := make([]pq.Row, 64)
		for {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				var line strings.Builder
				for _, v := range row {
					fmt.Fprintf(&line, "%d/%d/%d:%q ", v.Column(), v.RepetitionLevel(), v.DefinitionLevel(), v.String())
				}
				lines = append(lines, line.String())
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return lines
}

// parquetSelections are the choices of rows that every fixture is copied with.
func parquetSelections(seed uint64) map[string]func(int) bool {
	random := func(share float64) func(int) bool {
		return func(row int) bool { return rand.New(rand.NewPCG(seed, uint64(row))).Float64() < share }
	}
	return map[string]func(int) bool{
		"none":  func(int) bool { return false },
		"first": func(row int) bool { return row == 0 },
		"few":   random(0.03),
		"half":  random(0.5),
		"many":  random(0.95),
		"all":   func(int) bool { return true },
	}
}

func TestAParquetCopyHoldsTheKeptRowsInOrder(t *testing.T) {
	for name, data := range parquetFixtures(t) {
		t.Run(name, func(t *testing.T) {
			want := parquetRows(t, data)
			for choice, keep := range parquetSelections(uint64(len(name))) {
				out, err := copyParquet(data, "", keep)
				if err != nil {
					t.Fatalf("%s: %v", choice, err)
				}
				got := parquetRows(t, out)
				next := 0
				for row, line := range want {
					if !keep(row) {
						continue
					}
					if next >= len(got) || got[next] != line {
						t.Fatalf("%s: row %d is lost or changed:\n%s\n%s", choice, row, line, append(got, "")[min(next, len(got))])
					}
					next++
				}
				if next != len(got) {
					t.Fatalf("%s: %d rows, want %d", choice, len(got), next)
				}
			}
		})
	}
}

func TestParquetNeedsAFile(t *testing.T) {
	for _, in := range []Input{
		{Name: "standard input", Reader: strings.NewReader("PAR1"), Size: -1},
		{Name: "standard input", Reader: io.LimitReader(strings.NewReader("PAR1"), 4), Size: 4},
	} {
		_, err := openParquet(in, Options{})
		if fault.KindOf(err) != fault.Unsupported {
			t.Errorf("%v", err)
		}
	}
}

func TestAParquetReaderTellsWhatItUnderstood(t *testing.T) {
	data := parquetFixtures(t)["arrow_codec_per_column"]
	r, err := openParquetBytes("in.parquet", data)
	if err != nil {
		t.Fatal(err)
	}
	want := Info{
		Format: "Parquet", Detail: "3 row groups, snappy, zstd, gzip, brotli",
		Columns: []string{"id", "phone", "mobile", "city", "secret"}, Rows: 700, Size: int64(len(data)), Packed: true,
	}
	if diff := cmp.Diff(want, r.Info()); diff != "" {
		t.Error(diff)
	}
}

func TestParquetRefusesOptionsOfOtherFormats(t *testing.T) {
	data := parquetFixtures(t)["arrow_codec_per_column"]
	for _, o := range []Options{{Encoding: "gbk"}, {Delimiter: ';'}, {Sheet: "x"}, {Records: "x"}} {
		_, err := Open(Input{Name: "in.parquet", Reader: bytes.NewReader(data), Size: int64(len(data))}, o)
		if fault.KindOf(err) != fault.Usage {
			t.Errorf("%+v: error %v, want a usage fault", o, err)
		}
	}
}

func TestAParquetReaderYieldsABatchARowGroup(t *testing.T) {
	data := parquetFixtures(t)["arrow_codec_per_column"]
	r, err := openParquetBytes("in.parquet", data)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Select([]int{2, 0}); err != nil {
		t.Fatal(err)
	}
	var rows []int
	row, done := 0, r.Done()
	for b, err := range batchesOf(r) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, b.Rows())
		checkMobiles(t, b, row)
		row += b.Rows()
		if b.MalformedRows() != 0 || r.Done() <= done || r.Done() > int64(len(data)) {
			t.Errorf("%d malformed rows, %d bytes done after %d", b.MalformedRows(), r.Done(), done)
		}
		done = r.Done()
		b.Release()
	}
	if diff := cmp.Diff([]int{250, 250, 200}, rows); diff != "" || r.Done() != int64(len(data)) {
		t.Error(diff, r.Done())
	}
}

// checkMobiles checks a batch of arrow_codec_per_column, before which there are so many rows.
func checkMobiles(t *testing.T, b Batch, before int) {
	t.Helper()
	for i := range b.Rows() {
		row := before + i
		mobile := fmt.Sprint(13800138000 + row)
		if row%10 == 0 {
			mobile = ""
		}
		if got := b.Values(0)[i]; string(got) != mobile || (got == nil) != (row%10 == 0) {
			t.Fatalf("row %d: %q", row, got)
		}
		if got := string(b.Values(1)[i]); got != fmt.Sprint(row) {
			t.Fatalf("row %d: %q", row, got)
		}
		if b.Place(i) != fmt.Sprint("row ", row+1) || b.Malformed(i) {
			t.Fatalf("row %d is %s", row, b.Place(i))
		}
	}
}

func TestAParquetWriterTakesTheBatchesOfItsReaderAlone(t *testing.T) {
	data := parquetFixtures(t)["arrow_codec_per_column"]
	var readers [2]Reader
	for i := range readers {
		var err error
		if readers[i], err = openParquetBytes("in.parquet", data); err != nil {
			t.Fatal(err)
		}
	}
	w, err := readers[0].NewWriter(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	b, err := readers[1].Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Encode(b, Selection{Keep: Bits(nil).Reset(b.Rows())}); err == nil {
		t.Error("the batch of another reader was taken")
	}
	if err := w.Append("part"); err == nil {
		t.Error("a text was taken for a part")
	}
}

func TestAParquetCopyHasTheExtraColumnAtItsEnd(t *testing.T) {
	for name, data := range parquetFixtures(t) {
		out, err := copyParquet(data, "cpm_reason", func(row int) bool { return row%3 != 0 })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		before, err := openParquetBytes(name, data)
		if err != nil {
			t.Fatal(err)
		}
		after, err := openParquetBytes(name, out)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		columns := after.Info().Columns
		if diff := cmp.Diff(append(before.Info().Columns, "cpm_reason"), columns); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if err := after.Select([]int{len(columns) - 1}); err != nil {
			t.Fatal(err)
		}
		row := 0
		for b, err := range batchesOf(after) {
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range b.Values(0) {
				for row++; row%3 == 0; row++ {
				}
				if want := []string{"even", "odd"}[row%2]; string(word) != want {
					t.Fatalf("%s: row %d has %q, want %s", name, row, word, want)
				}
			}
		}
	}
}
