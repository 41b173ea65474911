package main

import (
	"strings"
	"time"

	"cpm/consentload"
)

const (
	auditAfter = 24 * time.Hour      // an as-of further back is for audit
	oldAfter   = 10 * 24 * time.Hour // a newest act further back is told
)

// noticeConsent notes what the consent and its instant ask the user to look at.
func (c *consent) noticeConsent() {
	load := c.load
	if c.clock.Sub(c.asOf.Time()) > auditAfter {
		c.warn("as-of lies %s back: for audit, not for sending", ageText(c.clock.Sub(c.asOf.Time())))
	}
	if load.Newest != consentload.None && c.asOf.Time().Sub(load.Newest.Time()) > oldAfter {
		c.warn("the newest act of consent is %s old: is the export?", ageText(c.asOf.Time().Sub(load.Newest.Time())))
	}
	total := load.Total
	if total.Events == 0 {
		c.warn("no act of consent is in force as of then; where silence means yes, everybody would be contacted")
	}
	if p := c.previous; p != nil && total.Events > 0 && total.Acts == p.Snapshot.About.Acts {
		c.warn("the exports hold the same acts as those of the previous index, none more and none less: are they new?")
	}
	for _, note := range []struct {
		n    int64
		text string
	}{
		{total.FutureRefusals, "refusals dated later than now, which count at once (a clock or a zone is wrong)"},
		{total.SkippedIDs, "identifiers in the consent without a normal form, passed over beside readable ones"},
		{total.SkippedInRefusal, "of those in refusals"},
		{total.Bad, "consent records that cannot be read; whom they name is suppressed (unreadable_consent)"},
		{total.UnreadRefusals, "refusals that name no identifier of the kinds that are read, and are not obeyed"},
		{total.Ignored, "records under names to be ignored"},
		{total.Dropped, "records of no person (tests), left out"},
		{total.AfterAsOf, "records dated after as-of, left out"},
	} {
		if note.n > 0 {
			c.warn("%s: %s", note.text, number(note.n))
		}
	}
	for _, mapping := range load.Mappings() {
		for _, caveat := range mapping.Caveats {
			c.warn("%s: %s", mapping.Name, caveat)
		}
	}
	if len(load.Unknown) > 0 {
		c.warn("the exports name channels that nobody declared: %s; acts for them hold for no other channel",
			strings.Join(told(load.Unknown), ", "))
	}
}

// noticeRun notes what the counts ask the user to look at.
func (r *filtering) noticeRun() {
	if len(r.summary.LeftOut) > 0 {
		r.warn("the outputs hold the rows alone; left out: %s", strings.Join(r.summary.LeftOut, ", "))
	}
	for i, cell := range r.summary.Cells {
		r.noticeForms(r.gates[i], &cell)
		for _, hits := range cell.Lists {
			if hits.Rows > 0 {
				continue
			}
			hint := ""
			if len(hits.List.Hashed) > 0 {
				hint = "; digests made with a salt, or of values in a form of their own, are found under none of the usual forms"
			}
			r.warn("the suppression list %s names nobody in the audience for %s%s", hits.List.Path, cell.Channel, hint)
		}
	}
}
