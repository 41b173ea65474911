package consentload

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// denseFrom is how many identifiers must stand in a word of 64, on average, to set bits rather than sort: setting the bits
// of three million in no order takes a tenth of what sorting them does.
const denseFrom = 1.0 / 16

// bits64 are bits of ordinals, 64 a word.
type bits64 []uint64

// denseBits returns the bits of ordinals; nil where they are so few that sorting is faster.
func denseBits(ordinals []uint32) bits64 {
	last := uint32(0)
	for _, ordinal := range ordinals {
		last = max(last, ordinal)
	}
	words := int(last/64) + 1
	if float64(len(ordinals)) < denseFrom*float64(words) {
		return nil
	}
	set := make(bits64, words)
	for _, ordinal := range ordinals {
		set.set(ordinal)
	}
	return set
}

// has reports whether an ordinal has a bit; there need not be one for each.
func (b bits64) has(ordinal uint32) bool {
	return int(ordinal/64) < len(b) && b[ordinal/64]>>(ordinal%64)&1 != 0
}

func (b bits64) set(ordinal uint32) { b[ordinal/64] |= 1 << (ordinal % 64) }

// bitmap returns the set of ordinals that have a bit.
func (b bits64) bitmap() *roaring.Bitmap {
	set := roaring.New()
	set.FromDense(b, true)
	set.RunOptimize()
	return set
}

// bitmapOf returns the set of ordinals, which it may sort. A set has one form, however it came about.
func bitmapOf(ordinals []uint32) *roaring.Bitmap {
	if dense := denseBits(ordinals); dense != nil {
		return dense.bitmap()
	}
	set := roaring.New()
	slices.Sort(ordinals)
	set.AddMany(ordinals)
	set.RunOptimize()
	return set
}

// ranks tell how many bits stand before one.
type ranks struct {
	bits   bits64
	before []uint32 // each word
}

func newRanks(b bits64) *ranks {
	r, count := &ranks{bits: b, before: make([]uint32, len(b))}, 0
	for i, word := range b {
		r.before[i] = uint32(count)
		count += bits.OnesCount64(word)
	}
	return r
}

func (r *ranks) of(ordinal uint32) uint32 {
	word := ordinal / 64
	return r.before[word] + uint32(bits.OnesCount64(r.bits[word]&(1<<(ordinal%64)-1)))
}

func ordinalsOf(all []expiry) []uint32 {
	ordinals := make([]uint32, len(all))
	for i := range all {
		ordinals[i] = all[i].ordinal
	}
	return ordinals
}

// sortExpiries returns expiries in the order of their ordinals, of which each has one.
func sortExpiries(all []expiry) []expiry {
	compare := func(a, b expiry) int { return cmp.Compare(a.ordinal, b.ordinal) }
	if slices.IsSortedFunc(all, compare) {
		return all
	}
	dense := denseBits(ordinalsOf(all))
	if dense == nil {
		slices.SortFunc(all, compare)
		return all
	}
	sorted, ranks := make([]expiry, len(all)), newRanks(dense)
	for _, e := range all {
		sorted[ranks.of(e.ordinal)] = e
	}
	return sorted
}
