//go:build system && cloud

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats"
	"cpm/formats/cloud"
	"cpm/formats/storetest"
)

// sample are an audience and the exports of one day.
func sample() map[string]string {
	return map[string]string{
		"segment.csv": objectSegment, "exports/app.csv": objectGrants, "exports/store/refusals.csv": objectRefusal,
		"exports/app.csv.manifest.json": `{"rows": 2}`, "exports/_SUCCESS": "",
	}
}

func TestCloudAServerKeepsTheLawsOfAStore(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *server) {
		if err := storetest.Check(s.ctx, cloud.New(), s.location("laws/of a store/")); err != nil {
			t.Error(err)
		}
		if left := s.objects(); len(left) > 0 {
			t.Errorf("the laws left %v", slices.Collect(maps.Keys(left)))
		}
	})
}

func TestCloudARunReadsAndWritesObjects(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *server) {
		s.put(sample())
		outputs := []string{"--rejected", s.path("out/rejected.csv"), "-o", s.path("out/permitted.csv"), "--report", s.path("out/run.json")}
		code, out, told := s.run(s.filter(outputs...)...)
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
		code, _, told = s.run(s.filter(outputs...)...)
		if code != exitUsage || strings.Count(told, "the output exists") != 3 {
			t.Errorf("again: exit code %d\n%s", code, told)
		}
		code, _, told = s.run(s.filter(append(outputs, "--overwrite")...)...)
		if code != 0 {
			t.Errorf("to replace them: exit code %d\n%s", code, told)
		}
		code, _, told = s.run("index", "build", "--consent", s.path("exports/")+s.options(), "-o", s.path("consent.cpmx"))
		if code != 0 {
			t.Errorf("an index: exit code %d\n%s", code, told)
		}
		code, out, told = s.run(texted(s.path("segment.csv")+s.options(), "--index", s.path("consent.cpmx"))...)
		if code != 0 || out != "phone\n13800000001\n" {
			t.Errorf("by the index: exit code %d, %q\n%s", code, out, told)
		}
		if entries, err := os.ReadDir("."); err != nil || len(entries) > 0 {
			t.Errorf("the folder holds %v, %v", entries, err)
		}
	})
}

func TestCloudTheEnvironmentSaysHowAServerIsReached(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *server) {
		if s.kind.environment == nil {
			t.Skip("its library reads the environment once a process, and the server has another port for each test")
		}
		s.put(sample())
		code, out, told := s.run(texted(s.path("segment.csv"), "--consent", s.path("exports/"))...)
		if code != 0 || out != "phone\n13800000001\n" {
			t.Errorf("exit code %d, %q\n%s", code, out, told)
		}
	})
}

func TestCloudWhatIsWrongIsToldWithoutSecrets(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *server) {
		s.put(sample())
		segment, exports := s.path("segment.csv")+s.options(), s.path("exports/")
		nobody := s.kind.scheme + "://nobody/"
		type wrong struct {
			args    []string
			code    int
			message string
		}
		tests := map[string]wrong{
			"an object that is not there":      {texted(s.path("none.csv")+s.options(), "--consent", exports), exitUsage, s.path("none.csv") + ": no such object"},
			"a bucket that is not there":       {texted(segment, "--consent", nobody+"exports/"+s.options()), exitUsage, strings.TrimSuffix(nobody, "/") + ": no such bucket"},
			"exports that did not arrive":      {texted(segment, "--consent", s.path("tonight/")), exitGuard, "no consent export is here"},
			"an option that nobody knows":      {texted(segment+"&password=verysecret", "--consent", exports), exitUsage, "the bucket cannot be opened"},
			"an output in a bucket of nowhere": {s.filter("--report", s.path("run.json"), "-o", nobody+"permitted.csv"+s.options()), exitUsage, nobody + "permitted.csv"},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) { s.refuses(t, test.args, test.code, test.message) })
		}
		t.Run("somebody who may not read it", func(t *testing.T) {
			if s.kind.stranger == nil {
				t.Skip("nobody is a stranger to this server")
			}
			s.refuses(t, texted(s.path("segment.csv")+s.kind.stranger(t, s.address), "--consent", exports), exitUsage, "no permission to")
		})
		t.Run("a server that does not answer", func(t *testing.T) {
			gone := &server{t: t, ctx: s.ctx, kind: s.kind, address: "127.0.0.1:1"}
			gone.refuses(t, texted(gone.path("segment.csv")+gone.options(), "--consent", exports), exitFailed, "cannot fetch it")
		})
		if diff := cmp.Diff(sample(), s.objects()); diff != "" {
			t.Errorf("something is left (-want +got):\n%s", diff)
		}
	})
}

// refuses asks that a run ends with a code and a message, which tells neither secrets nor how a server is reached.
func (s *server) refuses(t *testing.T, args []string, wantCode int, message string) {
	t.Helper()
	code, out, told := s.run(args...)
	if code != wantCode || out != "" || !strings.Contains(told, message) {
		t.Errorf("exit code %d, %q\n%s", code, out, told)
	}
	if strings.Contains(told, "secret") || strings.Contains(told, strings.TrimPrefix(s.options(), "?")) {
		t.Errorf("it tells too much:\n%s", told)
	}
	_, failed, _ := strings.Cut(told, "cpm: ")
	for line := range strings.Lines("cpm: " + failed) {
		if !strings.HasPrefix(line, "cpm: ") && !strings.HasPrefix(line, "     → ") {
			t.Errorf("an error has more than its line and its mend:\n%s", told)
			break
		}
	}
}

func TestCloudAListOfManyPagesIsReadToItsEnd(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *server) {
		objects := map[string]string{"segment.csv": objectSegment}
		for i := range 1100 {
			objects[fmt.Sprintf("exports/%04d.csv", i)] = fmt.Sprintf("%s1390000%04d,sms,promotion,granted,2026-01-01T00:00:00Z\n", objectHeader, i)
		}
		objects["exports/9999.csv"] = objectRefusal
		s.put(objects)
		code, _, told := s.run(s.filter("--rejected", "rejected.csv", "-o", "permitted.csv")...)
		if code != 0 || !strings.Contains(told, "1,101 rows in 1,101 files") {
			t.Errorf("exit code %d\n%s", code, told)
		}
		if text, err := os.ReadFile("rejected.csv"); err != nil || !strings.Contains(string(text), "13800000002,withdrawn") {
			t.Errorf("%q, %v", text, err)
		}
	})
}

// TestCloudAnObjectThatSaysItIsCompressedIsReadAsItStands puts objects as a browser or a delivery network wants them:
// named for what they hold once a client has unpacked them on the way.
func TestCloudAnObjectThatSaysItIsCompressedIsReadAsItStands(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *server) {
		s.put(sample())
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := io.WriteString(w, objectSegment); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		s.putPacked("packed.csv", packed.Bytes())
		code, out, told := s.run(texted(s.path("packed.csv")+s.options(), "--consent", s.path("exports/"))...)
		if code != 0 || out != "phone\n13800000001\n" || !strings.Contains(told, "gzip; ") {
			t.Errorf("exit code %d, %q\n%s", code, out, told)
		}
	})
}

func TestCloudADownloadThatIsCutEndsTheRunOrGoesOn(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *server) {
		s.put(sample())
		var cuts atomic.Int32
		lossy := s.lossy(nothing, func(answer *http.Response) error {
			if s.kind.reads(answer.Request, "exports/store/refusals.csv") {
				cuts.Add(1)
				answer.Body = cut{io.LimitReader(answer.Body, int64(len(objectHeader))), answer.Body}
			}
			return nil
		})
		code, out, told := lossy.run(lossy.filter("-o", s.path("out.csv"))...)
		want := sample()
		if s.kind.resumes {
			want["out.csv"] = "phone\n13800000001\n"
			if code != 0 || cuts.Load() < 2 {
				t.Errorf("exit code %d after %d downloads\n%s", code, cuts.Load(), told)
			}
		} else if code != exitFailed || out != "" || !strings.Contains(told, s.path("exports/store/refusals.csv")+": cannot fetch it") {
			t.Errorf("exit code %d, %q\n%s", code, out, told)
		}
		if diff := cmp.Diff(want, s.objects()); diff != "" {
			t.Errorf("something is left (-want +got):\n%s", diff)
		}
	})
}

func TestCloudAnObjectThatIsReplacedWhileItIsReadEndsTheRun(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *server) {
		s.put(sample())
		var replaced atomic.Bool
		store := s.opened()
		lossy := s.lossy(nothing, func(answer *http.Response) error {
			if !s.kind.reads(answer.Request, "exports/store/refusals.csv") || replaced.Swap(true) {
				return nil
			}
			now := formats.Writing{Bytes: strings.NewReader(strings.Replace(objectRefusal, "withdrawn", "granted,,", 1)), Overwrite: true}
			return store.Write(s.ctx, s.location("exports/store/refusals.csv"), now)
		})
		code, out, told := lossy.run(lossy.filter("-o", s.path("out.csv"))...)
		if code != exitInput || out != "" || !strings.Contains(told, s.path("exports/store/refusals.csv")+": the object was changed while it was read") {
			t.Errorf("exit code %d, %q, replaced: %v\n%s", code, out, replaced.Load(), told)
		}
		if _, there := s.objects()["out.csv"]; there {
			t.Error("there is an output")
		}
	})
}

// TestCloudAnAnswerThatIsLostIsNoOutputThatExists may have the library try again what has happened already.
func TestCloudAnAnswerThatIsLostIsNoOutputThatExists(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *server) {
		s.put(sample())
		var lost atomic.Int32
		lossy := s.lossy(nothing, func(answer *http.Response) error {
			if s.kind.writes(answer.Request, "out.csv") && lost.Add(1) == 1 {
				return io.ErrUnexpectedEOF
			}
			return nil
		})
		code, _, told := lossy.run(lossy.filter("-o", s.path("out.csv"))...)
		if code != 0 || lost.Load() == 0 {
			t.Errorf("exit code %d after %d attempts\n%s", code, lost.Load(), told)
		}
		want := sample()
		want["out.csv"] = "phone\n13800000001\n"
		if diff := cmp.Diff(want, s.objects()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestCloudOutputsOfManyPartsAppearAllOrNone writes outputs that a store takes in several parts. The report and the rejected
// rows are whole when the permitted ones fail.
func TestCloudOutputsOfManyPartsAppearAllOrNone(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *server) {
		objects := sample()
		note := strings.Repeat("x", 87) // so that a row has 100 bytes
		objects["segment.csv"] = "phone,note\n" + strings.Repeat("13800000001,"+note+"\n13800000002,"+note+"\n", 250_000)
		objects["out/rejected.csv"] = "old"
		s.put(objects)
		before := s.objects()
		outputs := []string{"--rejected", s.path("out/rejected.csv"), "-o", s.path("out/permitted.csv"), "--report", s.path("out/run.json"), "--overwrite"}
		var refused atomic.Int32
		store := s.opened()
		lossy := s.lossy(func(r *http.Request) bool {
			if !s.kind.writesMore(r) {
				return false
			}
			if rejected, err := store.Look(s.ctx, s.location("out/rejected.csv")); err != nil || rejected.Size != 27_500_022 {
				return false
			}
			refused.Add(1)
			return true
		}, asItIs)
		code, _, told := lossy.run(lossy.filter(outputs...)...)
		if code == 0 || refused.Load() == 0 {
			t.Errorf("with parts that are refused (%d): exit code %d\n%s", refused.Load(), code, told)
		}
		if diff := cmp.Diff(before, s.objects()); diff != "" {
			t.Errorf("something is left (-want +got):\n%s", diff)
		}
		code, _, told = s.run(s.filter(outputs...)...)
		got := s.objects()
		if code != 0 || got["out/permitted.csv"] != "25000011 bytes" || got["out/rejected.csv"] != "27500022 bytes" {
			t.Errorf("exit code %d, %v\n%s", code, got, told)
		}
	})
}
