package formats

import (
	"cmp"
	"errors"
	"os"
)

// errLocked is returned by disk.lock when somebody else holds the lock.
var errLocked = errors.New("locked by another process")

// disk is every operation on files that an output rests on, behind one door, so that a test can make each of them
// fail, or die at it. The zero value works.
type disk struct {
	// around, when set, is called in place of each operation and decides whether run happens.
	around func(op, path string, run func() error) error

	syncEvery int64 // how much is written from one Sync of an output to the next; 0 means 128 MiB
}

func (d disk) do(op, path string, run func() error) error {
	if d.around == nil {
		return run()
	}
	return d.around(op, path, run)
}

func (d disk) open(op, path string, open func() (*os.File, error)) (f *os.File, err error) {
	err = d.do(op, path, func() (err error) {
		f, err = open()
		return err
	})
	return f, err
}

// openFolder opens a folder to be listed and synchronised.
func (d disk) openFolder(path string) (*os.File, error) {
	return d.open("openFolder", path, func() (*os.File, error) { return os.Open(path) })
}

// openUnnamed creates a file of mode 0600 in the folder that has no name yet. The error is errors.ErrUnsupported where
// there is no such thing, or where it could not be given a name later.
func (d disk) openUnnamed(folder string) (*os.File, error) {
	return d.open("openUnnamed", folder, func() (*os.File, error) { return openUnnamed(folder) })
}

// create creates a file of mode 0600 that was not there.
func (d disk) create(path string) (*os.File, error) {
	return d.open("create", path, func() (*os.File, error) {
		return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, privateMode)
	})
}

// mkdir creates a folder of mode 0700 that was not there.
func (d disk) mkdir(path string) error {
	return d.do("mkdir", path, func() error { return os.Mkdir(path, privateFolder) })
}

// mkdirAll creates a folder and those on the way to it, where they are not there.
func (d disk) mkdirAll(path string) error {
	return d.do("mkdirAll", path, func() error { return os.MkdirAll(path, privateFolder) })
}

// removeAll removes a folder with all that it holds; one that is not there is as good.
func (d disk) removeAll(path string) error {
	return d.do("removeAll", path, func() error { return os.RemoveAll(path) })
}

// openExisting opens a file to lock it and to change its mode: not through a symbolic link, and without waiting for
// the other end should it have become a pipe.
func (d disk) openExisting(path string) (*os.File, error) {
	return d.open("openExisting", path, func() (*os.File, error) {
		return os.OpenFile(path, os.O_RDONLY|openNoFollow, 0)
	})
}

func (d disk) stat(path string) (info os.FileInfo, err error) {
	err = d.do("stat", path, func() (err error) {
		info, err = os.Stat(path)
		return err
	})
	return info, err
}

func (d disk) lstat(path string) (info os.FileInfo, err error) {
	err = d.do("lstat", path, func() (err error) {
		info, err = os.Lstat(path)
		return err
	})
	return info, err
}

func (d disk) fstat(f *os.File) (info os.FileInfo, err error) {
	err = d.do("fstat", f.Name(), func() (err error) {
		info, err = f.Stat()
		return err
	})
	return info, err
}

func (d disk) names(folder *os.File) (names []string, err error) {
	err = d.do("names", folder.Name(), func() (err error) {
		names, err = folder.Readdirnames(-1)
		return err
	})
	return names, err
}

// lock takes the exclusive lock of an open file without waiting; it ends with the file. Where the file system has no
// locks it does nothing, as then no other run can take one to sweep either.
func (d disk) lock(f *os.File) error {
	err := d.do("lock", f.Name(), func() error { return tryLock(f) })
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func (d disk) write(f *os.File, p []byte) (n int, err error) {
	err = d.do("write", f.Name(), func() (err error) {
		n, err = f.Write(p)
		return err
	})
	return n, err
}

func (d disk) chmod(f *os.File, mode os.FileMode) error {
	return d.do("chmod", f.Name(), func() error { return f.Chmod(mode) })
}

// syncAt returns how much is written before a Sync is due.
func (d disk) syncAt() int64 { return cmp.Or(d.syncEvery, syncEvery) }

func (d disk) sync(f *os.File) error {
	return d.do("sync", f.Name(), f.Sync)
}

func (d disk) syncFolder(f *os.File) error {
	return d.do("syncFolder", f.Name(), func() error { return syncFolder(f) })
}

func (d disk) close(f *os.File) error {
	return d.do("close", f.Name(), f.Close)
}

// linkUnnamed gives a file of openUnnamed its name; it never replaces.
func (d disk) linkUnnamed(f *os.File, path string) error {
	return d.do("linkUnnamed", path, func() error { return linkUnnamed(f, path) })
}

// link gives a file another name; it never replaces.
func (d disk) link(from, to string) error {
	return d.do("link", to, func() error { return os.Link(from, to) })
}

// rename replaces what is at to, in one step.
func (d disk) rename(from, to string) error {
	return d.do("rename", to, func() error { return os.Rename(from, to) })
}

// renameNew never replaces; the error is errors.ErrUnsupported where such a rename is not offered.
func (d disk) renameNew(from, to string) error {
	return d.do("renameNew", to, func() error { return renameNew(from, to) })
}

// remove removes a name; one that is not there is as good.
func (d disk) remove(path string) error {
	err := d.do("remove", path, func() error { return os.Remove(path) })
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (d disk) readlink(path string) (dest string, err error) {
	err = d.do("readlink", path, func() (err error) {
		dest, err = os.Readlink(path)
		return err
	})
	return dest, err
}

func (d disk) symlink(dest, path string) error {
	return d.do("symlink", path, func() error { return os.Symlink(dest, path) })
}
