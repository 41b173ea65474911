package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"cpm/formats/fault"
)

const greeting = `cpm lets a message reach only those who may be reached.

  cpm filter segment.csv --consent exports/ --channel sms --purpose promotion
                             keep the recipients who may be texted for a promotion
  cpm init --example demo    write an example with its command, to try it out
`

// run is the whole command: arguments and streams in, exit code out.
func run(ctx context.Context, args []string, std streams) int {
	root := newRootCommand(std, args)
	root.SetArgs(args)
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := errors.Join(root.ExecuteContext(ctx), std.files.Close())
	var stopped interruption
	if err != nil && errors.As(context.Cause(ctx), &stopped) {
		err = stopped // whatever it was that noticed it
	}
	if err != nil {
		tell(std.err, err)
	}
	return exitCode(ctx, err)
}

func newRootCommand(std streams, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "cpm",
		Short: "The consent gate between an audience and the send button",
		Long: "cpm loads consent exports into an in-memory index, streams an audience through it, and emits only the\n" +
			"recipients who may be reached over a channel for a purpose.",
		Args:              noCommand,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), greeting)
			return err
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fault.New(fault.Usage, "", "%s", err).Hint("%s --help lists the flags", cmd.CommandPath())
	})
	root.AddCommand(
		newFilterCommand(std, args),
		newReachCommand(std, args),
		newIndexCommand(std),
		newKeyCommand(),
		newExplainCommand(std),
		newInspectCommand(std),
		newPresetsCommand(),
		newConfigCommand(),
		newInitCommand(),
		newVersionCommand(),
	)
	return root
}

// noCommand refuses a word that is no command, with the nearest one.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	f := fault.New(fault.Usage, "", "%q is no command of cpm", args[0]).Hint("cpm --help lists the commands")
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		f.Mend = "did you mean cpm " + strings.Join(near, " or cpm ") + "?"
	}
	return f
}

// noArguments refuses any.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fault.New(fault.Usage, "", "%s takes no argument, and %d are named", cmd.CommandPath(), len(args)).
		Hint("%s --help shows how it is called", cmd.CommandPath())
}

// tell prints an error once, with its mend on a line of its own. Of several, each.
func tell(w io.Writer, err error) {
	for _, one := range apart(err) {
		_, _ = fmt.Fprintf(w, "cpm: %s\n", one) // a stream that cannot be written to cannot be told so
		var f *fault.Error
		if errors.As(one, &f) && f.Mend != "" {
			_, _ = fmt.Fprintf(w, "     → %s\n", f.Mend)
		}
	}
}

// apart takes joined errors apart.
func apart(err error) []error {
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) || len(many.Unwrap()) == 0 {
		return []error{err}
	}
	var all []error
	for _, one := range many.Unwrap() {
		all = append(all, apart(one)...)
	}
	return all
}
