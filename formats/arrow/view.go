package arrow

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
)

const (
	viewSize = 16
	shortest = 12      // bytes of a text that stands in its view
	maxPage  = 1 << 30 // of long texts; places in a page are numbers of 31 bits
)

// longView returns where a text stands that is too long for its view.
func longView(v []byte) (page, from, size int) {
	return int(binary.LittleEndian.Uint32(v[8:])), int(binary.LittleEndian.Uint32(v[12:])), int(binary.LittleEndian.Uint32(v))
}

func checkViews(d arrow.ArrayData) error {
	n, views, valid := d.Len(), buffer(d, 1), validity(d)
	if len(views)/viewSize < n {
		return errLengths
	}
	for i := range n {
		v := views[i*viewSize:][:viewSize]
		if binary.LittleEndian.Uint32(v) <= shortest || valid != nil && !bitutil.BitIsSet(valid, i) {
			continue
		}
		page, from, size := longView(v)
		if page >= len(d.Buffers())-2 {
			return errLengths
		}
		if have := len(buffer(d, 2+page)); from > have || size > have-from {
			return errLengths
		}
	}
	return nil
}

// viewed returns the text of a view.
func viewed(d arrow.ArrayData, v []byte) []byte {
	size := binary.LittleEndian.Uint32(v)
	if size <= shortest {
		return v[4 : 4+size : 4+size]
	}
	page, from, to := longView(v)
	to += from
	return buffer(d, 2+page)[from:to:to]
}

// addView copies a text: what stands behind it in its view, or beside it in its page, is not part of it.
func (c *column) addView(d arrow.ArrayData, row int) {
	v := buffer(d, 1)[row*viewSize:][:viewSize]
	text := viewed(d, v)
	if len(text) <= shortest {
		c.values = append(c.values, v[:4+len(text)]...)
		c.values = append(c.values, make([]byte, shortest-len(text))...)
		return
	}
	if last := len(c.pages) - 1; last < 0 || len(c.pages[last])+len(text) > maxPage {
		c.pages = append(c.pages, nil)
	}
	last := len(c.pages) - 1
	c.values = append(append(c.values, v[:4]...), text[:4]...)
	c.values = binary.LittleEndian.AppendUint32(c.values, uint32(last))
	c.values = binary.LittleEndian.AppendUint32(c.values, uint32(len(c.pages[last])))
	c.pages[last] = append(c.pages[last], text...)
}
