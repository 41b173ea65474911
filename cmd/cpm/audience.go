package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"cpm/consentload"
	"cpm/filter"
	"cpm/formats"
	"cpm/formats/fault"
)

// audienceFlags are the flags of every command that reads an audience.
type audienceFlags struct {
	ids        []string
	noHeader   bool
	encoding   string
	delimiter  string
	sheet      string
	minKnown   float64
	maxInvalid float64
}

func (o *audienceFlags) bind(f *pflag.FlagSet) {
	f.StringArrayVar(&o.ids, "id", nil, "which column holds which identifier, `KIND=COLUMN`, by name or as #1 (repeatable)")
	f.BoolVar(&o.noHeader, "no-header", false, "the first row is a recipient; columns go by position (#1)")
	f.StringVar(&o.encoding, "encoding", "", "of a text audience, such as gb18030 or utf-16 (default: told by its content)")
	f.StringVar(&o.delimiter, "delimiter", "", "of a text audience: comma, tab, semicolon, pipe or the `CHARACTER` (default: told by its content)")
	f.StringVar(&o.sheet, "sheet", "", "the sheet of a workbook, by name (default: the first visible one)")
	f.Float64Var(&o.minKnown, "min-known", 0.10, "the least `SHARE` of rows that stand in the consent, where silence means yes")
	f.Float64Var(&o.maxInvalid, "max-invalid", 0.50, "the largest `SHARE` of rows without a readable contact")
}

// check refuses shares that are none.
func (o *audienceFlags) check() error {
	if err := checkShare("min-known", o.minKnown); err != nil {
		return err
	}
	return checkShare("max-invalid", o.maxInvalid)
}

// guards are the guards that were given; the others have their usual shares.
func (o *audienceFlags) guards(given func(flag string) bool) filter.Guards {
	var guards filter.Guards
	if given("min-known") {
		guards.MinKnown = &o.minKnown
	}
	if given("max-invalid") {
		guards.MaxInvalid = &o.maxInvalid
	}
	return guards
}

// audience is a file of recipients on its way.
type audience struct {
	path    string // or "-" for standard input
	file    *formats.File
	table   string // the file's name, with that of the table where it is an archive
	reader  formats.Reader
	info    formats.Info // of the reader
	specs   []filter.IDSpec
	columns []filter.Column
	passed  []string // columns that a more specific name beat
}

// readIDs reads --id.
func (a *audience) readIDs(kinds *consentload.Kinds, ids []string) error {
	for _, text := range ids {
		kind, column, ok := strings.Cut(text, "=")
		if !ok || kind == "" || column == "" {
			return fault.New(fault.Usage, "", "--id %q is not KIND=COLUMN", text).Hint("such as --id phone=手机号 or --id phone=#2")
		}
		kind = strings.ToLower(strings.TrimSpace(kind))
		a.specs = append(a.specs, filter.IDSpec{Kind: consentload.Kind(kind), Column: column})
	}
	return filter.CheckSpecs(kinds, a.specs)
}

// open opens the audience, so that a wrong file is told before the consent is read.
func (a *audience) open(ctx context.Context, std streams, o *audienceFlags, c *consent) (err error) {
	if a.path == "-" {
		a.file = formats.Standard("standard input", newAbandonable(ctx, std.in))
	} else if a.file, err = c.places.Open(ctx, a.path, c.digest); err != nil {
		return err
	}
	if err := a.openTable(o); err != nil {
		return err
	}
	c.mindInput(a.file.Info())
	if stdin, ok := std.in.(*os.File); ok && a.path == "-" {
		if info, err := stdin.Stat(); err == nil && info.Mode().IsRegular() {
			c.mindInput(info)
		}
	}
	return nil
}

func (a *audience) mapColumns(kinds *consentload.Kinds, contacts []consentload.Kind) (err error) {
	for _, spec := range a.specs {
		if _, err := consentload.FindColumn(a.info.Columns, spec.Column); err != nil && partitionKey(a.path, spec.Column) {
			return fault.New(fault.Usage, a.path, "--id names %s, which is a key of the folders that hold the file, and no column of its rows", spec.Column).
				Hint("name a column of the rows, or write the key into them first")
		}
	}
	a.columns, a.passed, err = filter.MapColumns(kinds, a.info.Columns, a.specs, contacts)
	var f *fault.Error
	if errors.As(err, &f) && f.Where == "" {
		f.Where = a.table
	}
	return err
}

// close closes what is open.
func (a *audience) close() error {
	var err error
	if a.reader != nil {
		err = errors.Join(err, a.reader.Close())
	}
	if a.file != nil {
		err = errors.Join(err, a.file.Close())
	}
	return err
}
