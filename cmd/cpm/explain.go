package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cpm/formats/fault"
)

// explainOptions are the flags of explain.
type explainOptions struct {
	consentFlags

	channels, purposes []string
	show               bool
	overwrite          bool

	identifier string // KIND or KIND=VALUE
}

const explainLong = `Tell why a person gets the verdicts that they get: for each channel and purpose the verdict with its reason, and from the
exports every event that decided, was answered or was overruled, by which rule, with file and line.

  cpm explain phone          asks for the phone without showing it; where standard input is no terminal, its one
                             line is read
  cpm explain phone=VALUE    works too, but leaves the phone in the history of the shell

The person is all identifiers that belong together. They are told masked (+86138******01, a***@example.com), so that the
text can be passed on; --show tells them in clear. Where a person has no identifier of the kind that a channel needs, the
one that was asked for is weighed instead, and the text says so.

A phone is found under its digests too, and a digest may be asked for (phone_sha256): under a declared form both are one;
under another one, only what speaks against contacting counts, and the text says so.

The exports are read into memory, twice where several identifiers belong to the person: once to know them, once for
their events. The events are weighed one by one, and the run fails if that does not come to the verdict of filter.

The explanation goes to standard output, everything else to standard error.

Exit codes: 0 done, also for a person whom the consent does not know, 1 failed (I/O), 10 wrong usage or configuration,
11 input that cannot be trusted, 12 a guard stopped the run (stale or empty consent), 130/143 interrupted.`

const explainExample = `  cpm explain phone --consent exports/
  cpm explain email --consent exports/ --channel email --purpose promotion < address.txt
  cpm explain customer_id --consent exports/ --json --show < id.txt`

func newExplainCommand(std streams) *cobra.Command {
	o := &explainOptions{}
	cmd := &cobra.Command{
		Use:     "explain KIND[=VALUE]",
		Short:   "Tell why a person gets the verdicts that they get",
		Long:    explainLong,
		Example: explainExample,
		Args:    oneIdentifier,
	}
	o.bind(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		found, err := o.configured(cmd)
		if err != nil {
			return err
		}
		o.identifier = args[0]
		return runExplain(cmd.Context(), std, o, found)
	}
	return cmd
}

// oneIdentifier refuses none, or several; what was written may be an identifier and is not told.
func oneIdentifier(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	what := "explain needs the kind of an identifier"
	if len(args) > 1 {
		what = "explain takes one identifier"
	}
	return fault.New(fault.Usage, "", "%s", what).Hint("cpm explain phone --consent exports/ asks for the phone")
}

func (o *explainOptions) bind(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringSliceVar(&o.channels, "channel", nil, "these channels alone, with commas (default: all)")
	f.StringSliceVar(&o.purposes, "purpose", nil, "these purposes alone, with commas (default: all)")
	f.BoolVar(&o.show, "show", false, "tell identifiers in clear (default: masked)")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace a --quarantine file that exists")
	o.consentFlags.bind(f)
}

// runExplain explains: whom it is asked for, what it reads, what it weighs, what it says.
func runExplain(ctx context.Context, std streams, o *explainOptions, found *configFile) (err error) {
	r, err := newExplaining(std, o, found)
	if err != nil {
		return err
	}
	defer func() { err = r.end(err) }()
	for _, step := range []func(context.Context) error{
		r.ask, r.findSources, r.findDigests, r.loadLists, r.checkOutput, r.loadConsent, r.narrow, r.understand, r.explain, r.publish,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
