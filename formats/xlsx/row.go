package xlsx

import (
	"bytes"
	"errors"
)

var (
	errOrder     = errors.New("rows or cells are repeated or out of order")
	errReference = errors.New("the reference is none")
	errStyle     = errors.New("its style is not there")
	errString    = errors.New("its shared string is not there")
	errValue     = errors.New("its value cannot be read")
	errKind      = errors.New("its type is unknown")
	errElement   = errors.New("it holds something else than rows and cells")
)

// rowReason is what may be told of an error of a row: nothing that the row holds.
func rowReason(err error) string {
	for _, known := range []error{errOrder, errReference, errStyle, errString, errValue, errKind, errElement} {
		if errors.Is(err, known) {
			return ": " + known.Error()
		}
	}
	return reason(err)
}

// rowReader reads the rows of a piece.
type rowReader struct {
	scanner
	batch  *Batch
	prefix []byte
	number int // of the row that is read
	column int // of the cell that is read; 0 before the first
	wide   bool
	some   bool // the row holds something
}

// is reports whether the tag has a name of a workbook.
func (r *rowReader) is(local string) bool {
	return len(r.name) == len(r.prefix)+len(local) && bytes.HasPrefix(r.name, r.prefix) && string(r.name[len(r.prefix):]) == local
}

// next reads the next row; false at the end of the piece.
func (r *rowReader) next() (bool, error) {
	for {
		if err := r.scanner.next(); err != nil {
			return false, err
		}
		switch r.kind {
		case tokenEnd:
			return false, nil
		case tokenText:
			if !isBlank(r.text) {
				return false, errElement
			}
		case tokenClose:
			return false, errMatch
		case tokenOpen, tokenEmpty:
			if !r.opens("row") {
				return false, errElement
			}
			return true, r.readRow()
		}
	}
}

func (r *rowReader) readRow() error {
	b := r.batch
	now := row{at: r.from, cells: len(b.cells), look: len(b.looks)}
	next := r.number + 1
	for _, a := range r.attrs {
		switch string(a.name) {
		case "r":
			n, ok := smallNumber(a.value)
			if !ok {
				return errReference
			}
			next = n
		case "s":
			if style, ok := smallNumber(a.value); !ok || !b.file.styles.has(uint32(style)) {
				return errStyle
			}
			b.looks = appendLook(b.looks, a)
		case "customFormat", "ht", "customHeight":
			b.looks = appendLook(b.looks, a)
		}
	}
	if next <= r.number || next > maxRows {
		r.number = next
		return errOrder
	}
	r.number, r.column, r.wide, r.some = next, 0, false, false
	if r.kind == tokenOpen {
		if err := r.readCells(); err != nil {
			return err
		}
	}
	if !r.some {
		b.cells, b.looks = b.cells[:now.cells], b.looks[:now.look]
		return nil
	}
	now.number, now.end, now.cellsEnd, now.lookEnd, now.torn = r.number, r.at, len(b.cells), len(b.looks), r.wide
	if now.torn {
		b.torn++
	}
	b.rows = append(b.rows, now)
	return nil
}

// appendLook appends an attribute that says how something looks, when its value is a number or a word.
func appendLook(dst []byte, a attribute) []byte {
	for _, c := range a.value {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '.' {
			return dst
		}
	}
	dst = append(append(append(dst, ' '), a.name...), '=', '"')
	return append(append(dst, a.value...), '"')
}

// opens reports whether the token begins an element of that name.
func (r *rowReader) opens(local string) bool {
	return r.isTag() && r.is(local) && !redeclares(&r.scanner, r.prefix)
}

// closes reports whether the token ends an element of that name.
func (r *rowReader) closes(local string) bool { return r.kind == tokenClose && r.is(local) }

func (r *rowReader) readCells() error {
	for {
		err := r.scanner.next()
		switch {
		case err != nil:
		case r.kind == tokenText && isBlank(r.text):
		case r.closes("row"):
			r.column = 0
			return nil
		case r.opens("c"):
			err = r.readCell()
		case r.opens("extLst"):
			err = r.skip()
		default:
			err = errElement
		}
		if err != nil {
			return err
		}
	}
}

// readCell reads one cell.
func (r *rowReader) readCell() error {
	var c cell
	if err := r.readPlace(&c); err != nil {
		return err
	}
	isEmpty := r.kind == tokenEmpty
	if !isEmpty {
		var err error
		if isEmpty, err = r.readContent(&c); err != nil {
			return err
		}
	}
	if isEmpty && c.kind != kindUnknown {
		c.kind = kindNone
	} else {
		r.some = true
		r.wide = r.wide || r.column > r.batch.file.width
	}
	if c.kind != kindNone || r.column <= r.batch.file.width {
		r.batch.cells = append(r.batch.cells, c)
	}
	return nil
}

// readPlace reads the attributes of a cell: where it stands, its style and kind.
func (r *rowReader) readPlace(c *cell) error {
	before := r.column
	r.column++
	c.kind = kindNumber
	for _, a := range r.attrs {
		ok := true
		switch string(a.name) {
		case "r":
			var number int
			if r.column, number = cellPlace(a.value); r.column == 0 || number != r.number {
				return errReference
			}
		case "s":
			var style int
			style, ok = smallNumber(a.value)
			if c.style = uint32(style); !ok || !r.batch.file.styles.has(c.style) {
				return errStyle
			}
		case "t":
			if c.kind, ok = kindOf(a.value); !ok {
				return errKind
			}
		}
	}
	switch {
	case r.column <= before:
		return errOrder
	case r.column > maxColumns:
		return errReference
	}
	c.column = uint16(r.column)
	return nil
}

func kindOf(word []byte) (kind, bool) {
	switch string(word) {
	case "n":
		return kindNumber, true
	case "s":
		return kindShared, true
	case "str":
		return kindText, true
	case "inlineStr":
		return kindInline, true
	case "b":
		return kindBool, true
	case "e":
		return kindError, true
	case "d":
		return kindDay, true
	}
	return kindNone, false
}

// readContent reads what stands within <c>, and reports whether it is nothing.
func (r *rowReader) readContent(c *cell) (isEmpty bool, err error) {
	isEmpty = true
	valued, value := false, "v"
	if c.kind == kindInline {
		value = "is"
	}
	for {
		err := r.scanner.next()
		switch {
		case err != nil:
		case r.kind == tokenText && isBlank(r.text):
		case r.closes("c"):
			c.missValue(isEmpty, valued)
			return isEmpty, nil
		case r.opens("f"), r.opens("extLst"):
			c.isFormula = c.isFormula || r.is("f")
			err = r.skip()
		case r.opens(value) && !valued:
			if valued = true; r.kind == tokenOpen {
				isEmpty, err = r.readValue(c)
			}
		default:
			err = errElement
		}
		if err != nil {
			return false, err
		}
	}
}

// missValue marks a cell without text that is more than an empty one: an error, a formula that gives no text, or one
// whose value was left out.
func (c *cell) missValue(isEmpty, valued bool) {
	isText := c.kind == kindText || c.kind == kindInline || c.kind == kindShared
	if isEmpty && (c.kind == kindError || c.isFormula && (!isText || !valued)) {
		c.kind = kindUnknown
	}
}

// skip goes behind the end of the element that has just been opened.
func (r *rowReader) skip() error {
	if r.kind == tokenEmpty {
		return nil
	}
	open := nesting{r.name}
	for len(open) > 0 {
		if err := r.scanner.next(); err != nil {
			return err
		}
		if r.kind == tokenEnd {
			return errCut
		}
		if err := open.follow(&r.scanner); err != nil {
			return err
		}
	}
	return nil
}
