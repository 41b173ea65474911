package parquet

import (
	"errors"
	"slices"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// The sizes at which a block of cells ends.
const (
	blockRows  = 4096
	blockBytes = 16 << 20
)

// errStopped ends a scan of which nobody wants more.
var errStopped = errors.New("stopped")

// CellReader gives the cells of a file.
type CellReader struct {
	file    *File
	columns []*node
	table   cells.Table
}

// CellReader returns a reader of cells. What has several values is one cell of JSON; a structure around single values is,
// too, if it is to stay whole, and else a column for each member, their names joined by dots. Bytes that are not declared
// to be anything are text where the file declares no text at all, as Impala and old Hive wrote it, and in the named
// columns, which are read as text already; else they are binary. A value that is no text is a fault of kind Usage.
func (f *File) CellReader(whole bool, texts []int) (*CellReader, error) {
	declares := slices.ContainsFunc(f.leaves, func(l *leaf) bool { return isDeclaredText(l.schema) })
	root, err := f.tree(func(l *leaf) bool { return declares && !slices.Contains(texts, l.index) })
	if err != nil {
		return nil, err
	}
	r := &CellReader{file: f, table: cells.Table{Name: f.name}}
	for _, n := range root.parts {
		if err := r.add(n, n.name, whole); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// add adds the column that a node is, or those of its members.
func (r *CellReader) add(n *node, name string, whole bool) error {
	if n.form == object && !whole {
		for _, part := range n.parts {
			if err := r.add(part, name+"."+part.name, whole); err != nil {
				return err
			}
		}
		return nil
	}
	column := cells.Column{Name: name, Type: n.cell}
	if n.form != value {
		column.Type = cells.Type{Kind: cells.JSON}
	}
	r.columns, r.table.Columns = append(r.columns, n), append(r.table.Columns, column)
	return n.find(func(n *node) error {
		if n.form == value && n.text == nil {
			l := n.leaves[0]
			return fault.New(fault.Usage, r.file.where(l), "a column of type %s cannot be written in another format", typeName(l.schema)).
				Hint("leave the column out of the file, or leave out --to")
		}
		names := map[string]bool{}
		for _, part := range n.parts {
			if n.form == object && names[part.name] {
				return fault.New(fault.Usage, r.file.name+", column "+name, "two members of a structure are named %q, which JSON cannot hold", part.name).
					Hint("leave the column out of the file, or leave out --to")
			}
			names[part.name] = true
		}
		return nil
	})
}

// Table tells the columns of the cells.
func (r *CellReader) Table() cells.Table { return r.table }

// Read gives the kept rows of a row group. Every column is read anew, a few pages at a time. A cell that cannot be made
// is a *cells.Error, whose row is one of the row group.
func (r *CellReader) Read(group int, keep []uint64, give func(*cells.Block) error) (err error) {
	defer r.file.recover(&err)
	columns := make([]*cellColumn, len(r.columns))
	for i, n := range r.columns {
		columns[i] = &cellColumn{node: n, plain: n.form == value, text: []byte{}}
		for _, l := range n.leaves {
			from := r.file.readLeaf(group, l)
			defer from.stop()
			columns[i].leaves = append(columns[i].leaves, from)
		}
	}
	var b cells.Block
	for first, total := 0, r.file.GroupRows(group); first < total; {
		b.Reset(len(columns))
		for ; first < total && len(b.Rows) < blockRows && len(b.Arena) < blockBytes; first++ {
			if !has(keep, first) {
				continue
			}
			b.Add(first)
			if err := r.addNested(columns, &b, group); err != nil {
				return err
			}
		}
		for i, c := range columns {
			if err := c.addValues(&b, i); err != nil {
				return r.place(err, group, cells.Error{Row: c.at, Column: i})
			}
		}
		if len(b.Rows) == 0 {
			break
		}
		if err := give(&b); err != nil {
			return err
		}
	}
	for i, c := range columns {
		if err := c.end(r.file.GroupRows(group)); err != nil {
			return r.place(err, group, cells.Error{Column: i})
		}
	}
	return nil
}

// addNested gives the row that a block has last its nested cells.
func (r *CellReader) addNested(columns []*cellColumn, b *cells.Block, group int) error {
	row, room := b.Rows[len(b.Rows)-1], cells.MaxNested
	for i, c := range columns {
		if c.plain {
			continue
		}
		if err := c.addJSON(b, i, &room); err != nil {
			return r.place(err, group, cells.Error{Row: row, Column: i})
		}
	}
	return nil
}

// place tells where a row could not be read, unless the pages told it.
func (r *CellReader) place(err error, group int, at cells.Error) error {
	var e *cells.Error
	switch {
	case errors.As(err, &e):
		e.Row, e.Column = at.Row, at.Column
	case fault.KindOf(err) == 0:
		return r.file.chunkFault(r.columns[at.Column].leaves[0], group, err)
	}
	return err
}
