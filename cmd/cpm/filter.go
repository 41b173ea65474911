package main

import (
	"context"

	"github.com/spf13/cobra"

	"cpm/formats/fault"
)

// filterOptions are the flags of filter.
type filterOptions struct {
	config, timezone, region, asOf string

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
	minConsentRows int64

	channels   []string
	purpose    string
	ids        []string
	noHeader   bool
	match      string
	dedupe     string
	minKnown   float64
	maxInvalid float64

	output, rejected, report string
	overwrite                bool
	outputMode               string
	dryRun                   bool
	quiet, json, noProgress  bool

	given    func(flag string) bool // whether a flag was given, on any layer
	audience string                 // a path, or "-" for standard input
	args     []string               // the command as it was written
}

const filterLong = `Emit only the recipients of an audience who may be reached over a channel for a purpose.

The consent is read from exports, the latest act of each person decides, and every suppressed row gets its reason.
Kept rows come out byte for byte. Each output is whole or absent: after an error there is none. With "-" as output
rows go out as they come, so a code other than 0 means: discard what was received.

Exit codes: 0 done, 1 failed (I/O, disk full), 10 wrong usage or configuration, 11 input that cannot be trusted,
12 a guard stopped the run (stale, empty or shrunken consent, too few known), 130/143 interrupted.`

const filterExample = `  cpm filter segment.csv --consent exports/ --channel sms --purpose promotion
  cpm filter segment.csv --channel sms,email --purpose promotion --rejected "out/{channel}.rejected.csv" --report run.json
  cpm filter - --consent "exports/*.csv" --channel email --purpose promotion -o - < segment.csv > permitted.csv`

// newFilterCommand makes the command; written is what the user wrote, for the report.
func newFilterCommand(std streams, written []string) *cobra.Command {
	o := &filterOptions{args: append([]string{"cpm"}, written...)}
	cmd := &cobra.Command{
		Use:     "filter AUDIENCE",
		Short:   "Emit only the permitted recipients of an audience",
		Long:    filterLong,
		Example: filterExample,
		Args:    oneAudience,
	}
	o.bind(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		found, err := readConfig(o.config)
		if err != nil {
			return err
		}
		if err := layer(cmd.Flags(), found); err != nil {
			return err
		}
		o.audience, o.given = args[0], cmd.Flags().Changed
		return runFilter(cmd.Context(), std, o, found)
	}
	return cmd
}

// oneAudience refuses no audience, or several: what a shell made of an unquoted pattern must not become one.
func oneAudience(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return fault.New(fault.Usage, "", "filter needs an audience").
			Hint("cpm filter segment.csv --consent exports/ --channel sms --purpose promotion")
	case 1:
		return nil
	}
	return fault.New(fault.Usage, "", "filter takes one audience, and %d are named", len(args)).
		Hint(`quote patterns, so that the shell leaves them alone: --consent "exports/*.csv"`)
}

func (o *filterOptions) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVar(&o.channels, "channel", nil, "how the recipients are reached, such as sms; several with commas")
	f.StringVar(&o.purpose, "purpose", "", "why, such as promotion")
	f.StringArrayVar(&o.consent, "consent", nil, "consent exports: a file, folder or pattern (repeatable; default: the sources of the configuration)")
	f.StringVar(&o.preset, "preset", "", "the platform that wrote the exports of --consent (default: found by their columns; cpm presets list)")
	f.StringArrayVar(&o.consentIDs, "consent-id", nil, "which column of --consent holds which identifier, `KIND=COLUMN`, where the preset cannot know (repeatable)")
	f.StringVar(&o.snapshotAt, "snapshot-at", "", "of which instant exports without times are: a `TIME`, filename or manifest")
	f.StringArrayVar(&o.suppress, "suppress", nil, "a suppression list, `[CHANNEL:]PATH`, beside those of the configuration (repeatable)")
	f.StringVarP(&o.output, "output", "o", "", `permitted rows, or "-" (default: AUDIENCE with .permitted before its extensions)`)
	f.StringVar(&o.rejected, "rejected", "", "suppressed rows, with one more column, cpm_reason")
	f.StringVar(&o.report, "report", "", "evidence of the run, a .json file")
	f.StringArrayVar(&o.ids, "id", nil, "which column holds which identifier, `KIND=COLUMN`, by name or as #1 (repeatable)")
	f.BoolVar(&o.noHeader, "no-header", false, "the first row is a recipient; columns go by position (#1)")
	f.StringVar(&o.match, "match", "contact", "which identifiers of a row are asked: contact, all or any")
	f.StringVar(&o.dedupe, "dedupe", "", "permit each identifier or subject once: identifier or subject")
	f.StringVar(&o.asOf, "as-of", "", "the instant for which the verdicts hold (default: now)")
	f.StringVar(&o.timezone, "timezone", "", "the zone of times without one, such as Asia/Shanghai")
	f.StringVar(&o.region, "region", "", "the region of phone numbers without a country code (default CN)")
	f.StringSliceVar(&o.kinds, "kinds", nil, "read only these identifier kinds from the exports, with commas (default: all)")
	f.BoolVar(&o.acceptUnread, "accept-unread-refusals", false, "go on though --kinds leaves refusals unread")
	f.StringVar(&o.onBadConsent, "on-bad-consent", "stop", "at a consent record that cannot be read: stop, or quarantine it and suppress whom it names")
	f.StringVar(&o.quarantine, "quarantine", "", "where quarantined records go (a CSV; default: they are counted only)")
	f.Float64Var(&o.maxBad, "max-bad", 0.01, "the `SHARE` of a file's records, from 100 on, that may be quarantined")
	f.StringVar(&o.maxConsentAge, "max-consent-age", "", "the oldest that the newest act may be, such as 26h or 2d")
	f.Int64Var(&o.minConsentRows, "min-consent-rows", 1, "the fewest rows of consent")
	f.Float64Var(&o.minKnown, "min-known", 0.10, "the least `SHARE` of rows that stand in the consent, where silence means yes")
	f.Float64Var(&o.maxInvalid, "max-invalid", 0.50, "the largest `SHARE` of rows without a readable contact")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace outputs that exist")
	f.StringVar(&o.outputMode, "output-mode", "0600", "permissions of the outputs")
	f.BoolVar(&o.dryRun, "dry-run", false, "decide and count, and write nothing")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing but errors")
	f.BoolVar(&o.json, "json", false, "the summary as one JSON object")
	f.BoolVar(&o.noProgress, "no-progress", false, "no progress bar")
	f.StringVar(&o.config, "config", "", "the configuration (default: CPM_CONFIG, else cpm.yaml)")
}

// runFilter is the main job: what it reads, what it decides, what it writes, what it says.
func runFilter(ctx context.Context, std streams, o *filterOptions, found *configFile) (err error) {
	r, err := newFiltering(std, o, found)
	if err != nil {
		return err
	}
	defer func() { err = r.end(err) }()
	for _, step := range []func(context.Context) error{
		r.openAudience, r.loadLists, r.loadConsent, r.compile, r.understand, r.decide, r.publish,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
