package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"cpm/consentload"
	"cpm/filter"
	"cpm/formats"
	"cpm/formats/fault"
)

// filtering is one run of filter on its way: each step fills in what the next one needs.
type filtering struct {
	std     streams
	options *filterOptions
	found   *configFile
	talk    *talk
	clock   time.Time

	catalog  *consentload.Catalog
	asOf     consentload.Instant
	isNow    bool
	match    filter.Match
	dedupe   filter.Dedupe
	specs    []filter.IDSpec
	inputs   []os.FileInfo // what no output may replace
	targets  targets
	warnings []string

	file    *formats.File
	reader  formats.Reader
	lists   []*consentload.List
	leftOut []string // sources of the configuration that --consent replaces
	load    *consentload.Report
	index   *consentload.Index
	gates   []*filter.Gate
	columns []filter.Column
	passed  []string // columns that a more specific name beat
	sample  filter.Sample
	job     *filter.Job
	outputs *formats.Outputs
	sinks   []*sink
	reportF *formats.Output
	summary *filter.Summary
	toldOf  int // warnings told before the run

	published bool
	report    *filter.Report
}

// newFiltering checks all that can be checked before a file is read.
func newFiltering(std streams, o *filterOptions, found *configFile) (*filtering, error) {
	r := &filtering{std: std, options: o, found: found, clock: time.Now()}
	if o.timezone != "" {
		found.Timezone = o.timezone
	}
	if o.region != "" {
		found.Region = o.region
	}
	var err error
	if r.catalog, err = consentload.NewCatalog(found.Config); err != nil {
		return nil, err
	}
	for _, check := range []func() error{r.readWords, r.readAsOf, r.readIDs, r.planOutputs} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	r.talk = newTalk(std, r)
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
	if o.onBadConsent != "stop" && o.onBadConsent != "quarantine" {
		return fault.New(fault.Usage, "", "--on-bad-consent %q is unknown", o.onBadConsent).Hint("it is stop or quarantine")
	}
	if o.quarantine != "" && o.onBadConsent != "quarantine" {
		return fault.New(fault.Usage, "", "--quarantine needs --on-bad-consent quarantine").
			Hint("without it the first record that cannot be read stops the run")
	}
	for name, share := range map[string]float64{"max-bad": o.maxBad, "min-known": o.minKnown, "max-invalid": o.maxInvalid} {
		if !(share >= 0 && share <= 1) {
			return fault.New(fault.Usage, "", "--%s %g is no share", name, share).Hint("a share lies between 0 and 1: 0.05 is 5 %%")
		}
	}
	if o.minConsentRows < 0 {
		return fault.New(fault.Usage, "", "--min-consent-rows %d is below 0", o.minConsentRows)
	}
	return nil
}

// readAsOf settles the instant for which the verdicts hold.
func (r *filtering) readAsOf() error {
	r.asOf, r.isNow = consentload.InstantOf(r.clock), true
	if r.options.asOf == "" || r.options.asOf == "now" {
		return nil
	}
	at, bad := consentload.NewTimeReader(r.catalog.Zone).Read([]byte(r.options.asOf), consentload.Later)
	switch bad {
	case consentload.TimeOK:
		r.asOf, r.isNow = at, false
		return nil
	case consentload.TimeWithoutZone:
		return fault.New(fault.Usage, "", "--as-of has no zone, and none is declared").
			Hint("write %s+08:00 (or its zone), or add --timezone", r.options.asOf)
	}
	return fault.New(fault.Usage, "", "--as-of %q is no time", r.options.asOf).
		Hint("write it as 2026-11-01T00:00:00+08:00")
}

func (r *filtering) readIDs() error {
	for _, text := range r.options.ids {
		kind, column, ok := strings.Cut(text, "=")
		if !ok || kind == "" || column == "" {
			return fault.New(fault.Usage, "", "--id %q is not KIND=COLUMN", text).Hint("such as --id phone=手机号 or --id phone=#2")
		}
		kind = strings.ToLower(strings.TrimSpace(kind))
		r.specs = append(r.specs, filter.IDSpec{Kind: consentload.Kind(kind), Column: column})
	}
	return filter.CheckSpecs(r.catalog.Kinds, r.specs)
}

// openAudience opens the audience, so that a wrong file or column is told before the consent is read.
func (r *filtering) openAudience(ctx context.Context) (err error) {
	if r.options.audience == "-" {
		r.file = formats.Standard("standard input", newAbandonable(ctx, r.std.in))
	} else if r.file, err = formats.OpenFile(r.options.audience, r.options.report != ""); err != nil {
		return err
	}
	if r.reader, err = formats.Open(r.file.Input, formats.Options{NoHeader: r.options.noHeader}); err != nil {
		return err
	}
	r.mindInput(r.file.Info())
	if stdin, ok := r.std.in.(*os.File); ok && r.options.audience == "-" {
		if info, err := stdin.Stat(); err == nil && info.Mode().IsRegular() {
			r.mindInput(info)
		}
	}
	if r.found.path != "" {
		r.mindInput(r.found.info)
	}
	contacts, err := r.contacts(r.options.channels)
	if err != nil || len(contacts) == 0 && len(r.specs) == 0 {
		return nil //nolint:nilerr // a channel that only the exports know is looked at again when they are read
	}
	return r.mapColumns(contacts)
}

// mindInput notes a file that no output may replace.
func (r *filtering) mindInput(info os.FileInfo) {
	if info != nil {
		r.inputs = append(r.inputs, info)
	}
}

// mindFile does so for a path and returns the file's size; 0 when it is not there, which its reader will tell.
func (r *filtering) mindFile(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	r.mindInput(info)
	return info.Size()
}

func (r *filtering) mapColumns(contacts []consentload.Kind) (err error) {
	r.columns, r.passed, err = filter.MapColumns(r.catalog.Kinds, r.reader.Info().Columns, r.specs, contacts)
	var f *fault.Error
	if errors.As(err, &f) && f.Where == "" {
		f.Where = r.file.Name
	}
	return err
}

// contacts returns the identifier kinds that channels need, each once.
func (r *filtering) contacts(channels []string) ([]consentload.Kind, error) {
	var kinds []consentload.Kind
	seen := map[consentload.Kind]bool{}
	for _, word := range channels {
		channel, known := r.catalog.Channel(word)
		if !known || channel.Contact == "" {
			return nil, fault.New(fault.Usage, "", "nobody has said which identifier the channel %s needs", word).
				Hint("declare it in the configuration: channels: {%s: {contact: phone}}", word)
		}
		if !seen[channel.Contact] {
			seen[channel.Contact] = true
			kinds = append(kinds, channel.Contact)
		}
	}
	return kinds, nil
}

// loadLists reads the suppression lists of the configuration and of the command line.
func (r *filtering) loadLists(ctx context.Context) error {
	for _, list := range r.found.Suppression {
		source := consentload.ListSource{
			Path: r.found.within(list.Path), Channels: list.Channels, Purposes: list.Purposes,
			Identifier: list.Scope == "identifier", AllowEmpty: list.AllowEmpty,
			Columns: map[consentload.Kind]string{},
		}
		for kind, column := range list.ID {
			source.Columns[consentload.Kind(kind)] = column
		}
		if err := r.loadList(ctx, source); err != nil {
			return err
		}
	}
	for _, text := range r.options.suppress {
		source := consentload.ListSource{Path: text}
		if word, path, cut := strings.Cut(text, ":"); cut {
			if channel, known := r.catalog.Channel(word); known {
				source.Path, source.Channels = path, []string{channel.Name}
			}
		}
		if err := r.loadList(ctx, source); err != nil {
			return err
		}
	}
	return nil
}

func (r *filtering) loadList(ctx context.Context, source consentload.ListSource) error {
	list, err := consentload.LoadList(ctx, r.catalog, source, r.options.report != "")
	if err != nil {
		return err
	}
	r.lists = append(r.lists, list)
	r.mindFile(source.Path)
	return nil
}

// loadConsent reads the exports into the index.
func (r *filtering) loadConsent(ctx context.Context) error {
	sources, err := r.sources()
	if err != nil {
		return err
	}
	options, err := r.loadOptions()
	if err != nil {
		return err
	}
	var total int64
	for _, source := range sources {
		for _, path := range source.Files {
			total += r.mindFile(path)
			for _, manifest := range consentload.Manifests(path) {
				r.mindFile(manifest)
			}
		}
	}
	if !r.options.dryRun {
		if err := r.targets.check(r.inputs); err != nil {
			return err
		}
	}
	progress := &consentload.Progress{}
	options.Progress = progress
	stop := r.talk.progress("consent", total, pulled{progress.Bytes.Load, progress.Rows.Load})
	defer stop()
	r.index, r.load, err = consentload.Load(ctx, r.catalog, sources, options)
	if err != nil {
		return err
	}
	return r.checkLists(options.Kinds)
}

// checkLists refuses lists that could not do what they are for: one for a cell that nobody knows, and one that is to
// reach whole subjects by identifiers of a kind that is not read.
func (r *filtering) checkLists(kinds []consentload.Kind) error {
	for _, list := range r.lists {
		for _, names := range []struct {
			what        string
			said, known []string
		}{
			{"channel", list.Channels, r.index.Channels()},
			{"purpose", list.Purposes, r.index.Purposes()},
		} {
			for _, name := range names.said {
				if !slices.Contains(names.known, name) {
					return fault.New(fault.Usage, list.Path, "the list is for a %s that neither the configuration nor the exports know: %s",
						names.what, name).Hint("the %ss are %s", names.what, strings.Join(told(names.known), ", "))
				}
			}
		}
		for _, kind := range slices.Sorted(maps.Keys(list.Kinds)) { // the same one is told every time
			if list.Subject && r.catalog.Link != consentload.LinkNone && len(kinds) > 0 && !slices.Contains(kinds, kind) {
				return fault.New(fault.Guard, list.Path, "the list names people by %s, which --kinds leaves unread: it would reach nobody else", kind).
					Hint("add %s to --kinds, or say scope: identifier for the list in the configuration", kind)
			}
		}
	}
	return nil
}

func (r *filtering) loadOptions() (consentload.Options, error) {
	o := r.options
	options := consentload.Options{
		AsOf: r.asOf, AsOfIsNow: r.isNow, MaxBad: &o.maxBad, KeepBad: o.quarantine != "", Quarantine: o.onBadConsent == "quarantine",
		AcceptUnreadRefusals: o.acceptUnread, Digest: o.report != "",
	}
	if o.given("min-consent-rows") { // without it the sources have their own guards
		options.MinRows = o.minConsentRows
	}
	for _, kind := range o.kinds {
		options.Kinds = append(options.Kinds, consentload.Kind(strings.ToLower(strings.TrimSpace(kind))))
	}
	if o.maxConsentAge != "" {
		age, err := consentload.ParseDuration(o.maxConsentAge)
		if err != nil {
			return options, fault.New(fault.Usage, "", "--max-consent-age %q is no duration", o.maxConsentAge).
				Hint("write an integer with s, m, h, d or w, such as 26h")
		}
		options.MaxAge = age
	}
	return options, nil
}

// compile settles the cells and compiles the gates.
func (r *filtering) compile(context.Context) error {
	if len(r.options.channels) == 0 || r.options.purpose == "" {
		return r.offerCells()
	}
	contacts, err := r.contacts(r.options.channels)
	if err != nil {
		return r.unknownName("channel", err)
	}
	if len(r.columns) == 0 {
		if err := r.mapColumns(contacts); err != nil {
			return err
		}
	}
	purpose := r.catalog.PurposeName(r.options.purpose)
	for _, word := range r.options.channels {
		channel, _ := r.catalog.Channel(word)
		if r.index.Cell(channel.Name, purpose) == nil {
			return r.unknownName("purpose", nil)
		}
		r.gates = append(r.gates, filter.NewGate(r.index, channel, purpose, r.lists))
	}
	return nil
}
