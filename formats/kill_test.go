//go:build linux

package formats

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// victim is a run that is killed: a process of its own that publishes two outputs again and again.
type victim struct {
	dir       string
	overwrite bool
	lacks     []string
	dieAt     int // the operation, counted from the second round on, at which it kills itself; -1: somebody else does
}

const victimEnv = "CPM_TEST_VICTIM"

func (v victim) String() string {
	return fmt.Sprintf("%v|%d|%s|%s", v.overwrite, v.dieAt, strings.Join(v.lacks, ","), v.dir)
}

func parseVictim(text string) (v victim, err error) {
	parts := strings.SplitN(text, "|", 4)
	v.overwrite, v.dir = parts[0] == "true", parts[3]
	v.lacks = strings.Split(parts[2], ",")
	v.dieAt, err = strconv.Atoi(parts[1])
	return v, err
}

// path is where an output of a round goes: the same place each time, or a new one where nothing may be replaced.
func (v victim) path(output string, round int) string {
	if v.overwrite {
		return filepath.Join(v.dir, output)
	}
	return filepath.Join(v.dir, fmt.Sprintf("%s.%d", output, round))
}

// roundContent is a content that shows when a part of it is missing or of another round.
func roundContent(round int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "round %d\n", round), 20_000)
}

// victimOutputs are in the order of publishing.
var victimOutputs = [...]string{"report", "permitted"}

func (v victim) live() error {
	count := 0
	for round := 1; ; round++ {
		s := without(OutputOptions{Overwrite: v.overwrite, Mode: 0o644}, v.lacks...)
		offered := s.disk.around
		s.disk.around = func(op, path string, run func() error) error {
			if round > 1 {
				if count == v.dieAt {
					return syscall.Kill(os.Getpid(), syscall.SIGKILL)
				}
				count++
			}
			return offered(op, path, run)
		}
		for _, output := range victimOutputs {
			o, err := s.Create(v.path(output, round))
			if err != nil {
				return err
			}
			for part := range slices.Chunk(roundContent(round), 70_000) {
				if _, err := o.Write(part); err != nil {
					return err
				}
			}
		}
		if err := s.Commit(); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(os.Stdout, "round", round); err != nil {
			return err
		}
		if v.dieAt >= 0 && round == 2 {
			return nil // it never came to that operation
		}
	}
}

func TestVictim(t *testing.T) {
	text := os.Getenv(victimEnv)
	if text == "" {
		t.Skip("this is the process that the other tests of this file start and kill")
	}
	v, err := parseVictim(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.live(); err != nil {
		t.Fatal(err)
	}
}

// start starts the victim and waits until it has published once.
func (v victim) start(t *testing.T) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), victimEnv+"="+v.String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, len("round 1"))
	if _, err := io.ReadFull(out, first); err != nil || string(first) != "round 1" {
		t.Errorf("the victim said %q, %v", first, err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
	return cmd
}

// inspect looks at what the killed run left, and at what the next one makes of it.
func (v victim) inspect(t *testing.T) (remains int) {
	t.Helper()
	rounds := map[string]int{} // of each file
	entries, err := os.ReadDir(v.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if isTmpName(e.Name()) {
			remains++
			if info.Mode() != privateMode {
				t.Errorf("%s can be read: %v", e.Name(), info.Mode())
			}
			continue
		}
		content, err := os.ReadFile(filepath.Join(v.dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		var round int
		if _, err := fmt.Sscanf(string(content), "round %d\n", &round); err != nil || !bytes.Equal(content, roundContent(round)) {
			t.Errorf("%s is not whole: %d bytes, %v", e.Name(), len(content), err)
		}
		rounds[e.Name()] = round
	}
	v.inspectOrder(t, rounds)
	s := NewOutputs(OutputOptions{})
	if _, err := s.Create(filepath.Join(v.dir, "next")); err != nil {
		t.Fatal(err)
	}
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	for name := range folder(t, v.dir) {
		if isTmpName(name) {
			t.Errorf("%s was not swept", name)
		}
	}
	return remains
}

// inspectOrder checks that a permitted file never stands without the report of its round, or a newer one.
func (v victim) inspectOrder(t *testing.T, rounds map[string]int) {
	t.Helper()
	if !v.overwrite {
		for name, round := range rounds {
			if report := fmt.Sprintf("report.%d", round); strings.HasPrefix(name, "permitted.") && rounds[report] == 0 {
				t.Errorf("%s stands without %s", name, report)
			}
		}
		return
	}
	if slices.Contains(v.lacks, "link") {
		return // for a moment nothing stands at the path of a file that is being replaced
	}
	if report, permitted := rounds["report"], rounds["permitted"]; permitted == 0 || report < permitted || report > permitted+1 {
		t.Errorf("the report is of round %d, the permitted file of round %d", report, permitted)
	}
}

// scratches are folders on the file systems at hand.
func scratches(t *testing.T) []string {
	t.Helper()
	dirs := []string{t.TempDir()}
	if shm := scratch(t); filepath.Dir(shm) == "/dev/shm" {
		dirs = append(dirs, shm)
	}
	return dirs
}

func TestAKillAtAnyMomentLeavesWholeOutputsInOrder(t *testing.T) {
	const kills = 8 // of each kind: 64 in all where there are two file systems
	for _, overwrite := range []bool{false, true} {
		for _, lacks := range []string{"", "openUnnamed"} {
			for _, dir := range scratches(t) {
				for range kills {
					v := victim{dir: dir, overwrite: overwrite, lacks: []string{lacks}, dieAt: -1}
					cmd := v.start(t)
					time.Sleep(rand.N(20 * time.Millisecond))
					if err := cmd.Process.Kill(); err != nil {
						t.Fatal(err)
					}
					if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
						t.Errorf("the victim ended by itself: %v", err)
					}
					v.inspect(t)
					empty(t, dir)
				}
			}
		}
	}
}

func TestAKillBetweenAnyTwoOperationsLeavesWholeOutputsInOrder(t *testing.T) {
	for name, lacks := range diskKinds {
		if slices.Contains(lacks, "lock") {
			continue // sweeping rests on locks
		}
		for _, overwrite := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, overwrite %v", name, overwrite), func(t *testing.T) {
				dir := scratch(t)
				remains := 0
				for step := 0; ; step++ {
					v := victim{dir: dir, overwrite: overwrite, lacks: lacks, dieAt: step}
					err := v.start(t).Wait()
					remains += v.inspect(t)
					if t.Failed() {
						t.Fatalf("killed at operation %d", step)
					}
					if err == nil {
						break // no such operation
					}
					empty(t, dir)
				}
				if want := overwrite || len(lacks) > 0; want != (remains > 0) {
					t.Errorf("%d temporary names were seen after kills", remains)
				}
			})
		}
	}
}

func empty(t *testing.T, dir string) {
	t.Helper()
	for name := range folder(t, dir) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}
