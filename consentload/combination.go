package consentload

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
)

// combinations are the sets of identifiers that stand together in events, and what these events say: the same of each of
// them. A place is that of one identifier in one combination; those of a combination follow one another.
type combinations struct {
	starts   []uint32 // the first place of each, and behind the last one their number
	begins   []uint32 // acts of combination i are acts[begins[i]:begins[i+1]]
	acts     []acts
	open     []bool   // of each: one of its identifiers stands elsewhere too
	ordinals []uint32 // by place: the identifier, once all are ranked
}

// placed is one place before identifiers are ranked.
type placed struct {
	key                Key
	combination, place uint32
	kind               KindID
}

func (c *combinations) len() int { return max(len(c.starts)-1, 0) }

// of returns the identifiers of a combination.
func (c *combinations) of(i uint32) []uint32 { return c.ordinals[c.starts[i]:c.starts[i+1]] }

// size is how many identifiers a combination has.
func (c *combinations) size(i uint32) int { return int(c.starts[i+1] - c.starts[i]) }

// said returns what the events of a combination say.
func (c *combinations) said(i uint32) []acts { return c.acts[c.begins[i]:c.begins[i+1]] }

// combining finds the combinations, partition by partition.
type combining struct {
	*loader
	parts  [partitions]combinations
	firsts [partitions]placed // the number of the first combination of each, and its place
	taken  atomic.Uint64      // how many places are numbered, and combinations in the upper half
	places []placesByPart     // by worker
}

// placesByPart are places by the partition of their identifier.
type placesByPart [partitions]pages[placed]

// errTooMany is returned where numbers of 32 bits do not suffice.
var errTooMany = errors.New("more than 4,294,967,295 identifiers stand together with others")

// combine finds the combinations and folds what is said of them. Their numbers depend on which worker comes first; nothing
// that an index holds depends on them.
func combine(ctx context.Context, l *loader) (*combinations, []placesByPart, error) {
	c := &combining{loader: l, places: make([]placesByPart, l.options.Workers)}
	err := l.eachPartition(ctx, func(worker int) func(p int) error {
		j := &combiner{combining: c, to: &c.places[worker]}
		return j.part
	})
	if err != nil {
		return nil, nil, err
	}
	all := c.join()
	if len(all.starts) > 0 && uint64(all.starts[all.len()]) != c.taken.Load()&math.MaxUint32 {
		return nil, nil, errTooMany
	}
	return all, c.places, nil
}

// number gives the combinations of a partition, and their places, their numbers.
func (c *combining) number(p, combinations, places int) (first placed) {
	const one = 1 << 32
	before := c.taken.Add(uint64(combinations)*one+uint64(places)) - uint64(combinations)*one - uint64(places)
	first = placed{combination: uint32(before / one), place: uint32(before % one)}
	c.firsts[p] = first
	return first
}

// join puts the partitions together, each where its numbers begin.
func (c *combining) join() *combinations {
	n, places, count := 0, 0, 0
	for p := range c.parts {
		n, places, count = n+c.parts[p].len(), places+c.parts[p].places(), count+len(c.parts[p].acts)
	}
	all := &combinations{}
	if n == 0 {
		return all
	}
	all.starts, all.begins = make([]uint32, n+1), make([]uint32, n+1)
	all.acts, all.open, all.ordinals = make([]acts, 0, count), make([]bool, n), make([]uint32, places)
	order := make([]int, 0, partitions)
	for p := range c.parts {
		if c.parts[p].len() > 0 {
			order = append(order, p)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return int(c.firsts[a].combination) - int(c.firsts[b].combination) })
	for _, p := range order {
		part, first := &c.parts[p], c.firsts[p]
		for i := range part.len() {
			all.starts[int(first.combination)+i] = first.place + part.starts[i]
			all.begins[int(first.combination)+i] = uint32(len(all.acts)) + part.begins[i]
		}
		all.acts = append(all.acts, part.acts...)
		*part = combinations{}
	}
	all.starts[n], all.begins[n] = uint32(places), uint32(count)
	return all
}

// places is how many places there are.
func (c *combinations) places() int {
	if len(c.starts) == 0 {
		return 0
	}
	return int(c.starts[len(c.starts)-1])
}

// combiner finds the combinations of partitions, one at a time, with memory of its own.
type combiner struct {
	*combining
	to     *placesByPart
	log    []byte
	events []eventAt
	sorter sorter[eventAt]
	facts  []fact
	firsts []joint // an event of each combination
}

// eventAt is where an event stands in the log of a partition, and the leading bits of its first identifier.
type eventAt struct {
	bits uint64
	at   uint32
}

// part finds the combinations of a partition.
func (j *combiner) part(p int) (err error) {
	j.log = j.log[:0]
	for _, s := range j.shards {
		if j.log, err = s.spilled.joint(j.log, p); err != nil {
			return err
		}
		s.joint[p].drain(func(events []byte) { j.log = append(j.log, events...) })
		s.joint[p] = jointLog{}
	}
	if len(j.log) == 0 {
		return nil
	}
	if len(j.log) > math.MaxUint32 {
		return errTooMany
	}
	j.events = j.events[:0]
	for at := 0; at < len(j.log); {
		event := firstJoint(j.log[at:])
		j.events = append(j.events, eventAt{event.name(0).key.Hi, uint32(at)})
		at += len(event)
	}
	sorted := j.sorter.sort(j.events, func(e *eventAt) uint64 { return e.bits }, func(a, b eventAt) int {
		return compareJoint(j.event(a), j.event(b))
	})
	j.group(p, sorted)
	return nil
}

func (j *combiner) event(e eventAt) joint { return firstJoint(j.log[e.at:]) }

// group makes a combination of the events of the same identifiers, which stand one behind the other by scope.
func (j *combiner) group(p int, sorted []eventAt) {
	c := &j.parts[p]
	j.firsts = j.firsts[:0]
	places := uint32(0)
	for i := 0; i < len(sorted); {
		event := j.event(sorted[i])
		j.facts = append(j.facts[:0], event.fact())
		for i++; i < len(sorted) && string(j.event(sorted[i]).who()) == string(event.who()); i++ {
			j.facts = append(j.facts, j.event(sorted[i]).fact())
		}
		j.firsts = append(j.firsts, event)
		c.starts, c.begins = append(c.starts, places), append(c.begins, uint32(len(c.acts)))
		places += uint32(event.names())
		c.acts, _ = foldScopes(c.acts, j.facts, j.words)
	}
	c.starts, c.begins = append(c.starts, places), append(c.begins, uint32(len(c.acts)))
	next := j.number(p, c.len(), c.places())
	for _, event := range j.firsts {
		for i := range event.names() {
			name := event.name(i)
			j.to[partitionOf(name.key)].add(placed{name.key, next.combination, next.place, name.kind})
			next.place++
		}
		next.combination++
	}
}
