package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go/format"
)

// targetPage is the size at which a page of an output ends.
const targetPage = 1 << 20

// maxPageBytes bounds a page: its sizes are numbers of 32 bits.
const maxPageBytes = 1<<31 - 1 - 1<<16

// The fields of PageHeader that tell what a page is, as parquet.thrift numbers them.
const (
	fieldDataPage       = 5
	fieldDictionaryPage = 7
	fieldDataPageV2     = 8
)

// outChunk is one column of one row group of an output: its pages, and what the footer says of them, with offsets
// from the begin of the first page. A draft has neither.
type outChunk struct {
	pages [][]byte
	meta  format.ColumnMetaData
	draft *draft
}

// segment is a page that has its rows. One of indexes waits for the dictionary, the others are encoded.
type segment struct {
	rows, count, nulls int // of count values
	encoding           format.Encoding
	levels             [2][]byte // repetition and definition, encoded
	values             int       // where its indexes end
	page               []byte
}

// chunkEncoder makes the pages of a column chunk of what is added to it.
type chunkEncoder struct {
	column     *outColumn
	dictionary dictionary
	segment              // the page that is being filled
	valid      bitset    // its definition levels, where the greatest is 1 and nothing repeats; none while all are 1
	level      [2][]byte // its levels elsewhere, one a byte: repetition and definition
	bits       bitset    // its booleans
	plain      []byte    // its other values, as PLAIN has them
	indexes    []uint32  // of all pages, into the dictionary
	numbers    []uint32
	body       []byte // of a page that is being made
	packed     []byte // the same, compressed
	done       []segment
	chunk      *outChunk
	origin     *page // the page of the source that is all of the page, in the same codec; nil where there is none such
}

// start makes the encoder ready for another chunk, or for the draft of one. Its memory stays.
func (e *chunkEncoder) start(c *outColumn, isDraft bool) {
	e.column, e.chunk = c, new(outChunk)
	if isDraft {
		e.chunk.draft = new(draft)
	}
	e.indexes, e.done, e.dictionary.count = e.indexes[:0], e.done[:0], 0
	e.clear()
}

// clear begins a page.
func (e *chunkEncoder) clear() {
	e.segment = segment{encoding: e.encoding}
	e.valid.reset()
	e.bits.reset()
	e.level[0], e.level[1], e.plain = e.level[0][:0], e.level[1][:0], e.plain[:0]
}

// isIndexed reports whether the values of an encoding are indexes of a dictionary.
func isIndexed(e format.Encoding) bool { return e == plainDictionary || e == format.RLEDictionary }

// begin makes the encoder ready for values of the encoding. A page ends when it is full or its encoding is another;
// but not in the middle of a row: then the page becomes one of plain values, which any others can follow.
func (e *chunkEncoder) begin(encoding format.Encoding, inRow bool) error {
	if isIndexed(encoding) && e.column.width < 0 {
		encoding = format.Plain // no reader expects booleans in a dictionary
	}
	switch {
	case e.count == 0:
	case !inRow && (e.encoding != encoding || e.size() >= targetPage):
		if err := e.flush(); err != nil {
			return err
		}
	case e.encoding != encoding:
		encoding = format.Plain
		if err := e.expand(); err != nil {
			return err
		}
	}
	e.encoding = encoding
	return nil
}

// addValid adds rows that have a value each to the levels of the page.
func (e *chunkEncoder) addValid(rows int) {
	if e.valid.n > 0 {
		e.valid.addOnes(rows)
	}
}

// size returns about how many bytes the page has.
func (e *chunkEncoder) size() int {
	return len(e.plain) + e.bits.n/8 + 4*(len(e.indexes)-e.before()) + len(e.level[0])/4
}

// before returns where the indexes of the page begin.
func (e *chunkEncoder) before() int {
	if len(e.done) == 0 {
		return 0
	}
	return e.done[len(e.done)-1].values
}

// expand puts the values in the place of the indexes of the page.
func (e *chunkEncoder) expand() error {
	from := e.before()
	for _, index := range e.indexes[from:] {
		if e.plain = append(e.plain, e.dictionary.entry(index)...); len(e.plain) > maxExpanded {
			return errors.New("a row that two pages share is too large")
		}
	}
	e.indexes = e.indexes[:from]
	return nil
}

// flush ends the page.
func (e *chunkEncoder) flush() error {
	if e.count == 0 {
		return nil
	}
	if e.chunk.draft != nil {
		e.chunk.draft.flush(e)
		e.clear()
		return nil
	}
	s := e.segment
	s.values = len(e.indexes)
	s.levels = e.encodeLevels()
	if !isIndexed(s.encoding) {
		values, err := e.encodeValues()
		if err == nil {
			s.page, err = e.dataPage(&s, values)
		}
		if err != nil {
			return err
		}
	}
	e.done = append(e.done, s)
	e.clear()
	return nil
}

// encodeLevels encodes the levels of the page.
func (e *chunkEncoder) encodeLevels() (levels [2][]byte) {
	c := e.column
	if c.repetition > 0 {
		levels[0] = appendRuns([]byte{}, e.level[0], bits.Len(uint(c.repetition)))
	}
	switch {
	case c.definition == 0:
	case c.nested():
		levels[1] = appendRuns([]byte{}, e.level[1], bits.Len(uint(c.definition)))
	case e.nulls == 0 || e.nulls == e.count:
		levels[1] = appendRepeated(nil, min(1, uint32(e.count-e.nulls)), e.count, 1)
	default:
		packed := e.valid.bytes()
		levels[1] = append(binary.AppendUvarint(nil, uint64(len(packed))<<1|1), packed...)
	}
	return levels
}

// finish returns the chunk: the dictionary, of the used entries alone, and the pages.
func (e *chunkEncoder) finish() (*outChunk, error) {
	if err := e.flush(); err != nil {
		return nil, err
	}
	if e.chunk.draft != nil {
		e.chunk.draft.finish(e)
		return e.chunk, nil
	}
	kept, err := e.writeDictionary()
	if err != nil {
		return nil, err
	}
	m := &e.chunk.meta
	m.Type, m.PathInSchema, m.Codec = e.column.kind, e.column.path, e.column.codec.kind
	if e.column.repetition+e.column.definition > 0 {
		e.uses(format.RLE)
	}
	m.DataPageOffset = e.chunk.size()
	from := 0
	for i := range e.done {
		s := &e.done[i]
		if isIndexed(s.encoding) {
			indexes := e.indexes[from:s.values]
			renumber(indexes, e.numbers)
			if s.page, err = e.dataPage(s, appendIndexes(nil, indexes, kept)); err != nil {
				return nil, err
			}
		}
		from = s.values
		e.chunk.pages = append(e.chunk.pages, s.page)
		m.NumValues += int64(s.count)
		m.Statistics.NullCount += int64(s.nulls)
		e.uses(s.encoding)
		*s = segment{}
	}
	m.TotalCompressedSize = e.chunk.size()
	return e.chunk, nil
}

// size returns how many bytes the pages of the chunk take.
func (c *outChunk) size() (n int64) {
	for _, page := range c.pages {
		n += int64(len(page))
	}
	return n
}

// uses notes an encoding in the metadata.
func (e *chunkEncoder) uses(encoding format.Encoding) {
	if m := &e.chunk.meta; !slices.Contains(m.Encoding, encoding) {
		m.Encoding = append(m.Encoding, encoding)
	}
}

// writeDictionary writes the dictionary when a page needs one, and returns how many entries it has.
func (e *chunkEncoder) writeDictionary() (kept int, err error) {
	i := slices.IndexFunc(e.done, func(s segment) bool { return isIndexed(s.encoding) })
	if i < 0 {
		return 0, nil
	}
	encoding := e.done[i].encoding // the old name is used of both pages, or of none
	if encoding == format.RLEDictionary {
		encoding = format.Plain
	}
	var values []byte
	values, kept, e.numbers = e.dictionary.prune(e.numbers)
	var head structWriter
	head.number(1, int64(kept))
	head.number(2, int64(encoding))
	e.uses(encoding)
	page, err := e.page(pageHead{format.DictionaryPage, fieldDictionaryPage, head.stop()}, nil, values)
	e.chunk.pages = append(e.chunk.pages, page)
	return kept, err
}

// dataPage returns a data page of the encoded values.
func (e *chunkEncoder) dataPage(s *segment, values []byte) ([]byte, error) {
	var head structWriter
	head.number(1, int64(s.count))
	if e.column.version == 2 {
		head.number(2, int64(s.nulls))
		head.number(3, int64(s.rows))
		head.number(4, int64(s.encoding))
		head.number(5, int64(len(s.levels[1])))
		head.number(6, int64(len(s.levels[0])))
		return e.page(pageHead{format.DataPageV2, fieldDataPageV2, head.stop()}, slices.Concat(s.levels[:]...), values)
	}
	head.number(2, int64(s.encoding))
	head.number(3, int64(format.RLE))
	head.number(4, int64(format.RLE))
	body := values
	if e.column.repetition+e.column.definition > 0 {
		body = e.body[:0]
		for _, levels := range s.levels {
			if levels != nil {
				body = append(binary.LittleEndian.AppendUint32(body, uint32(len(levels))), levels...)
			}
		}
		body = append(body, values...)
		e.body = body
	}
	return e.page(pageHead{format.DataPage, fieldDataPage, head.stop()}, nil, body)
}

// pageHead is what the header of a page says beside the sizes: of which type it is, and in the field of that type what.
type pageHead struct {
	kind  format.PageType
	field int
	inner []byte
}

// page returns a page with its header. Levels go before the body as they are, the body is compressed.
func (e *chunkEncoder) page(h pageHead, levels, body []byte) ([]byte, error) {
	if len(levels)+len(body) > maxPageBytes {
		return nil, fmt.Errorf("encode Parquet: a page of %d bytes is too large", len(levels)+len(body))
	}
	packed, err := e.pack(body)
	if err != nil {
		return nil, fmt.Errorf("encode Parquet: %w", err)
	}
	if len(levels)+len(packed) > maxPageBytes {
		return nil, fmt.Errorf("encode Parquet: a page of %d bytes is too large", len(levels)+len(packed))
	}
	sum := crc32.Update(crc32.ChecksumIEEE(levels), crc32.IEEETable, packed)
	var head structWriter
	head.number(1, int64(h.kind))
	head.number(2, int64(len(levels)+len(body)))
	head.number(3, int64(len(levels)+len(packed)))
	head.number(4, int64(int32(sum)))
	head.field(h.field, kindStruct, h.inner)
	header := head.stop()
	e.chunk.meta.TotalUncompressedSize += int64(len(header) + len(levels) + len(body))
	return slices.Concat(header, levels, packed), nil
}

// pack compresses the body of a page.
func (e *chunkEncoder) pack(body []byte) (packed []byte, err error) {
	if e.origin != nil && e.origin.packed != nil && bytes.Equal(body, e.origin.body) {
		return e.origin.packed, nil
	}
	if packed, err = e.column.codec.encode(e.packed[:0], body); err == nil {
		e.packed = packed
	}
	return packed, err
}
