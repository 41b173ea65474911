package filter

import "cpm/consentload"

// verdict returns what holds for an identifier under all its keys, and whether an event in force names it.
//
// Under a declared form the keys are one identifier: what is known of any counts, and where two differ the one that
// speaks against contacting does, as nobody knows which act came later. Under an undeclared form only a list, a
// quarantined record, a refusal or being shared counts: a digest that somebody else may have is no consent.
func (g *Gate) verdict(id asked, pool []other) (verdict Reason, known bool) {
	if id.many == 0 {
		if id.looked {
			return g.verdictAt(id.key, id.ordinal)
		}
		return g.Verdict(id.key)
	}
	e, listed := g.evidence(id, pool)
	return Decide(e, listed, g.cell.Policy, g.asOf), e.Known
}

// evidence returns what the consent says of an identifier under all its keys, and whether a suppression list holds for it.
func (g *Gate) evidence(id asked, pool []other) (e consentload.Evidence, listed bool) {
	e, listed = g.look(id.key)
	for _, o := range id.of(pool) {
		if o.folded {
			listed = listed || g.namesFolded(o)
			continue
		}
		found, on := g.look(o.Key)
		listed = listed || on
		if o.Declared {
			e = union(e, found)
		} else {
			e = against(e, found)
		}
	}
	return e, listed
}

// look returns what the consent says of a key, and whether a suppression list holds for it.
func (g *Gate) look(k consentload.Key) (e consentload.Evidence, listed bool) {
	ordinal, found := g.index.Find(k)
	if !found {
		return e, g.listedStranger(k)
	}
	return g.index.Evidence(g.cell, ordinal), g.listed.Contains(ordinal)
}

// union is what two keys of one identifier come to.
func union(a, b consentload.Evidence) consentload.Evidence {
	u := against(a, b)
	u.Known = a.Known || b.Known
	switch {
	case u.State >= consentload.IsDenied:
	case a.State == consentload.IsPending || b.State == consentload.IsPending:
		u.State = consentload.IsPending
	case a.State == consentload.IsGranted && b.State == consentload.IsGranted:
		u.Outdated, u.Expires = a.Outdated || b.Outdated, min(a.Expires, b.Expires)
	case b.State == consentload.IsGranted:
		u.State, u.Outdated, u.Expires = b.State, b.Outdated, b.Expires
	}
	return u
}

// against is a with what b says against contacting.
func against(a, b consentload.Evidence) consentload.Evidence {
	a.Unreadable = a.Unreadable || b.Unreadable
	a.Shared = a.Shared || b.Shared
	if b.State >= consentload.IsDenied { // of two refusals a withdrawal is told
		a.State = max(a.State, b.State)
	}
	return a
}

// names reports whether a suppression list holds for an identifier under any of its keys.
func (g *Gate) names(id asked, pool []other) bool {
	if g.Listed(id.key) {
		return true
	}
	for _, o := range id.of(pool) {
		if o.folded && g.namesFolded(o) || !o.folded && g.Listed(o.Key) {
			return true
		}
	}
	return false
}

// namesFolded reports whether a list that folds addresses so names one.
func (g *Gate) namesFolded(o other) bool {
	for i := range g.lists {
		if g.holds(&g.lists[i], o) {
			return true
		}
	}
	return false
}

// holds reports whether a list names an identifier under a key.
func (g *Gate) holds(list *heldList, o other) bool {
	if o.folded && list.Fold != o.Form {
		return false
	}
	ordinal, found := g.index.Find(o.Key)
	return found && list.reaches.Contains(ordinal) || !found && list.Has(o.Key)
}

// naming calls each with the place of every list that holds for an identifier, and the form under which it does.
func (g *Gate) naming(id asked, pool []other, each func(list int, form consentload.Form)) {
	for i := range g.lists {
		if g.holds(&g.lists[i], other{Alias: consentload.Alias{Key: id.key}}) {
			each(i, consentload.AsWritten)
		}
		for _, o := range id.of(pool) {
			if g.holds(&g.lists[i], o) {
				each(i, o.Form)
			}
		}
	}
}

// unknown reports whether an identifier stands in no event, no quarantined record and on no list, under any of its
// keys.
func (g *Gate) unknown(id asked, pool []other) bool {
	for _, o := range id.of(pool) {
		if !o.folded && !g.Unknown(o.Key) {
			return false
		}
	}
	return g.Unknown(id.key) && !g.names(id, pool)
}

// countForms counts the forms under which the consent knows an identifier by another key.
func (g *Gate) countForms(id asked, pool []other, hits *consentload.FormHits) {
	var told uint32 // a bit for each form
	for _, o := range id.of(pool) {
		if _, found := g.index.Find(o.Key); found && !o.folded && told>>o.Form&1 == 0 {
			told |= 1 << o.Form
			hits[o.Form]++
		}
	}
}

// main returns the key under which the consent knows an identifier: its own, or the first declared one.
func (g *Gate) main(id asked, pool []other) consentload.Key {
	if id.many == 0 {
		return id.key
	}
	if _, found := g.index.Find(id.key); found {
		return id.key
	}
	for _, o := range id.of(pool) {
		if _, found := g.index.Find(o.Key); found && o.Declared {
			return o.Key
		}
	}
	return id.key
}
