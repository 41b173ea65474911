package consentload

import (
	"encoding/binary"
	"math/bits"
	"sort"
	"sync/atomic"
)

// keyTable ranks the keys of an index and finds them again, in 8 bytes an identifier and one to two for the directory.
//
// The leading bits of a key choose its bucket; stored are the 64 bits behind them, so the bits that are compared grow
// with the table. An unknown identifier is taken for a known one when both fall into one bucket and share these 64
// bits: for a table of n keys in b buckets the chance of that is n/b · 2⁻⁶⁴ a lookup, and with at most mostPerBucket
// keys a bucket on average it is at most 2⁻⁶¹, at any size. (64 bits of the whole key would come to n · 2⁻⁶⁴: with 10⁹
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
	asked             atomic.Int64
	looking, held     atomic.Uint64 // how many bytes of both somebody looks at, or has; and how many of them hold
}

const (
	mostPerBucket = 8 // keys, on average
	startBytes    = 4
	tailBytes     = 8
	widest        = 32 // leading bits; ordinals have no more
)

// NoOrdinal is what FindAll tells of an identifier that the index does not know.
const NoOrdinal = ^uint32(0)

// widthFor returns how many leading bits cut n keys into buckets.
func widthFor(n int) uint { return uint(max(1, bits.Len(uint(n/mostPerBucket)))) }

// startsLen is the length of the directory in bytes.
func (t *keyTable) startsLen() int { return startBytes * (1<<t.width + 1) }

// place returns the bucket of a key, and the bits by which it is told from others in it.
func (t *keyTable) place(k Key) (bucket, tail uint64) {
	return k.Hi >> (-t.width & 63), k.Hi<<(t.width&63) | k.Lo>>(-t.width&63) // 64 less the width, which is 1 to 63
}

// bucket returns where the keys of a bucket begin and end. Nothing is in a bucket of a file that does not hold.
func (t *keyTable) bucket(number uint64) (start, end uint32) {
	if t.file != nil && !t.file.ready(t.startsAt+startBytes*number, 2*startBytes) {
		return 0, 0
	}
	start, end = t.bounds(number)
	if t.file != nil && start < end && !t.file.ready(t.tailsAt+tailBytes*uint64(start), tailBytes*uint64(end-start)) {
		return 0, 0
	}
	return start, end
}

// bounds is bucket without a look at the checksums. Two neighbours of the directory are one number of 8 bytes.
func (t *keyTable) bounds(number uint64) (start, end uint32) {
	both := binary.LittleEndian.Uint64(t.starts[startBytes*number:])
	return uint32(both), min(uint32(both>>32), uint32(t.n))
}

func (t *keyTable) tail(i uint32) uint64 {
	return binary.LittleEndian.Uint64(t.tails[tailBytes*uint64(i):])
}

// key returns what is known of the key at a place of a bucket: its first width + 64 bits, and zeros behind them.
func (t *keyTable) key(bucket uint64, i uint32) Key {
	tail := t.tail(i)
	return Key{Hi: bucket<<(64-t.width) | tail>>t.width, Lo: tail << (64 - t.width)}
}

// keyOf returns what is known of the key of an identifier.
func (t *keyTable) keyOf(ordinal uint32) Key {
	bucket := sort.Search(1<<t.width, func(b int) bool { _, end := t.bucket(uint64(b)); return end > ordinal })
	return t.key(uint64(bucket), ordinal)
}

// known cuts a key down to the bits that a table of a width holds.
func (k Key) known(width uint) Key { return Key{Hi: k.Hi, Lo: k.Lo &^ (1<<(64-width) - 1)} }

// find returns the rank of a key.
func (t *keyTable) find(k Key) (ordinal uint32, ok bool) {
	bucket, tail := t.place(k)
	start, end := t.bucket(bucket)
	if start >= end {
		return NoOrdinal, false
	}
	ordinal = t.among(start, end, tail)
	return ordinal, ordinal != NoOrdinal
}

// inFlight is how many keys go through findAll side by side; with 4 to 32 of them, and one or two steps between two
// passes, 8 and one were fastest.
const inFlight = 8

// flight is what is known of keys on their way through findAll.
type flight struct {
	starts, ends [inFlight]uint32
	tails        [inFlight]uint64
}

// findAll writes the rank of each key, or NoOrdinal. While keys are compared, what the next ones need is on its way from
// memory: the directory for those two steps ahead, the line or two of their buckets for those one step ahead. 20 M keys
// cost 140 to 180 ns each where the passes read what the next one needs, 55 to 80 where they ask for it. Between the
// steps the next keys are filled in.
func (t *keyTable) findAll(keys []Key, ordinals []uint32, fill func(from, to int)) {
	if t.n == 0 || !t.holds(len(keys)) {
		fill(0, len(keys))
		for i, key := range keys {
			ordinals[i], _ = t.find(key)
		}
		return
	}
	var flights [2]flight
	block := func(number int) (from, to int) {
		return min(max(number*inFlight, 0), len(keys)), min(max((number+1)*inFlight, 0), len(keys))
	}
	for number := 0; (number-2)*inFlight < len(keys); number++ {
		from, to := block(number)
		fill(from, to)
		t.askDirectory(keys[from:to])
		from, to = block(number - 1)
		t.askBuckets(keys[from:to], &flights[(number+1)&1])
		from, to = block(number - 2)
		t.compare(&flights[number&1], ordinals[from:to])
	}
}

// askDirectory asks for the places at which the directory tells of keys.
func (t *keyTable) askDirectory(keys []Key) {
	var at [inFlight]uint64
	for i, key := range keys {
		bucket, _ := t.place(key)
		at[i] = startBytes * bucket
	}
	prefetchBytes(t.starts, at[:len(keys)])
}

// askBuckets learns the buckets of keys, and asks for them.
func (t *keyTable) askBuckets(keys []Key, f *flight) {
	var at [2 * inFlight]uint64
	for i, key := range keys {
		bucket, tail := t.place(key)
		f.starts[i], f.ends[i] = t.bounds(bucket)
		f.tails[i] = tail
		at[2*i], at[2*i+1] = tailBytes*uint64(f.starts[i]), tailBytes*uint64(f.ends[i])-1
	}
	prefetchBytes(t.tails, at[:2*len(keys)])
}

// compare finds the keys in their buckets.
func (t *keyTable) compare(f *flight, ordinals []uint32) {
	for i := range ordinals {
		ordinals[i] = NoOrdinal
		if f.starts[i] < f.ends[i] {
			ordinals[i] = t.among(f.starts[i], f.ends[i], f.tails[i])
		}
	}
}

// holds reports whether all keys of a file are known to hold. They are looked at once as a whole, when so many have been
// asked for that looking at single blocks would cost more.
func (t *keyTable) holds(asked int) bool {
	size := uint64(len(t.starts) + len(t.tails))
	if t.file == nil || t.held.Load() == size {
		return true
	}
	const perLook = 4096 // bytes that are checked in the time that one lookup on its own takes
	if uint64(t.asked.Add(int64(asked)))*perLook < size {
		return false
	}
	const stretch = 1 << 22 // each goroutine that comes takes one after the other
	for from := t.looking.Add(stretch) - stretch; from < size; from = t.looking.Add(stretch) - stretch {
		to := min(from+stretch, size)
		if t.holdBoth(from, to) {
			t.held.Add(to - from)
		}
	}
	return t.held.Load() == size
}

// holdBoth checks bytes of the directory and the tails, which count on from its end.
func (t *keyTable) holdBoth(from, to uint64) bool {
	starts := uint64(len(t.starts))
	if from < starts && !t.file.ready(t.startsAt+from, min(to, starts)-from) {
		return false
	}
	from = max(from, starts)
	return from >= to || t.file.ready(t.tailsAt+from-starts, to-from)
}

// inLine is how many keys share a line of memory.
const inLine = 8

// lineOfTails is a line of memory.
type lineOfTails [tailBytes * inLine]byte

func (l *lineOfTails) tail(i int) uint64 { return binary.LittleEndian.Uint64(l[tailBytes*i:]) }

// among returns the place of a key, of which the first is given; NoOrdinal when it is none of them. One comparison after
// the other is written down, because the compiler makes neither a branch nor a loop of these.
func (l *lineOfTails) among(first uint32, tail uint64) uint32 {
	found := NoOrdinal
	if l.tail(0) == tail {
		found = first
	}
	if l.tail(1) == tail {
		found = first + 1
	}
	if l.tail(2) == tail {
		found = first + 2
	}
	if l.tail(3) == tail {
		found = first + 3
	}
	if l.tail(4) == tail {
		found = first + 4
	}
	if l.tail(5) == tail {
		found = first + 5
	}
	if l.tail(6) == tail {
		found = first + 6
	}
	if l.tail(7) == tail {
		found = first + 7
	}
	return found
}

// guess is where a key of a bucket most likely stands: its keys are sorted, and spread evenly.
func guess(start, end uint32, tail uint64) uint32 {
	return start + uint32((tail>>32)*uint64(end-start)>>32)
}

// among looks for a key in its bucket: in the line of memory where it most likely stands, then in those on the side to
// which it must lie. Where in a line a key stands no processor can foresee, and a wrong guess costs as much as the line:
// so all of it is compared, and the result chosen without a branch.
func (t *keyTable) among(start, end uint32, tail uint64) uint32 {
	up, down := false, false
	for at := guess(start, end, tail) &^ (inLine - 1); ; {
		if at+inLine > uint32(t.n) {
			return t.scan(start, end, tail)
		}
		line := (*lineOfTails)(t.tails[tailBytes*uint64(at):])
		found := line.among(at, tail)
		switch {
		case found >= start && found < end:
			return found
		case found != NoOrdinal: // the same bits in a bucket beside it
			return t.scan(start, end, tail)
		case at > start && !up && tail < line.tail(0):
			at, down = at-inLine, true
		case at+inLine < end && !down && tail > line.tail(inLine-1):
			at, up = at+inLine, true
		default:
			return NoOrdinal
		}
	}
}

// scan looks for a key from one place to another.
func (t *keyTable) scan(from, to uint32, tail uint64) uint32 {
	for i := from; i < to; i++ {
		if t.tail(i) == tail {
			return i
		}
	}
	return NoOrdinal
}
