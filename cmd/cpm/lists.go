package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"cpm/consentload"
	"cpm/formats/fault"
)

// loadLists reads the suppression lists of the configuration and of the command line.
func (c *consent) loadLists(ctx context.Context) error {
	for _, list := range c.found.Suppression {
		source, err := c.listSource(list)
		if err != nil {
			return err
		}
		if err := c.loadList(ctx, source); err != nil {
			return err
		}
	}
	for _, text := range c.flags.suppress {
		source := consentload.ListSource{Files: c.places, Path: text}
		if word, path := cutChannel(text); word != "" {
			if channel, known := c.catalog.Channel(strings.TrimSuffix(word, ":")); known {
				source.Path, source.Channels = path, []string{channel.Name}
			}
		}
		if err := c.loadList(ctx, source); err != nil {
			return err
		}
	}
	return nil
}

// listSource gives a list of the configuration its meaning.
func (c *consent) listSource(list consentload.ListConfig) (source consentload.ListSource, err error) {
	path, err := c.places.Learn(c.found.within(list.Path))
	if err != nil {
		return source, err
	}
	source = consentload.ListSource{
		Files: c.places, Path: path, Channels: list.Channels, Purposes: list.Purposes,
		Identifier: list.Scope == "identifier", AllowEmpty: list.AllowEmpty, AsOf: c.asOf,
		Columns: map[consentload.Kind]string{},
	}
	for kind, column := range list.ID {
		source.Columns[consentload.Kind(kind)] = column
	}
	if list.MaxAge != "" {
		if source.MaxAge, err = consentload.ParseDuration(list.MaxAge); err != nil {
			return source, err
		}
	}
	source.Format = textFormat(list.Encoding, list.Delimiter, list.Sheet)
	source.Format.NoHeader = list.NoHeader
	source.Fold, err = consentload.FoldForm(list.Fold)
	return source, err
}

func (c *consent) loadList(ctx context.Context, source consentload.ListSource) error {
	list, err := consentload.LoadList(ctx, c.catalog.Noting(c.book), source, c.digest)
	if err != nil {
		return err
	}
	c.lists = append(c.lists, list)
	c.book.Seek(list)
	c.mindFile(ctx, source.Path)
	return nil
}

// checkLists refuses lists that could not do what they are for: one for a cell that nobody knows, and one that is to
// reach whole subjects by identifiers of a kind that is not read.
func (c *consent) checkLists(kinds []consentload.Kind) error {
	for _, list := range c.lists {
		for _, names := range []struct {
			what        string
			said, known []string
		}{
			{"channel", list.Channels, c.index.Channels()},
			{"purpose", list.Purposes, c.index.Purposes()},
		} {
			for _, name := range names.said {
				if !slices.Contains(names.known, name) {
					return fault.New(fault.Usage, list.Path, "the list is for a %s that neither the configuration nor the exports know: %s",
						names.what, name).Hint("the %ss are %s", names.what, strings.Join(told(names.known), ", "))
				}
			}
		}
		for _, kind := range slices.Sorted(maps.Keys(list.Kinds)) { // the same one is told every time
			raw, _ := c.catalog.Kinds.RawKind(kind) // whose digests are found where it is read
			if list.Subject && c.catalog.Link != consentload.LinkNone && len(kinds) > 0 && !slices.Contains(kinds, raw) {
				return fault.New(fault.Guard, list.Path, "the list names people by %s, which --kinds leaves unread: it would reach nobody else", kind).
					Hint("add %s to --kinds, or say scope: identifier for the list in the configuration", raw)
			}
		}
	}
	return nil
}
