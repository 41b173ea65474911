package xlsx

import (
	"bytes"

	"cpm/formats/cells"
)

// Table tells the columns of the cells, all of them texts.
func (f *File) Table() cells.Table {
	t := cells.Table{Name: f.where(), Headless: f.header == nil}
	for _, name := range f.columns {
		t.Columns = append(t.Columns, cells.Column{Name: name})
	}
	return t
}

// LeftOutOfCells names what the cells of one sheet are not.
func (f *File) LeftOutOfCells() []string {
	if f.left.sheets == "" {
		return nil
	}
	return []string{f.left.sheets}
}

// Cells puts the cells of the kept rows of a decoded batch into a block: texts as Excel shows them, dates and long numbers
// written out. An empty cell, and one that holds an error, is a null. A malformed row is one cell, its texts as a line
// of CSV.
func (b *Batch) Cells(to *cells.Block, keep []uint64) error {
	if b.source == nil {
		return errBatch
	}
	s := Selection{Keep: keep}
	to.Reset(b.file.width)
	for i := range b.rows {
		if !s.keeps(i) {
			continue
		}
		to.Add(i)
		r := &b.rows[i]
		if r.torn {
			from := len(to.Arena)
			to.Arena = b.appendLine(to.Arena, r)
			to.Set(0, to.Kept(from))
			continue
		}
		for j := r.cells; j < r.cellsEnd; j++ {
			from := len(to.Arena)
			to.Arena = b.appendText(to.Arena, &b.cells[j])
			if column := int(b.cells[j].column); column <= b.file.width { // what lies beyond holds nothing
				to.Set(column-1, some(to.Kept(from)))
			}
		}
	}
	return nil
}

// appendLine appends a row as a line of CSV, without the end of the line.
func (b *Batch) appendLine(dst []byte, r *row) []byte {
	at := r.cells
	var text []byte
	for column := range b.width(r) {
		if column > 0 {
			dst = append(dst, ',')
		}
		if at == r.cellsEnd || int(b.cells[at].column) != column+1 {
			continue
		}
		if text = b.appendText(text[:0], &b.cells[at]); bytes.ContainsAny(text, "\",\r\n") {
			text = append(append([]byte{'"'}, bytes.ReplaceAll(text, []byte{'"'}, []byte(`""`))...), '"')
		}
		dst = append(dst, text...)
		at++
	}
	return dst
}
