package main

import "slices"

// refOutcome is what a run must give: one of Codes and, when that is 0, a reason for every row of each channel.
type refOutcome struct {
	Codes   []int
	Reasons map[string][]string
	Bad     int
}

// refExpect judges a world.
func refExpect(w *refWorld) refOutcome {
	c := refRead(w)
	out := refOutcome{Reasons: map[string][]string{}, Bad: c.Bad}
	// A list and an export may both be at fault; which is told first is not promised.
	for _, code := range append(c.w.listCodes(), c.code()) {
		if code != 0 && !slices.Contains(out.Codes, code) {
			out.Codes = append(out.Codes, code)
		}
	}
	if len(out.Codes) > 0 {
		return out
	}
	out.Codes = []int{0}
	for _, channel := range w.Channels {
		out.Reasons[channel] = c.rows(channel)
	}
	return out
}

// listCodes are the faults of the suppression lists.
func (w *refWorld) listCodes() []int {
	var codes []int
	for _, l := range w.Lists {
		code := 0
		if len(l.Table.rows()) == 0 && !l.AllowEmpty {
			code = 12
		}
		for _, r := range l.Table.rows() {
			if r.Damage != "" {
				code = 11
			}
			for _, col := range l.Table.Columns {
				text := l.Table.text(r, col.Key)
				_, ok := refNormal(col.Key, text)
				switch {
				case !refIsKind(col.Key):
				case text != "" && !ok:
					code = 11
				case ok && code == 0 && w.cutsOff(l, col.Key):
					code = 12
				}
			}
		}
		codes = append(codes, code)
	}
	return codes
}

// cutsOff says that a list is to reach whole subjects by a kind that is not read, so that nobody knows them.
func (w *refWorld) cutsOff(l *refList, kind string) bool {
	return l.Scope != "identifier" && w.link() != "none" && len(w.Kinds) > 0 && !slices.Contains(w.Kinds, kind)
}

// listed says whether the identifier, or its subject, is on a list for the cell.
func (c *refConsent) listed(id refID, channel string) bool {
	for _, l := range c.w.Lists {
		if len(l.Channels) > 0 && !slices.Contains(l.Channels, channel) {
			continue
		}
		if len(l.Purposes) > 0 && !slices.Contains(l.Purposes, c.w.Purpose) {
			continue
		}
		for _, r := range l.Table.rows() {
			for _, kind := range refKinds {
				value, ok := refNormal(kind, l.Table.text(r, kind))
				entry := refID{kind, value}
				if ok && (entry == id || l.Scope != "identifier" && c.same(entry, id)) {
					return true
				}
			}
		}
	}
	return false
}

// rows gives the reason of every row for a channel.
func (c *refConsent) rows(channel string) []string {
	var contacts, deciders []refID // of the rows permitted so far
	var reasons []string
	for _, r := range c.w.People.rows() {
		reason, contact, decider := c.row(r, channel)
		if reason == refPermitted {
			twice := c.w.Dedupe != "" && slices.Contains(contacts, contact)
			for _, d := range deciders {
				twice = twice || c.w.Dedupe == "subject" && c.same(d, decider)
			}
			if twice {
				reason = "duplicate"
			} else {
				contacts, deciders = append(contacts, contact), append(deciders, decider)
			}
		}
		reasons = append(reasons, reason)
	}
	return reasons
}

// row judges one row: the reason, its contact identifier, and the identifier that decided.
func (c *refConsent) row(r *refRow, channel string) (reason string, contact, decider refID) {
	if r.Damage != "" && r.Damage != "blank" {
		return "malformed_row", contact, contact
	}
	var ids []refID // the readable mapped ones, the contact first
	for i, kind := range c.w.mapped(channel) {
		value, ok := refNormal(kind, c.w.People.text(r, kind))
		if i == 0 && !ok {
			return "invalid_identifier", contact, contact
		}
		if ok {
			ids = append(ids, refID{kind, value})
		}
	}
	contact = ids[0]
	if c.w.Match == "contact" {
		ids = ids[:1]
	}
	for _, id := range ids {
		if c.listed(id, channel) {
			return "suppression_list", contact, contact
		}
	}
	if c.w.Match == "any" {
		reason, decider = c.anyOf(ids, channel)
		return reason, contact, decider
	}
	return c.allOf(ids, channel), contact, contact
}

// anyOf falls back while the identifier before is unknown, but not where silence means yes.
func (c *refConsent) anyOf(ids []refID, channel string) (string, refID) {
	if c.w.policy(channel).Basis == "opt_out" {
		return c.verdict(ids[0], channel), ids[0]
	}
	for _, id := range ids {
		if c.known(id) {
			return c.verdict(id, channel), id
		}
	}
	return "no_consent", ids[0]
}

// allOf asks the contact for consent, and the others for nothing against it.
func (c *refConsent) allOf(ids []refID, channel string) string {
	if reason := c.verdict(ids[0], channel); reason != refPermitted {
		return reason
	}
	for _, id := range ids[1:] {
		if c.quarantined(id) {
			return "unreadable_consent"
		}
		if reason := c.refusal(id, channel); reason != "" {
			return reason
		}
	}
	return refPermitted
}
