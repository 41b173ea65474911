package consentload

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// acts is what all events say of one identifier in one scope: the maxima that decide.
type acts struct {
	scope     scope
	withdrawn bool    // the latest refusal is a withdrawal
	version   uint16  // of the latest grant
	refused   Instant // None when there is no refusal
	granted   Instant // None when there is no grant
	expires   Instant // of the latest grant
	pending   Instant // None when there is no pending act
}

func noActs(s scope) acts { return acts{scope: s, refused: None, granted: None, pending: None} }

// add folds one fact in; words knows which of two notice versions is lower.
func (a *acts) add(f *fact, words *vocabulary) {
	switch f.status {
	case Denied, Withdrawn:
		a.refuse(f.when, f.status == Withdrawn)
	case Granted:
		a.grant(f.when, f.expires, f.version, words)
	case Pending:
		a.pending = max(a.pending, f.when)
	}
}

func (a *acts) refuse(when Instant, withdrawn bool) {
	switch {
	case when == None:
	case when > a.refused:
		a.refused, a.withdrawn = when, withdrawn
	case when == a.refused:
		a.withdrawn = a.withdrawn || withdrawn
	}
}

func (a *acts) grant(when, expires Instant, version uint16, words *vocabulary) {
	switch {
	case when == None:
	case when > a.granted:
		a.granted, a.expires, a.version = when, expires, version
	case when == a.granted:
		a.expires, a.version = min(a.expires, expires), words.lower(a.version, version)
	}
}

// foldedLog is the log of a load, folded: identifiers in the order of their keys. Of those that stand alone in every event
// the cells are settled at once, and no acts are kept; the others have theirs.
type foldedLog struct {
	keys       []Key
	kinds      []KindID
	starts     []uint32 // acts of identifier i are acts[starts[i]:starts[i+1]]
	acts       []acts
	settled    []cellLists // by cell, in the order of their keys
	refused    []refusal   // what those refused whose acts are not kept, where an index file is to hold it
	unreadable []uint32    // identifiers that a quarantined record names
	dormant    []uint32    // identifiers that stand in no act: in quarantined records and maps of identities alone
	crowded    []crowd     // identifiers that stand in many tuples
}

// crowd keeps the facts of an identifier that may turn out to be shared.
type crowd struct {
	ordinal uint32
	facts   []fact // of events that name others too
}

// of returns the acts of an identifier.
func (l *foldedLog) of(ordinal uint32) []acts {
	return l.acts[l.starts[ordinal]:l.starts[ordinal+1]]
}

// fold sorts and folds the shards' logs, partition by partition, and empties them.
func fold(ctx context.Context, l *loader) (*foldedLog, error) {
	parts := make([]*foldedLog, partitions)
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range l.options.Workers {
		group.Go(func() error {
			f := newFolder(l)
			for p := int(next.Add(1)) - 1; p < partitions; p = int(next.Add(1)) - 1 {
				if err := ctx.Err(); err != nil {
					return err
				}
				err := f.shown.whileMapped(func() (err error) {
					parts[p], err = f.part(p)
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return join(parts, l.options.Workers), nil
}

// folder folds partitions, one at a time, with memory of its own.
type folder struct {
	*loader
	alone        *worker
	shown        *shownRefused // nil: there is no earlier index
	log, sorted  []fact
	starts, next []uint32
	acts         []acts
}

func newFolder(l *loader) *folder {
	return &folder{loader: l, shown: l.shown, alone: newResolver(l.catalog, l.words, &foldedLog{starts: make([]uint32, 2)}).worker()}
}

func (f *folder) part(p int) (*foldedLog, error) {
	n := 0
	for _, s := range f.shards {
		n += s.facts[p].len() + s.spilled.len(p)
	}
	f.log = slices.Grow(f.log[:0], n)
	offset := uint32(0)
	for _, s := range f.shards {
		var err error
		if f.log, err = s.spilled.read(f.log, p, offset); err != nil {
			return nil, err
		}
		f.log = s.facts[p].drain(f.log, offset)
		offset += uint32(len(s.tuples.starts))
	}
	log := f.sort()
	n = 0
	for i := range log {
		if i == 0 || log[i].key != log[i-1].key {
			n++
		}
	}
	out := &foldedLog{keys: make([]Key, 0, n), kinds: make([]KindID, 0, n), starts: make([]uint32, 0, n)}
	f.alone.cells = make([]cellLists, len(f.alone.policies))
	for i := 0; i < len(log); {
		end := i + 1
		for end < len(log) && log[end].key == log[i].key {
			end++
		}
		f.one(out, log[i:end])
		i = end
	}
	out.settled = f.alone.cells
	return out, nil
}

// sort returns the facts of one partition by key and scope. Keys are evenly spread, so the bits behind those of the
// partition put nearly every identifier into a place of its own: linear, where sorting the whole took a quarter of a
// load.
func (f *folder) sort() []fact {
	width := bits.Len(uint(len(f.log)))
	place := func(k Key) uint64 { return k.Hi << 8 >> (64 - width) }
	f.starts = slices.Grow(f.starts[:0], 1<<width+1)[:1<<width+1]
	clear(f.starts)
	for i := range f.log {
		f.starts[place(f.log[i].key)+1]++
	}
	for i := range f.starts[1:] {
		f.starts[i+1] += f.starts[i]
	}
	f.next = append(f.next[:0], f.starts...)
	f.sorted = slices.Grow(f.sorted[:0], len(f.log))[:len(f.log)]
	for i := range f.log {
		at := &f.next[place(f.log[i].key)]
		f.sorted[*at] = f.log[i]
		*at++
	}
	for i := range f.starts[1:] {
		if few := f.sorted[f.starts[i]:f.starts[i+1]]; len(few) > 1 {
			slices.SortFunc(few, byKeyAndScope)
		}
	}
	return f.sorted
}

func byKeyAndScope(a, b fact) int {
	if a.key != b.key {
		return a.key.Compare(b.key)
	}
	return byScope(a, b)
}

func byScope(a, b fact) int {
	return cmp.Or(cmp.Compare(a.scope.channel, b.scope.channel), cmp.Compare(a.scope.purpose, b.scope.purpose))
}

// one folds the facts of one identifier, sorted by scope.
func (f *folder) one(out *foldedLog, facts []fact) {
	ordinal, marked := uint32(len(out.keys)), false
	out.keys = append(out.keys, facts[0].key)
	out.kinds = append(out.kinds, facts[0].kind)
	out.starts = append(out.starts, uint32(len(out.acts)))
	f.acts, marked = foldScopes(f.acts[:0], facts, f.words)
	if marked {
		out.unreadable = append(out.unreadable, ordinal)
	}
	if len(f.acts) == 0 {
		out.dormant = append(out.dormant, ordinal)
	}
	alone := f.catalog.Link == LinkNone || !slices.ContainsFunc(facts, func(f fact) bool { return f.tuple != 0 })
	if alone && !f.shown.has(facts[0].key) {
		f.alone.single(ordinal, f.acts)
		if f.options.Refusals {
			out.refused = appendRefusals(out.refused, ordinal, f.acts, f.catalog.Link)
		}
	} else {
		out.acts = append(out.acts, f.acts...)
	}
	if len(facts) > f.catalog.leastLinks() && tuplesIn(facts) > f.catalog.leastLinks() {
		together := slices.DeleteFunc(slices.Clone(facts), func(f fact) bool { return f.tuple == 0 })
		out.crowded = append(out.crowded, crowd{ordinal, together})
	}
}

// foldScopes appends the acts of facts that are sorted by scope. marked reports a quarantined record among them.
func foldScopes(to []acts, facts []fact, words *vocabulary) (all []acts, marked bool) {
	before := len(to)
	for i := range facts {
		f := &facts[i]
		if f.status == unreadable || f.status == tied {
			marked = marked || f.status == unreadable
			continue
		}
		if last := len(to) - 1; last < before || to[last].scope != f.scope {
			to = append(to, noActs(f.scope))
		}
		to[len(to)-1].add(f, words)
	}
	return to, marked
}

// tuplesIn counts the combinations in which an identifier stands, some perhaps twice.
func tuplesIn(facts []fact) int {
	seen := map[uint32]struct{}{}
	for i := range facts {
		if facts[i].tuple != 0 {
			seen[facts[i].tuple] = struct{}{}
		}
	}
	return len(seen)
}

// join puts the partitions one behind the other, several at once; they are in the order of their keys already.
func join(parts []*foldedLog, workers int) *foldedLog {
	firsts, begins := make([]uint32, len(parts)+1), make([]uint32, len(parts)+1)
	refused := 0
	for p, part := range parts {
		firsts[p+1], begins[p+1] = firsts[p]+uint32(len(part.keys)), begins[p]+uint32(len(part.acts))
		refused += len(part.refused)
	}
	n, count := firsts[len(parts)], begins[len(parts)]
	all := &foldedLog{
		keys: make([]Key, n), kinds: make([]KindID, n), starts: make([]uint32, n+1), acts: make([]acts, count),
		settled: make([]cellLists, len(parts[0].settled)), refused: make([]refusal, 0, refused),
	}
	var group errgroup.Group
	group.SetLimit(workers)
	for i := range all.settled {
		group.Go(func() error {
			all.settled[i].join(parts, firsts, i)
			return nil
		})
	}
	for p, part := range parts {
		all.append(part, firsts[p])
		group.Go(func() error {
			copy(all.keys[firsts[p]:], part.keys)
			copy(all.kinds[firsts[p]:], part.kinds)
			copy(all.acts[begins[p]:], part.acts)
			for i, start := range part.starts {
				all.starts[firsts[p]+uint32(i)] = begins[p] + start
			}
			return nil
		})
	}
	_ = group.Wait() // none of them fails
	all.starts[n] = count
	return all
}

// append adds what few identifiers of a partition have; its first identifier has the ordinal given.
func (l *foldedLog) append(part *foldedLog, first uint32) {
	for _, r := range part.refused {
		r.ordinal += first
		l.refused = append(l.refused, r)
	}
	for _, i := range part.unreadable {
		l.unreadable = append(l.unreadable, first+i)
	}
	for _, i := range part.dormant {
		l.dormant = append(l.dormant, first+i)
	}
	for _, c := range part.crowded {
		l.crowded = append(l.crowded, crowd{first + c.ordinal, c.facts})
	}
}
