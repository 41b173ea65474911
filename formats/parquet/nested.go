package parquet

import (
	"cmp"
	"iter"

	pq "github.com/parquet-go/parquet-go"

	"cpm/formats/cells"
)

// leafReader gives the values of a leaf in a row group one by one, a few pages at a time.
type leafReader struct {
	next func() ([]pq.Value, error, bool)
	stop func()
	rest []pq.Value
}

func (f *File) readLeaf(group int, l *leaf) *leafReader {
	r := &leafReader{}
	r.next, r.stop = iter.Pull2(func(yield func([]pq.Value, error) bool) {
		err := f.scan(group, l, func(values []pq.Value) error {
			if !yield(values, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped { //nolint:errorlint // scan returns it as it stands
			yield(nil, err)
		}
	})
	return r
}

// peek returns the value that is taken next, nil behind the last. It is valid until the next peek behind a take.
func (r *leafReader) peek() (*pq.Value, error) {
	for len(r.rest) == 0 {
		values, err, more := r.next()
		if err != nil || !more {
			return nil, err
		}
		r.rest = values
	}
	return &r.rest[0], nil
}

func (r *leafReader) take(n int) { r.rest = r.rest[n:] }

// cellColumn is a column of cells in a row group, on its way. What is more than one value a row is put together by levels: the
// definition level of a value tells how much of what it stands in is there, its repetition level which array it goes on
// with. All leaves of a node have to say the same of it.
type cellColumn struct {
	*node
	leaves []*leafReader
	plain  bool   // it is one value a row
	at     int    // the row that comes next
	text   []byte // of a value
}

// of returns the leaves of a node.
func (c *cellColumn) of(n *node) []*leafReader {
	first := n.leaves[0].index - c.node.leaves[0].index
	return c.leaves[first : first+len(n.leaves)]
}

// addJSON gives the row that a block has last its cell, and takes what is nested in it from the room. The cell is null
// where what it stands in is.
func (c *cellColumn) addJSON(b *cells.Block, at int, room *int) error {
	err := c.skipTo(b.Rows[len(b.Rows)-1])
	if err != nil {
		return err
	}
	c.at++
	isThere, err := c.row()
	if err != nil {
		return err
	}
	if !isThere {
		return c.pass(c.node)
	}
	from := len(b.Arena)
	w := jsonWriter{cellColumn: c, dst: b.Arena, limit: from + *room}
	if err := w.there(c.node); err != nil {
		return err
	}
	b.Arena = w.dst
	*room -= len(b.Arena) - from
	b.Set(at, b.Kept(from))
	return nil
}

// addValues gives all rows of a block their cells, in a column of one value a row.
func (c *cellColumn) addValues(b *cells.Block, at int) error {
	if !c.plain {
		return nil
	}
	texts, r := b.Columns[at], c.leaves[0]
	for i, row := range b.Rows {
		if err := c.skipTo(row); err != nil {
			return err
		}
		v, err := r.peek()
		if err != nil || v == nil {
			return cmp.Or(err, errLevel)
		}
		if !v.IsNull() {
			from := len(b.Arena)
			text := c.node.text(b.Arena, *v)
			if text == nil {
				return cells.NotAllowed()
			}
			b.Arena = text
			texts[i] = b.Kept(from)
		}
		r.take(1)
		c.at++
	}
	return nil
}

// skipTo passes the rows before one over.
func (c *cellColumn) skipTo(row int) error {
	for c.at < row {
		if _, err := c.row(); err != nil {
			return err
		}
		if c.plain {
			n := min(row-c.at, len(c.leaves[0].rest))
			c.leaves[0].take(n)
			c.at += n
			continue
		}
		c.at++
		for _, r := range c.leaves {
			if err := r.skipRow(); err != nil {
				return err
			}
		}
	}
	return nil
}

// skipRow takes the values of a row that has begun.
func (r *leafReader) skipRow() error {
	for {
		r.take(1)
		if v, err := r.peek(); err != nil || v == nil || v.RepetitionLevel() == 0 {
			return err
		}
	}
}

// row begins a row, and reports whether its cell is there.
func (c *cellColumn) row() (isThere bool, err error) {
	for _, r := range c.leaves {
		if v, err := r.peek(); err != nil || v == nil || v.RepetitionLevel() != 0 {
			return false, cmp.Or(err, errLevel)
		}
	}
	return c.reaches(c.node, c.present)
}

// end passes the last of so many rows over, and holds the column to end there.
func (c *cellColumn) end(rows int) error {
	if err := c.skipTo(rows); err != nil {
		return err
	}
	for _, r := range c.leaves {
		if v, err := r.peek(); err != nil || v != nil {
			return cmp.Or(err, errLevel)
		}
	}
	return nil
}

// reaches reports whether the values of a node reach a definition level.
func (c *cellColumn) reaches(n *node, level int) (does bool, err error) {
	for i, r := range c.of(n) {
		v, err := r.peek()
		if err != nil || v == nil {
			return false, cmp.Or(err, errLevel)
		}
		if i > 0 && does != (v.DefinitionLevel() >= level) {
			return false, errLevel
		}
		does = v.DefinitionLevel() >= level
	}
	return does, nil
}

// pass takes the value that each leaf has of a node that is not there.
func (c *cellColumn) pass(n *node) error {
	leaves := c.of(n)
	level := leaves[0].rest[0].DefinitionLevel()
	for _, r := range leaves {
		if r.rest[0].DefinitionLevel() != level {
			return errLevel
		}
		r.take(1)
	}
	return nil
}

// more reports whether an array goes on.
func (c *cellColumn) more(n *node) (goesOn bool, err error) {
	for i, r := range c.of(n) {
		v, err := r.peek()
		if err != nil {
			return false, err
		}
		level := 0
		if v != nil {
			level = v.RepetitionLevel()
		}
		if level > n.repeats || i > 0 && goesOn != (level == n.repeats) {
			return false, errLevel
		}
		goesOn = level == n.repeats
	}
	return goesOn, nil
}

// jsonWriter writes the cell of a row as JSON.
type jsonWriter struct {
	*cellColumn
	dst   []byte
	limit int // of its length
}

// node writes a node within one that is there.
func (w *jsonWriter) node(n *node) error {
	isThere, err := w.reaches(n, n.present)
	if err != nil {
		return err
	}
	if !isThere {
		w.dst = append(w.dst, "null"...)
		return w.pass(n)
	}
	return w.there(n)
}

// there writes a node that is there.
func (w *jsonWriter) there(n *node) error {
	switch n.form {
	case object:
		return w.object(n)
	case array, mapping:
		return w.array(n)
	case value:
	}
	r := w.of(n)[0]
	text := n.text(w.text[:0], r.rest[0])
	if text == nil {
		return cells.NotAllowed()
	}
	w.text = text
	w.dst = cells.AppendJSON(w.dst, n.cell.Kind, w.text)
	r.take(1)
	return w.fits()
}

func (w *jsonWriter) object(n *node) error {
	open := byte('{')
	for _, part := range n.parts {
		w.dst = append(cells.AppendString(append(w.dst, open), []byte(part.name)), ':')
		if err := w.node(part); err != nil {
			return err
		}
		open = ','
	}
	w.dst = append(w.dst, '}')
	return nil
}

// array writes an array, or the object that a mapping is.
func (w *jsonWriter) array(n *node) error {
	open, shut := byte('['), byte(']')
	if n.form == mapping {
		open, shut = '{', '}'
	}
	hasElement, err := w.reaches(n, n.filled)
	if err == nil && !hasElement {
		w.dst = append(w.dst, open, shut)
		return w.pass(n)
	}
	var keys cells.Keys
	for goesOn := true; goesOn && err == nil; {
		if hasElement, err = w.reaches(n, n.filled); err != nil || !hasElement {
			return cmp.Or(err, errLevel)
		}
		w.dst, open = append(w.dst, open), ','
		if err = w.element(n, &keys); err == nil {
			goesOn, err = w.more(n)
		}
	}
	w.dst = append(w.dst, shut)
	return err
}

// element writes an element of an array, or a key and its value.
func (w *jsonWriter) element(n *node, keys *cells.Keys) error {
	if n.form == mapping {
		from := len(w.dst)
		err := w.node(n.parts[0])
		if err == nil {
			w.dst, err = keys.Add(w.dst, from)
		}
		if err != nil {
			return err
		}
	}
	if err := w.node(n.parts[len(n.parts)-1]); err != nil {
		return err
	}
	return w.fits()
}

func (w *jsonWriter) fits() error {
	if len(w.dst) > w.limit {
		return cells.TooLong()
	}
	return nil
}
