package filter

import (
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"cpm/consentload"
)

// Reach counts the distinct contact identifiers of one cell by their verdicts, under four heads that add up:
//
//	permitted  may be contacted; some of them by silence alone, where the basis is opt_out
//	refused    withdrawn, denied, suppression_list: somebody said no
//	otherwise  pending, notice_outdated, expired, unreadable_consent, shared_identifier: no consent that holds
//	unknown    no_consent: no act covers the identifier, and the basis is opt_in
//
// Of several reasons the first counts, as everywhere.
type Reach struct {
	Channel string
	Purpose string
	Contact consentload.Kind
	OptOut  bool

	Identifiers int64
	Counts      [reasons]int64 // by Reason, Permitted among them; they add up to Identifiers
	Silent      int64          // of the permitted: no act covers them, and silence means yes
}

// Permitted is the number of identifiers that may be contacted.
func (r *Reach) Permitted() int64 { return r.Counts[Permitted] }

// Refused is the number of those of whom somebody said no.
func (r *Reach) Refused() int64 {
	return r.Counts[Withdrawn] + r.Counts[Denied] + r.Counts[SuppressionList]
}

// Unknown is the number of those whom no act covers, where silence does not mean yes.
func (r *Reach) Unknown() int64 { return r.Counts[NoConsent] }

// Otherwise is the number of those who are suppressed for another reason.
func (r *Reach) Otherwise() int64 {
	return r.Identifiers - r.Permitted() - r.Refused() - r.Unknown()
}

// Reach counts the contact identifiers of the cell: all that the index holds, or those of an audience. Of the index,
// digests that no raw identifier gives are not among them. It takes the bitmaps apart by reason, and fails when that does
// not come to what the gate permits. Identifiers that have several keys are asked one by one, as a run asks for them.
func (g *Gate) Reach(within *Contacts) (Reach, error) {
	r := Reach{Channel: g.Channel, Purpose: g.Purpose, Contact: g.Contact, OptOut: g.OptOut()}
	of, several, pool := g.index.OfKind(g.Contact).Clone(), map[consentload.Key]asked(nil), []other(nil)
	if within != nil {
		kind := within.kindOf(g.Contact)
		of, several, pool = within.among(g.index.OfKind(kind)), within.several[kind], within.pool
		g.reachStrangers(&r, within.strangers[kind])
	} else {
		several, pool = g.several(of)
	}
	for _, id := range several {
		if ordinal, found := g.index.Find(id.key); found {
			of.Remove(ordinal)
		}
		e, listed := g.evidence(id, pool)
		r.add(Decide(e, listed, g.cell.Policy, g.asOf), e.State)
	}
	rest := of.Clone()
	for _, cut := range []struct {
		reason Reason
		holds  *roaring.Bitmap
	}{
		{SuppressionList, g.listed},
		{UnreadableConsent, g.index.Unreadable()},
		{SharedIdentifier, g.index.Shared()},
		{Withdrawn, g.cell.Withdrawn},
		{Denied, g.cell.Denied},
		{Pending, g.cell.Pending},
		{NoticeOutdated, g.cell.Outdated},
		{Expired, g.cell.Expired(g.asOf)},
	} {
		r.Counts[cut.reason] += int64(rest.AndCardinality(cut.holds))
		rest.AndNot(cut.holds)
	}
	permitted := int64(rest.AndCardinality(g.cell.Granted))
	silent := int64(rest.GetCardinality()) - permitted
	if g.OptOut() {
		permitted += silent
		r.Silent += silent
	} else {
		r.Counts[NoConsent] += silent
	}
	if err := g.index.Err(); err != nil {
		return r, err
	}
	r.Counts[Permitted] += permitted
	r.Identifiers += int64(of.GetCardinality())
	if let := int64(g.all().permitted(g.index.Len()).AndCardinality(of)); let != permitted {
		return r, fmt.Errorf("%s × %s: the gate permits %d identifiers and %d are counted: this is a fault of cpm",
			g.Channel, consentload.Tell(g.Purpose), let, permitted)
	}
	return r, nil
}

// add counts one identifier.
func (r *Reach) add(verdict Reason, state consentload.State) {
	r.Identifiers++
	r.Counts[verdict]++
	if verdict == Permitted && state == consentload.NoAct {
		r.Silent++
	}
}

// several returns those of some raw identifiers whose digests the index knows under forms that nobody declared, with these.
func (g *Gate) several(of *roaring.Bitmap) (ids map[consentload.Key]asked, pool []other) {
	digests := map[consentload.Key][]other{}
	g.aliases.Each(func(digest consentload.Key, raw consentload.Alias) {
		ordinal, known := g.index.Find(raw.Key)
		if !known || !of.Contains(ordinal) {
			return
		}
		if ordinal, known := g.index.Find(digest); known && g.index.Digests().Contains(ordinal) {
			digests[raw.Key] = append(digests[raw.Key], other{
				Alias: consentload.Alias{Key: digest, Form: raw.Form, Declared: raw.Declared},
			})
		}
	})
	ids = make(map[consentload.Key]asked, len(digests))
	for key, others := range digests {
		ids[key] = asked{key: key, others: uint32(len(pool)), many: uint16(len(others))}
		pool = append(pool, others...)
	}
	return ids, pool
}

// reachStrangers counts identifiers that the index does not know: of them only a list can say more than silence does.
func (g *Gate) reachStrangers(r *Reach, strangers map[consentload.Key]struct{}) {
	listed := 0
	for key := range g.strangers {
		if _, found := strangers[key]; found {
			listed++
		}
	}
	n := int64(len(strangers) - listed)
	r.Identifiers += int64(len(strangers))
	r.Counts[SuppressionList] += int64(listed)
	silence := Decide(consentload.Evidence{}, false, g.cell.Policy, g.asOf)
	r.Counts[silence] += n
	if silence == Permitted {
		r.Silent += n
	}
}
