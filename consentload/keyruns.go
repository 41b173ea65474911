package consentload

import (
	"encoding/binary"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"
)

// errTwins is returned for two identifiers that an index could not tell apart: neither may speak for the other.
var errTwins = errors.New("two different identifiers have one key, which happens once in 2⁶² / n builds of n identifiers: " +
	"they cannot be told apart in an index; leave one of them out, or use another key")

// keyRuns are sorted keys, each once, in pieces that stand one behind the other, as the partitions of a load give them. So
// many keys are not put together unless somebody must look at them by rank.
type keyRuns [][]Key

func (r keyRuns) len() (n int) {
	for _, run := range r {
		n += len(run)
	}
	return n
}

// joined returns all keys by their ranks.
func (r *keyRuns) joined() []Key {
	if len(*r) != 1 {
		*r = keyRuns{slices.Concat(*r...)}
	}
	return (*r)[0]
}

// newKeyTable makes the table of keys, several runs at once. It fails where two keys share all bits that count. No more than
// most leading bits choose a bucket: of keys that come from another table no more than its own bits are known.
func newKeyTable(keys keyRuns, most uint, workers int) (*keyTable, error) {
	n := keys.len()
	t := &keyTable{width: min(widthFor(n), most), n: n}
	t.starts, t.tails = make([]byte, t.startsLen()), make([]byte, tailBytes*n)
	var group errgroup.Group
	group.SetLimit(workers)
	first, bucket, before := 0, uint64(0), (*Key)(nil)
	for _, run := range keys {
		if len(run) == 0 {
			continue
		}
		rank, from, behind := first, bucket, before
		group.Go(func() error { return t.fill(run, rank, from, behind) })
		last := &run[len(run)-1]
		end, _ := t.place(*last)
		first, bucket, before = first+len(run), end+1, last
	}
	err := group.Wait()
	t.begin(bucket, 1<<t.width, n)
	return t, err
}

// fill fills in a run of keys, the first of which has a rank, and where the buckets begin from a given one on up to that of
// the last key. before is the key before the run.
func (t *keyTable) fill(run []Key, first int, bucket uint64, before *Key) error {
	known, lastIn, lastTail := before != nil, uint64(0), uint64(0)
	if known {
		lastIn, lastTail = t.place(*before)
	}
	for i, key := range run {
		in, tail := t.place(key)
		if known && in == lastIn && tail == lastTail {
			return errTwins
		}
		if bucket <= in {
			t.begin(bucket, in, first+i)
			bucket = in + 1
		}
		binary.LittleEndian.PutUint64(t.tails[tailBytes*(first+i):], tail)
		known, lastIn, lastTail = true, in, tail
	}
	return nil
}

// begin has the keys of some buckets begin at a rank.
func (t *keyTable) begin(from, to uint64, rank int) {
	for bucket := from; bucket <= to; bucket++ {
		binary.LittleEndian.PutUint32(t.starts[startBytes*bucket:], uint32(rank))
	}
}
