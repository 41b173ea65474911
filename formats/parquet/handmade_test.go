package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"cpm/formats/fault"
)

// handmade is a file of one column whose pages were made by hand.
type handmade struct {
	node    pq.Node
	version int
	rows    int
	chunk   *outChunk
}

// bytes returns the file: one that the library wrote, with other pages.
func (h handmade) bytes(t *testing.T) []byte {
	t.Helper()
	var empty bytes.Buffer
	w := pq.NewGenericWriter[any](&empty, pq.NewSchema("hand", pq.Group{"value": h.node}), pq.DataPageVersion(h.version))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	pages := append([]byte(magic), slices.Concat(h.chunk.pages...)...)
	framed := append(pages, footerBytes(empty.Bytes())...)
	framed = binary.LittleEndian.AppendUint32(framed, uint32(len(footerBytes(empty.Bytes()))))
	return lying(t, append(framed, magic...), func(m *format.FileMetaData) {
		meta := h.chunk.meta
		meta.DataPageOffset += int64(len(magic))
		if meta.DataPageOffset > int64(len(magic)) {
			meta.DictionaryPageOffset = int64(len(magic))
		}
		m.NumRows = int64(h.rows)
		m.RowGroups = []format.RowGroup{{NumRows: m.NumRows, Columns: []format.ColumnChunk{{MetaData: meta}}}}
	})
}

func TestRunsOfBooleansAreReadAsTheFormatHasThem(t *testing.T) {
	for version := 1; version <= 2; version++ {
		for what, truth := range map[string]byte{"1, as the format says": 1, "255, as parquet-go writes": 255} {
			// Twenty of true, three of false, and eight that are packed.
			runs := []byte{20 << 1, truth, 3 << 1, 0, 1<<1 | 1, 0b10110001}
			values := append(binary.LittleEndian.AppendUint32(nil, uint32(len(runs))), runs...)
			e := new(chunkEncoder)
			e.start(&outColumn{kind: format.Boolean, path: []string{"value"}, width: -1, codec: newCodec(format.Snappy), version: version}, false)
			e.count, e.rows, e.encoding = 31, 31, format.RLE
			page, err := e.dataPage(&e.segment, values)
			if err != nil {
				t.Fatal(err)
			}
			e.done = append(e.done, segment{count: 31, rows: 31, encoding: format.RLE, page: page})
			e.clear()
			chunk, err := e.finish()
			if err != nil {
				t.Fatal(err)
			}
			data := handmade{pq.Leaf(pq.BooleanType), version, 31, chunk}.bytes(t)
			var want []string
			for i := range 31 {
				text := "false"
				if i < 20 || i >= 23 && 0b10110001>>(i-23)&1 != 0 {
					text = "true"
				}
				want = append(want, text)
			}
			if got := column(t, data, "value"); !slices.Equal(got, want) {
				t.Errorf("version %d, %s: read %v, want %v", version, what, got, want)
			}
			out := copyRows(t, data, "", func(row int) bool { return row%2 == 0 })
			var half []string
			for i := 0; i < len(want); i += 2 {
				half = append(half, want[i])
			}
			if got := column(t, out, "value"); !slices.Equal(got, half) {
				t.Errorf("version %d, %s: copied %v, want %v", version, what, got, half)
			}
		}
	}
}

// TestRowsThatPagesAreCutThroughComeBackWhole lets pages of version 1 begin anywhere in a row, each in another encoding,
// as old writers did.
func TestRowsThatPagesAreCutThroughComeBackWhole(t *testing.T) {
	const rows = 400
	shape := pq.Repeated(pq.Leaf(pq.ByteArrayType))
	w := &world{columns: []worldColumn{{shapes()["repeated"], pq.ByteArray, 9}}}
	for seed := range uint64(20) {
		w.random = newRandom(seed)
		e := new(chunkEncoder)
		e.start(&outColumn{
			kind: format.ByteArray, path: []string{"value"}, codec: newCodec(format.Zstd), version: 1, repetition: 1, definition: 1,
		}, false)
		var words []byte
		for n := range uint64(9) {
			words = append(words, plainText(pq.ByteArrayValue([]byte{'a' + byte(n)}))...)
		}
		if err := e.dictionary.read(&page{values: words, count: 9}, 0); err != nil {
			t.Fatal(err)
		}
		want := make([][]pq.Value, rows)
		encodings := []format.Encoding{format.RLEDictionary, format.Plain, format.DeltaLengthByteArray, format.DeltaByteArray}
		e.encoding = encodings[0]
		for row := range rows {
			for i := range w.values(nil, 0, w.columns[0].shape, worldLevel{}) {
				if e.count > 0 && w.random.IntN(6) == 0 {
					if err := e.flush(); err != nil {
						t.Fatal(err)
					}
					e.encoding = encodings[w.random.IntN(len(encodings))]
				}
				v := addText(e, i, w.random.IntN(9), w.random.IntN(8) == 0 && i == 0)
				want[row] = append(want[row], v)
				if v.IsNull() {
					break
				}
			}
		}
		chunk, err := e.finish()
		if err != nil {
			t.Fatal(err)
		}
		data := handmade{shape, 1, rows, chunk}.bytes(t)
		w.codec = &pq.Zstd
		for name, keep := range selections(w.random, rows) {
			var kept []pq.Value
			for row := range want {
				if keep(row) {
					kept = append(kept, want[row]...)
				}
			}
			out := copying{"", w.random.IntN(2) * draftRows, fullRows}.rows(t, data, keep)
			w.compare(t, name, columnsOf(t, out), [][]pq.Value{kept})
			rowsBeginPages(t, out)
			w.compare(t, name+", by the library", libraryColumnsOf(t, out), [][]pq.Value{kept})
		}
	}
}

// rowsBeginPages fails the test when a page begins in the middle of a row: pages of version 2 must not, and a page index
// could not tell the rows of one that does.
func rowsBeginPages(t *testing.T, data []byte) {
	t.Helper()
	f, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	for group := range f.Groups() {
		s := f.readPages(group, f.leaves[0])
		for {
			kind, err := s.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if kind != dataPage {
				continue
			}
			levels, err := readLevels(nil, s.current.repetition, 1, s.current.count)
			if err != nil || levels[0] != 0 {
				t.Fatalf("a page begins in a row, %v", err)
			}
		}
		s.close()
	}
}

// addText adds the i-th value of a row to a page: a letter, or a null, which is the only one of its row.
func addText(e *chunkEncoder, i, letter int, null bool) pq.Value {
	e.count++
	e.level[0] = append(e.level[0], byte(min(i, 1)))
	if i == 0 {
		e.rows++
	}
	if null {
		e.nulls++
		e.level[1] = append(e.level[1], 0)
		return pq.NullValue().Level(0, 0, 0)
	}
	e.level[1] = append(e.level[1], 1)
	v := pq.ByteArrayValue([]byte{'a' + byte(letter)})
	if isIndexed(e.encoding) {
		e.dictionary.used[letter] = true
		e.indexes = append(e.indexes, uint32(letter))
	} else {
		e.plain = append(e.plain, plainText(v)...)
	}
	return v.Level(min(i, 1), 1, 0)
}

func plainText(v pq.Value) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(v.ByteArray()))), v.ByteArray()...)
}

func TestARowThatTwoPagesShareIsNotExpandedWithoutEnd(t *testing.T) {
	const entry, many = 1 << 20, 1 << 20
	e := new(chunkEncoder)
	e.start(&outColumn{
		kind: format.ByteArray, path: []string{"value"}, codec: newCodec(format.Snappy), version: 1, repetition: 1, definition: 1,
	}, false)
	long := binary.LittleEndian.AppendUint32(nil, entry)
	if err := e.dictionary.read(&page{values: append(long, make([]byte, entry)...), count: 1}, 0); err != nil {
		t.Fatal(err)
	}
	e.encoding = format.RLEDictionary
	for range many { // a million times the one entry, in a few bytes
		e.dictionary.used[0] = true
		e.indexes = append(e.indexes, 0)
		e.level[0], e.level[1] = append(e.level[0], byte(min(e.count, 1))), append(e.level[1], 1)
		e.count++
	}
	e.rows = 1
	if err := e.flush(); err != nil {
		t.Fatal(err)
	}
	e.encoding = format.Plain
	addText(e, 1, 0, false)
	chunk, err := e.finish()
	if err != nil {
		t.Fatal(err)
	}
	f, err := openBytes(handmade{pq.Repeated(pq.Leaf(pq.ByteArrayType)), 1, 1, chunk}.bytes(t))
	if err != nil {
		t.Fatal(err)
	}
	w, err := f.NewWriter(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Encode(0, Selection{Keep: []uint64{1}}); fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), "too large") {
		t.Errorf("%v", err)
	}
}
