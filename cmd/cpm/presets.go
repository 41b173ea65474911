package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"cpm/consentload"
	"cpm/formats/fault"
)

func newPresetsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "presets",
		Short: "List or show the mappings of platforms that ship with cpm",
		Args:  noCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPresetsListCommand(), newPresetsShowCommand())
	return cmd
}

// shownPreset is a preset in the list.
type shownPreset struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Source  string   `json:"source,omitempty"`
	Caveats []string `json:"caveats,omitempty"`
}

func newPresetsListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the presets, a line each",
		Example: "  cpm presets list\n  cpm presets list --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []shownPreset
			for _, name := range consentload.PresetNames() {
				m, err := consentload.Preset(name)
				if err != nil {
					return err
				}
				all = append(all, shownPreset{m.Name, m.Title, m.Source, m.Caveats})
			}
			if asJSON {
				return newEncoder(cmd.OutOrStdout()).Encode(all)
			}
			for _, one := range all {
				mark := ' '
				if len(one.Caveats) > 0 {
					mark = '*'
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%-18s%c %s\n", one.Name, mark, one.Title); err != nil {
					return err
				}
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "\n* with something that is not sure: cpm presets show NAME tells what")
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON array")
	return cmd
}

func newPresetsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Print the mapping of a preset, to read or to start one of your own from",
		Example: "  cpm presets show mailchimp\n  cpm presets show hubspot-optout > crm.mapping.yaml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return fault.New(fault.Usage, "", "presets show needs the name of one preset").Hint("cpm presets list names them all")
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := consentload.PresetText(args[0])
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}
