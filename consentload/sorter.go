package consentload

import (
	"math/bits"
	"slices"
)

// sorter sorts what one partition of a log holds. Keys are evenly spread, so the bits behind those of the partition put
// nearly every identifier into a place of its own: linear, where sorting the whole took a quarter of a load. The memory is
// used again for the next partition.
type sorter[T any] struct {
	sorted []T
	starts []uint32
}

// sort returns the values of some pieces so that those that are equal stand side by side; in order, if the order is that
// of the leading bits first.
func (s *sorter[T]) sort(pieces [][]T, leading func(*T) uint64, compare func(a, b T) int) []T {
	n := 0
	for _, piece := range pieces {
		n += len(piece)
	}
	width := bits.Len(uint(n))
	place := func(v *T) uint64 { return leading(v) << partitionBits >> (64 - width) }
	s.starts = slices.Grow(s.starts[:0], 1<<width+2)[:1<<width+2]
	clear(s.starts)
	for _, piece := range pieces {
		for i := range piece {
			s.starts[place(&piece[i])+2]++
		}
	}
	for i := range s.starts[1:] {
		s.starts[i+1] += s.starts[i]
	}
	s.sorted = slices.Grow(s.sorted[:0], n)[:n]
	for _, piece := range pieces {
		for i := range piece {
			at := &s.starts[place(&piece[i])+1] // where the next one goes; in the end, where the place behind begins
			s.sorted[*at] = piece[i]
			*at++
		}
	}
	for i := range s.starts[2:] {
		few := s.sorted[s.starts[i]:s.starts[i+1]]
		if len(few) > 1 && !slices.IsSortedFunc(few, compare) {
			slices.SortFunc(few, compare)
		}
	}
	return s.sorted
}
