package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

// inspectOptions are the flags of inspect.
type inspectOptions struct {
	encoding, delimiter, sheet string
	noHeader                   bool
	region, timezone, config   string
	full, json, noProgress     bool
}

const inspectLong = `Tell what cpm makes of files before anybody uses them: format, encoding and compression, the columns with the
identifiers that they hold, what each file could be (an audience, a consent export, a suppression list) and what is
still missing for it, and the rows that cannot be read, by place and cause.

The first 10,000 rows are looked at; with --full all of them. No value that is or may be an identifier is ever told.
"-" is standard input. The tables of a zip archive are told one after the other.

Exit codes: 0 every file could be read, 1 failed (I/O), 10 wrong usage or configuration, 11 a file that cannot be
trusted; the other files are told all the same.`

const inspectExample = `  cpm inspect segment.csv
  cpm inspect exports/*.csv --timezone Asia/Shanghai --full
  cpm inspect list.xlsx --sheet 名单 --json`

func newInspectCommand(std streams) *cobra.Command {
	o := &inspectOptions{}
	cmd := &cobra.Command{
		Use:     "inspect FILE…",
		Short:   "Tell what cpm makes of a file, before anybody uses it",
		Long:    inspectLong,
		Example: inspectExample,
		Args:    someFiles,
	}
	o.bind(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		found, err := readConfig(o.config)
		if err != nil {
			return err
		}
		if err := layer(placeFlags(cmd.Flags()), found); err != nil {
			return err
		}
		i, err := newInspecting(std, o, found)
		if err != nil {
			return err
		}
		return runInspect(cmd.Context(), i, args)
	}
	return cmd
}

func (o *inspectOptions) bind(f *pflag.FlagSet) {
	f.SortFlags = false
	f.BoolVar(&o.full, "full", false, "look at all rows (default: the first 10,000)")
	f.BoolVar(&o.json, "json", false, "one JSON array with an object for each file")
	f.BoolVar(&o.noHeader, "no-header", false, "the first row is data; columns go by position (#1)")
	f.StringVar(&o.encoding, "encoding", "", "of texts, such as gb18030 or utf-16 (default: told by their content)")
	f.StringVar(&o.delimiter, "delimiter", "", "of texts: comma, tab, semicolon, pipe or the `CHARACTER` (default: told by their content)")
	f.StringVar(&o.sheet, "sheet", "", "the sheet of a workbook, by name (default: the first visible one)")
	f.StringVar(&o.timezone, "timezone", "", "the zone of times without one, such as Asia/Shanghai")
	f.StringVar(&o.region, "region", "", "the region of phone numbers without a country code (default CN)")
	f.BoolVar(&o.noProgress, "no-progress", false, "no progress bar")
	f.StringVar(&o.config, "config", "", "the configuration (default: CPM_CONFIG, else cpm.yaml)")
}

// placeFlags are the flags that may come from the configuration's defaults too. What those say of an audience, its
// encoding or sheet, does not hold of any other file.
func placeFlags(all *pflag.FlagSet) *pflag.FlagSet {
	some := pflag.NewFlagSet("inspect", pflag.ContinueOnError)
	some.AddFlag(all.Lookup("timezone"))
	some.AddFlag(all.Lookup("region"))
	return some
}

func someFiles(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fault.New(fault.Usage, "", "inspect needs a file").Hint(`cpm inspect segment.csv, or "-" for standard input`)
	}
	if first := slices.Index(args, "-"); first >= 0 && slices.Contains(args[first+1:], "-") {
		return fault.New(fault.Usage, "", "standard input is named twice, and can be read once").Hint(`name "-" once`)
	}
	return nil
}

// runInspect tells the files one after the other, whatever became of those before.
func runInspect(ctx context.Context, i *inspecting, paths []string) error {
	for _, path := range paths {
		if err := i.file(ctx, path); err != nil {
			return err
		}
	}
	return i.end()
}

// readOptions says what cannot be seen from the bytes.
func (o *inspectOptions) readOptions() (formats.Options, error) {
	options := formats.Options{NoHeader: o.noHeader, Encoding: o.encoding, Sheet: o.sheet}
	if o.delimiter == "" {
		return options, nil
	}
	var err error
	options.Delimiter, err = formats.ParseDelimiter(o.delimiter)
	return options, err
}

// placed gives the configuration the zone and region of the command line.
func (o *inspectOptions) placed(found *configFile) (*consentload.Catalog, error) {
	if o.timezone != "" {
		found.Timezone = o.timezone
	}
	if o.region != "" {
		found.Region = o.region
	}
	return consentload.NewCatalog(found.Config)
}
