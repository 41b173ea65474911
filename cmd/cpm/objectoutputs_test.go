package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"cpm/formats/storetest"
)

// got returns an object, which has to be there.
func got(t *testing.T, store *storetest.Store, path string) string {
	t.Helper()
	text, ok := store.Get(path)
	if !ok {
		t.Fatalf("%s is not there, but %q", path, store.Paths())
	}
	return text
}

// filtered is the command that filters an audience for a text message, with the outputs that are named.
func filtered(more ...string) []string {
	return append([]string{"filter", "s3://b/segment.csv", "--channel", "sms", "--purpose", "promotion", "--consent", "s3://b/exports/"}, more...)
}

func TestEveryOutputMayBeAnObject(t *testing.T) {
	t.Chdir(t.TempDir())
	store := sampleStore()
	code, out, told := inObjects(t, store, filtered("--rejected", "s3://b/out/rejected.csv.gz", "--annotate", "gs://c/verdicts.csv",
		"-o", "s3://b/out/{channel}.csv?region=x", "--report", "s3://b/out/run.json")...)
	if code != 0 || out != "" || !strings.Contains(told, "s3://b/out/sms.csv") || strings.Contains(told, "region=x") {
		t.Fatalf("exit code %d, %q\n%s", code, out, told)
	}
	permitted := got(t, store, "s3://b/out/sms.csv")
	if permitted != "phone\n13800000001\n" {
		t.Errorf("permitted: %q", permitted)
	}
	unpacked, err := gzip.NewReader(strings.NewReader(got(t, store, "s3://b/out/rejected.csv.gz")))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(unpacked); err != nil || string(text) != "phone,cpm_reason\n13800000002,withdrawn\n13800000003,no_consent\n" {
		t.Errorf("rejected: %q, %v", text, err)
	}
	if text := got(t, store, "gs://c/verdicts.csv"); !strings.HasPrefix(text, "phone,cpm_verdict\n13800000001,permitted\n") {
		t.Errorf("annotated: %q", text)
	}
	report := got(t, store, "s3://b/out/run.json")
	for _, want := range []string{`"path": "s3://b/out/sms.csv"`, fmt.Sprintf(`"sha256": "%x"`, sha256.Sum256([]byte(permitted)))} {
		if !strings.Contains(report, want) {
			t.Errorf("the report does not hold %s:\n%s", want, report)
		}
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) > 0 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestPermittedRowsGoBesideAnAudienceInAStore(t *testing.T) {
	t.Chdir(t.TempDir())
	store := sampleStore()
	if code, _, told := inObjects(t, store, filtered()...); code != 0 {
		t.Fatalf("exit code %d\n%s", code, told)
	}
	if text := got(t, store, "s3://b/segment.permitted.csv"); text != "phone\n13800000001\n" {
		t.Errorf("%q", text)
	}
}

func TestAnIndexAndQuarantinedRecordsMayBeObjects(t *testing.T) {
	t.Chdir(t.TempDir())
	store := sampleStore()
	store.Put("s3://b/exports/bad.csv", objectHeader+"13800000004,sms,promotion,perhaps,2026-01-01T00:00:00Z\n")
	build := []string{"index", "build", "--consent", "s3://b/exports/", "-o", "s3://b/consent.cpmx", "--on-bad-consent", "quarantine", "--quarantine", "s3://b/bad/bad.csv"}
	if code, _, told := inObjects(t, store, build...); code != 0 {
		t.Fatalf("exit code %d\n%s", code, told)
	}
	if text := got(t, store, "s3://b/bad/bad.csv"); !strings.Contains(text, "13800000004") {
		t.Errorf("quarantined: %q", text)
	}
	if code, out, told := inObjects(t, store, texted("s3://b/segment.csv", "--index", "s3://b/consent.cpmx")...); code != 0 || out != "phone\n13800000001\n" {
		t.Errorf("exit code %d, %q\n%s", code, out, told)
	}
	if code, _, told := inObjects(t, store, build...); code != exitUsage || !strings.Contains(told, "the output exists") {
		t.Errorf("a second build: exit code %d\n%s", code, told)
	}
	if code, _, told := inObjects(t, store, append(build, "--overwrite")...); code != 0 {
		t.Errorf("a third build: exit code %d\n%s", code, told)
	}
}

func TestAnObjectThatExistsIsReplacedOnlyWhenAskedFor(t *testing.T) {
	t.Chdir(t.TempDir())
	store := sampleStore()
	store.Put("s3://b/out.csv", "old")
	code, _, told := inObjects(t, store, filtered("-o", "s3://b/out.csv", "--dry-run")...)
	if code != 0 {
		t.Errorf("a dry run: exit code %d\n%s", code, told)
	}
	code, _, told = inObjects(t, store, filtered("-o", "s3://b/out.csv")...)
	if code != exitUsage || !strings.Contains(told, "the output exists") || got(t, store, "s3://b/out.csv") != "old" {
		t.Errorf("exit code %d\n%s", code, told)
	}
	code, _, told = inObjects(t, store, filtered("-o", "s3://b/out.csv", "--overwrite")...)
	if code != 0 || got(t, store, "s3://b/out.csv") != "phone\n13800000001\n" {
		t.Errorf("with --overwrite: exit code %d\n%s", code, told)
	}
	for _, input := range []string{"s3://b/segment.csv", "S3://b/exports/app.csv"} {
		code, _, told = inObjects(t, store, filtered("-o", input, "--overwrite")...)
		if code != exitUsage || !strings.Contains(told, "also an input") {
			t.Errorf("into %s: exit code %d\n%s", input, code, told)
		}
	}
}

// TestWhereOneUploadFailsNothingIsLeft has each write fail in turn, before it happens and behind it.
func TestWhereOneUploadFailsNothingIsLeft(t *testing.T) {
	t.Chdir(t.TempDir())
	outputs := []string{"s3://b/out/run.json", "s3://b/out/rejected.csv", "s3://b/out/permitted.csv"}
	for _, failing := range outputs {
		store := sampleStore()
		store.Put("s3://b/out/rejected.csv", "old")
		before := store.Paths()
		store.Around = func(op, path string, run func() error) error {
			if op == "write" && path == failing {
				store.Around = nil
				return errors.New("no space is left")
			}
			return run()
		}
		code, _, told := inObjects(t, store, filtered("-o", outputs[2], "--rejected", outputs[1], "--report", outputs[0], "--overwrite")...)
		if code != exitFailed || !strings.Contains(told, failing+": cannot write it: no space is left") {
			t.Errorf("%s: exit code %d\n%s", failing, code, told)
		}
		if diff := cmp.Diff(before, store.Paths()); diff != "" || got(t, store, "s3://b/out/rejected.csv") != "old" {
			t.Errorf("%s (-want +got):\n%s", failing, diff)
		}
	}
}

func TestOutputsAreUploadedInTheirOrder(t *testing.T) {
	t.Chdir(t.TempDir())
	store := sampleStore()
	var written []string
	store.Around = func(op, path string, run func() error) error {
		if op == "write" {
			written = append(written, path)
		}
		return run()
	}
	code, _, told := inObjects(t, store, filtered("-o", "s3://b/permitted.csv", "--rejected", "s3://b/rejected.csv", "--report", "s3://b/run.json", "--annotate", "s3://b/all.csv")...)
	want := []string{"s3://b/run.json", "s3://b/all.csv", "s3://b/rejected.csv", "s3://b/permitted.csv"}
	if code != 0 || !slices.Equal(written, want) {
		t.Errorf("exit code %d, %q, want %q\n%s", code, written, want, told)
	}
}

func TestARunThatFailsUploadsNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	store := sampleStore()
	store.Put("s3://b/segment.csv", "phone\n13800000001\n\"13800000002\n")
	before := store.Paths()
	code, _, told := inObjects(t, store, filtered("-o", "s3://b/permitted.csv", "--report", "s3://b/run.json")...)
	if diff := cmp.Diff(before, store.Paths()); code != exitInput || diff != "" {
		t.Errorf("exit code %d\n%s\n%s", code, told, diff)
	}
}

func TestOutputsInAStoreNeedABuildThatKnowsOfStores(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"segment.csv": objectSegment, "app.csv": objectGrants} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, flag := range []string{"-o", "--rejected", "--annotate", "--report"} {
		var out, told bytes.Buffer
		args := []string{"filter", "segment.csv", "--consent", "app.csv", "--channel", "sms", "--purpose", "promotion", flag, "s3://b/out.json"}
		code := run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &told})
		if code != exitUsage || !strings.Contains(told.String(), "this build reads files alone") {
			t.Errorf("%s: exit code %d\n%s", flag, code, told.String())
		}
	}
	if code, _, told := inObjects(t, &storetest.Store{}, "key", "new", "-o", "s3://b/cpm.key"); code != exitUsage || !strings.Contains(told, "a key is a file of this machine") {
		t.Errorf("a key: exit code %d\n%s", code, told)
	}
}

func TestAFolderOfAudiencesInAStoreGivesAnObjectForEach(t *testing.T) {
	t.Chdir(t.TempDir())
	store := sampleStore()
	for _, path := range []string{"a.csv", "day=1/b.csv", "old.permitted/c.csv", "_tmp/d.csv"} {
		store.Put("s3://b/in/"+path, objectSegment)
	}
	tests := map[string]struct {
		args []string
		want []string
	}{
		"beside it":             {[]string{"s3://b/in/"}, []string{"s3://b/in.permitted/a.csv", "s3://b/in.permitted/day=1/b.csv"}},
		"in a folder":           {[]string{"s3://b/in/?region=x", "-o", "s3://b/out/"}, []string{"s3://b/out/a.csv", "s3://b/out/day=1/b.csv"}},
		"by a pattern":          {[]string{"s3://b/in/*.csv", "-o", "s3://b/names/{name}.csv"}, []string{"s3://b/names/a.csv"}},
		"several, by name":      {[]string{"s3://b/in/a.csv", "s3://b/segment.csv", "-o", "s3://b/two/{name}.csv"}, []string{"s3://b/two/a.csv", "s3://b/two/segment.csv"}},
		"within it, is refused": {[]string{"s3://b/in/", "-o", "s3://b/in/out/"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := store.Paths()
			code, _, told := inObjects(t, store, append(append([]string{"filter"}, test.args...), "--consent", "s3://b/exports/", "--channel", "sms", "--purpose", "promotion")...)
			if (code == 0) != (test.want != nil) {
				t.Fatalf("exit code %d\n%s", code, told)
			}
			made := slices.DeleteFunc(store.Paths(), func(path string) bool { return slices.Contains(before, path) })
			if !slices.Equal(made, test.want) {
				t.Errorf("%q, want %q\n%s", made, test.want, told)
			}
			for _, path := range made {
				if text := got(t, store, path); text != "phone\n13800000001\n" {
					t.Errorf("%s: %q", path, text)
				}
			}
		})
	}
}
