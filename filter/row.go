package filter

import "cpm/consentload"

// Match says which identifiers of a row are asked.
type Match uint8

const (
	// MatchContact asks the contact alone.
	MatchContact Match = iota
	// MatchAll asks in addition that no other mapped identifier has a standing refusal, is on a list or in a
	// quarantined record.
	MatchAll
	// MatchAny falls back to the next mapped identifier while the one before is unknown; not in opt-out cells.
	MatchAny
)

// asked is one identifier of a row. Under a hash or a folded form it may have other keys too; they lie beside, in the
// pool of its batch, so that a row without any costs no more.
type asked struct {
	key     consentload.Key
	ordinal uint32 // of the key, in the index of the run, once it was looked up; NoOrdinal when it is unknown there
	looked  bool
	others  uint32 // place of the first in the pool
	many    uint16
	why     consentload.Unreadable
}

// other is a further key of an identifier that is asked.
type other struct {
	consentload.Alias
	folded bool // an address folded in that form: only lists folded so are asked
}

// of returns the further keys of an identifier.
func (a asked) of(pool []other) []other { return pool[a.others : a.others+uint32(a.many)] }

// ruling is the verdict on one row.
type ruling struct {
	reason   Reason
	known    bool // an event in force names the contact
	fallback bool // another identifier than the contact decided
	decided  consentload.Key
}

// rule decides one row from its identifiers, the contact first. It is the same rule for every format. The pool holds
// their further keys.
func (g *Gate) rule(m Match, ids []asked, pool []other) ruling {
	contact := ids[0]
	if contact.why != consentload.Readable {
		return ruling{reason: InvalidIdentifier}
	}
	r := ruling{decided: g.main(contact, pool)}
	r.reason, r.known = g.verdict(contact, pool)
	if m == MatchContact || len(ids) == 1 {
		return r
	}
	for _, id := range ids[1:] {
		if id.why == consentload.Readable && g.names(id, pool) {
			r.reason = SuppressionList
			return r
		}
	}
	if m == MatchAll {
		return g.ruleAll(r, ids, pool)
	}
	return g.ruleAny(r, ids, pool)
}

func (g *Gate) ruleAll(r ruling, ids []asked, pool []other) ruling {
	for _, id := range ids[1:] {
		if r.reason != Permitted {
			break
		}
		if id.why != consentload.Readable {
			continue
		}
		r.reason = g.refusal(id.key)
		for _, o := range id.of(pool) {
			if r.reason == Permitted && !o.folded {
				r.reason = g.refusal(o.Key)
			}
		}
	}
	return r
}

func (g *Gate) ruleAny(r ruling, ids []asked, pool []other) ruling {
	if g.OptOut() || !g.unknown(ids[0], pool) {
		return r
	}
	for _, id := range ids[1:] {
		if id.why == consentload.Readable && !g.unknown(id, pool) {
			r.reason, _ = g.verdict(id, pool)
			r.decided, r.fallback = g.main(id, pool), true
			return r
		}
	}
	return r
}
