package parquet

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// headerRoom is read for a page header at first: few take more, for they hold long statistics.
const headerRoom = 4 << 10

// rawChunk is one column chunk as the library gets to see it: its pages checked, decompressed, with headers that say
// so. It is read once, from its begin to its end.
type rawChunk struct {
	file    *File
	leaf    *leaf
	codec   format.CompressionCodec
	at, end int64 // what is left of the chunk in the file
	left    int64 // values that are still to come, as the footer counts them
	first   bool  // no page was read
	entries bool  // there is a dictionary
	served  int64 // bytes that the library has got
	err     error // what is wrong with the chunk; the library may wrap it beyond recognition

	unwanted func(rows int) bool // when set: whether a data page of so many values may stay packed
	skipped  bool                // the data page was not wanted
	current  page                // the data page that was read last
	distinct page                // the dictionary
	*rawPage
}

// rawPage is the memory of one page; the file lends it.
type rawPage struct {
	inflater inflater
	packed   []byte // as in the file
	page     []byte // header and body for the library
	pending  []byte // the end of page that the library has not got
}

// readChunk returns the pages of a column of a row group. It must be closed.
func (f *File) readChunk(group int, l *leaf) *rawChunk {
	m := &f.groups()[group].Columns[l.index].MetaData
	memory, _ := f.pages.Get().(*rawPage)
	if memory == nil {
		memory = new(rawPage)
	}
	memory.pending = nil
	start := chunkStart(m)
	return &rawChunk{
		file: f, leaf: l, codec: m.Codec, at: start, end: start + m.TotalCompressedSize, left: m.NumValues,
		first: true, rawPage: memory,
	}
}

// close gives the memory back.
func (c *rawChunk) close() {
	c.file.pages.Put(c.rawPage)
	c.rawPage = nil
}

// ended reports whether all was read, and was what the footer promised.
func (c *rawChunk) ended() bool { return c.at >= c.end && len(c.pending) == 0 && c.left == 0 }

// ReadAt gives the library the bytes that follow those it has got, up to the end of a page.
func (c *rawChunk) ReadAt(b []byte, at int64) (int, error) {
	if at != c.served {
		c.err = errors.New("a page is read out of order")
	}
	if len(c.pending) == 0 && c.err == nil {
		if c.at >= c.end {
			if c.left != 0 {
				c.err = fmt.Errorf("the footer counts %d values that the pages do not hold", c.left)
				return 0, c.err
			}
			return 0, io.EOF
		}
		c.err = c.next()
	}
	if c.err != nil {
		return 0, c.err
	}
	n := copy(b, c.pending)
	c.pending = c.pending[n:]
	c.served += int64(n)
	return n, nil
}

// next reads the next page of the file.
func (c *rawChunk) next() error {
	h, length, err := c.file.readPageHeader(c.at, c.end)
	if err != nil {
		return err
	}
	c.at += int64(length)
	if err := c.readPacked(h); err != nil {
		return err
	}
	switch {
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
		err = c.dictionary(h)
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		err = c.data(h)
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		err = c.dataV2(h)
	default:
		err = fmt.Errorf("a page of unknown type %d", int32(h.Type))
	}
	c.first = false
	return err
}

// readPacked reads the bytes of a page as they stand in the file, behind its header.
func (c *rawChunk) readPacked(h *format.PageHeader) error {
	if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 || int64(h.CompressedPageSize) > c.end-c.at {
		return errors.New("a page lies outside its column")
	}
	if cap(c.packed) < int(h.CompressedPageSize) {
		c.packed = make([]byte, h.CompressedPageSize)
	}
	c.packed = c.packed[:h.CompressedPageSize]
	if err := readAt(c.file.source, c.packed, c.at); err != nil {
		return err
	}
	c.at += int64(len(c.packed))
	if h.CRC != 0 && uint32(h.CRC) != crc32.ChecksumIEEE(c.packed) {
		return errors.New("the checksum of a page is wrong")
	}
	return nil
}

// put makes the page for the library: a header for size bytes, behind which the caller puts them.
func (c *rawChunk) put(h *format.PageHeader, size int) error {
	own := *h
	own.CRC = 0
	own.CompressedPageSize, own.UncompressedPageSize = int32(size), int32(size)
	own.DataPageHeader.V.Statistics, own.DataPageHeaderV2.V.Statistics = format.Statistics{}, format.Statistics{}
	if own.DataPageHeaderV2.Valid {
		own.DataPageHeaderV2.V.IsCompressed.Set(false)
	}
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &own)
	c.page = append(c.page[:0], b...)
	return err
}

// inflate puts the decompressed bytes behind the header and returns them.
func (c *rawChunk) inflate(codec format.CompressionCodec, packed []byte, size int32) ([]byte, error) {
	start := len(c.page)
	var err error
	if c.page, err = c.inflater.inflate(c.page, codec, packed, int(size)); err != nil {
		return nil, err
	}
	c.pending = c.page
	return c.page[start:], nil
}

// dictionary reads the page of the distinct values, which stands first.
func (c *rawChunk) dictionary(h *format.PageHeader) error {
	v := &h.DictionaryPageHeader.V
	if !c.first || v.NumValues < 0 || v.NumValues > maxPageValues || v.Encoding != format.Plain && v.Encoding != plainDictionary {
		return errors.New("the dictionary is malformed")
	}
	if err := c.put(h, int(h.UncompressedPageSize)); err != nil {
		return err
	}
	body, err := c.inflate(c.codec, c.packed, h.UncompressedPageSize)
	if err != nil {
		return err
	}
	c.entries = true
	c.distinct = page{encoding: v.Encoding, count: int(v.NumValues), values: body}
	if isNull(c.leaf.schema) {
		return nil
	}
	return verifyPlain(c.leaf.schema, body, int(v.NumValues))
}

// data reads a data page of version 1: levels and values are compressed together, the levels tell their length.
func (c *rawChunk) data(h *format.PageHeader) error {
	v := &h.DataPageHeader.V
	if err := c.count(v.NumValues); err != nil {
		return err
	}
	if c.skipped = c.unwanted != nil && c.unwanted(int(v.NumValues)); c.skipped {
		return nil
	}
	if err := c.put(h, int(h.UncompressedPageSize)); err != nil {
		return err
	}
	body, err := c.inflate(c.codec, c.packed, h.UncompressedPageSize)
	if err != nil {
		return err
	}
	p := page{encoding: v.Encoding, count: int(v.NumValues), values: body}
	if c.leaf.MaxRepetitionLevel() > 0 {
		if p.repetition, p.values, err = cutLevels(p.values, v.RepetitionLevelEncoding); err != nil {
			return err
		}
	}
	if c.leaf.MaxDefinitionLevel() > 0 {
		if p.definition, p.values, err = cutLevels(p.values, v.DefinitionLevelEncoding); err != nil {
			return err
		}
	}
	_, err = p.verify(c.leaf, c.entries)
	c.current = p
	return err
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

// dataV2 reads a data page of version 2: the levels stand before the values, not compressed.
func (c *rawChunk) dataV2(h *format.PageHeader) error {
	v := &h.DataPageHeaderV2.V
	if err := c.count(v.NumValues); err != nil {
		return err
	}
	repetition, definition := v.RepetitionLevelsByteLength, v.DefinitionLevelsByteLength
	if repetition < 0 || definition < 0 || int64(repetition)+int64(definition) > int64(min(h.CompressedPageSize, h.UncompressedPageSize)) {
		return errors.New("the levels of a page are longer than the page")
	}
	if v.NumRows < 0 || v.NumRows > v.NumValues || c.leaf.MaxRepetitionLevel() == 0 && v.NumRows != v.NumValues {
		return errCounts
	}
	if c.skipped = c.unwanted != nil && c.unwanted(int(v.NumValues)); c.skipped {
		return nil
	}
	codec, levels := c.codec, repetition+definition
	if v.IsCompressed.Valid && !v.IsCompressed.V {
		codec = format.Uncompressed
	}
	if err := c.put(h, int(h.UncompressedPageSize)); err != nil {
		return err
	}
	c.page = append(c.page, c.packed[:levels]...)
	values, err := c.inflate(codec, c.packed[levels:], h.UncompressedPageSize-levels)
	if err != nil {
		return err
	}
	p := page{
		encoding: v.Encoding, count: int(v.NumValues), values: values,
		repetition: c.packed[:repetition], definition: c.packed[repetition:levels],
	}
	present, err := p.verify(c.leaf, c.entries)
	c.current = p
	if err == nil && present != int(v.NumValues-v.NumNulls) {
		return errCounts
	}
	return err
}

// count counts the values of a data page down.
func (c *rawChunk) count(n int32) error {
	if n < 0 || n > maxPageValues {
		return fmt.Errorf("a page has %d values", n)
	}
	if c.left -= int64(n); c.left < 0 {
		return errors.New("the pages hold more values than the footer counts")
	}
	return nil
}

// readPageHeader reads the page header at the given place and returns its length too.
func (f *File) readPageHeader(at, end int64) (*format.PageHeader, int, error) {
	for room := int64(headerRoom); ; room *= 16 {
		b := make([]byte, min(room, end-at))
		if err := readAt(f.source, b, at); err != nil {
			return nil, 0, err
		}
		length, err := walkStruct(b, 0, 0, nil)
		if err != nil {
			if int64(len(b)) < end-at && room < 16<<20 {
				continue
			}
			return nil, 0, err
		}
		h := new(format.PageHeader)
		if err := thrift.Unmarshal(new(thrift.CompactProtocol), b[:length], h); err != nil {
			return nil, 0, err
		}
		return h, length, nil
	}
}
