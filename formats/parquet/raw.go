package parquet

import (
	"errors"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// rawChunk is one column chunk as the library gets to see it: its pages checked, decompressed, with headers that say
// so. It is read once, from its begin to its end.
type rawChunk struct {
	*pageStream
	page    []byte // header and body for the library
	pending []byte // the end of page that the library has not got
	served  int64  // bytes that the library has got
	entries bool   // there is a dictionary
	err     error  // what is wrong with the chunk; the library may wrap it beyond recognition
}

// readChunk returns a column of a row group for the library. It must be closed.
func (f *File) readChunk(group int, l *leaf) *rawChunk {
	return &rawChunk{pageStream: f.readPages(group, l)}
}

// ended reports whether all was read, and was what the footer promised.
func (c *rawChunk) ended() bool { return c.window.left() <= 0 && len(c.pending) == 0 && c.values == 0 }

// ReadAt gives the library the bytes that follow those it has got, up to the end of a page.
func (c *rawChunk) ReadAt(b []byte, at int64) (int, error) {
	if at != c.served {
		c.err = errors.New("a page is read out of order")
	}
	if len(c.pending) == 0 && c.err == nil {
		err := c.next()
		if errors.Is(err, io.EOF) && c.ended() {
			return 0, io.EOF
		}
		c.err = err
	}
	if c.err != nil {
		return 0, c.err
	}
	n := copy(b, c.pending)
	c.pending = c.pending[n:]
	c.served += int64(n)
	return n, nil
}

// next checks the next page and makes it ready for the library.
func (c *rawChunk) next() error {
	kind, err := c.pageStream.next()
	if err != nil {
		return err
	}
	if kind == dictionaryPage {
		d := &c.dictionary
		c.entries = true
		if !isNull(c.leaf.schema) {
			if err := verifyPlain(c.leaf.schema, d.values, d.count); err != nil {
				return err
			}
		}
		return c.put(d.header, d.values)
	}
	p := &c.current
	present, err := p.verify(c.leaf, c.entries)
	if err == nil && p.nulls >= 0 && present != p.count-p.nulls {
		err = errCounts
	}
	if err != nil {
		return err
	}
	body, h := c.body, *p.header
	if p.encoding == format.RLE {
		// The library takes a run of true for one of true and seven of false, unless it says 255 as its own writer does.
		values, err := readBooleans(p.values, present)
		if err != nil {
			return err
		}
		body = append(body[:len(body)-len(p.values)], values...)
		h.DataPageHeader.V.Encoding, h.DataPageHeaderV2.V.Encoding = format.Plain, format.Plain
	}
	return c.put(&h, body)
}

// put makes the page for the library.
func (c *rawChunk) put(h *format.PageHeader, body []byte) error {
	own := *h
	own.CRC = 0
	own.CompressedPageSize, own.UncompressedPageSize = int32(len(body)), int32(len(body))
	own.DataPageHeader.V.Statistics, own.DataPageHeaderV2.V.Statistics = format.Statistics{}, format.Statistics{}
	if own.DataPageHeaderV2.Valid {
		own.DataPageHeaderV2.V.IsCompressed.Set(false)
	}
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &own)
	c.page = append(append(c.page[:0], b...), body...)
	c.pending = c.page
	return err
}
