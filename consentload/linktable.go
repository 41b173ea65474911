package consentload

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"golang.org/x/sync/errgroup"
)

// linkTable says which identifiers are one subject, in 4 bytes for each that is linked: it names the next one of its
// subject, and the last names the first. A bit for each identifier tells whether it is linked, and a count for every 512
// bits where its number stands.
type linkTable struct {
	linked []byte // a bit each, in words of 8 bytes
	counts []byte // of the linked before each run of 512 identifiers, and of all: 4 bytes each
	rings  []byte // for each linked identifier the next one of its subject: 4 bytes each
}

const (
	bitsPerCount = 512
	ordinalBytes = 4
)

// linkedLen and countsLen are the lengths of the parts of a table for n identifiers, in bytes.
func linkedLen(n int) int { return (n + bitsPerCount - 1) / bitsPerCount * (bitsPerCount / 8) }
func countsLen(n int) int { return ordinalBytes * ((n+bitsPerCount-1)/bitsPerCount + 1) }

// newLinkTable makes the table of n identifiers from their subjects, and returns how many of these have several. Without
// any it is empty.
func newLinkTable(subjects *links, n, workers int) (t *linkTable, several int64) {
	linked, total := make(bits64, linkedLen(n)/8), 0
	subjects.share(0, 1, func(members []uint32) {
		several++
		total += len(members)
		for _, ordinal := range members {
			linked[ordinal/64] |= 1 << (ordinal % 64)
		}
	})
	t = &linkTable{}
	if several == 0 {
		return t, 0
	}
	t.linked, t.counts = make([]byte, 0, linkedLen(n)), make([]byte, 0, countsLen(n))
	count := 0
	for at, word := range linked {
		if at%(bitsPerCount/64) == 0 {
			t.counts = binary.LittleEndian.AppendUint32(t.counts, uint32(count))
		}
		t.linked = binary.LittleEndian.AppendUint64(t.linked, word)
		count += bits.OnesCount64(word)
	}
	t.counts = binary.LittleEndian.AppendUint32(t.counts, uint32(count))
	t.rings = make([]byte, ordinalBytes*total)
	ranks := newRanks(linked)
	var group errgroup.Group
	for share := range workers {
		group.Go(func() error {
			subjects.share(share, workers, func(members []uint32) {
				for i, ordinal := range members {
					next := i + 1
					if next == len(members) {
						next = 0
					}
					binary.LittleEndian.PutUint32(t.rings[ordinalBytes*int(ranks.of(ordinal)):], members[next])
				}
			})
			return nil
		})
	}
	_ = group.Wait() // none of them fails
	return t, several
}

// number returns the place of an identifier among those that are linked; false when it is not.
func (t *linkTable) number(ordinal uint32) (at int, linked bool) {
	if len(t.linked) == 0 || t.linked[ordinal/8]>>(ordinal%8)&1 == 0 {
		return 0, false
	}
	run := int(ordinal / bitsPerCount)
	before := int(binary.LittleEndian.Uint32(t.counts[ordinalBytes*run:]))
	from := run * bitsPerCount / 8
	last := int(ordinal / 64 * 8)
	for word := from; word < last; word += 8 {
		before += bits.OnesCount64(binary.LittleEndian.Uint64(t.linked[word:]))
	}
	rest := binary.LittleEndian.Uint64(t.linked[last:]) & (1<<(ordinal%64) - 1)
	return before + bits.OnesCount64(rest), true
}

// members appends the identifiers of the subject to which one belongs, itself among them, in order. ok is false where
// the table leads nowhere, which only one that was tampered with does.
func (t *linkTable) members(of []uint32, ordinal uint32) (all []uint32, ok bool) {
	from := len(of)
	of = append(of, ordinal)
	at, linked := t.number(ordinal)
	for next := ordinal; linked; {
		if ordinalBytes*(at+1) > len(t.rings) || len(of)-from > len(t.rings)/ordinalBytes {
			return of[:from+1], false
		}
		if next = binary.LittleEndian.Uint32(t.rings[ordinalBytes*at:]); next == ordinal {
			break
		}
		if int(next)/8 >= len(t.linked) {
			return of[:from+1], false
		}
		of = append(of, next)
		if at, linked = t.number(next); !linked {
			return of[:from+1], false
		}
	}
	slices.Sort(of[from:])
	return of, true
}
