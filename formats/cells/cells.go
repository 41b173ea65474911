// Package cells holds what lies between two formats: the cells of a table as text, whatever they were read from and
// whatever they are written as. Its readers give blocks of rows, column by column; its writers take them.
//
//	value ──▶ Type.Append ──▶ text ──▶ Type.Bits, Type.Big ──▶ value
//	                            └────▶ CSV, JSON Lines, XLSX, as it stands
//
// A text tells its value whole: of a type that both sides have, what is read back is what was written, in all 64 bits of
// a time and all 76 digits of a decimal, or it is refused.
package cells

// Column is a column of a table.
type Column struct {
	Name string
	Type
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
	Row    int // of the batch
	Column int
	What   string // what the cell is, as in "holds a NUL"
	Mend   string
}

// Error implements error.
func (e *Error) Error() string { return e.What }

// NotAllowed is why a value is refused that its own type does not allow, such as a time of day beyond the day.
func NotAllowed() *Error {
	return &Error{What: "holds a value that its type does not allow", Mend: "mend it where the file was made"}
}

// NotHeld is why a cell is refused that the type of its column cannot hold.
func NotHeld(row, column int, typeName string) *Error {
	return &Error{
		Row: row, Column: column, What: "holds a value that the type of its column, " + typeName + ", cannot hold",
		Mend: "convert to csv or jsonl, which hold it as text",
	}
}
