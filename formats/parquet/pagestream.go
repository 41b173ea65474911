package parquet

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// headerRoom is read for a page header at first: few take more, for they hold long statistics. maxHeader is read at
// most.
const (
	headerRoom = 4 << 10
	maxHeader  = 16 << 20
)

// pageKind is what a page stream came upon.
type pageKind int

const (
	dataPage pageKind = iota + 1
	dictionaryPage
	skippedPage // a data page that nobody wanted
)

// page is one page, decompressed: its levels and its values.
type page struct {
	header     *format.PageHeader
	encoding   format.Encoding
	count      int    // values, nulls among them
	nulls      int    // as the page itself counts them; -1 when it does not
	repetition []byte // in hybrid runs; nil in a column without repetition
	definition []byte // in hybrid runs; nil in a column without nulls
	values     []byte // there are slack bytes of memory behind them
	body       []byte // what of it was compressed
	packed     []byte // the same as it stands in the file, valid until the next page; nil when it is not known
}

// pageStream reads the pages of one column chunk, once, from its begin to its end. What it gives is decompressed to
// exactly the size that it claims, but has not been looked into.
type pageStream struct {
	file       *File
	leaf       *leaf
	codec      format.CompressionCodec
	values     int64 // that are still to come, as the footer counts them
	first      bool  // no page was read
	dictionary page  // valid until close
	current    page  // the data page that was read last, valid until the next
	unwanted   func(rows int) bool
	again      []readPage // what is still to come of pages that were read before, in the place of all of the above
	*pageMemory
}

// pageMemory is the memory of the pages of one chunk; the file lends it.
type pageMemory struct {
	window   window
	inflater inflater
	body     []byte // of the current page
	distinct []byte // of the dictionary
}

// readPages returns the pages of a column of a row group. It must be closed.
func (f *File) readPages(group int, l *leaf) *pageStream {
	m := &f.groups()[group].Columns[l.index].MetaData
	memory, _ := f.pages.Get().(*pageMemory)
	if memory == nil {
		memory = new(pageMemory)
	}
	start := chunkStart(m)
	memory.window = window{source: f.source, at: start, end: start + m.TotalCompressedSize, memory: memory.window.memory}
	return &pageStream{file: f, leaf: l, codec: m.Codec, values: m.NumValues, first: true, pageMemory: memory}
}

// readAgain returns the pages of a column that was read as texts.
func (f *File) readAgain(v *Values) *pageStream {
	return &pageStream{file: f, leaf: f.leaves[v.column], again: v.pages}
}

// close gives the memory back.
func (s *pageStream) close() {
	if s.pageMemory == nil {
		return
	}
	s.file.pages.Put(s.pageMemory)
	s.pageMemory = nil
}

// next reads a page. It returns io.EOF behind the last, when that is where the footer lets the chunk end.
func (s *pageStream) next() (pageKind, error) {
	if s.pageMemory == nil {
		return s.nextAgain()
	}
	if s.window.left() <= 0 {
		if s.values != 0 {
			return 0, fmt.Errorf("the footer counts %d values that the pages do not hold", s.values)
		}
		return 0, io.EOF
	}
	h, err := readHeader(&s.window)
	if err != nil {
		return 0, err
	}
	packed, err := s.readPacked(h)
	if err != nil {
		return 0, err
	}
	first := s.first
	s.first = false
	switch {
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid && first:
		return dictionaryPage, s.readDictionary(h, packed)
	case h.Type == format.DictionaryPage:
		return 0, errDictionary
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		return s.readData(h, packed)
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		return s.readDataV2(h, packed)
	}
	return 0, fmt.Errorf("a page of unknown type %d", int32(h.Type))
}

// nextAgain is next for pages that were read before.
func (s *pageStream) nextAgain() (pageKind, error) {
	if len(s.again) == 0 {
		return 0, io.EOF
	}
	p := s.again[0]
	s.again = s.again[1:]
	if p.kind == dictionaryPage {
		s.dictionary = p.page
		return dictionaryPage, nil
	}
	s.current = p.page
	if s.unwanted != nil && s.unwanted(p.page.count) {
		return skippedPage, nil
	}
	return dataPage, nil
}

// readHeader reads a page header.
func readHeader(w *window) (*format.PageHeader, error) {
	for room := headerRoom; ; room *= 16 {
		b, err := w.peek(room)
		if err != nil {
			return nil, err
		}
		length, err := walkStruct(b, 0, 0, nil)
		if err != nil {
			if int64(len(b)) < w.left() && room < maxHeader {
				continue
			}
			return nil, err
		}
		h := new(format.PageHeader)
		if err := thrift.Unmarshal(new(thrift.CompactProtocol), b[:length], h); err != nil {
			return nil, err
		}
		_, err = w.take(length)
		return h, err
	}
}

// readPacked reads the bytes of a page as they stand in the file, behind its header.
func (s *pageStream) readPacked(h *format.PageHeader) ([]byte, error) {
	if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 || int64(h.CompressedPageSize) > s.window.left() {
		return nil, errors.New("a page lies outside its column")
	}
	packed, err := s.window.take(int(h.CompressedPageSize))
	if err == nil && h.CRC != 0 && uint32(h.CRC) != crc32.ChecksumIEEE(packed) {
		err = errors.New("the checksum of a page is wrong")
	}
	return packed, err
}

// readDictionary reads the page of the distinct values, which stands first.
func (s *pageStream) readDictionary(h *format.PageHeader, packed []byte) error {
	v := &h.DictionaryPageHeader.V
	if v.NumValues < 0 || v.NumValues > maxPageValues || v.Encoding != format.Plain && v.Encoding != plainDictionary {
		return errDictionary
	}
	body, err := s.inflater.inflate(s.distinct[:0], s.codec, packed, int(h.UncompressedPageSize))
	if err != nil {
		return err
	}
	s.distinct = body
	s.dictionary = page{header: h, encoding: v.Encoding, count: int(v.NumValues), values: body}
	return nil
}

// readData reads a data page of version 1: levels and values are compressed together, the levels tell their length.
func (s *pageStream) readData(h *format.PageHeader, packed []byte) (pageKind, error) {
	v := &h.DataPageHeader.V
	if err := s.count(v.NumValues); err != nil {
		return 0, err
	}
	if s.unwanted != nil && s.unwanted(int(v.NumValues)) {
		s.current = page{count: int(v.NumValues)}
		return skippedPage, nil
	}
	body, err := s.inflater.inflate(s.body[:0], s.codec, packed, int(h.UncompressedPageSize))
	if err != nil {
		return 0, err
	}
	s.body = body
	p := page{header: h, encoding: v.Encoding, count: int(v.NumValues), nulls: -1, values: body, body: body, packed: packed}
	if s.leaf.MaxRepetitionLevel() > 0 {
		if p.repetition, p.values, err = cutLevels(p.values, v.RepetitionLevelEncoding); err != nil {
			return 0, err
		}
	}
	if s.leaf.MaxDefinitionLevel() > 0 {
		if p.definition, p.values, err = cutLevels(p.values, v.DefinitionLevelEncoding); err != nil {
			return 0, err
		}
	}
	s.current = p
	return dataPage, nil
}

// cutLevels cuts the levels off the begin of a page of version 1.
func cutLevels(b []byte, e format.Encoding) (levels, rest []byte, err error) {
	if e != format.RLE {
		return nil, nil, errors.New("the levels are encoded in the deprecated form BIT_PACKED")
	}
	if len(b) < 4 {
		return nil, nil, errShort
	}
	n := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24
	if n > uint64(len(b)-4) {
		return nil, nil, errShort
	}
	return b[4 : 4+n], b[4+n:], nil
}

// readDataV2 reads a data page of version 2: the levels stand before the values, not compressed.
func (s *pageStream) readDataV2(h *format.PageHeader, packed []byte) (pageKind, error) {
	v := &h.DataPageHeaderV2.V
	if err := s.count(v.NumValues); err != nil {
		return 0, err
	}
	if err := s.checkV2(h); err != nil {
		return 0, err
	}
	if s.unwanted != nil && s.unwanted(int(v.NumValues)) {
		s.current = page{count: int(v.NumValues)}
		return skippedPage, nil
	}
	repetition, definition := v.RepetitionLevelsByteLength, v.DefinitionLevelsByteLength
	codec, levels := s.codec, repetition+definition
	s.body = append(s.body[:0], packed[:levels]...)
	packed = packed[levels:]
	if v.IsCompressed.Valid && !v.IsCompressed.V {
		codec = format.Uncompressed
	}
	body, err := s.inflater.inflate(s.body, codec, packed, int(h.UncompressedPageSize-levels))
	if err != nil {
		return 0, err
	}
	s.body = body
	s.current = page{
		header: h, encoding: v.Encoding, count: int(v.NumValues), nulls: int(v.NumNulls),
		repetition: body[:repetition], definition: body[repetition:levels], values: body[levels:], body: body[levels:],
	}
	if codec == s.codec {
		s.current.packed = packed
	}
	return dataPage, nil
}

// checkV2 checks what the header of a data page of version 2 says of it.
func (s *pageStream) checkV2(h *format.PageHeader) error {
	v := &h.DataPageHeaderV2.V
	repetition, definition := int64(v.RepetitionLevelsByteLength), int64(v.DefinitionLevelsByteLength)
	if repetition < 0 || definition < 0 || repetition+definition > int64(min(h.CompressedPageSize, h.UncompressedPageSize)) {
		return errors.New("the levels of a page are longer than the page")
	}
	if v.NumRows < 0 || v.NumRows > v.NumValues || v.NumNulls < 0 || v.NumNulls > v.NumValues {
		return errCounts
	}
	if s.leaf.MaxRepetitionLevel() == 0 && v.NumRows != v.NumValues {
		return errCounts
	}
	return nil
}

// count counts the values of a data page down.
func (s *pageStream) count(n int32) error {
	if n < 0 || n > maxPageValues {
		return fmt.Errorf("a page has %d values", n)
	}
	if s.values -= int64(n); s.values < 0 {
		return errors.New("the pages hold more values than the footer counts")
	}
	return nil
}

// readPageHeader returns the header of the page that begins at the given place, and where its body does.
func (f *File) readPageHeader(at, end int64) (h *format.PageHeader, body int64, err error) {
	w := &window{source: f.source, at: at, end: min(end, at+maxHeader)}
	h, err = readHeader(w)
	return h, w.at - int64(len(w.held)), err
}
