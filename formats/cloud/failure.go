//go:build cloud

package cloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"regexp"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"gocloud.dev/gcerrors"
	"google.golang.org/api/googleapi"
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
	status, onWay := statusOf(err), (*net.DNSError)(nil)
	switch code := gcerrors.Code(err); {
	case errors.Is(err, context.Canceled), code == gcerrors.Canceled:
		f.kind = context.Canceled
	case errors.Is(err, context.DeadlineExceeded), code == gcerrors.DeadlineExceeded:
		f.kind = context.DeadlineExceeded
	case status == http.StatusUnauthorized, status == http.StatusForbidden, code == gcerrors.PermissionDenied:
		f.kind = fs.ErrPermission // of which the library says, for Google, that nothing is there
	case errors.As(err, &onWay): // the library says the same of a host that was not found
	case code == gcerrors.NotFound:
		f.kind = fs.ErrNotExist
	case code == gcerrors.FailedPrecondition, code == gcerrors.AlreadyExists:
		f.kind = fs.ErrExist
	}
	return f
}

// statusOf returns the HTTP status of what a store answered; 0 when it did not answer.
func statusOf(err error) int {
	var (
		amazon interface{ HTTPStatusCode() int }
		google *googleapi.Error
		azure  *azcore.ResponseError
	)
	switch {
	case errors.As(err, &amazon):
		return amazon.HTTPStatusCode()
	case errors.As(err, &google):
		return google.Code
	case errors.As(err, &azure):
		return azure.StatusCode
	}
	return 0
}

// told returns the words of an error without the queries of URLs, which may hold signatures and the options of a bucket,
// and without those that the library puts before them, which repeat where the object is. What Azure answers is told by
// its name: its library writes out request and answer.
func told(err error) string {
	var azure *azcore.ResponseError
	if errors.As(err, &azure) {
		return fmt.Sprintf("%s (HTTP status %d)", cmp.Or(azure.ErrorCode, "refused"), azure.StatusCode)
	}
	var wrapped interface{ Unwrap() []error }
	if errors.As(err, &wrapped) {
		if causes := wrapped.Unwrap(); len(causes) > 0 && causes[0] != nil { // the others are what the library takes it for
			err = causes[0]
		}
	}
	return regexp.MustCompile(`\?[^\s"']*`).ReplaceAllString(err.Error(), "")
}
