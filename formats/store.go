package formats

import (
	"context"
	"io"
)

// Store keeps objects, which are written whole and read whole, in buckets: an object store, behind one door.
//
// Every method may be called on several goroutines at once, and ends when its context does. Readers and writers stay the
// caller's. An error wraps fs.ErrNotExist, fs.ErrExist or fs.ErrPermission where it means that; its text tells neither
// where the object stands, which the caller knows, nor options and credentials.
type Store interface {
	// Look tells of one object.
	Look(ctx context.Context, at Location) (Object, error)
	// List calls each for all objects whose keys begin with at.Key, in the order of their keys. An error of each ends it,
	// and is returned. Marks are left out.
	List(ctx context.Context, at Location, each func(key string, o Object) error) error
	// Read writes all bytes of one version of an object to w, and tells which version that is. When the transfer was cut
	// it returns an error, or has written fewer bytes than Object.Size.
	Read(ctx context.Context, at Location, w io.Writer) (Object, error)
	// Write makes an object of all bytes of what. It appears when it is complete. After an error there is none, unless only
	// the answer of the store was lost: whoever has to know looks for the mark.
	Write(ctx context.Context, at Location, what Writing) error
	// Remove removes an object.
	Remove(ctx context.Context, at Location) error
}

// Object is what a store tells of an object.
type Object struct {
	Size    int64
	Version string // another one for other bytes, such as an ETag; empty where the store does not tell
	Mark    string // that it was written with
}

// Writing is what an object is made of, and how.
type Writing struct {
	Bytes     io.Reader
	Overwrite bool   // an object that exists is replaced; otherwise it is fs.ErrExist, however many write at once
	Mark      string // stays with the object, and tells who wrote it
}
