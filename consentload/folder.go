package consentload

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// part is what a partition comes to.
type part struct {
	ranked
	keys    []Key     // in their order
	refused []refusal // what those refused whose acts are not kept
	settled []settledCell
	first   uint32     // the ordinal of its first identifier
	stands  []standing // where its identifiers stand beside others, in their order
	opened  []uint32   // combinations of which an identifier stands elsewhere too
}

// standing is one place of an identifier.
type standing struct{ ordinal, combination, place uint32 }

// folder folds partitions, one at a time, with memory of its own.
type folder struct {
	*loader
	alone    *worker
	shown    *shownRefused // nil: there is no earlier index
	together *combinations

	pieces [][]entry
	room   []entry // of those that stand in no log
	buf    []byte
	whole  []fact // those that entries lead to
	sorter sorter
	acts   []acts
	single [1]uint32

	found part // room for the identifiers of a partition: how many there are is known in the end
}

func newFolder(l *loader, together *combinations) *folder {
	alone := newResolver(l.catalog, l.words, &foldedLog{ranked: ranked{starts: make([]uint32, 2)}}).worker()
	return &folder{loader: l, shown: l.shown, alone: alone, together: together}
}

// part folds what is said of the identifiers of a partition alone, and finds where they stand beside others. Whoever does
// not is settled.
func (f *folder) part(p int, places []placesByPart) (*part, error) {
	if err := f.gather(p, places); err != nil {
		return nil, err
	}
	all := f.sorter.sort(f.pieces)
	for _, s := range f.shards {
		s.facts[p] = blocks{}
	}
	for i := range places {
		places[i][p] = pages[entry]{}
	}
	room := &f.found
	out := &part{keys: room.keys[:0], ranked: ranked{kinds: room.kinds[:0], starts: room.starts[:0]}}
	for len(all) > 0 {
		n := sameKey(all)
		f.one(out, all[:n])
		all = all[n:]
	}
	room.keys, room.kinds, room.starts = out.keys, out.kinds, out.starts
	f.end(out)
	out.keys, out.kinds, out.starts = slices.Clone(out.keys), slices.Clone(out.kinds), slices.Clone(out.starts)
	f.takeSettled(out)
	return out, nil
}

// end closes the list of where the acts of each identifier begin. When nobody has any there is none.
func (f *folder) end(out *part) {
	if out.starts = append(out.starts, uint32(len(out.acts))); len(out.acts) == 0 {
		out.starts = nil
	}
}

// gather collects the entries of a partition.
func (f *folder) gather(p int, places []placesByPart) (err error) {
	f.pieces, f.room, f.whole = f.pieces[:0], f.room[:0], f.whole[:0]
	for _, s := range f.shards {
		for _, run := range s.spilled.runs[p] {
			if f.buf, err = s.spilled.facts(f.buf, run); err != nil {
				return err
			}
			f.addRun(run)
		}
		f.pieces = s.facts[p].brief.appendTo(f.pieces)
		s.facts[p].whole.drain(f.addWhole)
	}
	for i := range places {
		f.pieces = places[i][p].appendTo(f.pieces)
	}
	f.pieces = append(f.pieces, f.room)
	return nil
}

// addRun adds the facts of a run that was read.
func (f *folder) addRun(run spillRun) {
	at, rest := len(f.room), f.buf
	f.room = slices.Grow(f.room, run.brief)[:at+run.brief]
	for i := range f.room[at:] {
		f.room[at+i] = entryOf(rest)
		rest = rest[entryBytes:]
	}
	for range run.whole {
		begins := entryOf(rest)
		one := begins.fact()
		one.expires = Instant(binary.LittleEndian.Uint64(rest[entryBytes:]))
		f.addWhole(&one)
		rest = rest[factBytes:]
	}
}

// addWhole adds a fact that an entry does not hold.
func (f *folder) addWhole(one *fact) {
	f.room = append(f.room, entry{key: one.key, kind: one.kind, scope: one.scope, status: ending, when: Instant(len(f.whole))})
	f.whole = append(f.whole, *one)
}

// manyEntries is from which number on those of one identifier are sorted by scope, so that none of these is looked for.
const manyEntries = 64

// one folds what is said of one identifier alone.
func (f *folder) one(out *part, entries []entry) {
	if len(entries) > manyEntries {
		slices.SortFunc(entries, func(a, b entry) int { return compareScopes(a.scope, b.scope) })
	}
	ordinal, marked, stands := uint32(len(out.keys)), false, 0
	out.keys, out.kinds = append(out.keys, entries[0].key), append(out.kinds, entries[0].kind)
	out.starts = append(out.starts, uint32(len(out.acts)))
	f.acts = f.acts[:0]
	for i := range entries {
		switch e := &entries[i]; e.status {
		case beside:
			stands++
		case ending:
			f.acts = addFact(f.acts, 0, &f.whole[e.when], f.words)
		case unreadable:
			marked = true
		case tied:
		default:
			var at *acts
			f.acts, at = actsIn(f.acts, 0, e.scope)
			at.add(e, noExpiry, f.words)
		}
	}
	if marked {
		out.unreadable = append(out.unreadable, ordinal)
	}
	shown := f.shown.has(entries[0].key)
	if stands == 0 {
		f.settle(out, ordinal, f.acts, shown)
		return
	}
	out.acts = append(out.acts, f.acts...)
	for i := range entries {
		e := &entries[i]
		if e.status != beside {
			continue
		}
		at := standing{ordinal, uint32(uint64(e.when) >> 32), uint32(e.when)}
		out.stands = append(out.stands, at)
		if len(entries) > 1 || shown {
			out.opened = append(out.opened, at.combination)
		}
	}
}

func compareScopes(a, b scope) int {
	return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.purpose, b.purpose))
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
	own := ranked{starts: out.starts, acts: out.acts}
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
	f.end(out)
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

// takeSettled gives a partition what was settled of it.
func (f *folder) takeSettled(out *part) {
	for i := range f.alone.cells {
		cell := &f.alone.cells[i]
		if cell.size() == 0 {
			continue
		}
		one := settledCell{cell: i}
		one.lists.append(cell)
		out.settled = append(out.settled, one)
		cell.empty()
	}
}
