//go:build cloud

package cloud

import (
	"context"
	"errors"
	"io/fs"
	"regexp"

	"gocloud.dev/gcerrors"
)

// failure is what a store answered: what it means, and its words without what must not be told.
type failure struct {
	kind error // fs.ErrNotExist and the like; nil: an error like any other
	text string
}

// Error implements error.
func (f *failure) Error() string { return f.text }

// Unwrap returns what the answer means.
func (f *failure) Unwrap() error { return f.kind }

// newFailure makes one of an error of a driver; nil of nil.
func newFailure(err error) error {
	if err == nil {
		return nil
	}
	f := &failure{text: told(err)}
	switch code := gcerrors.Code(err); {
	case errors.Is(err, context.Canceled), code == gcerrors.Canceled:
		f.kind = context.Canceled
	case errors.Is(err, context.DeadlineExceeded), code == gcerrors.DeadlineExceeded:
		f.kind = context.DeadlineExceeded
	case code == gcerrors.NotFound:
		f.kind = fs.ErrNotExist
	case code == gcerrors.FailedPrecondition, code == gcerrors.AlreadyExists:
		f.kind = fs.ErrExist
	case code == gcerrors.PermissionDenied:
		f.kind = fs.ErrPermission
	}
	return f
}

// told returns the words of an error without the queries of URLs, which may hold signatures and the options of a bucket,
// and without those that the library puts before them, which repeat where the object is.
func told(err error) string {
	var wrapped interface{ Unwrap() []error }
	if errors.As(err, &wrapped) {
		if causes := wrapped.Unwrap(); len(causes) > 0 && causes[0] != nil { // the others are what the library takes it for
			err = causes[0]
		}
	}
	return regexp.MustCompile(`\?[^\s"']*`).ReplaceAllString(err.Error(), "")
}
