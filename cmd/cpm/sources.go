package main

import (
	"context"
	"os"
	"slices"
	"strings"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

// findSources settles which consent a run reads, and minds its files.
func (c *consent) findSources(ctx context.Context) (err error) {
	if c.flags.index != "" {
		return c.openIndex(ctx)
	}
	if c.sources, err = c.namedSources(ctx); err != nil {
		return err
	}
	for _, source := range c.sources {
		for _, path := range source.Files {
			c.size += c.mindFile(ctx, path)
			for _, manifest := range consentload.Manifests(path) {
				c.mindFile(ctx, manifest)
			}
		}
	}
	return nil
}

// namedSources returns the sources of the configuration, or what --consent names instead. A file of the configuration
// that --consent names keeps its source's zone and guards.
func (c *consent) namedSources(ctx context.Context) ([]consentload.Source, error) {
	if len(c.flags.consent) == 0 {
		return c.configuredSources(ctx)
	}
	declared := c.declaredFiles(ctx)
	var sources []consentload.Source
	used := map[string]bool{}
	for _, path := range c.flags.consent {
		found, err := consentload.Find(ctx, c.places, path)
		if err != nil {
			return nil, err
		}
		plain, err := c.plainSource(path)
		if err != nil {
			return nil, err
		}
		plain.PassedOver = found.PassedOver
		for _, file := range found.Files {
			owner := c.ownerOf(ctx, file, declared)
			if owner == nil {
				plain.Files = append(plain.Files, file)
				continue
			}
			used[owner.source.Name] = true
			if err := c.agrees(&owner.source); err != nil {
				return nil, err
			}
			at := slices.IndexFunc(sources, func(s consentload.Source) bool { return s.Name == owner.source.Name })
			if at < 0 {
				at = len(sources)
				sources = append(sources, owner.source)
				sources[at].Files = nil
			}
			sources[at].Files = append(sources[at].Files, file)
		}
		if len(plain.Files) > 0 || len(found.PassedOver) > 0 {
			sources = append(sources, plain)
		}
	}
	for _, source := range c.found.Sources {
		if !used[source.Name] {
			c.leftOut = append(c.leftOut, source.Name)
		}
	}
	return sources, nil
}

// agrees has a source of the configuration read by --preset where it names none itself, and refuses flags that say of its
// files otherwise than it does.
func (c *consent) agrees(source *consentload.Source) (err error) {
	said := ""
	switch {
	case c.flags.preset != "" && source.Mapping == nil:
		source.Mapping, err = consentload.Preset(c.flags.preset)
		return err
	case c.flags.preset != "" && source.Mapping.Name != c.flags.preset:
		said = "preset"
	case c.flags.snapshotAt != "" && c.flags.snapshotAt != source.Snapshot:
		said = "snapshot-at"
	case len(c.flags.consentIDs) > 0:
		said = "consent-id"
	default:
		return nil
	}
	return fault.New(fault.Usage, source.Path, "--%s speaks of a file that the source %s reads, and not as the configuration does", said, source.Name).
		Hint("leave the flag out, or change the source")
}

// plainSource is a path of --consent that no source of the configuration owns.
func (c *consent) plainSource(path string) (source consentload.Source, err error) {
	source = consentload.Source{Name: path, Path: path, Undeclared: true, MinRows: min(1, c.flags.minConsentRows), Snapshot: c.flags.snapshotAt}
	for _, text := range c.flags.consentIDs {
		kind, column, ok := strings.Cut(text, "=")
		if !ok || kind == "" || column == "" {
			return source, fault.New(fault.Usage, "", "--consent-id %q is not KIND=COLUMN", text).Hint("such as --consent-id email=Identifier")
		}
		if source.IDs == nil {
			source.IDs = map[consentload.Kind]string{}
		}
		source.IDs[consentload.Kind(strings.ToLower(strings.TrimSpace(kind)))] = column
	}
	if name := c.flags.preset; name != "" {
		source.Mapping, err = consentload.Preset(name)
	}
	return source, err
}

func (c *consent) configuredSources(ctx context.Context) ([]consentload.Source, error) {
	if len(c.found.Sources) == 0 {
		return nil, fault.New(fault.Usage, "", "there is no consent to filter by").
			Hint("name the exports with --consent, or list them under sources: in cpm.yaml")
	}
	var sources []consentload.Source
	for _, declared := range c.found.Sources {
		source, err := c.source(declared)
		if err != nil {
			return nil, err
		}
		found, err := consentload.Find(ctx, c.places, c.found.within(declared.Path))
		if err != nil {
			return nil, err
		}
		source.Files, source.PassedOver = found.Files, found.PassedOver
		sources = append(sources, source)
	}
	return sources, nil
}

// source gives a source of the configuration its meaning.
func (c *consent) source(declared consentload.SourceConfig) (consentload.Source, error) {
	source := consentload.Source{
		Name: declared.Name, Path: formats.WithoutOptions(c.found.within(declared.Path)), MinRows: 1, RequireManifest: declared.RequireManifest,
	}
	if declared.MinRows != nil {
		source.MinRows = *declared.MinRows
	}
	var err error
	if declared.MaxAge != "" {
		if source.MaxAge, err = consentload.ParseDuration(declared.MaxAge); err != nil {
			return source, err
		}
	}
	if declared.Timezone != "" {
		if source.Zone, err = consentload.LoadZone(declared.Timezone); err != nil {
			return source, err
		}
	}
	if err := c.shapeOf(declared, &source); err != nil {
		return source, err
	}
	if declared.MaxShrink != "" {
		share, err := consentload.ParsePercent(declared.MaxShrink)
		if err != nil {
			return source, err
		}
		source.MaxShrink = &share
	}
	if declared.MaxShrink != "" && c.flags.index == "" && c.previous == nil {
		c.warn("max_shrink of source %s needs an index to compare with; it is not looked at here", declared.Name)
	}
	return source, nil
}

// shapeOf gives what a source says of the shape of its files its meaning.
func (c *consent) shapeOf(declared consentload.SourceConfig, source *consentload.Source) (err error) {
	source.Links = declared.Kind == "links"
	source.Channels, source.Purposes, source.Ignore = declared.Channels, declared.Purposes, declared.Ignore
	source.Snapshot = declared.SnapshotAt
	source.Format = textFormat(declared.Encoding, declared.Delimiter, declared.Sheet)
	for kind, column := range declared.ID {
		if source.IDs == nil {
			source.IDs = map[consentload.Kind]string{}
		}
		source.IDs[consentload.Kind(kind)] = column
	}
	switch {
	case declared.Preset != "":
		source.Mapping, err = consentload.Preset(declared.Preset)
	case declared.Mapping != "":
		source.Mapping, err = readMapping(c.found.within(declared.Mapping))
	}
	return err
}

// textFormat is what the configuration says of a file that cannot be seen from it.
func textFormat(encoding, delimiter, sheet string) formats.Options {
	return formats.Options{
		Encoding: encoding, Sheet: sheet,
		Delimiter: map[string]byte{"comma": ',', "tab": '\t', "semicolon": ';', "pipe": '|'}[delimiter],
	}
}

// readMapping reads a mapping of the user's own.
func readMapping(path string) (*consentload.Mapping, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Usage, path, "the mapping cannot be read").Because(err).
			Hint("cpm presets show NAME > my.yaml writes one to start from")
	}
	return consentload.ReadMapping(path, text)
}

// owned is a file of a source of the configuration.
type owned struct {
	info   os.FileInfo
	source consentload.Source
}

// declaredFiles lists the files of the configuration's sources. A source whose files are not there owns none.
func (c *consent) declaredFiles(ctx context.Context) []owned {
	var files []owned
	for _, declared := range c.found.Sources {
		source, err := c.source(declared)
		if err != nil {
			continue // reported where the source is read
		}
		found, err := consentload.Find(ctx, c.places, c.found.within(declared.Path))
		if err != nil {
			continue
		}
		for _, path := range found.Files {
			if info, err := c.places.Stat(ctx, path); err == nil {
				files = append(files, owned{info, source})
			}
		}
	}
	return files
}

func (c *consent) ownerOf(ctx context.Context, path string, files []owned) *owned {
	info, err := c.places.Stat(ctx, path)
	if err != nil {
		return nil
	}
	at := slices.IndexFunc(files, func(o owned) bool { return formats.SameFile(o.info, info) })
	if at < 0 {
		return nil
	}
	return &files[at]
}
