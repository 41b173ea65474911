package consentload

import (
	"context"
	"errors"
	"slices"

	"cpm/formats"
	"cpm/formats/fault"
)

// HashedKinds returns the hashed kinds that stand in exports, by their columns alone. It is asked before lists and
// exports are read: the digests of raw identifiers are noted (AliasBook.Want) for those kinds alone that stand
// somewhere. Of the options Files and Kinds count. What can be read only once, a pipe, is not looked at; Load refuses digests in it that nobody wanted.
func HashedKinds(ctx context.Context, catalog *Catalog, sources []Source, options Options) ([]KindID, error) {
	l, err := newLoader(catalog, Options{Files: options.Files, Kinds: options.Kinds})
	if err != nil {
		return nil, err
	}
	var found []KindID
	for i := range sources {
		for _, path := range sources[i].Files {
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
			hashed, err := l.hashedIn(ctx, &sources[i], path)
			if err != nil {
				return nil, err
			}
			found = append(found, hashed...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// hashedIn returns the hashed kinds of one export.
func (l *loader) hashedIn(ctx context.Context, source *Source, path string) (found []KindID, err error) {
	if info, err := l.options.Files.Stat(ctx, path); err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	sidecar, err := readManifest(ctx, l.options.Files, path)
	if err != nil {
		return nil, err
	}
	file, err := l.options.Files.Open(ctx, path, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	tables, err := file.Tables()
	if err != nil {
		return nil, err
	}
	for _, input := range tables {
		t := &table{source: source, sidecar: sidecar, path: path, name: input.Name}
		hashed, err := l.hashedOf(t, input)
		if err != nil {
			return nil, err
		}
		found = append(found, hashed...)
	}
	return found, nil
}

func (l *loader) hashedOf(t *table, input formats.Input) (found []KindID, err error) {
	reader, err := l.open(t, input)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	form, err := l.shape(t, reader, &FileReport{})
	if err != nil {
		return nil, err
	}
	for _, column := range form.ids {
		if _, hashed := l.catalog.Kinds.Raw(column.id); hashed {
			found = append(found, column.id)
		}
	}
	return found, nil
}

// mayRead refuses a table with digests that nobody wanted: nothing would bring them to the people whose they are.
func (l *loader) mayRead(t *table, form *shape) error {
	book := l.catalog.Kinds.book
	for _, column := range form.ids {
		_, hashed := l.catalog.Kinds.Raw(column.id)
		if hashed && (book == nil || !slices.Contains(book.every, column.id)) {
			return fault.New(fault.Usage, t.name, "the export holds digests (%s), and can be read only once", column.kind).
				Hint("save it to a file and name that")
		}
	}
	return nil
}

// settleDigests makes the aliases of what was read, and brings what is said of digests to the raw identifiers that give
// them.
func (l *loader) settleDigests(ctx context.Context) (aliases *Aliases, err error) {
	if book := l.catalog.Kinds.book; book != nil {
		if aliases, err = book.Close(ctx); err != nil {
			return nil, err
		}
	}
	if aliases, err = l.options.Previous.lend(l.catalog.Kinds, aliases); err != nil {
		return nil, err
	}
	a := &aliasing{kinds: l.catalog.Kinds, aliases: aliases}
	for _, s := range l.shards {
		s.settle(a)
	}
	l.report.Forms = a.hits
	l.report.Watched = a.watched(l.report.Watched, l.options.Watch)
	return aliases, nil
}
