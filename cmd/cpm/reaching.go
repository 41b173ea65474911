package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"cpm/consentload"
	"cpm/filter"
	"cpm/formats"
	"cpm/formats/fault"
)

// reaching is one run of reach on its way: each step fills in what the next one needs.
type reaching struct {
	*consent
	audience
	std     streams
	options *reachOptions
	talk    *talk

	channels []consentload.Channel
	purposes []string
	unheld   []string         // channels that nobody has an identifier for
	within   *filter.Contacts // nil: everybody in the consent
	cells    []filter.Reach
	outputs  *formats.Outputs
}

// newReaching checks all that can be checked before a file is read.
func newReaching(std streams, o *reachOptions, found *configFile) (*reaching, error) {
	if o.csv && o.json {
		return nil, fault.New(fault.Usage, "", "the matrix is CSV or JSON, not both").Hint("leave out --csv or --json")
	}
	c, err := newConsent(std.files, &o.consentFlags, found, false)
	if err != nil {
		return nil, err
	}
	r := &reaching{consent: c, std: std, options: o, talk: newTalk(std, &o.consentFlags, true)}
	if err := learn(std.files, &o.audience); err != nil {
		return nil, err
	}
	if err := o.audienceFlags.check(); err != nil {
		return nil, err
	}
	return r, r.readIDs(c.catalog.Kinds, o.ids)
}

// openAudience opens the audience, if there is one, so that a wrong file or column is told before the consent is read.
// Unless channels are named, those count whose identifier it has a column for.
func (r *reaching) openAudience(ctx context.Context) error {
	if r.options.audience == "" {
		return nil
	}
	r.path = r.options.audience
	if err := r.fetch(ctx, r.talk, []string{r.path}); err != nil {
		return err
	}
	if err := r.open(ctx, r.std, &r.options.audienceFlags, r.consent); err != nil {
		return err
	}
	contacts, err := r.contacts(r.options.channels)
	if err != nil {
		return nil //nolint:nilerr // a channel that nobody knows is looked at again when the exports are read
	}
	if len(r.options.channels) == 0 {
		contacts = r.heldContacts()
	}
	if err := r.mapColumns(r.catalog.Kinds, contacts); err != nil {
		return err
	}
	r.wantDigests(r.consent)
	return nil
}

// heldContacts returns the contact kinds that the audience has a column for, or one for their digests; all, when there is none.
func (r *reaching) heldContacts() []consentload.Kind {
	var held, all []consentload.Kind
	for _, channel := range r.catalog.Channels() {
		contact := channel.Contact
		all = append(all, contact)
		for _, kind := range append([]consentload.Kind{contact}, r.catalog.Kinds.Hashed(contact)...) {
			said := slices.ContainsFunc(r.specs, func(s filter.IDSpec) bool { return s.Kind == kind })
			if said || len(r.catalog.Kinds.MatchColumns(r.info.Columns, kind)) > 0 {
				held = append(held, contact)
				break
			}
		}
	}
	if len(held) == 0 {
		return all // whose first is told as missing
	}
	return held
}

// checkOutput refuses a quarantine file that could not be made.
func (r *reaching) checkOutput(ctx context.Context) (err error) {
	r.outputs, err = r.quarantineAlone(ctx, r.std.out, r.options.overwrite)
	return err
}

func (r *reaching) loadConsent(ctx context.Context) error { return r.readConsent(ctx, r.talk) }

// narrow settles the channels and purposes that are counted.
func (r *reaching) narrow(context.Context) error {
	var err error
	if r.purposes, err = r.purposesOf(r.options.purposes); err != nil {
		return err
	}
	if err := r.checkDigests(r.consent); err != nil {
		return err
	}
	if len(r.options.channels) > 0 {
		return r.narrowChannels()
	}
	for _, name := range r.index.Channels() {
		channel, known := r.catalog.Channel(name)
		switch {
		case !known || channel.Contact == "": // warned of already
		case r.reaches(channel.Contact):
			r.channels = append(r.channels, channel)
		default:
			r.unheld = append(r.unheld, channel.Name)
		}
	}
	return nil
}

func (r *reaching) narrowChannels() error {
	for _, word := range r.options.channels {
		if !slices.Contains(r.index.Channels(), r.catalog.ChannelName(word)) {
			return unknownName("channel", word, r.index.Channels())
		}
		if _, err := r.contacts([]string{word}); err != nil {
			return err
		}
		channel, _ := r.catalog.Channel(word)
		if !slices.Contains(r.channels, channel) {
			r.channels = append(r.channels, channel)
		}
	}
	return nil
}

// reaches reports whether there is anybody to count by a kind of identifier.
func (r *reaching) reaches(kind consentload.Kind) bool {
	if r.reader == nil {
		return !r.index.OfKind(kind).IsEmpty()
	}
	return slices.ContainsFunc(r.columns, func(c filter.Column) bool {
		raw, _ := r.catalog.Kinds.RawKind(c.Kind)
		return raw == kind
	})
}

// digestsLeftOut counts, by kind, the digests of contacts that are not counted: without an audience nobody knows of which
// contacts they are, and a contact may have several.
func (r *reaching) digestsLeftOut() map[consentload.Kind]int64 {
	left := map[consentload.Kind]int64{}
	if r.reader != nil {
		return left
	}
	contacts := []consentload.Kind{}
	for _, channel := range r.channels {
		contacts = append(contacts, channel.Contact)
	}
	for _, name := range r.unheld {
		channel, _ := r.catalog.Channel(name)
		contacts = append(contacts, channel.Contact)
	}
	for _, contact := range contacts {
		for _, kind := range r.catalog.Kinds.Hashed(contact) {
			if n := r.index.OfKind(kind).GetCardinality(); n > 0 {
				left[kind] = int64(n)
			}
		}
	}
	return left
}

func (r *reaching) understand(context.Context) error {
	r.noticeConsent()
	r.noticePurposes(r.purposes, r.options.purposes)
	r.talk.surveyed(r)
	return nil
}

// survey reads the audience.
func (r *reaching) survey(ctx context.Context) (err error) {
	if r.reader == nil {
		return nil
	}
	s := &filter.Survey{
		Name: r.table, Reader: r.reader, Kinds: r.catalog.Kinds, Index: r.index, Lists: r.lists, Columns: r.columns,
	}
	stop := r.talk.progress("audience", r.reader.Info().Size, pulled{r.reader.Done, s.Rows.Load, "rows"})
	r.within, err = s.Run(ctx)
	stop()
	if err != nil {
		return err
	}
	_, err = r.file.Evidence() // that nobody changed it meanwhile
	return err
}

// count compiles and counts one cell after the other.
func (r *reaching) count(ctx context.Context) error {
	for _, channel := range r.channels {
		for _, purpose := range r.purposes {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			cell, err := filter.NewGate(r.index, channel, purpose, r.lists).Reach(r.within)
			if err != nil {
				return err
			}
			cell.Purpose = r.tellPurpose(purpose, r.options.purposes)
			r.cells = append(r.cells, cell)
		}
	}
	if r.within == nil {
		return nil
	}
	return r.within.Check(r.options.guards(r.options.given), r.table, r.cells)
}

// publish writes the quarantined records and the matrix: a run that cannot tell what it counted leaves neither.
func (r *reaching) publish(context.Context) error {
	if err := r.indexUnchanged(); err != nil {
		return err
	}
	if err := r.writeQuarantine(r.outputs); err != nil {
		return err
	}
	if err := r.write(); err != nil {
		return err
	}
	if err := r.outputs.Commit(); err != nil {
		return err
	}
	r.talk.counted(r)
	return nil
}

func (r *reaching) write() error {
	switch report := r.report(); {
	case r.options.json:
		return report.WriteJSON(r.std.out)
	case r.options.csv:
		return report.WriteCSV(r.std.out)
	}
	t := matrix{
		asOf: localText(r.asOf, r.catalog.Zone), width: widthOf(r.std.out),
		colour: onTerminal(r.std.out) && os.Getenv("NO_COLOR") == "",
	}
	if r.file != nil {
		t.within = r.table
	}
	return t.write(r.std.out, r.cells)
}

func (r *reaching) report() *filter.ReachReport {
	report := &filter.ReachReport{
		Version: filter.ReachVersion, Tool: thisBuild(), Command: r.options.args, AsOf: r.asOf.String(), AsOfIsNow: r.isNow,
		Cells: []filter.ReachCell{}, LeftOut: append([]string{}, r.unheld...), Digests: r.digestsLeftOut(), Reasons: filter.ReachTerms(),
		Warnings: append([]string{}, r.warnings...),
	}
	if r.load.Newest != consentload.None {
		report.Newest = r.load.Newest.String()
	}
	if r.within != nil {
		report.Audience = filter.NewReachAudience(r.table, r.reader.Info().Format, r.within)
	}
	for i := range r.cells {
		report.Cells = append(report.Cells, filter.NewReachCell(&r.cells[i]))
	}
	return report
}

// end closes what is open and removes what was not published.
func (r *reaching) end(err error) error {
	err = errors.Join(err, r.close(), r.closeIndex())
	if r.outputs != nil {
		err = errors.Join(err, r.outputs.Abort())
	}
	return err
}

// surveyed tells what was understood before anything is counted.
func (t *talk) surveyed(r *reaching) {
	if r.reader != nil {
		t.audience(&r.audience, func(int) string { return "" })
	}
	t.say("cells", "%s × %s", counted(int64(len(r.channels)), "channel", "channels"),
		counted(int64(len(r.purposes)), "purpose", "purposes"))
	if len(r.options.channels)+len(r.options.purposes) > 0 {
		t.say("", "these alone, because --channel or --purpose (or a default of theirs) says so")
	}
	if len(r.unheld) > 0 {
		why := "the consent holds no identifier for"
		if r.reader != nil {
			why = "the audience has no column for"
		}
		t.say("", "left out, because %s them: %s", why, strings.Join(r.unheld, ", "))
	}
	left := r.digestsLeftOut()
	for _, kind := range sortedKeys(left) {
		raw, _ := r.catalog.Kinds.RawKind(kind)
		t.say("", "left out, because no %s that the run knows gives them in a declared form: %s", raw,
			counted(left[kind], "digest", "digests")+" ("+string(kind)+")")
	}
	t.consent(r.consent)
}

// counted tells what the audience held, and what is worth trying next.
func (t *talk) counted(r *reaching) {
	if r.within != nil {
		t.say("audience", "%s, %d of them malformed", rowsOf(r.within.Rows), r.within.Malformed)
		for _, column := range r.within.Columns {
			t.say("", "%s: %s readable, %s of them in the consent; %s empty, %s without a normal form", column.Kind,
				number(column.Readable), number(column.Known), number(column.Empty), number(column.Invalid))
		}
	}
	if r.flags.quarantine != "" {
		t.say("wrote", "%s", r.flags.quarantine)
	}
	t.say("took", "%s", time.Since(r.clock).Round(time.Millisecond).String())
	switch {
	case r.within == nil:
		t.say("next", "cpm reach AUDIENCE counts within an audience; cpm filter AUDIENCE writes whom it permits")
	case !r.options.csv:
		t.say("next", "--csv tells every reason; cpm filter %s writes whom a cell permits", r.table)
	}
}
