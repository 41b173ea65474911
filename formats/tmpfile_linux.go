package formats

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// openUnnamed uses O_TMPFILE: a killed run leaves nothing, for there never was a name. ext4, XFS, Btrfs and tmpfs have
// it; NFS, FAT and older overlays have not.
func openUnnamed(folder string) (*os.File, error) {
	f, err := openNameless(folder, os.O_WRONLY)
	if err != nil {
		return nil, err
	}
	// The name comes through /proc, which a container may lack: better to learn it now than after hours of work.
	same, err := seenInProc(f)
	if err != nil || !same {
		return nil, errors.Join(errors.ErrUnsupported, err, f.Close())
	}
	return f, nil
}

func seenInProc(f *os.File) (bool, error) {
	path, err := procPath(f)
	if err != nil {
		return false, err
	}
	seen, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	info, err := f.Stat()
	return err == nil && os.SameFile(seen, info), err
}

// linkUnnamed goes through /proc/self/fd because linkat with AT_EMPTY_PATH needs a capability that users have not.
func linkUnnamed(f *os.File, path string) error {
	from, err := procPath(f)
	if err != nil {
		return err
	}
	err = retryInterrupted(func() error {
		return unix.Linkat(unix.AT_FDCWD, from, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
	})
	if err != nil {
		return &os.LinkError{Op: "linkat", Old: from, New: path, Err: err}
	}
	return nil
}

func procPath(f *os.File) (path string, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return "", err
	}
	err = conn.Control(func(fd uintptr) { path = "/proc/self/fd/" + strconv.FormatUint(uint64(fd), 10) })
	return path, err
}

func renameNew(from, to string) error {
	err := retryInterrupted(func() error {
		return unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	})
	if err == nil {
		return nil
	}
	// NFS and older kernels answer the flag with EINVAL.
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		err = errors.ErrUnsupported
	}
	return &os.LinkError{Op: "renameat2", Old: from, New: to, Err: err}
}

func retryInterrupted(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// beginWriting has a part of a file written to the disk, and does not wait for it. Should it fail, so does the Sync at the
// end, which does the same and waits.
func beginWriting(file *os.File, at, n int64) {
	_ = unix.SyncFileRange(int(file.Fd()), at, n, unix.SYNC_FILE_RANGE_WRITE)
}

// openScratch is openUnnamed for a file that is read again and never gets a name.
func openScratch(folder string) (*os.File, error) { return openNameless(folder, os.O_RDWR) }

// openNameless opens a new file without a name; the error is errors.ErrUnsupported where there is no such thing.
func openNameless(folder string, access int) (*os.File, error) {
	f, err := os.OpenFile(folder, access|unix.O_TMPFILE, privateMode)
	// A kernel before 3.11 takes the flag for a plain directory open for writing: EISDIR.
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EINVAL) {
		return nil, fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	return f, err
}
