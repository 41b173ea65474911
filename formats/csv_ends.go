package formats

import (
	"math/bits"
	"slices"
)

// fieldEnds finds where the fields of a text end: at the delimiters and line feeds outside quotes. It knows text whose
// quotes stand only where they should, around whole fields and doubled inside.
type fieldEnds struct {
	at      []uint32 // the places
	hidden  int      // line feeds in quotes
	quoted  bool     // there are quotes
	doubled bool     // there are doubled ones

	inside  uint64 // all ones: the block at hand begins inside quotes
	mayOpen uint64 // 1: a field begins with the block, or a quote was closed before it, which may be one of a doubled one
	closed  uint64 // 1: a quote was closed before it
	blocks  [32]marks
}

// find reports false for a text with other quotes, with a quote left open, or with a NUL byte.
func (f *fieldEnds) find(text []byte, delim byte) bool {
	f.at, f.hidden, f.quoted, f.doubled = f.at[:0], 0, false, false
	f.inside, f.mayOpen, f.closed = 0, 1, 0
	for at := 0; at < len(text); {
		blocks, stop := f.blocks[:], at+len(f.blocks)*blockBytes
		if stop > len(text) {
			blocks = f.blocks[:max((len(text)-at)/blockBytes, 1)]
			stop = min(at+len(blocks)*blockBytes, len(text))
		}
		if !f.mark(blocks, text[at:stop], delim) || !f.unquote(text, at, blocks) {
			return false
		}
		room := slices.Grow(f.at, len(blocks)*blockBytes)
		f.at = room[:len(f.at)+putEnds(room[len(f.at):cap(room)], blocks, uint32(at))]
		at = stop
	}
	return f.inside == 0
}

// mark marks blocks of a text, of which the only one may be cut short. It reports false at a NUL byte.
func (f *fieldEnds) mark(blocks []marks, text []byte, delim byte) bool {
	var quotes, zeros bool
	if len(text) >= blockBytes {
		quotes, zeros = markBlocks(blocks, text, delim)
	} else {
		last := [blockBytes]byte{}
		for i := copy(last[:], text); i < len(last); i++ {
			last[i] = quote
		}
		_, zeros = markBlocks(blocks, last[:], delim)
		blocks[0].quotes &= 1<<len(text) - 1
		quotes = blocks[0].quotes != 0
	}
	f.quoted = f.quoted || quotes
	return !zeros
}

// unquote leaves the ends outside quotes.
func (f *fieldEnds) unquote(text []byte, at int, blocks []marks) bool {
	if !f.quoted { // in no block so far
		f.mayOpen = blocks[len(blocks)-1].ends >> (blockBytes - 1)
		return true
	}
	for i := range blocks {
		m := &blocks[i]
		if m.quotes|f.inside|f.closed != 0 && !f.unquoteOne(text, at+i*blockBytes, m) {
			return false
		}
		f.mayOpen = m.ends>>(blockBytes-1) | f.closed
	}
	return true
}

// unquoteOne reports false where a quote opens that has no place there, or something follows a closing one that may not.
func (f *fieldEnds) unquoteOne(text []byte, at int, m *marks) bool {
	inside := m.quotes
	for shift := 1; shift < blockBytes; shift *= 2 {
		inside ^= inside << shift
	}
	inside ^= f.inside // from an opening quote on, up to the one that closes
	m.ends &^= inside
	f.hidden += bits.OnesCount64(m.feeds & inside)
	opening, closing := m.quotes&inside, m.quotes&^inside
	if opening&^((m.ends|closing)<<1|f.mayOpen) != 0 {
		return false
	}
	follows := closing<<1 | f.closed
	for odd := follows &^ (m.ends | opening); odd != 0; odd &= odd - 1 {
		if !endsWithoutLF(text, at+bits.TrailingZeros64(odd)) {
			return false
		}
	}
	f.doubled = f.doubled || follows&opening != 0
	f.inside, f.closed = uint64(int64(inside)>>(blockBytes-1)), closing>>(blockBytes-1)
	return true
}
