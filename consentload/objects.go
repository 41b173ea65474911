package consentload

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"cpm/formats"
	"cpm/formats/fault"
)

// objectPattern finds objects as expand and walk find files: each part of a path is matched for itself, and what lies
// below a match is read with all folders in it.
type objectPattern struct {
	parts  []string // of the pattern; scheme and bucket are the first three
	folder bool     // it ends in a slash: only what lies below is meant
}

// objects finds the objects that a path of an object store means: one object, a folder, or a pattern.
func (f *Found) objects(ctx context.Context, files formats.Files, pattern string) error {
	_, err := files.Stat(ctx, pattern)
	if err == nil {
		f.Files = []string{pattern}
		return files.List(ctx, pattern+"/", func(below string) error { return twoMeanings(pattern, below) })
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if strings.Contains(pattern, "**") {
		return noSuchPattern(pattern)
	}
	p := objectPattern{strings.Split(strings.TrimSuffix(pattern, "/"), "/"), strings.HasSuffix(pattern, "/")}
	if err := p.check(pattern); err != nil {
		return err
	}
	return files.List(ctx, p.prefix(), func(found string) error {
		switch meant, passed := f.means(p, found); {
		case passed != "":
			if !slices.Contains(f.PassedOver, passed) {
				f.PassedOver = append(f.PassedOver, passed)
			}
		case meant:
			f.Files = append(f.Files, found)
		}
		return nil
	})
}

// twoMeanings refuses a path that names an object, and a folder too: no file system has both, and whoever means the folder
// would lose the refusals in it.
func twoMeanings(named, below string) error {
	return fault.New(fault.Usage, named, "this is an object, and a folder with %s in it", path.Base(below)).
		Hint("end the path with a slash to read the folder, or give the object another name")
}

func (p objectPattern) check(pattern string) error {
	for i, part := range p.parts {
		if _, err := path.Match(part, ""); err != nil {
			return malformedPattern(pattern)
		}
		if i < 3 && isPattern(part) {
			return fault.New(fault.Usage, pattern, "a bucket is named whole").Hint("name the exports of each bucket apart")
		}
	}
	return nil
}

// prefix returns what stands before the first wildcard.
func (p objectPattern) prefix() string {
	at := slices.IndexFunc(p.parts, isPattern)
	if at < 0 {
		return strings.Join(p.parts, "/") + "/"
	}
	part := p.parts[at]
	return strings.Join(p.parts[:at], "/") + "/" + part[:strings.IndexAny(part, wildcards)]
}

// means reports whether a pattern means an object. One that it does, but for its name or that of a folder on the way, is
// passed over: then it returns up to where.
func (f *Found) means(p objectPattern, found string) (meant bool, passed string) {
	names := strings.Split(found, "/")
	if len(names) < len(p.parts) || p.folder && len(names) == len(p.parts) {
		return false, ""
	}
	for i, part := range p.parts {
		if like, _ := path.Match(part, names[i]); names[i] != part && (!like || !isPattern(part)) { // the pattern was looked at before
			return false, ""
		}
	}
	for i, name := range names {
		said := i < len(p.parts) && i < len(names)-1 && p.parts[i] == name
		if !said && f.passes(name) {
			return false, strings.Join(names[:i+1], "/")
		}
	}
	return true, ""
}
