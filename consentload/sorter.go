package consentload

import (
	"math/bits"
	"slices"
)

// sorter sorts what one partition of a log holds. Keys are evenly spread, so the bits behind those of the partition put
// nearly every identifier into a place of its own: linear, where sorting the whole took a quarter of a load. The memory is
// used again for the next partition.
type sorter[T any] struct {
	sorted       []T
	starts, next []uint32
}

// sort returns the values in order. leading returns the leading bits of a value's key, and the order must not contradict
// that of them.
func (s *sorter[T]) sort(all []T, leading func(*T) uint64, compare func(a, b T) int) []T {
	width := bits.Len(uint(len(all)))
	place := func(v *T) uint64 { return leading(v) << partitionBits >> (64 - width) }
	s.starts = slices.Grow(s.starts[:0], 1<<width+1)[:1<<width+1]
	clear(s.starts)
	for i := range all {
		s.starts[place(&all[i])+1]++
	}
	for i := range s.starts[1:] {
		s.starts[i+1] += s.starts[i]
	}
	s.next = append(s.next[:0], s.starts...)
	s.sorted = slices.Grow(s.sorted[:0], len(all))[:len(all)]
	for i := range all {
		at := &s.next[place(&all[i])]
		s.sorted[*at] = all[i]
		*at++
	}
	for i := range s.starts[1:] {
		if few := s.sorted[s.starts[i]:s.starts[i+1]]; len(few) > 1 {
			slices.SortFunc(few, compare)
		}
	}
	return s.sorted
}
