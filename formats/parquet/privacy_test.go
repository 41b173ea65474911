package parquet

import (
	"io"
	"reflect"
	"regexp"
	"slices"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// plainBytes returns all that a file holds, dictionaries and pages decompressed, and its footer.
func plainBytes(t testing.TB, data []byte) []byte {
	t.Helper()
	f, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Clone(footerBytes(data))
	for group := range f.Groups() {
		for _, l := range f.leaves {
			raw := f.readChunk(group, l)
			pages, err := io.ReadAll(io.NewSectionReader(raw, 0, 1<<40))
			if err != nil {
				t.Fatal(err)
			}
			raw.close()
			all = append(all, pages...)
			// Texts may stand in parts, in DELTA_BYTE_ARRAY: they are searched as values too.
			if err := f.scan(group, l, func(values []pq.Value) error {
				for i := range values {
					if kind := values[i].Kind(); kind == pq.ByteArray || kind == pq.FixedLenByteArray {
						all = append(append(all, values[i].ByteArray()...), '\n')
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return append(all, data...)
}

func TestAnOutputHoldsNothingOfASuppressedRow(t *testing.T) {
	secrets := regexp.MustCompile(`secret-(\d{5})-[0-9a-f]{8}`)
	searched := 0
	for name, data := range fixtures(t, "") {
		f, err := openBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(f.Columns(), "secret") || f.Rows() == 0 {
			continue
		}
		searched++
		source := column(t, data, "secret")
		keep := func(row int) bool { return row%5 == 1 }
		kept := map[string]bool{}
		for row, secret := range source {
			kept[secret] = keep(row)
		}
		if n := len(secrets.FindAll(plainBytes(t, data), -1)); n < len(source) {
			t.Fatalf("%s: %d secrets found in the source of %d rows", name, n, len(source))
		}
		found := map[string]bool{}
		for _, secret := range secrets.FindAllString(string(plainBytes(t, copyRows(t, data, "", keep))), -1) {
			if found[secret] = true; !kept[secret] {
				t.Fatalf("%s: the output holds %s of a row that was not kept", name, secret)
			}
		}
		if want := (len(source) + 3) / 5; len(found) != want {
			t.Errorf("%s: %d secrets of %d kept rows", name, len(found), want)
		}
	}
	if searched < 12 {
		t.Errorf("%d files searched", searched)
	}
}

func TestDictionariesHoldNoValueOfASuppressedRow(t *testing.T) {
	const name = "duckdb_bloom" // fifty words, in dictionaries, with bloom filters
	data := fixtures(t, name)[name]
	words := column(t, data, "word")
	out := copyRows(t, data, "", func(row int) bool { return words[row] != "key-7" && words[row] != "key-31" })
	all := plainBytes(t, out)
	for _, word := range []string{"key-7", "key-31"} {
		if regexp.MustCompile(word + `\b`).Match(all) {
			t.Errorf("%s stands in the output", word)
		}
	}
	m := metadata(t, out)
	for _, g := range m.RowGroups {
		for _, c := range g.Columns {
			if c.MetaData.BloomFilterOffset != 0 || c.ColumnIndexOffset != 0 || c.OffsetIndexOffset != 0 || len(c.MetaData.KeyValueMetadata) > 0 {
				t.Errorf("%s has a bloom filter, a page index or metadata of its own", c.MetaData.PathInSchema)
			}
		}
	}
	// A copy calls the encoding of its indexes as the source does: DuckDB uses the old name.
	used := m.RowGroups[0].Columns[1].MetaData.Encoding
	if !slices.Contains(used, format.RLEDictionary) && !slices.Contains(used, plainDictionary) {
		t.Error("the words stand in no dictionary", used)
	}
}

func TestTheFooterCountsTheNullsOfTheKeptRowsAndTellsNoBounds(t *testing.T) {
	nulls := int64(0)
	for name, data := range fixtures(t, "") {
		out := copyRows(t, data, "", func(row int) bool { return row%7 == 2 })
		f, err := openBytes(out)
		if err != nil {
			t.Fatal(err)
		}
		for group := range f.Groups() {
			for _, l := range f.leaves {
				m := &f.groups()[group].Columns[l.index].MetaData
				counted := int64(0)
				if err := f.scan(group, l, func(values []pq.Value) error {
					for i := range values {
						if values[i].IsNull() {
							counted++
						}
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				nulls += counted
				if want := (format.Statistics{NullCount: counted}); !reflect.DeepEqual(m.Statistics, want) {
					t.Errorf("%s, %s: %+v, want %+v", name, l.name, m.Statistics, want)
				}
				if len(m.EncodingStats) > 0 || !reflect.DeepEqual(m.SizeStatistics, format.SizeStatistics{}) {
					t.Errorf("%s, %s: the footer tells of the pages of the source", name, l.name)
				}
			}
		}
	}
	if nulls < 1000 {
		t.Errorf("%d nulls were counted", nulls)
	}
}
