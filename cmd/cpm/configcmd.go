package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"cpm/consentload"
)

func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check the configuration, or print its schema",
		Args:  noCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConfigCheckCommand(), newConfigSchemaCommand())
	return cmd
}

func newConfigCheckCommand() *cobra.Command {
	var path string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Read cpm.yaml and tell every error in it, with its line",
		Example: "  cpm config check\n  cpm config check --config night/cpm.yaml",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := mustReadConfig(path)
			if err != nil {
				return err
			}
			catalog, err := consentload.NewCatalog(found.Config)
			if err != nil {
				return err
			}
			if err := checkDefaults(found); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{
					"path": found.path, "sha256": found.sum, "channels": len(catalog.Channels()),
					"purposes": len(catalog.Purposes()), "sources": len(found.Sources), "lists": len(found.Suppression),
				})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is in order: %d channels, %d purposes, %d sources, %d suppression lists\n",
				found.path, len(catalog.Channels()), len(catalog.Purposes()), len(found.Sources), len(found.Suppression))
			return err
		},
	}
	cmd.Flags().StringVar(&path, "config", "", "the configuration (default: CPM_CONFIG, else cpm.yaml)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	return cmd
}

func newConfigSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON schema of cpm.yaml, for editors",
		Example: "  cpm config schema > cpm.schema.json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(consentload.ConfigSchema())
			return err
		},
	}
}
