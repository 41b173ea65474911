package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"cpm/consentload"
	"cpm/filter"
	"cpm/formats"
	"cpm/formats/fault"
)

// indexed is an index file that a run asks in place of exports.
type indexed struct {
	*consentload.Snapshot
	evidence formats.Evidence
}

func (o *consentFlags) bindIndex(f *pflag.FlagSet) {
	f.StringVar(&o.index, "index", "", "an index `FILE` in place of the exports (cpm index build makes one)")
}

// settleIndex refuses exports beside an index, and what speaks of exports that are not read. What the command line says
// comes before what a lower layer does.
func (o *consentFlags) settleIndex() error {
	if o.index == "" {
		return nil
	}
	switch {
	case len(o.consent) == 0:
	case o.said["index"] == o.said["consent"]:
		return fault.New(fault.Usage, "", "--consent and --index are two sources of the same thing").
			Hint("leave one of them out: an index answers for the exports that it was built from")
	case o.said["consent"]:
		o.index = ""
		return nil
	default:
		o.consent = nil
	}
	for _, flag := range []string{
		"preset", "consent-id", "snapshot-at", "accept-unread-refusals", "on-bad-consent", "quarantine", "max-bad",
	} {
		if o.said[flag] {
			return fault.New(fault.Usage, "", "--%s speaks of exports, and an index is asked", flag).
				Hint("say it where the index is built: cpm index build --%s", flag)
		}
	}
	return nil
}

// openIndex opens the index file of a run.
func (c *consent) openIndex(ctx context.Context) error {
	s, err := consentload.OpenSnapshot(ctx, c.places, c.flags.index, c.digest)
	if err != nil {
		return err
	}
	c.indexed = &indexed{Snapshot: s}
	c.mindInput(s.Info())
	return nil
}

// wantDigests has noted which digests the raw identifiers on lists have, where the index is known by digests.
func (x *indexed) wantDigests(c *consent) {
	for _, kind := range append(slices.Clone(x.About.Hashed), x.About.Digests...) {
		if id, known := c.catalog.Kinds.Index(kind); known {
			c.book.Want(id)
		}
	}
}

// askIndex makes the index of the file, under the configuration of the run.
func (c *consent) askIndex(ctx context.Context, options consentload.Options) error {
	sources, err := c.declaredSources()
	if err != nil {
		return err
	}
	aliases, err := c.book.Close(ctx)
	if err != nil {
		return err
	}
	all := func(string) bool { return true }
	asking := consentload.Asking{
		Catalog: c.catalog, AsOf: c.asOf, Sources: sources, Aliases: aliases,
		Guards:  consentload.Options{MinRows: options.MinRows, MaxAge: options.MaxAge},
		Shaping: consentload.Shaping(c.found.Config, options.Kinds, sources, all),
	}
	if len(options.Kinds) == 0 {
		asking.Unsaid = append(asking.Unsaid, "kinds")
	}
	if c.found.Timezone == "" {
		asking.Unsaid = append(asking.Unsaid, "timezone")
	}
	if c.index, c.load, err = c.indexed.Index(asking); err != nil {
		return err
	}
	if err := c.checkListDigests(); err != nil {
		return err
	}
	return c.checkLists(c.indexed.About.Kinds)
}

// declaredSources gives the sources of the configuration their meaning; their files need not be there.
func (c *consent) declaredSources() (sources []consentload.Source, err error) {
	for _, declared := range c.found.Sources {
		source, err := c.source(declared)
		if err != nil {
			return nil, err
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// checkListDigests refuses lists that are to reach whole subjects through identifiers that the index cannot find: it
// holds no raw values of which digests, or folded addresses, could be made anew.
func (c *consent) checkListDigests() error {
	if c.catalog.Link == consentload.LinkNone {
		return nil
	}
	for _, list := range c.lists {
		if !list.Subject {
			continue
		}
		if list.Fold != consentload.AsWritten {
			return fault.New(fault.Usage, list.Path, "an index cannot find whom a list reaches by folded addresses").
				Hint("say scope: identifier for the list in the configuration, or ask the exports (--consent)")
		}
		for _, id := range list.Hashed {
			if !c.index.Aliases().Complete(id) {
				kind := c.catalog.Kinds.All()[id]
				return fault.New(fault.Usage, list.Path, "the list names people by digests (%s), and the index was built without them", kind).
					Hint("build it with --digests %s, or say scope: identifier for the list in the configuration", kind)
			}
		}
	}
	return nil
}

// indexUnchanged refuses what came of an index file that is damaged or was changed meanwhile.
func (c *consent) indexUnchanged() (err error) {
	if c.indexed == nil {
		return nil
	}
	if c.indexed.evidence, err = c.indexed.Evidence(); err != nil {
		return err
	}
	return c.index.Err()
}

func (c *consent) closeIndex() error {
	if c.indexed == nil {
		return nil
	}
	return c.indexed.Close()
}

func (x *indexed) used() *filter.IndexUsed {
	used := &filter.IndexUsed{Evidence: x.evidence, AsOf: x.About.AsOf.String()}
	if x.About.Next.Ends() {
		used.NextAct = x.About.Next.String()
	}
	return used
}

// heldIn tells what the rows of consent stand in.
func (c *consent) heldIn(files int64) string {
	if c.indexed != nil {
		return "the exports of the index"
	}
	return counted(files, "file", "files")
}

// index tells which file the run asks.
func (t *talk) index(c *consent) {
	about := &c.indexed.About
	until := ""
	if about.Next.Ends() {
		until = fmt.Sprintf(", until %s, of when is the first act that it lacks", localText(about.Next, c.catalog.Zone))
	}
	t.say("index", "%s: as of %s%s", c.flags.index, localText(about.AsOf, c.catalog.Zone), until)
}
