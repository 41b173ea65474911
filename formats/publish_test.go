//go:build unix

package formats

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cpm/formats/fault"
)

var errDisk = errors.New("the disk says no")

// scene is one way in which a run may publish.
type scene struct {
	name      string
	outputs   int
	overwrite bool
	link      bool     // the first output replaces a symbolic link rather than a file
	lacks     []string // operations that the file system does not offer
}

func scenes() []scene {
	var all []scene
	for _, outputs := range []int{1, 2} {
		for lack, lacks := range diskKinds {
			for _, overwrite := range []bool{false, true} {
				name := fmt.Sprintf("%d outputs, overwrite %v, %s", outputs, overwrite, lack)
				all = append(all, scene{name: name, outputs: outputs, overwrite: overwrite, lacks: lacks})
			}
		}
	}
	all = append(all, scene{name: "a link is replaced", outputs: 2, overwrite: true, link: true})
	slices.SortFunc(all, func(a, b scene) int { return strings.Compare(a.name, b.name) })
	return all
}

// prepare makes the folder as the run finds it, and tells what it should hold after a run that failed and one that
// did not.
func (c scene) prepare(t *testing.T) (dir string, before, after map[string]string) {
	t.Helper()
	dir = scratch(t)
	if c.overwrite {
		for i := range c.outputs {
			put(t, filepath.Join(dir, outputName(i)), "old", 0o644)
		}
	}
	if c.link {
		if err := os.Remove(filepath.Join(dir, outputName(0))); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("nowhere", filepath.Join(dir, outputName(0))); err != nil {
			t.Fatal(err)
		}
	}
	before = folder(t, dir)
	after = maps.Clone(before)
	for i := range c.outputs {
		after[outputName(i)] = "-rw-r----- new"
	}
	return dir, before, after
}

func outputName(i int) string { return fmt.Sprintf("out%d", i) }

// failAt returns a set whose operations fail at the given steps, counted from 0; with late, those that change the
// folder do their work first. It also returns the counter.
func (c scene) failAt(late bool, steps ...int) (*Outputs, *int) {
	s := without(OutputOptions{Overwrite: c.overwrite, Mode: 0o640}, c.lacks...)
	offered := s.disk.around
	count := 0
	s.disk.around = func(op, path string, run func() error) error {
		step := count
		count++
		if !slices.Contains(steps, step) {
			return offered(op, path, run)
		}
		if op == "close" || late && slices.Contains([]string{"link", "linkUnnamed", "rename", "renameNew", "remove"}, op) {
			_ = offered(op, path, run) // close always lets go of the file
		}
		return errDisk
	}
	return s, &count
}

// run tells whether it came to Commit.
func (c scene) run(s *Outputs, dir string) (committed bool, err error) {
	for i := range c.outputs {
		if err := writeOutput(s, filepath.Join(dir, outputName(i)), "new"); err != nil {
			return false, err
		}
	}
	return true, s.Commit()
}

// Whichever operation fails, once: a run that fails leaves the folder as it was, one that does not leaves it as wanted.
func TestEveryOperationMayFail(t *testing.T) {
	for _, c := range scenes() {
		t.Run(c.name, func(t *testing.T) {
			failures := 0
			for _, late := range []bool{false, true} {
				for step := 0; ; step++ {
					dir, before, after := c.prepare(t)
					s, count := c.failAt(late, step)
					committed, err := c.run(s, dir)
					if *count <= step {
						break
					}
					if errors.Is(err, errDisk) {
						failures++
					}
					want := after
					if err != nil {
						want = before
						wantFolder(t, dir, noRemains(t, dir, before, committed))
					}
					if err := s.Abort(); err != nil {
						t.Errorf("step %d: Abort: %v", step, err)
					}
					wantFolder(t, dir, want)
					if t.Failed() {
						t.Fatalf("step %d, late %v: Commit: %v", step, late, err)
					}
				}
			}
			if failures < 10 {
				t.Errorf("only %d operations could fail", failures)
			}
		})
	}
}

// noRemains is what the folder must hold when a run has returned its error, before the deferred Abort: nothing new
// once Commit was reached; before that there may be temporary files.
func noRemains(t *testing.T, dir string, before map[string]string, committed bool) map[string]string {
	t.Helper()
	want := maps.Clone(before)
	for name, what := range folder(t, dir) {
		if isTmpName(name) && !committed {
			want[name] = what
		}
	}
	return want
}

// One failure takes the run back, and a second one meets it on the way back: Abort, called again, ends the work, and
// until then nothing is partial and no output stands without those before it.
func TestEveryOperationOfTheWayBackMayFail(t *testing.T) {
	for _, c := range scenes() {
		if c.outputs == 1 || slices.Contains(c.lacks, "lock") {
			continue // what these do is a part of what the others do
		}
		t.Run(c.name, func(t *testing.T) {
			second := 0
			for first := 0; ; first++ {
				reached := 0
				for next := first + 1; ; next++ {
					dir, before, after := c.prepare(t)
					s, count := c.failAt(next%2 == 0, first, next)
					_, err := c.run(s, dir)
					reached = *count
					if *count <= next {
						break
					}
					second++
					want := after
					if err != nil {
						want = before
						wantBeginning(t, dir, before, after)
					}
					if err := s.Abort(); err != nil {
						t.Errorf("Abort: %v", err)
					}
					wantFolder(t, dir, want)
					if t.Failed() {
						t.Fatalf("steps %d and %d: Commit: %v", first, next, err)
					}
				}
				if reached <= first {
					break
				}
			}
			if second < 20 {
				t.Errorf("only %d operations could fail second", second)
			}
		})
	}
}

// wantBeginning checks that each output is old or new or absent, new ones before the others, and remains private.
func wantBeginning(t *testing.T, dir string, before, after map[string]string) {
	t.Helper()
	found := folder(t, dir)
	ended := false
	for _, name := range slices.Sorted(maps.Keys(after)) {
		what := found[name]
		isNew := strings.HasSuffix(what, " new")
		isOld := what == before[name] || what == "-rw------- old" // its mode is given back last
		if !isNew && !isOld && what != "" {
			t.Errorf("%s is neither old nor new: %s", name, what)
		}
		if isNew && ended {
			t.Errorf("%s stands without those before it", name)
		}
		ended = ended || !isNew
	}
	for name, what := range found {
		if isTmpName(name) && !strings.HasPrefix(what, "-rw------- ") {
			t.Errorf("%s can be read: %s", name, what)
		}
	}
}

func TestAFileOfSomebodyElseIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "old", 0o644)
	for _, op := range []string{"openExisting", "chmod"} {
		s := NewOutputs(OutputOptions{Overwrite: true})
		if err := writeOutput(s, filepath.Join(dir, "a"), "new"); err != nil {
			t.Fatal(err)
		}
		failed := false
		s.disk.around = func(did, _ string, run func() error) error {
			if did == op && !failed {
				failed = true
				return os.ErrPermission
			}
			return run()
		}
		wantRefusal(t, s.Commit(), "does not belong")
		wantFolder(t, dir, map[string]string{"a": "-rw-r--r-- old"})
	}
}

func TestAFileThatIsLockedIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "old", 0o644)
	f, err := os.Open(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := tryLock(f); err != nil {
		t.Fatal(err)
	}
	s := NewOutputs(OutputOptions{Overwrite: true})
	if err := writeOutput(s, filepath.Join(dir, "a"), "new"); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(); !errors.Is(err, errLocked) {
		t.Errorf("Commit: %v", err)
	}
	wantFolder(t, dir, map[string]string{"a": "-rw-r--r-- old"})
}

// meddle returns the error of a Commit over two old files, while at each operation somebody else may do something.
func meddle(t *testing.T, dir string, somebody func(op, path string) error) error {
	t.Helper()
	s := NewOutputs(OutputOptions{Overwrite: true})
	for i := range 2 {
		put(t, filepath.Join(dir, outputName(i)), "old", 0o644)
		if err := writeOutput(s, filepath.Join(dir, outputName(i)), "new"); err != nil {
			t.Fatal(err)
		}
	}
	s.disk.around = func(op, path string, run func() error) error {
		if err := somebody(op, path); err != nil {
			return err
		}
		return run()
	}
	return s.Commit()
}

func TestAFileThatChangesWhileItIsReplacedIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	err := meddle(t, dir, func(op, path string) error {
		if op != "openExisting" || filepath.Base(path) != outputName(1) {
			return nil
		}
		put(t, filepath.Join(dir, "theirs"), "theirs", 0o644)
		return os.Rename(filepath.Join(dir, "theirs"), path)
	})
	if err == nil {
		t.Error("Commit succeeded")
	}
	wantFolder(t, dir, map[string]string{"out0": "-rw-r--r-- old", "out1": "-rw-r--r-- theirs"})
}

func TestABackupThatSomebodyTookAwayDoesNotLeaveTheOutput(t *testing.T) {
	dir := t.TempDir()
	removed := false
	err := meddle(t, dir, func(op, path string) error {
		switch {
		case op == "link" && filepath.Dir(path) == dir && removed:
			return errDisk
		case op == "syncFolder" && !removed:
			removed = true
			for name := range folder(t, dir) {
				if isTmpName(name) {
					if err := os.Remove(filepath.Join(dir, name)); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if !errors.Is(err, errDisk) || !removed {
		t.Errorf("Commit: %v, removed %v", err, removed)
	}
	wantFolder(t, dir, map[string]string{"out1": "-rw-r--r-- old"})
}

func TestWithoutLinksAndExclusiveRenamesNothingIsPublishedUnlessItMayReplace(t *testing.T) {
	dir := t.TempDir()
	lacks := []string{"openUnnamed", "link", "renameNew"}
	s := without(OutputOptions{}, lacks...)
	if err := writeOutput(s, filepath.Join(dir, "a"), "new"); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, s.Commit(), "without the risk")
	wantFolder(t, dir, map[string]string{})
}

func TestAModeThatTheFileSystemCannotKeepIsRefused(t *testing.T) {
	for _, mode := range []os.FileMode{0, 0o600, 0o640} {
		dir := t.TempDir()
		s := without(OutputOptions{Mode: mode}, "openUnnamed")
		offered := s.disk.around
		s.disk.around = func(op, path string, run func() error) error {
			err := offered(op, path, run)
			if op == "create" && err == nil {
				err = os.Chmod(path, 0o755) // as FAT shows every file
			}
			if op == "chmod" {
				err = os.ErrPermission
			}
			return err
		}
		err := writeOutput(s, filepath.Join(dir, "a"), "new")
		if refused := fault.KindOf(err) == fault.Usage; refused != (mode == 0o640) || !refused && err != nil {
			t.Errorf("mode %v: %v", mode, err)
		}
		if err == nil {
			err = s.Commit()
			wantFolder(t, dir, map[string]string{"a": "-rwxr-xr-x new"})
		} else {
			err = s.Abort()
			wantFolder(t, dir, map[string]string{})
		}
		if err != nil {
			t.Error(err)
		}
	}
}
