package xlsx

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"cpm/formats/fault"
)

// Part is the XML of the kept rows of one batch, but for the numbers that only their order settles.
type Part struct {
	text []byte
	gaps []gap
	rows int64
}

// gap is a place of the text where a number is missing: that of a row, or of a shared string.
type gap struct{ at, what uint32 }

const (
	gapRow     = math.MaxUint32 - iota // of a row that begins
	gapSameRow                         // of the row that has begun
)

var errBatch = errors.New("workbook writer: the batch is not decoded, or released")

// Encode makes the rows of a batch that are kept.
func (w *Writer) Encode(b *Batch, s Selection) (*Part, error) {
	if err := check(b, s, len(w.extra)); err != nil {
		return nil, err
	}
	p := &Part{text: make([]byte, 0, len(b.source)+len(b.source)/8)}
	words := make([][]byte, len(s.Words))
	for i, word := range s.Words {
		words[i] = appendPlain(nil, []byte(word))
	}
	for i := range b.rows {
		if !s.keeps(i) {
			continue
		}
		r := &b.rows[i]
		p.rows++
		p.beginRow(b, r)
		for j := r.cells; j < r.cellsEnd; j++ {
			c := &b.cells[j]
			if c.isFormula && !w.formulas.Load() {
				w.formulas.Store(true)
			}
			if c.isRich && !w.plainer.Load() {
				w.plainer.Store(true)
			}
			p.cell(b, c)
		}
		last := b.width(r)
		if last+len(w.extra) > maxColumns {
			return nil, fault.New(fault.Input, fmt.Sprintf("%s, row %d", b.file.where(), r.number), "the row has no room for another column").
				Hint("delete what stands beyond the header")
		}
		for k := range w.extra {
			p.word(last+1+k, words[s.Extra[k][i]])
		}
		p.text = append(p.text, "</row>"...)
	}
	return p, nil
}

// check refuses what cannot be encoded.
func check(b *Batch, s Selection, extra int) error {
	if b.source == nil {
		return errBatch
	}
	for _, column := range s.Extra[:extra] {
		for i := range b.rows {
			if s.keeps(i) && int(column[i]) >= len(s.Words) {
				return fmt.Errorf("workbook writer: row %d of the batch has word %d of %d", i, column[i], len(s.Words))
			}
		}
	}
	return nil
}

// width is how many columns a row takes: those of the header, and what lies beyond in a malformed row.
func (b *Batch) width(r *row) int {
	last := b.file.width
	if r.cellsEnd > r.cells {
		last = max(last, int(b.cells[r.cellsEnd-1].column))
	}
	return last
}

func (p *Part) gap(what uint32) {
	p.gaps = append(p.gaps, gap{uint32(len(p.text)), what})
}

func (p *Part) beginRow(b *Batch, r *row) {
	p.text = append(p.text, `<row r="`...)
	p.gap(gapRow)
	p.text = append(append(p.text, '"'), b.looks[r.look:r.lookEnd]...)
	p.text = append(p.text, '>')
}

func (p *Part) beginCell(column int) {
	p.text = columnName(append(p.text, `<c r="`...), column)
	p.gap(gapSameRow)
	p.text = append(p.text, '"')
}

// cell appends a cell with its type, style and value.
func (p *Part) cell(b *Batch, c *cell) {
	p.beginCell(int(c.column))
	if c.style > 0 {
		p.text = strconv.AppendUint(append(p.text, ` s="`...), uint64(c.style), 10)
		p.text = append(p.text, '"')
	}
	open, end := "><v>", "</v></c>"
	switch c.kind {
	case kindNone:
		p.text = append(p.text, "/>"...)
		return
	case kindShared:
		p.text = append(p.text, ` t="s"><v>`...)
		p.gap(c.at)
		p.text = append(p.text, end...)
		return
	case kindUnknown:
		p.text = append(p.text, ` t="e"><v>#VALUE!`+end...)
		return
	case kindBool:
		open = ` t="b"><v>`
	case kindError:
		open = ` t="e"><v>`
	case kindDay:
		open = ` t="d"><v>`
	case kindText:
		open = ` t="str"><v>`
	case kindInline:
		open, end = ` t="inlineStr"><is>`, "</is></c>"
	case kindNumber:
	}
	p.text = append(append(append(p.text, open...), b.data[c.at:c.end]...), end...)
}

// word appends a cell of an extra column.
func (p *Part) word(column int, inner []byte) {
	p.beginCell(column)
	p.text = append(append(append(p.text, ` t="inlineStr"><is>`...), inner...), "</is></c>"...)
}
