package arrow

import (
	"errors"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

var errTooLong = errors.New("its texts are longer than their type can tell")

// run is a run of rows that are copied, or for each of which a null is put: what stands under a null may be anything,
// a value of another row too.
type run struct {
	from, to int
	null     bool
}

// column gathers rows of one type, and holds nothing else: nothing under nulls, beside texts or behind the end.
type column struct {
	t      arrow.DataType
	layout layout
	n      int
	nulls  int
	valid  []byte
	values []byte // or offsets, or views
	text   []byte
	pages  [][]byte // of the long texts of views
	end    uint64   // the last offset
	parts  []*column
}

func newColumn(t arrow.DataType, l layout) *column {
	c := &column{t: t, layout: l}
	if l.kind == text || l.kind == list {
		c.values = appendNumber(nil, l.width, 0)
	}
	for i, p := range children(t) {
		c.parts = append(c.parts, newColumn(p, l.parts[i]))
	}
	return c
}

// add copies rows of d, which has been checked.
func (c *column) add(d arrow.ArrayData, rows []run) {
	rows = withoutNulls(rows, validity(d))
	var inner []run
	for _, r := range rows {
		k := r.to - r.from
		c.mark(k, !r.null)
		switch c.layout.kind {
		case bitmap:
			c.addBits(d, r)
		case fixed:
			if r.null {
				c.values = append(c.values, make([]byte, k*c.layout.width)...)
			} else {
				c.values = append(c.values, buffer(d, 1)[r.from*c.layout.width:r.to*c.layout.width]...)
			}
		case text:
			if from, to := c.addOffsets(d, r); to > from {
				c.text = append(c.text, buffer(d, 2)[from:to]...)
			}
		case view:
			if r.null {
				c.values = append(c.values, make([]byte, k*viewSize)...)
				continue
			}
			for row := r.from; row < r.to; row++ {
				c.addView(d, row)
			}
		case list:
			if from, to := c.addOffsets(d, r); to > from {
				inner = append(inner, run{from, to, false})
			}
		case tuple:
			inner = append(inner, run{r.from * c.layout.width, r.to * c.layout.width, r.null})
		case group:
			inner = append(inner, r)
		}
	}
	for i, p := range c.parts {
		p.add(d.Children()[i], inner)
	}
}

// withoutNulls cuts runs where nulls begin and end.
func withoutNulls(rows []run, valid []byte) []run {
	if valid == nil {
		return rows
	}
	out := make([]run, 0, len(rows))
	for _, r := range rows {
		for from := r.from; from < r.to; {
			is := r.null || !bitutil.BitIsSet(valid, from)
			to := from + 1
			for to < r.to && (r.null || !bitutil.BitIsSet(valid, to)) == is {
				to++
			}
			out = append(out, run{from, to, is})
			from = to
		}
	}
	return out
}

// mark notes the validity of k rows more. There is no bitmap before the first null.
func (c *column) mark(k int, valid bool) {
	switch {
	case c.layout.kind == nothing, valid && c.nulls == 0:
		c.n += k
		return
	case c.nulls == 0:
		c.valid = make([]byte, (c.n+7)/8)
		bitutil.SetBitsTo(c.valid, 0, int64(c.n), true)
	}
	c.valid = append(c.valid, make([]byte, (c.n+k+7)/8-len(c.valid))...)
	if valid {
		bitutil.SetBitsTo(c.valid, int64(c.n), int64(k), true)
	} else {
		c.nulls += k
	}
	c.n += k
}

// addBits is called after mark.
func (c *column) addBits(d arrow.ArrayData, r run) {
	c.values = append(c.values, make([]byte, (c.n+7)/8-len(c.values))...)
	if r.null {
		return
	}
	from, at := buffer(d, 1), c.n-(r.to-r.from)
	for row := r.from; row < r.to; row++ {
		if bitutil.BitIsSet(from, row) {
			bitutil.SetBit(c.values, at+row-r.from)
		}
	}
}

// addOffsets returns what of the values goes with the rows.
func (c *column) addOffsets(d arrow.ArrayData, r run) (from, to int) {
	offsets, width := buffer(d, 1), c.layout.width
	if r.null {
		for range r.to - r.from {
			c.values = appendNumber(c.values, width, c.end)
		}
		return 0, 0
	}
	first := number(offsets, width, r.from)
	for row := r.from; row < r.to; row++ {
		c.values = appendNumber(c.values, width, c.end+number(offsets, width, row+1)-first)
	}
	last := number(offsets, width, r.to)
	c.end += last - first
	return int(first), int(last)
}

// data returns what was gathered.
func (c *column) data() (*array.Data, error) {
	if (c.layout.kind == text || c.layout.kind == list) && c.layout.width == 4 && c.end > math.MaxInt32 {
		return nil, errTooLong
	}
	buffers := []*memory.Buffer{nil}
	if c.nulls > 0 {
		buffers[0] = memory.NewBufferBytes(c.valid)
	}
	switch c.layout.kind {
	case text:
		buffers = append(buffers, memory.NewBufferBytes(c.values), memory.NewBufferBytes(c.text))
	case bitmap, fixed, list, view:
		buffers = append(buffers, memory.NewBufferBytes(c.values))
	}
	for _, p := range c.pages {
		buffers = append(buffers, memory.NewBufferBytes(p))
	}
	var parts []arrow.ArrayData
	for _, p := range c.parts {
		d, err := p.data()
		if err != nil {
			return nil, err
		}
		parts = append(parts, d)
	}
	return array.NewData(c.t, c.n, buffers, parts, c.nulls, 0), nil
}
