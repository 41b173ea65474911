package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// packedPages returns the data pages of a column of a row group as they stand in the file.
func packedPages(t *testing.T, data []byte, group, column int) (packed [][]byte) {
	t.Helper()
	f, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	s := f.readPages(group, f.leaves[column])
	defer s.close()
	for {
		kind, err := s.next()
		if err == io.EOF { //nolint:errorlint // it is returned bare
			return packed
		}
		if err != nil {
			t.Fatal(err)
		}
		if kind == dataPage {
			packed = append(packed, slices.Clone(s.current.packed))
		}
	}
}

func TestPagesOfRowGroupsKeptWholeAreNotCompressedAgain(t *testing.T) {
	type row struct {
		Plain string  `parquet:"plain,plain"`
		Delta int64   `parquet:"delta,delta"`
		Split float64 `parquet:"split,split"`
		Maybe *int32  `parquet:"maybe,optional"`
	}
	const rows = 4000
	for version := 1; version <= 2; version++ {
		var in bytes.Buffer
		// At another level than that of the copy: what comes out alike was copied.
		w := pq.NewGenericWriter[row](&in, pq.Compression(&zstd.Codec{Level: zstd.SpeedBestCompression}),
			pq.PageBufferSize(4000), pq.DataPageVersion(version), pq.MaxRowsPerRowGroup(rows))
		for i := range 2 * rows {
			number := int32(i * i)
			r := row{Plain: fmt.Sprint("plain", i*i), Delta: int64(i * i), Split: float64(i) / 3, Maybe: &number}
			if i%3 == 0 {
				r.Maybe = nil
			}
			if _, err := w.Write([]row{r}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		keep := func(row int) bool { return row < rows || row%2 == 0 }
		out := copying{"", 0, 0}.rows(t, in.Bytes(), keep)
		for column := range 4 {
			for group, whole := range []bool{true, false} {
				pages := packedPages(t, in.Bytes(), group, column)
				same := 0
				for _, page := range pages {
					if bytes.Contains(out, page) {
						same++
					}
				}
				// The first column is one of texts that were read before: its pages are known as they were unpacked alone.
				if whole && column > 0 && same < len(pages) || !whole && same > 0 {
					t.Errorf("version %d, column %d, row group %d: %d pages of %d stand in the copy", version, column, group, same, len(pages))
				}
			}
		}
		if got, want := column(t, out, "plain"), column(t, in.Bytes(), "plain"); len(got) != rows*3/2 || !slices.Equal(got[:rows], want[:rows]) {
			t.Errorf("version %d: the rows differ", version)
		}
	}
}

func TestWhatAPageHidesBehindItsValuesIsNotCopied(t *testing.T) {
	const rows, hidden = 5000, "013800138000"
	e := new(chunkEncoder)
	e.start(&outColumn{kind: format.Int32, path: []string{"value"}, width: 4, codec: newCodec(format.Uncompressed), version: 1}, false)
	e.count, e.rows, e.encoding = rows, rows, format.Plain
	var values []byte
	for i := range uint32(rows) {
		values = binary.LittleEndian.AppendUint32(values, i)
	}
	page, err := e.dataPage(&e.segment, append(values, hidden...))
	if err != nil {
		t.Fatal(err)
	}
	e.done = append(e.done, segment{count: rows, rows: rows, encoding: format.Plain, page: page})
	e.clear()
	chunk, err := e.finish()
	if err != nil {
		t.Fatal(err)
	}
	data := handmade{pq.Leaf(pq.Int32Type), 1, rows, chunk}.bytes(t)
	out := copying{"", 0, 0}.rows(t, data, func(int) bool { return true })
	if !bytes.Contains(data, []byte(hidden)) || bytes.Contains(out, []byte(hidden)) {
		t.Error("what stood behind the values of a page stands in the copy")
	}
	if got := column(t, out, "value"); len(got) != rows || got[rows-1] != "4999" {
		t.Errorf("%d rows were copied", len(got))
	}
}
