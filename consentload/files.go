package consentload

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cpm/formats/fault"
)

// Found is what a path of consent exports stands for.
type Found struct {
	Files      []string // in order; a file found twice is listed once
	PassedOver []string // files that are no exports by their names
}

// Find resolves a path: a file, a folder (read recursively, links followed) or a pattern. A path that matches no file
// is a fault of kind Guard: a night's export that did not arrive must not look like consent without refusals.
func Find(path string) (Found, error) {
	var found Found
	seen := map[string]bool{}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		err = found.walk(path, seen)
	case err == nil:
		found.Files = []string{path}
	case errors.Is(err, fs.ErrNotExist):
		err = found.glob(path, seen)
	}
	if err != nil {
		return found, err
	}
	if len(found.Files) == 0 {
		f := fault.New(fault.Guard, path, "no consent export is here").
			Hint("check the path, and that the exports have arrived; quote a pattern so that the shell leaves it alone")
		if len(found.PassedOver) > 0 {
			f.What = "no consent export is here, only files that are passed over by their names"
		}
		return found, f
	}
	return found, nil
}

func (f *Found) glob(pattern string, seen map[string]bool) error {
	matches, err := filepath.Glob(pattern)
	if err != nil {
		return fault.New(fault.Usage, pattern, "the pattern is not well formed").Hint("close every [ with a ]")
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
		if passedByName(entry.Name()) {
			f.PassedOver = append(f.PassedOver, path)
			continue
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return err
		case info.IsDir():
			err = f.walk(path, seen)
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
	if passedByName(filepath.Base(path)) {
		f.PassedOver = append(f.PassedOver, path)
		return
	}
	f.Files = append(f.Files, path)
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

// once drops the files that stand in the list before, however they are spelt.
func once(sources []Source) ([]Source, error) {
	var infos []os.FileInfo
	for i := range sources {
		var kept []string
		for _, path := range sources[i].Files {
			info, err := os.Stat(path)
			if err != nil {
				return nil, err
			}
			same := func(other os.FileInfo) bool { return os.SameFile(info, other) }
			if slices.ContainsFunc(infos, same) {
				continue
			}
			infos, kept = append(infos, info), append(kept, path)
		}
		sources[i].Files = kept
	}
	return sources, nil
}
