package main

import (
	"context"
	"encoding/csv"
	"io"
	"slices"

	"cpm/consentload"
	"cpm/formats"
)

// writeQuarantine writes the records that could not be read as a canonical export with three more columns, so that
// the file can be mended and loaded.
func (c *consent) writeQuarantine(outputs *formats.Outputs) error {
	if c.flags.quarantine == "" {
		return nil
	}
	output, err := outputs.CreatePrivate(c.flags.quarantine)
	if err != nil {
		return err
	}
	return writeBadRecords(output, c.load.Quarantined)
}

// quarantineAlone makes the outputs of a command that writes no file but the quarantined records, whose path it checks.
// Everything else goes to out, which must be none of the inputs either.
func (c *consent) quarantineAlone(ctx context.Context, out io.Writer, overwrite bool) (*formats.Outputs, error) {
	options := formats.OutputOptions{Overwrite: overwrite, Mode: 0o600, Inputs: c.inputs}
	if path := c.flags.quarantine; path != "" {
		if err := c.places.Check(ctx, path, options); err != nil {
			return nil, err
		}
	}
	return c.places.NewOutputs(ctx, options), c.mindStdout(out)
}

func writeBadRecords(w io.Writer, records []consentload.BadRecord) error {
	names := map[string]bool{}
	for _, record := range records {
		for name := range record.Values {
			names[name] = true
		}
	}
	columns := sortedKeys(names)
	out := csv.NewWriter(w)
	header := append(slices.Clone(columns), "cpm_file", "cpm_place", "cpm_problem")
	if err := out.Write(header); err != nil {
		return err
	}
	for _, record := range records {
		row := make([]string, 0, len(header))
		for _, name := range columns {
			row = append(row, record.Values[name])
		}
		problem := record.Problem
		if record.Column != "" {
			problem = record.Column + ": " + problem
		}
		if err := out.Write(append(row, record.File, record.Place, problem)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
