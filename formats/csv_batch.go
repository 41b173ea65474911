package formats

import (
	"bytes"
	"strconv"
	"sync"

	"golang.org/x/text/transform"
)

// csvBatch is a stretch of text that begins at a row and ends behind a line end, or with the file. Its slices are kept
// from use to use: a warm batch decodes without an allocation.
type csvBatch struct {
	from  *csvReader
	data  []byte
	line  int64 // the line at which data begins
	feeds int   // line feeds in data

	isReady bool // decoded and not released: only then do rows and data belong together
	rows    []span
	values  [][][]byte // one slice a column asked for
	torn    []uint32   // the rows that could not be split
	isTorn  Bits       // the same as bits; set only when there are some
	gaps    bool       // empty lines stand between rows, so neighbours may not touch
	arena   []byte     // values whose doubled quotes were undone, or that were decoded
	decoder transform.Transformer

	ends fieldEnds // of a grid

	lines lineCount
}

// Decode implements Batch.
func (b *csvBatch) Decode() error {
	b.reset()
	if !b.grid() {
		err := b.split()
		if err == nil {
			err = b.damaged(len(b.data), nil)
		}
		if err != nil {
			return err
		}
	}
	b.markTorn()
	b.decodeValues()
	b.isReady = true
	return nil
}

// split splits a text row by row. A row without quotes costs three searches of its bytes: for its end, for the columns
// asked for, and a count of the delimiters behind them. A row that holds a quote is split field by field.
func (b *csvBatch) split() error {
	c := cursor{data: b.data, delim: b.from.delim, lf: -1}
	nextQuote := index(b.data, 0, quote)
	for at := 0; at < len(b.data); {
		lf := c.lineFeed(at)
		if nextQuote < at {
			nextQuote = index(b.data, at, quote)
		}
		row, ok := span{start: uint32(at), end: uint32(contentEnd(b.data, at, lf)), stop: uint32(min(lf+1, len(b.data)))}, true
		switch {
		case row.end == row.start && len(b.from.info.Columns) > 1:
			b.gaps = true
			at = int(row.stop)
			continue
		case nextQuote > lf:
			ok = b.plain(row)
		default:
			var isOpen bool
			if row, ok, isOpen = b.quoted(&c, at); isOpen {
				return b.damaged(at, b.from.stillOpen)
			}
		}
		if int(row.stop-row.start) > b.from.limit {
			return b.damaged(at, b.from.tooLong)
		}
		if !ok {
			b.torn = append(b.torn, uint32(len(b.rows)))
		}
		b.rows = append(b.rows, row)
		at = int(row.stop)
	}
	return nil
}

func (b *csvBatch) reset() {
	b.rows, b.torn, b.arena, b.gaps = b.rows[:0], b.torn[:0], b.arena[:0], false
	b.lines.reset()
	if cap(b.values) < b.from.picks {
		b.values = make([][][]byte, b.from.picks)
	}
	b.values = b.values[:b.from.picks]
	for i := range b.values {
		b.values[i] = b.values[i][:0]
	}
}

// plain splits a row without quotes and reports whether it has as many fields as the header.
func (b *csvBatch) plain(row span) bool {
	text, delim := b.data[row.start:row.end], b.from.delim
	column := 0
	for _, p := range b.from.plan {
		for ; column < p.column; column++ {
			i := bytes.IndexByte(text, delim)
			if i < 0 { // the row is too short: this column and those behind it are missing
				b.values[p.slot] = append(b.values[p.slot], nil)
				break
			}
			text = text[i+1:]
		}
		if column < p.column {
			continue
		}
		value := text
		if i := bytes.IndexByte(text, delim); i >= 0 {
			value = text[:i]
		}
		b.values[p.slot] = append(b.values[p.slot], value)
	}
	return column+countByte(text, delim)+1 == len(b.from.info.Columns)
}

// quoted splits the row that begins at at, field by field. Most fields of such rows stand in quotes as they should, a
// delimiter behind them; they are taken on the spot, which doubles the speed, all others by cursor.field.
func (b *csvBatch) quoted(c *cursor, at int) (row span, ok, isOpen bool) {
	row.start, ok = uint32(at), true
	plan, column := b.from.plan, 0
	for ; ; column++ {
		var f field
		if end := wholeQuoted(b.data, at, c.delim); end > 0 {
			f.from, f.to, f.next = at+1, end, end+1
		} else if f = c.field(at); f.open {
			return row, false, true
		}
		ok = ok && !f.torn
		for ; len(plan) > 0 && plan[0].column == column; plan = plan[1:] {
			b.values[plan[0].slot] = append(b.values[plan[0].slot], b.value(f))
		}
		if at = f.next; at >= len(b.data) || b.data[at] != c.delim {
			break
		}
		at++
	}
	for _, p := range plan {
		b.values[p.slot] = append(b.values[p.slot], nil)
	}
	row.end, row.stop = uint32(at), uint32(lineStop(b.data, at))
	return row, ok && column+1 == len(b.from.info.Columns), false
}

// value returns the bytes of a field as its writer meant them.
func (b *csvBatch) value(f field) []byte {
	raw := b.data[f.from:f.to]
	if !f.doubled {
		return raw
	}
	return b.unquoted(raw)
}

// unquoted undoes the doubled quotes of a value.
func (b *csvBatch) unquoted(raw []byte) []byte {
	from := len(b.arena)
	b.arena = unquote(b.arena, raw)
	return b.arena[from:len(b.arena):len(b.arena)]
}

// decodeValues turns the values that are not ASCII into UTF-8, where the text is not.
func (b *csvBatch) decodeValues() {
	if b.from.charset.encoding == nil {
		return
	}
	if b.decoder == nil {
		b.decoder = b.from.charset.encoding.NewDecoder()
	}
	for _, column := range b.values {
		for i, value := range column {
			if !isASCII(value) {
				from := len(b.arena)
				b.arena = appendDecoded(b.arena, value, b.decoder)
				column[i] = b.arena[from:len(b.arena):len(b.arena)]
			}
		}
	}
}

func (b *csvBatch) markTorn() {
	if len(b.torn) == 0 {
		return
	}
	b.isTorn = b.isTorn.Reset(len(b.rows))
	for _, row := range b.torn {
		b.isTorn.Set(int(row))
	}
}

// damaged returns the fault of the first row that cannot be trusted: one with a NUL byte that ends before at, or the
// row at at, of which what tells the fault.
func (b *csvBatch) damaged(at int, what func(line int64) error) error {
	if i := bytes.IndexByte(b.data[:at], 0); i >= 0 {
		row := 0
		for row+1 < len(b.rows) && int(b.rows[row].stop) <= i {
			row++
		}
		return b.from.holdsNUL(b.lineOf(int(b.rows[row].start)))
	}
	if what == nil {
		return nil
	}
	return what(b.lineOf(at))
}

// lineOf returns the line in which a position of data stands.
func (b *csvBatch) lineOf(at int) int64 { return b.lines.of(b.data, b.line, at) }

// Rows implements Batch.
func (b *csvBatch) Rows() int { return len(b.rows) }

// Values implements Batch.
func (b *csvBatch) Values(i int) [][]byte { return b.values[i] }

// Malformed implements Batch.
func (b *csvBatch) Malformed(row int) bool { return len(b.torn) > 0 && b.isTorn.Has(row) }

// MalformedRows implements Batch.
func (b *csvBatch) MalformedRows() int { return len(b.torn) }

// Place implements Batch.
func (b *csvBatch) Place(row int) string {
	return "line " + strconv.FormatInt(b.lineOf(int(b.rows[row].start)), 10)
}

// Release implements Batch. A buffer that a very long row has blown up is not kept.
func (b *csvBatch) Release() {
	b.isReady = false
	if cap(b.data) > 4*b.from.batch {
		b.data, b.ends.at = nil, nil
	}
	b.from.batches.give(b)
}

// countByte counts c in text.
func countByte(text []byte, c byte) int { return bytes.Count(text, []byte{c}) }

// pool keeps values for use again. Unlike sync.Pool it forgets nothing, so memory in use is that of the most values
// that were ever alive at once, and no garbage collection slows a run down again.
type pool[T any] struct {
	mu   sync.Mutex
	free []*T
}

// take returns a value given back before, or a new one.
func (p *pool[T]) take() *T {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		v := p.free[n-1]
		p.free = p.free[:n-1]
		return v
	}
	return new(T)
}

// give gives a value back.
func (p *pool[T]) give(v *T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, v)
}

// drop forgets the values given back.
func (p *pool[T]) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = nil
}
