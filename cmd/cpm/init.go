package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
	"cpm/testdata/example"
)

const exampleCommand = `cpm filter segment.csv --channel sms --purpose promotion --as-of 2026-11-01T00:00:00+08:00 --rejected segment.rejected.csv`

func newInitCommand() *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:     "init",
		Short:   "Write a commented cpm.yaml, or the example",
		Long:    "Write a commented cpm.yaml into the working folder, or with --example a folder with exports of six touchpoints,\na suppression list, a segment of 10,000 rows and the command to try. What exists is not overwritten.",
		Example: "  cpm init\n  cpm init --example demo",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if folder != "" {
				return writeExample(cmd, folder)
			}
			if err := writeNew(map[string][]byte{usualConfig: consentload.ExampleConfig()}); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s: name your channels and purposes in it, then try cpm config check\n", usualConfig)
			return err
		},
	}
	cmd.Flags().StringVar(&folder, "example", "", "write the example into this `DIR`")
	return cmd
}

func writeExample(cmd *cobra.Command, folder string) error {
	if _, err := os.Lstat(folder); err == nil {
		return fault.New(fault.Usage, folder, "the folder exists").Hint("name one that does not")
	}
	files := map[string][]byte{}
	err := fs.WalkDir(example.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[filepath.Join(folder, filepath.FromSlash(path))], err = example.Files.ReadFile(path)
		return err
	})
	if err != nil {
		return err
	}
	for path := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
	}
	if err := writeNew(files); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.ErrOrStderr(), "wrote the example to %s; its story is told in README.md. Try\n\n  cd %s && %s\n",
		folder, folder, exampleCommand)
	return err
}

// writeNew writes files that must not exist, all or none.
func writeNew(files map[string][]byte) (err error) {
	outputs := formats.NewOutputs(formats.OutputOptions{Mode: 0o644})
	defer func() { err = errors.Join(err, outputs.Abort()) }()
	for _, path := range sortedKeys(files) {
		if _, err := os.Lstat(path); err == nil {
			return fault.New(fault.Usage, path, "the file exists").Hint("move it away, or work in another folder")
		}
		output, err := outputs.Create(path)
		if err != nil {
			return err
		}
		if _, err := output.Write(files[path]); err != nil {
			return err
		}
	}
	return outputs.Commit()
}
