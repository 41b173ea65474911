package main

import (
	"context"
	"maps"
	"slices"

	"cpm/consentload"
	"cpm/filter"
	"cpm/formats/fault"
)

// loadConsent reads the exports, and once more when the person has other identifiers, or digests that the first reading
// did not look for: their events are asked for too.
func (r *explaining) loadConsent(ctx context.Context) error {
	r.book.Hold() // what it holds of lists serves both
	r.watch = r.ownKeys()
	if err := r.readConsent(ctx, r.talk); err != nil {
		return err
	}
	watch := r.subject()
	if !slices.ContainsFunc(slices.Collect(maps.Keys(watch)), func(key consentload.Key) bool { return !r.watch[key] }) {
		return nil
	}
	r.watch, r.index, r.load, r.find = watch, nil, nil, nil
	if err := r.readConsent(ctx, r.talk); err != nil {
		return err
	}
	if !maps.Equal(watch, r.subject()) {
		return fault.New(fault.Input, "", "the exports have changed while they were read").Hint("explain again when they are complete")
	}
	return nil
}

// ownKeys returns the key of what was asked for, with its digests under every form.
func (r *explaining) ownKeys() map[consentload.Key]bool {
	own := map[consentload.Key]bool{r.asked.key: true}
	keyer := consentload.NewKeyer(r.catalog.Kinds)
	if _, why := keyer.Key(r.asked.id, r.asked.raw); why == consentload.Readable {
		keyer.Digests(r.asked.id, keyer.Normal(), r.book.Wanted(),
			func(_ consentload.KindID, _ consentload.Form, _ bool, digest consentload.Key) { own[digest] = true })
	}
	return own
}

// subject finds who it is about, and returns all keys under which anything may be said that counts for them: those of the
// subject, the other keys of these and of what was asked for, with whoever belongs to them, and the digests of all.
func (r *explaining) subject() map[consentload.Key]bool {
	r.find = filter.NewIdentifiers(r.catalog.Kinds, r.index, r.lists)
	r.id, _ = r.find.OfValue(r.asked.id, r.asked.raw)
	r.main = r.asked.key
	if _, found := r.index.Find(r.main); !found {
		for _, o := range r.id.Others() {
			if _, found := r.index.Find(o.Key); found && o.Declared {
				r.main = o.Key
				break
			}
		}
	}
	r.members = r.membersOf(r.main)
	watch := maps.Clone(r.members)
	watch[r.asked.key] = true
	for _, o := range r.id.Others() {
		maps.Copy(watch, r.membersOf(o.Key))
	}
	for member := range r.members { // which may be a digest itself, and asked under what gives it
		if ordinal, found := r.index.Find(member); !found || !r.index.Digests().Contains(ordinal) {
			continue
		}
		for _, raw := range r.index.Aliases().Append(nil, member) {
			maps.Copy(watch, r.membersOf(raw.Key))
		}
	}
	for _, digest := range r.digestsOf(r.members) {
		maps.Copy(watch, r.membersOf(digest))
	}
	for _, digest := range r.digestsOf(watch) {
		watch[digest] = true
	}
	return watch
}

// membersOf returns the identifiers that belong to one, itself among them.
func (r *explaining) membersOf(key consentload.Key) map[consentload.Key]bool {
	members := map[consentload.Key]bool{key: true}
	if ordinal, found := r.index.Find(key); found {
		for _, member := range r.index.Members(ordinal) {
			members[r.index.Key(member)] = true
		}
	}
	return members
}

// digestsOf returns the digests of raw identifiers.
func (r *explaining) digestsOf(raws map[consentload.Key]bool) (digests []consentload.Key) {
	for _, aliases := range r.index.Aliases().Of(raws) {
		for _, alias := range aliases {
			ordinal, found := r.index.Find(alias.Key)
			if !found || r.index.Digests().Contains(ordinal) { // otherwise it is an address that somebody's folds to
				digests = append(digests, alias.Key)
			}
		}
	}
	return digests
}

// meet enters all identifiers of the subject into the book: what was asked for first, then by kind and value.
func (r *explaining) meet() {
	r.written = map[consentload.Key]writtenName{}
	for _, e := range r.load.Watched {
		for _, name := range e.Names {
			_, hashed := r.catalog.Kinds.RawKind(name.Kind)
			if _, met := r.written[name.Key]; !met || !hashed { // in clear rather than by its digest
				r.written[name.Key] = writtenName{name.Kind, name.Value}
			}
		}
	}
	all := map[consentload.Key]identifier{r.main: r.mainIdentifier()}
	for key, name := range r.written {
		if key != r.main {
			all[key] = identifier{kind: name.kind, key: key}
		}
	}
	for key, p := range all {
		if ordinal, found := r.index.Find(key); found {
			p.shared = r.index.Shared().Contains(ordinal)
		}
		r.identifiers = append(r.identifiers, p)
	}
	rank := func(p identifier) int {
		kind, _ := r.catalog.Kinds.Index(p.kind)
		return 1 + int(kind)
	}
	slices.SortFunc(r.identifiers, func(a, b identifier) int { // by key, which tells nothing of the value
		switch {
		case a.key == r.main:
			return -1
		case b.key == r.main:
			return 1
		case rank(a) != rank(b):
			return rank(a) - rank(b)
		}
		return a.key.Compare(b.key)
	})
	for _, p := range r.identifiers {
		r.names.add(p.kind, p.key, []byte(r.written[p.key].value))
	}
}

// mainIdentifier is what was asked for as the consent knows it. A digest is told as the identifier that gives it in a
// declared form, where the events hold that in clear; a number that the consent knows by a digest alone, as the number.
func (r *explaining) mainIdentifier() identifier {
	_, hashed := r.catalog.Kinds.Raw(r.asked.id)
	if name, met := r.written[r.main]; met && hashed && r.main != r.asked.key && name.kind != r.asked.kind {
		return identifier{kind: name.kind, key: r.main}
	}
	r.names.same(r.main, r.asked.key)
	return identifier{kind: r.asked.kind, key: r.main}
}

// keysOf returns an identifier with all its keys, by its value where an event holds that.
func (r *explaining) keysOf(p identifier) filter.Identifier {
	if p.key == r.main {
		return r.id
	}
	kind, _ := r.catalog.Kinds.Index(p.kind)
	if id, why := r.find.OfValue(kind, []byte(r.written[p.key].value)); why == consentload.Readable && id.Key() == p.key {
		return id
	}
	return r.find.OfKey(p.key)
}

// otherKey is a key of what was asked for beside its main one, of which the consent knows something.
type otherKey struct {
	consentload.Alias
	kind consentload.Kind // empty: nobody has told it by name
}

// otherKeys returns them: declared ones where they are the main key, others where anything is said of them.
func (r *explaining) otherKeys() (others []otherKey) {
	for _, o := range r.id.Others() {
		_, found := r.index.Find(o.Key)
		name, named := r.written[o.Key]
		if o.Key == r.main || !o.Declared && (found || named) {
			others = append(others, otherKey{o, name.kind})
		}
	}
	return others
}
