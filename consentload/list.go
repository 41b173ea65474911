package consentload

import (
	"context"
	"errors"
	"maps"
	"slices"

	"cpm/formats"
	"cpm/formats/fault"
)

// ListSource is where a suppression list stands and what it holds for.
type ListSource struct {
	Path       string
	Channels   []string        // words of channels; empty: every one
	Purposes   []string        // words of purposes; empty: every one
	Identifier bool            // it reaches the identifier alone, not its subject
	Columns    map[Kind]string // empty: found by their usual names
	AllowEmpty bool
}

// List is a suppression list: identifiers that must not be contacted, whatever their consent. A row links nothing;
// each identifier of it is listed.
type List struct {
	Path     string
	Channels []string // names; empty: every one
	Purposes []string // names; empty: every one
	Subject  bool     // it reaches the other identifiers of a subject
	Keys     []Key    // sorted, each once
	Rows     int64
	Evidence formats.Evidence
	Columns  []string      // "phone ← 手机号"
	Kinds    map[Kind]bool // of its entries
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
	list = &List{Path: source.Path, Subject: !source.Identifier, Kinds: map[Kind]bool{}}
	for _, word := range source.Channels {
		list.Channels = append(list.Channels, c.ChannelName(word))
	}
	for _, word := range source.Purposes {
		list.Purposes = append(list.Purposes, c.PurposeName(word))
	}
	file, err := formats.OpenFile(source.Path, withDigest)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if file.Size != 0 { // no header is no list, but an empty file is an empty list
		if err := list.read(ctx, c, source, file); err != nil {
			return nil, err
		}
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

func (l *List) read(ctx context.Context, c *Catalog, source ListSource, file *formats.File) (err error) {
	reader, err := formats.Open(file.Input, formats.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	columns, err := listColumns(c.Kinds, source, reader.Info().Columns)
	if err != nil {
		return err
	}
	places := make([]int, len(columns))
	for i := range columns {
		places[i] = columns[i].place
		l.Columns = append(l.Columns, string(columns[i].kind)+" ← "+reader.Info().Columns[places[i]])
	}
	if err := reader.Select(places); err != nil {
		return err
	}
	keyer := NewKeyer(c.Kinds)
	for {
		batch, err := reader.Next()
		if isEnd(err) {
			return nil
		}
		if err == nil {
			err = batch.Decode()
		}
		if err == nil {
			err = l.take(batch, columns, keyer)
			batch.Release()
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// take lists the identifiers of a batch's rows.
func (l *List) take(b formats.Batch, columns []listColumn, keyer *Keyer) error {
	at := func(row int) string { return formats.At(l.Path, b.Place(row)) }
	for row := range b.Rows() {
		if b.Malformed(row) {
			return fault.New(fault.Input, at(row), "the row does not split into the columns of the header").
				Hint("mend its quotes and commas: somebody on the list must not be passed over")
		}
		before := len(l.Keys)
		for i := range columns {
			key, why := keyer.Key(columns[i].id, b.Values(i)[row])
			switch why {
			case Readable:
				l.Keys = append(l.Keys, key)
				l.Kinds[columns[i].kind] = true
			case Empty:
			default:
				return fault.New(fault.Input, at(row), "the %s of this entry has no normal form (%s)", columns[i].kind, why).
					Hint("mend or remove the entry: somebody on the list must not be passed over")
			}
		}
		if len(l.Keys) == before {
			return fault.New(fault.Input, at(row), "the entry names no identifier").Hint("mend or remove the row")
		}
		l.Rows++
	}
	return nil
}

// listColumn is a column of identifiers.
type listColumn struct {
	kind  Kind
	id    KindID
	place int
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
			return nil, fault.New(fault.Unsupported, source.Path, "identifiers of the kind %s are not read yet", kind).
				Hint("give the list the identifiers themselves")
		}
	}
	var columns []listColumn
	for id, kind := range kinds.Names() {
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
