package parquet

import (
	"errors"
	"io"
	"sync"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// pageBuffers lends the library the memory in which the pages of one column wait for their place in the file.
type pageBuffers struct{ pool sync.Pool }

// GetBuffer implements parquet.BufferPool.
func (p *pageBuffers) GetBuffer() io.ReadWriteSeeker {
	if b, ok := p.pool.Get().(*pageBuffer); ok {
		b.pages = b.pages[:0]
		return b
	}
	return new(pageBuffer)
}

// PutBuffer implements parquet.BufferPool.
func (p *pageBuffers) PutBuffer(b io.ReadWriteSeeker) { p.pool.Put(b) }

// pageBuffer holds pages and gives them back without the statistics in their headers. The library writes bounds of
// decimals and null counts there that are wrong (it counts no nulls where it was told to keep no statistics), and
// readers have better ones in the footer.
type pageBuffer struct{ pages []byte }

// Write implements io.Writer.
func (b *pageBuffer) Write(p []byte) (int, error) {
	b.pages = append(b.pages, p...)
	return len(p), nil
}

// Seek goes to the begin, the only place that the library asks for.
func (b *pageBuffer) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.New("a page buffer seeks to its begin alone")
	}
	return 0, nil
}

// Read is not used: io.Copy prefers WriteTo.
func (b *pageBuffer) Read([]byte) (int, error) {
	return 0, errors.New("a page buffer is copied whole")
}

// WriteTo implements io.WriterTo.
func (b *pageBuffer) WriteTo(w io.Writer) (int64, error) {
	written := int64(0)
	for at := 0; at < len(b.pages); {
		header, body, end, err := b.page(at)
		if err != nil {
			return written, err
		}
		for _, part := range [][]byte{header, b.pages[body:end]} {
			n, err := w.Write(part)
			written += int64(n)
			if err != nil {
				return written, err
			}
		}
		at = end
	}
	return written, nil
}

// The fields of PageHeader and of the two data page headers in it that hold statistics, as parquet.thrift numbers
// them.
const (
	fieldDataPage     = 5
	fieldDataPageV2   = 8
	fieldStatistics   = 5
	fieldStatisticsV2 = 8
)

// page returns the header of the page that begins at the given place, without statistics, and the bounds of its body.
func (b *pageBuffer) page(at int) (header []byte, body, end int, err error) {
	var out structWriter
	body, err = walkStruct(b.pages, at, 0, func(v field) error {
		value := b.pages[v.start:v.end]
		switch v.id {
		case fieldDataPage:
			value, err = without(value, fieldStatistics)
		case fieldDataPageV2:
			value, err = without(value, fieldStatisticsV2)
		}
		out.field(v.id, v.kind, value)
		return err
	})
	if err != nil {
		return nil, 0, 0, err
	}
	header = out.stop()
	var h format.PageHeader
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), header, &h); err != nil {
		return nil, 0, 0, err
	}
	end = body + int(h.CompressedPageSize)
	if end > len(b.pages) {
		return nil, 0, 0, io.ErrUnexpectedEOF
	}
	return header, body, end, nil
}

// without returns a struct without one of its fields.
func without(b []byte, id int) ([]byte, error) {
	var out structWriter
	_, err := walkStruct(b, 0, 0, func(v field) error {
		if v.id != id {
			out.field(v.id, v.kind, b[v.start:v.end])
		}
		return nil
	})
	return out.stop(), err
}
