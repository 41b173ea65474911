package formats

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"cpm/formats/fault"
)

// Files is where inputs come from and outputs go to: the file system, and the object stores of a Store. The zero value is
// the file system alone; a path of an object store is a fault of kind Usage then. It may be used by several goroutines at
// once.
//
// An object is fetched whole into a file without a name, and read like a file from then on. What was fetched is kept until
// Close, so that a run sees one version of it, however often it reads it.
//
// How a bucket is reached may stand behind any path in it: s3://bucket/key?region=eu-west-1. It holds for all its paths, and
// is told nowhere.
type Files struct{ objects *objects }

// NewFiles returns the file system together with a store.
func NewFiles(store Store) Files { return Files{newObjects(store)} }

// Learn keeps the options that stand behind a path, and returns the path without them: what may be told.
func (f Files) Learn(path string) (string, error) {
	at, isObject, err := f.locate(path)
	if !isObject || err != nil {
		return path, err
	}
	return at.String(), nil
}

// locate finds the object that a path means; none, where it is one of the file system.
func (f Files) locate(path string) (at Location, isObject bool, err error) {
	if at, isObject = parseLocation(path); !isObject {
		return at, false, nil
	}
	if f.objects == nil {
		return at, true, fault.New(fault.Usage, at.String(), "this build reads files alone, and that is an object store").
			Hint("build one that reads both: go build -tags cloud ./cmd/cpm")
	}
	if at.Bucket == "" {
		return at, true, fault.New(fault.Usage, at.String(), "no bucket is named").Hint("write it as %s://BUCKET/KEY", at.Scheme)
	}
	at, err = f.objects.withOptions(at)
	return at, true, err
}

// Open opens an input. With withDigest its SHA-256 is taken beside the reading; a directory is a fault of kind Usage.
func (f Files) Open(ctx context.Context, path string, withDigest bool) (*File, error) {
	at, isObject, err := f.locate(path)
	switch {
	case err != nil:
		return nil, err
	case !isObject:
		return OpenFile(path, withDigest)
	case at.isFolder():
		return nil, fault.New(fault.Usage, at.String(), "this is a folder, and an object is needed").Hint("name the object in it")
	}
	return f.objects.open(ctx, at, withDigest)
}

// Stat tells of a file, or of an object as it was when the run first saw it. What is not there is fs.ErrNotExist.
func (f Files) Stat(ctx context.Context, path string) (os.FileInfo, error) {
	at, isObject, err := f.locate(path)
	switch {
	case err != nil:
		return nil, err
	case !isObject:
		return os.Stat(path)
	case at.isFolder():
		return nil, fmt.Errorf("%s: %w", at, fs.ErrNotExist)
	}
	o, err := f.objects.look(ctx, at)
	if err != nil {
		return nil, err
	}
	return objectInfo{at, o.Size}, nil
}

// ReadFile reads a small file. What is not there is fs.ErrNotExist.
func (f Files) ReadFile(ctx context.Context, path string) (text []byte, err error) {
	if !IsObject(path) {
		return os.ReadFile(path)
	}
	if _, err := f.Stat(ctx, path); err != nil {
		return nil, err
	}
	file, err := f.Open(ctx, path, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(file.Reader)
}

// List calls each with the paths of all objects that begin with prefix, itself a path of an object store, in order. What
// stands for a folder alone is left out.
func (f Files) List(ctx context.Context, prefix string, each func(path string) error) error {
	at, _, err := f.locate(prefix)
	if err != nil {
		return err
	}
	return f.objects.list(ctx, at, each)
}

// Close lets go of what was fetched.
func (f Files) Close() error {
	if f.objects == nil {
		return nil
	}
	return f.objects.close()
}

// SameFile reports whether two descriptions are of one file, however it is spelt, or of one object.
func SameFile(a, b os.FileInfo) bool {
	one, isOne := a.(objectInfo)
	other, isOther := b.(objectInfo)
	if isOne || isOther {
		return isOne && isOther && one.at.String() == other.at.String()
	}
	return os.SameFile(a, b)
}

// objectInfo describes an object as the file system would a file.
type objectInfo struct {
	at   Location
	size int64
}

// Name implements os.FileInfo.
func (i objectInfo) Name() string { return i.at.objectName() }

// Size implements os.FileInfo.
func (i objectInfo) Size() int64 { return i.size }

// Mode implements os.FileInfo. It is a regular file.
func (i objectInfo) Mode() fs.FileMode { return privateMode }

// ModTime implements os.FileInfo. It is not known.
func (i objectInfo) ModTime() time.Time { return time.Time{} }

// IsDir implements os.FileInfo.
func (i objectInfo) IsDir() bool { return false }

// Sys implements os.FileInfo.
func (i objectInfo) Sys() any { return nil }
