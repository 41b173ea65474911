package formats

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"cpm/formats/cells"
	"cpm/formats/fault"
	"cpm/formats/xlsx"
)

// xlsxFormat is how messages call the format.
const xlsxFormat = "XLSX"

// xlsxPipe is the size in bytes of a workbook that may come from a pipe. Its table of contents stands at its end, so it
// is held in memory.
const xlsxPipe = 64 << 20

// openXLSX opens a sheet of a workbook.
func openXLSX(in Input, o Options) (Reader, error) {
	if err := o.refuse(in.Name, xlsxFormat, "encoding", "delimiter", "records"); err != nil {
		return nil, err
	}
	at, ok := in.Reader.(io.ReaderAt)
	if !ok || in.Size < 0 {
		data, err := io.ReadAll(io.LimitReader(in.Reader, xlsxPipe+1))
		if err != nil {
			return nil, fault.At(in.Name, err)
		}
		if len(data) > xlsxPipe {
			return nil, fault.New(fault.Unsupported, in.Name, "a workbook of more than %s cannot be read from a pipe", sizeName(xlsxPipe)).
				Hint("save the data to a file and name that")
		}
		at, in.Size = bytes.NewReader(data), int64(len(data))
	}
	file, err := xlsx.Open(in.Name, at, in.Size, xlsx.Options{Sheet: o.Sheet, NoHeader: o.NoHeader, Strict: o.Strict, BatchSize: o.BatchSize})
	if err != nil {
		return nil, err
	}
	return &xlsxReader{file: file, size: in.Size}, nil
}

// xlsxReader yields the rows of one sheet.
type xlsxReader struct {
	file *xlsx.File
	size int64
}

// Info implements Reader.
func (r *xlsxReader) Info() Info {
	return Info{Format: xlsxFormat, Detail: r.file.Detail(), Columns: r.file.Columns(), Rows: -1, Size: r.size}
}

// Sheets names the sheets of the workbook that hold cells, hidden ones too.
func (r *xlsxReader) Sheets() []string { return r.file.Filled() }

// Select implements Reader.
func (r *xlsxReader) Select(columns []int) error { return r.file.Select(columns) }

// Next implements Reader.
func (r *xlsxReader) Next() (Batch, error) {
	b, err := r.file.Next()
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Done implements Reader.
func (r *xlsxReader) Done() int64 { return r.file.Done() }

// NewWriter implements Reader.
func (r *xlsxReader) NewWriter(w io.Writer, extra ...string) (Writer, error) {
	out, err := r.file.NewWriter(w, extra...)
	if err != nil {
		return nil, err
	}
	return &xlsxWriter{from: out, extra: len(extra)}, nil
}

// Table implements Converter.
func (r *xlsxReader) Table(bool) (cells.Table, error) { return r.file.Table(), nil }

// Cells implements Converter.
func (r *xlsxReader) Cells(from Batch, keep Bits, give func(*cells.Block) error) error {
	b, ok := from.(*xlsx.Batch)
	if !ok {
		return errForeign
	}
	var block cells.Block
	if err := b.Cells(&block, keep); err != nil {
		return err
	}
	return give(&block)
}

// Close implements Reader.
func (r *xlsxReader) Close() error { return r.file.Close() }

// xlsxWriter writes rows of a workbook.
type xlsxWriter struct {
	from  *xlsx.Writer
	extra int // the number of extra columns
}

// Encode implements Writer.
func (w *xlsxWriter) Encode(b Batch, s Selection) (Part, error) {
	batch, ok := b.(*xlsx.Batch)
	if !ok {
		return nil, errors.New("workbook writer: the batch is of another format")
	}
	if !s.fits(batch.Rows(), w.extra) {
		return nil, fmt.Errorf("workbook writer: the selection is shorter than the %d rows of its batch", batch.Rows())
	}
	return w.from.Encode(batch, xlsx.Selection{Keep: s.Keep, Extra: s.Extra, Words: s.Words})
}

// Append implements Writer.
func (w *xlsxWriter) Append(p Part) error {
	part, ok := p.(*xlsx.Part)
	if !ok {
		return errors.New("workbook writer: the part is of another writer")
	}
	return w.from.Append(part)
}

// Rows implements Writer.
func (w *xlsxWriter) Rows() int64 { return w.from.Rows() }

// LeftOut implements Lossy.
func (w *xlsxWriter) LeftOut() []string { return w.from.LeftOut() }

// Close implements Writer.
func (w *xlsxWriter) Close() error { return w.from.Close() }
