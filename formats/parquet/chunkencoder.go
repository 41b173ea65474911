package parquet

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"

	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/format"
)

const kindInt32 = 5

// outChunk is one column of one row group of an output: its pages, and what the footer says of them, with offsets
// from the begin of the pages.
type outChunk struct {
	pages []byte
	meta  format.ColumnMetaData
}

// segment is a page of indexes that waits for the dictionary.
type segment struct {
	levels   []byte
	rows     int
	nulls    int
	encoding format.Encoding
	values   []byte
	indexes  []uint32
}

// chunkEncoder makes the pages of a chunk of gathered values.
type chunkEncoder struct {
	leaf    *leaf
	codec   compress.Codec
	version int
	width   int
	entries [][]byte
	used    []bool
	segment // the page that is being filled
	bits    int
	open    bool
	done    []segment
	chunk   outChunk
}

// level adds the definition level of a row.
func (e *chunkEncoder) level(valid bool) {
	if e.rows&7 == 0 {
		e.levels = append(e.levels, 0)
	}
	if valid {
		e.levels[e.rows>>3] |= 1 << (e.rows & 7)
	} else {
		e.nulls++
	}
	e.rows++
}

// bit adds a boolean.
func (e *chunkEncoder) bit(set bool) {
	if e.bits&7 == 0 {
		e.values = append(e.values, 0)
	}
	if set {
		e.values[e.bits>>3] |= 1 << (e.bits & 7)
	}
	e.bits++
}

// begin goes on with the page, or begins another when the encoding changes.
func (e *chunkEncoder) begin(encoding format.Encoding) error {
	if e.rows > 0 && e.encoding != encoding {
		if err := e.flush(); err != nil {
			return err
		}
	}
	e.encoding = encoding
	return nil
}

// end ends the page when it is full.
func (e *chunkEncoder) end() error {
	if len(e.values)+4*len(e.indexes) >= targetPage || e.rows >= targetPage {
		return e.flush()
	}
	return nil
}

// flush ends the page.
func (e *chunkEncoder) flush() error {
	if e.rows > 0 {
		e.done = append(e.done, e.segment)
	}
	e.segment, e.bits = segment{encoding: e.encoding}, 0
	return nil
}

// finish writes the dictionary, of the used entries alone, and the pages.
func (e *chunkEncoder) finish() (*outChunk, error) {
	if err := e.flush(); err != nil {
		return nil, err
	}
	m := &e.chunk.meta
	m.Type, m.PathInSchema, m.Codec = e.leaf.schema.Type.V, e.leaf.Path(), e.codec.CompressionCodec()
	numbers, kept, err := e.prune()
	if err != nil {
		return nil, err
	}
	if e.leaf.MaxDefinitionLevel() > 0 {
		m.Encoding = append(m.Encoding, format.RLE)
	}
	m.DataPageOffset = int64(len(e.chunk.pages))
	for i := range e.done {
		s := &e.done[i]
		if s.encoding != format.Plain {
			s.values = packIndexes(s.indexes, numbers, kept)
			s.indexes = nil
		}
		if err := e.data(s); err != nil {
			return nil, err
		}
		m.NumValues += int64(s.rows)
		m.Statistics.NullCount += int64(s.nulls)
		e.count(format.DataPage, s.encoding)
		*s = segment{}
	}
	m.TotalCompressedSize = int64(len(e.chunk.pages))
	return &e.chunk, nil
}

// prune writes the dictionary and returns the new number of each old entry, and how many there are.
func (e *chunkEncoder) prune() (numbers []uint32, kept int, err error) {
	numbers = make([]uint32, len(e.entries))
	var body []byte
	for i, entry := range e.entries {
		if e.used[i] {
			numbers[i] = uint32(kept)
			kept++
			body = append(body, entry...)
		}
	}
	encoding := format.Encoding(-1)
	for i := range e.done {
		if e.done[i].encoding != format.Plain {
			encoding = e.done[i].encoding
		}
	}
	if encoding < 0 {
		return numbers, kept, nil
	}
	if encoding == format.RLEDictionary {
		encoding = format.Plain
	}
	var head structWriter
	head.number(1, int64(kept))
	head.number(2, int64(encoding))
	e.count(format.DictionaryPage, encoding)
	return numbers, kept, e.page(format.DictionaryPage, nil, body, head.stop())
}

// count notes an encoding in the metadata.
func (e *chunkEncoder) count(_ format.PageType, encoding format.Encoding) {
	m := &e.chunk.meta
	for _, other := range m.Encoding {
		if other == encoding {
			return
		}
	}
	m.Encoding = append(m.Encoding, encoding)
}

// data writes a data page.
func (e *chunkEncoder) data(s *segment) error {
	var levels []byte
	if e.leaf.MaxDefinitionLevel() > 0 {
		if s.nulls == 0 {
			levels = append(binary.AppendUvarint(nil, uint64(s.rows)<<1), 1)
		} else {
			levels = append(binary.AppendUvarint(nil, uint64(len(s.levels))<<1|1), s.levels...)
		}
	}
	var head structWriter
	head.number(1, int64(s.rows))
	if e.version == 2 {
		head.number(2, int64(s.nulls))
		head.number(3, int64(s.rows))
		head.number(4, int64(s.encoding))
		head.number(5, int64(len(levels)))
		head.number(6, 0)
		return e.page(format.DataPageV2, levels, s.values, head.stop())
	}
	head.number(2, int64(s.encoding))
	head.number(3, int64(format.RLE))
	head.number(4, int64(format.RLE))
	body := s.values
	if levels != nil {
		body = binary.LittleEndian.AppendUint32(make([]byte, 0, len(levels)+len(body)+4), uint32(len(levels)))
		body = append(append(body, levels...), s.values...)
	}
	return e.page(format.DataPage, nil, body, head.stop())
}

// page compresses a page and writes it; levels go before it as they are.
func (e *chunkEncoder) page(kind format.PageType, levels, body, inner []byte) error {
	packed := body
	if e.codec.CompressionCodec() != format.Uncompressed {
		var err error
		if packed, err = e.codec.Encode(nil, body); err != nil {
			return fmt.Errorf("encode Parquet: %w", err)
		}
	}
	if len(body) > maxPageBytes || len(packed) > maxPageBytes {
		return fmt.Errorf("encode Parquet: a page of %d bytes is too large", len(body))
	}
	sum := crc32.Update(crc32.ChecksumIEEE(levels), crc32.IEEETable, packed)
	id := map[format.PageType]int{format.DataPage: fieldDataPage, format.DictionaryPage: 7, format.DataPageV2: fieldDataPageV2}[kind]
	var head structWriter
	head.number(1, int64(kind))
	head.number(2, int64(len(levels)+len(body)))
	head.number(3, int64(len(levels)+len(packed)))
	head.number(4, int64(int32(sum)))
	head.field(id, kindStruct, inner)
	header := head.stop()
	e.chunk.pages = append(append(append(e.chunk.pages, header...), levels...), packed...)
	e.chunk.meta.TotalUncompressedSize += int64(len(header) + len(levels) + len(body))
	return nil
}

// maxPageBytes bounds a page: its sizes are numbers of 32 bits.
const maxPageBytes = 1<<31 - 1 - 1<<16

// number appends a number of 32 bits.
func (w *structWriter) number(id int, n int64) {
	w.field(id, kindInt32, binary.AppendVarint(nil, n))
}

// packIndexes encodes the new numbers of entries, of which there are so many.
func packIndexes(indexes, numbers []uint32, kept int) []byte {
	width := 0
	if kept > 1 {
		width = bits.Len(uint(kept - 1))
	}
	b := []byte{byte(width)}
	if len(indexes) == 0 {
		return b
	}
	if width == 0 {
		return binary.AppendUvarint(b, uint64(len(indexes))<<1)
	}
	groups := (len(indexes) + 7) / 8
	b = binary.AppendUvarint(b, uint64(groups)<<1|1)
	start := len(b)
	b = append(b, make([]byte, groups*width)...)
	at, word, have := start, uint64(0), 0
	for _, index := range indexes {
		word |= uint64(numbers[index]) << have
		for have += width; have >= 8; have -= 8 {
			b[at] = byte(word)
			word >>= 8
			at++
		}
	}
	if have > 0 {
		b[at] = byte(word)
	}
	return b
}

// unpackIndex returns the number of width bits, 32 at most, that begins at the given bit.
func unpackIndex(b []byte, bit, width int) uint32 {
	at := bit >> 3
	if len(b)-at >= 8 {
		return uint32(binary.LittleEndian.Uint64(b[at:]) >> (bit & 7) & (1<<width - 1))
	}
	return uint32(unpack(b, bit, width))
}
