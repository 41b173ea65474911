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

// asked is one identifier of a row.
type asked struct {
	key consentload.Key
	why consentload.Unreadable
}

// ruling is the verdict on one row.
type ruling struct {
	reason   Reason
	known    bool // an event in force names the contact
	fallback bool // another identifier than the contact decided
	decided  consentload.Key
}

// rule decides one row from its identifiers, the contact first. It is the same rule for every format.
func (g *Gate) rule(m Match, ids []asked) ruling {
	contact := ids[0]
	if contact.why != consentload.Readable {
		return ruling{reason: InvalidIdentifier}
	}
	verdict, known := g.Verdict(contact.key)
	r := ruling{reason: verdict, known: known, decided: contact.key}
	if m == MatchContact || len(ids) == 1 {
		return r
	}
	for _, id := range ids[1:] {
		if id.why == consentload.Readable && g.Listed(id.key) {
			r.reason = SuppressionList
			return r
		}
	}
	if m == MatchAll {
		return g.ruleAll(r, ids)
	}
	return g.ruleAny(r, ids)
}

func (g *Gate) ruleAll(r ruling, ids []asked) ruling {
	for _, id := range ids[1:] {
		if r.reason != Permitted {
			break
		}
		if id.why == consentload.Readable {
			r.reason = g.refusal(id.key)
		}
	}
	return r
}

func (g *Gate) ruleAny(r ruling, ids []asked) ruling {
	if g.OptOut() || !g.Unknown(r.decided) {
		return r
	}
	for _, id := range ids[1:] {
		if id.why == consentload.Readable && !g.Unknown(id.key) {
			r.reason, _ = g.Verdict(id.key)
			r.decided, r.fallback = id.key, true
			return r
		}
	}
	return r
}
