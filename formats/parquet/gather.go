package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
)

// gather takes the kept rows of one column out of the pages of a row group, without a look at what the values mean.
type gather struct {
	pages   *pageStream
	keep    []uint64
	total   int  // rows of the row group
	whole   bool // all of them are kept, and are not to be merged with others
	row     int  // rows that began in the pages before; nothing repeats: rows of the pages before
	rows    int  // kept rows that were taken
	chosen  bitset
	valid   bitset
	level   [2][]byte
	decoder decoder
	out     chunkEncoder
}

// gatherColumn returns the chunk of the kept rows of a column for the part.
func (w *Writer) gatherColumn(part *Part, l *leaf, s Selection) (*outChunk, error) {
	g, _ := w.gathers.Get().(*gather)
	if g == nil {
		g = new(gather)
	}
	defer w.gathers.Put(g)
	c := w.columns[l.index]
	g.keep, g.total, g.row, g.rows = s.Keep, w.file.GroupRows(part.group), 0, 0
	g.whole = part.rows == g.total && !part.draft && c.repetition == 0
	g.pages = w.pagesOf(part.group, l, s.Read)
	defer g.pages.close()
	g.decoder.schema, g.decoder.width = l.schema, c.width
	g.out.start(c, part.draft)
	if c.repetition == 0 {
		g.pages.unwanted = func(n int) bool { return n <= g.total-g.row && countBetween(g.keep, g.row, g.row+n) == 0 }
	}
	if err := g.run(); err != nil {
		return nil, w.file.chunkFault(l, part.group, err)
	}
	if g.rows != part.rows {
		return nil, fmt.Errorf("%s: %d rows were kept, %d gathered", w.file.where(l), part.rows, g.rows)
	}
	return g.out.finish()
}

// run reads all pages.
func (g *gather) run() error {
	for {
		kind, err := g.pages.next()
		switch {
		case errors.Is(err, io.EOF) && g.row == g.total:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the pages hold %d rows, the row group has %d", g.row, g.total)
		case err != nil:
			return err
		case kind == skippedPage:
			g.row += g.pages.current.count
		case kind == dictionaryPage && !isNull(g.pages.leaf.schema):
			if err := g.out.dictionary.read(&g.pages.dictionary, g.out.column.width); err != nil {
				return err
			}
		case kind == dataPage:
			if err := g.take(&g.pages.current); err != nil {
				return err
			}
		}
	}
}

// take takes the kept rows of a page.
func (g *gather) take(p *page) error {
	if p.count == 0 {
		return nil
	}
	if err := g.readLevels(p); err != nil {
		return err
	}
	c := g.out.column
	inRow := c.repetition > 0 && g.level[0][0] != 0 && g.row > 0 && has(g.keep, g.row-1)
	if err := g.out.begin(p.encoding, inRow); err != nil {
		return err
	}
	choose := g.chooseFlat
	if c.nested() {
		choose = g.chooseNested
	}
	present, err := choose(p.count)
	if err != nil {
		return err
	}
	if p.nulls >= 0 && present != p.count-p.nulls || isNull(g.pages.leaf.schema) && present > 0 {
		return errCounts
	}
	if err := g.takeValues(p, present); err != nil || !g.whole {
		return err
	}
	return g.flushWhole(p)
}

// flushWhole ends the page of the output where that of the source ends. When its bytes come out as they were, they need
// not be compressed again: what a page of the source has beside its values would not come out.
func (g *gather) flushWhole(p *page) error {
	if g.pages.codec == g.out.column.codec.kind {
		g.out.origin = p
	}
	err := g.out.flush()
	g.out.origin = nil
	return err
}

// takeValues takes the chosen values of a page, of which so many are present.
func (g *gather) takeValues(p *page, present int) error {
	if isIndexed(p.encoding) {
		return g.takeIndexes(p.values, present)
	}
	values, err := g.decoder.plain(p, present)
	switch {
	case err != nil:
		return err
	case g.out.column.width < 0:
		g.takeBooleans(values)
	case g.out.column.width > 0:
		g.takeFixed(values)
	default:
		return g.takeTexts(values, present)
	}
	return nil
}

// readLevels reads the levels of a page.
func (g *gather) readLevels(p *page) (err error) {
	c := g.out.column
	if c.repetition > 0 {
		if g.level[0], err = readLevels(g.level[0][:0], p.repetition, c.repetition, p.count); err != nil {
			return err
		}
	}
	switch {
	case c.nested():
		g.level[1] = g.level[1][:0]
		if c.definition > 0 {
			g.level[1], err = readLevels(g.level[1], p.definition, c.definition, p.count)
		}
	case c.definition == 1:
		err = g.valid.readRuns(p.definition, p.count, 1)
	}
	return err
}

// chooseFlat notes which of the values of a page are those of kept rows, hands the levels of these rows on, and
// returns how many values are there.
func (g *gather) chooseFlat(count int) (present int, err error) {
	if count > g.total-g.row {
		return 0, fmt.Errorf("the pages hold more than the %d rows of the row group", g.total)
	}
	present = count
	if g.out.column.definition > 0 {
		present = g.valid.ones()
	}
	g.chosen.reset()
	taken := countBetween(g.keep, g.row, g.row+count)
	if present < count {
		g.chooseAmongNulls(count)
	} else {
		for at := 0; at < count; at += 64 {
			n := min(64, count-at)
			g.chosen.add(cut(g.keep, g.row+at, n), n)
		}
		g.out.addValid(taken)
	}
	g.row += count
	g.rows += taken
	g.out.rows += taken
	g.out.count += taken
	return present, nil
}

// chooseAmongNulls is chooseFlat for a page that has nulls.
func (g *gather) chooseAmongNulls(count int) {
	out := &g.out
	if out.valid.n < out.count {
		out.valid.addOnes(out.count)
	}
	for at := 0; at < count; at += 64 {
		n := min(64, count-at)
		wanted, here := cut(g.keep, g.row+at, n), g.valid.words[at/64]
		g.chosen.add(extract(wanted, here), bits.OnesCount64(here))
		taken := bits.OnesCount64(wanted)
		out.valid.add(extract(here, wanted), taken)
		out.nulls += taken - bits.OnesCount64(wanted&here)
	}
}

// chooseNested does what chooseFlat does, where rows may have many values, or values may lack at several depths.
func (g *gather) chooseNested(count int) (present int, err error) {
	g.chosen.reset()
	out, c := &g.out, g.out.column
	keep := g.row > 0 && has(g.keep, g.row-1)
	for i := range count {
		if c.repetition == 0 || g.level[0][i] == 0 {
			if g.row == g.total {
				return 0, fmt.Errorf("the pages hold more than the %d rows of the row group", g.total)
			}
			if keep = has(g.keep, g.row); keep {
				g.rows++
				out.rows++
			}
			g.row++
		} else if g.row == 0 {
			return 0, errors.New("the first row does not begin in it")
		}
		here := c.definition == 0 || int(g.level[1][i]) == c.definition
		if here {
			present++
			g.chosen.add(bit(keep), 1)
		}
		if !keep {
			continue
		}
		out.count++
		if !here {
			out.nulls++
		}
		if c.repetition > 0 {
			out.level[0] = append(out.level[0], g.level[0][i])
		}
		if c.definition > 0 {
			out.level[1] = append(out.level[1], g.level[1][i])
		}
	}
	return present, nil
}

func bit(set bool) uint64 {
	if set {
		return 1
	}
	return 0
}

// takeBooleans takes the chosen bits.
func (g *gather) takeBooleans(b []byte) {
	for i, chosen := range g.chosen.words {
		word := uint64(0)
		for j, value := range b[i*8 : min(len(b), i*8+8)] {
			word |= uint64(value) << (8 * j)
		}
		g.out.bits.add(extract(word, chosen), bits.OnesCount64(chosen))
	}
}

// takeFixed takes the chosen values of one width.
func (g *gather) takeFixed(b []byte) {
	out, width := g.out.plain, g.out.column.width
	for i, chosen := range g.chosen.words {
		for ; chosen != 0; chosen &= chosen - 1 {
			at := (i*64 + bits.TrailingZeros64(chosen)) * width
			out = append(out, b[at:at+width]...)
		}
	}
	g.out.plain = out
}

// shortText is the size up to which a text, its length before it, is copied whether it is chosen or not: the copy is
// cheaper than a branch that nothing can foretell.
const shortText = 32

// takeTexts takes the chosen texts.
func (g *gather) takeTexts(b []byte, present int) error {
	at, end, to := 0, len(b), len(g.out.plain)
	out := slices.Grow(g.out.plain, end+shortText)
	out = out[:cap(out)]
	b = b[:end+shortText]
	for i := 0; i < present; i += 64 {
		chosen := g.chosen.words[i>>6]
		for range min(64, present-i) {
			if end-at < 4 {
				return errShort
			}
			n := int(binary.LittleEndian.Uint32(b[at:]))
			if n > end-at-4 {
				return errShort
			}
			n += 4
			if n <= shortText {
				*(*[shortText]byte)(out[to:]) = *(*[shortText]byte)(b[at:])
				to += n & -int(chosen&1)
			} else if chosen&1 != 0 {
				to += copy(out[to:], b[at:at+n])
			}
			at += n
			chosen >>= 1
		}
	}
	if at != end {
		return errCounts
	}
	g.out.plain = out[:to]
	return nil
}

// takeIndexes takes the chosen values of a page that points into the dictionary.
func (g *gather) takeIndexes(b []byte, present int) error {
	switch {
	case g.pages.dictionary.header == nil:
		return errNoDictionary
	case present == 0:
		return nil
	}
	have, first := 0, len(g.out.indexes)
	err := walkIndexes(b, present, func(n int, packed []byte, run runOf) error {
		g.takeRun(have, n, packed, run)
		have += n
		return nil
	})
	if err != nil {
		return err
	}
	return g.resolve(first)
}

// takeRun takes the chosen ones of the n indexes of a run, of which the first is the given one of the page.
func (g *gather) takeRun(first, n int, packed []byte, run runOf) {
	out := g.out.indexes
	if packed == nil {
		for range countBetween(g.chosen.words, first, first+n) {
			out = append(out, run.value)
		}
		g.out.indexes = out
		return
	}
	packed = packed[:len(packed)+8]
	mask := uint64(1)<<run.width - 1
	for at := 0; at < n; at += 64 {
		for chosen := cut(g.chosen.words, first+at, min(64, n-at)); chosen != 0; chosen &= chosen - 1 {
			bit := (at + bits.TrailingZeros64(chosen)) * run.width
			out = append(out, uint32(binary.LittleEndian.Uint64(packed[bit>>3:])>>(bit&7)&mask))
		}
	}
	g.out.indexes = out
}

// resolve checks the indexes from the given one on, and notes what they use. A page that could not stay one of indexes
// gets the values.
func (g *gather) resolve(first int) error {
	d := &g.out.dictionary
	for _, index := range g.out.indexes[first:] {
		if uint64(index) >= uint64(d.count) {
			return errOutside
		}
		d.used[index] = true
	}
	if isIndexed(g.out.encoding) {
		return nil
	}
	if g.out.column.width < 0 {
		for _, index := range g.out.indexes[first:] {
			g.out.bits.add(d.bit(index), 1)
		}
		g.out.indexes = g.out.indexes[:first]
		return nil
	}
	return g.out.expand()
}
