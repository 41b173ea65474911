// Package fault holds the one error type that a person is meant to mend: what is wrong, where, and what to do.
//
// Every layer uses it, because every layer meets bad input. The command line maps its kind to the exit code; an
// error that is no fault (an I/O error, say) is a failed run. The text never holds an identifier: it is personal
// data, and messages end in logs.
package fault

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Kind says whose turn it is: the user's command, the input file, or a guard that stopped the run.
type Kind uint8

const (
	// Usage is a wrong command line or configuration.
	Usage Kind = iota + 1
	// Input is a file that cannot be trusted: corrupt, of another format, or with an unreadable consent record.
	Input
	// Guard is a run that a guard stopped: stale, empty or shrunken consent, too few known recipients.
	Guard
	// Unsupported input is read by no reader of this version; it counts as Input.
	Unsupported
)

// Error is one fault. It reads "where: what"; the mend is told apart from it, on a line of its own.
type Error struct {
	Kind  Kind
	Where string // "segment.csv:12, column 手机号"; empty when there is no place
	What  string // lower case, no full stop, no identifier
	Mend  string // one sentence that says what to do; empty when there is nothing to do
	Cause error  // nil when there is none
}

// New returns a fault of the given kind; format and args make its text.
func New(kind Kind, where, format string, args ...any) *Error {
	return &Error{Kind: kind, Where: where, What: fmt.Sprintf(format, args...)}
}

// Hint sets the mend and returns the fault, so that it can stand behind New.
func (e *Error) Hint(format string, args ...any) *Error {
	e.Mend = fmt.Sprintf(format, args...)
	return e
}

// Because sets the cause and returns the fault. Of an error of the file system only what happened counts: its path is
// the place of the fault once more, or that of a temporary file, which means nothing to the reader.
func (e *Error) Because(cause error) *Error {
	var onPath *fs.PathError
	if errors.As(cause, &onPath) {
		cause = onPath.Err
	}
	e.Cause = cause
	return e
}

// Error implements error.
func (e *Error) Error() string {
	text := e.What
	if e.Where != "" {
		text = e.Where + ": " + text
	}
	if e.Cause != nil {
		text += ": " + strings.TrimPrefix(e.Cause.Error(), e.Where+": ")
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// At says where an error happened, unless it does so itself: a fault that comes through several readers of one file has
// its place from the first. Nil stays nil.
func At(where string, err error) error {
	var told *Error
	var onPath *fs.PathError
	switch {
	case err == nil, errors.As(err, &told) && told.Where != "", strings.HasPrefix(err.Error(), where+": "):
		return err
	case errors.As(err, &onPath): // as in Because
		return fmt.Errorf("%s: %s: %w", where, onPath.Op, onPath.Err)
	}
	return fmt.Errorf("%s: %w", where, err)
}

// KindOf returns the kind of the first fault in err's chain, or 0 when there is none.
func KindOf(err error) Kind {
	var e *Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Kind
}
