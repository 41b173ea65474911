package filter

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"cpm/consentload"
)

// Explain tells why an identifier gets its verdict in the cell of the gate: the part of each event that speaks of the
// cell. The events are all those that name the identifier or another one of its subject, as Options.Watch collects them.
//
// It weighs the events one by one, by the rules as they are written and not as the index works them out. When the two
// do not come to the same verdict it fails: an explanation must not be a guess.
func (g *Gate) Explain(id consentload.Key, c *consentload.Catalog, events []consentload.WatchedEvent) (*Explanation, error) {
	w := &weighing{
		catalog: c, policy: g.cell.Policy, id: id, events: events,
		explained: &Explanation{Ends: math.MaxInt64},
	}
	w.cover(g.Channel, g.Purpose)
	evidence := consentload.Evidence{}
	if ordinal, found := g.index.Find(id); found && g.index.Shared().Contains(ordinal) {
		evidence.Shared = true
		w.leaveAll()
	} else {
		evidence = w.weigh()
	}
	for i := range events {
		e := &events[i]
		evidence.Known = evidence.Known || e.Fate == consentload.InForce && w.names(i, id)
		evidence.Unreadable = evidence.Unreadable || e.Fate == consentload.Quarantined
	}
	out := w.explained
	out.Verdict, out.Known = g.Verdict(id)
	if got := Decide(evidence, g.Listed(id), g.cell.Policy, g.asOf); got != out.Verdict || evidence.Known != out.Known {
		return nil, fmt.Errorf("%s × %s: the index says %s and the events come to %s: this is a fault of cpm",
			consentload.Tell(g.Channel), consentload.Tell(g.Purpose), out.Verdict, got)
	}
	g.naming(asked{key: id}, nil, func(list int, _ consentload.Form) { out.Lists = append(out.Lists, g.lists[list].List) })
	w.finish()
	return out, nil
}

// weighing is the events of one subject, weighed for one identifier in one cell.
type weighing struct {
	catalog *consentload.Catalog
	policy  consentload.Policy
	id      consentload.Key
	events  []consentload.WatchedEvent

	refusals, grants, pending []int // those in force that cover the cell
	explained                 *Explanation
}

func (w *weighing) part(event int, role Role, cause Cause, by ...int) {
	w.explained.Parts = append(w.explained.Parts, Part{Event: event, Role: role, Cause: cause, By: by})
}

// cover picks the events that speak of the cell.
func (w *weighing) cover(channel, purpose string) {
	for i := range w.events {
		e := &w.events[i]
		if !speaksOf(e, channel, purpose) {
			continue
		}
		switch {
		case e.Purpose == consentload.Star && !w.catalog.StarCovers(purpose):
			w.part(i, LeftOut, NoStar)
		case e.Fate == consentload.AfterAsOf:
			w.part(i, LeftOut, Later)
		case refuses(e):
			w.refusals = append(w.refusals, i)
		case e.Status == consentload.Pending:
			w.pending = append(w.pending, i)
		case w.catalog.Link == consentload.LinkRefusals && !w.names(i, w.id):
			w.part(i, LeftOut, GrantElsewhere)
		default:
			w.grants = append(w.grants, i)
		}
	}
}

// speaksOf reports whether an event is an act for the cell, or for all.
func speaksOf(e *consentload.WatchedEvent, channel, purpose string) bool {
	return (e.Fate == consentload.InForce || e.Fate == consentload.AfterAsOf) &&
		(e.Channel == channel || e.Channel == consentload.Star) && (e.Purpose == purpose || e.Purpose == consentload.Star)
}

func refuses(e *consentload.WatchedEvent) bool {
	return e.Status == consentload.Denied || e.Status == consentload.Withdrawn
}

func (w *weighing) names(event int, id consentload.Key) bool {
	return slices.ContainsFunc(w.events[event].Names, func(n consentload.WatchedName) bool { return n.Key == id })
}

// leaveAll leaves out the acts at a shared identifier.
func (w *weighing) leaveAll() {
	for _, i := range slices.Concat(w.refusals, w.grants, w.pending) {
		w.part(i, LeftOut, SharedAct)
	}
}

// weigh finds what decides, and gives every event its part.
func (w *weighing) weigh() (e consentload.Evidence) {
	var standing []int
	missing := map[int][]consentload.Key{}
	for _, r := range w.refusals {
		by, cause, without := w.answer(r)
		if cause == 0 {
			standing, missing[r] = append(standing, r), without
			continue
		}
		w.part(r, Answered, cause, by...)
	}
	if len(standing) == 0 {
		return w.latest()
	}
	first := slices.MaxFunc(standing, func(a, b int) int {
		x, y := &w.events[a], &w.events[b]
		return cmp.Or(cmp.Compare(x.When, y.When), cmp.Compare(x.Status, y.Status)) // Withdrawn is more than Denied
	})
	for _, r := range standing {
		w.standing(r, first)
	}
	for _, i := range slices.Concat(w.grants, w.pending) {
		w.unheard(i, first, missing[first])
	}
	e.State = consentload.IsDenied
	if w.events[first].Status == consentload.Withdrawn {
		e.State = consentload.IsWithdrawn
	}
	return e
}

// answer finds what lifts a refusal for the identifier: by which grants, and by which rule. A cause of 0 says that
// nothing does; then missing holds the identifiers at which it was not granted anew.
func (w *weighing) answer(r int) (by []int, cause Cause, missing []consentload.Key) {
	if g := w.granted(r, w.id); g >= 0 {
		return []int{g}, NamedAnew, nil
	}
	if w.names(r, w.id) || w.catalog.Link == consentload.LinkRefusals {
		return nil, 0, []consentload.Key{w.id}
	}
	for _, name := range w.events[r].Names {
		switch g := w.granted(r, name.Key); {
		case g < 0:
			missing = append(missing, name.Key)
		case !slices.Contains(by, g):
			by = append(by, g)
		}
	}
	if len(missing) > 0 {
		return nil, 0, missing
	}
	return by, GrantedAnew, nil
}

// granted returns the latest grant that answers a refusal at an identifier; -1 when none does.
func (w *weighing) granted(r int, at consentload.Key) int {
	found := -1
	for _, g := range w.grants {
		if w.names(g, at) && w.events[g].When > w.events[r].When && w.specific(g, r) &&
			(found < 0 || w.events[g].When > w.events[found].When) {
			found = g
		}
	}
	return found
}

// specific reports whether a grant is at least as specific as a refusal.
func (w *weighing) specific(g, r int) bool {
	grant, refusal := &w.events[g], &w.events[r]
	return w.catalog.Lift ||
		(refusal.Channel == consentload.Star || grant.Channel == refusal.Channel) &&
			(refusal.Purpose == consentload.Star || grant.Purpose == refusal.Purpose)
}

// standing gives a refusal that nothing answers its part; first is the one that gives the reason.
func (w *weighing) standing(r, first int) {
	mine, its := &w.events[r], &w.events[first]
	switch {
	case mine.When < its.When:
		w.part(r, Stands, LaterRefusal, first)
	case mine.Status != its.Status:
		w.part(r, Stands, WithdrawnFirst, first)
	default:
		w.part(r, Decides, StandingRefusal)
	}
}

// unheard says why a grant or a pending act does not count against the refusal that gives the reason.
func (w *weighing) unheard(i, refusal int, missing []consentload.Key) {
	e, r := &w.events[i], &w.events[refusal]
	switch {
	case e.When == consentload.Undated:
		w.part(i, Overruled, NoTime, refusal)
	case e.When < r.When:
		w.part(i, Overruled, Older, refusal)
	case e.Status == consentload.Pending:
		w.part(i, DoesNotLift, AsksOnly, refusal)
	case e.When == r.When:
		w.part(i, DoesNotLift, NotLater, refusal)
	case !w.specific(i, refusal):
		w.part(i, DoesNotLift, LessSpecific, refusal)
	case w.names(refusal, w.id):
		w.part(i, DoesNotLift, NotNamed, refusal)
	default:
		w.part(i, DoesNotLift, OtherIdentifier, refusal)
		w.explained.Parts[len(w.explained.Parts)-1].Missing = missing
	}
}

// latest decides where no refusal stands.
func (w *weighing) latest() (e consentload.Evidence) {
	acts := slices.Concat(w.grants, w.pending)
	if len(acts) == 0 {
		return e
	}
	when := w.events[slices.MaxFunc(acts, func(a, b int) int { return cmp.Compare(w.events[a].When, w.events[b].When) })].When
	of := func(i int) bool { return w.events[i].When == when }
	deciding, cause := slices.Collect(only(w.pending, of)), LatestAct
	if e.State = consentload.IsPending; len(deciding) == 0 {
		e.State = consentload.IsGranted
		if deciding = slices.Collect(only(w.grants, of)); len(deciding) > 1 {
			cause = OneInstant
		}
		w.terms(deciding, &e)
	}
	for _, i := range acts {
		switch mine := &w.events[i]; {
		case slices.Contains(deciding, i):
			w.part(i, Decides, cause)
		case mine.When == when:
			w.part(i, Overruled, PendingFirst, deciding[0])
		case mine.When == consentload.Undated:
			w.part(i, Overruled, NoTime, deciding[0])
		default:
			w.part(i, Overruled, Older, deciding[0])
		}
	}
	return e
}

// only walks over the events for which something holds.
func only(events []int, holds func(int) bool) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for _, i := range events {
			if holds(i) && !yield(i) {
				return
			}
		}
	}
}

// terms takes the grants of one instant as one.
func (w *weighing) terms(grants []int, e *consentload.Evidence) {
	first := &w.events[grants[0]]
	notice, version, rank, ends := first.Notice, first.Version, first.Rank, first.Expires
	for _, i := range grants[1:] {
		g := &w.events[i]
		ends = min(ends, g.Expires)
		switch {
		case g.Notice != notice: // no version that both know
			notice, version, rank = "", "", 0
		case g.Rank < rank:
			version, rank = g.Version, g.Rank
		}
	}
	if w.policy.ValidFor > 0 {
		ends = min(ends, first.When.Add(w.policy.ValidFor))
	}
	if notice != w.policy.Notice {
		rank = 0
	}
	e.Outdated, e.Expires = rank < w.policy.MinVersion, ends
	w.explained.Ends, w.explained.Notice, w.explained.Version = ends, notice, version
}

// finish orders the parts, and takes back that something decides where the acts do not.
func (w *weighing) finish() {
	parts := w.explained.Parts
	for i := range parts {
		if v := w.explained.Verdict; parts[i].Role == Decides && (v == SuppressionList || v == UnreadableConsent) {
			parts[i].Role = WouldDecide
		}
	}
	place := func(r Role) int {
		switch r {
		case Decides, WouldDecide:
			return 0
		case LeftOut:
			return 2
		}
		return 1
	}
	slices.SortStableFunc(parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(place(a.Role), place(b.Role)),
			cmp.Compare(w.events[b.Event].When, w.events[a.Event].When), cmp.Compare(a.Event, b.Event))
	})
}
