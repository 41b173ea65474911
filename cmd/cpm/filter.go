package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cpm/consentload"
	"cpm/formats/fault"
)

// filterOptions are the flags of filter.
type filterOptions struct {
	consentFlags
	audienceFlags

	audiences []string // files, folders and patterns, or "-" for standard input

	channels []string
	purpose  string
	match    string
	dedupe   string

	output, rejected, annotate, report string
	to                                 string

	overwrite  bool
	outputMode string
	dryRun     bool

	args []string // the command as it was written
}

const filterLong = `Emit only the recipients of an audience who may be reached over a channel for a purpose.

The consent is read from exports, the latest act of each person decides, and every suppressed row gets its reason.
Kept rows come out byte for byte, in the audience's own format and encoding; an output named .gz or .zst is compressed.
Each output is whole or absent: after an error there is none. With "-" as output rows go out as they come, so a code
other than 0 means: discard what was received.

AUDIENCE is a file, - for standard input, a folder or a pattern; several come before the flags. A folder gives the same
tree, FOLDER.permitted or as -o names it, all or nothing. Of several files, -o, --rejected and --annotate name a folder
for them, or hold {name}, which stands for the name of each without extensions. --dedupe counts over all.

--annotate keeps every row, with its verdict in one more column: cpm_verdict, or one for each channel, such as
cpm_sms_promotion. It is for whoever cuts by the verdict, so the permitted rows are then written only where -o is given.

Exit codes: 0 done, 1 failed (I/O, disk full), 10 wrong usage or configuration, 11 input that cannot be trusted,
12 a guard stopped the run (stale, empty or shrunken consent, too few known), 130/143 interrupted.`

const filterExample = `  cpm filter segment.csv --consent exports/ --channel sms --purpose promotion
  cpm filter segment.csv --channel sms,email --purpose promotion --rejected "out/{channel}.rejected.csv" --report run.json
  cpm filter - --consent "exports/*.csv" --channel email --purpose promotion -o - < segment.csv > permitted.csv
  cpm filter segment.csv --channel sms,email --purpose promotion --annotate verdicts.csv
  cpm filter segments/ --channel sms --purpose promotion --dedupe identifier -o texted/`

// newFilterCommand makes the command; written is what the user wrote, for the report.
func newFilterCommand(std streams, written []string) *cobra.Command {
	o := &filterOptions{args: append([]string{"cpm"}, withoutOptions(written)...)}
	cmd := &cobra.Command{
		Use:     "filter AUDIENCE…",
		Short:   "Emit only the permitted recipients of an audience",
		Long:    filterLong,
		Example: filterExample,
		Args:    someAudience,
	}
	o.bind(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		found, err := o.configured(cmd)
		if err != nil {
			return err
		}
		o.audiences = args
		if err := o.checkOrder(); err != nil {
			return err
		}
		return runFilter(cmd.Context(), std, o, found)
	}
	return cmd
}

// someAudience refuses none.
func someAudience(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fault.New(fault.Usage, "", "filter needs an audience").
			Hint("cpm filter segment.csv --consent exports/ --channel sms --purpose promotion")
	}
	return nil
}

// checkOrder refuses several audiences that do not all stand before the first flag: what a shell made of an unquoted
// --consent exports/*.csv must not become audiences, and be missing among the exports.
func (o *filterOptions) checkOrder() error {
	first := slices.Index(o.args, "filter") + 1
	flag := slices.IndexFunc(o.args[first:], func(word string) bool { return len(word) > 1 && word[0] == '-' })
	if len(o.audiences) < 2 || flag < 0 || flag >= len(o.audiences) {
		return nil
	}
	return fault.New(fault.Usage, "", "%d audiences are named, and not all of them before the first flag", len(o.audiences)).
		Hint(`name them first; and quote patterns, so that the shell leaves them alone: --consent "exports/*.csv"`)
}

func (o *filterOptions) bind(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringSliceVar(&o.channels, "channel", nil, "how the recipients are reached, such as sms; several with commas")
	f.StringVar(&o.purpose, "purpose", "", "why, such as promotion")
	f.StringVarP(&o.output, "output", "o", "", `permitted rows, or "-" (default: AUDIENCE with .permitted before its extensions; of a folder FOLDER.permitted)`)
	f.StringVar(&o.rejected, "rejected", "", "suppressed rows, with one more column, cpm_reason")
	f.StringVar(&o.annotate, "annotate", "", `every row, with one more column a channel, the verdict, or "-"; without -o no file of permitted rows`)
	f.StringVar(&o.to, "to", "", "write the rows in another `FORMAT`: csv, jsonl, parquet, arrow, arrows (a stream) or xlsx (default: the audience's own)")
	f.StringVar(&o.report, "report", "", "evidence of the run, a .json file")
	f.StringVar(&o.match, "match", "contact", "which identifiers of a row are asked: contact, all or any")
	f.StringVar(&o.dedupe, "dedupe", "", "permit each identifier or subject once: identifier or subject")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace outputs that exist")
	f.StringVar(&o.outputMode, "output-mode", "0600", "permissions of the outputs")
	f.BoolVar(&o.dryRun, "dry-run", false, "decide and count, and write nothing")
	o.audienceFlags.bind(f)
	o.consentFlags.bind(f)
	o.bindIndex(f)
}

// runFilter is the main job: what it reads, what it decides, what it writes, what it says.
func runFilter(ctx context.Context, std streams, o *filterOptions, found *configFile) (err error) {
	r, err := newFiltering(ctx, std, o, found)
	if err != nil {
		return err
	}
	defer func() { err = r.end(err) }()
	for _, step := range []func(context.Context) error{
		r.openAudiences, r.findSources, r.findDigests, r.loadLists, r.checkOutputs, r.loadConsent, r.compile, r.understand, r.decide, r.publish,
	} {
		if err := consentload.WhileMapped(func() error { return step(ctx) }); err != nil {
			return err
		}
	}
	return nil
}
