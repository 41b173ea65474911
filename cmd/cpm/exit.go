package main

import (
	"context"
	"errors"

	"cpm/formats/fault"
)

// Exit codes: a promise to scripts. 2 is Go's own, for a crash.
const (
	exitDone   = 0
	exitFailed = 1  // I/O, disk full, …
	exitUsage  = 10 // wrong usage or configuration
	exitInput  = 11 // input that cannot be trusted
	exitGuard  = 12 // a guard stopped the run
	exitSignal = 128
)

// exitCode is the one table from error to code.
func exitCode(ctx context.Context, err error) int {
	var stopped interruption
	switch {
	case err == nil:
		return exitDone
	case errors.As(context.Cause(ctx), &stopped):
		return exitSignal + int(stopped.signal)
	}
	switch fault.KindOf(err) {
	case fault.Usage:
		return exitUsage
	case fault.Input, fault.Unsupported:
		return exitInput
	case fault.Guard:
		return exitGuard
	}
	return exitFailed
}
