package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// fixtures returns the files in testdata whose names begin with prefix, by name. Those that must be refused are left
// out unless asked for.
func fixtures(t testing.TB, prefix string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/parquet/" + prefix + "*.parquet")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures %s: %v", prefix, err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".parquet")
		if strings.HasPrefix(name, "refused_") && prefix != "refused_" {
			continue
		}
		if files[name], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func openBytes(data []byte) (*File, error) {
	return Open("in.parquet", bytes.NewReader(data), int64(len(data)))
}

// useAll does with a file all that can be done: it reads every column as text and as cells, and copies every other row.
func useAll(data []byte, to io.Writer) error {
	f, err := openBytes(data)
	if err != nil {
		return err
	}
	w, err := f.NewWriter(to)
	if err != nil {
		return err
	}
	for group := range f.Groups() {
		rows := f.GroupRows(group)
		for column := range f.Columns() {
			if f.CanText(column) != nil || rows == 0 {
				continue
			}
			v, err := f.Values(group, column)
			if err != nil {
				return err
			}
			if len(v.Rows) != rows {
				return fmt.Errorf("%d values in %d rows", len(v.Rows), rows)
			}
			v.Release()
		}
		if rows == 0 {
			continue
		}
		s := Selection{Keep: make([]uint64, (rows+63)/64)}
		for i := range s.Keep {
			s.Keep[i] = 0x5555555555555555
		}
		part, err := w.Encode(group, s)
		if err != nil {
			return err
		}
		if err := w.Append(part); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	reader, err := f.CellReader(true, nil)
	for group := 0; err == nil && group < f.Groups(); group++ {
		err = reader.Read(group, slices.Repeat([]uint64{0x5555555555555555}, (f.GroupRows(group)+63)/64), drop)
	}
	var e *cells.Error
	if fault.KindOf(err) == fault.Usage || errors.As(err, &e) { // of a type, or a map, that is no cell
		return nil
	}
	return err
}

func drop(*cells.Block) error { return nil }

// survive runs useAll and fails the test when it panics, hangs, takes memory beyond reason, or blames anything but the
// file.
func survive(t *testing.T, name string, data []byte) error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panic: %v", p)
			}
		}()
		done <- useAll(data, io.Discard)
	}()
	var err error
	select {
	case err = <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: hangs", name)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<30 {
		t.Fatalf("%s: %d MB allocated", name, n>>20)
	}
	var f *fault.Error
	if err != nil && !errors.As(err, &f) {
		t.Fatalf("%s: %v", name, err)
	}
	return err
}

func TestADamagedFileIsAFaultOrReadButNeverAPanicAHangOrAFlood(t *testing.T) {
	files := fixtures(t, "")
	names := make([]string, 0, len(files))
	for name, data := range files {
		if len(data) < 40<<10 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	runs, errs := 2500, 0
	if testing.Short() {
		runs = 250
	}
	for run := range runs {
		random := rand.New(rand.NewPCG(2, uint64(run)))
		name := names[random.IntN(len(names))]
		data := bytes.Clone(files[name])
		// Half of the damage goes to the last kilobytes, where the footer is.
		from := 0
		if random.IntN(2) == 0 {
			from = max(0, len(data)-4<<10)
		}
		for range 1 + random.IntN(4) {
			at := from + random.IntN(len(data)-from)
			switch random.IntN(4) {
			case 0:
				data[at] ^= 1 << random.IntN(8)
			case 1:
				data[at] = byte(random.Uint32())
			case 2:
				data[at] = 0xFF
			case 3:
				n := min(len(data)-at, 1+random.IntN(8))
				data = append(data[:at], data[at+n:]...)
				from = min(from, len(data)-1)
			}
		}
		if survive(t, fmt.Sprintf("%s, run %d", name, run), data) != nil {
			errs++
		}
	}
	if errs < runs/2 {
		t.Errorf("%d of %d damaged files were found out", errs, runs)
	}
	t.Logf("%d of %d damaged files were found out", errs, runs)
}

func TestEveryPrefixOfAFileIsAFault(t *testing.T) {
	for _, name := range []string{"duckdb_empty", "apache_datapage_v2.snappy", "arrow_no_rows"} {
		data := fixtures(t, name)[name]
		for n := range len(data) {
			if survive(t, fmt.Sprint(name, " cut at ", n), data[:n]) == nil {
				t.Fatalf("%s: the first %d of %d bytes pass for a file", name, n, len(data))
			}
		}
	}
}

func TestADamagedPageWithAChecksumIsFoundOut(t *testing.T) {
	random, damaged := newRandom(3), 0
	for name, source := range fixtures(t, "") {
		if len(source) > 40<<10 {
			continue
		}
		data := copyRows(t, source, "", func(int) bool { return true })
		f, err := openBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		for group := range f.Groups() {
			for _, l := range f.leaves {
				m := &f.groups()[group].Columns[l.index].MetaData
				_, body, err := f.readPageHeader(chunkStart(m), chunkStart(m)+m.TotalCompressedSize)
				if err != nil {
					t.Fatal(err)
				}
				if body == chunkStart(m)+m.TotalCompressedSize {
					continue
				}
				wrong := bytes.Clone(data)
				wrong[body] ^= 1 << random.IntN(8)
				damaged++
				if err := survive(t, name, wrong); fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), l.name) {
					t.Errorf("%s, column %s: %v", name, l.name, err)
				}
			}
		}
	}
	if damaged < 100 {
		t.Errorf("%d pages were damaged", damaged)
	}
}

func TestWhatCannotBeReadRightIsRefusedByName(t *testing.T) {
	refused := fixtures(t, "refused_")
	for name, want := range map[string]struct {
		kind fault.Kind
		text string
	}{
		"refused_encrypted_footer": {fault.Unsupported, "encrypted"},
		"refused_encrypted_column": {fault.Unsupported, "encrypted"},
		"refused_apache_row_count": {fault.Input, "counts 0 rows, its row groups 6"},
	} {
		_, err := openBytes(refused[name])
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != want.kind || !strings.Contains(err.Error(), want.text) || f.Mend == "" {
			t.Errorf("%s: %v", name, err)
		}
		delete(refused, name)
	}
	const name = "refused_uint32_delta"
	if err := survive(t, name, refused[name]); fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), "column umedium") {
		t.Errorf("%s: %v", name, err)
	}
	if delete(refused, name); len(refused) > 0 {
		t.Errorf("no test for %v", refused)
	}
}

func TestADiskThatFailsIsNotTheFilesFault(t *testing.T) {
	data := fixtures(t, "duckdb_v1_none")["duckdb_v1_none"]
	broken := errors.New("input/output error")
	f, err := Open("in.parquet", failingAt{bytes.NewReader(data), 4, int64(len(data)) - 8<<10, broken}, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.Values(0, 0); !errors.Is(err, broken) || fault.KindOf(err) != 0 {
		t.Errorf("%v", err)
	}
}

// failingAt fails between two places.
type failingAt struct {
	io.ReaderAt
	from, to int64
	err      error
}

func (r failingAt) ReadAt(b []byte, at int64) (int, error) {
	if at >= r.from && at < r.to {
		return 0, r.err
	}
	return r.ReaderAt.ReadAt(b, at)
}
