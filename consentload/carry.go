package consentload

import (
	"cmp"
	"slices"

	"cpm/formats/fault"
)

// carried is a refusal of an earlier index that is added to a log. Of an identifier that the log does not hold the key
// has the bits that the earlier index knows, and zeros behind them.
type carried struct {
	key  Key
	kind KindID
	act  acts
}

// with returns the log with refusals added to it.
func (l *foldedLog) with(more []carried) *foldedLog {
	slices.SortFunc(more, func(a, b carried) int { return cmp.Or(a.key.Compare(b.key), cmp.Compare(a.kind, b.kind)) })
	before := l.keys.joined()
	most := len(before) + len(more)
	all := &foldedLog{ranked: ranked{
		kinds: make([]KindID, 0, most), starts: make([]uint32, 0, most+1), acts: make([]acts, 0, len(l.acts)+len(more)),
	}}
	keys := make([]Key, 0, most)
	moved := make([]uint32, len(before))
	acted := map[uint32]bool{}
	for i := 0; i < len(before) || len(more) > 0; {
		ordinal, start := uint32(len(keys)), len(all.acts)
		all.starts = append(all.starts, uint32(start))
		if i < len(before) && (len(more) == 0 || before[i].Compare(more[0].key) <= 0) {
			keys, all.kinds = append(keys, before[i]), append(all.kinds, l.kinds[i])
			all.acts = append(all.acts, l.of(uint32(i))...)
			moved[i] = ordinal
			i++
		} else {
			keys, all.kinds = append(keys, more[0].key), append(all.kinds, more[0].kind)
		}
		for len(more) > 0 && more[0].key == keys[ordinal] {
			all.refuse(start, &more[0].act)
			acted[ordinal] = true
			more = more[1:]
		}
	}
	all.starts, all.keys = append(all.starts, uint32(len(all.acts))), keyRuns{keys}
	all.move(l, moved)
	all.dormant = slices.DeleteFunc(all.dormant, func(ordinal uint32) bool { return acted[ordinal] })
	return all
}

// refuse adds a refusal to the acts of the last identifier, which begin at start.
func (l *foldedLog) refuse(start int, refusal *acts) {
	for i := start; i < len(l.acts); i++ {
		if l.acts[i].scope == refusal.scope {
			l.acts[i].refuse(refusal.refused, refusal.withdrawn)
			return
		}
	}
	l.acts = append(l.acts, *refusal)
}

// move takes what another log holds of its identifiers beside their acts to where they stand now.
func (l *foldedLog) move(from *foldedLog, to []uint32) {
	l.settled = make([]cellLists, len(from.settled))
	for i := range l.settled {
		l.settled[i].append(&from.settled[i])
		l.settled[i].each(func(ordinal *uint32) { *ordinal = to[*ordinal] })
	}
	moved := refusalRun{}
	for _, run := range from.refused {
		for _, r := range run.made {
			r.ordinal = to[run.first+r.ordinal]
			moved.made = append(moved.made, r)
		}
	}
	l.refused = []refusalRun{moved}
	for _, ordinal := range from.unreadable {
		l.unreadable = append(l.unreadable, to[ordinal])
	}
	for _, ordinal := range from.dormant {
		l.dormant = append(l.dormant, to[ordinal])
	}
	for _, c := range from.crowded {
		l.crowded = append(l.crowded, crowd{to[c.ordinal], c.combinations})
	}
	l.together = from.together.moved(to)
}

// carry returns what is to be added to the log, so that the refusals stand again.
func (h *holding) carry(lost []loss) (more []carried, err error) {
	for i := range lost {
		one := &lost[i]
		key, kind, err := h.nameOf(one.ordinal)
		if err != nil {
			return nil, err
		}
		all, err := h.acts(one)
		if err != nil {
			return nil, err
		}
		for _, act := range all {
			more = append(more, carried{key, kind, act})
		}
	}
	if len(more) == 0 && len(lost) > 0 { // each waits for another one that stands, but not for it
		for i := range lost {
			lost[i].through = true
		}
		return h.carry(lost)
	}
	return more, nil
}

// nameOf returns key and kind under which an identifier of the earlier index is known now.
func (h *holding) nameOf(ordinal uint32) (Key, KindID, error) {
	if to := h.to[ordinal]; to != NoOrdinal {
		return h.w.log.keys.joined()[to], h.w.log.kinds[to], nil
	}
	h.bits = min(h.bits, h.old.keys.width)
	for kind, n := range h.old.file.About.ByKind {
		if n == 0 || !h.old.OfKind(kind).Contains(ordinal) {
			continue
		}
		if id, declared := h.l.catalog.Kinds.Index(kind); declared {
			h.missing[id] = true
			return h.old.keys.keyOf(ordinal), id, nil
		}
		return Key{}, 0, fault.New(fault.Usage, h.old.file.name, "it holds refusals of %s, a kind that the configuration no longer declares: they cannot be carried over", kind).
			Hint("declare the kind under kinds:, or let the refusals go with --lost-refusals accept")
	}
	return Key{}, 0, damaged(h.old.file.name, "an identifier of it has no kind")
}

// acts returns the refusals that make a lost one stand again: one for each scope in which it was made, if it stood in all
// cells of the scope; otherwise, and where it came through others, one for the cell. They are dated after all that the
// earlier index had read: no grant that was there to be read answers them.
func (h *holding) acts(one *loss) (all []acts, err error) {
	add := func(name cellName, withdrawn bool) {
		channel, tooMany := h.l.words.channel(name.channel)
		purpose, also := h.l.words.purpose(name.purpose)
		err = cmp.Or(err, tooMany, also)
		all = append(all, acts{scope: scope{channel, purpose}, refused: one.at, withdrawn: withdrawn, granted: None, pending: None})
	}
	withdrawn := h.old.Cell(one.cell.channel, one.cell.purpose).Withdrawn.Contains(one.ordinal)
	cell := one.through && !one.own
	for s, broken := range one.broken {
		if broken && s != exact && h.everywhere(one.ordinal, scopesCovering(one.cell)[s]) {
			add(scopesCovering(one.cell)[s], withdrawn)
			continue
		}
		cell = cell || broken
	}
	if cell {
		add(one.cell, withdrawn)
	}
	return all, err
}

// everywhere reports whether the earlier index shows an identifier as refused in every cell of a scope.
func (h *holding) everywhere(ordinal uint32, name cellName) bool {
	for cell, refused := range h.shown {
		covered := (name.channel == Star || name.channel == cell.channel) && (name.purpose == Star || name.purpose == cell.purpose)
		if covered && !refused.Contains(ordinal) {
			return false
		}
	}
	return true
}

// complete takes from the aliases the claim that they hold every digest of a kind, where identifiers were carried over
// whose raw values nobody knows and whose digests the earlier index does not hold either.
func (h *holding) complete(a *Aliases) *Aliases {
	if a == nil || len(h.missing) == 0 {
		return a
	}
	kinds, told := h.l.catalog.Kinds, *a
	told.every = slices.DeleteFunc(slices.Clone(a.every), func(hashed KindID) bool {
		raw, _ := kinds.Raw(hashed)
		return h.missing[raw] && !slices.Contains(h.old.file.About.Digests, kinds.All()[hashed])
	})
	return &told
}
