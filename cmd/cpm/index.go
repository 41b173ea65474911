package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

func newIndexCommand(std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "index",
		Short: "Build, describe or check an index file",
		Args:  noCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newIndexBuildCommand(std), newIndexInspectCommand(std.files), newIndexVerifyCommand(std.files))
	return cmd
}

// buildOptions are the flags of index build.
type buildOptions struct {
	consentFlags
	previousFlags

	output    string
	digests   []string
	overwrite bool
}

const buildLong = `Build an index file of consent exports, for cpm filter --index and cpm reach --index.

It holds facts under one configuration, and no raw identifier: keys are hashes. Suppression lists, the basis and the
guards are no part of it: every run reads them anew. What shaped the facts (link, max_links, kinds, star_grants, region,
zone, mappings, ignore, valid_for, notices and their minimum) must be in a run as it was at the build.

An index answers from its as-of up to the first act that it left out. Without a key of your own (cpm key new) it is made
with a public one: whoever has the file can find out by trying which phone numbers are in it.

With --previous a build is held to the one before: nobody's refusal may vanish without a newer grant, whether the row is
gone, dated anew, or no longer linked. The build then stops and tells how many refusals are missing in which cell.
--lost-refusals keep carries them over by their keys, so that an erased person stays suppressed, build after build;
accept lets them go. A source may have lost no more rows than its max_shrink, and all together no more than --max-shrink.

Exit codes: 0 done, 1 failed (I/O), 10 wrong usage or configuration, 11 input that cannot be trusted, 12 a guard stopped
the build (stale, empty or shrunken consent, refusals that have vanished), 130/143 interrupted.`

func newIndexBuildCommand(std streams) *cobra.Command {
	o := &buildOptions{}
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build an index file of consent exports",
		Long:  buildLong,
		Example: "  cpm index build --consent exports/ -o monday.cpmx\n" +
			"  cpm index build --consent exports/ --previous monday.cpmx -o tuesday.cpmx\n" +
			"  cpm filter segment.csv --index tuesday.cpmx --channel sms --purpose promotion",
		Args: noArguments,
	}
	o.bind(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		found, err := o.configuredIn(o.layered(cmd.Flags()))
		if err != nil {
			return err
		}
		return runBuild(cmd.Context(), std, o, found)
	}
	return cmd
}

func (o *buildOptions) bind(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVarP(&o.output, "output", "o", "", "the index `FILE`")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace outputs that exist")
	f.StringSliceVar(&o.digests, "digests", nil, "hashed kinds, such as phone_sha256, by which audiences or lists are to be found, with commas")
	o.previousFlags.bind(f)
	all := pflag.NewFlagSet("build", pflag.ContinueOnError)
	o.consentFlags.bind(all)
	all.VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "suppress" { // every run reads lists anew
			f.AddFlag(flag)
		}
	})
}

// layered are the flags that a configuration or the environment may give: those that say what is read. An output of the
// configuration is that of filter.
func (o *buildOptions) layered(all *pflag.FlagSet) *pflag.FlagSet {
	some := pflag.NewFlagSet("index build", pflag.ContinueOnError)
	all.VisitAll(func(flag *pflag.Flag) {
		switch flag.Name {
		case "output", "overwrite", "digests", "previous", "max-shrink":
		default:
			some.AddFlag(flag)
		}
	})
	return some
}

// runBuild reads the exports and writes the index.
func runBuild(ctx context.Context, std streams, o *buildOptions, found *configFile) (err error) {
	b, err := newBuilding(std, o, found)
	if err != nil {
		return err
	}
	defer func() { err = b.end(err) }()
	for _, step := range []func(context.Context) error{b.findSources, b.openPrevious, b.findDigests, b.checkOutput, b.loadConsent, b.write} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func newIndexInspectCommand(files formats.Files) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "inspect FILE",
		Short:   "Tell what an index file holds",
		Example: "  cpm index inspect consent.cpmx\n  cpm index inspect consent.cpmx --json",
		Args:    oneIndex,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			return withIndex(cmd.Context(), files, args[0], func(s *consentload.Snapshot) error {
				if asJSON {
					return writeIndexJSON(cmd.OutOrStdout(), s)
				}
				return writeIndexText(cmd.OutOrStdout(), s)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	return cmd
}

func newIndexVerifyCommand(files formats.Files) *cobra.Command {
	return &cobra.Command{
		Use:     "verify FILE",
		Short:   "Hold every byte of an index file to its checksum",
		Long:    "Hold every byte of an index file to its checksum.\n\nExit codes: 0 every byte is as it was written, 11 it is not, or this is no index.",
		Example: "  cpm index verify consent.cpmx",
		Args:    oneIndex,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			return withIndex(cmd.Context(), files, args[0], func(s *consentload.Snapshot) error {
				if err := s.Verify(cmd.Context()); err != nil {
					return err
				}
				return writeVerified(cmd.OutOrStdout(), s)
			})
		},
	}
}

func oneIndex(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return fault.New(fault.Usage, "", "%s needs one index file, and %d are named", cmd.CommandPath(), len(args)).
		Hint("%s consent.cpmx", cmd.CommandPath())
}
