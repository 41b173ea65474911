package consentload

import (
	"encoding/binary"
	"math"

	"github.com/RoaringBitmap/roaring/v2"
)

// endTable holds when the grants of a cell end, exactly, in 4 bytes each where they lie within 2³² units of one another;
// the unit is the largest that parts them all, such as a second or a day. Otherwise it takes 8.
type endTable struct {
	of    *roaring.Bitmap // whose grant ends, in the order of the values
	first Instant         // the earliest end
	unit  uint64          // nanoseconds
	wide  bool            // 8 bytes a value
	ends  []byte          // units behind the first
}

// newEndTable makes the table of expiries, one an identifier, which it may sort.
func newEndTable(expiries []expiry) endTable {
	expiries = sortExpiries(expiries)
	t := endTable{of: roaring.New(), unit: 1}
	if len(expiries) == 0 {
		return t
	}
	first, last := expiries[0].at, expiries[0].at
	for _, e := range expiries {
		first, last = min(first, e.at), max(last, e.at)
	}
	unit := uint64(0)
	for _, e := range expiries {
		if behind := uint64(e.at) - uint64(first); unit != 1 && (unit == 0 || behind%unit != 0) {
			unit = divisor(unit, behind)
		}
	}
	t.of, t.first, t.unit = bitmapOf(ordinalsOf(expiries)), first, max(unit, 1)
	t.wide = (uint64(last)-uint64(first))/t.unit > math.MaxUint32
	t.ends = make([]byte, 0, t.size()*len(expiries))
	for _, e := range expiries {
		units := (uint64(e.at) - uint64(first)) / t.unit
		if t.wide {
			t.ends = binary.LittleEndian.AppendUint64(t.ends, units)
		} else {
			t.ends = binary.LittleEndian.AppendUint32(t.ends, uint32(units))
		}
	}
	return t
}

// divisor is the greatest common one.
func divisor(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// size is how many bytes a value takes.
func (t *endTable) size() int {
	if t.wide {
		return 8
	}
	return 4
}

// at returns the end that stands at a place.
func (t *endTable) at(i int) Instant {
	if t.wide {
		return Instant(uint64(t.first) + binary.LittleEndian.Uint64(t.ends[8*i:])*t.unit)
	}
	return Instant(uint64(t.first) + uint64(binary.LittleEndian.Uint32(t.ends[4*i:]))*t.unit)
}

// end returns when the grant of an identifier ends; noExpiry when it does not.
func (t *endTable) end(ordinal uint32) Instant {
	if !t.of.Contains(ordinal) {
		return noExpiry
	}
	return t.at(int(t.of.Rank(ordinal)) - 1)
}

// by returns whose grant has ended by an instant.
func (t *endTable) by(asOf Instant) *roaring.Bitmap {
	var ended []uint32
	i := 0
	for it := t.of.Iterator(); it.HasNext(); i++ {
		if ordinal := it.Next(); t.at(i) <= asOf {
			ended = append(ended, ordinal)
		}
	}
	return roaring.BitmapOf(ended...)
}

// next returns the first end after an instant; noExpiry when there is none.
func (t *endTable) next(asOf Instant) Instant {
	first := noExpiry
	for i := range len(t.ends) / t.size() {
		if at := t.at(i); at > asOf {
			first = min(first, at)
		}
	}
	return first
}
