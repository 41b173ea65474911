package main

import (
	"slices"
	"strconv"
	"time"
)

// refPermitted is the verdict of a recipient who may be contacted.
const refPermitted = "permitted"

// same says whether two identifiers belong to one subject. One that stands in no event is a subject of its own.
func (c *refConsent) same(a, b refID) bool {
	if a == b {
		return true
	}
	x, okA := c.subjects[a]
	y, okB := c.subjects[b]
	return okA && okB && x == y
}

// known says whether the identifier stands in an event or a quarantined record.
func (c *refConsent) known(id refID) bool {
	_, ok := c.subjects[id]
	return ok || c.Quarantined[id]
}

// covering are the events of the identifier's subject that cover the cell. An event belongs to a subject when it
// names one of its identifiers; under link none that is the identifier alone.
func (c *refConsent) covering(id refID, channel string) []refEvent {
	var events []refEvent
	for _, e := range c.Events {
		names := false
		for other := range e.IDs {
			names = names || c.same(id, other)
		}
		purpose := e.Purpose == c.w.Purpose || e.Purpose == "*" && c.w.starCovers()
		if names && purpose && (e.Channel == channel || e.Channel == "*") {
			events = append(events, e)
		}
	}
	return events
}

// split parts the events into refusals, grants and pending ones. Under link refusals a grant counts only for the
// identifiers that it names.
func (c *refConsent) split(id refID, channel string) (refusals, grants, pending []refEvent) {
	for _, e := range c.covering(id, channel) {
		switch {
		case e.refusal():
			refusals = append(refusals, e)
		case e.Status == "pending":
			pending = append(pending, e)
		case c.w.link() != "refusals" || e.IDs[id]:
			grants = append(grants, e)
		}
	}
	return refusals, grants, pending
}

// answered says whether a grant answers the refusal for this identifier.
func (c *refConsent) answered(r refEvent, id refID, grants []refEvent) bool {
	grantAt := func(y refID) bool {
		return slices.ContainsFunc(grants, func(g refEvent) bool {
			specific := (r.Channel == "*" || g.Channel == r.Channel) && (r.Purpose == "*" || g.Purpose == r.Purpose)
			return g.IDs[y] && g.At.After(r.At) && (specific || c.w.settings().Stars == "lift")
		})
	}
	if grantAt(id) {
		return true
	}
	if r.IDs[id] || c.w.link() == "refusals" {
		return false
	}
	for y := range r.IDs {
		if !grantAt(y) {
			return false
		}
	}
	return true
}

// refusal is withdrawn or denied when a refusal stands, else empty.
func (c *refConsent) refusal(id refID, channel string) string {
	refusals, grants, _ := c.split(id, channel)
	var latest *refEvent
	for _, r := range refusals {
		if c.answered(r, id, grants) {
			continue
		}
		if latest == nil || r.At.After(latest.At) || r.At.Equal(latest.At) && r.Status == "withdrawn" {
			latest = &r
		}
	}
	if latest == nil {
		return ""
	}
	return latest.Status
}

// quarantined says whether a quarantined record names the subject.
func (c *refConsent) quarantined(id refID) bool {
	for q := range c.Quarantined {
		if c.same(id, q) {
			return true
		}
	}
	return false
}

// verdict is what the consent says of an identifier in a cell; lists and duplicates come elsewhere.
func (c *refConsent) verdict(id refID, channel string) string {
	if c.quarantined(id) {
		return "unreadable_consent"
	}
	if c.shared[id] {
		return "shared_identifier"
	}
	if reason := c.refusal(id, channel); reason != "" {
		return reason
	}
	_, grants, pending := c.split(id, channel)
	if len(grants)+len(pending) == 0 {
		if c.w.policy(channel).Basis == "opt_out" {
			return refPermitted
		}
		return "no_consent"
	}
	latest := refLatest(slices.Concat(grants, pending))
	if refLatest(pending).Equal(latest) {
		return "pending"
	}
	return c.granted(grants, latest, channel)
}

// granted judges the grants of one instant, as one: the lowest version, the earliest expiry.
func (c *refConsent) granted(grants []refEvent, at time.Time, channel string) string {
	policy := c.w.policy(channel)
	outdated, expired := false, false
	least := slices.Index(c.w.settings().Notices[policy.Notice], policy.MinVersion)
	for _, g := range grants {
		if !g.At.Equal(at) {
			continue
		}
		outdated = outdated || policy.MinVersion != "" && c.version(g, policy.Notice) < least
		expired = expired || !g.Expires.IsZero() && !c.w.AsOf.Before(g.Expires)
		if policy.ValidFor != "" {
			expired = expired || !c.w.AsOf.Before(g.At.Add(refDuration(policy.ValidFor)))
		}
	}
	switch {
	case outdated:
		return "notice_outdated"
	case expired:
		return "expired"
	}
	return refPermitted
}

// version is the position of the event's version in the notice of a cell; -1 for none, an unlisted one, one of
// another notice, or one that two notices list while the event names none.
func (c *refConsent) version(e refEvent, notice string) int {
	if e.Notice != "" && e.Notice != notice {
		return -1
	}
	listed := 0
	for _, versions := range c.w.settings().Notices {
		if slices.Contains(versions, e.Version) {
			listed++
		}
	}
	if e.Version == "" || e.Notice == "" && listed > 1 {
		return -1
	}
	return slices.Index(c.w.settings().Notices[notice], e.Version)
}

func refLatest(events []refEvent) time.Time {
	var latest time.Time
	for _, e := range events {
		if e.At.After(latest) {
			latest = e.At
		}
	}
	return latest
}

func refDuration(text string) time.Duration {
	n, _ := strconv.Atoi(text[:len(text)-1])
	unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	return time.Duration(n) * unit[text[len(text)-1]]
}
