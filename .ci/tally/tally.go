// Command tally runs steps of the Makefile, one after the other, and counts their tests.
//
//	go run ./.ci/tally STEP…
//
// It runs a step with TESTFLAGS=-json and passes on what the step says, but shows the output of a test only when it
// failed or was skipped. It ends with the closing line of every package, and with "N passed, M failed": tests and
// subtests, once for each time that they ran (plain, with -race, with -tags system). A package that fails without a
// failed test counts as one failure, and so does a step (lint, vet). A step that fails does not keep the next from
// running. The exit code is 0 only when every step passed.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

func main() {
	t := newTally(os.Stdout)
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./.ci/tally STEP…")
		os.Exit(2)
	}
	for _, step := range os.Args[1:] {
		t.step(step)
	}
	t.close()
	if !t.good() {
		os.Exit(1)
	}
}

// event is one line of go test -json.
type event struct {
	Action, Package, Test, Output, ImportPath string
}

// tally counts tests and keeps the lines to close with. Its output goes to out.
type tally struct {
	out     io.Writer
	output  map[string]string // of the tests and packages at work, by package and test
	red     map[string]int    // failed tests of the packages at work, several at once
	closing []string          // "ok  cpm/formats 1.2s"
	steps   []string          // "lint: passed in 3m2s"

	passed, failed, skipped, broken int
	lost                            error // the first write that failed
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, output: map[string]string{}, red: map[string]int{}}
}

// say writes to out; what is lost there is no success.
func (t *tally) say(format string, args ...any) {
	if _, err := fmt.Fprintf(t.out, format, args...); err != nil && t.lost == nil {
		t.lost = err
	}
}

// step runs one target of the Makefile.
func (t *tally) step(name string) {
	t.say("== make %s\n", name)
	t.closing = append(t.closing, "make "+name+":")
	start, failed := time.Now(), t.failed
	cmd := exec.Command("make", "--no-print-directory", "--keep-going", name, "TESTFLAGS=-json")
	cmd.Stderr = os.Stderr
	err := t.follow(cmd)
	took := time.Since(start).Round(time.Second)
	if err == nil && t.failed == failed {
		t.steps = append(t.steps, fmt.Sprintf("%s: passed in %v", name, took))
		return
	}
	t.steps = append(t.steps, fmt.Sprintf("%s: FAILED in %v: %v", name, took, err))
	t.broken++
	if t.failed == failed {
		t.failed++
	}
}

// follow runs cmd and reads what it says.
func (t *tally) follow(cmd *exec.Cmd) error {
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	return errors.Join(t.read(pipe), cmd.Wait())
}

// read takes in the lines of one step: events of go test, and others, which are passed on.
func (t *tally) read(from io.Reader) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if bytes.HasPrefix(line, []byte(`{"`)) && json.Unmarshal(line, &e) == nil && e.Action != "" {
			t.take(e)
		} else {
			t.say("%s", line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// take counts one event.
func (t *tally) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		t.output[key] += e.Output
	case "build-output":
		t.say("%s", e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			t.endPackage(e, t.output[key])
		} else {
			t.endTest(e, t.output[key])
		}
		delete(t.output, key)
	}
}

func (t *tally) endTest(e event, output string) {
	switch e.Action {
	case "pass":
		t.passed++
		return
	case "fail":
		t.failed++
		t.red[e.Package]++
	case "skip":
		t.skipped++
	}
	t.say("%s %s\n%s", e.Package, e.Test, output)
}

// endPackage keeps the closing line of a package, which go test prints last, and shows all that a failed one said.
func (t *tally) endPackage(e event, output string) {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	closing := lines[len(lines)-1]
	if e.Action == "fail" {
		closing = "FAIL\t" + e.Package
		if t.red[e.Package] == 0 {
			t.failed++
		}
		for _, key := range slices.Sorted(maps.Keys(t.output)) { // the package, and tests that a crash cut off
			if strings.HasPrefix(key, e.Package+" ") {
				t.say("%s", t.output[key])
				delete(t.output, key)
			}
		}
	}
	delete(t.red, e.Package)
	t.closing = append(t.closing, closing)
	t.say("%s\n", closing)
}

// close prints what there is to say at the end.
func (t *tally) close() {
	t.say("\n== packages\n")
	for _, line := range t.closing {
		t.say("%s\n", line)
	}
	t.say("\n== steps\n")
	for _, line := range t.steps {
		t.say("%s\n", line)
	}
	if t.skipped > 0 {
		t.say("%d skipped, each shown above with its reason\n", t.skipped)
	}
	t.say("%d passed, %d failed\n", t.passed, t.failed)
}

// good reports whether every step passed and nothing of what it said was lost.
func (t *tally) good() bool { return t.broken == 0 && t.failed == 0 && t.lost == nil }
