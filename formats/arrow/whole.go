package arrow

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
)

// alignment is the largest that writers of the format fill up to.
const alignment = 64

// message returns the message as it came.
func (m *frame) message() []byte {
	var b bytes.Buffer
	framed(&b, m.meta)
	b.Write(m.body)
	return b.Bytes()
}

// passes reports whether a batch of which every row is kept may go out as it came: its bytes hold the values of its
// rows and nothing else. Words of a dictionary are always gathered.
func (w *Writer) passes(b *Batch) bool {
	f := b.record.frame
	if f == nil || f.custom || len(w.reader.leaves) > 0 || len(f.meta)%8 != 0 || len(f.body)%8 != 0 {
		return false
	}
	buffers := 0
	for i, d := range b.record.columns {
		if !w.layouts[i].exact(d, &buffers) {
			return false
		}
	}
	return f.exact(buffers)
}

// exact reports whether the body is so many buffers, in order, and what fills up between them.
func (m *frame) exact(buffers int) bool {
	all := slices.Clone(m.extents)
	slices.SortFunc(all, func(a, b extent) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	at := int64(0)
	for _, e := range all {
		if e.from == e.to {
			continue
		}
		if buffers--; e.from < at || !blank(m.body[at:e.from]) {
			return false
		}
		at = e.to
	}
	return buffers == 0 && blank(m.body[at:])
}

// blank reports whether bytes do no more than fill up.
func blank(b []byte) bool { return len(b) < alignment && zero(b) }

func zero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

// exact reports whether a column that was checked holds its values and nothing else: nothing under nulls, before the
// first offset, between texts or behind the end. It counts the buffers.
func (l layout) exact(d arrow.ArrayData, buffers *int) bool {
	for _, b := range d.Buffers() {
		if b != nil && b.Len() > 0 {
			*buffers++
		}
	}
	if valid := validity(d); valid != nil && !exactBits(valid, d.Len()) || !l.exactValues(d) || !l.blankNulls(d) {
		return false
	}
	for i, p := range l.parts {
		if !p.exact(d.Children()[i], buffers) {
			return false
		}
	}
	return true
}

// exactValues is exact for what a column has beside its validity, and for the length of its parts. Where a row of
// several parts is null, it may be anything.
func (l layout) exactValues(d arrow.ArrayData) bool {
	n := d.Len()
	switch l.kind {
	case nothing:
		return true
	case bitmap:
		return exactBits(buffer(d, 1), n)
	case fixed:
		return blank(buffer(d, 1)[n*l.width:])
	case text:
		return l.exactOffsets(d, len(buffer(d, 2)))
	case list:
		return l.exactOffsets(d, d.Children()[0].Len())
	case tuple:
		return validity(d) == nil && d.Children()[0].Len() == n*l.width
	case group:
		return validity(d) == nil && !slices.ContainsFunc(d.Children(), func(c arrow.ArrayData) bool { return c.Len() != n })
	}
	return false
}

// exactBits reports whether a bitmap ends with its n-th bit.
func exactBits(b []byte, n int) bool {
	whole := (n + 7) / 8
	return (n%8 == 0 || b[whole-1]>>(n%8) == 0) && blank(b[whole:])
}

// exactOffsets reports whether offsets go from 0 to the end, and by nothing at nulls.
func (l layout) exactOffsets(d arrow.ArrayData, end int) bool {
	n, offsets, valid := d.Len(), buffer(d, 1), validity(d)
	if n == 0 {
		return end == 0 && blank(offsets)
	}
	if number(offsets, l.width, 0) != 0 || number(offsets, l.width, n) != uint64(end) || !blank(offsets[(n+1)*l.width:]) {
		return false
	}
	for row := range n {
		if valid != nil && valid[row>>3]>>(row&7)&1 == 0 && number(offsets, l.width, row) != number(offsets, l.width, row+1) {
			return false
		}
	}
	return true
}

// blankNulls reports whether zeros stand under the nulls of a column of bits or of values of one width.
func (l layout) blankNulls(d arrow.ArrayData) bool {
	valid, values := validity(d), buffer(d, 1)
	if valid == nil || l.kind != bitmap && l.kind != fixed {
		return true
	}
	for row := range d.Len() {
		switch {
		case valid[row>>3]>>(row&7)&1 != 0:
		case l.kind == fixed && !zero(values[row*l.width:(row+1)*l.width]):
			return false
		case l.kind == bitmap && values[row>>3]>>(row&7)&1 != 0:
			return false
		}
	}
	return true
}
