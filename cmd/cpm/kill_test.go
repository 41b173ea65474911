//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killRuns is how often a run is killed, half of the time replacing outputs that exist.
const killRuns = 200

// bigFolder makes a folder with consent and an audience that take a moment to filter.
func bigFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	var consent, audience bytes.Buffer
	consent.WriteString("phone,channel,purpose,status,occurred_at\n")
	audience.WriteString("phone,name,note\n")
	for i := range 40000 {
		if i%4 == 0 {
			fmt.Fprintf(&consent, "138%08d,sms,promotion,%s,2026-01-01T00:00:00Z\n", i, []string{"granted", "denied"}[i/4%2])
		}
		fmt.Fprintf(&audience, "138%08d,\"somebody, %d\",a note that makes the row longer\n", i, i)
	}
	for name, text := range map[string][]byte{"consent.csv": consent.Bytes(), "audience.csv": audience.Bytes()} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func filterInto(t *testing.T, folder string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "cpm", append([]string{
		"filter", "audience.csv", "--consent", "consent.csv", "--channel", "sms", "--purpose", "promotion", "--quiet",
	}, args...)...)
	cmd.Dir = folder
	return cmd
}

// TestAKillLeavesWholeFilesOrNone kills runs with two outputs at random moments.
func TestAKillLeavesWholeFilesOrNone(t *testing.T) {
	folder := bigFolder(t)
	began := time.Now()
	if out, err := filterInto(t, folder, "-o", "want.csv", "--rejected", "want.rejected.csv").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	length := time.Since(began)
	want, wantRejected := read(t, folder, "want.csv"), read(t, folder, "want.rejected.csv")
	old := []byte("what was here before\n")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, a run takes %v", seed, length)
	random := rand.New(rand.NewPCG(seed, 0))
	finished := 0
	for i := range killRuns {
		args := []string{"-o", "out/permitted.csv", "--rejected", "out/rejected.csv"}
		out := filepath.Join(folder, "out")
		if err := os.RemoveAll(out); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(out, 0o700); err != nil {
			t.Fatal(err)
		}
		overwrite := i%2 == 1
		if overwrite {
			args = append(args, "--overwrite")
			for _, name := range []string{"out/permitted.csv", "out/rejected.csv"} {
				if err := os.WriteFile(filepath.Join(folder, name), old, 0o640); err != nil {
					t.Fatal(err)
				}
			}
		}
		run := filterInto(t, folder, args...)
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Int64N(int64(length * 5 / 4))))
		_ = run.Process.Kill() // it may have ended
		if run.Wait() == nil {
			finished++
		}
		permitted, rejected := read(t, folder, "out/permitted.csv"), read(t, folder, "out/rejected.csv")
		state := func(got, whole []byte) string {
			switch {
			case got == nil && !overwrite:
				return "absent"
			case overwrite && bytes.Equal(got, old):
				return "as it was"
			case bytes.Equal(got, whole):
				return "whole"
			}
			return "partial"
		}
		p, r := state(permitted, want), state(rejected, wantRejected)
		if p == "partial" || r == "partial" || p == "whole" && r != "whole" {
			t.Fatalf("kill %d (overwrite %v): permitted is %s, rejected is %s", i, overwrite, p, r)
		}
		noReadableRemains(t, out, overwrite)
	}
	t.Logf("%d of %d runs had finished before they were killed", finished, killRuns)
}

// noReadableRemains looks at what stands beside the outputs: at most a name of the moment of the rename, for its owner
// alone, and the next run sweeps it.
func noReadableRemains(t *testing.T, out string, overwrite bool) {
	t.Helper()
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	var remains []string
	for _, entry := range entries {
		if entry.Name() == "permitted.csv" || entry.Name() == "rejected.csv" {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if !overwrite || !strings.HasPrefix(entry.Name(), ".cpm-") || info.Mode().Perm() != 0o600 {
			t.Fatalf("a killed run left %s (%v)", entry.Name(), info.Mode())
		}
		remains = append(remains, filepath.Join(out, entry.Name()))
	}
	if len(remains) == 0 {
		return
	}
	run := filterInto(t, filepath.Dir(out), "-o", "out/next.csv")
	if text, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, path := range remains {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("the next run did not sweep %s", path)
		}
	}
}

func read(t *testing.T, folder, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return text
}

// TestAnInterruptedRunLeavesNothing stops runs that wait for their audience.
func TestAnInterruptedRunLeavesNothing(t *testing.T) {
	folder := bigFolder(t)
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		audience, feed, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		run := exec.CommandContext(t.Context(), "cpm", "filter", "-", "--consent", "consent.csv", "--channel", "sms",
			"--purpose", "promotion", "-o", "permitted.csv", "--rejected", "rejected.csv", "--report", "run.json")
		run.Dir, run.Stdin = folder, audience
		var talk bytes.Buffer
		run.Stderr = &talk
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := feed.Write(read(t, folder, "audience.csv")[:60000]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
		if err := run.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		var failed *exec.ExitError
		if err := run.Wait(); !errors.As(err, &failed) || failed.ExitCode() != code {
			t.Errorf("after %v the run ended with %v, want code %d; it said\n%s", signal, err, code, &talk)
		}
		if err := errors.Join(feed.Close(), audience.Close()); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 2 {
			t.Errorf("after %v the folder holds %v", signal, entries)
		}
	}
}
