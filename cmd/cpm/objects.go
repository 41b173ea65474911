package main

import (
	"context"
	"slices"
	"strings"

	"cpm/formats"
)

// learn takes out of paths what they say of how a bucket is reached: it holds for all paths of the bucket, and what is
// left may be told.
func learn(files formats.Files, paths ...*string) (err error) {
	for _, path := range paths {
		if *path, err = files.Learn(*path); err != nil {
			return err
		}
	}
	return nil
}

// learn does so for all paths of consent, before the first of them is looked for.
func (o *consentFlags) learn(files formats.Files, found *configFile) (err error) {
	paths := []*string{&o.index, &o.quarantine}
	for i := range o.consent {
		paths = append(paths, &o.consent[i])
	}
	if err := learn(files, paths...); err != nil {
		return err
	}
	for i, text := range o.suppress {
		word, path := cutChannel(text)
		if path, err = files.Learn(path); err != nil {
			return err
		}
		o.suppress[i] = word + path
	}
	for _, source := range found.Sources {
		_, _ = files.Learn(source.Path) // what is wrong with it is told where it is read, which may be never
	}
	for _, list := range found.Suppression {
		_, _ = files.Learn(list.Path) // the same
	}
	return nil
}

// cutChannel cuts what stands before the path of a list, up to its colon. That of a scheme is no such colon.
func cutChannel(text string) (word, path string) {
	word, path, cut := strings.Cut(text, ":")
	if !cut || formats.IsObject(text) {
		return "", text
	}
	return word + ":", path
}

// withoutOptions is a command as it may be told.
func withoutOptions(args []string) []string {
	told := make([]string, len(args))
	for i, arg := range args {
		told[i] = formats.WithoutOptions(arg)
	}
	return told
}

// fetch has the objects among paths fetched before they are opened, and shows how far that is.
func (c *consent) fetch(ctx context.Context, t *talk, paths []string) error {
	objects := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !formats.IsObject(path) })
	if len(objects) == 0 {
		return nil
	}
	total := int64(0)
	for _, path := range objects {
		if info, err := c.places.Stat(ctx, path); err == nil { // what is not there is told when it is fetched
			total += info.Size()
		}
	}
	fetching := &formats.Fetching{}
	stop := t.progress("fetching", total, pulled{fetching.Bytes.Load, fetching.Objects.Load, "objects"})
	defer stop()
	return c.places.Fetch(ctx, objects, fetching)
}
