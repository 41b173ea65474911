package formats

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

const (
	// privateMode is the mode of everything that has no published name: it holds personal data.
	privateMode os.FileMode = 0o600
	// privateFolder is that of a folder.
	privateFolder os.FileMode = 0o700

	tmpPrefix = ".cpm-"
	tmpDigits = 16
	// tmpTries bounds the search for a free name. Names are 64 random bits; what a second try is for is a sweeper
	// that met the file between its creation and its lock.
	tmpTries = 8
)

// tmpName returns a name in the folder that nobody else uses.
func tmpName(folder string) string {
	var bits [tmpDigits / 2]byte
	rand.Read(bits[:]) // never fails: crypto/rand ends the process before it returns an error
	return filepath.Join(folder, tmpPrefix+hex.EncodeToString(bits[:]))
}

// isTmpName reports whether a base name is one that tmpName gives.
func isTmpName(base string) bool {
	digits, ok := strings.CutPrefix(base, tmpPrefix)
	return ok && len(digits) == tmpDigits && strings.Trim(digits, "0123456789abcdef") == ""
}

// createTmp creates the output's file, locked and of mode 0600; it has a name only where it needs one. What a failure
// leaves is known to the output and removed by discard.
func (o *Output) createTmp() (err error) {
	if !o.isFolder { // a folder has a name always
		o.file, err = o.disk.openUnnamed(o.folder)
		if err == nil {
			return o.disk.lock(o.file)
		}
		if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	for range tmpTries {
		err = o.createNamed()
		taken := errors.Is(err, os.ErrExist)
		swept := errors.Is(err, errLocked) || errors.Is(err, os.ErrNotExist)
		if !taken && !swept {
			return err
		}
		if err := o.discard(); err != nil {
			return err
		}
	}
	return err
}

func (o *Output) createNamed() (err error) {
	name := tmpName(o.folder)
	if o.isFolder {
		if err = o.disk.mkdir(name); err != nil {
			return err
		}
		o.tmp = name
		o.file, err = o.disk.openFolder(name)
	} else {
		o.file, err = o.disk.create(name)
	}
	if err != nil {
		return err
	}
	o.tmp = name
	if err = o.disk.lock(o.file); err == nil {
		_, err = o.disk.lstat(name)
	}
	return err
}

// sweep removes what killed runs left in the folder: files and folders of the temporary name that no live run has locked.
// It is a courtesy to the folder, so what it cannot read or remove stays and stops nobody.
func (d disk) sweep(folder string, opened *os.File) {
	if !canSweep {
		return
	}
	names, err := d.names(opened)
	if err != nil {
		return
	}
	for _, name := range names {
		if isTmpName(name) {
			d.sweepOne(filepath.Join(folder, name))
		}
	}
}

func (d disk) sweepOne(path string) {
	if info, err := d.lstat(path); err != nil || !info.Mode().IsRegular() && !info.IsDir() {
		return
	}
	f, err := d.openExisting(path)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }() // read only: nothing can be lost
	// Not disk.lock: here a file system without locks means that nobody knows.
	if d.do("tryLock", path, func() error { return tryLock(f) }) != nil {
		return
	}
	held, err := d.fstat(f)
	if err != nil {
		return
	}
	// While the lock was sought the name may have passed to another file.
	named, err := d.lstat(path)
	if err != nil || !os.SameFile(held, named) {
		return
	}
	if held.IsDir() {
		_ = d.removeAll(path)
		return
	}
	_ = d.remove(path) // swept by a later run, then
}
