package filter

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"cpm/consentload"
)

// Explain tells why an identifier gets its verdict in the cell of the gate: the part of each event that speaks of the
// cell. The events are all those that name the identifier or another one of its subject, under any of its keys, as
// Options.Watch collects them; others may be among them.
//
// It weighs the events one by one, by the rules as they are written and not as the index works them out. When the two
// do not come to the same verdict it fails: an explanation must not be a guess.
func (g *Gate) Explain(id Identifier, c *consentload.Catalog, events []consentload.WatchedEvent) (*Explanation, error) {
	x := &explaining{events: events, own: g.weigh(id.asked.key, c, events)}
	evidence := x.own.evidence
	for _, o := range id.asked.of(id.pool) {
		if o.folded { // lists alone are asked for it
			continue
		}
		w := g.weigh(o.Key, c, events)
		if o.Declared {
			x.same = append(x.same, w)
			evidence = union(evidence, w.evidence)
		} else {
			x.like, x.forms = append(x.like, w), append(x.forms, o.Form)
			evidence = against(evidence, w.evidence)
		}
	}
	out := &Explanation{Ends: math.MaxInt64}
	out.Verdict, out.Known = g.verdict(id.asked, id.pool)
	_, listed := g.evidence(id.asked, id.pool)
	if got := Decide(evidence, listed, g.cell.Policy, g.asOf); got != out.Verdict || evidence.Known != out.Known {
		return nil, fmt.Errorf("%s × %s: the index says %s and the events come to %s: this is a fault of cpm",
			consentload.Tell(g.Channel), consentload.Tell(g.Purpose), out.Verdict, got)
	}
	g.naming(id.asked, id.pool, func(list int, _ consentload.Form) {
		if !slices.Contains(out.Lists, g.lists[list].List) {
			out.Lists = append(out.Lists, g.lists[list].List)
		}
	})
	x.join(out, evidence.State)
	out.finish(events)
	return out, nil
}

// explaining is what each key of an identifier comes to.
type explaining struct {
	events []consentload.WatchedEvent
	own    *weighing
	same   []*weighing        // under declared forms
	like   []*weighing        // under other forms: what speaks against contacting counts
	forms  []consentload.Form // of like
}

// join puts the parts of all keys together. An event that has a part under several keys, or as a copy, is told once: by
// the part that weighs most.
func (x *explaining) join(out *Explanation, state consentload.State) {
	told := map[int]int{} // by the event that is no copy: the place of its part
	take := func(parts []Part) {
		for _, p := range parts {
			of := original(x.events, p.Event)
			at, again := told[of]
			switch {
			case !again:
				told[of] = len(out.Parts)
				out.Parts = append(out.Parts, p)
			case p.Role < out.Parts[at].Role:
				out.Parts[at] = p
			}
		}
	}
	var deciding []int
	decides := func(w *weighing) bool { return w.evidence.State == state && state != consentload.NoAct }
	for _, w := range slices.Concat([]*weighing{x.own}, x.same, x.like) {
		if like := slices.Contains(x.like, w); decides(w) && (!like || state >= consentload.IsDenied) {
			for _, p := range w.parts {
				if p.Role == Decides {
					deciding = append(deciding, p.Event)
				}
			}
		}
	}
	for _, w := range slices.Concat([]*weighing{x.own}, x.same) {
		if decides(w) {
			out.terms(w)
		} else {
			w.outweigh(deciding)
		}
		take(w.parts)
	}
	for i, w := range x.like {
		if !decides(w) {
			w.outweigh(deciding)
		}
		w.silence(x.forms[i])
		take(w.parts)
	}
}

// original returns the event of which an event is a copy; itself when it is none.
func original(events []consentload.WatchedEvent, event int) int {
	for event > 0 && events[event].Form != consentload.AsWritten {
		event--
	}
	return event
}

// outweigh takes from the acts of one key that they decide: what is said under another one speaks against contacting.
func (w *weighing) outweigh(deciding []int) {
	for i := range w.parts {
		p := &w.parts[i]
		if p.Role != Decides {
			continue
		}
		if p.Role = Overruled; refuses(&w.events[p.Event]) {
			p.Role = Stands
		}
		p.Cause, p.By = OtherKey, deciding
	}
}

// silence leaves out the acts under a form that nobody declared, but for those that speak against contacting.
func (w *weighing) silence(form consentload.Form) {
	for i := range w.parts {
		p := &w.parts[i]
		if p.Form = form; !refuses(&w.events[p.Event]) && p.Role != LeftOut {
			p.Role, p.Cause, p.By, p.Missing = LeftOut, UndeclaredForm, nil, nil
		}
	}
}

// terms takes the grants of one key together with those of others.
func (x *Explanation) terms(w *weighing) {
	if w.evidence.State != consentload.IsGranted {
		return
	}
	if x.Notice == "" && x.Version == "" || w.evidence.Outdated {
		x.Notice, x.Version = w.notice, w.version
	}
	x.Ends = min(x.Ends, w.ends)
}

// finish orders the parts, and takes back that something decides where the acts do not.
func (x *Explanation) finish(events []consentload.WatchedEvent) {
	for i := range x.Parts {
		p := &x.Parts[i]
		if p.Form == consentload.AsWritten {
			p.Form = events[p.Event].Form
		}
		switch x.Verdict {
		case SuppressionList, UnreadableConsent, SharedIdentifier:
			if p.Role == Decides {
				p.Role = WouldDecide
			}
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
	slices.SortStableFunc(x.Parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(place(a.Role), place(b.Role)),
			cmp.Compare(events[b.Event].When, events[a.Event].When), cmp.Compare(a.Event, b.Event))
	})
}
