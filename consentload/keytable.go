package consentload

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// keyTable ranks the keys of an index and finds them again, in 8 bytes an identifier and one to two for the directory.
//
// The leading bits of a key choose its bucket; stored are the 64 bits behind them, so the bits that are compared grow
// with the table. An unknown identifier is taken for a known one when both fall into one bucket and share these 64
// bits: for a table of n keys in b buckets the chance of that is n/b · 2⁻⁶⁴ a lookup, and with at most mostPerBucket
// keys a bucket on average it is at most 2⁻⁶², at any size. (64 bits of the whole key would come to n · 2⁻⁶⁴: with 10⁹
// identifiers, more than 2⁻³⁵.)
//
// Both parts are kept as the bytes that an index file holds, lowest byte first: what is mapped is what is asked.
type keyTable struct {
	width  uint   // leading bits that choose the bucket, at least 1
	n      int    // keys
	starts []byte // for each bucket, and behind the last one, where its keys begin: 4 bytes each
	tails  []byte // for each key the 64 bits behind those of its bucket, in order: 8 bytes each

	file              *blockFile // nil: both stand in memory and need no check
	startsAt, tailsAt uint64     // where they begin in it
}

const (
	mostPerBucket = 4 // keys, on average
	startBytes    = 4
	tailBytes     = 8
)

// NoOrdinal is what FindAll tells of an identifier that the index does not know.
const NoOrdinal = ^uint32(0)

// errTwins is returned for two identifiers that an index could not tell apart: neither may speak for the other.
var errTwins = errors.New("two different identifiers have one key, which happens once in 2⁶² / n builds of n identifiers: " +
	"they cannot be told apart in an index; leave one of them out, or use another key")

// widthFor returns how many leading bits cut n keys into buckets.
func widthFor(n int) uint { return uint(max(1, bits.Len(uint(n/mostPerBucket)))) }

// newKeyTable makes the table of keys that are sorted, each once. It fails where two keys share all bits that count.
func newKeyTable(keys []Key) (*keyTable, error) {
	t := &keyTable{width: widthFor(len(keys)), n: len(keys)}
	t.starts = make([]byte, 0, t.startsLen())
	t.tails = make([]byte, 0, tailBytes*len(keys))
	next := uint64(0)
	for i, key := range keys {
		bucket, tail := t.place(key)
		if i > 0 {
			if before, other := t.place(keys[i-1]); before == bucket && other == tail {
				return nil, errTwins
			}
		}
		for ; next <= bucket; next++ {
			t.starts = binary.LittleEndian.AppendUint32(t.starts, uint32(i))
		}
		t.tails = binary.LittleEndian.AppendUint64(t.tails, tail)
	}
	for len(t.starts) < cap(t.starts) {
		t.starts = binary.LittleEndian.AppendUint32(t.starts, uint32(len(keys)))
	}
	return t, nil
}

// startsLen is the length of the directory in bytes.
func (t *keyTable) startsLen() int { return startBytes * (1<<t.width + 1) }

// place returns the bucket of a key, and the bits by which it is told from others in it.
func (t *keyTable) place(k Key) (bucket, tail uint64) {
	return k.Hi >> (64 - t.width), k.Hi<<t.width | k.Lo>>(64-t.width)
}

// bucket returns where the keys of a bucket begin and end. Nothing is in a bucket of a file that does not hold.
func (t *keyTable) bucket(number uint64) (start, end uint32) {
	if t.file != nil && !t.file.ready(t.startsAt+startBytes*number, 2*startBytes) {
		return 0, 0
	}
	at := t.starts[startBytes*number:]
	start, end = binary.LittleEndian.Uint32(at), min(binary.LittleEndian.Uint32(at[startBytes:]), uint32(t.n))
	if t.file != nil && start < end && !t.file.ready(t.tailsAt+tailBytes*uint64(start), tailBytes*uint64(end-start)) {
		return 0, 0
	}
	return start, end
}

func (t *keyTable) tail(i uint32) uint64 {
	return binary.LittleEndian.Uint64(t.tails[tailBytes*uint64(i):])
}

// find returns the rank of a key.
func (t *keyTable) find(k Key) (ordinal uint32, ok bool) {
	bucket, tail := t.place(k)
	start, end := t.bucket(bucket)
	for i := start; i < end; i++ {
		if t.tail(i) == tail {
			return i, true
		}
	}
	return NoOrdinal, false
}

// inFlight is how many keys are looked up side by side: their memory is asked for before any of it is waited for.
const inFlight = 32

// findAll writes the rank of each key, or NoOrdinal. Each pass touches what the next one needs, so that the processor
// waits for 32 lines of memory at a time and not for each in its turn.
func (t *keyTable) findAll(keys []Key, ordinals []uint32) {
	var starts, ends [inFlight]uint32
	var firsts [inFlight]uint64
	for len(keys) > 0 {
		n := min(len(keys), inFlight)
		for i, key := range keys[:n] {
			starts[i], ends[i] = t.bucket(key.Hi >> (64 - t.width))
		}
		for i := range n {
			if starts[i] < ends[i] {
				firsts[i] = t.tail(starts[i])
			}
		}
		for i, key := range keys[:n] {
			ordinals[i] = t.among(starts[i], ends[i], firsts[i], key)
		}
		keys, ordinals = keys[n:], ordinals[n:]
	}
}

// among looks for a key in its bucket, whose first tail is known.
func (t *keyTable) among(start, end uint32, first uint64, key Key) uint32 {
	_, tail := t.place(key)
	if start < end && first == tail {
		return start
	}
	for i := start + 1; i < end; i++ {
		if t.tail(i) == tail {
			return i
		}
	}
	return NoOrdinal
}
