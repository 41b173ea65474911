//go:build unix

package formats

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

// put writes a file of the test.
func put(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// folder describes everything in a folder, name by name: "mode content", or "-> destination".
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case info.Mode()&os.ModeSymlink != 0:
			dest, err := os.Readlink(path)
			if err != nil {
				t.Fatal(err)
			}
			found[e.Name()] = "-> " + dest
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			found[e.Name()] = info.Mode().String() + " " + string(content)
		default:
			found[e.Name()] = info.Mode().String()
		}
	}
	return found
}

func wantFolder(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, folder(t, dir)); diff != "" {
		t.Errorf("folder (-want +got):\n%s", diff)
	}
}

// writeOutput creates an output with the content.
func writeOutput(s *Outputs, path, content string) error {
	o, err := s.Create(path)
	if err != nil {
		return err
	}
	_, err = o.Write([]byte(content))
	return err
}

// without returns a set whose disk refuses some operations as not offered.
func without(o OutputOptions, ops ...string) *Outputs {
	s := NewOutputs(o)
	s.disk.around = func(op, _ string, run func() error) error {
		if slices.Contains(ops, op) {
			return errors.ErrUnsupported
		}
		return run()
	}
	return s
}

// diskKinds are file systems by what they lack.
var diskKinds = map[string][]string{
	"a full file system":                {},
	"no unnamed files":                  {"openUnnamed"},
	"no unnamed files, no flag renames": {"openUnnamed", "renameNew"},
	"no hard links":                     {"openUnnamed", "link"},
	"no locks":                          {"lock", "tryLock"},
}

func TestAnOutputExistsOnlyAfterCommit(t *testing.T) {
	for name, lacks := range diskKinds {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := without(OutputOptions{Mode: 0o640}, lacks...)
			for _, name := range []string{"report", "permitted"} {
				if err := writeOutput(s, filepath.Join(dir, name), name+"\n"); err != nil {
					t.Fatal(err)
				}
			}
			for name, what := range folder(t, dir) {
				if !isTmpName(name) || !strings.HasPrefix(what, "-rw-------") {
					t.Errorf("before Commit the folder holds %s: %s", name, what)
				}
			}
			if err := s.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := s.Abort(); err != nil {
				t.Fatal(err)
			}
			wantFolder(t, dir, map[string]string{"report": "-rw-r----- report\n", "permitted": "-rw-r----- permitted\n"})
		})
	}
}

func TestAnOutputIsPrivateUnlessAskedOtherwise(t *testing.T) {
	dir := t.TempDir()
	s := NewOutputs(OutputOptions{})
	if err := writeOutput(s, filepath.Join(dir, "a"), "x"); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	wantFolder(t, dir, map[string]string{"a": "-rw------- x"})
}

func TestAbortLeavesNothingAndMayBeRepeated(t *testing.T) {
	for name, lacks := range diskKinds {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "a"), "old", 0o644)
			s := without(OutputOptions{Overwrite: true}, lacks...)
			o, err := s.Create(filepath.Join(dir, "a"))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := s.Abort(); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := o.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
				t.Errorf("Write after Abort: %v", err)
			}
			if err := s.Commit(); err == nil {
				t.Error("Commit after Abort succeeded")
			}
			if _, err := s.Create(filepath.Join(dir, "b")); !errors.Is(err, os.ErrClosed) {
				t.Errorf("Create after Abort: %v", err)
			}
			wantFolder(t, dir, map[string]string{"a": "-rw-r--r-- old"})
		})
	}
}

func TestOverwriteReplacesContentAndMode(t *testing.T) {
	for name, lacks := range diskKinds {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "a"), "old", 0o644)
			if err := os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "other name of a")); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, "pointed at"), "kept", 0o644)
			if err := os.Symlink("pointed at", filepath.Join(dir, "l")); err != nil {
				t.Fatal(err)
			}
			s := without(OutputOptions{Overwrite: true, Mode: 0o640}, lacks...)
			for _, name := range []string{"a", "l", "n"} {
				if err := writeOutput(s, filepath.Join(dir, name), "new"); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Commit(); err != nil {
				t.Fatal(err)
			}
			wantFolder(t, dir, map[string]string{
				"a": "-rw-r----- new", "l": "-rw-r----- new", "n": "-rw-r----- new",
				"pointed at": "-rw-r--r-- kept", "other name of a": "-rw-r--r-- old",
			})
		})
	}
}

func TestWhatAppearsDuringTheRunIsNotTaken(t *testing.T) {
	for name, lacks := range diskKinds {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := without(OutputOptions{}, lacks...)
			for _, name := range []string{"a", "b"} {
				if err := writeOutput(s, filepath.Join(dir, name), "new"); err != nil {
					t.Fatal(err)
				}
			}
			around := s.disk.around
			s.disk.around = func(op, path string, run func() error) error {
				err := around(op, path, run)
				if op == "lstat" && filepath.Base(path) == "b" { // after the last look, before the name is given
					put(t, path, "theirs", 0o644)
				}
				return err
			}
			if err := s.Commit(); fault.KindOf(err) != fault.Usage {
				t.Errorf("Commit: %v", err)
			}
			wantFolder(t, dir, map[string]string{"b": "-rw-r--r-- theirs"})
		})
	}
}

func TestOverwriteTakesWhatAppearsDuringTheRun(t *testing.T) {
	for name, lacks := range diskKinds {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := without(OutputOptions{Overwrite: true, Mode: 0o644}, lacks...)
			if err := writeOutput(s, filepath.Join(dir, "a"), "new"); err != nil {
				t.Fatal(err)
			}
			around := s.disk.around
			appeared := false
			s.disk.around = func(op, path string, run func() error) error {
				err := around(op, path, run)
				if op == "lstat" && !appeared { // after the last look, before the name is given
					appeared = true
					put(t, path, "theirs", 0o644)
				}
				for name, what := range folder(t, dir) {
					if isTmpName(name) && !strings.HasPrefix(what, "-rw------- ") {
						t.Errorf("after %s %s can be read: %s", op, name, what)
					}
				}
				return err
			}
			if err := s.Commit(); err != nil || !appeared {
				t.Fatal(err, appeared)
			}
			wantFolder(t, dir, map[string]string{"a": "-rw-r--r-- new"})
		})
	}
}

func TestWithdrawingLeavesWhatSomebodyElsePutThere(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "old", 0o644)
	s := NewOutputs(OutputOptions{Overwrite: true})
	for _, name := range []string{"a", "b"} {
		if err := writeOutput(s, filepath.Join(dir, name), "new"); err != nil {
			t.Fatal(err)
		}
	}
	s.disk.around = func(op, path string, run func() error) error {
		if op == "linkUnnamed" && filepath.Base(path) == "b" {
			put(t, filepath.Join(dir, "theirs"), "theirs", 0o644)
			if err := os.Rename(filepath.Join(dir, "theirs"), filepath.Join(dir, "a")); err != nil {
				t.Fatal(err)
			}
			return errors.New("no")
		}
		return run()
	}
	if err := s.Commit(); err == nil {
		t.Error("Commit succeeded")
	}
	wantFolder(t, dir, map[string]string{"a": "-rw-r--r-- theirs"})
}

func TestEveryByteIsWrittenOnceAndInOrder(t *testing.T) {
	dir := t.TempDir()
	s := NewOutputs(OutputOptions{})
	o, err := s.Create(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	for i, size := range []int{1, 0, outputBuffer - 2, 3, outputBuffer, 3 * outputBuffer, 7} {
		part := bytes.Repeat([]byte{byte('a' + i)}, size)
		want.Write(part)
		if n, err := o.Write(part); n != size || err != nil {
			t.Fatalf("Write of %d: %d, %v", size, n, err)
		}
	}
	if o.Written() != int64(want.Len()) || o.Path() != filepath.Join(dir, "a") {
		t.Errorf("Written %d, Path %s", o.Written(), o.Path())
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(o.Path())
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("read back %d bytes of %d, %v", len(got), want.Len(), err)
	}
	if _, err := o.Write([]byte("late")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Write after Commit: %v", err)
	}
}

func TestAnErrorNamesTheOutputAndNotItsTemporaryFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	s := without(OutputOptions{}, "openUnnamed")
	o, err := s.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.file.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = o.Write(make([]byte, 2*outputBuffer))
	if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), tmpPrefix) {
		t.Errorf("Write: %v", err)
	}
	if fault.KindOf(err) != 0 {
		t.Errorf("an I/O error is no fault: %v", err)
	}
	if err := s.Commit(); err == nil {
		t.Error("Commit after a failed Write succeeded")
	}
	wantFolder(t, filepath.Dir(path), map[string]string{})
}

// scratch is a folder for tests that write often: in memory where the machine has such a place.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "cpm-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
