package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cpm/consentload"
	"cpm/formats/fault"
)

// reachOptions are the flags of reach.
type reachOptions struct {
	consentFlags
	audienceFlags

	audience           string // a path, or "-" for standard input; empty: all that the consent holds
	channels, purposes []string
	csv                bool
	overwrite          bool

	args []string // the command as it was written
}

const reachLong = `Count whom each channel may reach for each purpose: permitted, refused, and unknown.

Counted are distinct contact identifiers: all that the consent holds of the channel's kind, or with AUDIENCE those that
stand in it, known to the consent or not. Of several reasons the first counts, as in filter:

  permitted   may be contacted; where the basis is opt_out, those by silence alone are told apart
  refused     withdrawn, denied, or on a suppression list
  otherwise   pending, notice_outdated, expired, unreadable_consent, shared_identifier
  unknown     no act covers them (no_consent)

A contact is asked under its digests too, as in filter; an audience may hold digests itself. Without AUDIENCE digests that
no identifier of the run gives in a declared form are left out, and said to be: one contact may have several.

The matrix goes to standard output, everything else to standard error. Nothing is kept of an audience but a bit for each
identifier of the consent, and the keys of each other one.

Exit codes: 0 done, 1 failed (I/O), 10 wrong usage or configuration, 11 input that cannot be trusted, 12 a guard stopped
the run (stale or empty consent, too few known), 130/143 interrupted.`

const reachExample = `  cpm reach --consent exports/
  cpm reach segment.csv --consent exports/ --channel sms,email --purpose promotion
  cpm reach --consent exports/ --csv > reach.csv`

// newReachCommand makes the command; written is what the user wrote.
func newReachCommand(std streams, written []string) *cobra.Command {
	o := &reachOptions{args: append([]string{"cpm"}, withoutOptions(written)...)}
	cmd := &cobra.Command{
		Use:     "reach [AUDIENCE]",
		Short:   "Count whom each channel may reach for each purpose",
		Long:    reachLong,
		Example: reachExample,
		Args:    oneAudienceAtMost,
	}
	o.bind(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			o.audience = args[0]
		} else if err := refuseAudienceFlags(cmd.Flags()); err != nil {
			return err
		}
		found, err := o.configured(cmd)
		if err != nil {
			return err
		}
		return runReach(cmd.Context(), std, o, found)
	}
	return cmd
}

func oneAudienceAtMost(_ *cobra.Command, args []string) error {
	if len(args) < 2 {
		return nil
	}
	return fault.New(fault.Usage, "", "reach takes one audience, and %d are named", len(args)).
		Hint(`quote patterns, so that the shell leaves them alone: --consent "exports/*.csv"`)
}

// refuseAudienceFlags refuses what the command line says of an audience that it does not name.
func refuseAudienceFlags(flags *pflag.FlagSet) error {
	var own pflag.FlagSet
	(&audienceFlags{}).bind(&own)
	var said []string
	own.VisitAll(func(flag *pflag.Flag) {
		if flags.Changed(flag.Name) {
			said = append(said, "--"+flag.Name)
		}
	})
	if len(said) == 0 {
		return nil
	}
	return fault.New(fault.Usage, "", "%s speaks of an audience, and none is named", strings.Join(said, ", ")).
		Hint("cpm reach segment.csv counts within one")
}

func (o *reachOptions) bind(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringSliceVar(&o.channels, "channel", nil, "these channels alone, with commas (default: all)")
	f.StringSliceVar(&o.purposes, "purpose", nil, "these purposes alone, with commas (default: all)")
	f.BoolVar(&o.csv, "csv", false, "the matrix as CSV, with every reason")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace a --quarantine file that exists")
	o.audienceFlags.bind(f)
	o.consentFlags.bind(f)
	o.bindIndex(f)
}

// runReach counts: what it reads, what it counts, what it says.
func runReach(ctx context.Context, std streams, o *reachOptions, found *configFile) (err error) {
	r, err := newReaching(std, o, found)
	if err != nil {
		return err
	}
	defer func() { err = r.end(err) }()
	for _, step := range []func(context.Context) error{
		r.openAudience, r.findSources, r.findDigests, r.loadLists, r.checkOutput, r.loadConsent, r.narrow, r.understand, r.survey,
		r.count, r.publish,
	} {
		if err := consentload.WhileMapped(func() error { return step(ctx) }); err != nil {
			return err
		}
	}
	return nil
}
