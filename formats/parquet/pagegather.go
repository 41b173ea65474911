package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/parquet-go/parquet-go/format"
)

// targetPage is the size at which a page of an output ends.
const targetPage = 1 << 20

// errUngathered says that a column must be read value by value.
var errUngathered = errors.New("the column cannot be gathered by pages")

// pageGather takes the kept rows of one flat column out of its pages, without a look at what the values mean.
type pageGather struct {
	raw       *rawChunk
	keep      []uint64
	row       int // rows of the pages before
	width     int // bytes of a value; 0 for texts, -1 for booleans
	picked    []int32
	out       *chunkEncoder
	written   int
	reference [][]byte // the entries of the dictionary
}

// gathers reports whether the pages of the column are of a kind that can be gathered.
func (l *leaf) gathers() bool {
	return l.MaxRepetitionLevel() == 0 && l.MaxDefinitionLevel() <= 1 && !isNull(l.schema)
}

// plainWidth returns how many bytes a value takes: 0 when that differs, -1 for booleans.
func plainWidth(s *format.SchemaElement) int {
	switch s.Type.V {
	case format.Boolean:
		return -1
	case format.Int32, format.Float:
		return 4
	case format.Int64, format.Double:
		return 8
	case format.Int96:
		return 12
	case format.FixedLenByteArray:
		return int(s.TypeLength.V)
	}
	return 0
}

// gatherPages returns the chunk of the kept rows of a column, or errUngathered.
func (w *Writer) gatherPages(group int, l *leaf, s Selection, rows int) (*outChunk, error) {
	if !l.gathers() {
		return nil, errUngathered
	}
	raw := w.file.readChunk(group, l)
	defer raw.close()
	g := &pageGather{raw: raw, keep: s.Keep, width: plainWidth(l.schema)}
	g.out = &chunkEncoder{leaf: l, codec: w.file.codecOf(l), version: w.version, width: g.width}
	total := w.file.GroupRows(group)
	raw.unwanted = func(n int) bool {
		return n <= total-g.row && countBetween(g.keep, g.row, g.row+n) == 0
	}
	for raw.at < raw.end {
		if err := g.next(total); err != nil {
			if errors.Is(err, errUngathered) {
				return nil, err
			}
			return nil, w.file.chunkFault(l, group, err)
		}
	}
	if raw.left != 0 || g.row != total {
		return nil, w.file.chunkFault(l, group, fmt.Errorf("the pages hold %d of the %d rows", g.row, total))
	}
	if g.written != rows {
		return nil, fmt.Errorf("%s: %d rows were kept, %d gathered", w.file.where(l), rows, g.written)
	}
	return g.out.finish()
}

// next reads one page of the source and takes its kept rows.
func (g *pageGather) next(total int) error {
	left := g.raw.left
	if err := g.raw.next(); err != nil {
		return err
	}
	n := int(left - g.raw.left)
	switch {
	case g.raw.skipped:
		g.row += n
		g.raw.skipped = false
		return nil
	case g.raw.distinct.values != nil && g.reference == nil:
		return g.readEntries()
	case n == 0:
		return nil
	case n > total-g.row:
		return fmt.Errorf("the pages hold more than the %d rows of the row group", total)
	}
	p := &g.raw.current
	if p.encoding != format.Plain && p.encoding != plainDictionary && p.encoding != format.RLEDictionary {
		return errUngathered
	}
	if err := g.out.begin(p.encoding); err != nil {
		return err
	}
	present, err := g.pick(p)
	if err != nil {
		return err
	}
	g.row += n
	if p.encoding == format.Plain {
		return g.takePlain(p.values, present)
	}
	return g.takeIndexes(p, present)
}

// readEntries cuts the dictionary into its entries.
func (g *pageGather) readEntries() error {
	d := &g.raw.distinct
	if g.width < 0 {
		return errUngathered
	}
	if err := verifyPlain(g.raw.leaf.schema, d.values, d.count); err != nil {
		return err
	}
	body := append([]byte(nil), d.values...)
	g.reference = make([][]byte, 0, d.count)
	for range d.count {
		n := g.width
		if n == 0 {
			n = 4 + int(binary.LittleEndian.Uint32(body))
		}
		g.reference = append(g.reference, body[:n:n])
		body = body[n:]
	}
	g.out.entries, g.out.used = g.reference, make([]bool, d.count)
	d.values = nil
	return nil
}

// pick notes the positions of the kept values of a page among those that are no nulls, hands the levels of the kept
// rows on, and returns how many values there are.
func (g *pageGather) pick(p *page) (present int, err error) {
	g.picked = g.picked[:0]
	optional := g.raw.leaf.MaxDefinitionLevel() == 1
	var valid []uint64
	if optional {
		if valid, err = levelBits(p.definition, p.count); err != nil {
			return 0, err
		}
	}
	for at := 0; at < p.count; at += 64 {
		n := min(64, p.count-at)
		wanted, here := cut(g.keep, g.row+at, n), ^uint64(0)>>(64-n)
		if optional {
			here = valid[at/64]
		}
		g.written += bits.OnesCount64(wanted)
		for rest := wanted; rest != 0; rest &= rest - 1 {
			bit := bits.TrailingZeros64(rest)
			is := here>>bit&1 != 0
			if is {
				g.picked = append(g.picked, int32(present+bits.OnesCount64(here&(1<<bit-1))))
			}
			if optional {
				g.out.level(is)
			}
		}
		if !optional {
			g.out.rows += bits.OnesCount64(wanted)
		}
		present += bits.OnesCount64(here)
	}
	return present, nil
}

// levelBits returns definition levels of which the greatest is 1 as bits.
func levelBits(b []byte, count int) ([]uint64, error) {
	valid := make([]uint64, (count+63)/64)
	at := 0
	err := walkRuns(b, 1, count, func(n int, packed []byte, value uint32) error {
		n = min(n, count-at)
		for i := range n {
			if packed == nil && value != 0 || packed != nil && packed[i>>3]>>(i&7)&1 != 0 {
				valid[(at+i)>>6] |= 1 << ((at + i) & 63)
			}
		}
		at += n
		return nil
	})
	return valid, err
}

// takePlain takes the picked values of a page that holds them as they are.
func (g *pageGather) takePlain(b []byte, present int) error {
	if err := verifyPlain(g.raw.leaf.schema, b, present); err != nil {
		return err
	}
	switch {
	case g.width < 0:
		for _, i := range g.picked {
			g.out.bit(b[i>>3]>>(i&7)&1 != 0)
		}
	case g.width > 0:
		for _, i := range g.picked {
			at := int(i) * g.width
			g.out.values = append(g.out.values, b[at:at+g.width]...)
		}
	default:
		at, position := 0, int32(0)
		for _, i := range g.picked {
			for ; position < i; position++ {
				at += 4 + int(binary.LittleEndian.Uint32(b[at:]))
			}
			n := 4 + int(binary.LittleEndian.Uint32(b[at:]))
			g.out.values = append(g.out.values, b[at:at+n]...)
			at += n
			position++
		}
	}
	return g.out.end()
}

// takeIndexes takes the picked values of a page that points into the dictionary.
func (g *pageGather) takeIndexes(p *page, present int) error {
	if len(p.values) == 0 {
		if len(g.picked) > 0 {
			return errShort
		}
		return g.out.end()
	}
	width, have, next := int(p.values[0]), 0, 0
	if width > 32 {
		return errRun
	}
	err := walkRuns(p.values[1:], width, present, func(n int, packed []byte, value uint32) error {
		for ; next < len(g.picked) && int(g.picked[next]) < have+n; next++ {
			index := value
			if packed != nil {
				index = unpackIndex(packed, (int(g.picked[next])-have)*width, width)
			}
			if uint64(index) >= uint64(len(g.reference)) {
				return errors.New("a page points outside its dictionary")
			}
			g.out.used[index] = true
			g.out.indexes = append(g.out.indexes, index)
		}
		have += n
		return nil
	})
	if err != nil {
		return err
	}
	if next != len(g.picked) {
		return io.ErrUnexpectedEOF
	}
	return g.out.end()
}

// cut returns n bits, 64 at most, from the given row on.
func cut(keep []uint64, row, n int) uint64 {
	word := keep[row>>6] >> (row & 63)
	if row&63+n > 64 {
		word |= keep[row>>6+1] << (64 - row&63)
	}
	return word & (^uint64(0) >> (64 - n))
}

// countBetween counts the kept rows from one row up to another.
func countBetween(keep []uint64, from, to int) int {
	n := 0
	for ; from < to; from += 64 {
		n += bits.OnesCount64(cut(keep, from, min(64, to-from)))
	}
	return n
}
