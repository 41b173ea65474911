//go:build system && cloud

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"

	"cpm/formats"
	"cpm/formats/cloud"
)

// server is a server of an object store, with the bucket consent.
type server struct {
	t       *testing.T
	ctx     context.Context // of all that is asked of it: what hangs is no reason to leave it running
	kind    *serverKind
	address string // host and port, of the server or of what stands before it
}

// serverKind is how a server of one kind is started and reached, and how it may be disturbed.
type serverKind struct {
	scheme string
	// start starts one that listens at an address, in an empty folder, and makes its bucket.
	start func(s *server, folder string)
	// options stand behind a path: how a server is reached.
	options func(address string) string
	// environment are variables that say how it is reached. The library of Azure reads its own once a process; there are none here.
	environment func(address string) map[string]string
	// stranger are the options of somebody who may not read the bucket; nil: that of Google lets in everybody, and that of
	// Azure is met with one key a process.
	stranger func(t *testing.T, address string) string
	// keepsHost says that requests are signed with the host that they went to.
	keepsHost bool
	// reads reports whether a request is for the bytes of an object.
	reads func(r *http.Request, key string) bool
	// resumes says that a download that is cut goes on where it was.
	resumes bool
	// writes reports whether a request makes an object of few bytes.
	writes func(r *http.Request, key string) bool
	// writesMore reports whether a request brings the second part of an object of many bytes.
	writesMore func(r *http.Request) bool
}

// serverKinds are the servers that the tests run against.
func serverKinds() []*serverKind {
	return []*serverKind{
		{
			scheme: "s3", start: startS3, keepsHost: true,
			options: func(address string) string {
				return "?region=us-east-1&use_path_style=true&endpoint=http://" + address
			},
			environment: func(address string) map[string]string {
				return map[string]string{"AWS_ENDPOINT_URL": "http://" + address, "AWS_REGION": "us-east-1"}
			},
			stranger: func(t *testing.T, address string) string {
				t.Setenv("AWS_SECRET_ACCESS_KEY", "othersecret")
				return "?region=us-east-1&use_path_style=true&endpoint=http://" + address
			},
			reads: func(r *http.Request, key string) bool {
				return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/"+key)
			},
			writes: func(r *http.Request, key string) bool {
				return r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/"+key)
			},
			writesMore: func(r *http.Request) bool { return r.URL.Query().Get("partNumber") == "2" },
		},
		{
			scheme: "gs", start: startGCS, resumes: true,
			options: func(string) string { return "?anonymous=true" }, // its library knows a server by the environment alone
			environment: func(address string) map[string]string {
				return map[string]string{"STORAGE_EMULATOR_HOST": address}
			},
			reads: func(r *http.Request, key string) bool {
				return r.Method == http.MethodGet && r.URL.Path == "/consent/"+key
			},
			writes: func(r *http.Request, key string) bool {
				return r.Method == http.MethodPost && r.URL.Query().Get("name") == key
			},
			writesMore: func(r *http.Request) bool {
				return r.Header.Get("Content-Range") != "" && !strings.HasPrefix(r.Header.Get("Content-Range"), "bytes 0-")
			},
		},
		{
			scheme: "azblob", start: startAzure,
			options: func(address string) string {
				return "?storage_account=" + azureAccount + "&protocol=http&localemu=true&domain=" + address
			},
			reads: func(r *http.Request, key string) bool {
				return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/"+key)
			},
			writes: func(r *http.Request, key string) bool {
				return r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/"+key)
			},
			writesMore: func(r *http.Request) bool { return r.URL.Query().Get("comp") == "block" },
		},
	}
}

// onEachServer runs a test against each kind of server.
func onEachServer(t *testing.T, test func(t *testing.T, s *server)) {
	for _, kind := range serverKinds() {
		t.Run(kind.scheme, func(t *testing.T) {
			listen, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			t.Cleanup(cancel)
			s := &server{t: t, ctx: ctx, kind: kind, address: listen.Addr().String()}
			if err := listen.Close(); err != nil {
				t.Fatal(err)
			}
			kind.start(s, t.TempDir())
			s.name()
			t.Chdir(t.TempDir())
			test(t, s)
		})
	}
}

// program runs a server until the test ends.
func (s *server) program(path string, args ...string) {
	s.t.Helper()
	var said bytes.Buffer
	run := exec.CommandContext(s.ctx, path, args...)
	run.Stdout, run.Stderr = &said, &said
	if err := run.Start(); err != nil {
		s.t.Fatalf("there is no server (make cloud builds those that it can): %v", err)
	}
	s.t.Cleanup(func() {
		_ = run.Process.Kill()
		_ = run.Wait()
		if s.t.Failed() {
			s.t.Logf("the server said:\n%s", said.String())
		}
	})
	for range 600 {
		if connection, err := net.Dial("tcp", s.address); err == nil {
			_ = connection.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatal("the server does not listen")
}

// built is a program that `make cloud` builds.
func (s *server) built(name string) string {
	s.t.Helper()
	path, err := filepath.Abs("../../.bin/" + name)
	if err != nil {
		s.t.Fatal(err)
	}
	return path
}

// startS3 starts a server that keeps metadata in extended attributes, which the file system of the folder for temporary
// files must have.
func startS3(s *server, folder string) {
	if err := os.Mkdir(filepath.Join(folder, "consent"), 0o700); err != nil {
		s.t.Fatal(err)
	}
	s.program(s.built("versitygw"), "--access", "user", "--secret", "topsecret", "--port", s.address, "--quiet", "posix", folder)
	s.t.Setenv("AWS_ACCESS_KEY_ID", "user")
	s.t.Setenv("AWS_SECRET_ACCESS_KEY", "topsecret")
	s.t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	s.t.Setenv("AWS_CONFIG_FILE", filepath.Join(folder, "none"))
}

func startGCS(s *server, _ string) {
	host, port, err := net.SplitHostPort(s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.program(s.built("fake-gcs-server"), "-scheme", "http", "-host", host, "-port", port, "-backend", "memory",
		"-external-url", "http://"+s.address, "-public-host", s.address, "-log-level", "warn")
	answer, err := http.Post("http://"+s.address+"/storage/v1/b?project=test", "application/json", strings.NewReader(`{"name": "consent"}`))
	if err != nil || answer.StatusCode != http.StatusOK {
		s.t.Fatalf("no bucket was made: %v, %v", answer, err)
	}
	_ = answer.Body.Close()
}

// The account that the server of Azure has for everybody, with its key: both stand in its documentation.
const (
	azureAccount = "devstoreaccount1"
	azureKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

func startAzure(s *server, folder string) {
	path := os.Getenv("CPM_AZURITE")
	if path == "" {
		s.t.Skip("Azurite is no program of Go, so nothing here installs it: CPM_AZURITE names its azurite-blob")
	}
	_, port, _ := strings.Cut(s.address, ":")
	s.program(path, "--blobPort", port, "--location", folder, "--silent", "--disableTelemetry", "--skipApiVersionCheck")
	s.t.Setenv("AZURE_STORAGE_ACCOUNT", azureAccount)
	s.t.Setenv("AZURE_STORAGE_KEY", azureKey)
	credential, err := container.NewSharedKeyCredential(azureAccount, azureKey)
	if err != nil {
		s.t.Fatal(err)
	}
	client, err := container.NewClientWithSharedKeyCredential("http://"+s.address+"/"+azureAccount+"/consent", credential, nil)
	if err == nil {
		_, err = client.Create(s.ctx, nil)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// name has the environment name the server.
func (s *server) name() {
	if s.kind.environment == nil {
		return
	}
	for name, value := range s.kind.environment(s.address) {
		s.t.Setenv(name, value)
	}
}

func (s *server) options() string { return s.kind.options(s.address) }

// path is the path of an object in the bucket.
func (s *server) path(key string) string { return s.kind.scheme + "://consent/" + key }

func (s *server) location(key string) formats.Location {
	return formats.Location{Scheme: s.kind.scheme, Bucket: "consent", Key: key, Options: strings.TrimPrefix(s.options(), "?")}
}

// put writes objects, by key.
func (s *server) put(objects map[string]string) {
	s.t.Helper()
	s.name()
	store := cloud.New()
	for key, text := range objects {
		if err := store.Write(s.ctx, s.location(key), formats.Writing{Bytes: strings.NewReader(text), Overwrite: true}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// putPacked writes an object that says of itself that it is compressed.
func (s *server) putPacked(key string, text []byte) {
	s.t.Helper()
	s.name()
	bucket, err := blob.OpenBucket(s.ctx, s.kind.scheme+"://consent"+s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	options := &blob.WriterOptions{ContentType: "text/csv", ContentEncoding: "gzip"}
	if err := errors.Join(bucket.WriteAll(s.ctx, key, text, options), bucket.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// objects returns all that it holds, by key; what is longer than a line or two by its length.
func (s *server) objects() map[string]string {
	s.t.Helper()
	s.name()
	store, all := cloud.New(), map[string]string{}
	err := store.List(s.ctx, s.location(""), func(key string, o formats.Object) error {
		var text bytes.Buffer
		_, err := store.Read(s.ctx, s.location(key), &text)
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

// opened is a store whose bucket is reached past what stands before the server.
func (s *server) opened() formats.Store {
	s.t.Helper()
	s.name()
	store := cloud.New()
	if err := store.List(s.ctx, s.location(""), func(string, formats.Object) error { return nil }); err != nil {
		s.t.Fatal(err)
	}
	return store
}

// run runs the command as a build with the tag cloud does.
func (s *server) run(args ...string) (code int, out, told string) {
	s.t.Helper()
	s.name()
	var o, e bytes.Buffer
	code = run(s.ctx, args, streams{strings.NewReader(""), &o, &e, allFiles()})
	return code, o.String(), e.String()
}

// filter filters the segment by the exports, to the outputs that more names.
func (s *server) filter(more ...string) []string {
	return append([]string{
		"filter", s.path("segment.csv") + s.options(), "--consent", s.path("exports/"), "--channel", "sms", "--purpose", "promotion",
	}, more...)
}

// lossy stands between the command and the server: what refuse says does not reach it, and spoil spoils answers.
func (s *server) lossy(refuse func(r *http.Request) bool, spoil func(answer *http.Response) error) *server {
	target, err := url.Parse("http://" + s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	var before *server
	through := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			if s.kind.keepsHost {
				r.Out.Host = r.In.Host
			}
		},
		ModifyResponse: func(answer *http.Response) error {
			if to := answer.Header.Get("Location"); to != "" { // where the parts of an object go
				answer.Header.Set("Location", strings.Replace(to, s.address, before.address, 1))
			}
			return spoil(answer)
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse(r) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		through.ServeHTTP(w, r)
	}))
	before = &server{t: s.t, ctx: s.ctx, kind: s.kind, address: proxy.Listener.Addr().String()}
	s.t.Cleanup(proxy.Close)
	return before
}

func nothing(*http.Request) bool { return false }

func asItIs(*http.Response) error { return nil }

// cut is a body that ends too early.
type cut struct {
	io.Reader
	io.Closer
}
