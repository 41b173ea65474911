package formats

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"testing"

	"cpm/formats/fault"
)

// table is a whole input in memory.
type table struct {
	Columns []string
	Rows    []tableRow
}

// tableRow holds a value for each column that can be selected; nil is a null.
type tableRow struct {
	Values [][]byte
	Torn   bool
}

// keep returns the table of the rows that are to be kept.
func (t table) keep(kept func(row int) bool) table {
	some := table{Columns: t.Columns}
	for i, row := range t.Rows {
		if kept(i) {
			some.Rows = append(some.Rows, row)
		}
	}
	return some
}

func (s suite) opened(f fixture, data []byte) (Reader, error) {
	return s.open(Input{Name: f.name, Reader: bytes.NewReader(data), Size: int64(len(data))}, f.options)
}

// selectAll selects the paths of the fixture, or every column that can be selected, and returns how many these are and
// their names in the table.
func (f fixture) selectAll(r Reader) (int, []string, error) {
	if len(f.paths) > 0 {
		return selectPaths(r, f.paths)
	}
	var columns []int
	for c := range r.Info().Columns {
		switch err := r.Select([]int{c}); {
		case err == nil:
			columns = append(columns, c)
		case fault.KindOf(err) != fault.Usage:
			return 0, nil, err
		}
	}
	return len(columns), r.Info().Columns, r.Select(columns)
}

func selectPaths(r Reader, paths []string) (int, []string, error) {
	nested, ok := r.(PathReader)
	if !ok {
		return 0, nil, fmt.Errorf("%T knows no paths", r)
	}
	var columns []int
	for _, path := range paths {
		column, err := nested.Path(path)
		if err != nil {
			return 0, nil, err
		}
		columns = append(columns, column)
	}
	return len(columns), paths, r.Select(columns)
}

// batchesOf yields the batches of a reader up to its end or to the first error, which comes alone. Each is decoded; the
// loop releases it, or keeps it.
func batchesOf(r Reader) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		for {
			b, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				err = b.Decode()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// firstBatch returns the first batch of a reader, decoded.
func firstBatch(t testing.TB, r Reader) Batch {
	t.Helper()
	b, err := r.Next()
	if err == nil {
		err = b.Decode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readTable reads data with the options of the fixture. On an error it returns the rows before it.
func readTable(s suite, f fixture, data []byte) (table, error) {
	r, err := s.opened(f, data)
	if err != nil {
		return table{}, err
	}
	columns, names, err := f.selectAll(r)
	all := table{Columns: names}
	if err != nil {
		return all, err
	}
	for b, err := range batchesOf(r) {
		if err != nil {
			return all, errors.Join(err, r.Close())
		}
		torn := 0
		for i := range b.Rows() {
			row := tableRow{Torn: b.Malformed(i)}
			for c := range columns {
				row.Values = append(row.Values, bytes.Clone(b.Values(c)[i]))
			}
			if row.Torn {
				torn++
			}
			all.Rows = append(all.Rows, row)
		}
		if torn != b.MalformedRows() {
			return all, fmt.Errorf("%d malformed rows, MalformedRows says %d", torn, b.MalformedRows())
		}
		b.Release()
	}
	return all, checkEnd(r)
}

// checkEnd closes a reader that has reached its end.
func checkEnd(r Reader) error {
	if size := r.Info().Size; r.Done() > size {
		return fmt.Errorf("%d bytes done of %d", r.Done(), size)
	}
	return r.Close()
}

// choice is what is done with each row of an input, by its number.
type choice struct {
	keep  func(row int) bool
	extra []string
	word  func(row int) uint8
	words []string
}

func everyRow(int) bool { return true }

// selection makes the Selection of a batch whose first row is row.
func (c choice) selection(row, rows int) Selection {
	s := Selection{Words: c.words}
	s.Keep = s.Keep.Reset(rows)
	for i := range rows {
		if c.keep(row + i) {
			s.Keep.Set(i)
		}
	}
	for range c.extra {
		column := make([]uint8, rows)
		for i := range column {
			column[i] = c.word(row + i)
		}
		s.Extra = append(s.Extra, column)
	}
	return s
}

// rewrite copies the chosen rows of a fixture to w, batch after batch.
func (s suite) rewrite(f fixture, w io.Writer, c choice) error {
	r, err := s.opened(f, f.data)
	if err != nil {
		return err
	}
	out, err := r.NewWriter(w, c.extra...)
	if err != nil {
		return err
	}
	read, kept := 0, 0
	for b, err := range batchesOf(r) {
		if err != nil {
			return err
		}
		for i := range b.Rows() {
			if c.keep(read + i) {
				kept++
			}
		}
		p, err := out.Encode(b, c.selection(read, b.Rows()))
		if err != nil {
			return err
		}
		read += b.Rows()
		b.Release()
		if err := out.Append(p); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	if out.Rows() != int64(kept) {
		return fmt.Errorf("the writer counts %d rows of %d", out.Rows(), kept)
	}
	return r.Close()
}

// rewritten is rewrite into memory.
func (s suite) rewritten(t *testing.T, f fixture, c choice) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := s.rewrite(f, &out, c); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// checkNoAllocations decodes, encodes and appends a batch of the reader again and again, with no, one and two extra
// columns: the memory of the first time must do.
func checkNoAllocations(t *testing.T, r Reader, b Batch) {
	t.Helper()
	for _, extra := range [][]string{nil, {"why"}, {"why", "how"}} {
		w, err := r.NewWriter(io.Discard, extra...)
		if err != nil {
			t.Fatal(err)
		}
		c := choice{keep: coin(1), extra: extra, words: []string{"word"}, word: func(int) uint8 { return 0 }}
		s := c.selection(0, b.Rows())
		allocations := testing.AllocsPerRun(20, func() {
			if err := b.Decode(); err != nil {
				t.Fatal(err)
			}
			p, err := w.Encode(b, s)
			if err == nil {
				err = w.Append(p)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
		if allocations > 0 {
			t.Errorf("%.1f allocations a batch of %d rows, extra columns %q", allocations, b.Rows(), extra)
		}
	}
}
