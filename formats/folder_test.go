package formats

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

// treeOf describes everything below a folder: "mode content" of files, the mode of folders.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		what := info.Mode().String()
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what += " " + string(content)
		}
		found[strings.TrimPrefix(path, dir+"/")] = what
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func wantTree(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, treeOf(t, dir)); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
}

// writeFolder creates a file, and a folder of three files in two folders.
func writeFolder(s *Outputs, dir string) error {
	if err := writeOutput(s, filepath.Join(dir, "report.json"), "report"); err != nil {
		return err
	}
	f, err := s.CreateFolder(filepath.Join(dir, "out") + "/")
	for _, name := range []string{"a.csv", "dt=1/part.csv", "dt=1/x/part.csv"} {
		if err != nil {
			return err
		}
		var file *FolderFile
		if file, err = f.Create(name); err == nil {
			_, err = file.Write([]byte(name))
			err = errors.Join(err, file.Close())
		}
	}
	return err
}

func writtenTree() map[string]string {
	return map[string]string{
		"report.json": "-rw-r----- report", "out": "drwxr-x---", "out/a.csv": "-rw-r----- a.csv",
		"out/dt=1": "drwxr-x---", "out/dt=1/part.csv": "-rw-r----- dt=1/part.csv",
		"out/dt=1/x": "drwxr-x---", "out/dt=1/x/part.csv": "-rw-r----- dt=1/x/part.csv",
	}
}

func TestAFolderExistsOnlyAfterCommitWithAllThatItHolds(t *testing.T) {
	dir := scratch(t)
	s := NewOutputs(OutputOptions{Mode: 0o640})
	if err := writeFolder(s, dir); err != nil {
		t.Fatal(err)
	}
	for name, what := range treeOf(t, dir) {
		if !strings.HasPrefix(name, tmpPrefix) || !strings.HasPrefix(what, "-rw-r-----") && what != "drwx------" {
			t.Errorf("before Commit there is %s: %s", name, what)
		}
		if !strings.Contains(name, "/") && what != "drwx------" {
			t.Errorf("others may look into %s: %s", name, what)
		}
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, dir, writtenTree())
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, dir, writtenTree())
}

func TestEveryOperationOnAFolderMayFail(t *testing.T) {
	failures := 0
	for _, late := range []bool{false, true} {
		for step := 0; ; step++ {
			dir := scratch(t)
			count := 0
			s := NewOutputs(OutputOptions{Mode: 0o640})
			s.disk.around = func(op, _ string, run func() error) error {
				count++
				if count != step+1 {
					return run()
				}
				if op == "close" || late && slices.Contains([]string{"linkUnnamed", "rename", "removeAll", "mkdir", "mkdirAll"}, op) {
					_ = run()
				}
				return errDisk
			}
			err := writeFolder(s, dir)
			if err == nil {
				err = s.Commit()
				if err != nil {
					wantTree(t, dir, map[string]string{})
				}
			}
			if abortErr := s.Abort(); abortErr != nil {
				t.Errorf("step %d: Abort: %v", step, abortErr)
			}
			if count <= step {
				break
			}
			if err != nil {
				failures++
				wantTree(t, dir, remainsOfMkdir(t, dir))
			} else {
				wantTree(t, dir, writtenTree())
			}
			if t.Failed() {
				t.Fatalf("step %d, late %v: %v", step, late, err)
			}
		}
	}
	if failures < 40 {
		t.Errorf("only %d operations could fail", failures)
	}
}

// remainsOfMkdir is an empty folder that was made though it was said that it was not: the next run sweeps it.
func remainsOfMkdir(t *testing.T, dir string) map[string]string {
	t.Helper()
	want := map[string]string{}
	for name, what := range treeOf(t, dir) {
		if isTmpName(name) && what == "drwx------" {
			want[name] = what
		}
	}
	return want
}

func TestAFolderWithAnIncompleteFileIsNotPublished(t *testing.T) {
	dir := scratch(t)
	s := NewOutputs(OutputOptions{})
	f, err := s.CreateFolder(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Create("a.csv"); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(); err == nil {
		t.Error("it was published")
	}
	wantTree(t, dir, map[string]string{})
}

func TestAFolderThatExistsIsNotReplaced(t *testing.T) {
	dir := scratch(t)
	put(t, filepath.Join(dir, "file"), "x", 0o600)
	for _, path := range []string{"full", "empty"} {
		if err := os.Mkdir(filepath.Join(dir, path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(dir, "full", "a.csv"), "old", 0o600)
	before := treeOf(t, dir)
	for _, path := range []string{"full", "empty", "file", "full/"} {
		o := OutputOptions{Overwrite: true}
		if err := CheckFolder(filepath.Join(dir, path), o); fault.KindOf(err) != fault.Usage {
			t.Errorf("%s: Check: %v", path, err)
		}
		if _, err := NewOutputs(o).CreateFolder(filepath.Join(dir, path)); fault.KindOf(err) != fault.Usage {
			t.Errorf("%s: %v", path, err)
		}
	}
	wantTree(t, dir, before)
}

func TestAFolderThatAppearsDuringTheRunIsNotTaken(t *testing.T) {
	for _, inside := range []string{"", "a.csv"} {
		dir := scratch(t)
		s := NewOutputs(OutputOptions{Mode: 0o640, Overwrite: true})
		s.disk.around = func(op, path string, run func() error) error {
			if op == "rename" && filepath.Base(path) == "out" { // at the last moment
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Error(err)
				}
				if inside != "" {
					put(t, filepath.Join(path, inside), "of somebody", 0o600)
				}
			}
			return run()
		}
		err := writeFolder(s, dir)
		if err == nil {
			err = s.Commit()
		}
		if fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v", inside, err)
		}
		want := map[string]string{"out": "drwx------"}
		if inside != "" {
			want["out/"+inside] = "-rw------- of somebody"
		}
		wantTree(t, dir, want)
	}
}

func TestFilesOfAFolderStandInItOnce(t *testing.T) {
	f, err := NewOutputs(OutputOptions{}).CreateFolder(filepath.Join(scratch(t), "out"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Create("a/b.csv"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a/b.csv", "a/../a/b.csv", "../b.csv", "/b.csv", "", tmpPrefix + "0123456789abcdef"} {
		if _, err := f.Create(name); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestFoldersThatAKilledRunLeftAreSwept(t *testing.T) {
	dir := scratch(t)
	left := filepath.Join(dir, tmpPrefix+"0123456789abcdef")
	if err := os.MkdirAll(filepath.Join(left, "dt=1"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(left, "dt=1", "part.csv"), "13800000001", 0o600)
	live := NewOutputs(OutputOptions{})
	held, err := live.CreateFolder(filepath.Join(dir, "live"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the remains are still there: %v", err)
	}
	if err := writeOutput(NewOutputs(OutputOptions{}), filepath.Join(dir, "other"), "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(held.tmp); err != nil {
		t.Errorf("what a live run makes was swept: %v", err)
	}
	if err := live.Abort(); err != nil {
		t.Fatal(err)
	}
}
