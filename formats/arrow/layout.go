package arrow

import (
	"encoding/binary"
	"errors"

	"github.com/apache/arrow/go/v17/arrow"
)

// maxValues bounds the values of a column, for those that take no bytes.
const maxValues = 1 << 32

var errLengths = errors.New("its lengths do not fit together")

// layout is how the values of a type lie in their buffers; many types share one.
type layout struct {
	kind  kind
	width int // bytes of a value, or of an offset; values of each row of a tuple
	parts []layout
}

type kind uint8

const (
	unknown kind = iota // unions, runs and views of lists: they are passed over, and not written
	nothing             // nulls alone
	bitmap
	fixed
	text  // offsets into bytes
	view  // short texts, and places of long ones in pages
	list  // offsets into one part
	tuple // as many values of one part for each row
	group // one value of each part for each row
)

// layoutOf returns the layout of a flat type.
func layoutOf(t arrow.DataType) layout {
	l := layout{parts: make([]layout, 0, len(children(t)))}
	for _, c := range children(t) {
		l.parts = append(l.parts, layoutOf(c))
		if l.parts[len(l.parts)-1].kind == unknown {
			return layout{}
		}
	}
	switch t := t.(type) {
	case *arrow.NullType:
		l.kind = nothing
	case *arrow.BooleanType:
		l.kind = bitmap
	case *arrow.StringType, *arrow.BinaryType:
		l.kind, l.width = text, 4
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		l.kind, l.width = text, 8
	case arrow.BinaryViewDataType:
		l.kind, l.width = view, viewSize
	case *arrow.ListType, *arrow.MapType:
		l.kind, l.width = list, 4
	case *arrow.LargeListType:
		l.kind, l.width = list, 8
	case *arrow.FixedSizeListType:
		l.kind, l.width = tuple, int(t.Len())
	case *arrow.StructType:
		l.kind = group
	case *arrow.DictionaryType, arrow.ExtensionType:
		return layout{}
	case arrow.FixedWidthDataType:
		l.kind, l.width = fixed, t.Bytes()
	}
	return l
}

// number returns the i-th little-endian number of so many bytes.
func number(b []byte, width, i int) uint64 {
	switch width {
	case 1:
		return uint64(b[i])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b[2*i:]))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return binary.LittleEndian.Uint64(b[8*i:])
}

func appendNumber(b []byte, width int, x uint64) []byte {
	if width == 4 {
		return binary.LittleEndian.AppendUint32(b, uint32(x))
	}
	return binary.LittleEndian.AppendUint64(b, x)
}

// buffer returns the bytes of a buffer, which may be left out when it has none.
func buffer(d arrow.ArrayData, i int) []byte {
	if all := d.Buffers(); i < len(all) && all[i] != nil {
		return all[i].Bytes()
	}
	return nil
}

// validity returns the bitmap of the rows that are not null; nil when no row is.
func validity(d arrow.ArrayData) []byte {
	if d.NullN() == 0 {
		return nil
	}
	return buffer(d, 0)
}

// check holds a column to the bytes that there are: offsets rise and end within them, and so do views. After it
// nothing in a column of a known layout points elsewhere. The library looks at little of that.
func (l layout) check(d arrow.ArrayData) error {
	n := d.Len()
	if n < 0 || n > maxValues || d.Offset() != 0 || len(d.Children()) != len(l.parts) {
		return errLengths
	}
	if l.kind != unknown && l.kind != nothing && d.NullN() != 0 && len(buffer(d, 0)) < (n+7)/8 {
		return errLengths
	}
	if err := l.checkValues(d); err != nil {
		return err
	}
	need := 0 // values of each part
	switch l.kind {
	case tuple:
		need = n * l.width
	case group:
		need = n
	}
	for i, p := range l.parts {
		if d.Children()[i].Len() < need {
			return errLengths
		}
		if err := p.check(d.Children()[i]); err != nil {
			return err
		}
	}
	return nil
}

// checkValues holds what a column has beside its validity and its parts to its bytes.
func (l layout) checkValues(d arrow.ArrayData) error {
	n := d.Len()
	fits := true
	switch l.kind {
	case bitmap:
		fits = len(buffer(d, 1)) >= (n+7)/8
	case fixed:
		fits = l.width == 0 || len(buffer(d, 1))/l.width >= n
	case text:
		return l.rising(d, uint64(len(buffer(d, 2))))
	case view:
		return checkViews(d)
	case list:
		return l.rising(d, uint64(d.Children()[0].Len()))
	case tuple: // of 31 bits, so that n of them are no more than a number holds
		fits = l.width >= 0
	}
	if !fits {
		return errLengths
	}
	return nil
}

// rising holds offsets to their end.
func (l layout) rising(d arrow.ArrayData, end uint64) error {
	n, offsets := d.Len(), buffer(d, 1)
	if n == 0 {
		return nil
	}
	if len(offsets)/l.width <= n {
		return errLengths
	}
	last := uint64(0)
	for i := range n + 1 {
		at := number(offsets, l.width, i)
		if at < last || at > end {
			return errLengths
		}
		last = at
	}
	return nil
}
