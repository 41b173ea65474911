package filter

import (
	"github.com/RoaringBitmap/roaring/v2"

	"cpm/consentload"
)

// Gate is an index compiled for one run and one cell. What it says never changes: any number of goroutines may ask.
type Gate struct {
	Channel string
	Purpose string
	Contact consentload.Kind

	index     *consentload.Index
	cell      *consentload.Cell
	asOf      consentload.Instant
	compiled  compiled
	listed    *roaring.Bitmap              // ordinals that a list holds for
	strangers map[consentload.Key]struct{} // listed, and not in the index
	lists     []heldList
	aliases   *consentload.Aliases
}

// heldList is a list that holds for the cell, with the identifiers of the index that it reaches.
type heldList struct {
	*consentload.List
	reaches *roaring.Bitmap
}

// NewGate compiles a cell of an index with the suppression lists that hold for it. The cell must exist.
func NewGate(x *consentload.Index, channel consentload.Channel, purpose string, lists []*consentload.List) *Gate {
	g := &Gate{
		Channel: channel.Name, Purpose: purpose, Contact: channel.Contact,
		index: x, cell: x.Cell(channel.Name, purpose), asOf: x.AsOf(), aliases: x.Aliases(),
		listed: roaring.New(), strangers: map[consentload.Key]struct{}{},
	}
	for _, list := range lists {
		if list.Covers(channel.Name, purpose) {
			g.list(list)
		}
	}
	return g
}

func (g *Gate) list(list *consentload.List) {
	held := heldList{list, roaring.New()}
	var same []consentload.Alias
	for _, key := range list.Keys {
		if !g.reach(&held, key) {
			g.strangers[key] = struct{}{}
		}
		// A digest, or a folded address, reaches the raw identifiers that give it, under whatever form.
		same = g.aliases.Append(same[:0], key)
		for i := range same {
			g.reach(&held, same[i].Key)
		}
	}
	g.reachDigests(&held)
	g.listed.Or(held.reaches)
	g.lists = append(g.lists, held)
}

// reachDigests adds the digests that the consent knows of listed raw identifiers, under whatever form.
func (g *Gate) reachDigests(held *heldList) {
	if g.index.Digests().IsEmpty() {
		return
	}
	g.aliases.Each(func(digest consentload.Key, raw consentload.Alias) {
		if held.Has(raw.Key) {
			g.reach(held, digest)
		}
	})
}

// reach adds an identifier of the index, or its subject, to those that a list holds for; false when it is a stranger.
func (g *Gate) reach(held *heldList, key consentload.Key) bool {
	ordinal, known := g.index.Find(key)
	switch {
	case known && held.reaches.Contains(ordinal): // and so is the rest of a subject that it reaches
	case known && held.Subject:
		held.reaches.AddMany(g.index.Members(ordinal))
	case known:
		held.reaches.Add(ordinal)
	}
	return known
}

// OptOut reports whether silence means yes in this cell.
func (g *Gate) OptOut() bool { return g.cell.Policy.OptOut }

// Policy returns the cell's policy.
func (g *Gate) Policy() consentload.Policy { return g.cell.Policy }

// Verdict returns what holds for one identifier, and whether an event in force names it.
func (g *Gate) Verdict(k consentload.Key) (verdict Reason, known bool) {
	ordinal, _ := g.index.Find(k)
	return g.verdictAt(k, ordinal)
}

// verdictAt does so for an identifier whose ordinal was looked up before.
func (g *Gate) verdictAt(k consentload.Key, ordinal uint32) (verdict Reason, known bool) {
	if ordinal == consentload.NoOrdinal {
		return Decide(consentload.Evidence{}, g.listedStranger(k), g.cell.Policy, g.asOf), false
	}
	if v := g.compiled.known(); v != nil {
		return v.of(ordinal), g.index.Known(ordinal)
	}
	e := g.index.Evidence(g.cell, ordinal)
	return Decide(e, g.listed.Contains(ordinal), g.cell.Policy, g.asOf), e.Known
}

// expect is told how many verdicts are about to be asked for. Few are worked out one by one.
func (g *Gate) expect(n int) {
	if g.compiled.pays(n, g.index.Len()) {
		g.all()
	}
}

// all returns the verdicts on all identifiers of the index.
func (g *Gate) all() verdicts {
	return g.compiled.once(func() verdicts { return compileVerdicts(g.index, g.cell, g.listed, g.asOf) })
}

func (g *Gate) listedStranger(k consentload.Key) bool {
	_, listed := g.strangers[k]
	return listed
}

// Listed reports whether a suppression list holds for an identifier.
func (g *Gate) Listed(k consentload.Key) bool {
	ordinal, found := g.index.Find(k)
	return found && g.listed.Contains(ordinal) || !found && g.listedStranger(k)
}

// NextExpiry returns the first instant at which a grant of the cell ends; ok is false when none does.
func (g *Gate) NextExpiry() (at consentload.Instant, ok bool) { return g.cell.NextExpiry(g.asOf) }

// Unknown reports whether an identifier stands in no event, no quarantined record and on no list.
func (g *Gate) Unknown(k consentload.Key) bool {
	ordinal, found := g.index.Find(k)
	return !found && !g.listedStranger(k) || found && !g.index.Known(ordinal) &&
		!g.index.Unreadable().Contains(ordinal) && !g.listed.Contains(ordinal)
}

// refusal returns why an identifier beside the contact forbids a row; Permitted when it does not.
func (g *Gate) refusal(k consentload.Key) Reason {
	ordinal, found := g.index.Find(k)
	if !found {
		return Permitted
	}
	switch e := g.index.Evidence(g.cell, ordinal); {
	case e.Unreadable:
		return UnreadableConsent
	case e.State == consentload.IsWithdrawn:
		return Withdrawn
	case e.State == consentload.IsDenied:
		return Denied
	}
	return Permitted
}
