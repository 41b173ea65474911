//go:build unix

package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// folderKills is how often a run over a folder is ended, half of the time by an interrupt.
const folderKills = 60

// filesBelow reads everything below a folder that a run may have made; nil when it is not there.
func filesBelow(t *testing.T, folder string) map[string]string {
	t.Helper()
	var found map[string]string
	for _, pattern := range []string{"*", "*/*"} {
		paths, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err != nil || info.IsDir() {
				continue
			}
			if found == nil {
				found = map[string]string{}
			}
			found[strings.TrimPrefix(path, folder)] = string(read(t, folder, strings.TrimPrefix(path, folder)))
		}
	}
	return found
}

// TestAFolderOfOutputsIsWholeOrAbsentHoweverARunEnds ends runs with two folders of outputs at random moments: an interrupt
// leaves nothing, a kill nothing that others could read, and the next run sweeps it.
func TestAFolderOfOutputsIsWholeOrAbsentHoweverARunEnds(t *testing.T) {
	folder := bigFolder(t)
	audience := read(t, folder, "audience.csv")
	for _, name := range []string{"seg/a.csv", "seg/dt=1/part.csv", "seg/dt=2/part.csv"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, audience[:len(audience)/2], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start := func() *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "cpm", "filter", "seg", "--consent", "consent.csv", "--channel", "sms", "--purpose", "promotion",
			"--quiet", "--max-invalid", "1", "-o", "out/", "--rejected", "rejected/")
		cmd.Dir = folder
		return cmd
	}
	began := time.Now()
	if out, err := start().CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	length := time.Since(began)
	want, wantRejected := filesBelow(t, filepath.Join(folder, "out")), filesBelow(t, filepath.Join(folder, "rejected"))
	if len(want) != 3 || len(wantRejected) != 3 {
		t.Fatalf("%d and %d files", len(want), len(wantRejected))
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, a run takes %v", seed, length)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range folderKills {
		for _, name := range []string{"out", "rejected"} {
			if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
		before := remains(t, folder)
		run, signal := start(), []os.Signal{syscall.SIGKILL, syscall.SIGINT}[i%2]
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Int64N(int64(length * 5 / 4))))
		_ = run.Process.Signal(signal) // it may have ended
		ended := run.Wait()
		for _, path := range remains(t, folder) {
			if ended == nil || signal == syscall.SIGINT && !slices.Contains(before, path) {
				t.Fatalf("run %d, %v, %v leaves %s", i, signal, ended, path)
			}
		}
		got, rejected := filesBelow(t, filepath.Join(folder, "out")), filesBelow(t, filepath.Join(folder, "rejected"))
		if got != nil && !cmp.Equal(got, want) || rejected != nil && !cmp.Equal(rejected, wantRejected) || got != nil && rejected == nil ||
			signal == syscall.SIGINT && ended != nil && rejected != nil {
			t.Fatalf("run %d, %v, %v: %d permitted files and %d rejected", i, signal, ended, len(got), len(rejected))
		}
	}
}

// remains are the names that an ended run has left beside its outputs, each for its owner alone.
func remains(t *testing.T, folder string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(folder, ".cpm-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if !info.IsDir() || info.Mode().Perm() != 0o700 {
			t.Fatalf("%s is left with mode %v", path, info.Mode())
		}
	}
	return left
}
