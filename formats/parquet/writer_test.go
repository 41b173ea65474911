package parquet

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go/format"
)

// copyRows copies the rows for which keep is true.
func copyRows(t testing.TB, data []byte, extra string, keep func(row int) bool) []byte {
	t.Helper()
	return copying{extra, draftRows, fullRows}.rows(t, data, keep)
}

// copying is a way to copy: with a column more, and with other limits of what is merged.
type copying struct {
	extra               string
	draftRows, fullRows int
}

func (c copying) rows(t testing.TB, data []byte, keep func(row int) bool) []byte {
	t.Helper()
	f, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := f.NewWriter(&out, strings.Fields(c.extra)...)
	if err != nil {
		t.Fatal(err)
	}
	w.draftRows, w.fullRows = c.draftRows, c.fullRows
	first := 0
	for group := range f.Groups() {
		s := selection(f, group, first, keep)
		if group%2 == 0 {
			s.Read = readAll(t, f, group)
		}
		part, err := w.Encode(group, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range s.Read {
			v.Release()
		}
		if group%2 == 0 { // into the memory that was released
			for _, v := range readAll(t, f, group) {
				defer v.Release()
			}
		}
		if err := w.Append(part); err != nil {
			t.Fatal(err)
		}
		first += f.GroupRows(group)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readAll reads the columns of a row group that can serve as text.
func readAll(t testing.TB, f *File, group int) (all []*Values) {
	t.Helper()
	for column := range f.Columns() {
		if f.CanText(column) != nil {
			continue
		}
		v, err := f.Values(group, column)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func selection(f *File, group, first int, keep func(int) bool) Selection {
	rows := f.GroupRows(group)
	s := Selection{Keep: make([]uint64, (rows+63)/64), Extra: [][]uint8{make([]uint8, rows)}, Words: []string{"even", "odd"}}
	for i := range rows {
		s.Extra[0][i] = uint8((first + i) % 2)
		if keep(first + i) {
			s.Keep[i/64] |= 1 << (i % 64)
		}
	}
	return s
}

// column returns the text of all rows of a column; "<null>" stands for a null.
func column(t testing.TB, data []byte, name string) []string {
	t.Helper()
	f, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.Index(f.Columns(), name)
	if i < 0 {
		t.Fatalf("no column %s in %v", name, f.Columns())
	}
	var values []string
	for group := range f.Groups() {
		v, err := f.Values(group, i)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range v.Rows {
			if value == nil {
				values = append(values, "<null>")
			} else {
				values = append(values, string(value))
			}
		}
		v.Release()
	}
	return values
}

func TestSizesAndOffsetsInTheFooterMeetInTheFile(t *testing.T) {
	for name, data := range fixtures(t, "") {
		out := copyRows(t, data, "cpm_reason", func(row int) bool { return row%3 != 0 })
		at := int64(len(magic))
		for _, g := range metadata(t, out).RowGroups {
			sum, plain := int64(0), int64(0)
			for _, c := range g.Columns {
				if start := chunkStart(&c.MetaData); start != at {
					t.Fatalf("%s, %s begins at %d, what is before it ends at %d", name, c.MetaData.PathInSchema, start, at)
				}
				at += c.MetaData.TotalCompressedSize
				sum += c.MetaData.TotalCompressedSize
				plain += c.MetaData.TotalUncompressedSize
			}
			if g.TotalCompressedSize != sum || g.TotalByteSize != plain {
				t.Errorf("%s: a row group of %d bytes, %d unpacked, says %d and %d", name, sum, plain, g.TotalCompressedSize, g.TotalByteSize)
			}
		}
		if end := int64(len(out) - 8 - len(footerBytes(out))); end != at {
			t.Errorf("%s: the footer begins at %d, the pages end at %d", name, end, at)
		}
	}
}

func TestACopyKeepsCodecsEncodingsAndThePageVersion(t *testing.T) {
	for name, data := range fixtures(t, "") {
		out := copyRows(t, data, "", func(int) bool { return true })
		before, after := metadata(t, data), metadata(t, out)
		for i := range after.RowGroups {
			for j := range after.RowGroups[i].Columns {
				a, b := &before.RowGroups[i].Columns[j].MetaData, &after.RowGroups[i].Columns[j].MetaData
				if a.Codec != b.Codec {
					t.Errorf("%s, %s: %s became %s", name, a.PathInSchema, a.Codec, b.Codec)
				}
			}
		}
		from, to := version(t, data), version(t, out)
		if len(after.RowGroups) > 0 && from != to {
			t.Errorf("%s: pages of version %d became %d", name, from, to)
		}
	}
}

func version(t testing.TB, data []byte) int {
	t.Helper()
	f, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.pageVersion()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRowGroupsEncodedAtOnceStandInTheOrderOfAppend(t *testing.T) {
	const name = "arrow_v1_small_pages"
	data := fixtures(t, name)[name]
	f, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	keep := func(row int) bool { return row%3 != 1 }
	want := copyRows(t, data, "", keep)
	var out, rest bytes.Buffer
	w, err := f.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	other, err := f.NewWriter(&rest)
	if err != nil {
		t.Fatal(err)
	}
	parts := make([]*Part, f.Groups())
	var group sync.WaitGroup
	for i := f.Groups() - 1; i >= 0; i-- {
		first := 0
		for j := range i {
			first += f.GroupRows(j)
		}
		group.Add(2)
		go func() {
			defer group.Done()
			part, err := w.Encode(i, selection(f, i, first, keep))
			if parts[i] = part; err != nil {
				t.Error(err)
			}
		}()
		go func() {
			defer group.Done()
			if _, err := other.Encode(i, selection(f, i, first, keep)); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	if err := other.Append(parts[0]); err == nil {
		t.Error("a writer took the part of another")
	}
	for _, part := range parts {
		if err := w.Append(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Append(parts[0]); err == nil {
		t.Error("a part was taken twice")
	}
	w.err = nil
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Error("the file differs from the one that was written group by group")
	}
}

func TestAWriterThatFailsAtAnyPlaceIsAnError(t *testing.T) {
	const name = "apache_datapage_v2.snappy"
	data := fixtures(t, name)[name]
	whole := len(copyRows(t, data, "", func(int) bool { return true }))
	for room := range whole {
		f, err := openBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		w, err := f.NewWriter(&full{room})
		if err != nil {
			t.Fatal(err)
		}
		part, err := w.Encode(0, selection(f, 0, 0, func(int) bool { return true }))
		if err != nil {
			t.Fatal(err)
		}
		if err = w.Append(part); err == nil {
			err = w.Close()
		}
		if !errors.Is(err, errFull) {
			t.Fatalf("room for %d of %d bytes: %v", room, whole, err)
		}
	}
}

var errFull = errors.New("no space left on device")

// full has room for a few bytes.
type full struct{ room int }

func (w *full) Write(b []byte) (int, error) {
	if len(b) > w.room {
		n := w.room
		w.room = 0
		return n, errFull
	}
	w.room -= len(b)
	return len(b), nil
}

func TestTheExtraColumnMustHaveAFreeNameAndAWordForEveryRow(t *testing.T) {
	const name = "duckdb_field_ids"
	f, err := openBytes(fixtures(t, name)[name])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.NewWriter(io.Discard, "PHONE"); err == nil {
		t.Error("two columns have one name")
	}
	w, err := f.NewWriter(io.Discard, "cpm_reason")
	if err != nil {
		t.Fatal(err)
	}
	s := selection(f, 0, 0, func(int) bool { return true })
	for what, broken := range map[string]Selection{
		"no words":        {Keep: s.Keep, Extra: s.Extra},
		"too few words":   {Keep: s.Keep, Extra: [][]uint8{s.Extra[0][:1]}, Words: s.Words},
		"too short":       {Keep: s.Keep[:1], Extra: s.Extra, Words: s.Words},
		"nothing is said": {},
	} {
		if _, err := w.Encode(0, broken); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func TestARootThatIsCalledRepeatedAddsNoLevel(t *testing.T) {
	for _, name := range []string{"duckdb_nested_v1", "duckdb_groups"} {
		data := fixtures(t, name)[name]
		repeated := lying(t, data, func(m *format.FileMetaData) { m.Schema[0].RepetitionType.Set(format.Repeated) })
		keep := func(row int) bool { return row%4 == 1 }
		want, got := copyRows(t, data, "", keep), copyRows(t, repeated, "", keep)
		f, err := openBytes(repeated)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.CanText(0); err != nil {
			t.Error(err)
		}
		pages := func(b []byte) []byte { return b[:len(b)-8-len(footerBytes(b))] }
		if !bytes.Equal(pages(want), pages(got)) {
			t.Errorf("%s: the pages differ", name)
		}
	}
}

func TestRowGroupsOfFewRowsAreMerged(t *testing.T) {
	const name = "duckdb_groups"
	data := lying(t, fixtures(t, name)[name], func(m *format.FileMetaData) {
		for i := range m.RowGroups {
			m.RowGroups[i].SortingColumns = []format.SortingColumn{{ColumnIdx: 0}}
		}
	})
	want := column(t, data, "secret")
	for what, c := range map[string]struct {
		limits copying
		groups []int64
	}{
		"none is small":                   {copying{"", 0, fullRows}, []int64{2048, 2048, 404}},
		"all are":                         {copying{"", 4000, 9000}, []int64{4500}},
		"two fill one":                    {copying{"", 4000, 4000}, []int64{4096, 404}},
		"one is, behind two that are not": {copying{"", 2000, 4000}, []int64{2048, 2048, 404}},
	} {
		out := c.limits.rows(t, data, func(int) bool { return true })
		var groups []int64
		for i, g := range metadata(t, out).RowGroups {
			groups = append(groups, g.NumRows)
			if whole := g.NumRows != 4096 && g.NumRows != 4500; (len(g.SortingColumns) > 0) != whole {
				t.Errorf("%s: row group %d of %d rows is sorted by %v", what, i, g.NumRows, g.SortingColumns)
			}
		}
		if !slices.Equal(groups, c.groups) {
			t.Errorf("%s: row groups of %v rows, want %v", what, groups, c.groups)
		}
		if got := column(t, out, "secret"); !slices.Equal(got, want) {
			t.Errorf("%s: the rows have changed", what)
		}
	}
}
