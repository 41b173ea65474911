//go:build cloud

package cloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"
)

func TestCloudAnAnswerMeansWhatItSays(t *testing.T) {
	bucket := memblob.OpenBucket(nil)
	_, err := bucket.Attributes(t.Context(), "none")
	if gcerrors.Code(err) != gcerrors.NotFound || !errors.Is(newFailure(err), fs.ErrNotExist) {
		t.Errorf("what is not there: %v", newFailure(err))
	}
	if text := newFailure(err).Error(); strings.Contains(text, "key ") {
		t.Errorf("the place is told twice: %s", text)
	}
	for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
		if err := newFailure(fmt.Errorf("get: %w", want)); !errors.Is(err, want) {
			t.Errorf("%v becomes %v", want, err)
		}
	}
	if err := newFailure(nil); err != nil {
		t.Errorf("nothing becomes %v", err)
	}
}

func TestCloudWhatAURLHoldsBehindItsPathIsNotTold(t *testing.T) {
	err := newFailure(errors.New(`Get "https://acct.blob.core.windows.net/c/k?sv=1&sig=secret": dial tcp: open s3://b?endpoint=http://u:secret@h: refused`))
	if strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "dial tcp") {
		t.Errorf("%v", err)
	}
}
