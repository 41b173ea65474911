//go:build unix

package formats

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cpm/formats/fault"
)

// meeting is a folder with one of each thing that an output may meet.
func meeting(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "file"), "old", 0o644)
	put(t, filepath.Join(dir, "input"), "in", 0o644)
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "sub"), 0o700),
		syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
		os.Symlink("file", filepath.Join(dir, "to-file")),
		os.Symlink("sub", filepath.Join(dir, "to-sub")),
		os.Symlink("pipe", filepath.Join(dir, "to-pipe")),
		os.Symlink("input", filepath.Join(dir, "to-input")),
		os.Symlink("nowhere", filepath.Join(dir, "to-nothing")),
		os.Symlink("loop", filepath.Join(dir, "loop")),
		os.Link(filepath.Join(dir, "input"), filepath.Join(dir, "hard-input")),
		os.Symlink("..", filepath.Join(dir, "sub", "up")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWhatCannotBeAnOutputIsRefusedBeforeTheRun(t *testing.T) {
	tests := []struct {
		name      string
		path      string
		mode      os.FileMode
		refused   string // without --overwrite; "" means accepted
		overwrite string // with it
	}{
		{name: "a new file", path: "new"},
		{name: "a new file through a linked folder", path: "to-sub/new"},
		{name: "a file that exists", path: "file", refused: "exists", overwrite: ""},
		{name: "a link to a file", path: "to-file", refused: "exists", overwrite: ""},
		{name: "a link to nothing", path: "to-nothing", refused: "exists", overwrite: ""},
		{name: "a folder", path: "sub", refused: "is a folder", overwrite: "is a folder"},
		{name: "a link to a folder", path: "to-sub", refused: "is a folder", overwrite: "is a folder"},
		{name: "a name that ends as a folder", path: "new/", refused: "is a folder", overwrite: "is a folder"},
		{name: "the folder above", path: "sub/..", refused: "is a folder", overwrite: "is a folder"},
		{name: "a pipe", path: "pipe", refused: "regular", overwrite: "regular"},
		{name: "a link to a pipe", path: "to-pipe", refused: "regular", overwrite: "regular"},
		{name: "an input", path: "input", refused: "input", overwrite: "input"},
		{name: "an input by a link", path: "to-input", refused: "input", overwrite: "input"},
		{name: "an input by another name", path: "hard-input", refused: "input", overwrite: "input"},
		{name: "an input by another folder", path: "sub/up/input", refused: "input", overwrite: "input"},
		{name: "a folder that is missing", path: "none/new", refused: "does not exist", overwrite: "does not exist"},
		{name: "a folder that is a file", path: "file/new", refused: "is a file", overwrite: "is a file"},
		{name: "a name that is swept", path: ".cpm-0123456789abcdef", refused: "swept", overwrite: "swept"},
		{name: "a mode that is more than permissions", path: "new", mode: os.ModeSetuid | 0o700, refused: "mode", overwrite: "mode"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := meeting(t)
			before := folder(t, dir)
			input, err := os.Stat(filepath.Join(dir, "input"))
			if err != nil {
				t.Fatal(err)
			}
			for _, overwrite := range []bool{false, true} {
				o := OutputOptions{Overwrite: overwrite, Mode: tt.mode, Inputs: []os.FileInfo{input}}
				want := tt.refused
				if overwrite {
					want = tt.overwrite
				}
				path := dir + "/" + tt.path
				s := NewOutputs(o)
				_, err := s.Create(path)
				for _, err := range []error{err, Files{}.Check(t.Context(), path, o)} {
					wantRefusal(t, err, want)
				}
				if err := s.Abort(); err != nil {
					t.Error(err)
				}
			}
			wantFolder(t, dir, before)
		})
	}
}

func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want a fault of kind Usage with %q", err, want)
	}
}

func TestAnOutputWithoutANameIsRefused(t *testing.T) {
	wantRefusal(t, Files{}.Check(t.Context(), "", OutputOptions{}), "no name")
}

func TestALoopOfLinksIsAnErrorOfTheSystem(t *testing.T) {
	err := Files{}.Check(t.Context(), filepath.Join(meeting(t), "loop"), OutputOptions{Overwrite: true})
	if err == nil || fault.KindOf(err) != 0 {
		t.Errorf("got %v", err)
	}
}

func TestTwoOutputsOfOneNameAreRefused(t *testing.T) {
	for _, spelling := range []string{"sub/a", "sub/../sub/a", "to-sub/a", "sub/up/sub/a", "./sub//a"} {
		dir := meeting(t)
		s := NewOutputs(OutputOptions{Overwrite: true})
		if _, err := s.Create(filepath.Join(dir, "sub", "a")); err != nil {
			t.Fatal(err)
		}
		_, err := s.Create(dir + "/" + spelling)
		wantRefusal(t, err, "two outputs")
		if err := s.Commit(); err == nil {
			t.Error("a set that lacks an output was committed")
		}
		if err := s.Abort(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(filepath.Join(dir, "sub", "a")); !os.IsNotExist(err) {
			t.Errorf("%s: something was published: %v", spelling, err)
		}
	}
}

// On a file system that ignores case "A" and "a" are one file, which only the file itself can tell.
func TestTwoOutputsThatTurnOutToBeOneFileAreRefused(t *testing.T) {
	dir := t.TempDir()
	s := NewOutputs(OutputOptions{Overwrite: true})
	for _, name := range []string{"a", "A"} {
		if err := writeOutput(s, filepath.Join(dir, name), name); err != nil {
			t.Fatal(err)
		}
	}
	s.outputs[1].path = s.outputs[0].path // as such a file system sees it
	wantRefusal(t, s.Commit(), "two outputs")
	wantFolder(t, dir, map[string]string{})
}

func TestAPathIsFollowedAsTheSystemDoes(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{"x/y", "z"} {
		if err := os.MkdirAll(filepath.Join(dir, path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../x/y", filepath.Join(dir, "z", "link")); err != nil {
		t.Fatal(err)
	}
	s := NewOutputs(OutputOptions{})
	if err := writeOutput(s, dir+"/z/link/../a", "new"); err != nil { // x/a; cleaned it would be z/a
		t.Fatal(err)
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "x", "a")); err != nil {
		t.Error(err)
	}
}
