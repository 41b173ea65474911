package consentload

import (
	"path/filepath"
	"slices"
	"strings"

	"cpm/formats"
	"cpm/formats/fault"
)

// mapper finds the columns of a mapping in one file.
type mapper struct {
	finder
	mapping *Mapping
	table   *table
	source  *Source
	kinds   *Kinds
	keep    func(Kind) bool
	lists   map[string]int // the numbers of what acts name under each
	ignored map[int]bool   // columns that the mapping or the source passes over
}

// mappedShape finds the columns of a mapping in a table. Its faults are of kind Input where the file has not the shape,
// and of kind Usage where the source must say more.
func (l *loader) mappedShape(t *table, m *Mapping, reader formats.Reader) (*shape, error) {
	f := newMapper(t, m, reader, l.catalog.Kinds)
	f.keep = l.keep
	s := f.shape
	for _, step := range []func() error{f.passOver, f.ids, f.conditions, f.acts} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	for at, name := range f.header {
		if !f.used[at] && !f.ignored[at] {
			s.passed = append(s.passed, name)
		}
	}
	return s, nil
}

// newMapper returns a mapper that reads all kinds.
func newMapper(t *table, m *Mapping, reader formats.Reader, kinds *Kinds) *mapper {
	s := &shape{mapping: m.Name, snapshot: None, dates: m.Dates, links: t.source.Links}
	f := &mapper{
		finder:  finder{file: t.name, header: reader.Info().Columns, shape: s, used: map[int]bool{}, chosen: map[int]int{}},
		mapping: m, table: t, source: t.source, kinds: kinds, keep: func(Kind) bool { return true }, ignored: map[int]bool{}, lists: map[string]int{},
	}
	f.paths, _ = reader.(formats.PathReader)
	return f
}

// passOver finds the columns that tell nothing of consent. One that the file lacks tells nothing either.
func (f *mapper) passOver() error {
	for _, name := range slices.Concat(f.mapping.Pass, f.source.Ignore) {
		column, err := f.named(name)
		if err != nil {
			return err
		}
		if column >= 0 {
			f.ignored[column] = true
		}
	}
	return nil
}

// ids finds the identifier columns: those of the source, and of the mapping for the kinds that the source leaves out.
func (f *mapper) ids() error {
	wanted := make([]IDMapping, 0, len(f.mapping.ID)+len(f.source.IDs))
	for _, kind := range sortedKeys(f.source.IDs) {
		wanted = append(wanted, f.declared(kind))
	}
	for _, id := range f.mapping.ID {
		if _, said := f.source.IDs[Kind(id.Kind)]; !said {
			wanted = append(wanted, id)
		}
	}
	for _, id := range wanted {
		if err := f.id(id); err != nil {
			return err
		}
	}
	switch {
	case len(f.shape.ids)+len(f.shape.unread) > 0:
		return nil
	case f.mapping.DeclareID:
		return fault.New(fault.Usage, f.file, "the platform leaves it to its customer which identifiers an export has, so %s cannot know", f.mapping.Name).
			Hint("say it: id: {email: COLUMN} in the source, or --consent-id email=COLUMN; the file has %s", f.columns())
	}
	return fault.New(fault.Input, f.file, "no column of the mapping %s holds an identifier here", f.mapping.Name).
		Hint("say which does: id: {email: COLUMN} in the source, or --consent-id email=COLUMN; the file has %s", f.columns())
}

// declared is the column that the source names for a kind. The platform writes its values there as in a column of its
// own choice.
func (f *mapper) declared(kind Kind) IDMapping {
	id := IDMapping{Kind: string(kind), Column: f.source.IDs[kind]}
	for _, known := range f.mapping.ID {
		if known.Kind == id.Kind {
			id.Split, id.Prefix, id.Region = known.Split, known.Prefix, known.Region
		}
	}
	return id
}

// id finds the columns of an identifier. One that the file lacks asks for no kind either: an export has its platform's own
// identifiers, or has not.
func (f *mapper) id(wanted IDMapping) error {
	column := idColumn{kind: Kind(wanted.Kind), prefix: wanted.Prefix}
	for _, name := range wanted.columns() {
		of, err := f.find(name)
		if err != nil {
			return err
		}
		if of.set() {
			column.parts = append(column.parts, of)
		}
	}
	when, can, err := f.whenOf(wanted.When)
	if err != nil || !can || len(column.parts) == 0 {
		return err
	}
	column.of, column.parts, column.when = column.parts[0], column.parts[1:], when
	var known bool
	if column.id, known = f.kinds.Index(column.kind); !known {
		return fault.New(fault.Usage, f.file, "column %s holds identifiers of the kind %s, which nobody declared", quoteSafely(column.of.name), wanted.Kind).
			Hint("declare it in the configuration: kinds: {%s: {}}", wanted.Kind)
	}
	if wanted.Region != "" {
		if column.region, err = knownRegion(wanted.Region); err != nil {
			return err
		}
	}
	if column.split = wanted.Split; len(column.parts) == 0 && column.split == "" {
		column.split = f.mapping.SplitID
	}
	f.shape.addID(column, f.keep)
	return nil
}

// conditions finds the columns that concern whole records.
func (f *mapper) conditions() (err error) {
	if f.shape.drop, err = f.conditionsOf(f.mapping.Drop); err != nil {
		return err
	}
	if f.shape.noGrant, err = f.conditionsOf(f.mapping.NoGrant); err != nil {
		return err
	}
	for _, name := range f.mapping.MustEmpty {
		of, err := f.find(strings.TrimSuffix(name, "?") + "?") // where it is missing, it is empty
		if err != nil {
			return err
		}
		if of.set() {
			f.shape.mustEmpty = append(f.shape.mustEmpty, of)
		}
	}
	return nil
}

func (f *mapper) conditionsOf(when map[string][]string) ([]condition, error) {
	var conditions []condition
	for _, name := range sortedKeys(when) {
		of, err := f.find(name)
		if err != nil {
			return nil, err
		}
		if of.set() {
			conditions = append(conditions, condition{of, folded(when[name])})
		}
	}
	return conditions, nil
}

// whenOf finds the columns of conditions of which every one must hold. can is false when the file lacks one of the
// columns: then they never hold.
func (f *mapper) whenOf(when map[string][]string) (conditions []condition, can bool, err error) {
	conditions, err = f.conditionsOf(when)
	return conditions, len(conditions) == len(when), err
}

// acts finds the columns of the acts that the file can tell.
func (f *mapper) acts() error {
	if f.shape.links {
		return nil
	}
	var starred []*ActMapping
	for i := range f.mapping.Acts {
		switch a := &f.mapping.Acts[i]; {
		case !f.isOf(a):
		case a.Columns != "":
			starred = append(starred, a)
		default:
			if err := f.act(a, -1); err != nil {
				return err
			}
		}
	}
	for _, a := range starred { // what is left when all other columns are found
		if err := f.claim(a); err != nil {
			return err
		}
	}
	for _, a := range starred {
		if err := f.starred(a); err != nil {
			return err
		}
	}
	if len(f.shape.acts) == 0 {
		return f.tellsNothing()
	}
	return nil
}

// isOf reports whether an act holds in this file.
func (f *mapper) isOf(a *ActMapping) bool {
	like, err := filepath.Match(strings.ToLower(a.File), strings.ToLower(baseName(f.file)))
	return a.File == "" || err == nil && like
}

// tellsNothing is the fault of a file that has none of the acts of its mapping.
func (f *mapper) tellsNothing() error {
	var patterns []string
	for _, a := range f.mapping.Acts {
		if a.File != "" {
			patterns = append(patterns, a.File)
		}
	}
	if len(patterns) > 0 {
		return fault.New(fault.Input, f.file, "the name of the file tells no state, and in %s it is the name that does", f.mapping.Name).
			Hint("give it the name that the platform gave it: %s", strings.Join(patterns, ", "))
	}
	return fault.New(fault.Input, f.file, "the file has none of the columns by which %s tells consent", f.mapping.Name).
		Hint("the file has %s; check that it is the export that it should be", f.columns())
}

// baseName is the last part of a file's name, that of a table in an archive too.
func baseName(file string) string { return filepath.Base(filepath.ToSlash(file)) }

// act finds the columns of one act; column is that of its pattern, or -1. An act whose own column may be missing, and
// is, is left out.
func (f *mapper) act(m *ActMapping, column int) (err error) {
	a := act{
		split: m.Split, status: statusOrNone(m.Status), absent: statusOrNone(m.Absent), latest: m.Latest, undated: m.Undated, ofFile: m.File,
		channel: f.naming("channel", m.Channel, m.ChannelWords, f.source.Channels),
		purpose: f.naming("purpose", m.Purpose, m.PurposeWords, f.source.Purposes),
	}
	if there, err := f.columnsOf(m, &a); err != nil || !there {
		return err
	}
	a.list = f.listNumber(m)
	if column >= 0 {
		a.column = ref{from: ofColumn, place: f.add(column), name: f.header[column], mixed: true}
		if a.above, err = f.above(m.Above, column); err != nil {
			return err
		}
	}
	var can bool
	if a.when, can, err = f.whenOf(m.When); err != nil || !can {
		return err
	}
	if a.unless, err = f.conditionsOf(m.Unless); err != nil {
		return err
	}
	if err := f.times(m, &a); err != nil {
		return err
	}
	if m.Status == "" {
		a.words = make(map[string]Status, len(m.Words))
		for word, status := range m.Words {
			a.words[foldName(word)] = statusWord(status)
		}
	}
	f.shape.acts = append(f.shape.acts, a)
	return nil
}

// columnsOf finds the columns of an act, but for those of its conditions and times. there is false when the file lacks
// one that makes the act.
func (f *mapper) columnsOf(m *ActMapping, a *act) (there bool, err error) {
	for _, one := range []struct {
		name string
		of   *ref
	}{
		{m.Expires, &a.expires},
		{m.Notice, &a.notice},
		{m.NoticeV, &a.version},
		{m.Each, &a.each},
		{m.IfSet, &a.ifSet},
		{m.Column, &a.column},
		{m.ChannelColumn, &a.channel.from},
		{m.PurposeColumn, &a.purpose.from},
	} {
		if *one.of, err = f.find(one.name); err != nil {
			return false, err
		}
		makes := one.of != &a.expires && one.of != &a.notice && one.of != &a.version
		if makes && one.name != "" && !one.of.set() {
			return false, nil // the column that makes the act is one that an export may lack
		}
	}
	return true, nil
}

// listNumber numbers what acts name under each, from 1; 0 for what they do not share.
func (f *mapper) listNumber(m *ActMapping) int {
	if m.Each == "" || m.Split != "" {
		return 0
	}
	each := strings.TrimSuffix(m.Each, "?")
	if f.lists[each] == 0 {
		f.lists[each] = len(f.lists) + 1
	}
	return f.lists[each]
}

func statusOrNone(word string) Status {
	if word == "" {
		return 0
	}
	return statusWord(word)
}

// naming makes the naming of an act's channel or purpose.
func (f *mapper) naming(what, fixed string, words, rename map[string]string) naming {
	n := naming{what: what, fixed: fixed, rename: map[string]string{}, slot: f.shape.namings}
	f.shape.namings++
	if len(words) > 0 {
		n.words = map[string]string{}
	}
	for word, name := range words {
		n.words[foldName(word)] = name
	}
	for word, name := range rename {
		n.rename[foldName(word)] = name
	}
	return n
}

// times finds the columns of an act's time. Without any the file must be a snapshot, and its source say of when.
func (f *mapper) times(m *ActMapping, a *act) (err error) {
	for _, name := range m.At {
		of, err := f.find(name)
		if err != nil {
			return err
		}
		if of.set() {
			a.at = append(a.at, of)
		}
	}
	dated := len(a.at) > 0 && !m.Latest || m.Undated && m.Status == "granted"
	if dated && f.source.Snapshot == "" {
		return nil
	}
	if f.source.Snapshot == "" {
		return fault.New(fault.Input, f.file, "the export has no times, so somebody must say of which instant it is").
			Hint("say it: snapshot_at: TIME, filename or manifest in the source, or --snapshot-at; the time of the file itself proves nothing")
	}
	f.shape.snapshot, err = f.table.standsFor(f.source.Snapshot)
	return err
}
