package formats

import (
	"golang.org/x/text/transform"

	"cpm/formats/cells"
)

// blockRows is how many rows of a batch of text are held as cells at once: few enough that a block stays in the cache.
const blockRows = 1024

// Table implements Converter.
func (r *csvReader) Table(bool) (cells.Table, error) {
	return cells.Table{Name: r.name, Columns: textColumns(r.info.Columns), Headless: r.noHeader}, nil
}

func textColumns(names []string) []cells.Column {
	columns := make([]cells.Column, len(names))
	for i, name := range names {
		columns[i].Name = name
	}
	return columns
}

// Cells implements Converter. No field is a null.
func (r *csvReader) Cells(from Batch, keep Bits, give func(*cells.Block) error) error {
	b, ok := from.(*csvBatch)
	if !ok || b.from != r || !b.isReady {
		return errForeign
	}
	f := csvFields{batch: b, cursor: cursor{data: b.data, delim: r.delim, lf: -1}}
	if r.charset.encoding != nil {
		f.decoder = r.charset.encoding.NewDecoder()
	}
	f.block.Reset(len(r.info.Columns))
	for at, end := keep.run(0, len(b.rows)); at < end; at, end = keep.run(end, len(b.rows)) {
		for row := at; row < end; row++ {
			f.add(row)
			if len(f.block.Rows) == blockRows {
				if err := give(&f.block); err != nil {
					return err
				}
				f.block.Reset(len(r.info.Columns))
			}
		}
	}
	return give(&f.block)
}

// csvFields makes cells of the fields of a batch.
type csvFields struct {
	cursor
	batch   *csvBatch
	block   cells.Block
	decoder transform.Transformer // nil: the text is UTF-8
}

// add adds a row.
func (f *csvFields) add(row int) {
	f.block.Add(row)
	at, end := int(f.batch.rows[row].start), int(f.batch.rows[row].end)
	if f.batch.Malformed(row) {
		f.set(0, field{from: at, to: end})
		return
	}
	for column := range f.block.Columns {
		next := f.field(at)
		f.set(column, next)
		at = next.next + 1
	}
}

// set gives the row a cell, in UTF-8.
func (f *csvFields) set(column int, from field) {
	text, b := f.data[from.from:from.to], &f.block
	if from.doubled {
		start := len(b.Arena)
		b.Arena = unquote(b.Arena, text)
		text = b.Kept(start)
	}
	if f.decoder != nil && !isASCII(text) {
		start := len(b.Arena)
		b.Arena = appendDecoded(b.Arena, text, f.decoder)
		text = b.Kept(start)
	}
	b.Set(column, text)
}
