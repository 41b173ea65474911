package consentload

import (
	"cmp"
	"slices"
)

// part is what a partition comes to.
type part struct {
	foldedLog
	first  uint32     // the ordinal of its first identifier
	stands []standing // where its identifiers stand beside others, in their order
	opened []uint32   // combinations of which an identifier stands elsewhere too
}

// standing is one place of an identifier.
type standing struct{ ordinal, combination, place uint32 }

// folder folds partitions, one at a time, with memory of its own.
type folder struct {
	*loader
	alone    *worker
	shown    *shownRefused // nil: there is no earlier index
	together *combinations

	log    []fact
	facts  sorter[fact]
	asked  []placed
	places sorter[placed]
	acts   []acts
	single [1]uint32
}

func newFolder(l *loader, together *combinations) *folder {
	alone := newResolver(l.catalog, l.words, &foldedLog{starts: make([]uint32, 2)}).worker()
	return &folder{loader: l, shown: l.shown, alone: alone, together: together}
}

// part folds what is said of the identifiers of a partition alone, and finds where they stand beside others. Whoever does
// not is settled.
func (f *folder) part(p int, places []placesByPart) (_ *part, err error) {
	f.log, f.asked = f.log[:0], f.asked[:0]
	for _, s := range f.shards {
		if f.log, err = s.spilled.facts(f.log, p); err != nil {
			return nil, err
		}
		f.log = s.facts[p].drain(f.log)
	}
	for i := range places {
		places[i][p].drain(func(one *placed) { f.asked = append(f.asked, *one) })
		places[i][p] = pages[placed]{}
	}
	facts := f.facts.sort(f.log, func(one *fact) uint64 { return one.key.Hi }, byKeyAndScope)
	stands := f.places.sort(f.asked, func(one *placed) uint64 { return one.key.Hi }, byKeyAndPlace)
	n := distinct(facts, func(one *fact) Key { return one.key }) + distinct(stands, func(one *placed) Key { return one.key })
	out := &part{stands: make([]standing, 0, len(stands))}
	out.keys, out.kinds, out.starts = make([]Key, 0, n), make([]KindID, 0, n), make([]uint32, 0, n+1)
	for len(facts) > 0 || len(stands) > 0 {
		said, stood := 0, 0
		if len(stands) == 0 || len(facts) > 0 && facts[0].key.Compare(stands[0].key) <= 0 {
			said = alike(facts, func(one *fact) Key { return one.key })
		}
		if said == 0 || len(stands) > 0 && facts[0].key == stands[0].key {
			stood = alike(stands, func(one *placed) Key { return one.key })
		}
		f.one(out, facts[:said], stands[:stood])
		facts, stands = facts[said:], stands[stood:]
	}
	out.starts = append(out.starts, uint32(len(out.acts)))
	f.takeSettled(out)
	return out, nil
}

// alike is how many values at the beginning have one key.
func alike[T any](sorted []T, key func(*T) Key) int {
	n, first := 1, key(&sorted[0])
	for n < len(sorted) && key(&sorted[n]) == first {
		n++
	}
	return n
}

// distinct is how many keys sorted values have.
func distinct[T any](sorted []T, key func(*T) Key) (n int) {
	for i := range sorted {
		if i == 0 || key(&sorted[i]) != key(&sorted[i-1]) {
			n++
		}
	}
	return n
}

func byKeyAndScope(a, b fact) int {
	if a.key != b.key {
		return a.key.Compare(b.key)
	}
	return compareScopes(a.scope, b.scope)
}

func byKeyAndPlace(a, b placed) int {
	if a.key != b.key {
		return a.key.Compare(b.key)
	}
	return cmp.Compare(a.place, b.place)
}

func compareScopes(a, b scope) int {
	return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.purpose, b.purpose))
}

// one folds what is said of one identifier alone, sorted by scope.
func (f *folder) one(out *part, facts []fact, stands []placed) {
	ordinal, marked := uint32(len(out.keys)), false
	if len(facts) > 0 {
		out.keys, out.kinds = append(out.keys, facts[0].key), append(out.kinds, facts[0].kind)
	} else {
		out.keys, out.kinds = append(out.keys, stands[0].key), append(out.kinds, stands[0].kind)
	}
	out.starts = append(out.starts, uint32(len(out.acts)))
	f.acts, marked = foldScopes(f.acts[:0], facts, f.words)
	if marked {
		out.unreadable = append(out.unreadable, ordinal)
	}
	shown := f.shown.has(out.keys[ordinal])
	if len(stands) == 0 {
		f.settle(out, ordinal, f.acts, shown)
		return
	}
	out.acts = append(out.acts, f.acts...)
	for i := range stands {
		out.stands = append(out.stands, standing{ordinal, stands[i].combination, stands[i].place})
		if len(stands) > 1 || len(facts) > 0 || shown {
			out.opened = append(out.opened, stands[i].combination)
		}
	}
}

// settle settles an identifier to whom nothing comes from others, and keeps its acts if they are to be kept.
func (f *folder) settle(out *part, ordinal uint32, all []acts, keep bool) {
	if keep && len(all) > 0 {
		out.acts = append(out.acts, all...)
		return
	}
	f.single[0] = ordinal
	f.settleAll(out, f.single[:], all)
}

// settleAll settles identifiers of which the same is said, and nothing else.
func (f *folder) settleAll(out *part, ordinals []uint32, all []acts) {
	if len(all) == 0 {
		out.dormant = append(out.dormant, ordinals...)
		return
	}
	f.alone.alike(ordinals, all)
	if f.options.Refusals {
		for _, ordinal := range ordinals {
			out.refused = appendRefusals(out.refused, ordinal, all, f.catalog.Link)
		}
	}
}

// finish ranks the identifiers of a partition that stand beside others, and gives those of open combinations what is said
// of these.
func (f *folder) finish(out *part) {
	isOpen := false
	for _, at := range out.stands {
		f.together.put(at.place, out.first+at.ordinal)
		isOpen = isOpen || f.together.isOpen(at.combination)
	}
	if !isOpen {
		return
	}
	own := foldedLog{starts: out.starts, acts: out.acts}
	out.starts, out.acts = make([]uint32, 0, len(own.starts)), nil
	stands := out.stands
	for ordinal := range uint32(len(out.keys)) {
		out.starts = append(out.starts, uint32(len(out.acts)))
		n := 0
		for n < len(stands) && stands[n].ordinal == ordinal {
			n++
		}
		switch {
		case n == 0:
			out.acts = append(out.acts, own.of(ordinal)...)
		case f.together.isOpen(stands[0].combination):
			f.stand(out, own.of(ordinal), stands[:n])
		}
		stands = stands[n:]
	}
	out.starts = append(out.starts, uint32(len(out.acts)))
	f.takeSettled(out)
}

// stand gives one identifier what is said of its combinations, beside its own acts.
func (f *folder) stand(out *part, own []acts, stands []standing) {
	ordinal, beside := stands[0].ordinal, 0
	f.acts = append(f.acts[:0], own...)
	for _, at := range stands {
		f.acts = mergeActs(f.acts, f.together.said(at.combination), f.words)
		beside += len(f.together.of(at.combination)) - 1
	}
	f.settle(out, ordinal, f.acts, f.catalog.Link != LinkNone || f.shown.has(out.keys[ordinal]))
	if beside > f.catalog.leastLinks() {
		many := crowd{ordinal: ordinal}
		for _, at := range stands {
			many.combinations = append(many.combinations, at.combination)
		}
		out.crowded = append(out.crowded, many)
	}
}

// closed settles the identifiers of combinations of which all stand nowhere else. What is said of the combination is all
// that is said of each: they are one subject, each has the acts of all, and whoever has settled one has settled all.
func (f *folder) closed(c *combined) *part {
	out := &part{}
	for i, open := range c.open {
		if !open {
			f.settleAll(out, c.of(i), c.said(i))
		}
	}
	f.takeSettled(out)
	return out
}

// mergeActs adds acts to those of the same scopes.
func mergeActs(to, more []acts, words *vocabulary) []acts {
	if len(to) == 0 {
		return append(to, more...)
	}
	for i := range more {
		at := slices.IndexFunc(to, func(a acts) bool { return a.scope == more[i].scope })
		if at < 0 {
			to = append(to, more[i])
			continue
		}
		to[at].merge(&more[i], words)
	}
	return to
}

// takeSettled gives a partition what was settled of it.
func (f *folder) takeSettled(out *part) {
	if out.settled == nil {
		out.settled = make([]cellLists, len(f.alone.cells))
	}
	for i := range f.alone.cells {
		out.settled[i].append(&f.alone.cells[i])
		f.alone.cells[i].empty()
	}
}
