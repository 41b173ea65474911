package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// bitset is a sequence of bits, the lowest first. What stands behind the last is zero.
type bitset struct {
	words []uint64
	n     int
}

func (s *bitset) reset() { s.words, s.n = s.words[:0], 0 }

// add appends the k lowest bits of a word that has no others, 64 at most.
func (s *bitset) add(word uint64, k int) {
	if k == 0 {
		return
	}
	at := s.n & 63
	if at == 0 {
		s.words = append(s.words, word)
	} else {
		s.words[len(s.words)-1] |= word << at
		if at+k > 64 {
			s.words = append(s.words, word>>(64-at))
		}
	}
	s.n += k
}

// append appends another set.
func (s *bitset) append(other *bitset) {
	for i, word := range other.words {
		s.add(word, min(64, other.n-i*64))
	}
}

func (s *bitset) clone() bitset { return bitset{slices.Clone(s.words), s.n} }

// addOnes appends k bits that are set.
func (s *bitset) addOnes(k int) {
	for ; k > 0; k -= 64 {
		s.add(ones(min(64, k)), min(64, k))
	}
}

// ones returns how many bits are set.
func (s *bitset) ones() (n int) {
	for _, word := range s.words {
		n += bits.OnesCount64(word)
	}
	return n
}

// bytes returns the bits as bytes, eight each.
func (s *bitset) bytes() []byte {
	b := make([]byte, 0, len(s.words)*8)
	for _, word := range s.words {
		b = binary.LittleEndian.AppendUint64(b, word)
	}
	return b[:(s.n+7)/8]
}

// fill makes the set one of n zeros.
func (s *bitset) fill(n int) {
	size := (n + 63) / 64
	if cap(s.words) < size {
		s.words = make([]uint64, size)
	}
	s.words = s.words[:size]
	clear(s.words)
	s.n = n
}

// set sets the bits from one place up to another.
func (s *bitset) set(from, to int) {
	for from < to {
		end := min(to, from&^63+64)
		s.words[from>>6] |= ones(end-from) << (from & 63)
		from = end
	}
}

// or sets the bits from the given place on that are set in b, of which n count.
func (s *bitset) or(at int, b []byte, n int) {
	for i := 0; i < n; i += 8 {
		word, bit := uint64(b[i>>3])&ones(min(8, n-i)), (at+i)&63
		s.words[(at+i)>>6] |= word << bit
		if rest := word >> (64 - bit); bit > 56 && rest != 0 {
			s.words[(at+i)>>6+1] |= rest
		}
	}
}

// ones returns a word of which the n lowest bits are set, 64 at most.
func ones(n int) uint64 {
	if n == 0 {
		return 0
	}
	return ^uint64(0) >> (64 - n)
}

// cut returns n bits, 64 at most, from the given row on.
func cut(keep []uint64, row, n int) uint64 {
	if n == 0 {
		return 0
	}
	word := keep[row>>6] >> (row & 63)
	if row&63+n > 64 {
		word |= keep[row>>6+1] << (64 - row&63)
	}
	return word & ones(n)
}

// extract returns the bits of the word that the mask has, side by side.
func extract(word, mask uint64) uint64 {
	if mask == ^uint64(0) {
		return word
	}
	out := uint64(0)
	for at := 0; mask != 0; at++ {
		out |= word >> bits.TrailingZeros64(mask) & 1 << at
		mask &= mask - 1
	}
	return out
}

// countBetween counts the kept rows from one row up to another.
func countBetween(keep []uint64, from, to int) int {
	n := 0
	for ; from < to; from += 64 {
		n += bits.OnesCount64(cut(keep, from, min(64, to-from)))
	}
	return n
}

// has reports whether a row is kept.
func has(keep []uint64, row int) bool { return keep[row>>6]>>(row&63)&1 != 0 }

// count returns the number of kept rows among the first rows.
func count(keep []uint64, rows int) int { return countBetween(keep, 0, rows) }
