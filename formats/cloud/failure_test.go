//go:build cloud

package cloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"

	"cpm/formats"
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

func TestCloudARefusalIsNoAbsence(t *testing.T) {
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", "a2V5")
	for name, test := range map[string]struct {
		scheme string
		status int
		code   string // that Azure gives an answer
		want   error
	}{
		"Google refuses":       {"gs", 403, "", fs.ErrPermission},
		"Google knows nobody":  {"gs", 401, "", fs.ErrPermission},
		"Google finds nothing": {"gs", 404, "", fs.ErrNotExist},
		"Azure refuses":        {"azblob", 403, "AuthorizationPermissionMismatch", fs.ErrPermission},
		"Azure knows nobody":   {"azblob", 401, "NoAuthenticationInformation", fs.ErrPermission},
		"Azure finds nothing":  {"azblob", 404, "BlobNotFound", fs.ErrNotExist},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Ms-Error-Code", test.code)
				w.WriteHeader(test.status)
			}))
			t.Cleanup(server.Close)
			address := server.Listener.Addr().String()
			t.Setenv("STORAGE_EMULATOR_HOST", address)
			at := formats.Location{Scheme: test.scheme, Bucket: "bucket", Key: "key"}
			if test.scheme == "azblob" {
				at.Options = "protocol=http&localemu=true&domain=" + address
			}
			_, err := New().Look(t.Context(), at)
			for _, kind := range []error{fs.ErrPermission, fs.ErrNotExist, fs.ErrExist} {
				if is := errors.Is(err, kind); is != errors.Is(test.want, kind) {
					t.Errorf("%v: it is %v: %t", err, kind, is)
				}
			}
		})
	}
}

// TestCloudAHostThatIsNotFoundIsNoAbsence names a host that no name server may know.
func TestCloudAHostThatIsNotFoundIsNoAbsence(t *testing.T) {
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", "a2V5")
	_, err := New().Look(t.Context(), formats.Location{Scheme: "azblob", Bucket: "bucket", Key: "key", Options: "domain=nowhere.invalid"})
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestCloudAnAnswerOfAzureIsOneLine(t *testing.T) {
	request := &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "a.blob.core.windows.net", Path: "/c/k", RawQuery: "sig=secret"}}
	answer := &http.Response{StatusCode: 409, Status: "409 Conflict", Request: request, Body: http.NoBody}
	err := newFailure(&azcore.ResponseError{StatusCode: 409, ErrorCode: "LeaseIdMissing", RawResponse: answer})
	if err.Error() != "LeaseIdMissing (HTTP status 409)" {
		t.Errorf("%v", err)
	}
}
