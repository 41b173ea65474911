package formats

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cpm/formats/fault"
)

// Folder is an output that is a folder, with the files in it. It exists only after Outputs.Commit, and then with all of
// them. Until then it has a name of the form .cpm-<16 hex digits> beside its path, and only its owner may look into it.
// One that exists is never replaced: nobody can tell what else has been put there.
type Folder struct {
	*Output
	inside []*FolderFile
}

// FolderFile is a file of a Folder. Close completes it and makes it durable; it must come before Outputs.Commit.
type FolderFile struct {
	*Output
	closed bool
}

// CheckFolder reports what Outputs.CreateFolder would refuse about path, and creates nothing.
func CheckFolder(path string, o OutputOptions) error {
	_, err := NewOutputs(o).target(path, true)
	return err
}

// CreateFolder is Create for a folder.
func (s *Outputs) CreateFolder(path string) (*Folder, error) {
	if s.ended {
		return nil, failed("create", path, os.ErrClosed)
	}
	o, err := s.create(path, true)
	if err != nil {
		s.ended = true
		return nil, err
	}
	f := &Folder{Output: o}
	o.tree = f
	return f, nil
}

// Create opens a file of the folder, by its path in it; folders on the way are made. Two files of one path are a fault of
// kind Usage.
func (f *Folder) Create(name string) (*FolderFile, error) {
	path := filepath.Join(f.path, name)
	if f.file == nil {
		return nil, failed("create", path, os.ErrClosed)
	}
	if !filepath.IsLocal(name) || isTmpName(filepath.Base(name)) {
		return nil, fault.New(fault.Usage, path, "this cannot be the name of a file in the output").Hint("Give the file another name.")
	}
	for _, other := range f.inside {
		if other.path == path {
			return nil, twice(path, other.path)
		}
	}
	where := filepath.Join(f.tmp, name)
	if err := f.disk.mkdirAll(filepath.Dir(where)); err != nil {
		return nil, failed("create the folder of", path, err)
	}
	file, err := f.disk.create(where)
	if err != nil {
		return nil, failed("create", path, err)
	}
	o := &Output{target: target{path: path, mode: f.fileMode}, disk: f.disk, file: file}
	made := &FolderFile{Output: o}
	f.inside = append(f.inside, made) // from here on Abort closes it
	return made, o.learn()
}

// Close completes the file. It may be called again.
func (f *FolderFile) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	if f.file == nil {
		return failed("write", f.path, os.ErrClosed)
	}
	err := f.drain()
	if err == nil {
		err = f.early.wait()
	}
	if err == nil {
		err = f.disk.sync(f.file)
	}
	if err == nil {
		err = f.chmod(f.mode)
	}
	return failed("write", f.path, errors.Join(err, f.close()))
}

// flush makes what the folder holds durable.
func (f *Folder) flush() error {
	folders := []string{}
	for _, file := range f.inside {
		if !file.closed {
			return errors.New("a file of the folder was not completed")
		}
		for dir := filepath.Dir(file.path); len(dir) > len(f.path); dir = filepath.Dir(dir) {
			folders = append(folders, strings.TrimPrefix(dir, f.path))
		}
	}
	slices.Sort(folders)
	for _, dir := range slices.Backward(slices.Compact(folders)) { // a folder before the one in which it stands
		if err := f.flushFolder(filepath.Join(f.tmp, dir)); err != nil {
			return err
		}
	}
	return f.disk.syncFolder(f.file)
}

func (f *Folder) flushFolder(path string) error {
	dir, err := f.disk.openFolder(path)
	if err != nil {
		return err
	}
	if f.modes && f.mode != privateFolder {
		err = f.disk.chmod(dir, f.mode)
	}
	if err == nil {
		err = f.disk.syncFolder(dir)
	}
	return errors.Join(err, f.disk.close(dir))
}

// closeInside closes the files that were not completed.
func (f *Folder) closeInside() {
	for _, file := range f.inside {
		if !file.closed {
			_ = file.close() // nothing will come of it
			file.closed = true
		}
	}
}
