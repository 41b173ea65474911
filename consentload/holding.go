package consentload

import (
	"cmp"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"

	"cpm/formats/fault"
)

// holding holds a load to an earlier index. Somebody whom that one shows as refused in a cell must be refused there
// still, or have been granted anew. Granted anew is, for each refusal that stood:
//
//   - it is still among the acts, or a later one like it, so that the rules have weighed it, links and all; or
//   - it is not, and a grant of that very identifier, at least as specific, is newer than all that the earlier index
//     had read. An older grant was there to be read, or it is not known whether it came before the refusal: it answers
//     nothing.
//
// A refusal that reached an identifier through its subject is looked for where it was made. If what linked the two is gone,
// it has vanished for the one that it no longer reaches, unless that one was granted anew itself.
type holding struct {
	l     *loader
	old   *Index // nil: there is nothing to hold to
	since Instant
	found map[cellName]*refusals       // of the earlier index, by scope
	shown map[cellName]*roaring.Bitmap // whom it shows as refused, by cell
	round int
	bits  uint // leading bits by which the keys of the new index may be cut into buckets

	// of the round at hand
	x  *Index
	w  *worker
	to []uint32 // by ordinal of the earlier index: that of the load, or NoOrdinal

	missing map[KindID]bool // kinds of whom no export holds any more
}

// mostRounds is never reached: what was carried over once stands, and the second round finds at most who was reached
// through somebody who had to be carried over first.
const mostRounds = 8

// newHolding prepares a load to be held to its earlier index, if there is one.
func newHolding(l *loader) *holding { return &holding{l: l, bits: widest, missing: map[KindID]bool{}} }

// widest returns how many leading bits may cut the keys into buckets. Of an identifier that is carried over and stands in
// no export, no more bits are known than the earlier index keeps: 64 behind those of its bucket. The new index may keep
// no more of any key, or that identifier would not be found in it. It then tells strangers apart as well as the earlier
// one: a chance of n/b · 2⁻⁶⁴ a lookup, with n keys in b buckets.
func (h *holding) widest() uint { return h.bits }

// hold holds an index to the earlier one. It returns what is to be carried over; the index is then made again with it.
func (h *holding) hold(x *Index, r *resolver) (more []carried, err error) {
	p := h.l.options.Previous
	if p == nil {
		return nil, nil
	}
	err = WhileMapped(func() error {
		if h.old == nil {
			h.open(p)
		}
		h.x, h.w = x, &worker{resolver: r}
		h.match(r.log)
		lost := h.vanished()
		if err := h.old.Err(); err != nil {
			return err
		}
		if h.round++; h.round == 1 {
			h.tell(p, lost)
		}
		if err := h.stop(p, lost); err != nil || p.Lost != KeepLost {
			return err
		}
		more, err = h.carry(lost)
		return cmp.Or(h.old.Err(), err)
	})
	x.aliases = h.complete(x.aliases)
	return more, err
}

// lists are those that a log has settled, to be added to: a log that may be settled again keeps its own as they are.
func (h *holding) lists(settled []cellLists) []cellLists {
	if h.l.options.Previous == nil {
		return settled
	}
	all := make([]cellLists, len(settled))
	for i := range all {
		all[i].append(&settled[i])
	}
	return all
}

func (h *holding) open(p *Previous) {
	about := &p.Snapshot.About
	h.old = p.Snapshot.index(Asking{Catalog: h.l.catalog, AsOf: about.AsOf})
	h.found, h.shown = map[cellName]*refusals{}, map[cellName]*roaring.Bitmap{}
	for _, channel := range h.old.channels {
		for _, purpose := range h.old.purposes {
			h.shown[cellName{channel, purpose}] = h.old.Cell(channel, purpose).refused()
		}
	}
	h.since = about.Newest // no export that it read held an act between this and its as-of
	if about.Total.FutureRefusals > 0 {
		h.since = about.AsOf // a clock was wrong: when these were made is not known
	}
}

// match finds the identifiers of the earlier index among those of a log, by the bits that the former knows: 64 behind
// those of a bucket. Both are in the order of their keys. Somebody else is taken for an identifier that is gone when all
// these bits are alike, which among n identifiers happens with a chance of n · 2⁻⁽⁶⁴⁺ʷ⁾, w being the width of the earlier
// table: less than 2⁻⁶⁰ while the number of identifiers grows no more than fourfold. That one refusal would then be
// looked for at a stranger, and if the stranger was granted anew, be missed.
func (h *holding) match(log *foldedLog) {
	t, keys := h.old.keys, log.keys.joined()
	h.to = make([]uint32, t.n)
	at := 0
	for bucket := range uint64(1) << t.width {
		start, end := t.bucket(bucket)
		for i := start; i < end; i++ {
			key := t.key(bucket, i)
			for at < len(keys) && keys[at].known(t.width).Compare(key) < 0 {
				at++
			}
			h.to[i] = NoOrdinal
			if at < len(keys) && keys[at].known(t.width) == key {
				h.to[i] = uint32(at)
			}
		}
	}
	h.matchDigests()
}

// matchDigests finds digests whose raw identifier has become known meanwhile: what is said of them is now said of that.
func (h *holding) matchDigests() {
	width := h.old.keys.width
	var entries []alias
	if h.x.aliases != nil {
		entries = h.x.aliases.entries
	}
	for it := h.old.digests.Iterator(); it.HasNext() && len(entries) > 0; {
		ordinal := it.Next()
		if h.to[ordinal] != NoOrdinal {
			continue
		}
		digest := h.old.keys.keyOf(ordinal)
		at := sort.Search(len(entries), func(i int) bool { return entries[i].digest.known(width).Compare(digest) >= 0 })
		for ; at < len(entries) && entries[at].digest.known(width) == digest; at++ {
			if raw, known := h.x.Find(h.x.aliases.raws[entries[at].raw]); known && entries[at].declared {
				h.to[ordinal] = raw
			}
		}
	}
}

// refused returns who is refused in a cell; nobody in one that is none.
func (c *Cell) refused() *roaring.Bitmap {
	if c == nil {
		return roaring.New()
	}
	return roaring.Or(c.Denied, c.Withdrawn)
}

// loss is a refusal of the earlier index that has vanished.
type loss struct {
	ordinal uint32 // in the earlier index
	cell    cellName
	broken  [scopes]bool // scopes in which the identifier's own refusal is gone
	own     bool         // there is one
	through bool         // it came from others who are no longer linked, or gone
	at      Instant      // after which a grant answers it
}

// vanished finds the refusals that have vanished.
func (h *holding) vanished() (lost []loss) {
	for _, channel := range h.old.channels {
		for _, purpose := range h.old.purposes {
			name := cellName{channel, purpose}
			now := h.x.cells[name].refused()
			for it := h.shown[name].Iterator(); it.HasNext(); {
				ordinal := it.Next()
				if to := h.to[ordinal]; to != NoOrdinal && now.Contains(to) {
					continue
				}
				if one, gone := h.gone(ordinal, name, now); gone {
					lost = append(lost, one)
				}
			}
		}
	}
	return lost
}

// gone reports whether a refusal, which does not stand any more, has vanished rather than been answered.
func (h *holding) gone(ordinal uint32, cell cellName, now *roaring.Bitmap) (loss, bool) {
	one := loss{ordinal: ordinal, cell: cell, at: h.since}
	explained := false
	for s, of := range h.scopesOf(cell) {
		if of == nil || !of.at.of.Contains(ordinal) {
			continue
		}
		explained = true
		if at := of.at.end(ordinal); !h.settled(ordinal, cell, s, at) {
			one.broken[s], one.own, one.at = true, true, max(one.at, at)
		}
	}
	lost := one.own
	for _, member := range h.old.Members(ordinal) {
		made, gone := h.lostThrough(member, &one, now)
		explained, lost = explained || made, lost || gone
	}
	if !explained { // not reached while an index tells what it is made of
		lost = !h.answered(ordinal, cell, exact, h.since)
	}
	if h.round > 0 || !explained { // what should have reached it again has not
		one.through = true
	}
	return one, lost
}

// lostThrough looks at what another identifier of the subject refused: whether it did, and whether that has vanished for
// the identifier of a loss. It has when it is gone, or what linked the two is, unless that identifier was granted anew
// itself.
func (h *holding) lostThrough(member uint32, one *loss, now *roaring.Bitmap) (made, lost bool) {
	link := h.l.catalog.Link
	if member == one.ordinal || link != LinkRefusals && !h.shown[one.cell].Contains(member) {
		return false, false // what was answered where it was made reached nobody
	}
	to := h.to[member]
	stands, linked := to != NoOrdinal && now.Contains(to), h.linked(one.ordinal, member)
	for s, of := range h.scopesOf(one.cell) {
		if of == nil || !of.at.of.Contains(member) {
			continue
		}
		made = true
		at := of.at.end(member)
		if h.answered(one.ordinal, one.cell, s, max(at, h.since)) {
			continue
		}
		if broken := !h.reaches(member, one.cell, s, at); broken || !linked && (stands || link == LinkRefusals) {
			lost, one.at = true, max(one.at, at)
			one.through = one.through || !linked || stands // else it is carried over there, and reaches this one
		}
	}
	return made, lost
}

// reaches reports whether a refusal is still weighed for others than those that it names, or was answered for them.
func (h *holding) reaches(ordinal uint32, cell cellName, s int, at Instant) bool {
	if h.l.catalog.Link == LinkRefusals { // a grant answers it where it was made alone
		return h.weighed(ordinal, cell, s, at)
	}
	return h.settled(ordinal, cell, s, at)
}

// scopesOf returns the refusals of the earlier index in the scopes that cover a cell.
func (h *holding) scopesOf(cell cellName) (all [scopes]*refusals) {
	for s, name := range scopesCovering(cell) {
		if name.purpose == Star && h.old.file.About.Shaping["star of "+cell.purpose] == "false" {
			continue
		}
		if h.found[name] == nil {
			h.found[name] = h.old.file.refusals(name)
		}
		all[s] = h.found[name]
	}
	return all
}

func scopesCovering(cell cellName) [scopes]cellName {
	return [scopes]cellName{cell, {cell.channel, Star}, {Star, cell.purpose}, {Star, Star}}
}

// window returns what the load says of an identifier in a cell; nothing of one that it does not know.
func (h *holding) window(ordinal uint32, cell cellName) (found window) {
	channel, known := h.l.words.channels.numbers[cell.channel]
	purpose, also := h.l.words.purposes.numbers[cell.purpose]
	if to := h.to[ordinal]; to != NoOrdinal && known && also {
		found = h.w.window(h.w.log.of(to), channel, purpose)
	}
	return found
}

// weighed reports whether a refusal, or a later one like it, is still among the acts.
func (h *holding) weighed(ordinal uint32, cell cellName, s int, at Instant) bool {
	window := h.window(ordinal, cell)
	return window[s] != nil && window[s].refused >= at
}

// settled reports whether a refusal is still weighed, or was answered by a newer grant.
func (h *holding) settled(ordinal uint32, cell cellName, s int, at Instant) bool {
	return h.weighed(ordinal, cell, s, at) || h.answered(ordinal, cell, s, max(at, h.since))
}

// answered reports whether a grant of the identifier itself, later than an instant, answers a refusal of some scope.
func (h *holding) answered(ordinal uint32, cell cellName, s int, at Instant) bool {
	window := h.window(ordinal, cell)
	return h.w.answered(&window, s, at)
}

// linked reports whether two identifiers of the earlier index are one subject still.
func (h *holding) linked(a, b uint32) bool {
	x, y := h.to[a], h.to[b]
	return x != NoOrdinal && y != NoOrdinal && h.w.links.of(x) == h.w.links.of(y)
}

// tell counts what was compared, and what of it has vanished.
func (h *holding) tell(p *Previous, lost []loss) {
	told := &Compared{AsOf: p.Snapshot.About.AsOf, Kept: p.Lost == KeepLost}
	byCell := map[cellName]int64{}
	for i := range lost {
		byCell[lost[i].cell]++
	}
	for _, channel := range h.old.channels {
		for _, purpose := range h.old.purposes {
			name := cellName{channel, purpose}
			told.Refusals += int64(h.shown[name].GetCardinality())
			if n := byCell[name]; n > 0 {
				told.Lost = append(told.Lost, LostInCell{channel, purpose, n})
			}
		}
	}
	h.l.report.Previous = told
}

func (h *holding) stop(p *Previous, lost []loss) error {
	if len(lost) == 0 || p.Lost == AcceptLost {
		return nil
	}
	if p.Lost == StopAtLost {
		told := h.l.report.Previous
		return fault.New(fault.Guard, p.Snapshot.name, "%d of the %d refusals that the previous index shows have vanished without a newer grant: %s",
			told.Total(), told.Refusals, told.Cells()).
			Hint("find out why the exports no longer hold them; --lost-refusals keep carries them over, so that nobody who refused is contacted, and accept lets them go")
	}
	if h.round > mostRounds {
		return fault.New(fault.Guard, p.Snapshot.name, "%d refusals cannot be carried over", len(lost)).
			Hint("this is a fault of cpm: report it; nothing was written")
	}
	return nil
}
