package formats

import (
	"bytes"
	"slices"
)

// grid splits a text in which every row is as it should be: quotes around whole fields alone, in every row as many fields
// as the header has, no empty line. Most stretches of most files are such, and then one pass that looks at 64 bytes at
// once finds every field. It reports false for any other text, and has then left no trace.
func (b *csvBatch) grid() bool {
	if len(b.data) > b.from.limit || !b.ends.find(b.data, b.from.delim) {
		return false
	}
	rows, columns := b.feeds-b.ends.hidden, len(b.from.info.Columns)
	if len(b.data) > 0 && b.data[len(b.data)-1] != '\n' { // the last line of a file may have no end
		b.ends.at = append(b.ends.at, uint32(len(b.data)))
		rows++
	}
	if rows*columns != len(b.ends.at) || !b.gridRows(rows, columns) {
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
		lf := b.ends.at[(r+1)*columns-1]
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
			from = b.ends.at[r*columns+p.column-1] + 1
		}
		if p.column < columns-1 {
			to = b.ends.at[r*columns+p.column]
		}
		values[r] = b.data[from:to]
	}
	if b.ends.quoted {
		b.gridQuoted(values)
	}
	b.values[p.slot] = values
}

// gridQuoted takes the quotes from values that stand in some.
func (b *csvBatch) gridQuoted(values [][]byte) {
	for r, value := range values {
		if len(value) == 0 || value[0] != quote {
			continue
		}
		values[r] = value[1 : len(value)-1]
		if b.ends.doubled && bytes.IndexByte(values[r], quote) >= 0 {
			values[r] = b.unquoted(values[r])
		}
	}
}
