package consentload

import "slices"

// aliasing brings facts about digests to the raw identifiers that they are the same as. It comes when every export is
// read and every raw identifier noted, and before facts are sorted into the parts of the log: a fact that is rewritten
// changes its part.
type aliasing struct {
	kinds   *Kinds
	aliases *Aliases
	hits    FormHits // facts under digests that a raw identifier gives, by form
	room    []Alias
}

// facts returns the facts as they are to be folded. What is said of a digest with a declared alias is said of the raw
// identifier instead. A refusal, or the mark of a quarantined record, under an undeclared alias is said of both: nobody
// knows that the digest is not that person's. Such a copy stands in no event, so it links nobody. A grant or a pending
// act under an undeclared alias stays with its digest.
func (a *aliasing) facts(facts []fact) []fact {
	said := len(facts)
	for i := range said {
		raw, hashed := a.kinds.Raw(facts[i].kind)
		if !hashed {
			continue
		}
		original := facts[i]
		a.room = a.aliases.Append(a.room[:0], original.key)
		for _, alias := range a.room {
			against := original.status.refusal() || original.status == unreadable
			switch {
			case alias.Declared:
				facts[i].key, facts[i].kind = alias.Key, raw
			case against:
				copied := original
				copied.key, copied.kind, copied.tuple = alias.Key, raw, 0
				facts = append(facts, copied)
			default:
				continue
			}
			a.hits[alias.Form]++
		}
	}
	return facts
}

// names rewrites the identifiers that stand together in an event, as facts rewrites what is said of them. An event
// that names a person and the digest of the same person then names one identifier twice, which the caller folds: it
// returns the names, each once.
func (a *aliasing) names(names []named) []named {
	kept := names[:0]
	for _, name := range names {
		if raw, hashed := a.kinds.Raw(name.kind); hashed {
			if key, _, ok := a.aliases.Find(name.key); ok {
				name = named{key: key, kind: raw}
			}
		}
		if !containsName(kept, name.key) {
			kept = append(kept, name)
		}
	}
	return kept
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

func containsName(names []named, key Key) bool {
	for _, name := range names {
		if name.key == key {
			return true
		}
	}
	return false
}
