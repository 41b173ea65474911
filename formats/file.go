package formats

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"sync/atomic"

	"cpm/formats/fault"
)

// File is an input, watched: a file that changes while it is read gives no result. Of an object it is what was fetched.
type File struct {
	Input
	file   *os.File
	info   os.FileInfo
	digest chan digest
	closed atomic.Bool  // nobody asks for the digest any more
	stream *hashed      // of an input that can be read only once
	object *objectInfo  // that the file holds; nil: it is itself the input
	keep   func() error // closes the file of an object

	passedOver []string // files of an archive
}

// Evidence is what a later check needs of an input.
type Evidence struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`             // bytes
	SHA256 string `json:"sha256,omitempty"` // hexadecimal; empty when no digest was asked for
}

type digest struct {
	sum []byte
	err error
}

// hashed hashes what passes through it.
type hashed struct {
	io.Reader
	sum  hash.Hash
	size int64
}

func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	h.sum.Write(p[:n])
	h.size += int64(n)
	return n, err
}

// OpenFile opens an input of the file system. With withDigest its SHA-256 is taken beside the reading;
// a directory is a fault of kind Usage.
func OpenFile(path string, withDigest bool) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unopened(path, err)
	}
	f, err := watch(path, file, withDigest)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

// unopened tells what a user should do about a file that cannot be opened.
func unopened(path string, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fault.New(fault.Usage, path, "no such file").Hint("check the path; relative paths start in the working folder")
	case errors.Is(err, os.ErrPermission):
		return fault.New(fault.Usage, path, "no permission to read it").Hint("run as a user who may read the file")
	}
	return err
}

// Standard makes an input of a stream such as standard input, which can be read only once.
func Standard(name string, r io.Reader) *File {
	stream := &hashed{Reader: r, sum: sha256.New()}
	return &File{Input: Input{Name: name, Reader: stream, Size: -1}, stream: stream}
}

func watch(path string, file *os.File, withDigest bool) (*File, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fault.At(path, err)
	}
	switch {
	case info.IsDir():
		return nil, fault.New(fault.Usage, path, "this is a folder, and a file is needed").Hint("name the file in it")
	case !info.Mode().IsRegular():
		f := Standard(path, file)
		f.file = file
		return f, nil
	}
	f := &File{Input: Input{Name: path, Reader: file, Size: info.Size()}, file: file, info: info}
	if withDigest {
		f.digest = make(chan digest, 1)
		go func() {
			sum := sha256.New()
			_, err := io.Copy(sum, &unlessClosed{f, io.NewSectionReader(file, 0, info.Size())})
			f.digest <- digest{sum.Sum(nil), err}
		}()
	}
	return f, nil
}

// Info returns what the file system says of the file, or the store of the object; nil for a stream.
func (f *File) Info() os.FileInfo {
	if f.object != nil {
		return *f.object
	}
	return f.info
}

// Evidence returns size and digest once the file has been read. A file that was changed meanwhile is a fault of kind
// Input: what was read is neither what it was nor what it is.
func (f *File) Evidence() (Evidence, error) {
	if f.stream != nil {
		return Evidence{Path: f.Name, Size: f.stream.size, SHA256: hex.EncodeToString(f.stream.sum.Sum(nil))}, nil
	}
	e := Evidence{Path: f.Name, Size: f.info.Size()}
	if f.digest != nil {
		d := <-f.digest
		f.digest <- d
		if d.err != nil {
			return e, fault.At(f.Name, d.err)
		}
		e.SHA256 = hex.EncodeToString(d.sum)
	}
	now, err := f.file.Stat()
	if err != nil {
		return e, fault.At(f.Name, err)
	}
	if now.Size() != f.info.Size() || !now.ModTime().Equal(f.info.ModTime()) {
		return e, fault.New(fault.Input, f.Name, "the file was changed while it was read").
			Hint("wait until it is complete, then run again")
	}
	return e, nil
}

// unlessClosed reads until its file is closed.
type unlessClosed struct {
	*File
	from io.Reader
}

func (u *unlessClosed) Read(p []byte) (int, error) {
	if u.closed.Load() {
		return 0, os.ErrClosed
	}
	return u.from.Read(p)
}

// Close closes the file.
func (f *File) Close() error {
	f.closed.Store(true)
	if f.digest != nil {
		d := <-f.digest // the hashing goroutine must not outlive the file
		f.digest <- d
	}
	switch {
	case f.keep != nil:
		keep := f.keep
		f.keep, f.file = nil, nil // it may belong to somebody else by the time of another Close
		return keep()
	case f.file == nil:
		return nil
	}
	return f.file.Close()
}
