package main

// The rules of the talk:
//
//   - Standard output is data, or the one JSON object that was asked for. Everything else goes to standard error.
//   - What was understood comes first, before anything is decided; counts come last; the next useful flag ends it.
//   - A line says one thing. Numbers have separators, names are as the user wrote them, no identifier is ever told.
//   - Colours and the progress bar are for terminals alone; NO_COLOR and --no-progress are obeyed, and --quiet leaves
//     nothing but errors.
//   - An error is told once, with what, where and the mend.

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// onTerminal reports whether w is a terminal.
func onTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// widthOf returns the columns of a terminal; what is none is as wide as it needs to be.
func widthOf(w io.Writer) int {
	if file, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			return width
		}
	}
	return wideEnough
}

const (
	progressAfter = 700 * time.Millisecond // shorter work needs no bar
	progressEvery = 150 * time.Millisecond
)

// pulled is where progress is read from; both functions may be called at any time.
type pulled struct {
	bytes, count func() int64
	of           string // what is counted: rows or objects
}

// progress shows how far a long piece of work is, pulling bytes and a count, until the returned function is called. total
// is in bytes; -1 when unknown.
func (t *talk) progress(what string, total int64, now pulled) (stop func()) {
	if !t.bar {
		return func() {}
	}
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-quit:
			return
		case <-time.After(progressAfter):
		}
		t.show(what, total, now, quit)
	}()
	return func() {
		close(quit)
		<-gone
	}
}

func (t *talk) show(what string, total int64, now pulled, quit <-chan struct{}) {
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(t.w), progressbar.OptionSetVisibility(true), progressbar.OptionShowBytes(true),
		progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(24),
		progressbar.OptionEnableColorCodes(false), progressbar.OptionThrottle(progressEvery/2),
	)
	began, first := time.Now(), now.count()
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		n, at := now.count(), now.bytes()
		rate := float64(n-first) / max(time.Since(began).Seconds(), 0.001)
		told := fmt.Sprintf("%s %s %s, %s/s", what, number(n), now.of, number(int64(rate)))
		if total >= 0 && at >= total {
			told = fmt.Sprintf("%s %s %s, all read", what, number(n), now.of)
		}
		bar.Describe(told)
		if err := bar.Set64(min(at, max(total-1, 0))); err != nil {
			return // a bar that cannot be drawn is not drawn
		}
		select {
		case <-quit:
			_ = bar.Clear() // nothing depends on the bar
			return
		case <-tick.C:
		}
	}
}
