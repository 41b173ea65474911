package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"cpm/formats"
	"cpm/formats/fault"
)

// openTable opens the table of the audience: the file, or the one that a zip archive holds.
func (a *audience) openTable(flags *audienceFlags) (err error) {
	o := formats.Options{NoHeader: flags.noHeader, Encoding: flags.encoding, Sheet: flags.sheet}
	if flags.delimiter != "" {
		if o.Delimiter, err = formats.ParseDelimiter(flags.delimiter); err != nil {
			return err
		}
	}
	tables, err := a.file.Tables()
	if err != nil {
		return err
	}
	if len(tables) != 1 {
		return severalTables(a.file.Name, tables)
	}
	a.table = tables[0].Name
	if a.reader, err = formats.Open(tables[0], o); err != nil {
		return err
	}
	a.info = a.reader.Info()
	return nil
}

// severalTables refuses an archive that does not hold one table: which of them is the audience is not for a guess.
func severalTables(archive string, tables []formats.Input) error {
	if len(tables) == 0 {
		return fault.New(fault.Input, archive, "the archive holds no table").Hint("name the file that lists the recipients")
	}
	const shown = 5
	var names []string
	for _, table := range tables[:min(len(tables), shown)] {
		names = append(names, strings.TrimPrefix(table.Name, archive+"/"))
	}
	if more := len(tables) - shown; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return fault.New(fault.Usage, archive, "the archive holds %d tables, and an audience is one: %s", len(tables), strings.Join(names, ", ")).
		Hint("unpack it and name one of them")
}

// checkNames refuses outputs whose names ask for what is not made, before anything is read at length.
func (r *filtering) checkNames(p *passage) error {
	if how, err := formats.Compression(r.targets.quarantine); err != nil || how != "" {
		return fault.New(fault.Usage, r.targets.quarantine, "quarantined records are not compressed").Hint("name a .csv file")
	}
	to, info := r.options.to, p.reader.Info()
	written := info.Format
	if named := formatNamed("." + to); named != "" {
		written = named
	}
	for _, d := range append(append([]destination{p.annotated}, p.rejected...), p.permitted...) {
		path := d.path()
		how, err := formats.Compression(path)
		if err != nil {
			return err
		}
		if how != "" && info.Packed {
			return fault.New(fault.Usage, path, "%s is compressed by itself, and is not put into %s", written, how).
				Hint("name the output without it")
		}
		switch named := formatNamed(path); {
		case to == "" && named != "" && named != written:
			return fault.New(fault.Usage, path, "the output is named as %s, and the audience is %s", named, written).
				Hint("give it the extension of the audience, or name the format with --to")
		case to != "" && named != "" && named != written, !holdsKind(path, to):
			return fault.New(fault.Usage, path, "the output is named as %s, and --to is %s", named, to).
				Hint("give it the extension .%s, or leave out -o", to)
		}
	}
	return nil
}

// formatNamed is the format that the extension of an output stands for; empty for one that stands for none.
func formatNamed(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv", ".tsv":
		return "CSV"
	case ".parquet":
		return "Parquet"
	case ".arrow", ".arrows", ".feather", ".ipc":
		return "Arrow"
	case ".xlsx":
		return "XLSX"
	case ".jsonl", ".ndjson":
		return "JSON"
	}
	return ""
}

// holdsKind reports whether a name may stand for the kind of Arrow that --to says: an .arrows is a stream, a .feather a file.
func holdsKind(path, to string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".arrows":
		return to != "arrow"
	case ".feather":
		return to != "arrows"
	}
	return true
}
