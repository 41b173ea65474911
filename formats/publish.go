package formats

import (
	"errors"
	"os"
	"syscall"

	"cpm/formats/fault"
)

// replacedFile is what stood at an output's path, kept until every output of the set has its place.
type replacedFile struct {
	info     os.FileInfo
	dest     string   // of a symbolic link: where it points; a link needs no other copy
	file     *os.File // holds the lock under which the backup is no remains
	narrowed bool     // its mode is 0600 for as long as it may have a temporary name
	backup   string   // its temporary name; empty while there is none
}

// publish gives each output its place, and makes that durable before the next. A kill at any moment leaves a beginning
// of the row of outputs, each whole.
func (s *Outputs) publish() error {
	for _, o := range s.outputs {
		if err := o.flush(); err != nil {
			return failed("write", o.path, err)
		}
	}
	for _, o := range s.outputs {
		if o.object != nil {
			if err := o.upload(s.options.Overwrite); err != nil {
				return err
			}
			continue
		}
		if err := s.place(o); err != nil {
			return err
		}
		if err := o.close(); err != nil {
			return failed("close", o.path, err)
		}
		if err := o.disk.syncFolder(o.opened.file); err != nil {
			return failed("write the folder of", o.path, err)
		}
	}
	return nil
}

func (o *Output) flush() error {
	if o.tree != nil {
		return o.tree.flush()
	}
	if err := o.drain(); err != nil || o.object != nil {
		return err
	}
	if err := o.early.wait(); err != nil {
		return err
	}
	if err := o.disk.sync(o.file); err != nil {
		return err
	}
	if !renamesOpen {
		return o.close()
	}
	return nil
}

func (o *Output) close() error {
	if o.tree != nil {
		o.tree.closeInside()
	}
	if o.file == nil {
		return nil
	}
	_ = o.early.wait() // whoever needs the file has asked for the error
	err := o.disk.close(o.file)
	o.file = nil
	return err
}

// place gives the output its name. What stands there is looked at now, not as it was when the run began.
func (s *Outputs) place(o *Output) error {
	for try := 0; ; try++ {
		found, err := s.existing(o.target)
		if err != nil {
			return err
		}
		if found != nil {
			return failed("publish", o.path, o.replace(found))
		}
		err = o.placeNew()
		if !errors.Is(err, os.ErrExist) {
			return failed("publish", o.path, err)
		}
		// Somebody was faster by a moment.
		if !s.options.Overwrite || try == tmpTries {
			return exists(o.path)
		}
	}
}

// placeNew gives the output a name that nobody has, and never takes one.
func (o *Output) placeNew() error {
	o.placed = true
	if o.tmp == "" {
		if err := o.chmod(o.mode); err != nil { // it has no name yet, so nobody can see it
			return err
		}
		return o.disk.linkUnnamed(o.file, o.path)
	}
	if o.isFolder { // which takes no name but that of an empty folder
		if err := o.disk.rename(o.tmp, o.path); err != nil {
			return err
		}
		o.tmp = ""
		return o.chmod(o.mode)
	}
	err := o.disk.renameNew(o.tmp, o.path)
	if errors.Is(err, errors.ErrUnsupported) {
		err = o.linkNew()
	}
	if err != nil {
		return err
	}
	o.tmp = ""
	return o.chmod(o.mode)
}

func (o *Output) linkNew() error {
	err := o.disk.link(o.tmp, o.path)
	if noLinks(err) {
		return fault.New(fault.Usage, o.path, "its file system cannot give a name without the risk of taking one").
			Hint("Use --overwrite, or write to another file system.").Because(err)
	}
	if err != nil {
		return err
	}
	return o.disk.remove(o.tmp)
}

// replace takes the name of the file that was found, in one step where the file system has hard links.
func (o *Output) replace(found os.FileInfo) error {
	if o.tmp == "" {
		if err := o.chmod(privateMode); err != nil {
			return err
		}
		o.tmp = tmpName(o.folder)
		if err := o.disk.linkUnnamed(o.file, o.tmp); err != nil {
			return err
		}
	}
	o.old = &replacedFile{info: found}
	o.placed = true
	if err := o.keepOld(); err != nil {
		return err
	}
	if err := o.disk.rename(o.tmp, o.path); err != nil {
		return err
	}
	o.tmp = ""
	return o.chmod(o.mode)
}

// keepOld makes sure that what is replaced can be restored.
func (o *Output) keepOld() (err error) {
	old := o.old
	if old.info.Mode()&os.ModeSymlink != 0 {
		old.dest, err = o.disk.readlink(o.path)
		return err
	}
	if renamesOpen {
		err = o.holdOld()
	}
	if errors.Is(err, os.ErrPermission) {
		return fault.New(fault.Usage, o.path, "the file to be replaced does not belong to this user").
			Hint("Remove it, or name another output.")
	}
	if err != nil {
		return err
	}
	old.backup = tmpName(o.folder)
	err = o.disk.link(o.path, old.backup)
	if noLinks(err) {
		// For a moment nothing stands at the path: without hard links there is no better way.
		err = o.disk.rename(o.path, old.backup)
	}
	return err
}

// holdOld locks the old file against sweepers and makes it private, before it gets a temporary name.
func (o *Output) holdOld() (err error) {
	old := o.old
	if old.file, err = o.disk.openExisting(o.path); err != nil {
		return err
	}
	held, err := o.disk.fstat(old.file)
	if err != nil {
		return err
	}
	if !os.SameFile(held, old.info) {
		return errors.New("somebody replaced it at the same time")
	}
	if err := o.disk.lock(old.file); err != nil {
		return err
	}
	if !o.modes || old.info.Mode() == privateMode {
		return nil
	}
	old.narrowed = true
	return o.disk.chmod(old.file, privateMode)
}

// noLinks reports whether an error of link means that the file system has no hard links, or no more for this file.
func noLinks(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EMLINK) || errors.Is(err, errors.ErrUnsupported)
}

// chmod changes the mode of the new file, durably. It is a published file that gets more than 0600, or one without a
// name, never a temporary name.
func (o *Output) chmod(mode os.FileMode) error {
	if !o.modes || o.perm == mode {
		return nil
	}
	if err := o.disk.chmod(o.file, mode); err != nil {
		return err
	}
	o.perm = mode
	if o.isFolder {
		return o.disk.syncFolder(o.file)
	}
	return o.disk.sync(o.file)
}

// withdraw takes the output's name away and gives it back to what stood there. What somebody else has put there since
// stays.
func (o *Output) withdraw() error {
	if o.object != nil {
		return o.withdrawObject()
	}
	found, err := o.disk.lstat(o.path)
	absent := errors.Is(err, os.ErrNotExist)
	if err != nil && !absent {
		return err
	}
	ours := !absent && os.SameFile(found, o.info)
	switch {
	case o.old != nil && (ours || absent):
		err = o.restore()
	case ours && o.isFolder: // not piece by piece: until it is gone it is whole
		o.tmp = tmpName(o.folder)
		err = o.disk.rename(o.path, o.tmp)
	case ours:
		err = o.disk.remove(o.path)
	default:
		err = nil
	}
	if err != nil {
		return err
	}
	o.placed = false
	return nil
}

// restore puts what was replaced back to the path, where the output stands, or nothing.
func (o *Output) restore() error {
	old := o.old
	if old.dest != "" {
		if err := o.disk.remove(o.path); err != nil {
			return err
		}
		return o.disk.symlink(old.dest, o.path)
	}
	if old.backup == "" {
		return nil
	}
	err := o.disk.rename(old.backup, o.path)
	if errors.Is(err, os.ErrNotExist) { // it was never made, or somebody removed it
		err = o.disk.remove(o.path)
	}
	if err == nil {
		old.backup = ""
	}
	return err
}

// discard removes every temporary name of the output and closes it.
func (o *Output) discard() error {
	var problems []error
	if o.tmp != "" {
		if err := o.removeTmp(); err != nil {
			problems = append(problems, err)
		} else {
			o.tmp = ""
		}
	}
	if o.old != nil {
		problems = append(problems, o.release())
	}
	if o.object != nil {
		o.object.release()
	}
	return errors.Join(append(problems, o.close())...)
}

func (o *Output) removeTmp() error {
	if o.isFolder {
		return o.disk.removeAll(o.tmp)
	}
	return o.disk.remove(o.tmp)
}

// release lets go of what was replaced, or was to be. Its mode is given back even when its name is gone: it may have
// others.
func (o *Output) release() error {
	old := o.old
	if old.backup != "" {
		if err := o.disk.remove(old.backup); err != nil {
			return err
		}
		old.backup = ""
	}
	if old.narrowed {
		if err := o.disk.chmod(old.file, old.info.Mode()); err != nil {
			return err
		}
		old.narrowed = false
	}
	if old.file != nil {
		_ = old.file.Close() // read only: nothing can be lost
		old.file = nil
	}
	return nil
}
