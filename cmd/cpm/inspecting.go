package main

import (
	"context"
	"errors"
	"os"

	"cpm/consentload"
	"cpm/filter"
	"cpm/formats"
	"cpm/formats/fault"
)

// inspectedRows are the rows that inspect looks at, unless it looks at all.
const inspectedRows = 10_000

// inspectedFile is what is told of a file.
type inspectedFile struct {
	Path       string            `json:"path"`
	Size       int64             `json:"size"` // bytes; -1 when unknown
	Tables     []*inspectedTable `json:"tables"`
	PassedOver []string          `json:"passed_over"` // files of an archive
	Fault      *toldFault        `json:"fault"`       // null: it could be read
}

// inspectedTable is what is told of a table: of the file itself, or of one in an archive.
type inspectedTable struct {
	Name      string        `json:"name"`
	Format    string        `json:"format"`
	Detail    string        `json:"detail"`
	RowsSaid  int64         `json:"rows_said"` // by the format itself; -1 when it does not
	Audiences []audienceUse `json:"audiences"`
	Oldest    string        `json:"oldest_time,omitempty"` // RFC 3339
	Newest    string        `json:"newest_time,omitempty"`
	Fault     *toldFault    `json:"fault"` // null: it could be read
	*consentload.Inspection
}

// audienceUse says for which channels a table is an audience.
type audienceUse struct {
	Contact  consentload.Kind `json:"contact"`
	Channels []string         `json:"channels"`
	Kind     consentload.Kind `json:"kind,omitempty"`   // of the column: the contact, or a digest of it
	Column   int              `json:"column,omitempty"` // its position, from 1; 0: several may be meant, and nobody can say which
	Passed   []int            `json:"less_specific,omitempty"`
}

// toldFault is an error in the JSON.
type toldFault struct {
	What string `json:"what"`
	Mend string `json:"mend,omitempty"`
}

func newToldFault(err error) *toldFault {
	told := &toldFault{What: err.Error()}
	var f *fault.Error
	if errors.As(err, &f) {
		told.Mend = f.Mend
	}
	return told
}

// inspecting is one run of inspect on its way.
type inspecting struct {
	std     streams
	options *inspectOptions
	catalog *consentload.Catalog
	presets consentload.Presets
	read    formats.Options
	talk    *talk
	text    inspectionText

	files  []*inspectedFile
	faults []error
}

func newInspecting(std streams, o *inspectOptions, found *configFile) (i *inspecting, err error) {
	i = &inspecting{
		std: std, options: o, files: []*inspectedFile{},
		talk: newTalk(std, &consentFlags{json: o.json, noProgress: o.noProgress}, true),
	}
	if i.catalog, err = o.placed(found); err != nil {
		return nil, err
	}
	if i.presets, err = consentload.ReadPresets(); err != nil {
		return nil, err
	}
	i.text = inspectionText{
		w: std.out, zone: i.catalog.Zone, width: min(widthOf(std.out), wideEnough),
		colour: onTerminal(std.out) && os.Getenv("NO_COLOR") == "",
	}
	i.read, err = o.readOptions()
	return i, err
}

// file tells one file. What is wrong with it is kept for the end; the error is that of the run.
func (i *inspecting) file(ctx context.Context, path string) error {
	told := &inspectedFile{Path: formats.WithoutOptions(path), Size: -1, Tables: []*inspectedTable{}, PassedOver: []string{}}
	i.files = append(i.files, told)
	err := i.tables(ctx, path, told)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		told.Fault = newToldFault(err)
		i.faults = append(i.faults, err)
	}
	if i.options.json {
		return nil
	}
	return i.text.file(told, len(i.files) == 1)
}

// tables looks at the tables of a file.
func (i *inspecting) tables(ctx context.Context, path string, told *inspectedFile) (err error) {
	var file *formats.File
	if path == "-" {
		file = formats.Standard("standard input", newAbandonable(ctx, i.std.in))
	} else if file, err = i.std.files.Open(ctx, path, false); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	told.Path, told.Size = file.Name, file.Size
	tables, err := file.Tables()
	if err != nil {
		return err
	}
	told.PassedOver = append(told.PassedOver, file.PassedOver()...)
	if len(tables) == 0 {
		return fault.New(fault.Input, file.Name, "the archive holds no table").Hint("look at what was packed")
	}
	for _, input := range tables {
		table := &inspectedTable{Name: input.Name, Audiences: []audienceUse{}, RowsSaid: -1}
		told.Tables = append(told.Tables, table)
		if err := i.table(ctx, input, table); err != nil && len(tables) > 1 {
			table.Fault = newToldFault(err)
			i.faults = append(i.faults, err)
		} else if err != nil {
			table.Fault = newToldFault(err)
			return err
		}
	}
	_, err = file.Evidence() // that nobody changed it meanwhile
	return err
}

// table looks at one table.
func (i *inspecting) table(ctx context.Context, input formats.Input, told *inspectedTable) (err error) {
	reader, err := formats.Open(input, i.read)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	info := reader.Info()
	told.Format, told.Detail, told.RowsSaid = info.Format, info.Detail, info.Rows
	inspector := &consentload.Inspector{Name: input.Name, Reader: reader, Catalog: i.catalog, Presets: i.presets, Limit: inspectedRows}
	if i.options.full {
		inspector.Limit = 0
	}
	stop := i.talk.progress("rows", info.Size, pulled{reader.Done, inspector.Rows.Load, "rows"})
	told.Inspection, err = inspector.Run(ctx)
	stop()
	if told.Inspection == nil {
		return err
	}
	told.Audiences = i.audiences(info.Columns)
	if told.Inspection.Newest.Dated() {
		told.Oldest, told.Newest = told.Inspection.Oldest.String(), told.Inspection.Newest.String()
	}
	return err
}

// audiences finds the channels for which a table with this header is an audience.
func (i *inspecting) audiences(header []string) []audienceUse {
	uses := []audienceUse{}
	at := map[consentload.Kind]int{}
	for _, channel := range i.catalog.Channels() {
		contact := channel.Contact
		if place, seen := at[contact]; seen {
			if place >= 0 {
				uses[place].Channels = append(uses[place].Channels, channel.Name)
			}
			continue
		}
		at[contact] = -1
		if !i.mayHold(header, contact) {
			continue
		}
		at[contact] = len(uses)
		use := audienceUse{Contact: contact, Channels: []string{channel.Name}}
		if columns, _, err := filter.MapColumns(i.catalog.Kinds, header, nil, []consentload.Kind{contact}); err == nil {
			use.Kind, use.Column = columns[0].Kind, columns[0].At+1
			for _, match := range i.catalog.Kinds.MatchColumns(header, use.Kind)[1:] {
				use.Passed = append(use.Passed, match.Index+1)
			}
		}
		uses = append(uses, use)
	}
	return uses
}

// mayHold reports whether a column has a usual name of a contact, or of a digest of it.
func (i *inspecting) mayHold(header []string, contact consentload.Kind) bool {
	for _, kind := range append([]consentload.Kind{contact}, i.catalog.Kinds.Hashed(contact)...) {
		if len(i.catalog.Kinds.MatchColumns(header, kind)) > 0 {
			return true
		}
	}
	return false
}

// end writes the JSON, and returns what was wrong with the files.
func (i *inspecting) end() error {
	if i.options.json {
		if err := newEncoder(i.std.out).Encode(i.files); err != nil {
			return err
		}
	}
	return errors.Join(i.faults...)
}
