package consentload

import (
	"slices"

	"golang.org/x/sync/errgroup"
)

// links says which identifiers are one subject.
type links struct {
	subject []uint32   // the smallest ordinal of the subject, for each identifier; nil: each is its own
	members [][]uint32 // the identifiers of each subject of several, in order
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
func unite(l *loader, log *foldedLog) *links {
	u := &links{byKind: map[Kind]int64{}}
	u.findShared(l.catalog, log)
	if l.catalog.Link == LinkNone || log.together.len() == 0 {
		return u
	}
	u.subject = make([]uint32, len(log.keys))
	for i := range u.subject {
		u.subject[i] = uint32(i)
	}
	u.joinAll(log.together, u.closed(l, log.together))
	if u.shared != nil && l.catalog.Link == LinkAll {
		u.shade(l, log)
	}
	return u
}

// closed makes a subject of every combination whose identifiers stand nowhere else, several at once, and returns the
// numbers of the others.
func (u *links) closed(l *loader, together *combinations) (others []uint32) {
	type share struct {
		subjects [][]uint32
		others   []uint32
	}
	n, workers := uint32(together.len()), uint32(l.options.Workers)
	shares := make([]share, workers)
	var group errgroup.Group
	for i := range shares {
		group.Go(func() error {
			of := &shares[i]
			for c := uint64(n) * uint64(i) / uint64(workers); c < uint64(n)*uint64(i+1)/uint64(workers); c++ {
				if together.open[c] || together.size(uint32(c))-1 > l.catalog.leastLinks() {
					of.others = append(of.others, uint32(c))
					continue
				}
				members := together.of(uint32(c))
				slices.Sort(members)
				for _, ordinal := range members {
					u.subject[ordinal] = members[0]
				}
				of.subjects = append(of.subjects, members)
			}
			return nil
		})
	}
	_ = group.Wait() // none of them fails
	for i := range shares {
		u.members, others = append(u.members, shares[i].subjects...), append(others, shares[i].others...)
	}
	return others
}

// joinAll makes subjects of combinations that share identifiers.
func (u *links) joinAll(together *combinations, which []uint32) {
	joined := make([]bool, len(u.subject))
	for _, i := range which {
		ordinals := together.of(i)
		lead, found := u.anchor(ordinals)
		for _, ordinal := range ordinals {
			if found && !u.isShared(ordinal) {
				u.join(lead, ordinal)
				joined[ordinal] = true
			}
		}
	}
	u.gather(joined)
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
			u.shared = make([]bool, len(log.keys))
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
