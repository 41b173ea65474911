package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// batchValues is how many values go from a page to their use at a time.
const batchValues = 1024

// scan hands the values of one column chunk to do, in order, in runs that end where a row ends. The values alias the
// page: they are valid during the call alone. It fails unless the chunk holds exactly the rows of its row group.
func (f *File) scan(group int, l *leaf, do func(values []pq.Value) error) (err error) {
	defer f.recover(&err)
	c := &chunk{file: f, leaf: l, group: group, want: f.GroupRows(group)}
	if err := c.checkPages(); err != nil {
		return f.chunkFault(l, group, err)
	}
	pages := f.pq.RowGroups()[group].ColumnChunks()[l.index].Pages()
	defer func() {
		if e := pages.Close(); err == nil && e != nil {
			err = f.chunkFault(l, group, e)
		}
	}()
	var values []pq.Value
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return f.chunkFault(l, group, err)
		}
		values, err = c.scanPage(page, values, do)
		pq.Release(page)
		if err != nil {
			return err
		}
	}
	if len(values) > 0 {
		if err := c.give(values, do); err != nil {
			return err
		}
	}
	if c.rows != c.want {
		return f.chunkFault(l, group, fmt.Errorf("the pages hold %d rows, the row group has %d", c.rows, c.want))
	}
	return nil
}

func (f *File) chunkFault(l *leaf, group int, err error) error {
	return f.fault(err, fmt.Sprintf("column %s of row group %d cannot be read", l.name, group+1))
}

// chunk is one column of one row group while it is read.
type chunk struct {
	file       *File
	leaf       *leaf
	group      int
	want, rows int
}

// scanPage reads a page. What it returns is the begin of a row that may go on in the next page: version 1 pages may
// end anywhere. Rest is such a begin, left by the page before.
func (c *chunk) scanPage(page pq.Page, rest []pq.Value, do func([]pq.Value) error) ([]pq.Value, error) {
	values, read := rest, int64(0)
	reader := page.Values()
	for {
		values = slices.Grow(values, batchValues)
		n, err := reader.ReadValues(values[len(values) : len(values)+batchValues])
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, c.file.chunkFault(c.leaf, c.group, err)
		}
		old := len(values)
		values = values[:old+n]
		read += int64(n)
		if cut := c.rowStart(values, old); cut > 0 {
			if e := c.give(values[:cut], do); e != nil {
				return nil, e
			}
			values = values[:copy(values, values[cut:])]
		}
		if err != nil || n == 0 {
			break
		}
	}
	if read != page.NumValues() {
		return nil, c.file.chunkFault(c.leaf, c.group, io.ErrUnexpectedEOF)
	}
	for i := range values {
		values[i] = values[i].Clone()
	}
	return values, nil
}

// rowStart returns where the last row that begins in values begins: whole rows stand before it. The search ends at
// from, for what stands before has been searched. In a column without repetition every value ends its row.
func (c *chunk) rowStart(values []pq.Value, from int) int {
	if c.leaf.MaxRepetitionLevel() == 0 {
		return len(values)
	}
	for i := len(values) - 1; i >= from; i-- {
		if values[i].RepetitionLevel() == 0 {
			return i
		}
	}
	return 0
}

// give counts the rows of values and hands them on.
func (c *chunk) give(values []pq.Value, do func([]pq.Value) error) error {
	if c.leaf.MaxRepetitionLevel() == 0 {
		c.rows += len(values)
	} else {
		if c.rows == 0 && values[0].RepetitionLevel() != 0 {
			return c.file.chunkFault(c.leaf, c.group, errors.New("the first row does not begin in it"))
		}
		for i := range values {
			if values[i].RepetitionLevel() == 0 {
				c.rows++
			}
		}
	}
	if c.rows > c.want {
		return c.file.chunkFault(c.leaf, c.group, fmt.Errorf("the pages hold more than the %d rows of the row group", c.want))
	}
	return do(values)
}

// headerRoom is read at the begin of each page: page headers take less, unless they hold long statistics.
const headerRoom = 4 << 10

// checkPages walks the page headers of the chunk before the library allocates what they ask for. The library takes a
// page with too few bytes for its values for whole and fills up from memory that held other pages.
func (c *chunk) checkPages() error {
	m := &c.file.groups()[c.group].Columns[c.leaf.index].MetaData
	at, end, left := chunkStart(m), chunkStart(m)+m.TotalCompressedSize, m.NumValues
	for first := true; at < end; first = false {
		h, length, err := c.file.readPageHeader(at, end)
		if err != nil {
			return err
		}
		body := at + int64(length)
		at = body + int64(h.CompressedPageSize)
		if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 || at > end {
			return errors.New("a page lies outside its column")
		}
		if err := c.checkBody(h, m.Codec, body); err != nil {
			return err
		}
		if h.Type == format.DictionaryPage {
			if n := h.DictionaryPageHeader; !first || !n.Valid || n.V.NumValues < 0 || n.V.NumValues > h.UncompressedPageSize {
				return errors.New("the dictionary is malformed")
			}
			continue
		}
		n, err := c.checkData(h)
		if err != nil {
			return err
		}
		left -= n
	}
	if left != 0 {
		return fmt.Errorf("the pages hold %d values, the footer counts %d", m.NumValues-left, m.NumValues)
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

// checkBody checks the uncompressed size that a page claims, as far as its codec tells.
func (c *chunk) checkBody(h *format.PageHeader, codec format.CompressionCodec, body int64) error {
	levels := int32(0)
	if h.DataPageHeaderV2.Valid {
		v := &h.DataPageHeaderV2.V
		if v.RepetitionLevelsByteLength < 0 || v.DefinitionLevelsByteLength < 0 ||
			v.RepetitionLevelsByteLength > h.CompressedPageSize-v.DefinitionLevelsByteLength {
			return errors.New("the levels of a page are longer than the page")
		}
		levels = v.RepetitionLevelsByteLength + v.DefinitionLevelsByteLength
		if v.IsCompressed.Valid && !v.IsCompressed.V {
			codec = format.Uncompressed
		}
	}
	packed, claimed := int64(h.CompressedPageSize-levels), int64(h.UncompressedPageSize-levels)
	is := claimed
	switch codec {
	case format.Uncompressed:
		is = packed
	case format.Snappy, format.Zstd:
		head := make([]byte, min(packed, zstd.HeaderMaxSize))
		if err := readAt(c.file.source, head, body+int64(levels)); err != nil {
			return err
		}
		is = uncompressedSize(codec, head, claimed)
	}
	if is != claimed {
		return fmt.Errorf("a page claims %d bytes but holds %d", claimed, is)
	}
	return nil
}

// uncompressedSize returns the size that the head of a compressed page tells, or claimed when it tells none. Gzip and
// brotli tell none at their begin.
func uncompressedSize(codec format.CompressionCodec, head []byte, claimed int64) int64 {
	if len(head) == 0 {
		return claimed // a page without values; the decoder decides
	}
	if codec == format.Snappy {
		n, length := binary.Uvarint(head)
		if length <= 0 || n > 1<<31 {
			return -1
		}
		return int64(n)
	}
	var h zstd.Header
	if err := h.Decode(head); err != nil || h.Skippable || !h.HasFCS || h.FrameContentSize > 1<<31 {
		return claimed
	}
	return int64(h.FrameContentSize)
}

// checkData checks the header of a data page and returns the number of its values, nulls among them.
func (c *chunk) checkData(h *format.PageHeader) (int64, error) {
	repeated, optional := c.leaf.MaxRepetitionLevel() > 0, c.leaf.MaxDefinitionLevel() > 0
	switch {
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		v := &h.DataPageHeader.V
		if v.NumValues < 0 {
			return 0, errors.New("a page has a negative number of values")
		}
		if repeated && v.RepetitionLevelEncoding != format.RLE || optional && v.DefinitionLevelEncoding != format.RLE {
			return 0, errors.New("the levels are encoded in the deprecated form BIT_PACKED")
		}
		return int64(v.NumValues), nil
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		v := &h.DataPageHeaderV2.V
		if v.NumValues < 0 || v.NumNulls < 0 || v.NumRows < 0 || v.NumNulls > v.NumValues || v.NumRows > v.NumValues ||
			!repeated && v.NumRows != v.NumValues || !optional && v.NumNulls != 0 {
			return 0, errors.New("the counts of a page contradict each other")
		}
		return int64(v.NumValues), nil
	}
	return 0, fmt.Errorf("a page of unknown type %d", int32(h.Type))
}
