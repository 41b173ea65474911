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
		if strings.HasPrefix(name, "refused_") {
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
	w, err := r.NewWriter(&out, extra)
	if err != nil {
		return nil, err
	}
	first := 0
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := b.Decode(); err != nil {
			return nil, err
		}
		s := Selection{Keep: Bits(nil).Reset(b.Rows()), Extra: make([]uint8, b.Rows()), Words: []string{"even", "odd"}}
		for i := range b.Rows() {
			if keep(first + i) {
				s.Keep.Set(i)
			}
			s.Extra[i] = uint8((first + i) % 2)
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
