package consentload

import (
	"context"
	"errors"
	"slices"
)

// combinations are the sets of identifiers that stand together in events, and what these events say: the same of each of
// them. They are kept by the partition of their first identifier, and their numbers tell it; so do those of places, each
// that of one identifier in one combination.
type combinations [partitions]combined

// combined are the combinations of a partition.
type combined struct {
	starts   []uint32 // the first place of each, and behind the last one their number
	begins   []uint32 // acts of combination i are acts[begins[i]:begins[i+1]]
	acts     []acts
	open     []bool   // of each: to one of its identifiers comes something from elsewhere
	ordinals []uint32 // by place: the identifier, once all are ranked
}

// Numbers have the partition in their leading bits.
const (
	inPartition   = 32 - partitionBits // bits behind it
	mostInOne     = 1 << inPartition
	withPartition = mostInOne - 1
)

// errTooMany is returned where the numbers do not suffice.
var errTooMany = errors.New("more than 4 billion identifiers stand together with others: read the exports in parts")

// of returns the identifiers of a combination.
func (c *combined) of(i int) []uint32 { return c.ordinals[c.starts[i]:c.starts[i+1]] }

// said returns what the events of a combination say.
func (c *combined) said(i int) []acts { return c.acts[c.begins[i]:c.begins[i+1]] }

func (c *combinations) find(number uint32) (in *combined, i int) {
	return &c[number>>inPartition], int(number & withPartition)
}

func (c *combinations) of(number uint32) []uint32 {
	in, i := c.find(number)
	return in.of(i)
}

func (c *combinations) said(number uint32) []acts {
	in, i := c.find(number)
	return in.said(i)
}

func (c *combinations) isOpen(number uint32) bool {
	in, i := c.find(number)
	return in.open[i]
}

// put says which identifier stands at a place.
func (c *combinations) put(place, ordinal uint32) {
	in, i := c.find(place)
	in.ordinals[i] = ordinal
}

// moved returns the combinations of identifiers that have other ordinals now.
func (c *combinations) moved(to []uint32) *combinations {
	all := *c
	for p := range all {
		all[p].ordinals = make([]uint32, len(c[p].ordinals))
		for i, ordinal := range c[p].ordinals {
			all[p].ordinals[i] = to[ordinal]
		}
	}
	return &all
}

// placesByPart are places by the partition of their identifier.
type placesByPart [partitions]pages[entry]

// combine finds the combinations, partition by partition, and folds what is said of them.
func combine(ctx context.Context, l *loader) (*combinations, []placesByPart, error) {
	all, places := &combinations{}, make([]placesByPart, l.options.Workers)
	err := l.eachPartition(ctx, func(worker int) func(p int) error {
		c := &combiner{loader: l, to: &places[worker]}
		return func(p int) error { return c.part(&all[p], p) }
	})
	return all, places, err
}

// combiner finds the combinations of partitions, one at a time, with memory of its own.
type combiner struct {
	*loader
	to     *placesByPart
	staged []entry // places, before they go to it
	order  byPartition
	pages  [][]byte // of the log of a partition
	room   []byte   // for what was written to a file
	events []entry  // of each event the key of its first identifier, and as when its page and its place there
	sorter sorter
	acts   []acts
	firsts []joint // an event of each combination
}

// part finds the combinations of a partition.
func (c *combiner) part(out *combined, p int) (err error) {
	c.pages, c.room, c.events = c.pages[:0], c.room[:0], c.events[:0]
	for _, s := range c.shards {
		if c.room, err = s.spilled.joint(c.room, p); err != nil {
			return err
		}
		c.pages = s.joint[p].appendTo(c.pages)
		s.joint[p] = jointLog{}
	}
	c.pages = append(c.pages, c.room)
	for number, page := range c.pages {
		for at := 0; at < len(page); {
			event := firstJoint(page[at:])
			c.events = append(c.events, entry{key: event.name(0).key, when: Instant(number<<inPage | at)})
			at += len(event)
		}
	}
	if len(c.events) == 0 {
		return nil
	}
	sorted := c.sorter.sort([][]entry{c.events})
	c.arrange(sorted)
	c.group(out, sorted)
	return c.place(out, uint32(p)<<inPartition)
}

// inPage is how many bits of a place tell where in its page it is.
const inPage = 40

func (c *combiner) event(e *entry) joint {
	return firstJoint(c.pages[e.when>>inPage][e.when&(1<<inPage-1):])
}

// arrange brings events of one first identifier into such an order that those of the same identifiers stand side by side, by
// scope.
func (c *combiner) arrange(sorted []entry) {
	compare := func(a, b entry) int { return compareJoint(c.event(&a), c.event(&b)) }
	for len(sorted) > 0 {
		n := sameKey(sorted)
		if of := sorted[:n]; n > 1 && !slices.IsSortedFunc(of, compare) {
			slices.SortFunc(of, compare)
		}
		sorted = sorted[n:]
	}
}

// group makes a combination of the events of the same identifiers, which stand one behind the other by scope.
func (c *combiner) group(out *combined, sorted []entry) {
	c.firsts, c.acts = c.firsts[:0], c.acts[:0]
	for i := 0; i < len(sorted); {
		first, from := c.event(&sorted[i]), len(c.acts)
		c.firsts, out.begins = append(c.firsts, first), append(out.begins, uint32(from))
		for ; i < len(sorted) && string(c.event(&sorted[i]).who()) == string(first.who()); i++ {
			if said := c.event(&sorted[i]).fact(); said.status != tied {
				c.acts = addFact(c.acts, from, &said, c.words)
			}
		}
	}
	out.begins = append(out.begins, uint32(len(c.acts)))
	out.acts = slices.Clone(c.acts)
}

// place numbers the combinations of a partition and their places. One that names more identifiers than may stand beside
// another is open: some of them may be shared.
func (c *combiner) place(out *combined, first uint32) error {
	out.starts, out.open = make([]uint32, 0, len(c.firsts)+1), make([]bool, len(c.firsts))
	places, least := 0, c.catalog.leastLinks()
	for i, event := range c.firsts {
		n := event.names()
		if places+n > mostInOne {
			return errTooMany
		}
		out.starts, out.open[i] = append(out.starts, uint32(places)), n-1 > least
		for at := range n {
			name, where := event.name(at), uint64(first+uint32(i))<<32|uint64(first)+uint64(places+at)
			c.staged = append(c.staged, entry{key: name.key, kind: name.kind, status: beside, when: Instant(where)})
			if len(c.staged) == mostStaged {
				c.unstage()
			}
		}
		places += n
	}
	c.unstage()
	out.starts = append(out.starts, uint32(places))
	out.ordinals = make([]uint32, places)
	return nil
}

// unstage takes places to the partitions of their identifiers.
func (c *combiner) unstage() {
	c.order.each(len(c.staged), func(i int) int { return partitionOf(c.staged[i].key) }, func(p int, places []uint16) {
		for _, i := range places {
			c.to[p].add(c.staged[i])
		}
	})
	c.staged = c.staged[:0]
}
