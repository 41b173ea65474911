package formats

import (
	"context"
	"io"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// fetchedAtOnce is how many objects are on their way at once. More of them share the same line.
const fetchedAtOnce = 4

// Fetching is how far Fetch has come: what has arrived. It may be read at any time.
type Fetching struct{ Bytes, Objects atomic.Int64 }

// Fetch fetches the objects among paths, several at once, so that Open finds them. Each is fetched once, however often it is
// named or was opened before. Of several that fail, the first in the order of paths is told.
func (f Files) Fetch(ctx context.Context, paths []string, progress *Fetching) error {
	var all []Location
	seen := map[string]bool{}
	for _, path := range paths {
		at, isObject, err := f.locate(path)
		if err != nil {
			return err
		}
		if isObject && !at.isFolder() && !seen[at.String()] {
			seen[at.String()] = true
			all = append(all, at)
		}
	}
	problems := make([]error, len(all))
	var failed atomic.Bool
	var group errgroup.Group
	group.SetLimit(fetchedAtOnce)
	for i, at := range all {
		if failed.Load() { // those before it have begun, and are waited for: the first of them that fails is the same in each run
			break
		}
		group.Go(func() error {
			problems[i] = f.objects.prefetch(ctx, at, progress)
			if problems[i] != nil {
				failed.Store(true)
			}
			return nil
		})
	}
	_ = group.Wait() // what failed stands in problems
	for _, err := range problems {
		if err != nil {
			return err
		}
	}
	return nil
}

// prefetch has an object fetched for whoever opens it.
func (o *objects) prefetch(ctx context.Context, at Location, progress *Fetching) error {
	o.mutex.Lock()
	isThere := o.fetched[at.String()] != nil
	o.mutex.Unlock()
	if !isThere {
		file, err := o.fetch(ctx, at, progress)
		if err != nil {
			return err
		}
		if err := o.keep(at.String(), file); err != nil {
			return err
		}
	}
	progress.Objects.Add(1)
	return nil
}

// arriving is what an object is written to. It tells how much has come.
type arriving struct {
	to       io.Writer
	progress *Fetching
}

// Write implements io.Writer.
func (a arriving) Write(p []byte) (int, error) {
	n, err := a.to.Write(p)
	a.progress.Bytes.Add(int64(n))
	return n, err
}
