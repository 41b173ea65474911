package main

import (
	"os"
	"slices"
	"strings"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

// sources settles which consent a run reads: the sources of the configuration, or what --consent names instead. A
// file of the configuration that --consent names keeps its source's zone and guards.
func (r *filtering) sources() ([]consentload.Source, error) {
	if len(r.options.consent) == 0 {
		return r.configuredSources()
	}
	declared := r.declaredFiles()
	var sources []consentload.Source
	used := map[string]bool{}
	for _, path := range r.options.consent {
		found, err := consentload.Find(path)
		if err != nil {
			return nil, err
		}
		plain, err := r.plainSource(path)
		if err != nil {
			return nil, err
		}
		plain.PassedOver = found.PassedOver
		for _, file := range found.Files {
			owner := ownerOf(file, declared)
			if owner == nil {
				plain.Files = append(plain.Files, file)
				continue
			}
			used[owner.source.Name] = true
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
	for _, source := range r.found.Sources {
		if !used[source.Name] {
			r.leftOut = append(r.leftOut, source.Name)
		}
	}
	return sources, nil
}

// plainSource is a path of --consent that no source of the configuration owns.
func (r *filtering) plainSource(path string) (source consentload.Source, err error) {
	source = consentload.Source{Name: path, Path: path, MinRows: min(1, r.options.minConsentRows), Snapshot: r.options.snapshotAt}
	for _, text := range r.options.consentIDs {
		kind, column, ok := strings.Cut(text, "=")
		if !ok || kind == "" || column == "" {
			return source, fault.New(fault.Usage, "", "--consent-id %q is not KIND=COLUMN", text).Hint("such as --consent-id email=Identifier")
		}
		if source.IDs == nil {
			source.IDs = map[consentload.Kind]string{}
		}
		source.IDs[consentload.Kind(strings.ToLower(strings.TrimSpace(kind)))] = column
	}
	if name := r.options.preset; name != "" {
		source.Mapping, err = consentload.Preset(name)
	}
	return source, err
}

func (r *filtering) configuredSources() ([]consentload.Source, error) {
	if len(r.found.Sources) == 0 {
		return nil, fault.New(fault.Usage, "", "there is no consent to filter by").
			Hint("name the exports with --consent, or list them under sources: in cpm.yaml")
	}
	var sources []consentload.Source
	for _, declared := range r.found.Sources {
		source, err := r.source(declared)
		if err != nil {
			return nil, err
		}
		found, err := consentload.Find(source.Path)
		if err != nil {
			return nil, err
		}
		source.Files, source.PassedOver = found.Files, found.PassedOver
		sources = append(sources, source)
	}
	return sources, nil
}

// source gives a source of the configuration its meaning.
func (r *filtering) source(declared consentload.SourceConfig) (consentload.Source, error) {
	source := consentload.Source{
		Name: declared.Name, Path: r.found.within(declared.Path), MinRows: 1, RequireManifest: declared.RequireManifest,
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
	if err := r.shapeOf(declared, &source); err != nil {
		return source, err
	}
	if declared.MaxShrink != "" {
		r.warn("max_shrink of source %s needs an index to compare with; it is not looked at here", declared.Name)
	}
	return source, nil
}

// shapeOf gives what a source says of the shape of its files its meaning.
func (r *filtering) shapeOf(declared consentload.SourceConfig, source *consentload.Source) (err error) {
	source.Links = declared.Kind == "links"
	source.Channels, source.Purposes, source.Ignore = declared.Channels, declared.Purposes, declared.Ignore
	source.Snapshot = declared.SnapshotAt
	source.Format = formats.Options{
		Encoding: declared.Encoding, Sheet: declared.Sheet,
		Delimiter: map[string]byte{"comma": ',', "tab": '\t', "semicolon": ';', "pipe": '|'}[declared.Delimiter],
	}
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
		source.Mapping, err = readMapping(r.found.within(declared.Mapping))
	}
	return err
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
func (r *filtering) declaredFiles() []owned {
	var files []owned
	for _, declared := range r.found.Sources {
		source, err := r.source(declared)
		if err != nil {
			continue // reported where the source is read
		}
		found, err := consentload.Find(source.Path)
		if err != nil {
			continue
		}
		for _, path := range found.Files {
			if info, err := os.Stat(path); err == nil {
				files = append(files, owned{info, source})
			}
		}
	}
	return files
}

func ownerOf(path string, files []owned) *owned {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	at := slices.IndexFunc(files, func(o owned) bool { return os.SameFile(o.info, info) })
	if at < 0 {
		return nil
	}
	return &files[at]
}
