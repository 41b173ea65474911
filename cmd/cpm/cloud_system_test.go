//go:build system && cloud

package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cpm/formats"
	"cpm/formats/cloud"
	"cpm/formats/storetest"
)

const bucket = "s3://consent/"

// server is an S3 server with the bucket consent.
type server struct {
	t       *testing.T
	url     string
	folder  string // that holds what it stores
	options string // behind a path: how it is reached
}

// startServer starts the server that `make cloud` builds. It keeps metadata in extended attributes, which the file system
// of the folder for temporary files must have.
func startServer(t *testing.T) *server {
	t.Helper()
	program, err := filepath.Abs("../../.bin/versitygw")
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		t.Fatalf("there is no S3 server (make cloud builds it): %v", err)
	}
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listen.Addr().String()
	if err := listen.Close(); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, url: "http://" + address, folder: t.TempDir()}
	s.options = "?region=us-east-1&use_path_style=true&endpoint=" + s.url
	if err := os.Mkdir(filepath.Join(s.folder, "consent"), 0o700); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	run := exec.CommandContext(t.Context(), program, "--access", "user", "--secret", "topsecret", "--port", address, "--quiet", "posix", s.folder)
	run.Stdout, run.Stderr = &said, &said
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = run.Process.Kill()
		_ = run.Wait()
		if t.Failed() {
			t.Logf("the server said:\n%s", said.String())
		}
	})
	t.Setenv("AWS_ACCESS_KEY_ID", "user")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "topsecret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(s.folder, "none"))
	for range 200 {
		if connection, err := net.Dial("tcp", address); err == nil {
			_ = connection.Close()
			return s
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the server does not listen")
	return nil
}

func (s *server) location(key string) formats.Location {
	return formats.Location{Scheme: "s3", Bucket: "consent", Key: key, Options: strings.TrimPrefix(s.options, "?")}
}

// put writes objects, by key.
func (s *server) put(objects map[string]string) {
	s.t.Helper()
	for key, text := range objects {
		if err := cloud.New().Write(s.t.Context(), s.location(key), formats.Writing{Bytes: strings.NewReader(text), Overwrite: true}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// objects returns all that it holds, by key; what is longer than a line or two by its length.
func (s *server) objects() map[string]string {
	s.t.Helper()
	store, all := cloud.New(), map[string]string{}
	err := store.List(s.t.Context(), s.location(""), func(key string, o formats.Object) error {
		var text bytes.Buffer
		_, err := store.Read(s.t.Context(), s.location(key), &text)
		if all[key] = text.String(); text.Len() > 1000 {
			all[key] = fmt.Sprintf("%d bytes", o.Size)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// sample are an audience and the exports of one day.
func sample() map[string]string {
	return map[string]string{
		"segment.csv": objectSegment, "exports/app.csv": objectGrants, "exports/store/refusals.csv": objectRefusal,
		"exports/app.csv.manifest.json": `{"rows": 2}`, "exports/_SUCCESS": "",
	}
}

// inCloud runs the command as a build with the tag cloud does.
func inCloud(t *testing.T, args ...string) (code int, out, told string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(""), &o, &e, allFiles()})
	return code, o.String(), e.String()
}

func cloudFilter(options string, more ...string) []string {
	return append([]string{
		"filter", bucket + "segment.csv" + options, "--consent", bucket + "exports/", "--channel", "sms", "--purpose", "promotion",
	}, more...)
}

func TestCloudAnS3ServerKeepsTheLawsOfAStore(t *testing.T) {
	s := startServer(t)
	if err := storetest.Check(t.Context(), cloud.New(), s.location("laws/of a store/")); err != nil {
		t.Error(err)
	}
	if left := s.objects(); len(left) > 0 {
		t.Errorf("the laws left %v", slices.Collect(maps.Keys(left)))
	}
}

func TestCloudARunReadsAndWritesObjects(t *testing.T) {
	s := startServer(t)
	s.put(sample())
	t.Chdir(t.TempDir())
	outputs := []string{"--rejected", bucket + "out/rejected.csv", "-o", bucket + "out/permitted.csv", "--report", bucket + "out/run.json"}
	code, out, told := inCloud(t, cloudFilter(s.options, outputs...)...)
	if code != 0 || out != "" {
		t.Fatalf("exit code %d, %q\n%s", code, out, told)
	}
	want := sample()
	want["out/permitted.csv"] = "phone\n13800000001\n"
	want["out/rejected.csv"] = "phone,cpm_reason\n13800000002,withdrawn\n13800000003,no_consent\n"
	got := s.objects()
	delete(got, "out/run.json")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	code, _, told = inCloud(t, cloudFilter(s.options, outputs...)...)
	if code != exitUsage || strings.Count(told, "the output exists") != 3 {
		t.Errorf("again: exit code %d\n%s", code, told)
	}
	// By the variables of the environment alone.
	t.Setenv("AWS_ENDPOINT_URL", s.url)
	t.Setenv("AWS_REGION", "us-east-1")
	code, _, told = inCloud(t, cloudFilter("", append(outputs, "--overwrite")...)...)
	if code != 0 {
		t.Errorf("by the environment: exit code %d\n%s", code, told)
	}
	code, _, told = inCloud(t, "index", "build", "--consent", bucket+"exports/", "-o", bucket+"consent.cpmx")
	if code != 0 {
		t.Errorf("an index: exit code %d\n%s", code, told)
	}
	code, out, told = inCloud(t, texted(bucket+"segment.csv", "--index", bucket+"consent.cpmx")...)
	if code != 0 || out != "phone\n13800000001\n" {
		t.Errorf("by the index: exit code %d, %q\n%s", code, out, told)
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) > 0 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestCloudWhatIsWrongIsToldWithoutSecrets(t *testing.T) {
	s := startServer(t)
	s.put(sample())
	t.Chdir(t.TempDir())
	tests := map[string]struct {
		args    []string
		secret  string // of the environment
		code    int
		message string
	}{
		"an object that is not there":      {texted(bucket+"none.csv"+s.options, "--consent", bucket+"exports/"), "topsecret", exitUsage, "s3://consent/none.csv: no such object"},
		"a bucket that is not there":       {texted(bucket+"segment.csv"+s.options, "--consent", "s3://nobody/exports/"+s.options), "topsecret", exitUsage, "s3://nobody: no such bucket"},
		"exports that did not arrive":      {texted(bucket+"segment.csv"+s.options, "--consent", bucket+"tonight/"), "topsecret", exitGuard, "no consent export is here"},
		"another secret":                   {texted(bucket+"segment.csv"+s.options, "--consent", bucket+"exports/"), "othersecret", exitUsage, "no permission to fetch it"},
		"an option that nobody knows":      {texted(bucket+"segment.csv"+s.options+"&password=verysecret", "--consent", bucket+"exports/"), "topsecret", exitUsage, "the bucket cannot be opened"},
		"a server that does not answer":    {texted(bucket+"segment.csv?region=x&endpoint=http://user:verysecret@127.0.0.1:1", "--consent", bucket+"exports/"), "topsecret", exitFailed, "cannot fetch it"},
		"an output in a bucket of nowhere": {cloudFilter(s.options, "--report", bucket+"run.json", "-o", "s3://nobody/permitted.csv"+s.options), "topsecret", exitUsage, "s3://nobody/permitted.csv"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_SECRET_ACCESS_KEY", test.secret)
			code, out, told := inCloud(t, test.args...)
			if code != test.code || out != "" || !strings.Contains(told, test.message) {
				t.Errorf("exit code %d, %q\n%s", code, out, told)
			}
			if strings.Contains(told, "secret") || strings.Contains(told, "endpoint=") {
				t.Errorf("it tells too much:\n%s", told)
			}
		})
	}
	if diff := cmp.Diff(sample(), s.objects()); diff != "" {
		t.Errorf("something is left (-want +got):\n%s", diff)
	}
}

func TestCloudAListOfManyPagesIsReadToItsEnd(t *testing.T) {
	s := startServer(t)
	objects := map[string]string{"segment.csv": objectSegment}
	for i := range 1100 {
		objects[fmt.Sprintf("exports/%04d.csv", i)] = fmt.Sprintf("%s1390000%04d,sms,promotion,granted,2026-01-01T00:00:00Z\n", objectHeader, i)
	}
	objects["exports/9999.csv"] = objectRefusal
	s.put(objects)
	t.Chdir(t.TempDir())
	code, _, told := inCloud(t, cloudFilter(s.options, "--rejected", "rejected.csv", "-o", "permitted.csv")...)
	if code != 0 || !strings.Contains(told, "1,101 rows in 1,101 files") {
		t.Errorf("exit code %d\n%s", code, told)
	}
	if text, err := os.ReadFile("rejected.csv"); err != nil || !strings.Contains(string(text), "13800000002,withdrawn") {
		t.Errorf("%q, %v", text, err)
	}
}

// lossy stands between the command and the server, and spoils what spoil says.
func (s *server) lossy(spoil func(answer *http.Response) error) *server {
	target, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
		},
		ModifyResponse: spoil,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	})
	proxy.Config.ErrorLog = nil
	s.t.Cleanup(proxy.Close)
	return &server{t: s.t, url: proxy.URL, options: "?region=us-east-1&use_path_style=true&endpoint=" + proxy.URL}
}

// cut is a body that ends too early.
type cut struct {
	io.Reader
	io.Closer
}

func TestCloudADownloadThatIsCutEndsTheRun(t *testing.T) {
	s := startServer(t)
	s.put(sample())
	t.Chdir(t.TempDir())
	lossy := s.lossy(func(answer *http.Response) error {
		if answer.Request.Method == http.MethodGet && strings.HasSuffix(answer.Request.URL.Path, "/refusals.csv") {
			answer.Body = cut{io.LimitReader(answer.Body, int64(len(objectHeader))), answer.Body}
		}
		return nil
	})
	code, out, told := inCloud(t, cloudFilter(lossy.options, "-o", bucket+"out.csv")...)
	if code != exitFailed || out != "" || !strings.Contains(told, "s3://consent/exports/store/refusals.csv: cannot fetch it") {
		t.Errorf("exit code %d, %q\n%s", code, out, told)
	}
	if diff := cmp.Diff(sample(), s.objects()); diff != "" {
		t.Errorf("something is left (-want +got):\n%s", diff)
	}
}

// TestCloudAnAnswerThatIsLostIsNoOutputThatExists has the library try again what has happened already.
func TestCloudAnAnswerThatIsLostIsNoOutputThatExists(t *testing.T) {
	s := startServer(t)
	s.put(sample())
	t.Chdir(t.TempDir())
	var lost atomic.Int32
	lossy := s.lossy(func(answer *http.Response) error {
		if answer.Request.Method == http.MethodPut && strings.HasSuffix(answer.Request.URL.Path, "/out.csv") && lost.Add(1) == 1 {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
	code, _, told := inCloud(t, cloudFilter(lossy.options, "-o", bucket+"out.csv")...)
	if code != 0 || lost.Load() < 2 {
		t.Errorf("exit code %d after %d attempts\n%s", code, lost.Load(), told)
	}
	want := sample()
	want["out.csv"] = "phone\n13800000001\n"
	if diff := cmp.Diff(want, s.objects()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestCloudOutputsOfManyPartsAppearAllOrNone writes outputs that a store takes in several parts.
func TestCloudOutputsOfManyPartsAppearAllOrNone(t *testing.T) {
	s := startServer(t)
	objects := sample()
	note := strings.Repeat("x", 87) // so that a row has 100 bytes
	objects["segment.csv"] = "phone,note\n" + strings.Repeat("13800000001,"+note+"\n13800000002,"+note+"\n", 250_000)
	objects["out/rejected.csv"] = "old"
	s.put(objects)
	t.Chdir(t.TempDir())
	before := s.objects()
	outputs := []string{"--rejected", bucket + "out/rejected.csv", "-o", bucket + "out/permitted.csv", "--report", bucket + "out/run.json", "--overwrite"}
	lossy := s.lossy(func(answer *http.Response) error {
		if part := answer.Request.URL.Query().Get("partNumber"); part == "2" && strings.HasSuffix(answer.Request.URL.Path, "/permitted.csv") {
			answer.StatusCode = http.StatusForbidden
		}
		return nil
	})
	code, _, told := inCloud(t, cloudFilter(lossy.options, outputs...)...)
	if code == 0 {
		t.Errorf("with parts that are refused: exit code %d\n%s", code, told)
	}
	if diff := cmp.Diff(before, s.objects()); diff != "" {
		t.Errorf("something is left (-want +got):\n%s", diff)
	}
	code, _, told = inCloud(t, cloudFilter(s.options, outputs...)...)
	got := s.objects()
	if code != 0 || got["out/permitted.csv"] != "25000011 bytes" || got["out/rejected.csv"] != "27500022 bytes" {
		t.Errorf("exit code %d, %v\n%s", code, got, told)
	}
}
