package consentload

import (
	"slices"
)

// links says which identifiers are one subject.
type links struct {
	subject []uint32   // the smallest ordinal of the subject, for each identifier; nil: each is its own
	members [][]uint32 // the identifiers of each subject of several, in the order of their smallest
	shared  []bool     // beyond max_links; nil: none
	byKind  map[Kind]int64
	// shadows are, by subject, the acts of the shared identifiers that its events name, each apart: what was done at a
	// shared identifier by this subject and by no other.
	shadows map[uint32][][]acts
}

// of returns the subject of an identifier.
func (u *links) of(ordinal uint32) uint32 {
	if u.subject == nil {
		return ordinal
	}
	return u.subject[ordinal]
}

// unite finds the shared identifiers and, unless each identifier is a subject of its own, the subjects.
func unite(l *loader, log *foldedLog, keys *keyTable) *links {
	u := &links{byKind: map[Kind]int64{}}
	together := ordinalsOf(l.shards, keys)
	if l.options.Previous == nil { // with it they may be asked for again
		for _, s := range l.shards {
			s.tuples = tuples{}
		}
	}
	u.findShared(l.catalog, log, together)
	if l.catalog.Link == LinkNone || together.empty() {
		return u
	}
	u.subject = make([]uint32, len(log.keys))
	for i := range u.subject {
		u.subject[i] = uint32(i)
	}
	together.each(func(ordinals []uint32) {
		lead, found := u.anchor(ordinals)
		for _, ordinal := range ordinals {
			if found && !u.isShared(ordinal) {
				u.join(lead, ordinal)
			}
		}
	})
	u.gather()
	if u.shared != nil && l.catalog.Link == LinkAll {
		u.shade(l, log, together)
	}
	return u
}

func (u *links) isShared(ordinal uint32) bool { return u.shared != nil && u.shared[ordinal] }

// anchor returns the first identifier of a combination that links.
func (u *links) anchor(ordinals []uint32) (uint32, bool) {
	for _, ordinal := range ordinals {
		if !u.isShared(ordinal) {
			return ordinal, true
		}
	}
	return 0, false
}

// combinations are tuples by ordinals, in the order of their numbers over all shards.
type combinations struct {
	ordinals []uint32
	starts   []uint32 // one more than there are combinations
}

// ordinalsOf finds the names of all tuples, many at once; every one of them was logged.
func ordinalsOf(shards []*shard, keys *keyTable) *combinations {
	const side = 1024
	c := &combinations{starts: []uint32{0}}
	asked, found := make([]Key, 0, side), make([]uint32, side)
	for _, s := range shards {
		for names := range slices.Chunk(s.tuples.names, side) {
			asked = asked[:0]
			for _, name := range names {
				asked = append(asked, name.key)
			}
			keys.findAll(asked, found)
			c.ordinals = append(c.ordinals, found[:len(asked)]...)
		}
		first := uint32(len(c.ordinals) - len(s.tuples.names))
		for i := range s.tuples.starts {
			c.starts = append(c.starts, first+s.tuples.end(i))
		}
	}
	return c
}

func (c *combinations) empty() bool { return len(c.starts) == 1 }

// of returns the combination of a number.
func (c *combinations) of(tuple uint32) []uint32 {
	return c.ordinals[c.starts[tuple-1]:c.starts[tuple]]
}

func (c *combinations) each(do func(ordinals []uint32)) {
	for tuple := uint32(1); int(tuple) < len(c.starts); tuple++ {
		do(c.of(tuple))
	}
}

// pairs returns every two identifiers that stand in one event, in both directions, once, in order. Only identifiers
// that stand in more than least combinations are looked at: others cannot be shared.
func (c *combinations) pairs(identifiers, least int) []uint64 {
	count := make([]uint32, identifiers)
	for _, ordinal := range c.ordinals {
		count[ordinal]++
	}
	var pairs []uint64
	c.each(func(ordinals []uint32) {
		for _, a := range ordinals {
			if int(count[a]) <= least {
				continue
			}
			for _, b := range ordinals {
				if a != b {
					pairs = append(pairs, uint64(a)<<32|uint64(b))
				}
			}
		}
	})
	slices.Sort(pairs)
	return slices.Compact(pairs)
}

// findShared marks the identifiers that stand beside more than max_links different values of any one other kind.
func (u *links) findShared(c *Catalog, log *foldedLog, together *combinations) {
	kinds := c.Kinds.All()
	beside := make([]int, len(kinds))
	pairs := together.pairs(len(log.keys), c.leastLinks())
	for i := 0; i < len(pairs); {
		clear(beside)
		ordinal := uint32(pairs[i] >> 32)
		for ; i < len(pairs) && uint32(pairs[i]>>32) == ordinal; i++ {
			beside[log.kinds[uint32(pairs[i])]]++
		}
		own := log.kinds[ordinal]
		beside[own] = 0
		if slices.Max(beside) <= c.MaxLinks(kinds[own]) {
			continue
		}
		if u.shared == nil {
			u.shared = make([]bool, len(log.keys))
		}
		u.shared[ordinal] = true
		u.byKind[kinds[own]]++
	}
}

// join unites the subjects of two identifiers; the smaller ordinal leads.
func (u *links) join(a, b uint32) {
	a, b = u.root(a), u.root(b)
	u.subject[max(a, b)] = min(a, b)
}

func (u *links) root(i uint32) uint32 {
	for u.subject[i] != i {
		u.subject[i] = u.subject[u.subject[i]]
		i = u.subject[i]
	}
	return i
}

// gather points every identifier at its subject and lists the members of each.
func (u *links) gather() {
	size := make([]uint32, len(u.subject))
	groups, total := 0, uint32(0)
	for i := range u.subject {
		lead := u.root(uint32(i))
		u.subject[i] = lead
		if size[lead]++; size[lead] == 2 {
			groups, total = groups+1, total+1
		}
		if size[lead] > 1 {
			total++
		}
	}
	room := make([]uint32, 0, total)
	at := make([]uint32, len(u.subject)) // by leading identifier: its group, counted from 1
	u.members = make([][]uint32, 0, groups)
	for i, lead := range u.subject {
		if size[lead] < 2 {
			continue
		}
		if at[lead] == 0 {
			from := len(room)
			room = room[:from+int(size[lead])]
			u.members = append(u.members, room[from:from:from+int(size[lead])])
			at[lead] = uint32(len(u.members))
		}
		group := &u.members[at[lead]-1]
		*group = append(*group, uint32(i))
	}
}

// shade collects what each subject did at shared identifiers. A refusal that names a shared identifier is lifted for
// the rest of the subject only when the subject was granted anew there too; what strangers were granted at a store's
// tablet lifts nothing.
func (u *links) shade(l *loader, log *foldedLog, together *combinations) {
	u.shadows = map[uint32][][]acts{}
	for _, c := range log.crowded {
		if !u.shared[c.ordinal] {
			continue
		}
		bySubject := map[uint32][]fact{}
		for _, f := range c.facts {
			if lead, found := u.anchor(together.of(f.tuple)); found {
				lead = u.subject[lead]
				bySubject[lead] = append(bySubject[lead], f)
			}
		}
		for lead, facts := range bySubject {
			slices.SortFunc(facts, byScope)
			folded, _ := foldScopes(nil, facts, l.words)
			u.shadows[lead] = append(u.shadows[lead], folded)
		}
	}
}
