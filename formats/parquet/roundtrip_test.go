package parquet

import (
	"bytes"
	"fmt"
	"testing"

	pq "github.com/parquet-go/parquet-go"
)

// wide has the types that parquet-go writes from Go, in its own ways.
type wide struct {
	Name    string                   `parquet:"name,dict,zstd"`
	Plain   string                   `parquet:"plain,plain"`
	Delta   int64                    `parquet:"delta,delta"`
	Split   float64                  `parquet:"split,split"`
	Texts   []string                 `parquet:"texts"`
	Maybe   *int32                   `parquet:"maybe,optional"`
	Flag    bool                     `parquet:"flag"`
	Bytes   [5]byte                  `parquet:"bytes"`
	Nested  []struct{ A, B *string } `parquet:"nested,list"`
	Map     map[string]int64         `parquet:"map"`
	Decimal int64                    `parquet:"decimal,decimal(2:18)"`
}

func TestFilesOfManyPagesComeBackAsTheyWere(t *testing.T) {
	for version := 1; version <= 2; version++ {
		var rows []wide
		for i := range 3000 {
			word, number := fmt.Sprint("w", i%17), int32(i)
			row := wide{
				Name: word, Plain: fmt.Sprint("plain", i), Delta: int64(i * i), Split: float64(i) / 3, Flag: i%3 == 0,
				Bytes: [5]byte{byte(i), byte(i >> 8)}, Map: map[string]int64{word: int64(i)}, Decimal: int64(-i),
			}
			for j := range i % 5 {
				row.Texts = append(row.Texts, fmt.Sprint(i, "/", j))
				row.Nested = append(row.Nested, struct{ A, B *string }{&word, nil})
			}
			if i%4 != 0 {
				row.Maybe = &number
			}
			rows = append(rows, row)
		}
		var in bytes.Buffer
		w := pq.NewGenericWriter[wide](&in, pq.PageBufferSize(700), pq.DataPageVersion(version), pq.MaxRowsPerRowGroup(1300),
			pq.BloomFilters(pq.SplitBlockFilter(10, "plain")))
		if _, err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		keep := func(row int) bool { return row%11 < 4 || row > 2900 }
		out := copyRows(t, in.Bytes(), "", keep)
		got, err := pq.Read[wide](bytes.NewReader(out), int64(len(out)))
		if err != nil {
			t.Fatal(err)
		}
		next := 0
		for i := range rows {
			if !keep(i) {
				continue
			}
			if want := dump(rows[i]); next >= len(got) || want != dump(got[next]) {
				t.Fatalf("version %d, row %d: %s became %s", version, i, want, dump(got[min(next, len(got)-1)]))
			}
			next++
		}
		if next != len(got) {
			t.Errorf("%d rows, want %d", len(got), next)
		}
	}
}

// dump writes a row with what its pointers point to.
func dump(row wide) string {
	text := fmt.Sprint(row.Name, row.Plain, row.Delta, row.Split, row.Texts, row.Flag, row.Bytes, row.Map, row.Decimal)
	if row.Maybe != nil {
		text += fmt.Sprint(*row.Maybe)
	}
	for _, n := range row.Nested {
		text += fmt.Sprint(n.A == nil, n.B == nil)
		if n.A != nil {
			text += *n.A
		}
	}
	return text
}
