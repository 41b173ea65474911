package formats

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"cpm/formats/fault"
)

// objects is what a run knows of the objects of a store, and has fetched of them.
type objects struct {
	store Store

	mutex   sync.Mutex
	options map[string]string   // of buckets
	known   map[string]*Object  // by path; nil: it is not there
	fetched map[string]*os.File // by path: what nobody has open now
	closed  bool
}

func newObjects(store Store) *objects {
	return &objects{store: store, options: map[string]string{}, known: map[string]*Object{}, fetched: map[string]*os.File{}}
}

// withOptions gives a location the options of its bucket, and keeps those that it brings.
func (o *objects) withOptions(at Location) (Location, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	before := o.options[at.bucket()]
	switch {
	case at.Options == "":
		at.Options = before
	case before == "":
		o.options[at.bucket()] = at.Options
	case before != at.Options:
		return at, fault.New(fault.Usage, at.bucket(), "the bucket is named with options twice, and they differ").
			Hint("write them once: they hold for all paths of the bucket")
	}
	return at, nil
}

// look tells of an object as it was when it was first asked for.
func (o *objects) look(ctx context.Context, at Location) (Object, error) {
	path := at.String()
	o.mutex.Lock()
	known, seen := o.known[path]
	o.mutex.Unlock()
	switch {
	case seen && known == nil:
		return Object{}, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	case seen:
		return *known, nil
	}
	found, err := o.store.Look(ctx, at)
	switch {
	case err == nil:
		o.note(path, &found)
	case errors.Is(err, fs.ErrNotExist):
		o.note(path, nil)
		return found, err
	default:
		err = untold(at, "look at", err)
	}
	return found, err
}

func (o *objects) note(path string, found *Object) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.known[path] = found
}

// untold says of which object an operation failed, and what a user should do about it.
func untold(at Location, doing string, err error) error {
	switch {
	case fault.KindOf(err) != 0:
		return err
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Usage, at.String(), "no such object").Hint("check bucket and key")
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Usage, at.String(), "no permission to %s it", doing).Because(err).
			Hint("check the credentials, and that they may list and read the bucket, and write and remove outputs in it")
	}
	return fmt.Errorf("%s: cannot %s it: %w", at, doing, err)
}

func (o *objects) list(ctx context.Context, at Location, each func(path string) error) error {
	err := o.store.List(ctx, at, func(key string, found Object) error {
		if strings.HasSuffix(key, "/") && found.Size == 0 { // made by a console, so that it can show a folder
			return nil
		}
		path := Location{Scheme: at.Scheme, Bucket: at.Bucket, Key: key}.String()
		o.note(path, &found)
		return each(path)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Usage, at.bucket(), "no such bucket").Hint("check its name, and its region or endpoint")
	}
	if err != nil {
		return untold(at, "list", err)
	}
	return nil
}

// open opens what was fetched of an object, or fetches it.
func (o *objects) open(ctx context.Context, at Location, withDigest bool) (*File, error) {
	path := at.String()
	o.mutex.Lock()
	file := o.fetched[path]
	delete(o.fetched, path) // two who read at once do not share a file
	o.mutex.Unlock()
	if file == nil {
		var err error
		if file, err = o.fetch(ctx, at, &Fetching{}); err != nil {
			return nil, err
		}
	}
	f, err := watch(path, file, withDigest)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f.object = &objectInfo{at, f.Size}
	f.keep = func() error { return o.keep(path, file) }
	return f, nil
}

// keep takes back a file that was fetched.
func (o *objects) keep(path string, file *os.File) error {
	_, err := file.Seek(0, io.SeekStart)
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if err != nil || o.closed || o.fetched[path] != nil {
		return errors.Join(err, file.Close())
	}
	o.fetched[path] = file
	return nil
}

// fetch writes all of an object to a file without a name.
func (o *objects) fetch(ctx context.Context, at Location, progress *Fetching) (_ *os.File, err error) {
	file, err := Scratch()
	if err != nil {
		return nil, fmt.Errorf("%s: cannot fetch it: %w", at, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	read, err := o.store.Read(ctx, at, arriving{file, progress})
	if err != nil {
		return nil, untold(at, "fetch", err)
	}
	n, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot fetch it: %w", at, err)
	}
	if n != read.Size {
		return nil, fault.New(fault.Input, at.String(), "%d bytes of it came, and it has %d", n, read.Size).Hint("run again")
	}
	now, err := o.store.Look(ctx, at)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, untold(at, "look at", err)
	}
	if err != nil || now.Size != read.Size || now.Version != read.Version && now.Version != "" && read.Version != "" {
		return nil, fault.New(fault.Input, at.String(), "the object was changed while it was read").
			Hint("wait until it is complete, then run again")
	}
	o.note(at.String(), &now)
	_, err = file.Seek(0, io.SeekStart)
	return file, err
}

func (o *objects) close() error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.closed = true
	var problems []error
	for path, file := range o.fetched {
		problems = append(problems, file.Close())
		delete(o.fetched, path)
	}
	return errors.Join(problems...)
}
