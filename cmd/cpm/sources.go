package main

import (
	"os"
	"slices"

	"cpm/consentload"
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
		plain := consentload.Source{Name: path, Path: path, PassedOver: found.PassedOver, MinRows: min(1, r.options.minConsentRows)}
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
	if declared.MaxShrink != "" {
		r.warn("max_shrink of source %s needs an index to compare with; it is not looked at here", declared.Name)
	}
	return source, nil
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
