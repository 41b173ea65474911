package consentload

import "slices"

// aliasing brings events about digests to the raw identifiers that they are the same as. It comes when every export is
// read and every raw identifier noted, and before facts are sorted into the parts of the log: a name that is rewritten
// changes its part.
type aliasing struct {
	kinds   *Kinds
	aliases *Aliases
	hits    FormHits // facts under digests that a raw identifier gives, by form
	room    []Alias
	left    []named
}

// bring logs an event as it is to be folded. What is said of a digest with a declared alias is said of the raw identifier
// instead; where the event then names one identifier twice, it does so once. A refusal, or the mark of a quarantined
// record, under an undeclared alias is said of both: nobody knows that the digest is not that person's. Such a copy names
// nobody else, so it links nobody. A grant or a pending act under an undeclared alias stays with its digest.
func (a *aliasing) bring(e *event, log func(*event)) {
	against := e.status.refusal() || e.status == unreadable
	a.left = a.left[:0]
	for _, name := range e.names {
		raw, hashed := a.kinds.Raw(name.kind)
		if a.room = a.room[:0]; hashed {
			a.room = a.aliases.Append(a.room, name.key)
		}
		for _, alias := range a.room {
			switch is := (named{key: alias.Key, kind: raw}); {
			case alias.Declared:
				name = is
			case against:
				copied := *e
				copied.names = []named{is}
				log(&copied)
			default:
				continue
			}
			a.hits[alias.Form]++
		}
		a.left = append(a.left, name)
	}
	e.names = a.left
	log(e)
}

// watched brings watched events to the identifiers of which they are weighed, as facts does what is said of one: names
// under digests with a declared alias get its key. Behind an event that speaks against contacting stands a copy for each
// watched identifier that one of its digests may be under an undeclared form.
func (a *aliasing) watched(events []WatchedEvent, watch map[Key]bool) []WatchedEvent {
	if a.aliases == nil || len(events) == 0 {
		return events
	}
	all := make([]WatchedEvent, 0, len(events))
	for i := range events {
		e := events[i]
		var copies []WatchedEvent
		if against := e.Fate == Quarantined || e.Fate == InForce && e.Status.refusal(); against {
			copies = a.copies(&e, watch)
		}
		e.Names = a.watchedNames(e.Names)
		all = append(append(all, e), copies...)
	}
	return all
}

// copies returns the copies of an event that speaks against contacting, one for each identifier.
func (a *aliasing) copies(e *WatchedEvent, watch map[Key]bool) (copies []WatchedEvent) {
	for _, name := range e.Names {
		if _, hashed := a.kinds.RawKind(name.Kind); !hashed {
			continue
		}
		a.room = a.aliases.Append(a.room[:0], name.Key)
		for _, alias := range a.room {
			told := slices.ContainsFunc(copies, func(c WatchedEvent) bool { return c.Names[0].Key == alias.Key })
			if alias.Declared || !watch[alias.Key] || told {
				continue
			}
			copied := *e
			copied.Form, copied.Names = alias.Form, []WatchedName{{Kind: name.Kind, Key: alias.Key, Value: name.Value}}
			copies = append(copies, copied)
		}
	}
	return copies
}

// watchedNames is names for watched events. The acts of one row share their names: they are left as they are.
func (a *aliasing) watchedNames(names []WatchedName) []WatchedName {
	kept := make([]WatchedName, 0, len(names))
	for _, name := range names {
		if _, hashed := a.kinds.RawKind(name.Kind); hashed {
			if key, _, ok := a.aliases.Find(name.Key); ok {
				name.Key = key
			}
		}
		if !slices.ContainsFunc(kept, func(n WatchedName) bool { return n.Key == name.Key }) {
			kept = append(kept, name)
		}
	}
	return kept
}
