package consentload

import (
	"cmp"
	"slices"
)

// links says which identifiers are one subject.
type links struct {
	subject []uint32   // the smallest ordinal of the subject, for each identifier; nil: each is its own
	members [][]uint32 // the identifiers of each subject of several, in the order of their smallest
	shared  []bool     // beyond max_links; nil: none
	byKind  map[Kind]int64
}

// of returns the subject of an identifier.
func (l *links) of(ordinal uint32) uint32 {
	if l.subject == nil {
		return ordinal
	}
	return l.subject[ordinal]
}

// unite finds the shared identifiers and, unless each identifier is a subject of its own, the subjects.
func unite(c *Catalog, log *foldedLog, find func(Key) (uint32, bool), shards []*shard) *links {
	l := &links{byKind: map[Kind]int64{}}
	pairs := pairsOf(find, shards)
	l.findShared(c, log, pairs)
	if c.Link == LinkNone || len(pairs) == 0 {
		return l
	}
	l.subject = make([]uint32, len(log.keys))
	for i := range l.subject {
		l.subject[i] = uint32(i)
	}
	for _, pair := range pairs {
		a, b := uint32(pair>>32), uint32(pair)
		if l.shared == nil || !l.shared[a] && !l.shared[b] {
			l.join(a, b)
		}
	}
	l.gather()
	return l
}

// pairsOf returns every two identifiers that stand in one event, in both directions, once, in order.
func pairsOf(find func(Key) (uint32, bool), shards []*shard) []uint64 {
	var pairs []uint64
	for _, s := range shards {
		for _, t := range s.ties {
			a, okA := find(t.a.key)
			b, okB := find(t.b.key)
			if okA && okB && a != b {
				pairs = append(pairs, uint64(a)<<32|uint64(b), uint64(b)<<32|uint64(a))
			}
		}
		s.ties = nil
	}
	slices.Sort(pairs)
	return slices.Compact(pairs)
}

// findShared marks the identifiers that stand beside more than max_links different values of any one other kind.
func (l *links) findShared(c *Catalog, log *foldedLog, pairs []uint64) {
	kinds := c.Kinds.Names()
	beside := make([]int, len(kinds))
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
		if l.shared == nil {
			l.shared = make([]bool, len(log.keys))
		}
		l.shared[ordinal] = true
		l.byKind[kinds[own]]++
	}
}

// join unites the subjects of two identifiers; the smaller ordinal leads.
func (l *links) join(a, b uint32) {
	a, b = l.root(a), l.root(b)
	l.subject[max(a, b)] = min(a, b)
}

func (l *links) root(i uint32) uint32 {
	for l.subject[i] != i {
		l.subject[i] = l.subject[l.subject[i]]
		i = l.subject[i]
	}
	return i
}

// gather points every identifier at its subject and lists the members of each.
func (l *links) gather() {
	at := map[uint32]int{}
	for i := range l.subject {
		ordinal := uint32(i)
		lead := l.root(ordinal)
		l.subject[i] = lead
		if lead == ordinal {
			continue
		}
		group, ok := at[lead]
		if !ok {
			group = len(l.members)
			at[lead] = group
			l.members = append(l.members, []uint32{lead})
		}
		l.members[group] = append(l.members[group], ordinal)
	}
	slices.SortFunc(l.members, func(a, b []uint32) int { return cmp.Compare(a[0], b[0]) })
}
