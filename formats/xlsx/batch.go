package xlsx

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"cpm/formats/fault"
)

// Batch is a run of rows of the sheet. Decode comes first; what its methods return is valid until Release.
type Batch struct {
	file          *File
	data          []byte // the rows as they stand; behind them texts that had to be written anew
	source        []byte // the rows alone
	before, after int    // the numbers of the row before the first one and of the last one

	rows   []row
	cells  []cell
	values [][][]byte
	arena  []byte // values that do not stand in data
	looks  []byte // attributes of rows
	torn   int
}

// row is one row that holds something.
type row struct {
	number          int
	at, end         int // where it stands in the source
	cells, cellsEnd int
	look, lookEnd   int // attributes to be kept, in looks
	torn            bool
}

// cell is one cell, with or without a value.
type cell struct {
	at, end   uint32 // where its value stands in data; of a shared string at is the number
	style     uint32
	column    uint16 // from 1 on
	kind      kind
	isFormula bool
	isRich    bool // its text has lost the looks of its parts
}

// kind says what the value of a cell is.
type kind uint8

const (
	kindNone   kind = iota
	kindNumber      // as written
	kindBool
	kindError
	kindDay    // ISO 8601 text
	kindText   // of a formula
	kindInline // at and end are the XML within <is>
	kindShared
	kindUnknown // a formula whose value was never written
)

// unreadable stands for what a cell should hold and does not: an error, or a formula without its value. It is no empty
// cell, behind which an identifier would be lost; and the sign at its start, which no text of a workbook has, keeps it
// from being the name of anybody.
const unreadable = "\x1a#VALUE!"

// Decode finds the rows, their cells and the selected values.
func (b *Batch) Decode() error {
	b.reset()
	r := rowReader{batch: b, scanner: scanner{data: b.data}, prefix: b.file.pieces.prefix, number: b.before}
	for {
		more, err := r.next()
		if err != nil {
			return b.file.refusedRow(r.number, r.column, err)
		}
		if !more {
			break
		}
	}
	if r.number != b.after {
		return b.file.refusedRow(r.number, 0, errOrder)
	}
	b.source = r.data
	b.pick()
	return nil
}

func (b *Batch) reset() {
	b.rows, b.cells, b.arena, b.looks, b.torn = b.rows[:0], b.cells[:0], b.arena[:0], b.looks[:0], 0
	for len(b.values) < b.file.slots {
		b.values = append(b.values, nil)
	}
	for i := range b.values {
		b.values[i] = b.values[i][:0]
	}
}

// pick takes the selected values.
func (b *Batch) pick() {
	for _, p := range b.file.plan {
		values := b.values[p.slot]
		for i := range b.rows {
			var value []byte
			if c := b.find(&b.rows[i], p.column); c != nil {
				if value = b.value(c); c.kind == kindError || c.kind == kindUnknown {
					value = []byte(unreadable)
				}
			}
			values = append(values, value)
		}
		b.values[p.slot] = values
	}
}

// find returns the cell of a row in a column, nil when there is none.
func (b *Batch) find(r *row, column int) *cell {
	at := min(r.cells+column-1, r.cellsEnd-1) // where it is when no cell is missing
	for ; at >= r.cells && int(b.cells[at].column) >= column; at-- {
		if int(b.cells[at].column) == column {
			return &b.cells[at]
		}
	}
	return nil
}

// value returns the text of a cell, nil when it has none or holds an error. It stays in the batch's memory.
func (b *Batch) value(c *cell) []byte {
	raw := b.data[min(c.at, c.end):c.end]
	switch c.kind {
	case kindShared:
		return some(b.file.strings.text(c.at))
	case kindNumber:
		if isWhole(raw) && b.file.styles.shows(c.style) == showsNumber {
			return raw
		}
	case kindText:
		if isPlain(raw) {
			return some(raw)
		}
	case kindNone, kindError, kindUnknown:
		return nil
	case kindBool, kindDay, kindInline:
	}
	from := len(b.arena)
	b.arena = b.appendText(b.arena, c)
	return some(b.arena[from:len(b.arena):len(b.arena)])
}

// some makes no difference between an empty text and none.
func some(text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	return text
}

// appendText appends the text of a cell. What could fail was tried by Decode.
func (b *Batch) appendText(dst []byte, c *cell) []byte {
	if c.kind == kindShared {
		return append(dst, b.file.strings.text(c.at)...)
	}
	raw := b.data[min(c.at, c.end):c.end]
	switch c.kind {
	case kindBool:
		return strconv.AppendBool(dst, isTrue(string(raw)))
	case kindNumber:
		x, _ := number(raw)
		if s := b.file.styles.shows(c.style); s != showsNumber {
			if day, ok := appendDay(dst, x, s, b.file.is1904); ok {
				return day
			}
		}
		return appendNumber(dst, raw, x)
	case kindDay:
		return appendISO(dst, raw, b.file.styles.shows(c.style))
	case kindText:
		from := len(dst)
		dst, _ = appendUnescaped(dst, raw)
		return dst[:from+len(unescapeUnits(dst[from:]))]
	case kindInline:
		return appendInline(dst, raw)
	case kindNone, kindError, kindShared, kindUnknown:
	}
	return dst
}

// appendInline appends the text of what stands within <is>.
func appendInline(dst, inner []byte) []byte {
	s := scanner{data: append(append(make([]byte, 0, len(inner)+5), inner...), "</is>"...), name: []byte("is")}
	_, dst, _ = readRich(&s, dst) // Decode has read it already
	return dst
}

// Rows is the number of rows that hold something.
func (b *Batch) Rows() int { return len(b.rows) }

// Values returns the values of the i-th selected column.
func (b *Batch) Values(i int) [][]byte { return b.values[i] }

// Malformed reports whether a row holds a value beyond the last column.
func (b *Batch) Malformed(row int) bool { return b.rows[row].torn }

// MalformedRows is the number of such rows.
func (b *Batch) MalformedRows() int { return b.torn }

// Place names a row as the sheet numbers it.
func (b *Batch) Place(row int) string { return "row " + strconv.Itoa(b.rows[row].number) }

// Release gives the memory back. A buffer that a very long row has blown up is not kept.
func (b *Batch) Release() {
	if cap(b.data) > 4*pieceSize {
		b.data = nil
	}
	b.source = nil
	b.file.batches.Put(b)
}

// refusedRow makes a fault of what a row cannot be read for.
func (f *File) refusedRow(number, column int, err error) error {
	where := fmt.Sprintf("%s, row %d", f.where(), number)
	if column > 0 {
		where = fmt.Sprintf("%s, cell %s%d", f.where(), columnName(nil, column), number)
	}
	return fault.New(fault.Input, where, "the sheet is damaged%s", rowReason(err)).Hint("open and save it again, or export it again")
}

// columnName appends the letters of a column, from 1 on.
func columnName(dst []byte, column int) []byte {
	var letters [3]byte
	at := len(letters)
	for ; column > 0 && at > 0; column = (column - 1) / 26 {
		at--
		letters[at] = byte('A' + (column-1)%26)
	}
	return append(dst, letters[at:]...)
}

// cellPlace reads a reference such as B12; of one without row only the column, of one that is none 0.
func cellPlace(ref []byte) (column, number int) {
	i := 0
	for ; i < len(ref) && i < 3 && 'A' <= ref[i]&^0x20 && ref[i]&^0x20 <= 'Z'; i++ {
		column = column*26 + int(ref[i]&^0x20-'A') + 1
	}
	number, ok := smallNumber(ref[i:])
	if !ok || column > maxColumns {
		return 0, 0
	}
	return column, number
}

// smallNumber reads a number of decimal digits alone, below 2³¹.
func smallNumber(text []byte) (int, bool) {
	text = bytes.Trim(text, whiteSpace)
	if len(text) == 0 || len(text) > 10 {
		return 0, false
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, n <= math.MaxInt32
}
