package parquet

import (
	"bufio"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go/format"
)

// maxOrdinals is how many row groups can be numbered: the footer numbers them in 16 bits.
const maxOrdinals = math.MaxInt16 + 1

// outFile is an output: row groups, then a footer.
type outFile struct {
	w      *bufio.Writer
	n      int64             // bytes written
	groups []format.RowGroup // those that were written
}

func newOutFile(w io.Writer) *outFile { return &outFile{w: bufio.NewWriterSize(w, 64<<10)} }

// put writes bytes, before the first of all what a Parquet file begins with.
func (o *outFile) put(b []byte) error {
	if o.n == 0 {
		b = append([]byte(magic), b...)
	}
	n, err := o.w.Write(b)
	if o.n += int64(n); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// write writes the chunks of a row group, by column, whose rows are in the given order.
func (o *outFile) write(rows int, chunks []*outChunk, order []format.SortingColumn) error {
	if err := o.put(nil); err != nil {
		return err
	}
	g := format.RowGroup{NumRows: int64(rows), FileOffset: o.n, SortingColumns: order}
	if len(o.groups) < maxOrdinals {
		g.Ordinal = int16(len(o.groups))
	}
	for _, c := range chunks {
		m := c.meta
		m.DataPageOffset += o.n
		if m.DataPageOffset > o.n {
			m.DictionaryPageOffset = o.n
		}
		g.Columns = append(g.Columns, format.ColumnChunk{MetaData: m})
		g.TotalCompressedSize += m.TotalCompressedSize
		g.TotalByteSize += m.TotalUncompressedSize
		for _, page := range c.pages {
			if err := o.put(page); err != nil {
				return err
			}
		}
	}
	o.groups = append(o.groups, g)
	return nil
}

// end writes the end of the file: footer, its length and the magic.
func (o *outFile) end(footer []byte) error {
	if err := o.put(footer); err != nil {
		return err
	}
	if err := o.w.Flush(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}
