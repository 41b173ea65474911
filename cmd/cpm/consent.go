package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

// consentFlags are the flags of every command that reads consent.
type consentFlags struct {
	config, timezone, region, asOf string
	keyFile                        string

	consent        []string
	preset         string
	consentIDs     []string
	snapshotAt     string
	suppress       []string
	kinds          []string
	acceptUnread   bool
	onBadConsent   string
	quarantine     string
	maxBad         float64
	maxConsentAge  string
	memory         string
	minConsentRows int64

	index string // filter and reach: a file in place of the exports

	quiet, json, noProgress bool

	given func(flag string) bool // whether a flag was given, on any layer
	said  map[string]bool        // flags of the command line
}

func (o *consentFlags) bind(f *pflag.FlagSet) {
	f.StringArrayVar(&o.consent, "consent", nil, "consent exports: a file, folder or pattern (repeatable; default: the sources of the configuration)")
	f.StringVar(&o.preset, "preset", "", "the platform that wrote the exports of --consent (default: found by their columns; cpm presets list)")
	f.StringArrayVar(&o.consentIDs, "consent-id", nil, "which column of --consent holds which identifier, `KIND=COLUMN`, where the preset cannot know (repeatable)")
	f.StringVar(&o.snapshotAt, "snapshot-at", "", "of which instant exports without times are: a `TIME`, filename or manifest")
	f.StringArrayVar(&o.suppress, "suppress", nil, "a suppression list, `[CHANNEL:]PATH`, beside those of the configuration (repeatable)")
	f.StringVar(&o.asOf, "as-of", "", "the instant for which the verdicts hold (default: now)")
	f.StringVar(&o.timezone, "timezone", "", "the zone of times without one, such as Asia/Shanghai")
	f.StringVar(&o.region, "region", "", "the region of phone numbers without a country code (default CN)")
	f.StringSliceVar(&o.kinds, "kinds", nil, "read only these identifier kinds from the exports, with commas (default: all)")
	f.BoolVar(&o.acceptUnread, "accept-unread-refusals", false, "go on though --kinds leaves refusals unread")
	f.StringVar(&o.onBadConsent, "on-bad-consent", "stop", "at a consent record that cannot be read: stop, or quarantine it and suppress whom it names")
	f.StringVar(&o.quarantine, "quarantine", "", "where quarantined records go (a CSV; default: they are counted only)")
	f.Float64Var(&o.maxBad, "max-bad", 0.01, "the `SHARE` of a file's records, from 100 on, that may be quarantined")
	f.StringVar(&o.memory, "memory", usualMemory, "the memory that the acts of the exports may take, such as 512M or 2G; more go to a temporary file (TMPDIR)")
	f.StringVar(&o.maxConsentAge, "max-consent-age", "", "the oldest that the newest act may be, such as 26h or 2d")
	f.Int64Var(&o.minConsentRows, "min-consent-rows", 1, "the fewest rows of consent")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing but errors")
	f.BoolVar(&o.json, "json", false, "the summary as one JSON object")
	f.BoolVar(&o.noProgress, "no-progress", false, "no progress bar")
	f.StringVar(&o.keyFile, "key-file", "", "the `FILE` of the secret key of index files (cpm key new; default: the public key)")
	f.StringVar(&o.config, "config", "", "the configuration (default: CPM_CONFIG, else cpm.yaml)")
}

// configured reads the configuration that a command's flags name, and fills in the flags that the command line leaves
// out.
func (o *consentFlags) configured(cmd *cobra.Command) (*configFile, error) {
	return o.configuredIn(cmd.Flags())
}

// configuredIn does so for the flags alone that are to have layers.
func (o *consentFlags) configuredIn(flags *pflag.FlagSet) (*configFile, error) {
	found, err := readConfig(o.config)
	if err != nil {
		return nil, err
	}
	o.given, o.said = flags.Changed, map[string]bool{}
	flags.VisitAll(func(flag *pflag.Flag) { o.said[flag.Name] = flag.Changed })
	return found, layer(flags, found)
}

// consent is what a run takes its verdicts from, on its way: each step fills in what the next one needs.
type consent struct {
	places  formats.Files // where its files are
	flags   *consentFlags
	found   *configFile
	clock   time.Time
	catalog *consentload.Catalog
	asOf    consentload.Instant
	isNow   bool
	digest  bool // take the SHA-256 of every file that is read

	book    *consentload.AliasBook // which digests the raw identifiers have, where anything asks for them
	lists   []*consentload.List
	sources []consentload.Source
	leftOut []string             // sources of the configuration that --consent replaces
	size    int64                // bytes of the exports
	digests []consentload.KindID // hashed kinds that the exports have
	load    *consentload.Report
	index   *consentload.Index
	indexed *indexed                 // where an index file is asked; nil: the exports are
	watch   map[consentload.Key]bool // whose events are kept; nil: nobody's

	forIndex  bool                  // an index file is to be made
	previous  *consentload.Previous // that it is held to; nil: none
	maxShrink *float64              // the share of all rows that may be gone since; nil: any

	inputs   []os.FileInfo // what no output may replace
	warnings []string
}

// newConsent checks all that can be checked before a file is read.
func newConsent(files formats.Files, o *consentFlags, found *configFile, digest bool) (*consent, error) {
	c := &consent{places: files, flags: o, found: found, clock: time.Now(), digest: digest}
	if o.timezone != "" {
		found.Timezone = o.timezone
	}
	if o.region != "" {
		found.Region = o.region
	}
	var err error
	if c.catalog, err = consentload.NewCatalog(found.Config); err != nil {
		return nil, err
	}
	if err := c.useKey(); err != nil {
		return nil, err
	}
	c.book = consentload.NewAliasBook(c.catalog.Kinds)
	if err := o.settleIndex(); err != nil {
		return nil, err
	}
	if found.path != "" {
		c.mindInput(found.info)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := o.learn(files, found); err != nil {
		return nil, err
	}
	return c, c.readAsOf()
}

// check refuses words and numbers that mean nothing.
func (o *consentFlags) check() error {
	if o.onBadConsent != "stop" && o.onBadConsent != "quarantine" {
		return fault.New(fault.Usage, "", "--on-bad-consent %q is unknown", o.onBadConsent).Hint("it is stop or quarantine")
	}
	if o.quarantine != "" && o.onBadConsent != "quarantine" {
		return fault.New(fault.Usage, "", "--quarantine needs --on-bad-consent quarantine").
			Hint("without it the first record that cannot be read stops the run")
	}
	if o.minConsentRows < 0 {
		return fault.New(fault.Usage, "", "--min-consent-rows %d is below 0", o.minConsentRows)
	}
	return checkShare("max-bad", o.maxBad)
}

// checkShare refuses a flag that is no share.
func checkShare(flag string, share float64) error {
	if share >= 0 && share <= 1 {
		return nil
	}
	return fault.New(fault.Usage, "", "--%s %g is no share", flag, share).Hint("a share lies between 0 and 1: 0.05 is 5 %%")
}

// readAsOf settles the instant for which the verdicts hold.
func (c *consent) readAsOf() error {
	c.asOf, c.isNow = consentload.InstantOf(c.clock), true
	if c.flags.asOf == "" || c.flags.asOf == "now" {
		return nil
	}
	at, bad := consentload.NewTimeReader(c.catalog.Zone).Read([]byte(c.flags.asOf), consentload.Later)
	switch bad {
	case consentload.TimeOK:
		c.asOf, c.isNow = at, false
		return nil
	case consentload.TimeWithoutZone:
		return fault.New(fault.Usage, "", "--as-of has no zone, and none is declared").
			Hint("write %s+08:00 (or its zone), or add --timezone", c.flags.asOf)
	}
	return fault.New(fault.Usage, "", "--as-of %q is no time", c.flags.asOf).
		Hint("write it as 2026-11-01T00:00:00+08:00")
}

// mindInput notes a file that no output may replace.
func (c *consent) mindInput(info os.FileInfo) {
	if info != nil {
		c.inputs = append(c.inputs, info)
	}
}

// mindFile does so for a path and returns the file's size; 0 when it is not there, which its reader will tell.
func (c *consent) mindFile(ctx context.Context, path string) int64 {
	info, err := c.places.Stat(ctx, path)
	if err != nil {
		return 0
	}
	c.mindInput(info)
	return info.Size()
}

// mindStdout refuses to write standard output into one of the inputs.
func (c *consent) mindStdout(out io.Writer) error {
	file, ok := out.(*os.File)
	if !ok {
		return nil
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil //nolint:nilerr // what cannot be told apart here fails when it is written
	}
	for _, input := range c.inputs {
		if os.SameFile(info, input) {
			return fault.New(fault.Usage, "standard output", "the output is also an input").Hint("write to another file")
		}
	}
	return nil
}

// contacts returns the identifier kinds that channels need, each once.
func (c *consent) contacts(channels []string) ([]consentload.Kind, error) {
	var kinds []consentload.Kind
	for _, word := range channels {
		channel, known := c.catalog.Channel(word)
		if !known || channel.Contact == "" {
			return nil, fault.New(fault.Usage, "", "nobody has said which identifier the channel %s needs", word).
				Hint("declare it in the configuration: channels: {%s: {contact: phone}}", word)
		}
		if !slices.Contains(kinds, channel.Contact) {
			kinds = append(kinds, channel.Contact)
		}
	}
	return kinds, nil
}

// readConsent reads the sources into the index.
func (c *consent) readConsent(ctx context.Context, t *talk) error {
	options, err := c.loadOptions()
	if err != nil {
		return err
	}
	if c.indexed != nil {
		return c.askIndex(ctx, options)
	}
	var paths []string
	for _, source := range c.sources {
		paths = append(paths, source.Files...)
	}
	if err := c.fetch(ctx, t, paths); err != nil {
		return err
	}
	defer collectOften()()
	progress := &consentload.Progress{}
	options.Progress = progress
	stop := t.progress("consent", c.size, pulled{progress.Bytes.Load, progress.Rows.Load, "rows"})
	defer stop()
	c.index, c.load, err = consentload.Load(ctx, c.catalog.Noting(c.book), c.sources, options)
	if err != nil {
		return err
	}
	return c.checkLists(options.Kinds)
}

// kinds are the identifier kinds that are read; empty: all.
func (c *consent) kinds() []consentload.Kind {
	var kinds []consentload.Kind
	for _, kind := range c.flags.kinds {
		kinds = append(kinds, consentload.Kind(strings.ToLower(strings.TrimSpace(kind))))
	}
	return kinds
}

func (c *consent) loadOptions() (consentload.Options, error) {
	o := c.flags
	options := consentload.Options{
		Files: c.places,
		AsOf:  c.asOf, AsOfIsNow: c.isNow, MaxBad: &o.maxBad, KeepBad: o.quarantine != "", Quarantine: o.onBadConsent == "quarantine",
		AcceptUnreadRefusals: o.acceptUnread, Digest: c.digest, Watch: c.watch,
		Refusals: c.forIndex, Previous: c.previous, MaxShrink: c.maxShrink,
	}
	if o.given("min-consent-rows") { // without it the sources have their own guards
		options.MinRows = o.minConsentRows
	}
	options.Kinds = c.kinds()
	var err error
	if options.Memory, err = memorySize(o.memory); err != nil {
		return options, err
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

// unknownName tells the nearest name for a channel or purpose that neither the configuration nor the exports know.
func unknownName(what, word string, known []string) error {
	f := fault.New(fault.Usage, "", "neither the configuration nor the exports know the %s %q", what, word)
	f.Mend = "the " + what + "s are " + strings.Join(told(known), ", ")
	if near := consentload.Nearest(word, told(known)); near != "" {
		f.Mend = "did you mean " + near + "? " + f.Mend
	}
	if len(known) == 0 {
		f.Mend = "declare it in the configuration"
	}
	return f
}

// told makes names fit to be told: one that may be an identifier is replaced by its length.
func told(names []string) []string {
	fit := make([]string, len(names))
	for i, name := range names {
		fit[i] = consentload.Tell(name)
	}
	return fit
}

// warn notes what a user should know before sending.
func (c *consent) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(c.warnings, text) {
		c.warnings = append(c.warnings, text)
	}
}
