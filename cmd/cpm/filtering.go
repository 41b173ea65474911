package main

import (
	"context"

	"cpm/filter"
	"cpm/formats"
	"cpm/formats/fault"
)

// filtering is one run of filter on its way: each step fills in what the next one needs.
type filtering struct {
	*consent
	*foundAudiences
	passages []*passage
	std      streams
	options  *filterOptions
	talk     *talk

	match   filter.Match
	dedupe  filter.Dedupe
	targets targets

	gates   []*filter.Gate
	before  *filter.Job // of the audience before
	made    *made       // nil: no outputs yet
	reportF *formats.Output
	summary filter.Summary // of all audiences
	toldOf  int            // warnings told before the run

	published bool
	report    *filter.Report
}

// newFiltering checks all that can be checked before a file is read.
func newFiltering(ctx context.Context, std streams, o *filterOptions, found *configFile) (*filtering, error) {
	c, err := newConsent(std.files, &o.consentFlags, found, o.report != "")
	if err != nil {
		return nil, err
	}
	r := &filtering{consent: c, std: std, options: o}
	if err := learn(std.files, &o.output, &o.rejected, &o.annotate, &o.report); err != nil {
		return nil, err
	}
	if err := r.readWords(); err != nil {
		return nil, err
	}
	var asked audience
	if err := asked.readIDs(c.catalog.Kinds, o.ids); err != nil {
		return nil, err
	}
	if r.foundAudiences, err = findAudiences(ctx, std.files, o.audiences); err != nil {
		return nil, err
	}
	for _, found := range r.files {
		r.passages = append(r.passages, &passage{audience: audience{path: found.path, specs: asked.specs}, found: found})
	}
	if err := r.planOutputs(); err != nil {
		return nil, err
	}
	r.talk = newTalk(std, &o.consentFlags, r.targets.stdout)
	return r, nil
}

// readWords reads the flags that take one of a few words, and the shares.
func (r *filtering) readWords() error {
	o := r.options
	matches := map[string]filter.Match{"contact": filter.MatchContact, "all": filter.MatchAll, "any": filter.MatchAny}
	dedupes := map[string]filter.Dedupe{
		"": filter.DedupeNone, "identifier": filter.DedupeIdentifier, "subject": filter.DedupeSubject,
	}
	var known bool
	if r.match, known = matches[o.match]; !known {
		return fault.New(fault.Usage, "", "--match %q is unknown", o.match).Hint("it is contact, all or any")
	}
	if r.dedupe, known = dedupes[o.dedupe]; !known {
		return fault.New(fault.Usage, "", "--dedupe %q is unknown", o.dedupe).Hint("it is identifier or subject")
	}
	return o.audienceFlags.check()
}

// openAudiences opens each audience, so that a wrong file or column is told before the consent is read. Of many none
// stays open: they are opened again in their turn.
func (r *filtering) openAudiences(ctx context.Context) error {
	var paths []string
	for _, p := range r.passages {
		paths = append(paths, p.path)
	}
	if err := r.fetch(ctx, r.talk, paths); err != nil {
		return err
	}
	for _, p := range r.passages {
		err := r.open(ctx, p)
		if err == nil && r.many {
			err = p.end()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *filtering) open(ctx context.Context, p *passage) error {
	if err := p.open(ctx, r.std, &r.options.audienceFlags, r.consent); err != nil {
		return err
	}
	if err := p.convert(r.options.to); err != nil {
		return err
	}
	if err := r.checkNames(p); err != nil {
		return err
	}
	contacts, err := r.contacts(r.options.channels)
	if err == nil && len(contacts)+len(p.specs) > 0 { // a channel that only the exports know is looked at again when they are read
		if err := p.mapColumns(r.catalog.Kinds, contacts); err != nil {
			return err
		}
	}
	p.wantDigests(r.consent)
	return nil
}

// checkOutputs refuses outputs that could not be made, before anything is read at length.
func (r *filtering) checkOutputs(ctx context.Context) error {
	if r.options.dryRun {
		return nil
	}
	return r.checkTargets(ctx)
}

func (r *filtering) loadConsent(ctx context.Context) error { return r.readConsent(ctx, r.talk) }

// compile settles the cells and compiles the gates.
func (r *filtering) compile(context.Context) error {
	if len(r.options.channels) == 0 || r.options.purpose == "" {
		return r.offerCells()
	}
	contacts, err := r.contacts(r.options.channels)
	if err != nil {
		return r.unknownChannel(err)
	}
	for _, p := range r.passages {
		if len(p.columns) > 0 {
			continue
		}
		if err := p.mapColumns(r.catalog.Kinds, contacts); err != nil {
			return err
		}
	}
	purpose := r.catalog.PurposeName(r.options.purpose)
	for _, word := range r.options.channels {
		channel, _ := r.catalog.Channel(word)
		if r.index.Cell(channel.Name, purpose) == nil {
			return unknownName("purpose", r.options.purpose, r.index.Purposes())
		}
		r.gates = append(r.gates, filter.NewGate(r.index, channel, purpose, r.lists))
	}
	if err := r.index.Err(); err != nil {
		return err
	}
	for _, p := range r.passages {
		if err := p.checkDigests(r.consent); err != nil {
			return err
		}
	}
	return nil
}
