package formats

import (
	"errors"
	"fmt"
	"io"

	"cpm/formats/arrow"
	"cpm/formats/cells"
)

// arrowFormat is how messages call the format.
const arrowFormat = "Arrow"

func openArrowFile(in Input, o Options) (Reader, error)   { return openArrow(in, o, true) }
func openArrowStream(in Input, o Options) (Reader, error) { return openArrow(in, o, false) }

// openArrow opens Arrow IPC. Both kinds are read from start to end, so that either may come from a pipe; a batch is
// one record batch.
func openArrow(in Input, o Options, isFile bool) (Reader, error) {
	if err := o.refuse(in.Name, arrowFormat, "encoding", "delimiter", "sheet", "records"); err != nil {
		return nil, err
	}
	source, err := arrow.Open(arrow.Input{Name: in.Name, Reader: in.Reader, Size: in.Size, IsFile: isFile})
	if err != nil {
		return nil, err
	}
	return &arrowReader{source: source, size: in.Size}, nil
}

// arrowReader yields one batch a record batch.
type arrowReader struct {
	source  *arrow.Reader
	size    int64
	columns []int
}

// Info implements Reader.
func (r *arrowReader) Info() Info {
	detail := "IPC stream"
	if r.source.IsFile() {
		detail = "IPC file"
	}
	return Info{Format: arrowFormat, Detail: detail, Columns: r.source.Columns(), Rows: -1, Size: r.size, Packed: true}
}

// Select implements Reader.
func (r *arrowReader) Select(columns []int) error {
	for _, column := range columns {
		if err := r.source.CanText(column); err != nil {
			return err
		}
	}
	r.columns = append(r.columns[:0], columns...)
	return nil
}

// Next implements Reader.
func (r *arrowReader) Next() (Batch, error) {
	b, err := r.source.Next()
	if err != nil {
		return nil, err
	}
	return &arrowBatch{reader: r, batch: b}, nil
}

// Done implements Reader.
func (r *arrowReader) Done() int64 { return r.source.Done() }

// NewWriter implements Reader.
func (r *arrowReader) NewWriter(w io.Writer, extra ...string) (Writer, error) {
	return r.newWriter(arrow.Output{To: w, IsFile: r.source.IsFile(), Scratch: Scratch}, extra)
}

func (r *arrowReader) newWriter(to arrow.Output, extra []string) (Writer, error) {
	out, err := r.source.NewWriter(to, extra...)
	if err != nil {
		return nil, err
	}
	return &arrowWriter{reader: r, out: out, extra: len(extra)}, nil
}

// as returns a reader of the same rows, which come from r, whose writers write a file or a stream.
func (r *arrowReader) as(rows Reader, isFile bool) (Reader, error) {
	if isFile && !r.source.IsFile() && r.source.HasDictionaries() {
		// A stream may replace a dictionary, and a file may not: words are written in the place of their numbers.
		return newConverted(rows, r, conversion{word: "arrow", unique: true, packed: true, open: newArrowFileTarget})
	}
	return arrowKind{Reader: rows, of: r, isFile: isFile}, nil
}

// arrowKind is a reader of Arrow whose writers write a file or a stream, whichever it is.
type arrowKind struct {
	Reader
	of     *arrowReader
	isFile bool
}

// NewWriter implements Reader.
func (r arrowKind) NewWriter(w io.Writer, extra ...string) (Writer, error) {
	return r.of.newWriter(arrow.Output{To: w, IsFile: r.isFile, Scratch: Scratch}, extra)
}

// Table implements Converter.
func (r *arrowReader) Table(whole bool) (cells.Table, error) { return r.source.Table(whole) }

// Cells implements Converter.
func (r *arrowReader) Cells(from Batch, keep Bits, give func(*cells.Block) error) error {
	b, ok := from.(*arrowBatch)
	if !ok || b.reader != r {
		return errForeign
	}
	return b.batch.Cells(keep.Has, give)
}

// Close implements Reader.
func (r *arrowReader) Close() error { return nil }

// arrowBatch is one record batch.
type arrowBatch struct {
	reader *arrowReader
	batch  *arrow.Batch
	values [][][]byte
}

// Decode implements Batch.
func (b *arrowBatch) Decode() error {
	if err := b.batch.Decode(); err != nil {
		return err
	}
	for _, column := range b.reader.columns {
		v, err := b.batch.Values(column)
		if err != nil {
			return err
		}
		b.values = append(b.values, v)
	}
	return nil
}

// Rows implements Batch.
func (b *arrowBatch) Rows() int { return b.batch.Rows }

// Values implements Batch.
func (b *arrowBatch) Values(i int) [][]byte { return b.values[i] }

// Malformed implements Batch: rows of columns cannot be split wrongly.
func (b *arrowBatch) Malformed(int) bool { return false }

// MalformedRows implements Batch.
func (b *arrowBatch) MalformedRows() int { return 0 }

// Place implements Batch.
func (b *arrowBatch) Place(row int) string { return fmt.Sprintf("row %d", b.batch.First+int64(row)) }

// Release implements Batch.
func (b *arrowBatch) Release() {
	b.batch.Release()
	b.values = nil
}

// arrowWriter writes rows of what its reader reads.
type arrowWriter struct {
	reader *arrowReader
	out    *arrow.Writer
	extra  int
}

// Encode implements Writer.
func (w *arrowWriter) Encode(b Batch, s Selection) (Part, error) {
	batch, ok := b.(*arrowBatch)
	if !ok || batch.reader != w.reader {
		return nil, errors.New("arrow writer: the batch is of another reader")
	}
	if !s.fits(batch.Rows(), w.extra) {
		return nil, errors.New("arrow writer: the selection does not fit the batch")
	}
	return w.out.Encode(batch.batch, arrow.Selection{Keep: s.Keep.Has, Extra: s.Extra, Words: s.Words})
}

// Append implements Writer.
func (w *arrowWriter) Append(p Part) error {
	part, ok := p.(*arrow.Part)
	if !ok {
		return errors.New("arrow writer: the part is of another writer")
	}
	return w.out.Append(part)
}

// Rows implements Writer.
func (w *arrowWriter) Rows() int64 { return w.out.Rows() }

// Close implements Writer.
func (w *arrowWriter) Close() error { return w.out.Close() }
