//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package formats

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// canSweep: a lock tells the remains of a dead run from the files of a live one.
	canSweep = true
	// renamesOpen: a file may be renamed while it is open.
	renamesOpen  = true
	openNoFollow = unix.O_NOFOLLOW | unix.O_NONBLOCK
)

// tryLock takes the lock of flock(2), which the kernel drops with the last descriptor: a killed run holds none. The
// error is errLocked when somebody else has it, and errors.ErrUnsupported where the file system keeps no locks or, as
// NFS does, gives exclusive ones only to files open for writing.
func tryLock(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locking error
	err = conn.Control(func(fd uintptr) { locking = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
	if err != nil {
		return err
	}
	switch {
	case errors.Is(locking, unix.EWOULDBLOCK):
		return errLocked
	case errors.Is(locking, unix.EBADF), errors.Is(locking, unix.EINVAL), errors.Is(locking, unix.ENOLCK),
		errors.Is(locking, errors.ErrUnsupported):
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, locking)
	}
	return locking
}

// syncFolder makes the names in a folder durable. Some network file systems refuse it with EINVAL: they have no such
// step.
func syncFolder(f *os.File) error {
	err := f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
