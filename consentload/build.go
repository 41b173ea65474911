package consentload

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
)

// partitions is into how many parts, by the leading bits of the key, the log of a load is cut: each is sorted and
// folded on its own, so that all processors work, and in memory that the caches hold.
const partitions = 256

func partitionOf(k Key) int { return int(k.Hi >> 56) }

// shard is the log of one worker. No order is kept in it, and none is needed.
type shard struct {
	facts [partitions][]fact
	ties  []tie
	joint []jointRefusal
}

// jointRefusal is a refusal that names several identifiers, kept for the case that one of them turns out shared.
type jointRefusal struct {
	names  []Key
	scope  scope
	status Status
	when   Instant
}

// add logs an event.
func (s *shard) add(e *event) {
	for i, name := range e.names {
		s.log(fact{
			key: name.key, kind: name.kind, scope: e.scope, status: e.status,
			when: e.when, expires: e.expires, version: e.version,
		})
		for _, other := range e.names[i+1:] {
			s.ties = append(s.ties, tie{name, other})
		}
	}
	if len(e.names) > 1 && e.status.refusal() {
		names := make([]Key, len(e.names))
		for i, name := range e.names {
			names[i] = name.key
		}
		s.joint = append(s.joint, jointRefusal{names, e.scope, e.status, e.when})
	}
}

// mark logs that a quarantined record names an identifier.
func (s *shard) mark(name named) {
	s.log(fact{key: name.key, kind: name.kind, status: unreadable})
}

func (s *shard) log(f fact) {
	p := partitionOf(f.key)
	s.facts[p] = append(s.facts[p], f)
}

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
	dormant    []uint32 // identifiers that stand in quarantined records alone
}

// fold sorts and folds the shards' logs, partition by partition, and empties them.
func fold(ctx context.Context, shards []*shard, words *vocabulary, workers int) (*foldedLog, error) {
	parts := make([]*foldedLog, partitions)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for p := range partitions {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			var log []fact
			for _, s := range shards {
				log = append(log, s.facts[p]...)
				s.facts[p] = nil
			}
			parts[p] = foldPart(log, words)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return join(parts), nil
}

func foldPart(log []fact, words *vocabulary) *foldedLog {
	slices.SortFunc(log, func(a, b fact) int {
		return cmp.Or(a.key.Compare(b.key), cmp.Compare(a.scope.channel, b.scope.channel),
			cmp.Compare(a.scope.purpose, b.scope.purpose))
	})
	out := &foldedLog{}
	for i := 0; i < len(log); {
		ordinal, before, marked := uint32(len(out.keys)), len(out.acts), false
		out.keys = append(out.keys, log[i].key)
		out.kinds = append(out.kinds, log[i].kind)
		out.starts = append(out.starts, uint32(before))
		for key := log[i].key; i < len(log) && log[i].key == key; i++ {
			f := &log[i]
			if f.status == unreadable {
				marked = true
				continue
			}
			if last := len(out.acts) - 1; last < before || out.acts[last].scope != f.scope {
				out.acts = append(out.acts, acts{scope: f.scope, refused: None, granted: None, pending: None})
			}
			out.acts[len(out.acts)-1].add(f, words)
		}
		if marked {
			out.unreadable = append(out.unreadable, ordinal)
		}
		if len(out.acts) == before {
			out.dormant = append(out.dormant, ordinal)
		}
	}
	return out
}

// join puts the partitions one behind the other; they are in the order of their keys already.
func join(parts []*foldedLog) *foldedLog {
	all := &foldedLog{}
	for _, part := range parts {
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
	}
	all.starts = append(all.starts, uint32(len(all.acts)))
	return all
}

// of returns the acts of an identifier.
func (l *foldedLog) of(ordinal uint32) []acts {
	return l.acts[l.starts[ordinal]:l.starts[ordinal+1]]
}
