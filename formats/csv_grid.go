package formats

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// gridFrom is how many columns must be asked for to make a grid pay. Six of ten columns cost 110 ns a row so and 215 ns
// searched row by row; three cost the same, and a single one is found faster by searching.
const gridFrom = 4

// grid splits a text in which every row is as it should be: no quotes, in every row as many fields as the header has, no
// empty line. Most stretches of most files are such, and then one pass that looks at 64 bytes at once finds every
// delimiter and line end. It reports false for any other text, and has then left no trace.
func (b *csvBatch) grid() bool {
	if len(b.from.plan) < gridFrom || len(b.data) > b.from.limit || bytes.IndexByte(b.data, quote) >= 0 {
		return false
	}
	b.marks = appendMarks(b.marks[:0], b.data, b.from.delim)
	rows, columns := b.feeds, len(b.from.info.Columns)
	if len(b.data) > 0 && b.data[len(b.data)-1] != '\n' { // the last line of a file may have no end
		b.marks = append(b.marks, uint32(len(b.data)))
		rows++
	}
	if rows*columns != len(b.marks) || !b.gridRows(rows, columns) {
		b.rows = b.rows[:0]
		return false
	}
	for _, p := range b.from.plan {
		b.gridValues(p, columns)
	}
	return true
}

// gridRows finds the rows, of which there are as many as lines, and reports whether each ends where the marks of as many
// fields end.
func (b *csvBatch) gridRows(rows, columns int) bool {
	b.rows = slices.Grow(b.rows, rows)[:rows]
	start := uint32(0)
	for r := range b.rows {
		lf := b.marks[(r+1)*columns-1]
		end := uint32(contentEnd(b.data, int(start), int(lf)))
		if int(lf) < len(b.data) && b.data[lf] != '\n' || end == start && columns > 1 {
			return false
		}
		b.rows[r] = span{start: start, end: end, stop: min(lf+1, uint32(len(b.data)))}
		start = lf + 1
	}
	return true
}

// gridValues finds the values of a column.
func (b *csvBatch) gridValues(p pick, columns int) {
	values := slices.Grow(b.values[p.slot], len(b.rows))[:len(b.rows)]
	for r := range values {
		from, to := b.rows[r].start, b.rows[r].end
		if p.column > 0 {
			from = b.marks[r*columns+p.column-1] + 1
		}
		if p.column < columns-1 {
			to = b.marks[r*columns+p.column]
		}
		values[r] = b.data[from:to]
	}
	b.values[p.slot] = values
}

// appendMarks appends the positions of all delimiters and line feeds of a text.
func appendMarks(marks []uint32, text []byte, delim byte) []uint32 {
	const block = 64
	comma, feed := spread(delim), spread('\n')
	at := 0
	for ; at+block <= len(text); at += block {
		eight := func(i int) uint64 {
			return equalBytes(binary.LittleEndian.Uint64(text[at+8*i:]), comma, feed) << (8 * i)
		}
		found := eight(0) | eight(1) | eight(2) | eight(3) | eight(4) | eight(5) | eight(6) | eight(7)
		marks = slices.Grow(marks, block)
		n := len(marks)
		room := (*[block]uint32)(marks[n : n+block])
		k := 0
		for ; found != 0; found &= found - 1 {
			room[k%block] = uint32(at + bits.TrailingZeros64(found))
			k++
		}
		marks = marks[:n+k]
	}
	for ; at < len(text); at++ {
		if c := text[at]; c == delim || c == '\n' {
			marks = append(marks, uint32(at))
		}
	}
	return marks
}

// spread repeats a byte eight times.
func spread(c byte) uint64 { return uint64(c) * 0x0101010101010101 }

// equalBytes has bit i set where byte i of eight equals that of one of two others.
func equalBytes(text, a, b uint64) uint64 {
	const lows, highs, gather = 0x7f7f7f7f7f7f7f7f, 0x8080808080808080, 0x0102040810204080
	a, b = text^a, text^b                               // a byte that is equal is zero
	differ := (a&lows + lows | a) & (b&lows + lows | b) // its high bit is set where it is not
	return (^differ & highs >> 7) * gather >> 56
}
