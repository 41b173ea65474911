package formats

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// written writes n bytes to a new output in steps, each larger than its buffer.
func written(t *testing.T, s *Outputs, path string, n int) string {
	t.Helper()
	o, err := s.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	step := bytes.Repeat([]byte("x"), 2*outputBuffer)
	for o.Written() < int64(n) {
		if _, err := o.Write(step); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Repeat("x", int(o.Written()))
}

func TestALongOutputIsSynchronisedWhileItIsWritten(t *testing.T) {
	dir := t.TempDir()
	s := NewOutputs(OutputOptions{})
	var syncs atomic.Int32
	s.disk.syncEvery = 4 * outputBuffer
	s.disk.around = func(op, _ string, run func() error) error {
		if op == "sync" {
			syncs.Add(1)
		}
		return run()
	}
	content := written(t, s, filepath.Join(dir, "a"), 64*outputBuffer)
	if err := s.outputs[0].early.wait(); err != nil || syncs.Load() == 0 {
		t.Errorf("%d times before the end, error %v", syncs.Load(), err)
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	wantFolder(t, dir, map[string]string{"a": "-rw------- " + content})
}

func TestAnErrorOfAnEarlySyncIsNotForgotten(t *testing.T) {
	dir := t.TempDir()
	s := NewOutputs(OutputOptions{})
	var failed atomic.Bool
	s.disk.syncEvery = 4 * outputBuffer
	s.disk.around = func(op, _ string, run func() error) error {
		if op == "sync" && failed.CompareAndSwap(false, true) { // once, as the system tells it
			return syscall.EIO
		}
		return run()
	}
	written(t, s, filepath.Join(dir, "a"), 64*outputBuffer)
	if err := s.Commit(); !errors.Is(err, syscall.EIO) {
		t.Errorf("Commit: %v", err)
	}
	wantFolder(t, dir, map[string]string{})
}

func TestAbortWaitsForAnEarlySync(t *testing.T) {
	dir := t.TempDir()
	s := NewOutputs(OutputOptions{})
	began, end := make(chan struct{}), make(chan struct{})
	var ended, closedFirst atomic.Bool
	s.disk.syncEvery = outputBuffer
	s.disk.around = func(op, _ string, run func() error) error {
		switch op {
		case "sync":
			close(began)
			<-end
			ended.Store(true)
		case "close":
			closedFirst.Store(!ended.Load())
		}
		return run()
	}
	written(t, s, filepath.Join(dir, "a"), 2*outputBuffer)
	<-began
	aborted := make(chan error)
	go func() { aborted <- s.Abort() }()
	close(end)
	if err := <-aborted; err != nil || closedFirst.Load() {
		t.Errorf("Abort: %v; closed before the sync had ended: %v", err, closedFirst.Load())
	}
	wantFolder(t, dir, map[string]string{})
}
