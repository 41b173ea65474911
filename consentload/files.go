package consentload

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"cpm/formats"
	"cpm/formats/fault"
)

// Found is what a path of consent exports stands for.
type Found struct {
	Files      []string // in order; a file found twice is listed once
	PassedOver []string // files that are no exports by their names

	what    string // is looked for, for messages
	outputs bool   // folders of outputs are passed over
}

// Find resolves a path: a file, a folder (read recursively, links followed) or a pattern, of the file system or of an
// object store. A path that matches no file is a fault of kind Guard: a night's export that did not arrive must not look
// like consent without refusals.
func Find(ctx context.Context, files formats.Files, path string) (Found, error) {
	found := Found{what: "consent export"}
	err := found.resolve(ctx, files, path)
	return found, err
}

// FindAudiences is Find for audiences, of which the same names are passed over: cpm's own outputs are not filtered again.
func FindAudiences(ctx context.Context, files formats.Files, path string) (Found, error) {
	found := Found{what: "audience", outputs: true}
	err := found.resolve(ctx, files, path)
	return found, err
}

func (f *Found) resolve(ctx context.Context, files formats.Files, path string) error {
	path, err := files.Learn(path)
	if err != nil {
		return err
	}
	if err := f.find(ctx, files, path); err != nil {
		return err
	}
	if len(f.Files) == 0 {
		missing := fault.New(fault.Guard, path, "no %s is here", f.what).
			Hint("check the path, and that the %ss have arrived; quote a pattern so that the shell leaves it alone", strings.TrimPrefix(f.what, "consent "))
		if len(f.PassedOver) > 0 {
			missing.What += ", only files that are passed over by their names"
		}
		return missing
	}
	return nil
}

func (f *Found) find(ctx context.Context, files formats.Files, path string) error {
	if formats.IsObject(path) {
		return f.objects(ctx, files, path)
	}
	seen := map[string]bool{}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return f.walk(path, seen)
	case err == nil:
		f.Files = []string{path}
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return f.glob(path, seen)
	}
	return err
}

func (f *Found) glob(pattern string, seen map[string]bool) error {
	if strings.Contains(pattern, "**") {
		return noSuchPattern(pattern)
	}
	matches, err := f.expand(pattern)
	if err != nil {
		return err
	}
	for _, match := range matches {
		info, err := os.Stat(match)
		if err != nil {
			return err
		}
		if info.IsDir() {
			err = f.walk(match, seen)
		} else {
			f.add(match)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func noSuchPattern(pattern string) error {
	return fault.New(fault.Usage, pattern, "** is no pattern here").Hint("name the folder instead: it is read with all folders in it")
}

func malformedPattern(pattern string) error {
	return fault.New(fault.Usage, pattern, "the pattern is not well formed").Hint("close every [ with a ]")
}

// expand finds what a pattern matches, in order. A folder on the way that cannot be read is an error: filepath.Glob
// would pass it over, and with it the refusals that lie in it.
func (f *Found) expand(pattern string) ([]string, error) {
	parts := strings.Split(filepath.ToSlash(filepath.Clean(pattern)), "/")
	found := []string{""}
	if parts[0] == "" {
		found, parts = []string{"/"}, parts[1:]
	}
	for _, part := range parts {
		if _, err := filepath.Match(part, ""); err != nil {
			return nil, malformedPattern(pattern)
		}
		var next []string
		for _, folder := range found {
			names, err := namesLike(folder, part)
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				if name != part && f.passes(name) {
					f.PassedOver = append(f.PassedOver, filepath.Join(folder, name))
					continue
				}
				next = append(next, filepath.Join(folder, name))
			}
		}
		found = next
	}
	return found, nil
}

// wildcards are what makes a part of a path a pattern.
const wildcards = `*?[\`

func isPattern(part string) bool { return strings.ContainsAny(part, wildcards) }

// namesLike returns the names in a folder that a part of a pattern matches; none where there is no such folder.
func namesLike(folder, part string) ([]string, error) {
	if !isPattern(part) {
		_, err := os.Lstat(filepath.Join(folder, part))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return nil, nil
		}
		return []string{part}, err
	}
	if folder == "" {
		folder = "."
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if like, _ := filepath.Match(part, entry.Name()); like { // the pattern was looked at before
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// walk adds the files of a folder. Links to folders are followed: an export behind one must not be lost; seen holds
// the folders on the way, so that a circle ends.
func (f *Found) walk(folder string, seen map[string]bool) error {
	real, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return err
	}
	if seen[real] {
		return nil
	}
	seen[real] = true
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if f.passes(entry.Name()) {
			f.PassedOver = append(f.PassedOver, path)
			continue
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return err
		case info.IsDir():
			err = f.walk(path, seen)
		case !info.Mode().IsRegular():
			err = fault.New(fault.Input, path, "this is no file, and so no %s", f.what).
				Hint("take it out of the folder")
		default:
			f.add(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *Found) add(path string) {
	if f.passes(filepath.Base(path)) {
		f.PassedOver = append(f.PassedOver, path)
		return
	}
	f.Files = append(f.Files, path)
}

// passes reports whether a name, met in a folder or by a pattern, is passed over. Among audiences so is a folder of
// outputs; among exports it is not, as refusals may lie in whatever bears such a name.
func (f *Found) passes(name string) bool {
	return passedByName(name) || f.outputs && strings.HasSuffix(name, ".permitted")
}

// passedByName reports whether a name, met in a folder or by a pattern, is that of no export: hidden and temporary
// files, manifests, indexes, and cpm's own outputs.
func passedByName(name string) bool {
	for _, prefix := range []string{".", "_", "~$"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return strings.HasSuffix(name, ".manifest.json") || strings.HasSuffix(name, ".cpmx") ||
		strings.Contains(name, ".permitted.")
}

// once drops the files that stand in the list before, however they are spelt. Two sources that would read one file in
// different zones are a fault of kind Usage: neither is the first.
func once(ctx context.Context, files formats.Files, sources []Source) ([]Source, error) {
	type read struct {
		info   os.FileInfo
		source *Source
	}
	var before []read
	for i := range sources {
		source := &sources[i]
		var kept []string
		for _, path := range source.Files {
			info, err := files.Stat(ctx, path)
			if err != nil {
				return nil, err
			}
			at := slices.IndexFunc(before, func(r read) bool { return formats.SameFile(info, r.info) })
			if at < 0 {
				before, kept = append(before, read{info, source}), append(kept, path)
				continue
			}
			if first := before[at].source; first != source && !first.readsLike(source) {
				return nil, fault.New(fault.Usage, path, "the sources %s and %s both read this file, and not alike",
					first.Name, source.Name).Hint("let their paths match different files, or give them the same mapping, timezone and guards")
			}
		}
		source.Files = kept
	}
	return sources, nil
}

// readsLike reports whether two sources read a file alike.
func (s *Source) readsLike(o *Source) bool {
	zone := func(s *Source) string {
		if s.Zone == nil {
			return ""
		}
		return s.Zone.String()
	}
	mapping := func(s *Source) string {
		if s.Mapping == nil {
			return ""
		}
		return s.Mapping.Name
	}
	return zone(s) == zone(o) && s.MaxAge == o.MaxAge && s.MinRows == o.MinRows && s.RequireManifest == o.RequireManifest &&
		mapping(s) == mapping(o) && maps.Equal(s.IDs, o.IDs) && maps.Equal(s.Channels, o.Channels) &&
		maps.Equal(s.Purposes, o.Purposes) && slices.Equal(s.Ignore, o.Ignore) && s.Links == o.Links &&
		s.Snapshot == o.Snapshot && s.Format == o.Format
}
