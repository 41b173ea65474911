// Package storetest holds a store in memory, and the laws that every store keeps. It is for tests alone.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"cpm/formats"
)

// Store is a store in memory; the zero value is empty. A test may make any operation fail, or die at it.
type Store struct {
	// Around, when set, is called in place of each operation (look, list, read, write, remove) with the path of the object,
	// and decides whether run happens.
	Around func(op, path string, run func() error) error
	// Cut, when set, says how many bytes of an object a read gives.
	Cut func(path string, size int) int

	mutex   sync.Mutex
	objects map[string]object // by path
	written int               // versions so far
}

type object struct {
	bytes   []byte
	version string
	mark    string
}

// Put writes an object as somebody else would.
func (s *Store) Put(path, text string) { s.put(path, []byte(text), "") }

func (s *Store) put(path string, text []byte, mark string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.objects == nil {
		s.objects = map[string]object{}
	}
	s.written++
	s.objects[path] = object{text, fmt.Sprint(s.written), mark}
}

// Get returns the bytes of an object, and whether it is there.
func (s *Store) Get(path string) (text string, ok bool) {
	o, ok := s.get(path)
	return string(o.bytes), ok
}

func (s *Store) get(path string) (object, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	o, ok := s.objects[path]
	return o, ok
}

// Paths returns the paths of all objects, in order.
func (s *Store) Paths() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Sorted(maps.Keys(s.objects))
}

func (s *Store) do(ctx context.Context, op, path string, run func() error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if s.Around == nil {
		return run()
	}
	return s.Around(op, path, run)
}

func absent(path string) error { return fmt.Errorf("%s: %w", path, fs.ErrNotExist) }

// Look implements formats.Store.
func (s *Store) Look(ctx context.Context, at formats.Location) (found formats.Object, err error) {
	err = s.do(ctx, "look", at.String(), func() error {
		o, ok := s.get(at.String())
		if !ok {
			return absent(at.String())
		}
		found = formats.Object{Size: int64(len(o.bytes)), Version: o.version, Mark: o.mark}
		return nil
	})
	return found, err
}

// List implements formats.Store.
func (s *Store) List(ctx context.Context, at formats.Location, each func(key string, o formats.Object) error) error {
	return s.do(ctx, "list", at.String(), func() error {
		for _, path := range s.Paths() {
			o, ok := s.get(path)
			if !ok || !strings.HasPrefix(path, at.String()) {
				continue
			}
			key := strings.TrimPrefix(path, formats.Location{Scheme: at.Scheme, Bucket: at.Bucket}.String())
			if err := each(key, formats.Object{Size: int64(len(o.bytes)), Version: o.version}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Read implements formats.Store.
func (s *Store) Read(ctx context.Context, at formats.Location, w io.Writer) (found formats.Object, err error) {
	err = s.do(ctx, "read", at.String(), func() error {
		o, ok := s.get(at.String())
		if !ok {
			return absent(at.String())
		}
		found = formats.Object{Size: int64(len(o.bytes)), Version: o.version, Mark: o.mark}
		n := len(o.bytes)
		if s.Cut != nil {
			n = s.Cut(at.String(), n)
		}
		_, err := w.Write(o.bytes[:n])
		return err
	})
	return found, err
}

// Write implements formats.Store.
func (s *Store) Write(ctx context.Context, at formats.Location, what formats.Writing) error {
	return s.do(ctx, "write", at.String(), func() error {
		text, err := io.ReadAll(what.Bytes)
		if err != nil {
			return err
		}
		if _, there := s.get(at.String()); there && !what.Overwrite {
			return fmt.Errorf("%s: %w", at, fs.ErrExist)
		}
		s.put(at.String(), text, what.Mark)
		return nil
	})
}

// Remove implements formats.Store.
func (s *Store) Remove(ctx context.Context, at formats.Location) error {
	return s.do(ctx, "remove", at.String(), func() error {
		if _, there := s.get(at.String()); !there {
			return absent(at.String())
		}
		s.mutex.Lock()
		defer s.mutex.Unlock()
		delete(s.objects, at.String())
		return nil
	})
}

// laws are what Check asks of a store.
type laws struct {
	ctx    context.Context // of all calls
	store  formats.Store
	folder formats.Location
	broken []error
}

// Check asks a store whether it keeps the laws, in an empty folder of it, and returns those that it breaks. It leaves the
// folder empty.
func Check(ctx context.Context, store formats.Store, folder formats.Location) error {
	l := &laws{ctx: ctx, store: store, folder: folder}
	l.absence()
	l.writing()
	l.listing()
	return errors.Join(l.broken...)
}

func (l *laws) expect(holds bool, law string, args ...any) {
	if !holds {
		l.broken = append(l.broken, fmt.Errorf("broken law: "+law, args...))
	}
}

func (l *laws) at(name string) formats.Location {
	at := l.folder
	at.Key += name
	return at
}

func (l *laws) absence() {
	_, err := l.store.Look(l.ctx, l.at("none.csv"))
	l.expect(errors.Is(err, fs.ErrNotExist), "to look at what is not there is fs.ErrNotExist, not %v", err)
	_, err = l.store.Read(l.ctx, l.at("none.csv"), io.Discard)
	l.expect(errors.Is(err, fs.ErrNotExist), "to read what is not there is fs.ErrNotExist, not %v", err)
	err = l.store.Remove(l.ctx, l.at("none.csv"))
	l.expect(errors.Is(err, fs.ErrNotExist), "to remove what is not there is fs.ErrNotExist, not %v", err)
}

// large is more than what a store takes in one part.
const large = 20 << 20

// writing asks it of an empty object, a small and a large one.
func (l *laws) writing() {
	for _, size := range []int{0, 5, large} {
		at, text := l.at(fmt.Sprintf("写 %d+&=%%41?.csv", size)), bytes.Repeat([]byte("a"), size)
		write := func(text []byte, overwrite bool, mark string) error {
			return l.store.Write(l.ctx, at, formats.Writing{Bytes: bytes.NewReader(text), Overwrite: overwrite, Mark: mark})
		}
		broken := errors.New("the source is broken")
		err := l.store.Write(l.ctx, at, formats.Writing{Bytes: io.MultiReader(bytes.NewReader(text), failing{broken})})
		l.expect(err != nil, "a source that breaks after %d bytes is an error", size)
		_, err = l.store.Look(l.ctx, at)
		l.expect(errors.Is(err, fs.ErrNotExist), "what was not written whole, of %d bytes, is not there: %v", size, err)

		l.expect(write(text, false, "one") == nil, "%d bytes can be written", size)
		one := l.read(at, text, "one")
		err = write([]byte("other"), false, "two")
		l.expect(errors.Is(err, fs.ErrExist), "what exists is fs.ErrExist, not %v", err)
		err = write(bytes.Repeat([]byte("b"), large), false, "two")
		l.expect(errors.Is(err, fs.ErrExist), "what exists is fs.ErrExist for a large object too, not %v", err)
		l.read(at, text, "one")
		err = write([]byte("other"), true, "three")
		l.expect(err == nil, "what exists can be replaced: %v", err)
		three := l.read(at, []byte("other"), "three")
		l.expect(one.Version == "" || one.Version != three.Version, "other bytes have another version")
		l.expect(l.store.Remove(l.ctx, at) == nil, "what exists can be removed")
		_, err = l.store.Look(l.ctx, at)
		l.expect(errors.Is(err, fs.ErrNotExist), "what was removed is not there: %v", err)
	}
}

// read asks that an object is as it was written.
func (l *laws) read(at formats.Location, want []byte, mark string) formats.Object {
	var text bytes.Buffer
	read, err := l.store.Read(l.ctx, at, &text)
	l.expect(err == nil, "what was written can be read: %v", err)
	l.expect(bytes.Equal(text.Bytes(), want), "it is read as it was written: %d bytes, not %d", text.Len(), len(want))
	l.expect(read.Size == int64(len(want)), "its reader knows its size: %d, not %d", read.Size, len(want))
	seen, err := l.store.Look(l.ctx, at)
	l.expect(err == nil, "what was written can be looked at: %v", err)
	l.expect(seen.Size == int64(len(want)), "its size is told: %d, not %d", seen.Size, len(want))
	l.expect(seen.Mark == mark, "its mark is told: %q, not %q", seen.Mark, mark)
	l.expect(read.Version == seen.Version, "its version is told alike: %q and %q", read.Version, seen.Version)
	return seen
}

func (l *laws) listing() {
	names := []string{"a/1.csv", "a/b/2 .csv", "a/b/3.csv", "ab.csv"}
	for _, name := range names {
		err := l.store.Write(l.ctx, l.at(name), formats.Writing{Bytes: strings.NewReader(name)})
		l.expect(err == nil, "an object of a folder can be written: %v", err)
	}
	listed := func(prefix string) (found []string) {
		err := l.store.List(l.ctx, l.at(prefix), func(key string, o formats.Object) error {
			name := strings.TrimPrefix(key, l.folder.Key)
			l.expect(o.Size == int64(len(name)), "the list tells sizes: %d of %q", o.Size, name)
			found = append(found, name)
			return nil
		})
		l.expect(err == nil, "what is there can be listed: %v", err)
		return found
	}
	l.expect(slices.Equal(listed(""), names), "all objects are listed, with those in folders: %q", listed(""))
	l.expect(slices.Equal(listed("a/"), names[:3]), "those of a folder are listed: %q", listed("a/"))
	l.expect(slices.Equal(listed("a/b"), names[1:3]), "those whose names begin alike are listed: %q", listed("a/b"))
	l.expect(len(listed("none/")) == 0, "an empty folder has no objects")
	enough := errors.New("enough")
	err := l.store.List(l.ctx, l.at(""), func(string, formats.Object) error { return enough })
	l.expect(errors.Is(err, enough), "an error of the caller ends the list: %v", err)
	for _, name := range names {
		l.expect(l.store.Remove(l.ctx, l.at(name)) == nil, "what was listed can be removed")
	}
}

// failing is a source that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
