package consentload

import (
	"context"
	"slices"
)

// links says which identifiers are one subject.
type links struct {
	subject []uint32      // the smallest ordinal of the subject, for each identifier; nil: nobody asks
	closed  *combinations // of which those that are not open are a subject each; nil: none are
	members [][]uint32    // the identifiers of each other subject of several, in order
	shared  []bool        // beyond max_links; nil: none
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

// share calls do with the identifiers of one share of the subjects of several.
func (u *links) share(share, of int, do func(members []uint32)) {
	for p := share; u.closed != nil && p < partitions; p += of {
		for i, open := range u.closed[p].open {
			if !open {
				do(u.closed[p].of(i))
			}
		}
	}
	for i := share; i < len(u.members); i += of {
		do(u.members[i])
	}
}

// unite finds the shared identifiers and, unless each identifier is a subject of its own, the subjects.
func unite(ctx context.Context, l *loader, log *foldedLog) (*links, error) {
	u := &links{byKind: map[Kind]int64{}}
	u.findShared(l.catalog, log)
	if l.catalog.Link == LinkNone {
		return u, nil
	}
	u.closed = log.together
	isOpen := slices.ContainsFunc(log.together[:], func(c combined) bool { return slices.Contains(c.open, true) })
	if isOpen || l.options.Previous != nil {
		u.subject = make([]uint32, log.len())
		for i := range u.subject {
			u.subject[i] = uint32(i)
		}
	}
	err := l.eachPartition(ctx, func(int) func(int) error {
		return func(p int) error {
			u.close(&log.together[p])
			return nil
		}
	})
	if err != nil {
		return nil, err
	}
	if isOpen {
		u.joinAll(log.together)
	}
	if u.shared != nil && l.catalog.Link == LinkAll {
		u.shade(l, log)
	}
	return u, nil
}

// close makes a subject of every combination of a partition that is not open.
func (u *links) close(c *combined) {
	for i, open := range c.open {
		if open {
			continue
		}
		members := c.of(i)
		slices.Sort(members)
		if u.subject == nil {
			continue
		}
		for _, ordinal := range members {
			u.subject[ordinal] = members[0]
		}
	}
}

// joinAll makes subjects of the open combinations.
func (u *links) joinAll(together *combinations) {
	joined := make([]bool, len(u.subject))
	for p := range together {
		for i, open := range together[p].open {
			if open {
				u.joinOne(together[p].of(i), joined)
			}
		}
	}
	u.gather(joined)
}

func (u *links) joinOne(ordinals []uint32, joined []bool) {
	lead, found := u.anchor(ordinals)
	for _, ordinal := range ordinals {
		if found && !u.isShared(ordinal) {
			u.join(lead, ordinal)
			joined[ordinal] = true
		}
	}
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

// findShared marks the identifiers that stand beside more than max_links different values of any one other kind.
func (u *links) findShared(c *Catalog, log *foldedLog) {
	kinds := c.Kinds.All()
	beside := make([]int, len(kinds))
	var others []uint32
	for _, many := range log.crowded {
		others = others[:0]
		for _, i := range many.combinations {
			others = append(others, log.together.of(i)...)
		}
		slices.Sort(others)
		clear(beside)
		for _, other := range slices.Compact(others) {
			beside[log.kinds[other]]++
		}
		own := log.kinds[many.ordinal]
		beside[own] = 0
		if slices.Max(beside) <= c.MaxLinks(kinds[own]) {
			continue
		}
		if u.shared == nil {
			u.shared = make([]bool, log.len())
		}
		u.shared[many.ordinal] = true
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

// gather points every identifier that was joined at its subject, and lists the members of each.
func (u *links) gather(joined []bool) {
	size := make([]uint32, len(u.subject))
	total := uint32(0)
	for i, is := range joined {
		if is {
			u.subject[i] = u.root(uint32(i))
			size[u.subject[i]]++
			total++
		}
	}
	room := make([]uint32, 0, total)
	at := make([]uint32, len(u.subject)) // by leading identifier: its group, counted from 1
	for i, is := range joined {
		lead := u.subject[i]
		if !is || size[lead] < 2 {
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
func (u *links) shade(l *loader, log *foldedLog) {
	u.shadows = map[uint32][][]acts{}
	for _, many := range log.crowded {
		if !u.shared[many.ordinal] {
			continue
		}
		bySubject := map[uint32][]acts{}
		for _, i := range many.combinations {
			if lead, found := u.anchor(log.together.of(i)); found {
				lead = u.subject[lead]
				bySubject[lead] = mergeActs(bySubject[lead], log.together.said(i), l.words)
			}
		}
		for lead, all := range bySubject {
			u.shadows[lead] = append(u.shadows[lead], all)
		}
	}
}
