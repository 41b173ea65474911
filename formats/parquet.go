package formats

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"cpm/formats/cells"
	"cpm/formats/fault"
	"cpm/formats/parquet"
)

// parquetFormat is how messages call the format.
const parquetFormat = "Parquet"

// openParquet opens a Parquet file. Its table of contents stands at its end, so it needs a file, not a stream. Of the
// options none applies: the file names its columns, and a batch is one row group.
func openParquet(in Input, o Options) (Reader, error) {
	if err := o.refuse(in.Name, parquetFormat, "encoding", "delimiter", "sheet", "records"); err != nil {
		return nil, err
	}
	at, ok := in.Reader.(io.ReaderAt)
	if !ok || in.Size < 0 {
		return nil, fault.New(fault.Unsupported, in.Name, "Parquet needs a file: it cannot be read from a pipe").
			Hint("save the data to a file and name that")
	}
	file, err := parquet.Open(in.Name, at, in.Size)
	if err != nil {
		return nil, err
	}
	return &parquetReader{file: file, size: in.Size}, nil
}

// parquetReader yields one batch a row group. The batches read for themselves, on their own goroutines.
type parquetReader struct {
	file    *parquet.File
	size    int64
	columns []int
	cells   *parquet.CellReader
	next    int   // the next row group
	rows    int64 // rows of the row groups before it
	done    atomic.Int64
}

// Info implements Reader.
func (r *parquetReader) Info() Info {
	return Info{
		Format:  parquetFormat,
		Detail:  r.file.Detail(),
		Columns: r.file.Columns(),
		Rows:    r.file.Rows(),
		Size:    r.size,
		Packed:  true,
	}
}

// Select implements Reader.
func (r *parquetReader) Select(columns []int) error {
	for _, column := range columns {
		if err := r.file.CanText(column); err != nil {
			return err
		}
	}
	r.columns = append(r.columns[:0], columns...)
	return nil
}

// Next implements Reader. Row groups without rows are passed over.
func (r *parquetReader) Next() (Batch, error) {
	for r.next < r.file.Groups() {
		group := r.next
		r.next++
		rows := r.file.GroupRows(group)
		if rows == 0 {
			continue
		}
		r.done.Add(r.file.GroupBytes(group))
		b := &parquetBatch{reader: r, group: group, rows: rows, first: r.rows + 1}
		r.rows += int64(rows)
		return b, nil
	}
	r.done.Store(r.size)
	return nil, io.EOF
}

// Done implements Reader.
func (r *parquetReader) Done() int64 { return min(r.done.Load(), r.size) }

// NewWriter implements Reader.
func (r *parquetReader) NewWriter(w io.Writer, extra ...string) (Writer, error) {
	out, err := r.file.NewWriter(w, extra...)
	if err != nil {
		return nil, err
	}
	return &parquetWriter{reader: r, out: out}, nil
}

// Table implements Converter.
func (r *parquetReader) Table(whole bool) (t cells.Table, err error) {
	if r.cells, err = r.file.CellReader(whole, r.columns); err != nil {
		return t, err
	}
	return r.cells.Table(), nil
}

// Cells implements Converter. It reads every column of the row group anew, as a parquetWriter does.
func (r *parquetReader) Cells(from Batch, keep Bits, give func(*cells.Block) error) error {
	b, ok := from.(*parquetBatch)
	if !ok || b.reader != r {
		return errForeign
	}
	return r.cells.Read(b.group, keep, give)
}

// Close implements Reader.
func (r *parquetReader) Close() error { return nil }

// parquetBatch is one row group.
type parquetBatch struct {
	reader *parquetReader
	group  int
	rows   int
	first  int64 // the number of its first row in the file, from 1 on
	values []*parquet.Values
}

// Decode implements Batch: it reads the pages of the selected columns.
func (b *parquetBatch) Decode() error {
	for _, column := range b.reader.columns {
		v, err := b.reader.file.Values(b.group, column)
		if err != nil {
			b.Release()
			return err
		}
		b.values = append(b.values, v)
	}
	return nil
}

// Rows implements Batch.
func (b *parquetBatch) Rows() int { return b.rows }

// Values implements Batch.
func (b *parquetBatch) Values(i int) [][]byte { return b.values[i].Rows }

// Malformed implements Batch: rows of columns cannot be split wrongly.
func (b *parquetBatch) Malformed(int) bool { return false }

// MalformedRows implements Batch.
func (b *parquetBatch) MalformedRows() int { return 0 }

// Place implements Batch.
func (b *parquetBatch) Place(row int) string { return fmt.Sprintf("row %d", b.first+int64(row)) }

// Release implements Batch.
func (b *parquetBatch) Release() {
	for _, v := range b.values {
		v.Release()
	}
	b.values = nil
}

// parquetWriter writes rows of the file that its reader reads.
type parquetWriter struct {
	reader *parquetReader
	out    *parquet.Writer
}

// Encode implements Writer. It reads the columns of the row group that the batch does not hold, a few pages at a time.
func (w *parquetWriter) Encode(b Batch, s Selection) (Part, error) {
	batch, ok := b.(*parquetBatch)
	if !ok || batch.reader != w.reader {
		return nil, errors.New("parquet writer: the batch is of another reader")
	}
	return w.out.Encode(batch.group, parquet.Selection{Keep: s.Keep, Extra: s.Extra, Words: s.Words, Read: batch.values})
}

// Append implements Writer.
func (w *parquetWriter) Append(p Part) error {
	part, ok := p.(*parquet.Part)
	if !ok {
		return errors.New("parquet writer: the part is of another writer")
	}
	return w.out.Append(part)
}

// Rows implements Writer.
func (w *parquetWriter) Rows() int64 { return w.out.Rows() }

// Close implements Writer.
func (w *parquetWriter) Close() error { return w.out.Close() }
