package filter

import (
	"cmp"
	"math"
	"slices"

	"cpm/consentload"
)

// weighing is the events of one subject, weighed for one key of an identifier in one cell.
type weighing struct {
	catalog *consentload.Catalog
	policy  consentload.Policy
	id      consentload.Key
	events  []consentload.WatchedEvent
	mine    []int // those of the events that name the subject

	refusals, grants, pending []int // of mine, those in force that cover the cell
	parts                     []Part
	evidence                  consentload.Evidence

	// Of the grants that decide, taken as one:
	ends            consentload.Instant // the largest Instant when they do not end
	notice, version string
}

// weigh weighs what is said of the subject of a key. An identifier that is shared has no say of its own.
func (g *Gate) weigh(id consentload.Key, c *consentload.Catalog, events []consentload.WatchedEvent) *weighing {
	w := &weighing{catalog: c, policy: g.cell.Policy, id: id, events: events, ends: math.MaxInt64}
	shared := false
	members := map[consentload.Key]bool{id: true}
	if ordinal, found := g.index.Find(id); found {
		shared = g.index.Shared().Contains(ordinal)
		for _, member := range g.index.Members(ordinal) {
			members[g.index.Key(member)] = true
		}
	}
	for i := range events {
		if slices.ContainsFunc(events[i].Names, func(n consentload.WatchedName) bool { return members[n.Key] }) {
			w.mine = append(w.mine, i)
		}
	}
	w.cover(g.Channel, g.Purpose)
	if shared {
		w.leaveAll()
	} else {
		w.evidence = w.weigh()
	}
	w.evidence.Shared = shared
	for _, i := range w.mine {
		w.evidence.Known = w.evidence.Known || events[i].Fate == consentload.InForce && w.names(i, id)
		w.evidence.Unreadable = w.evidence.Unreadable || events[i].Fate == consentload.Quarantined
	}
	return w
}

func (w *weighing) part(event int, role Role, cause Cause, by ...int) {
	w.parts = append(w.parts, Part{Event: event, Role: role, Cause: cause, By: by, weighed: w.id})
}

// cover picks the events that speak of the cell.
func (w *weighing) cover(channel, purpose string) {
	for _, i := range w.mine {
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
		w.parts[len(w.parts)-1].Missing = missing
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
	w.ends, w.notice, w.version = ends, notice, version
}
