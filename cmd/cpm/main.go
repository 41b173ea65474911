// Command cpm is the consent gate between an audience and the send button.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"cpm/formats"
)

// streams are what the command talks through, and where its files are.
type streams struct {
	in       io.Reader
	out, err io.Writer
	files    formats.Files
}

func main() {
	ctx, stop := interruptible(context.Background())
	defer stop()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr, allFiles()})) //nolint:gocritic // stop matters to nobody after the exit
}

// interruption is why a run was cancelled.
type interruption struct{ signal syscall.Signal }

func (i interruption) Error() string { return "interrupted (" + i.signal.String() + ")" }

// interruptible returns a context that ends at the first signal to stop; the second one kills. A closed pipe is no
// signal but a write error, so that nothing is left behind.
func interruptible(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE)
	go func() {
		select {
		case got := <-signals:
			signal.Stop(signals)
			if number, ok := got.(syscall.Signal); ok {
				cancel(interruption{number})
			}
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}
