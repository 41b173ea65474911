package formats

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

// suite is a format that is to pass the conformance tests: a format joins with one call of conform.
type suite struct {
	open       func(Input, Options) (Reader, error)
	fixtures   []fixture
	cutIsFault bool // a file that is cut anywhere must be refused (formats that know their end)
	verbatim   bool // equal rows give equal bytes, however they were batched
}

// fixture is one input file, well below 64 KiB: it is cut, and its writing made to fail, at every byte.
type fixture struct {
	name    string
	data    []byte
	options Options
	paths   []string // the columns of nested rows, which are no closed list: what an output shows depends on its rows
	copied  []byte   // what keeping every row must give; nil when only the table counts
}

// conform holds a format to the contracts of Reader, Batch and Writer.
func conform(t *testing.T, s suite) {
	for _, f := range s.fixtures {
		t.Run(f.name, func(t *testing.T) {
			whole, err := readTable(s, f, f.data)
			if err != nil {
				t.Fatal(err)
			}
			t.Run("keeping every row keeps the table", func(t *testing.T) { s.keepsAll(t, f, whole) })
			t.Run("keeping some rows keeps exactly these", func(t *testing.T) { s.keepsSome(t, f, whole) })
			t.Run("extra columns stand last", func(t *testing.T) { s.widens(t, f, whole) })
			t.Run("no batch size changes the result", func(t *testing.T) { s.anyBatchSize(t, f, whole) })
			t.Run("a cut file is refused or its rows are right", func(t *testing.T) { s.anyPrefix(t, f, whole) })
			t.Run("a failing writer is always reported", func(t *testing.T) { s.failingWriter(t, f) })
			t.Run("batches may be decoded and encoded at once", func(t *testing.T) { s.atOnce(t, f) })
			t.Run("a column that is not there is a usage fault", func(t *testing.T) { s.selectsNothingElse(t, f) })
		})
	}
}

func (s suite) keepsAll(t *testing.T, f fixture, whole table) {
	out := s.rewritten(t, f, choice{keep: everyRow})
	if f.copied != nil && !bytes.Equal(f.copied, out) {
		t.Fatalf("bytes (-want +got):\n%s", cmp.Diff(string(f.copied), string(out)))
	}
	s.same(t, f, out, whole)
}

// same reads data and compares it.
func (s suite) same(t *testing.T, f fixture, data []byte, want table) {
	t.Helper()
	if len(want.Rows) == 0 && (f.options.NoHeader || len(visible(data)) == 0) {
		return // an output without a header and without rows says nothing
	}
	got, err := readTable(s, f, data)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(want, got) { // which looks at a long cell as a whole
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("table (-want +got):\n%s", diff)
	}
}

func (s suite) keepsSome(t *testing.T, f fixture, whole table) {
	for seed := range uint64(20) {
		keep := coin(seed)
		s.same(t, f, s.rewritten(t, f, choice{keep: keep}), whole.keep(keep))
	}
	none := func(int) bool { return false }
	s.same(t, f, s.rewritten(t, f, choice{keep: none}), whole.keep(none))
}

// coin chooses rows at random, the same for the same seed; some seeds choose long runs.
func coin(seed uint64) func(int) bool {
	return func(row int) bool {
		random := rand.New(rand.NewPCG(seed, uint64(row)/(1+seed%4)))
		return random.IntN(3) > 0
	}
}

func (s suite) widens(t *testing.T, f fixture, whole table) {
	words := []string{"permitted", "withdrawn", "no_consent"}
	c := choice{keep: coin(5), extra: []string{"cpm_sms", "cpm_email"}, words: words, word: func(row int) uint8 { return uint8(row * 7 % 3) }}
	out := f
	if len(f.paths) > 0 {
		out.paths = append(append([]string{}, f.paths...), c.extra...)
	}
	got, err := readTable(s, out, s.rewritten(t, f, c))
	if err != nil {
		t.Fatal(err)
	}
	want := append(append([]string{}, whole.Columns...), c.extra...)
	if diff := cmp.Diff(want, got.Columns); diff != "" && !f.options.NoHeader {
		t.Fatalf("columns (-want +got):\n%s", diff)
	}
	at := 0
	for i, row := range whole.Rows {
		if !c.keep(i) {
			continue
		}
		wide := got.Rows[at]
		at++
		if row.Torn {
			if !wide.Torn {
				t.Errorf("row %d was malformed and is no more", i)
			}
			continue
		}
		row.Values = append(append([][]byte{}, row.Values...), []byte(words[c.word(i)]), []byte(words[c.word(i)]))
		if diff := cmp.Diff(row, wide); diff != "" {
			t.Errorf("row %d (-want +got):\n%s", i, diff)
		}
	}
	if at != len(got.Rows) {
		t.Errorf("%d rows, want %d", len(got.Rows), at)
	}
}

func (s suite) anyBatchSize(t *testing.T, f fixture, whole table) {
	want := s.rewritten(t, f, choice{keep: coin(3)})
	for _, size := range []int{1, 2, 7, 16, 33, 100, 1000} {
		f.options.BatchSize = size
		s.same(t, f, f.data, whole)
		got := s.rewritten(t, f, choice{keep: coin(3)})
		if s.verbatim && !bytes.Equal(want, got) {
			t.Fatalf("batches of %d bytes (-want +got):\n%s", size, cmp.Diff(string(want), string(got)))
		}
		s.same(t, f, got, whole.keep(coin(3)))
	}
}

// anyPrefix cuts the file at every byte. The last row before the cut may be cut too, the others are as they were.
func (s suite) anyPrefix(t *testing.T, f fixture, whole table) {
	for n := range everyByte(len(f.data)) {
		got, err := readTable(s, f, f.data[:n])
		switch {
		case err != nil && fault.KindOf(err) == 0:
			t.Fatalf("cut after %d bytes: %v, which is no fault", n, err)
		case err == nil && s.cutIsFault:
			t.Fatalf("cut after %d bytes and read without a fault", n)
		case len(got.Rows) > len(whole.Rows):
			t.Fatalf("cut after %d bytes: %d rows of %d", n, len(got.Rows), len(whole.Rows))
		case len(got.Rows) > 1 && len(got.Columns) == len(whole.Columns): // without a header the first row may be cut
			last := len(got.Rows) - 1
			if diff := cmp.Diff(whole.Rows[:last], got.Rows[:last]); diff != "" {
				t.Fatalf("cut after %d bytes (-want +got):\n%s", n, diff)
			}
		}
	}
}

// everyByte gives the places of so many bytes; in short tests, of which there are many, one in seven and the last ones.
func everyByte(size int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := 0; n < size; n++ {
			if !yield(n) {
				return
			}
			if testing.Short() && n < size-50 {
				n += 6
			}
		}
	}
}

var errFull = errors.New("no space left")

// fullDisk takes so many bytes and then fails.
type fullDisk struct{ left int }

func (d *fullDisk) Write(p []byte) (int, error) {
	n := min(d.left, len(p))
	d.left -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func (s suite) failingWriter(t *testing.T, f fixture) {
	for _, batch := range []int{0, 16} {
		f.options.BatchSize = batch
		c := choice{keep: coin(1), extra: []string{"cpm_reason"}, words: []string{"denied"}, word: func(int) uint8 { return 0 }}
		size := len(s.rewritten(t, f, c))
		for n := range everyByte(size) {
			if err := s.rewrite(f, &fullDisk{left: n}, c); !errors.Is(err, errFull) {
				t.Fatalf("the disk was full after %d of %d bytes: error %v", n, size, err)
			}
		}
		if err := s.rewrite(f, &fullDisk{left: size}, c); err != nil {
			t.Fatal(err)
		}
	}
}

// atOnce decodes and encodes all batches at once, and releases each as soon as it is encoded.
func (s suite) atOnce(t *testing.T, f fixture) {
	want := s.rewritten(t, f, choice{keep: everyRow})
	f.options.BatchSize = 16
	for range 5 {
		got, err := s.rewriteAtOnce(f)
		if err != nil {
			t.Fatal(err)
		}
		if s.verbatim && !bytes.Equal(want, got) {
			t.Fatalf("bytes (-one by one +at once):\n%s", cmp.Diff(string(want), string(got)))
		}
		whole, err := readTable(s, f, want)
		if err != nil {
			t.Fatal(err)
		}
		s.same(t, f, got, whole)
	}
}

func (s suite) rewriteAtOnce(f fixture) ([]byte, error) {
	r, err := s.opened(f, f.data)
	if err != nil {
		return nil, err
	}
	if _, _, err := f.selectAll(r); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := r.NewWriter(&out)
	if err != nil {
		return nil, err
	}
	type result struct {
		part Part
		err  error
	}
	var results []*result
	var workers sync.WaitGroup
	var failed error
	for {
		b, err := r.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				failed = err
			}
			break
		}
		slot := &result{}
		results = append(results, slot)
		workers.Go(func() {
			defer b.Release()
			if slot.err = b.Decode(); slot.err == nil {
				slot.part, slot.err = w.Encode(b, choice{keep: everyRow}.selection(0, b.Rows()))
			}
		})
		if r.Done() < 0 { // read beside the workers, as a progress bar does
			failed = errors.New("progress below zero")
		}
	}
	workers.Wait()
	for _, done := range results {
		if failed = errors.Join(failed, done.err); failed == nil {
			failed = w.Append(done.part)
		}
	}
	failed = errors.Join(failed, w.Close(), r.Close())
	return out.Bytes(), failed
}

func (s suite) selectsNothingElse(t *testing.T, f fixture) {
	r, err := s.opened(f, f.data)
	if err != nil {
		t.Fatal(err)
	}
	columns := len(r.Info().Columns)
	for _, column := range []int{-1, columns} {
		if err := r.Select([]int{column}); fault.KindOf(err) != fault.Usage {
			t.Errorf("column %d of %d: error %v, want a usage fault", column, columns, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
