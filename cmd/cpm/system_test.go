//go:build system && linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestSystemFullDiskLeavesNothing writes to a file system that is too small. It needs root, to mount one.
func TestSystemFullDiskLeavesNothing(t *testing.T) {
	folder := bigFolder(t)
	small := filepath.Join(folder, "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=256k"); err != nil {
		t.Fatalf("a small file system cannot be mounted (run as root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(small, 0); err != nil {
			t.Error(err)
		}
	})
	before := []byte("before\n")
	if err := os.WriteFile(filepath.Join(small, "permitted.csv"), before, 0o640); err != nil {
		t.Fatal(err)
	}
	run := filterInto(t, folder, "-o", "small/permitted.csv", "--rejected", "small/rejected.csv", "--overwrite")
	text, err := run.CombinedOutput()
	if run.ProcessState.ExitCode() != exitFailed {
		t.Fatalf("the run ended with %v: %s", err, text)
	}
	if !strings.Contains(string(text), "no space left on device") {
		t.Errorf("the run said %q", text)
	}
	entries, err := os.ReadDir(small)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || string(read(t, small, "permitted.csv")) != string(before) {
		t.Errorf("the small file system holds %v", entries)
	}
}

// TestSystemOutputsAreOnDiskBeforeTheyAppear follows a run with strace: every file is synced before it gets its name, the
// names come in the order report, rejected, permitted, and the folder is synced after.
func TestSystemOutputsAreOnDiskBeforeTheyAppear(t *testing.T) {
	folder := bigFolder(t)
	trace := filepath.Join(folder, "trace")
	cpm, err := exec.LookPath("cpm")
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "strace", "-f", "-o", trace, "-e", "trace=fsync,fdatasync,linkat,renameat,renameat2,rename",
		cpm, "filter", "audience.csv", "--consent", "consent.csv", "--channel", "sms", "--purpose", "promotion",
		"-o", "permitted.csv", "--rejected", "rejected.csv", "--report", "run.json", "--quiet")
	run.Dir = folder
	if text, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var story []string
	call := regexp.MustCompile(`(fsync|fdatasync|linkat|rename\w*)\((.*)`)
	for line := range strings.Lines(string(read(t, folder, "trace"))) {
		m := call.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		word := m[1]
		for _, name := range []string{"run.json", "rejected.csv", "permitted.csv"} {
			if strings.Contains(m[2], name) {
				word = name
			}
		}
		story = append(story, word)
	}
	got := strings.Join(story, " ")
	want := regexp.MustCompile(`^fsync fsync fsync run\.json (fsync )?rejected\.csv (fsync )?permitted\.csv fsync$`)
	if !want.MatchString(got) {
		t.Errorf("the system calls were: %s", got)
	}
}

// TestSystemTheDemoOfTheReadmeRuns runs the first command of the README. It needs make.
func TestSystemTheDemoOfTheReadmeRuns(t *testing.T) {
	run := exec.CommandContext(t.Context(), "make", "-C", "../..", "demo")
	text, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, want := range []string{"permitted           4,103", "C000002,168 0000 0002,"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the demo does not show %q:\n%s", want, text)
		}
	}
}
