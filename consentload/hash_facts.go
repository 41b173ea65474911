package consentload

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

func containsName(names []named, key Key) bool {
	for _, name := range names {
		if name.key == key {
			return true
		}
	}
	return false
}
