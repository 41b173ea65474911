package arrow

import (
	"errors"

	"github.com/apache/arrow/go/v17/arrow"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// The sizes at which a block of cells ends.
const (
	blockRows  = 4096
	blockBytes = 16 << 20 // of what does not stand in the record batch
)

// cellColumn is a column of cells: one of the schema, or a member of a structure.
type cellColumn struct {
	name  string
	t     arrow.DataType
	at    int   // of the column in the schema
	path  []int // of the members in it, from outside in
	words int   // of the dictionary columns, the first in it
}

// isPlain reports whether the cells are texts that the record batch gives as they stand.
func (c *cellColumn) isPlain() bool { return len(c.path) == 0 && !isNested(c.t) && !isBinary(c.t) }

// Table tells the columns of the cells. A list, a map, or a structure that is to stay whole is one cell of JSON; a
// structure is a column for each member else, their names joined by dots. A type whose values are no text is a fault of
// kind Usage.
func (r *Reader) Table(whole bool) (cells.Table, error) {
	t := cells.Table{Name: r.name}
	r.cells = nil
	words := 0
	for i, f := range r.schema.Fields() {
		if err := r.addCells(cellColumn{name: f.Name, t: f.Type, at: i, words: words}, whole); err != nil {
			return t, err
		}
		words += len(leavesOf(f.Type))
	}
	for _, c := range r.cells {
		t.Columns = append(t.Columns, cells.Column{Name: c.name, Type: typeOf(c.t)})
	}
	return t, nil
}

// addCells adds a column, or those of its members. A structure without members is a column, for it may be null.
func (r *Reader) addCells(c cellColumn, whole bool) error {
	s, ok := c.t.(*arrow.StructType)
	if !ok || whole || s.NumFields() == 0 {
		r.cells = append(r.cells, c)
		return r.checkCells(c.name, c.t)
	}
	for i, f := range s.Fields() {
		m := c
		m.name, m.t, m.path = c.name+"."+f.Name, f.Type, append(append([]int(nil), c.path...), i)
		if err := r.addCells(m, whole); err != nil {
			return err
		}
		c.words += len(leavesOf(f.Type))
	}
	return nil
}

// checkCells refuses a type whose values cannot be cells, or stand in one.
func (r *Reader) checkCells(name string, t arrow.DataType) error {
	where := r.name + ", column " + name
	if !isNested(t) && !hasCells(t) {
		return fault.New(fault.Usage, where, "a column of type %s cannot be written in another format", t).
			Hint("leave the column out of the file, or leave out --to")
	}
	if s, ok := t.(*arrow.StructType); ok {
		names := map[string]bool{}
		for _, f := range s.Fields() {
			if names[f.Name] {
				return fault.New(fault.Usage, where, "two members of a structure are named %q, which JSON cannot hold", f.Name).
					Hint("leave the column out of the file, or leave out --to")
			}
			names[f.Name] = true
		}
	}
	for _, c := range children(t) {
		if err := r.checkCells(name, c); err != nil {
			return err
		}
	}
	return nil
}

// Cells gives the kept rows of a decoded batch. A cell that cannot be made is a *cells.Error, whose row is one of the batch.
func (b *Batch) Cells(keep func(row int) bool, give func(*cells.Block) error) (err error) {
	if b.record == nil {
		return errors.New("the batch is released")
	}
	makers, err := b.makers()
	if err != nil {
		return b.damaged(err)
	}
	var block cells.Block
	for first := 0; first < b.Rows; {
		block.Reset(len(b.reader.cells))
		end := first
		for ; end < b.Rows && end-first < blockRows && len(block.Arena) < blockBytes; end++ {
			if !keep(end) {
				continue
			}
			block.Add(end)
			if err := b.addMade(&block, makers); err != nil {
				return err
			}
		}
		if err := b.addTexts(&block, run{from: first, to: end}); err != nil {
			return err
		}
		if first = end; len(block.Rows) == 0 {
			continue
		}
		if err := give(&block); err != nil {
			return err
		}
	}
	return nil
}

// makers returns what makes the cells of each column, nil for those that are plain.
func (b *Batch) makers() (all []*cellMaker, err error) {
	defer caught(&err)
	for i := range b.reader.cells {
		c := &b.reader.cells[i]
		if c.isPlain() {
			all = append(all, nil)
			continue
		}
		m := &cellMaker{words: b.words[c.words:]}
		d := b.record.columns[c.at]
		for _, member := range c.path {
			m.around = append(m.around, validity(d))
			d = d.Children()[member]
		}
		m.around = append(m.around, validity(d))
		if isNested(c.t) {
			m.json = m.jsonOf(c.t, d)
		} else {
			m.text = m.textOf(c.t, d)
		}
		all = append(all, m)
	}
	return all, nil
}

// addMade gives the row that a block has last its cells that are made.
func (b *Batch) addMade(block *cells.Block, makers []*cellMaker) error {
	row, room := block.Rows[len(block.Rows)-1], cells.MaxNested
	for i, m := range makers {
		if m == nil {
			continue
		}
		err := m.add(block, i, b.from+row, &room)
		var e *cells.Error
		if errors.As(err, &e) {
			e.Row, e.Column = row, i
			return err
		}
		if err != nil {
			return b.damaged(err)
		}
	}
	return nil
}

// addTexts gives the rows of a block the cells of the plain columns. They stand in so many rows of the batch.
func (b *Batch) addTexts(block *cells.Block, of run) error {
	if len(block.Rows) == 0 {
		return nil
	}
	for i := range b.reader.cells {
		c := &b.reader.cells[i]
		if !c.isPlain() {
			continue
		}
		all, err := b.texts(c.at, run{from: b.from + of.from, to: b.from + of.to})
		var e *cells.Error
		if errors.As(err, &e) {
			e.Row, e.Column = e.Row+of.from, i
			return e
		}
		if err != nil {
			return b.damaged(err)
		}
		for k, row := range block.Rows {
			block.Columns[i][k] = all[row-of.from]
		}
	}
	return nil
}

// texts returns every cell of a plain column, nil for a null.
func (b *Batch) texts(column int, rows run) ([][]byte, error) {
	if at := b.reader.leafOf[column]; at >= 0 {
		return b.words[at].texts(b.record.columns[column], rows)
	}
	return textsBy(cellOf, b.record.columns[column], rows)
}
