package formats

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"cpm/formats/fault"
)

// target is where an output is to appear: a name in a folder that exists.
type target struct {
	path       string // as the user wrote it
	folder     string // never cleaned: "link/.." is not what it looks like
	base       string
	folderInfo os.FileInfo
	mode       os.FileMode
	isFolder   bool
	fileMode   os.FileMode // of the files in a folder
}

// Check reports what Outputs.Create would refuse about path, and creates nothing. What a run would replace is looked
// at again when the run publishes.
func (f Files) Check(ctx context.Context, path string, o OutputOptions) error {
	s := f.NewOutputs(ctx, o)
	at, isObject, err := f.locate(path)
	switch {
	case err != nil:
	case isObject:
		err = s.checkObject(at)
	default:
		_, err = s.target(path, false)
	}
	return err
}

func (s *Outputs) target(path string, isFolder bool) (target, error) {
	t := target{path: path, mode: s.options.Mode, isFolder: isFolder}
	if t.mode == 0 {
		t.mode = privateMode
	}
	if t.mode&^os.ModePerm != 0 {
		return t, fault.New(fault.Usage, path, "an output cannot have the mode %v", t.mode).
			Hint("Give permissions alone, such as 0640.")
	}
	if isFolder {
		t.path = strings.TrimRight(path, "/")
		path, t.fileMode = t.path, t.mode
		t.mode |= t.mode&0o444>>2 | privateFolder // who may read the files may look for them
	}
	if path == "" {
		return t, fault.New(fault.Usage, "", "an output has no name").Hint("Give the path of a file.")
	}
	t.folder, t.base = filepath.Split(path)
	if t.folder == "" {
		t.folder = "."
	}
	if t.base == "" || t.base == "." || t.base == ".." {
		return t, fault.New(fault.Usage, path, "the output is a folder").Hint("Give the path of a file.")
	}
	if isTmpName(t.base) {
		return t, fault.New(fault.Usage, path, "the name belongs to temporary files, which are swept").
			Hint("Give the output another name.")
	}
	if err := s.checkFolder(&t); err != nil {
		return t, err
	}
	_, err := s.existing(t)
	return t, err
}

func (s *Outputs) checkFolder(t *target) (err error) {
	t.folderInfo, err = s.disk.stat(t.folder)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fault.New(fault.Usage, t.path, "the folder of the output does not exist").
			Hint("Create it: mkdir -p %q", t.folder)
	case errors.Is(err, syscall.ENOTDIR), err == nil && !t.folderInfo.IsDir():
		return fault.New(fault.Usage, t.path, "what should be the folder of the output is a file").
			Hint("Give a path in a folder.")
	}
	return failed("find the folder of", t.path, err)
}

// existing returns what stands at the target (nil when nothing does), or the fault for which it must not be replaced.
func (s *Outputs) existing(t target) (os.FileInfo, error) {
	found, err := s.disk.lstat(t.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed("look at", t.path, err)
	}
	// A symbolic link is judged by what it points at; what is replaced is the link, and the file behind it stays.
	behind := found
	if found.Mode()&os.ModeSymlink != 0 {
		behind, err = s.disk.stat(t.path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, failed("follow", t.path, err)
		}
	}
	for _, o := range s.outputs {
		if o.placed && os.SameFile(o.info, found) {
			return nil, twice(t.path, o.path)
		}
	}
	if t.isFolder {
		return found, fault.New(fault.Usage, t.path, "the output folder exists").
			Hint("A folder is not replaced: remove it, or name another one.")
	}
	return found, s.options.refuse(t.path, behind)
}

// refuse says why what was found at path (nil for a link to nothing) must not be replaced.
func (o OutputOptions) refuse(path string, found os.FileInfo) error {
	if found != nil {
		for _, input := range o.Inputs {
			if os.SameFile(input, found) {
				return fault.New(fault.Usage, path, "the output is also an input").Hint("Name another output.")
			}
		}
		if found.IsDir() {
			return fault.New(fault.Usage, path, "the output is a folder").Hint("Give the path of a file.")
		}
		if !found.Mode().IsRegular() {
			return fault.New(fault.Usage, path, "the output is not a regular file").
				Hint("Name a file that can be published whole, or - for standard output.")
		}
	}
	if !o.Overwrite {
		return exists(path)
	}
	return nil
}

func exists(path string) error {
	return fault.New(fault.Usage, path, "the output exists").
		Hint("Use --overwrite to replace it, or name another output.")
}

func twice(path, other string) error {
	return fault.New(fault.Usage, path, "two outputs are the same file (the other is %s)", other).
		Hint("Give each output a path of its own.")
}

// failed says which output an operation failed for. The names in the operating system's own errors are those of
// temporary files, which mean nothing to the reader.
func failed(doing, path string, err error) error {
	if err == nil || fault.KindOf(err) != 0 {
		return err
	}
	var onPath *os.PathError
	var onLink *os.LinkError
	switch {
	case errors.As(err, &onPath):
		err = onPath.Err
	case errors.As(err, &onLink):
		err = onLink.Err
	}
	return fmt.Errorf("%s: cannot %s the output: %w", path, doing, err)
}
