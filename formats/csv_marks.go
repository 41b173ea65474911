package formats

import (
	"encoding/binary"
	"math/bits"
)

// blockBytes is how much text is marked at once: a byte for each bit of a word.
const blockBytes = 64

// marks tells of 64 bytes which are quotes, which end a field (delimiters and line feeds), and which are line feeds. The
// lowest bit is the first byte.
type marks struct{ quotes, ends, feeds uint64 }

// markEach is markBlocks for any processor.
func markEach(into []marks, text []byte, delim byte) (quotes, zeros bool) {
	for i := range into {
		m, zero := markBlock((*[blockBytes]byte)(text[i*blockBytes:]), delim)
		into[i] = m
		quotes, zeros = quotes || m.quotes != 0, zeros || zero
	}
	return quotes, zeros
}

func markBlock(text *[blockBytes]byte, delim byte) (m marks, zero bool) {
	quotes, delims, feeds := spread(quote), spread(delim), spread('\n')
	zeros := uint64(0)
	for i := 0; i < blockBytes; i += 8 {
		eight := binary.LittleEndian.Uint64(text[i:])
		m.quotes |= equalBytes(eight, quotes) << i
		m.ends |= equalBytes(eight, delims) << i
		m.feeds |= equalBytes(eight, feeds) << i
		zeros |= equalBytes(eight, 0)
	}
	m.ends |= m.feeds
	return m, zeros != 0
}

// spread repeats a byte eight times.
func spread(c byte) uint64 { return uint64(c) * 0x0101010101010101 }

// equalBytes has bit i set where byte i of two words is the same.
func equalBytes(text, other uint64) uint64 {
	const lows, highs, gather = 0x7f7f7f7f7f7f7f7f, 0x8080808080808080, 0x0102040810204080
	text ^= other                                                   // a byte that is equal is zero
	return (^(text&lows + lows | text) & highs >> 7) * gather >> 56 // the high bit of the others is set
}

// putEach is putEnds for any processor.
func putEach(into []uint32, blocks []marks, at uint32) (n int) {
	for i := range blocks {
		for found := blocks[i].ends; found != 0; found &= found - 1 {
			into[n] = at + uint32(bits.TrailingZeros64(found))
			n++
		}
		at += blockBytes
	}
	return n
}
