// Package cells holds what lies between two formats: the cells of a table as text, whatever they were read from and
// whatever they are written as. Its readers give blocks of rows, column by column; its writers take them.
package cells

import (
	"bytes"
	"math/big"
)

// Kind says what the texts of a column can be read back as. A writer that has a type for it may use that, and one that
// has none writes the text: it is the same cell.
type Kind uint8

// The kinds. The zero value is a text, which says nothing more than itself.
const (
	Text    Kind = iota
	Integer      // decimal, within 64 bits and their sign
	Number       // a double, in its shortest form; NaN, +Inf and -Inf among them
	Truth        // true or false
)

// Column is a column of a table.
type Column struct {
	Name string
	Kind Kind
}

// Table says what the cells of an input are.
type Table struct {
	Name     string // of the input, for messages
	Columns  []Column
	Headless bool // nobody has named the columns: their names are numbers
}

// Block is some rows of a batch. Its texts are valid until the function returns that it was given to.
type Block struct {
	Rows    []int      // the places of the rows in their batch
	Columns [][][]byte // by column the cell of each row; nil is a null
	Arena   []byte     // where texts may stand that stand nowhere else
}

// Reset empties the block, for so many columns.
func (b *Block) Reset(columns int) {
	if b.Rows = b.Rows[:0]; b.Arena == nil {
		b.Arena = []byte{} // of which an empty text is no null
	}
	b.Arena = b.Arena[:0]
	for len(b.Columns) < columns {
		b.Columns = append(b.Columns, nil)
	}
	b.Columns = b.Columns[:columns]
	for i := range b.Columns {
		b.Columns[i] = b.Columns[i][:0]
	}
}

// Add begins a row, all of whose cells are null.
func (b *Block) Add(row int) {
	b.Rows = append(b.Rows, row)
	for i := range b.Columns {
		b.Columns[i] = append(b.Columns[i], nil)
	}
}

// Set gives the last row a cell.
func (b *Block) Set(column int, text []byte) { b.Columns[column][len(b.Rows)-1] = text }

// Kept returns what was appended to the arena since it had a length. What is appended later does not move it.
func (b *Block) Kept(from int) []byte { return b.Arena[from:len(b.Arena):len(b.Arena)] }

// Error is why a format cannot hold a cell.
type Error struct {
	Row    int // of the block
	Column int
	What   string // what the cell is, as in "holds a NUL"
	Mend   string
}

// Error implements error.
func (e *Error) Error() string { return e.What }

// AppendDecimal appends a number whose last digits, as many as the scale says, stand behind the point.
func AppendDecimal(dst []byte, n *big.Int, scale int) []byte {
	digits := new(big.Int).Abs(n).Append(nil, 10)
	if n.Sign() < 0 {
		dst = append(dst, '-')
	}
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = append(bytes.Repeat([]byte{'0'}, missing), digits...)
	}
	point := len(digits) - scale
	dst = append(dst, digits[:point]...)
	if scale == 0 {
		return dst
	}
	return append(append(dst, '.'), digits[point:]...)
}

// Clone returns the block with texts of its own.
func (b *Block) Clone() *Block {
	size := 0
	for _, texts := range b.Columns {
		for _, text := range texts {
			size += len(text)
		}
	}
	c := &Block{Rows: append([]int(nil), b.Rows...), Arena: make([]byte, 0, size)}
	for _, texts := range b.Columns {
		own := make([][]byte, len(texts))
		for i, text := range texts {
			if text != nil {
				from := len(c.Arena)
				c.Arena = append(c.Arena, text...)
				own[i] = c.Kept(from)
			}
		}
		c.Columns = append(c.Columns, own)
	}
	return c
}
