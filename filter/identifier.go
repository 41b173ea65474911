package filter

import (
	"slices"

	"cpm/consentload"
)

// Identifier is one identifier as a row of an audience would be asked by it: with the further keys under which the
// consent or a list may know it.
type Identifier struct {
	asked asked
	pool  []other
}

// Key returns the identifier's own key.
func (id Identifier) Key() consentload.Key { return id.asked.key }

// Others returns its further keys in the consent: a raw identifier's digests, the raw identifiers of a digest.
func (id Identifier) Others() (others []consentload.Alias) {
	for _, o := range id.asked.of(id.pool) {
		if !o.folded {
			others = append(others, o.Alias)
		}
	}
	return others
}

// Identifiers finds the keys of identifiers, one at a time, as a run over an audience does. One goroutine may ask.
type Identifiers struct {
	index  *consentload.Index
	keyer  *consentload.Keyer
	hashes hashes
}

// NewIdentifiers returns the identifiers of an index, to be asked together with suppression lists.
func NewIdentifiers(kinds *consentload.Kinds, x *consentload.Index, lists []*consentload.List) *Identifiers {
	f := &Identifiers{index: x, keyer: consentload.NewKeyer(kinds)}
	f.hashes.init(kinds, x, lists)
	return f
}

// OfValue returns an identifier by its value.
func (f *Identifiers) OfValue(kind consentload.KindID, value []byte) (id Identifier, why consentload.Unreadable) {
	f.hashes.pool = f.hashes.pool[:0]
	id.asked.key, id.asked.why = f.keyer.Key(kind, value)
	if id.asked.why == consentload.Readable {
		f.hashes.add(&id.asked, f.keyer, kind)
	}
	id.pool = slices.Clone(f.hashes.pool)
	return id, id.asked.why
}

// OfKey returns a raw identifier of the index whose value nobody knows. Lists reach it by its own key: of its digests
// those alone matter that the index knows.
func (f *Identifiers) OfKey(key consentload.Key) (id Identifier) {
	id.asked = asked{key: key, why: consentload.Readable}
	for _, alias := range f.index.Aliases().Of(map[consentload.Key]bool{key: true})[key] {
		if ordinal, found := f.index.Find(alias.Key); found && f.index.Digests().Contains(ordinal) {
			id.pool = append(id.pool, other{Alias: alias})
		}
	}
	id.asked.many = uint16(len(id.pool))
	return id
}
