package consentload

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

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

// foldedLog is the log of a load, folded: identifiers in the order of their keys, each with its acts.
type foldedLog struct {
	keys       []Key
	kinds      []KindID
	starts     []uint32 // acts of identifier i are acts[starts[i]:starts[i+1]]
	acts       []acts
	unreadable []uint32 // identifiers that a quarantined record names
	dormant    []uint32 // identifiers that stand in no act: in quarantined records and maps of identities alone
	crowded    []crowd  // identifiers that stand in many tuples
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
	group.SetLimit(l.options.Workers)
	for p := range partitions {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			parts[p] = l.foldPart(p)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return join(parts), nil
}

func (l *loader) foldPart(p int) *foldedLog {
	n := 0
	for _, s := range l.shards {
		n += s.facts[p].n
	}
	log, offset := make([]fact, 0, n), uint32(0)
	for _, s := range l.shards {
		log = s.facts[p].drain(log, offset)
		offset += uint32(len(s.tuples.starts))
	}
	log = sorted(log)
	out := &foldedLog{}
	for i := 0; i < len(log); {
		end := i + 1
		for end < len(log) && log[end].key == log[i].key {
			end++
		}
		l.foldOne(out, log[i:end])
		i = end
	}
	return out
}

// sorted returns the facts of one partition by key and scope. Keys are evenly spread, so the bits behind those of the
// partition put nearly every identifier into a place of its own: linear, where sorting the whole took a quarter of a
// load.
func sorted(log []fact) []fact {
	width := bits.Len(uint(len(log)))
	place := func(k Key) uint64 { return k.Hi << 8 >> (64 - width) }
	starts := make([]uint32, 1<<width+1)
	for i := range log {
		starts[place(log[i].key)+1]++
	}
	for i := range starts[1:] {
		starts[i+1] += starts[i]
	}
	out, next := make([]fact, len(log)), slices.Clone(starts)
	for i := range log {
		at := &next[place(log[i].key)]
		out[*at] = log[i]
		*at++
	}
	for i := range starts[1:] {
		if few := out[starts[i]:starts[i+1]]; len(few) > 1 {
			slices.SortFunc(few, byKeyAndScope)
		}
	}
	return out
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

// foldOne folds the facts of one identifier, sorted by scope.
func (l *loader) foldOne(out *foldedLog, facts []fact) {
	ordinal, before, marked := uint32(len(out.keys)), len(out.acts), false
	out.keys = append(out.keys, facts[0].key)
	out.kinds = append(out.kinds, facts[0].kind)
	out.starts = append(out.starts, uint32(before))
	out.acts, marked = foldScopes(out.acts, facts, l.words)
	if marked {
		out.unreadable = append(out.unreadable, ordinal)
	}
	if len(out.acts) == before {
		out.dormant = append(out.dormant, ordinal)
	}
	if len(facts) > l.catalog.leastLinks() && tuplesIn(facts) > l.catalog.leastLinks() {
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

// join puts the partitions one behind the other; they are in the order of their keys already.
func join(parts []*foldedLog) *foldedLog {
	all := &foldedLog{}
	keys, count := 0, 0
	for _, part := range parts {
		keys, count = keys+len(part.keys), count+len(part.acts)
	}
	all.keys, all.kinds = make([]Key, 0, keys), make([]KindID, 0, keys)
	all.starts, all.acts = make([]uint32, 0, keys+1), make([]acts, 0, count)
	for p, part := range parts {
		ordinal, act := uint32(len(all.keys)), uint32(len(all.acts))
		all.keys = append(all.keys, part.keys...)
		all.kinds = append(all.kinds, part.kinds...)
		for _, start := range part.starts {
			all.starts = append(all.starts, act+start)
		}
		all.acts = append(all.acts, part.acts...)
		for _, i := range part.unreadable {
			all.unreadable = append(all.unreadable, ordinal+i)
		}
		for _, i := range part.dormant {
			all.dormant = append(all.dormant, ordinal+i)
		}
		for _, c := range part.crowded {
			all.crowded = append(all.crowded, crowd{ordinal + c.ordinal, c.facts})
		}
		parts[p] = nil
	}
	all.starts = append(all.starts, uint32(len(all.acts)))
	return all
}
