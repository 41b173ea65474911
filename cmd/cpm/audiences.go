package main

import (
	"context"
	"path/filepath"
	"strings"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

// foundAudience is an audience of a command line, and what its outputs are named after.
type foundAudience struct {
	path    string // "-" is standard input
	tree    string // the folder that was named and holds it; empty: none was
	pattern string // that was named and matches it; empty: none was
	below   string // its path below that folder, or below what stands before the first wildcard of the pattern
}

// foundAudiences are the audiences of a command line, in the order in which they are filtered.
type foundAudiences struct {
	files      []foundAudience
	passedOver int
	many       bool // a folder, a pattern or several files were named, however many they come to
}

// findAudiences finds what a command line names. A file that is named twice is filtered once, where it stands first.
func findAudiences(ctx context.Context, places formats.Files, args []string) (*foundAudiences, error) {
	f := &foundAudiences{many: len(args) > 1}
	seen := map[string]bool{}
	for _, arg := range args {
		if err := f.add(ctx, places, arg, seen); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *foundAudiences) add(ctx context.Context, places formats.Files, arg string, seen map[string]bool) error {
	arg, err := places.Learn(arg)
	if err != nil {
		return err
	}
	if arg == "-" && f.many {
		return fault.New(fault.Usage, "", "standard input is one audience, and others are named beside it").Hint("name files alone, or - alone")
	}
	info, err := places.Stat(ctx, arg)
	isFolder := err == nil && info.IsDir() || formats.IsObject(arg) && strings.HasSuffix(arg, "/")
	if !isFolder && (err == nil || !strings.ContainsAny(arg, `*?[`)) { // a file, or the reader will tell why not
		f.once(foundAudience{path: arg, below: filepath.Base(arg)}, seen)
		return nil
	}
	f.many = true
	found, err := consentload.FindAudiences(ctx, places, arg)
	if err != nil {
		return err
	}
	f.passedOver += len(found.PassedOver)
	root, tree, pattern := arg, cleanTree(arg), ""
	if !isFolder {
		root, tree, pattern = beforeWildcard(arg), "", filepath.Clean(arg)
	}
	for _, path := range found.Files {
		below, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f.once(foundAudience{path: path, tree: tree, pattern: pattern, below: below}, seen)
	}
	return nil
}

// cleanTree is the shortest spelling of a folder; of one in an object store it lacks the slash at its end alone.
func cleanTree(path string) string {
	if formats.IsObject(path) {
		return strings.TrimSuffix(path, "/")
	}
	return filepath.Clean(path)
}

// isBucket reports whether a folder is all of a bucket.
func isBucket(tree string) bool {
	_, rest, _ := strings.Cut(tree, "://")
	return formats.IsObject(tree) && !strings.Contains(rest, "/")
}

// once adds an audience unless it stands there, under whatever name.
func (f *foundAudiences) once(a foundAudience, seen map[string]bool) {
	real := realPath(a.path)
	if !seen[real] {
		seen[real] = true
		f.files = append(f.files, a)
	}
}

// realPath is the same for all spellings of a file. An object has one alone: a//b.csv and a/b.csv are two.
func realPath(path string) string {
	if formats.IsObject(path) {
		return path
	}
	if behind, err := filepath.EvalSymlinks(path); err == nil && path != "-" {
		path = behind
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return path
}

// beforeWildcard returns the folder that a pattern names before its first wildcard.
func beforeWildcard(pattern string) string {
	return filepath.Dir(pattern[:strings.IndexAny(pattern, `*?[`)] + "x")
}

// partitionKey reports whether a word is the key of a folder on the way to a file, as in dt=2026-11-25/part-0.parquet.
func partitionKey(path, word string) bool {
	for _, part := range strings.Split(filepath.ToSlash(filepath.Dir(path)), "/") {
		if key, _, ok := strings.Cut(part, "="); ok && strings.EqualFold(key, strings.TrimSpace(word)) {
			return true
		}
	}
	return false
}

// destination is where the rows of one audience go: a file, or one in a folder that is published as a whole.
type destination struct {
	folder string // empty: none
	name   string // a path, below the folder where there is one; "-" is standard output; empty: the rows go nowhere
}

// path is how the destination is told; empty: there is none.
func (d destination) path() string {
	if d.folder != "" {
		return filepath.Join(d.folder, d.name)
	}
	return d.name
}

// made are the outputs of a run by their destinations; of a folder all files are one.
type made struct {
	outputs *formats.Outputs
	files   map[string]*formats.Output
	folders map[string]*formats.Folder
}

func newMade(ctx context.Context, places formats.Files, o formats.OutputOptions) *made {
	return &made{places.NewOutputs(ctx, o), map[string]*formats.Output{}, map[string]*formats.Folder{}}
}

// claim gives a destination its place in the order in which the outputs are published.
func (m *made) claim(d destination) (err error) {
	switch {
	case d.name == "" || d.name == "-":
	case d.folder == "":
		m.files[d.name], err = m.outputs.Create(d.name)
	case m.folders[d.folder] == nil:
		m.folders[d.folder], err = m.outputs.CreateFolder(d.folder)
	}
	return err
}
