package consentload

import (
	"context"
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
func (a *acts) add(e *entry, expires Instant, words *vocabulary) {
	switch e.status {
	case Denied, Withdrawn:
		a.refuse(e.when, e.status == Withdrawn)
	case Granted:
		a.grant(e.when, expires, e.version, words)
	case Pending:
		a.pending = max(a.pending, e.when)
	}
}

// merge folds the acts of another log in, of the same scope.
func (a *acts) merge(o *acts, words *vocabulary) {
	a.refuse(o.refused, o.withdrawn)
	a.grant(o.granted, o.expires, o.version, words)
	a.pending = max(a.pending, o.pending)
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

// foldedLog is the log of a load, folded: identifiers in the order of their keys. Of those to whom nothing comes from others
// the cells are settled at once, and no acts are kept; the others have theirs.
type foldedLog struct {
	ranked
	keys     keyRuns
	settled  []cellLists  // by cell, in no order
	refused  []refusalRun // what those refused whose acts are not kept, where an index file is to hold it
	together *combinations
}

// ranked is what is known of identifiers by their order, of those of a partition or of all.
type ranked struct {
	kinds      []KindID
	starts     []uint32 // acts of identifier i are acts[starts[i]:starts[i+1]]; nil: there are none
	acts       []acts
	unreadable []uint32 // identifiers that a quarantined record names
	dormant    []uint32 // identifiers that stand in no act: in quarantined records and maps of identities alone
	crowded    []crowd  // identifiers that stand beside many others
}

// crowd is an identifier that may turn out to be shared, and the combinations in which it stands.
type crowd struct {
	ordinal      uint32
	combinations []uint32
}

// len is the number of identifiers.
func (l *ranked) len() int { return len(l.kinds) }

// of returns the acts of an identifier.
func (l *ranked) of(ordinal uint32) []acts {
	if l.starts == nil {
		return nil
	}
	return l.acts[l.starts[ordinal]:l.starts[ordinal+1]]
}

// eachPartition has the workers take the partitions, one after the other. begin is called once by each worker, and what it
// returns for each of its partitions.
func (l *loader) eachPartition(ctx context.Context, begin func(worker int) func(p int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for worker := range l.options.Workers {
		group.Go(func() error {
			do := begin(worker)
			for p := int(next.Add(1)) - 1; p < partitions; p = int(next.Add(1)) - 1 {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := do(p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// foldEach has the workers take the partitions, each with a folder of its own.
func (l *loader) foldEach(ctx context.Context, together *combinations, do func(f *folder, p int) error) error {
	return l.eachPartition(ctx, func(int) func(int) error {
		f := newFolder(l, together)
		return func(p int) error {
			return f.shown.whileMapped(func() error { return do(f, p) })
		}
	})
}

// fold sorts and folds the shards' logs, partition by partition, and empties them.
func fold(ctx context.Context, l *loader) (*foldedLog, error) {
	for _, s := range l.shards {
		s.unstage()
	}
	together, places, err := combine(ctx, l)
	if err != nil {
		return nil, err
	}
	parts := make([]*part, partitions)
	err = l.foldEach(ctx, together, func(f *folder, p int) (err error) {
		parts[p], err = f.part(p, places)
		return err
	})
	if err != nil {
		return nil, err
	}
	first := uint32(0)
	for _, part := range parts {
		part.first = first
		first += uint32(len(part.keys))
		for _, number := range part.opened {
			in, i := together.find(number)
			in.open[i] = true
		}
	}
	return finish(ctx, l, parts, together)
}

// finish ranks the identifiers that stand beside others, gives them what is said of their combinations, and puts the
// partitions together.
func finish(ctx context.Context, l *loader, parts []*part, together *combinations) (*foldedLog, error) {
	err := l.foldEach(ctx, together, func(f *folder, p int) error {
		f.finish(parts[p])
		return nil
	})
	if err != nil {
		return nil, err
	}
	closed := make([]*part, partitions)
	err = l.foldEach(ctx, together, func(f *folder, p int) error {
		closed[p] = f.closed(&together[p])
		return nil
	})
	if err != nil {
		return nil, err
	}
	channels, purposes := len(l.words.channels.names)-1, len(l.words.purposes.names)-1
	all := join(parts, closed, l.options.Workers, channels*purposes)
	all.together = together
	return all, nil
}

// actsIn finds the acts of a scope among those from a place on, or adds some: the last ones are the likeliest.
func actsIn(all []acts, from int, s scope) (more []acts, at *acts) {
	for i := len(all) - 1; i >= from; i-- {
		if all[i].scope == s {
			return all, &all[i]
		}
	}
	all = append(all, noActs(s))
	return all, &all[len(all)-1]
}

// addFact adds a fact to the acts of its scope, among those from a place on.
func addFact(all []acts, from int, f *fact, words *vocabulary) []acts {
	all, at := actsIn(all, from, f.scope)
	brief := f.entry()
	at.add(&brief, f.expires, words)
	return all
}

// mergeActs adds acts to those of the same scopes.
func mergeActs(to, more []acts, words *vocabulary) []acts {
	for i := range more {
		var at *acts
		to, at = actsIn(to, 0, more[i].scope)
		at.merge(&more[i], words)
	}
	return to
}

// join puts the partitions one behind the other, several at once; they are in the order of their keys already. Closed ones
// have no identifiers of their own.
func join(parts, closed []*part, workers, cells int) *foldedLog {
	n, begins := 0, make([]uint32, len(parts)+1)
	for p, part := range parts {
		n, begins[p+1] = n+len(part.keys), begins[p]+uint32(len(part.acts))
	}
	count := begins[len(parts)]
	all := &foldedLog{
		ranked: ranked{kinds: make([]KindID, n), acts: make([]acts, count)},
		keys:   make(keyRuns, len(parts)), settled: make([]cellLists, cells),
	}
	if count > 0 {
		all.starts = make([]uint32, n+1)
		all.starts[n] = count
	}
	every := slices.Concat(parts, closed)
	settled := settledIn(every, cells)
	var group errgroup.Group
	group.SetLimit(workers)
	for i := range all.settled {
		group.Go(func() error {
			all.settled[i].join(settled[i])
			return nil
		})
	}
	for p, part := range parts {
		group.Go(func() error {
			all.keys[p] = part.keys
			copy(all.kinds[part.first:], part.kinds)
			copy(all.acts[begins[p]:], part.acts)
			if all.starts == nil {
				return nil
			}
			starts := all.starts[part.first:][:len(part.keys)]
			for i := range starts {
				starts[i] = begins[p]
				if part.starts != nil {
					starts[i] += part.starts[i]
				}
			}
			return nil
		})
	}
	for _, part := range every {
		all.append(part)
	}
	_ = group.Wait() // none of them fails
	return all
}

// append adds what few identifiers of a partition have.
func (l *foldedLog) append(part *part) {
	l.refused = append(l.refused, refusalRun{part.first, part.refused})
	for _, i := range part.unreadable {
		l.unreadable = append(l.unreadable, part.first+i)
	}
	for _, i := range part.dormant {
		l.dormant = append(l.dormant, part.first+i)
	}
	for _, c := range part.crowded {
		l.crowded = append(l.crowded, crowd{part.first + c.ordinal, c.combinations})
	}
}
