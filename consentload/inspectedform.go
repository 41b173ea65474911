package consentload

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cpm/formats/fault"
)

// InspectedExport is a form of consent export that a table may have.
type InspectedExport struct {
	Name     string   `json:"name"` // a preset, or canonical
	Title    string   `json:"title"`
	Detected []string `json:"detected_by"` // the columns
	Needs    []Need   `json:"needs"`       // before it can be read
	Caveats  []string `json:"caveats"`     // what is not sure about the preset
}

// InspectedList is what a table is as a suppression list.
type InspectedList struct {
	Columns []string `json:"columns"` // "phone ← 手机号"; empty: it is none
	Needs   []Need   `json:"needs"`   // before it can be read
}

// inspectedForm is a form with how it finds the columns of the table.
type inspectedForm struct {
	InspectedExport
	catalog *Catalog
	shape   *shape
	ignored map[int]bool // columns that it passes over
	used    map[int]bool
	times   TimeReader
}

// need notes a fault as something that must be said or mended first.
func (e *InspectedExport) need(err error) {
	if err != nil {
		e.Needs = append(e.Needs, needOf(err))
	}
}

// needOf makes a need of a fault, without its place: the table is at hand.
func needOf(err error) Need {
	var f *fault.Error
	if !errors.As(err, &f) {
		return Need{What: err.Error()}
	}
	what := f.What
	if f.Cause != nil {
		what += ": " + f.Cause.Error()
	}
	return Need{what, f.Mend}
}

// findForms finds the forms of consent exports that the table may have, as a load would.
func (run *inspecting) findForms(header []string) error {
	fit := run.Presets.fitting(header)
	if isCanonical(header) || nearlyCanonical(header) && len(fit) == 0 {
		own, err := Preset(canonical)
		if err != nil {
			return err
		}
		run.forms = append(run.forms, run.canonicalForm(own, header))
		return nil
	}
	for _, m := range fit {
		form, err := run.presetForm(m)
		if err != nil {
			return err
		}
		if len(fit) > 1 {
			form.Needs = append(form.Needs, Need{
				"the columns are those of several presets", "say which it is, such as --preset " + m.Name + ", or preset: in the source",
			})
		}
		run.forms = append(run.forms, form)
	}
	return nil
}

// nearlyCanonical reports whether a header lacks at most one of the columns that make an export canonical.
func nearlyCanonical(header []string) bool {
	found := 0
	for _, wanted := range [...]string{"channel", "purpose", "status", "occurred_at"} {
		if slices.ContainsFunc(header, func(name string) bool { return foldColumn(name) == foldColumn(wanted) }) {
			found++
		}
	}
	return found >= 3
}

func (run *inspecting) newForm(m *Mapping) *inspectedForm {
	return &inspectedForm{
		InspectedExport: InspectedExport{
			Name: m.Name, Title: m.Title, Detected: m.Detect, Needs: []Need{}, Caveats: append([]string{}, m.Caveats...),
		},
		catalog: run.Catalog, ignored: map[int]bool{},
	}
}

// canonicalForm finds the columns of the canonical form, all that can be found beside what is wrong.
func (run *inspecting) canonicalForm(m *Mapping, header []string) *inspectedForm {
	form := run.newForm(m)
	form.shape = &shape{mapping: canonical, snapshot: None}
	form.times = NewTimeReader(run.Catalog.Zone)
	used, err := form.shape.usualIDs(run.Name, header, run.Catalog.Kinds, func(Kind) bool { return true })
	form.need(err)
	if used == nil {
		used = map[int]bool{}
	}
	form.need(form.shape.fields(run.Name, header, used))
	if err == nil {
		form.need(form.shape.check(run.Name, header, run.Catalog.Kinds, used))
	}
	form.used = used
	return form
}

// presetForm finds the columns of a preset, all that can be found beside what is wrong.
func (run *inspecting) presetForm(m *Mapping) (*inspectedForm, error) {
	form := run.newForm(m)
	zone := run.Catalog.Zone
	if m.Timezone != "" {
		var err error
		if zone, err = LoadZone(m.Timezone); err != nil {
			return nil, err
		}
	}
	form.times = NewTimeReader(zone).forPlatforms()
	if m.Dates {
		form.times = form.times.withDates()
	}
	// With some time for the snapshot, an act without one says that it lacks it only when all columns are found.
	source := &Source{Name: run.Name, Snapshot: "1970-01-01T00:00:00Z"}
	f := newMapper(&table{source: source, path: run.Name, name: run.Name}, m, run.Reader, run.Catalog.Kinds)
	for _, step := range []func() error{f.passOver, f.ids, f.conditions, f.acts} {
		form.need(step())
	}
	f.shape.nested = isNested(run.Reader)
	form.shape, form.ignored, form.used = f.shape, f.ignored, f.used
	if slices.ContainsFunc(f.shape.acts, func(a act) bool { return (a.latest || len(a.at) == 0) && (!a.undated || a.status != Granted) }) {
		form.Needs = append(form.Needs, Need{
			"the export has no times, so somebody must say of which instant it is",
			"snapshot_at: TIME, filename or manifest in the source, or --snapshot-at",
		})
	}
	return form, nil
}

// columnAt notes what a form reads in a column, and returns the column when what stands there is looked at.
type columnAt func(f *ref, what string) *inspectedColumn

// describe says of the columns what the form reads in them. What another form reads before it stays.
func (form *inspectedForm) describe(all []*inspectedColumn) {
	said := map[int]bool{}
	at := func(f *ref, what string) *inspectedColumn {
		if f.from != ofColumn || form.shape.columns[f.place] >= len(all) {
			return nil
		}
		column := form.shape.columns[f.place]
		said[column] = true
		c := all[column]
		if text := form.Name + ": " + what; !slices.Contains(c.ReadAs, text) {
			c.ReadAs = append(c.ReadAs, text)
		}
		if len(f.path) > 0 {
			return nil // what stands within a cell is not looked at
		}
		return c
	}
	for i := range form.shape.ids {
		describeID(&form.shape.ids[i], at)
	}
	for i := range form.shape.acts {
		form.describeAct(&form.shape.acts[i], at)
	}
	for column, c := range all {
		switch {
		case form.ignored[column]:
			c.ReadAs = append(c.ReadAs, form.Name+": passed over")
		case form.used[column] && !said[column]:
			c.ReadAs = append(c.ReadAs, form.Name+": a condition")
		}
	}
}

// describeID says which identifier is read in a column. What is one under a condition alone is not counted.
func describeID(id *idColumn, at columnAt) {
	for i := range id.parts {
		at(&id.parts[i], string(id.kind)+" (a part)")
	}
	c := at(&id.of, string(id.kind))
	switch {
	case c == nil:
	case len(id.parts)+len(id.when) == 0:
		c.task, c.id = readIdentifiers, *id
	case c.task == readHints:
		c.task = readNothing
	}
}

// describeAct says what an act reads in the columns.
func (form *inspectedForm) describeAct(a *act, at columnAt) {
	for i := range a.at {
		if c := at(&a.at[i], "time"); c != nil && c.task < readTimes {
			c.task, c.times = readTimes, form.times
		}
	}
	words := func(f *ref, what string, known func(string) bool) {
		if c := at(f, what); c != nil && c.task <= readWords {
			if before := c.known; before != nil && c.task == readWords {
				now := known
				known = func(word string) bool { return before(word) || now(word) }
			}
			c.task, c.known, c.closed = readWords, known, c.closed || f.mixed
		}
	}
	if a.status == 0 {
		words(&a.column, "status", func(word string) bool { return a.statusOf([]byte(word)) != 0 })
	}
	words(&a.channel.from, "channel", knows(&a.channel, form.catalog.channelName))
	words(&a.purpose.from, "purpose", knows(&a.purpose, form.catalog.purposeName))
	at(&a.each, "acts")
	at(&a.ifSet, "a condition")
	at(&a.expires, "expiry")
	at(&a.notice, "notice")
	at(&a.version, "version of the notice")
}

// knows returns whether a word of a naming stands for a channel or purpose. Where the configuration declares none, a
// name is a word of the export's own and may be anything; then it is known only if it may be told.
func knows(n *naming, declared func(string) (string, bool, bool)) func(string) bool {
	return func(word string) bool {
		name, _, known := n.meaning(word)
		if n.words == nil {
			known = isWord(word)
		}
		_, _, ok := declared(name)
		return known && ok
	}
}

// undeclared are the channels and purposes of a form's own that the configuration does not declare.
func (form *inspectedForm) undeclared() (needs []Need) {
	for i := range form.shape.acts {
		a := &form.shape.acts[i]
		for _, one := range []struct {
			n        *naming
			declared func(string) (string, bool, bool)
		}{{&a.channel, form.catalog.channelName}, {&a.purpose, form.catalog.purposeName}} {
			if one.n.fixed == "" {
				continue
			}
			need := Need{
				"the preset speaks of the " + one.n.what + " " + one.n.fixed + ", which nobody declared",
				"declare it in the configuration, or say what it is called there: " + one.n.what + "s: {" + one.n.fixed + ": NAME} in the source",
			}
			if _, _, ok := one.declared(one.n.fixed); !ok && !slices.Contains(needs, need) {
				needs = append(needs, need)
			}
		}
	}
	return needs
}

// tellForms tells the forms with what the rows showed.
func (run *inspecting) tellForms() {
	for _, form := range run.forms {
		export := form.InspectedExport
		export.Needs = append(export.Needs, form.undeclared()...)
		zoneless, unknown := run.count(form.Name)
		if zoneless > 0 {
			export.Needs = append(export.Needs, Need{
				fmt.Sprintf("times without a zone, and none is declared: %d", zoneless),
				"--timezone Asia/Shanghai, or the zone of the export; or timezone: in the configuration",
			})
		}
		if unknown > 0 {
			export.Needs = append(export.Needs, Need{
				fmt.Sprintf("words that are no known channel, purpose or status: %d", unknown),
				"declare them, as names or aliases, or list them under ignore; a status is said by the form or by a mapping of one's own",
			})
		}
		run.told.Exports = append(run.told.Exports, export)
	}
}

// count counts the times without a zone and the unknown words in the columns that a form reads.
func (run *inspecting) count(form string) (zoneless, unknown int64) {
	for i := range run.told.Columns {
		c := &run.told.Columns[i]
		if c.Values != nil && slices.Contains(c.ReadAs, form+": time") {
			for _, cause := range c.Values.Causes {
				if cause.Cause == TimeWithoutZone.String() {
					zoneless += cause.Rows
				}
			}
		}
		if slices.ContainsFunc(c.ReadAs, func(what string) bool { return strings.HasPrefix(what, form+": ") }) {
			unknown += c.Unknown
		}
	}
	return zoneless, unknown
}

// tellList tells what the table is as a suppression list, which is read whole or not at all.
func (run *inspecting) tellList(header []string) {
	list := InspectedList{Columns: []string{}, Needs: []Need{}}
	columns, err := listColumns(run.Catalog.Kinds, ListSource{Path: run.Name}, header)
	if err != nil {
		list.Needs = append(list.Needs, needOf(err))
		run.told.List = list
		return
	}
	var bad int64
	for _, column := range columns {
		c := &run.told.Columns[column.place]
		list.Columns = append(list.Columns, string(column.kind)+" ← "+strings.TrimSpace(c.Name))
		if c.Values != nil {
			bad += c.Values.Unreadable
		}
	}
	var first []string
	for _, one := range []struct {
		n    int64
		what string
	}{
		{bad, "entries without a normal form"},
		{run.told.Bad.Rows, "rows that do not split"},
		{run.told.Nameless, "rows that name nobody"},
	} {
		if one.n > 0 {
			first = append(first, fmt.Sprintf("%s: %d", one.what, one.n))
		}
	}
	if len(first) > 0 {
		list.Needs = append(list.Needs, Need{strings.Join(first, "; "), "mend or remove them: a list is read whole or not at all"})
	}
	run.told.List = list
}
