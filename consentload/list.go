package consentload

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"cpm/formats"
	"cpm/formats/fault"
)

// ListSource is where a suppression list stands and what it holds for.
type ListSource struct {
	Files      formats.Files // where the list is
	Path       string
	Channels   []string        // words of channels; empty: every one
	Purposes   []string        // words of purposes; empty: every one
	Identifier bool            // it reaches the identifier alone, not its subject
	Columns    map[Kind]string // empty: found by their usual names
	Fold       Form            // of e-mail addresses: GmailDots, PlusTag or both; AsWritten: none
	MaxAge     time.Duration   // of its newest time; 0: any
	AsOf       Instant         // for MaxAge
	AllowEmpty bool
	Format     formats.Options // what cannot be seen from the file
}

// List is a suppression list: identifiers that must not be contacted, whatever their consent. A row links nothing;
// each identifier of it is listed.
type List struct {
	Path     string
	Channels []string // names; empty: every one
	Purposes []string // names; empty: every one
	Subject  bool     // it reaches the other identifiers of a subject
	Fold     Form     // addresses are listed in this form too
	Keys     []Key    // sorted, each once
	Rows     int64
	Evidence formats.Evidence
	Columns  []string      // "phone ← 手机号"
	Passed   []string      // columns that nothing reads
	Kinds    map[Kind]bool // of its entries
	Hashed   []KindID      // the hashed ones of its columns
}

// Covers reports whether the list holds for a cell.
func (l *List) Covers(channel, purpose string) bool {
	return (len(l.Channels) == 0 || slices.Contains(l.Channels, channel)) &&
		(len(l.Purposes) == 0 || slices.Contains(l.Purposes, purpose))
}

// Has reports whether the list names an identifier.
func (l *List) Has(k Key) bool {
	_, found := slices.BinarySearchFunc(l.Keys, k, Key.Compare)
	return found
}

// LoadList reads a suppression list. An entry that cannot be read is a fault of kind Input: who was to be spared must
// not be contacted because of a typing error. A missing list is of kind Usage, an empty one of kind Guard.
func LoadList(ctx context.Context, c *Catalog, source ListSource, withDigest bool) (list *List, err error) {
	list = &List{Path: source.Path, Subject: !source.Identifier, Fold: source.Fold, Kinds: map[Kind]bool{}}
	for _, word := range source.Channels {
		list.Channels = append(list.Channels, c.ChannelName(word))
	}
	for _, word := range source.Purposes {
		list.Purposes = append(list.Purposes, c.PurposeName(word))
	}
	file, err := source.Files.Open(ctx, source.Path, withDigest)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if file.Size != 0 { // no header is no list, but an empty file is an empty list
		err = list.read(ctx, c, source, file)
	} else {
		err = (&listAge{newest: None}).check(source)
	}
	if err != nil {
		return nil, err
	}
	if list.Evidence, err = file.Evidence(); err != nil {
		return nil, err
	}
	if len(list.Keys) == 0 && !source.AllowEmpty {
		return nil, fault.New(fault.Guard, source.Path, "the suppression list is empty").
			Hint("check that it is complete, or say allow_empty: true for it in the configuration")
	}
	slices.SortFunc(list.Keys, Key.Compare)
	list.Keys = slices.Compact(list.Keys)
	return list, nil
}

// read reads the tables of a list: its file, or what an archive holds.
func (l *List) read(ctx context.Context, c *Catalog, source ListSource, file *formats.File) error {
	tables, err := file.Tables()
	if err != nil {
		return err
	}
	newest := listAge{newest: None}
	for _, table := range tables {
		age, err := l.table(ctx, c, source, table)
		if err != nil {
			return err
		}
		newest.newest = max(newest.newest, age)
	}
	return newest.check(source)
}

// table reads one table, and returns the newest time that it states.
func (l *List) table(ctx context.Context, c *Catalog, source ListSource, table formats.Input) (newest Instant, err error) {
	reader, err := openWhole(table, source.Format)
	if err != nil {
		return None, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	header := reader.Info().Columns
	if len(source.Columns) == 0 {
		if header, err = c.Kinds.mindNested(table.Name, reader, nil); err != nil {
			return None, err
		}
	}
	r, err := newListReader(l, c, source, header)
	if err != nil {
		return None, err
	}
	r.name, r.nested = table.Name, isNested(reader)
	if err := r.passOver(reader, c.Kinds, len(source.Columns) > 0); err != nil {
		return None, err
	}
	for {
		batch, err := reader.Next()
		if isEnd(err) {
			return r.age.newest, r.checkPassed(1)
		}
		if err == nil {
			err = batch.Decode()
		}
		if err == nil {
			err = r.take(batch)
			batch.Release()
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return None, err
		}
	}
}

// listReader reads the rows of one table of a list.
type listReader struct {
	name      string // of the table, for messages
	list      *List
	columns   []listColumn
	selection []int // the identifiers, then the times, then what is passed over
	passed    []passedColumn
	plain     *Normalizer // of what is passed over: it notes nothing
	keyer     *Keyer
	age       listAge
	nested    bool // of records of keys, not rows of a table
}

func newListReader(l *List, c *Catalog, source ListSource, header []string) (*listReader, error) {
	columns, err := listColumns(c.Kinds, source, header)
	if err != nil {
		return nil, err
	}
	r := &listReader{list: l, columns: columns, keyer: NewKeyer(c.Kinds), age: newListAge(c, source, header)}
	folds := false
	for _, column := range columns {
		r.selection = append(r.selection, column.place)
		l.Columns = append(l.Columns, string(column.kind)+" ← "+header[column.place])
		if _, hashed := c.Kinds.Raw(column.id); hashed {
			l.Hashed = append(l.Hashed, column.id)
		}
		folds = folds || c.Kinds.rules[column.id].form == emailForm
	}
	if l.Fold != AsWritten && !folds {
		return nil, fault.New(fault.Usage, source.Path, "the list is to be folded, and has no column of e-mail addresses").
			Hint("leave fold out; digests are looked for under every form as it is")
	}
	r.selection = append(r.selection, r.age.places...)
	return r, nil
}

// take lists the identifiers of a batch's rows.
func (r *listReader) take(b formats.Batch) error {
	l := r.list
	at := func(row int) string { return formats.At(r.name, b.Place(row)) }
	for row := range b.Rows() {
		if b.Malformed(row) {
			what, mend := tornRow(r.nested)
			return fault.New(fault.Input, at(row), "%s", what).Hint("%s: somebody on the list must not be passed over", mend)
		}
		before := len(l.Keys)
		for i := range r.columns {
			switch why := r.entry(&r.columns[i], b.Values(i)[row]); why {
			case Readable, Empty:
			default:
				return fault.New(fault.Input, at(row), "the %s of this entry has no normal form (%s)", r.columns[i].kind, why).
					Hint("mend or remove the entry: somebody on the list must not be passed over")
			}
		}
		if len(l.Keys) == before {
			return fault.New(fault.Input, at(row), "the entry names no identifier").Hint("mend or remove the row")
		}
		for i := range r.age.places {
			r.age.add(b.Values(len(r.columns) + i)[row])
		}
		l.Rows++
	}
	return r.lookAtPassed(b)
}

// listColumn is a column of identifiers.
type listColumn struct {
	kind  Kind
	id    KindID
	place int
}

// entry lists one identifier.
func (r *listReader) entry(column *listColumn, value []byte) Unreadable {
	key, why := r.keyer.Key(column.id, value)
	if why != Readable {
		return why
	}
	l := r.list
	l.Keys = append(l.Keys, key)
	l.Kinds[column.kind] = true
	if l.Fold != AsWritten && r.keyer.kinds.rules[column.id].form == emailForm {
		if folded, ok := r.keyer.Folded(column.id, r.keyer.Normal(), l.Fold); ok {
			l.Keys = append(l.Keys, folded)
		}
	}
	return Readable
}

// listColumns finds the identifier columns of a list: those that its source names, else every one with a usual name.
func listColumns(kinds *Kinds, source ListSource, header []string) ([]listColumn, error) {
	for _, name := range header {
		if err := kinds.readable(source.Path, name); err != nil && len(source.Columns) == 0 {
			return nil, err
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(source.Columns)) {
		if !kinds.Has(kind) {
			return nil, fault.New(fault.Usage, source.Path, "%s is no identifier kind", kind).
				Hint("the kinds are %s, and their hashes, such as phone_sha256", JoinKinds(kinds.Names()))
		}
	}
	var columns []listColumn
	for id, kind := range kinds.All() {
		places, err := placesInList(kinds, source, header, kind)
		if err != nil {
			return nil, fault.New(fault.Usage, source.Path, "no column for the %s", kind).Because(err).
				Hint("name it in the configuration: id: {%s: COLUMN}", kind)
		}
		for _, at := range places {
			columns = append(columns, listColumn{kind: kind, id: KindID(id), place: at})
		}
	}
	if len(columns) == 0 {
		return nil, fault.New(fault.Usage, source.Path, "no column holds an identifier").
			Hint("give the list a header such as phone or email, or name its column in the configuration: id: {phone: COLUMN}")
	}
	return columns, nil
}

func placesInList(kinds *Kinds, source ListSource, header []string, kind Kind) ([]int, error) {
	if spec, named := source.Columns[kind]; named {
		at, err := FindColumn(header, spec)
		return []int{at}, err
	}
	var places []int
	if len(source.Columns) == 0 {
		for _, match := range kinds.MatchColumns(header, kind) {
			places = append(places, match.Index)
		}
	}
	return places, nil
}
