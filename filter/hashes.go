package filter

import (
	"slices"

	"cpm/consentload"
)

// hashes finds the further keys of identifiers for one worker: a raw identifier's digests and folded forms, where the
// lists of the run hold such; the raw identifiers that a digest may stand for.
type hashes struct {
	some    bool // otherwise nothing is looked for
	kinds   *consentload.Kinds
	wanted  []consentload.KindID // hashed kinds on lists
	folds   []consentload.Form
	aliases *consentload.Aliases
	email   consentload.KindID
	pool    []other // of the batch at hand
	room    []consentload.Alias
}

// init readies them for an index and the lists of a run.
func (h *hashes) init(kinds *consentload.Kinds, x *consentload.Index, lists []*consentload.List) {
	h.kinds, h.aliases = kinds, x.Aliases()
	h.email, _ = kinds.Index("email")
	h.wanted = append(h.wanted, x.Hashed()...)
	for _, list := range lists {
		for _, kind := range list.Hashed {
			if !slices.Contains(h.wanted, kind) {
				h.wanted = append(h.wanted, kind)
			}
		}
		if list.Fold != consentload.AsWritten && !slices.Contains(h.folds, list.Fold) {
			h.folds = append(h.folds, list.Fold)
		}
	}
	h.some = len(h.wanted)+len(h.folds) > 0
}

// reading notes the columns of an audience: for digests in it there is something to look for.
func (h *hashes) reading(columns []Column) {
	for _, column := range columns {
		_, hashed := h.kinds.RawKind(column.Kind)
		h.some = h.some || hashed
	}
}

// add finds the further keys of the identifier that the keyer has at hand.
func (h *hashes) add(id *asked, keyer *consentload.Keyer, kind consentload.KindID) {
	from := len(h.pool)
	if _, hashed := h.kinds.Raw(kind); hashed {
		h.room = h.aliases.Append(h.room[:0], id.key)
		for _, alias := range h.room {
			h.pool = append(h.pool, other{Alias: alias})
		}
	} else {
		keyer.Digests(kind, keyer.Normal(), h.wanted,
			func(_ consentload.KindID, form consentload.Form, declared bool, key consentload.Key) {
				h.pool = append(h.pool, other{Alias: consentload.Alias{Key: key, Form: form, Declared: declared}})
			})
	}
	if kind == h.email {
		for _, fold := range h.folds {
			if key, ok := keyer.Folded(kind, keyer.Normal(), fold); ok {
				h.pool = append(h.pool, other{consentload.Alias{Key: key, Form: fold}, true})
			}
		}
	}
	id.others, id.many = uint32(from), uint16(len(h.pool)-from)
}
