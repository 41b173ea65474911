package main

import (
	"context"
	"maps"
	"slices"

	"cpm/consentload"
	"cpm/filter"
	"cpm/formats/fault"
)

// wantDigests has noted which digests the raw identifiers of lists and exports have, where the audience is known by
// digests: only so is a refusal under a phone number found under its hash.
func (a *audience) wantDigests(c *consent) {
	if a.path == "" {
		return
	}
	kinds := c.catalog.Kinds
	want := func(kind consentload.Kind) {
		if id, known := kinds.Index(kind); known {
			c.book.Want(id)
		}
	}
	for _, spec := range a.specs {
		want(spec.Kind)
	}
	for _, column := range a.columns {
		want(column.Kind)
	}
	if len(a.columns) > 0 {
		return
	}
	for _, kind := range kinds.All() { // which channel the run is for is not known yet
		if len(kinds.MatchColumns(a.info.Columns, kind)) > 0 {
			want(kind)
		}
	}
}

// findDigests has noted which digests the raw identifiers of lists and exports have, where exports are known by digests.
func (c *consent) findDigests(ctx context.Context) error {
	if c.indexed != nil {
		c.indexed.wantDigests(c)
		return nil
	}
	found, err := consentload.HashedKinds(ctx, c.catalog, c.sources, consentload.Options{Files: c.places, Kinds: c.kinds()})
	c.digests = found
	for _, kind := range found {
		c.book.Want(kind)
	}
	return err
}

// checkDigests refuses an audience of digests that the index cannot be asked for: silence would be taken for consent
// where it means yes.
func (a *audience) checkDigests(c *consent) error {
	for _, column := range a.columns {
		id, _ := c.catalog.Kinds.Index(column.Kind)
		if _, hashed := c.catalog.Kinds.Raw(id); hashed && !c.index.Aliases().Complete(id) {
			f := fault.New(fault.Usage, a.table, "the consent was read without the digests that the column %s holds", column.Name).
				Hint("name the column: --id %s=COLUMN", column.Kind)
			if c.indexed != nil {
				f.Mend = "build the index with --digests " + string(column.Kind)
			}
			return f
		}
		c.noticeOtherDigests(column.Kind)
	}
	return nil
}

// noticeForms tells of contacts that the consent knows under forms alone that nobody declared: what it grants them does
// not count, and the user may know better.
func (c *consent) noticeForms(gate *filter.Gate, cell *filter.CellSummary) {
	kinds := c.catalog.Kinds
	for _, word := range slices.Sorted(maps.Keys(cell.Forms.Words())) {
		if !kinds.Declares(gate.Contact, word) {
			c.warn("%s for %s known to the consent in the form %s, which is not declared: only refusals count (hashes: {%s: [%s]} declares it)",
				counted(cell.Forms.Words()[word], "contact", "contacts"), cell.Channel, word, gate.Contact, word)
		}
	}
}

// noticeOtherDigests tells of exports whose digests cannot be compared with those of the audience: no digest gives another
// of the same value, so a refusal under one alone is not seen.
func (c *consent) noticeOtherDigests(asked consentload.Kind) {
	kinds := c.catalog.Kinds
	raw, hashed := kinds.RawKind(asked)
	for _, id := range c.digests {
		other := kinds.All()[id]
		if of, _ := kinds.RawKind(other); hashed && of == raw && other != asked {
			c.warn("the exports know people by %s, which cannot be compared with %s: refusals under it alone are not seen; send an audience or an export of both",
				other, asked)
		}
	}
}
