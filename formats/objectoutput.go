package formats

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"cpm/formats/fault"
)

// objectOutput is what an Output has beside its file when it is to be an object. Until the set is published its bytes are
// in a file without a name.
type objectOutput struct {
	objects *objects
	ctx     context.Context // of the run: Commit has no place for one
	at      Location
	mark    string   // tells the object from what somebody else puts there
	old     *os.File // what stood there; nil: nothing did
}

// checkObject refuses an output that could not be made. What stands there is looked at again when it is published.
func (s *Outputs) checkObject(at Location) error {
	path := at.String()
	if at.isFolder() {
		return fault.New(fault.Usage, path, "the output is a folder").Hint("Give the path of an object.")
	}
	if s.options.Mode != 0 && s.options.Mode != privateMode {
		return fault.New(fault.Usage, path, "an object has no mode").Hint("Leave --output-mode out: who may read it is settled by the bucket.")
	}
	for _, o := range s.outputs {
		if o.object != nil && o.path == path {
			return twice(path, o.path)
		}
	}
	for _, input := range s.options.Inputs {
		if SameFile(input, objectInfo{at: at}) {
			return fault.New(fault.Usage, path, "the output is also an input").Hint("Name another output.")
		}
	}
	_, err := s.files.objects.store.Look(s.ctx, at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return untold(at, "look at", err)
	case !s.options.Overwrite:
		return exists(path)
	}
	return nil
}

func (s *Outputs) createObject(at Location) (*Output, error) {
	if err := s.checkObject(at); err != nil {
		return nil, err
	}
	file, err := Scratch()
	if err != nil {
		return nil, failed("create", at.String(), err)
	}
	o := &Output{target: target{path: at.String()}, disk: s.disk, file: file}
	o.object = &objectOutput{objects: s.files.objects, ctx: s.ctx, at: at, mark: rand.Text()}
	s.outputs = append(s.outputs, o) // from here on Abort knows of it
	return o, nil
}

// upload makes the object, and keeps what it replaces. Whether it stands is told by its mark: the answer of the store may
// be lost, and a second attempt meets what the first one made.
func (o *Output) upload(overwrite bool) error {
	u := o.object
	store := u.objects.store
	_, err := store.Look(u.ctx, u.at)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return untold(u.at, "look at", err)
	case err == nil && !overwrite:
		return exists(o.path)
	case err == nil:
		if u.old, err = u.objects.fetch(u.ctx, u.at, &Fetching{}); err != nil {
			return err
		}
	}
	o.placed = true
	bytes := io.NewSectionReader(o.file, 0, o.written)
	problem := store.Write(u.ctx, u.at, Writing{Bytes: bytes, Overwrite: overwrite, Mark: u.mark})
	now, err := store.Look(u.ctx, u.at)
	switch {
	case err == nil && now.Mark == u.mark && now.Size == o.written:
		return nil
	case errors.Is(problem, fs.ErrExist): // somebody was faster
		return exists(o.path)
	case problem != nil:
		return untold(u.at, "write", problem)
	case err != nil:
		return untold(u.at, "look at", err)
	}
	return fmt.Errorf("%s: what the store holds is not what was written", o.path)
}

// withdrawObject removes the object, or puts back what it replaced. What somebody else has put there since stays. A run
// that was interrupted does it too.
func (o *Output) withdrawObject() error {
	u := o.object
	store, ctx := u.objects.store, context.WithoutCancel(u.ctx)
	found, err := store.Look(ctx, u.at)
	absent := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !absent:
		return untold(u.at, "look at", err)
	case !absent && found.Mark != u.mark:
		err = nil
	case u.old != nil:
		if _, err = u.old.Seek(0, io.SeekStart); err == nil {
			err = store.Write(ctx, u.at, Writing{Bytes: u.old, Overwrite: true})
		}
	case absent:
		err = nil
	default:
		if err = store.Remove(ctx, u.at); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return untold(u.at, "withdraw", err)
	}
	o.placed = false
	return nil
}

// release lets go of what was replaced.
func (u *objectOutput) release() {
	if u.old != nil {
		_ = u.old.Close() // it is in the store, or was put back there
		u.old = nil
	}
}
