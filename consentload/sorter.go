package consentload

import (
	"math/bits"
	"slices"
)

// sorter sorts the entries of one partition of a log by their keys. Keys are evenly spread, so the bits behind those of
// the partition put nearly every identifier into a place of its own: linear, where sorting the whole took a quarter of a
// load. Some of these bits cut the entries into pieces first, so that what is put into its places lies in the cache of a
// core. The memory is used again for the next partition.
type sorter struct {
	rough, sorted []entry
	ends, starts  []uint32
}

// pieceBits is how many bits tell the entries of a piece from one another: a thousand of them fill a fast cache.
const pieceBits = 10

// sort returns the entries of some lists in the order of their keys. They hold until the next call.
func (s *sorter) sort(lists [][]entry) []entry {
	n := 0
	for _, list := range lists {
		n += len(list)
	}
	s.rough, s.sorted = slices.Grow(s.rough[:0], n)[:n], slices.Grow(s.sorted[:0], n)[:n]
	cuts := max(bits.Len(uint(n))-pieceBits, 0)
	s.cut(lists, cuts)
	from := uint32(0)
	for _, end := range s.ends[:1<<cuts] {
		s.place(s.rough[from:end], s.sorted[from:end], partitionBits+cuts)
		from = end
	}
	return s.sorted
}

// cut brings the entries into pieces by so many bits, and notes where each ends.
func (s *sorter) cut(lists [][]entry, by int) {
	s.ends = slices.Grow(s.ends[:0], 1<<by+1)[:1<<by+1]
	ends, shift := s.ends, 64-by
	clear(ends)
	for _, list := range lists {
		for i := range list {
			ends[list[i].key.Hi<<partitionBits>>shift+1]++
		}
	}
	for i := range ends[1:] {
		ends[i+1] += ends[i]
	}
	for _, list := range lists {
		for i := range list {
			end := &ends[list[i].key.Hi<<partitionBits>>shift]
			s.rough[*end] = list[i]
			*end++
		}
	}
}

// place sorts one piece, whose keys differ behind some bits. There are more places than entries, so that few have to be
// put right.
func (s *sorter) place(piece, sorted []entry, behind int) {
	width := bits.Len(uint(len(piece))) + 1
	s.starts = slices.Grow(s.starts[:0], 1<<width)[:1<<width]
	starts, shift := s.starts, 64-width
	clear(starts)
	for i := range piece {
		starts[piece[i].key.Hi<<behind>>shift]++
	}
	before := uint32(0)
	for i, n := range starts {
		starts[i] = before
		before += n
	}
	for i := range piece {
		start := &starts[piece[i].key.Hi<<behind>>shift]
		sorted[*start] = piece[i]
		*start++
	}
	moves, most := 0, 8*len(sorted) // where keys are not spread, which takes somebody who chooses them
	for i := 1; i < len(sorted) && moves <= most; i++ {
		moves += putRight(sorted[:i+1])
	}
	if moves > most {
		slices.SortFunc(sorted, func(a, b entry) int { return a.key.Compare(b.key) })
	}
}

// putRight brings the last of some entries, of which the others are in order, to its place, and returns by how many places.
func putRight(entries []entry) int {
	last := len(entries) - 1
	if !less(&entries[last].key, &entries[last-1].key) {
		return 0
	}
	one, at := entries[last], last
	for ; at > 0 && less(&one.key, &entries[at-1].key); at-- {
		entries[at] = entries[at-1]
	}
	entries[at] = one
	return last - at
}

// sameKey returns how many of some sorted entries, of which there are any, have the key of the first.
func sameKey(sorted []entry) int {
	n := 1
	for n < len(sorted) && sorted[n].key == sorted[0].key {
		n++
	}
	return n
}

// less is Compare for most of what it is asked here: two words that differ.
func less(a, b *Key) bool { return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo }
