//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package formats

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestOnlyTheNamesOfThisProgramAreTemporary(t *testing.T) {
	for base, want := range map[string]bool{
		".cpm-0123456789abcdef": true, ".cpm-0123456789ABCDEF": false, ".cpm-0123456789abcde": false,
		".cpm-0123456789abcdef0": false, "cpm-0123456789abcdef": false, ".cpm-": false, ".cpm-0123456789abcde\n": false,
		filepath.Base(tmpName("x")): true,
	} {
		if got := isTmpName(base); got != want {
			t.Errorf("isTmpName(%q) = %v", base, got)
		}
	}
}

func TestCreateSweepsWhatNobodyHoldsAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	name := func(i int) string { return filepath.Join(dir, fmt.Sprintf(".cpm-%016x", i)) }
	put(t, name(1), "stale", 0o600)
	put(t, name(2), "held by a live run", 0o600)
	put(t, filepath.Join(dir, ".cpm-notes"), "not ours", 0o600)
	put(t, filepath.Join(dir, "file"), "not ours", 0o600)
	for _, err := range []error{
		os.Mkdir(name(3), 0o700), os.Symlink("file", name(4)), syscall.Mkfifo(name(5), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	held, err := os.Open(name(2))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()
	if err := tryLock(held); err != nil {
		t.Fatal(err)
	}
	want := folder(t, dir)

	s := without(OutputOptions{}, "tryLock") // locks cannot be had: nobody knows what is stale
	if _, err := s.Create(filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	wantFolder(t, dir, want)

	s = NewOutputs(OutputOptions{})
	if _, err := s.Create(filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	delete(want, filepath.Base(name(1)))
	delete(want, filepath.Base(name(3)))
	wantFolder(t, dir, want)
}

func TestASweeperLeavesAFileThatTookTheName(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ".cpm-0123456789abcdef")
	put(t, path, "stale", 0o600)
	s := NewOutputs(OutputOptions{})
	s.disk.around = func(op, at string, run func() error) error {
		if op == "tryLock" {
			put(t, filepath.Join(dir, "x"), "another", 0o600)
			if err := os.Rename(filepath.Join(dir, "x"), at); err != nil {
				t.Fatal(err)
			}
		}
		return run()
	}
	if _, err := s.Create(filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	wantFolder(t, dir, map[string]string{filepath.Base(path): "-rw------- another"})
}

func TestATemporaryFileThatIsSweptBeforeItsLockIsMadeAnew(t *testing.T) {
	for _, when := range []string{"lock", "lstat"} {
		dir := t.TempDir()
		s := without(OutputOptions{}, "openUnnamed")
		offered := s.disk.around
		met := 0
		s.disk.around = func(op, path string, run func() error) error {
			if op == when && strings.Contains(path, tmpPrefix) && met < 3 {
				met++
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				if op == "lock" {
					return errLocked
				}
			}
			return offered(op, path, run)
		}
		if err := writeOutput(s, filepath.Join(dir, "a"), "new"); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(); err != nil || met != 3 {
			t.Fatal(err, met)
		}
		wantFolder(t, dir, map[string]string{"a": "-rw------- new"})
	}
}

// While one run stands anywhere in its work, another begins in the same folder, and sweeps; then the first goes on, or
// fails.
func TestARunThatBeginsTakesNothingFromOneThatIsPublishing(t *testing.T) {
	for _, c := range scenes() {
		if !c.overwrite || c.outputs == 1 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			for _, fails := range []bool{false, true} {
				dir, before, after := c.prepare(t)
				s, _ := c.failAt(false)
				around := s.disk.around
				closes, unlocked := 0, 0
				s.disk.around = func(op, path string, run func() error) error {
					if op == "close" {
						closes++
					}
					if fails && op == "close" && closes == c.outputs {
						_ = run()
						return errDisk
					}
					if op == "lock" && isTmpName(filepath.Base(path)) {
						unlocked++ // the one moment in which a name may be swept; the run makes it anew
					}
					if op != "lock" || unlocked < tmpTries {
						c.begin(t, dir)
					}
					return around(op, path, run)
				}
				_, err := c.run(s, dir)
				if fails != errors.Is(err, errDisk) || !fails && err != nil {
					t.Fatal(err)
				}
				if fails {
					after = before
				}
				wantFolder(t, dir, after)
			}
		})
	}
}

// begin is what another run does to the folder when it begins.
func (c scene) begin(t *testing.T, dir string) {
	t.Helper()
	other := without(OutputOptions{}, c.lacks...)
	if _, err := other.Create(filepath.Join(dir, "other")); err != nil {
		t.Error(err)
	}
	if err := other.Abort(); err != nil {
		t.Error(err)
	}
}

func TestRunsInOneFolderDoNotDisturbOneAnother(t *testing.T) {
	dir := scratch(t)
	const runs, rounds = 4, 25
	var wait sync.WaitGroup
	for run := range runs {
		wait.Go(func() {
			for round := range rounds {
				s := without(OutputOptions{Overwrite: true}, "openUnnamed")
				err := writeOutput(s, filepath.Join(dir, outputName(run)), fmt.Sprint(round))
				if err == nil {
					err = s.Commit()
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	want := map[string]string{}
	for run := range runs {
		want[outputName(run)] = fmt.Sprint("-rw------- ", rounds-1)
	}
	wantFolder(t, dir, want)
}
