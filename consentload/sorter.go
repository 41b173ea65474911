package consentload

import (
	"math/bits"
	"slices"
)

// sorter sorts what one partition of a log holds. Keys are evenly spread, so the bits behind those of the partition put
// nearly every identifier into a place of its own: linear, where sorting the whole took a quarter of a load. A partition that
// no cache holds is first cut by some of these bits, so that what then is put into its places lies close together. The memory
// is used again for the next partition.
type sorter[T any] struct {
	leading       func(*T) uint64   // bits of the key, those of the partition first
	compare       func(a, b *T) int // in the order of the leading bits first
	rough, sorted []T
	starts        []uint32
}

// roughBits is how many bits of places a piece of a partition has: two to four of them would fill the cache of a core.
const roughBits = 10

// sort returns the values of some pieces so that those that are equal stand side by side, in order.
func (s *sorter[T]) sort(pieces [][]T) []T {
	n := 0
	for _, piece := range pieces {
		n += len(piece)
	}
	s.sorted = slices.Grow(s.sorted[:0], n)[:n]
	width := bits.Len(uint(n))
	if width <= roughBits+2 {
		s.place(s.sorted, pieces, partitionBits, width)
		s.settle(s.sorted, width)
		return s.sorted
	}
	s.rough = slices.Grow(s.rough[:0], n)[:n]
	cuts := width - roughBits
	s.place(s.rough, pieces, partitionBits, cuts)
	ends, from := slices.Clone(s.starts[1:1<<cuts+1]), uint32(0)
	var piece [1][]T
	for _, end := range ends {
		piece[0] = s.rough[from:end]
		into, width := s.sorted[from:end], bits.Len(uint(end-from))
		s.place(into, piece[:], partitionBits+cuts, width)
		s.settle(into, width)
		from = end
	}
	return s.sorted
}

// place puts the values of some pieces to their places by so many bits behind others. Afterwards starts has where each
// place begins, and where the last one ends.
func (s *sorter[T]) place(into []T, pieces [][]T, behind, width int) {
	s.starts = slices.Grow(s.starts[:0], 1<<width+2)[:1<<width+2]
	clear(s.starts)
	for _, piece := range pieces {
		for i := range piece {
			s.starts[s.leading(&piece[i])<<behind>>(64-width)+2]++
		}
	}
	for i := range s.starts[1:] {
		s.starts[i+1] += s.starts[i]
	}
	for _, piece := range pieces {
		for i := range piece {
			at := &s.starts[s.leading(&piece[i])<<behind>>(64-width)+1] // where the next one goes; in the end, where the place behind begins
			into[*at] = piece[i]
			*at++
		}
	}
}

// settle sorts what has one place. It is one value or a few, mostly of one identifier.
func (s *sorter[T]) settle(placed []T, width int) {
	const few = 16
	from := uint32(0)
	for _, end := range s.starts[1 : 1<<width+1] {
		same := placed[from:end]
		from = end
		if len(same) > few {
			slices.SortFunc(same, func(a, b T) int { return s.compare(&a, &b) })
			continue
		}
		for i := 1; i < len(same); i++ {
			for k := i; k > 0 && s.compare(&same[k-1], &same[k]) > 0; k-- {
				same[k-1], same[k] = same[k], same[k-1]
			}
		}
	}
}
