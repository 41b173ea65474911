package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"cpm/formats"
	"cpm/formats/storetest"
)

const (
	objectHeader  = "phone,channel,purpose,status,occurred_at\n"
	objectGrants  = objectHeader + "13800000001,sms,promotion,granted,2026-01-01T00:00:00Z\n13800000002,sms,promotion,granted,2026-01-01T00:00:00Z\n"
	objectRefusal = objectHeader + "13800000002,sms,promotion,withdrawn,2026-02-01T00:00:00Z\n"
	objectSegment = "phone\n13800000001\n13800000002\n13800000003\n"
)

// inObjects runs the command on a store, in a folder of its own.
func inObjects(t *testing.T, store formats.Store, args ...string) (code int, out, told string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(""), &o, &e, formats.NewFiles(store)})
	return code, o.String(), e.String()
}

// sampleStore holds an audience, and the exports of one day in two folders.
func sampleStore() *storetest.Store {
	store := &storetest.Store{}
	store.Put("s3://b/segment.csv", objectSegment)
	store.Put("s3://b/exports/app.csv", objectGrants)
	store.Put("s3://b/exports/store/refusals-2026.csv", objectRefusal)
	return store
}

// texted is the command that filters an audience for a text message, to standard output.
func texted(audience string, more ...string) []string {
	return append([]string{"filter", audience, "--channel", "sms", "--purpose", "promotion", "-o", "-"}, more...)
}

func TestConsentAndAudienceAreReadFromAnObjectStore(t *testing.T) {
	one, both := "phone\n13800000001\n", "phone\n13800000001\n13800000002\n"
	tests := map[string]struct {
		consent []string
		code    int
		out     string // permitted rows
		told    string
	}{
		"a folder, with all folders in it":                  {[]string{"s3://b/exports/"}, 0, one, "2 files"},
		"a folder without its slash":                        {[]string{"s3://b/exports"}, 0, one, "2 files"},
		"an object and a folder of one name":                {[]string{"s3://b/twice"}, exitUsage, "", "this is an object, and a folder"},
		"the folder of the two":                             {[]string{"s3://b/twice/"}, 0, one, "1 file"},
		"a pattern in a folder":                             {[]string{"s3://b/exports/store/refusals-*.csv", "s3://b/exports/a??.csv"}, 0, one, ""},
		"a pattern leaves folders to their own":             {[]string{"s3://b/exports/*.csv"}, 0, both, "1 file"},
		"a pattern that matches a folder":                   {[]string{"s3://b/exports/app.csv", "s3://b/exp*/st*"}, 0, one, ""},
		"a pattern with options behind it":                  {[]string{"s3://b/exports/ap?.csv?region=eu-west-1"}, 0, both, ""},
		"a file that is named twice is read once":           {[]string{"s3://b/exports/", "s3://b/exports/app.csv", "S3://b/exports/app.csv"}, 0, one, "3 rows"},
		"a folder where nothing is":                         {[]string{"s3://b/nothing/"}, exitGuard, "", "no consent export is here"},
		"the beginning of a name is no folder":              {[]string{"s3://b/exp"}, exitGuard, "", "no consent export is here"},
		"a slash makes a folder of a file":                  {[]string{"s3://b/exports/app.csv/"}, exitGuard, "", "no consent export is here"},
		"a pattern that matches nothing":                    {[]string{"s3://b/exports/*.parquet"}, exitGuard, "", "no consent export is here"},
		"a pattern for a bucket":                            {[]string{"s3://b*/exports/app.csv"}, exitUsage, "", "a bucket is named whole"},
		"a pattern that is not well formed":                 {[]string{"s3://b/exports/[a.csv"}, exitUsage, "", "not well formed"},
		"two stars":                                         {[]string{"s3://b/**/app.csv"}, exitUsage, "", "** is no pattern here"},
		"two ways to one bucket":                            {[]string{"s3://b/exports/?region=a", "s3://b/exports/?region=b"}, exitUsage, "", "options twice"},
		"no bucket":                                         {[]string{"s3:///exports/"}, exitUsage, "", "no bucket is named"},
		"files and objects together":                        {[]string{"app.csv", "s3://b/exports/store/"}, 0, one, ""},
		"names that are no exports are passed over":         {[]string{"s3://b/passed/"}, 0, both, "1 file"},
		"a folder that is named is read, whatever its name": {[]string{"s3://b/passed/_tmp/"}, 0, both, ""},
		"names that a pattern matches are passed over":      {[]string{"s3://b/passed/*"}, 0, both, "1 file"},
		"nothing but passed over":                           {[]string{"s3://b/passed/a.perm*"}, exitGuard, "", "passed over by their names"},
		"an export whose manifest says more rows":           {[]string{"s3://b/cut/"}, exitInput, "", "2 rows, not 5"},
		"an export whose manifest holds":                    {[]string{"s3://b/whole/app.csv"}, 0, both, ""},
		"a manifest of the export's name without the end":   {[]string{"s3://b/short/app.csv"}, exitInput, "", "2 rows, not 7"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			store := sampleStore()
			store.Put("s3://b/passed/app.csv", objectGrants)
			for _, passed := range []string{"_SUCCESS", ".hidden/x.csv", "_tmp/x.csv", "a.permitted.csv", "b.cpmx", "~$x.xlsx"} {
				store.Put("s3://b/passed/"+passed, objectRefusal)
			}
			store.Put("s3://b/passed/_tmp/app.csv", objectGrants)
			store.Put("s3://b/passed/_tmp/x.csv", objectGrants)
			store.Put("s3://b/twice", objectGrants)
			store.Put("s3://b/twice/app.csv", objectGrants+strings.TrimPrefix(objectRefusal, objectHeader))
			store.Put("s3://b/cut/app.csv", objectGrants)
			store.Put("s3://b/cut/app.csv.manifest.json", `{"rows": 5}`)
			store.Put("s3://b/whole/app.csv", objectGrants)
			store.Put("s3://b/whole/app.csv.manifest.json", `{"rows": 2}`)
			store.Put("s3://b/short/app.csv", objectGrants)
			store.Put("s3://b/short/app.manifest.json", `{"rows": 7}`)
			if err := os.WriteFile("app.csv", []byte(objectGrants), 0o600); err != nil {
				t.Fatal(err)
			}
			args := texted("s3://b/segment.csv")
			for _, path := range test.consent {
				args = append(args, "--consent", path)
			}
			code, out, told := inObjects(t, store, args...)
			if code != test.code || out != test.out || !strings.Contains(told, test.told) {
				t.Errorf("exit code %d, %q\n%s", code, out, told)
			}
		})
	}
}

func TestEveryInputMayBeAnObject(t *testing.T) {
	t.Chdir(t.TempDir())
	store := sampleStore()
	store.Put("gs://lists/stop.csv", "phone\n13800000001\n")
	store.Put("s3://b/snap/users-2026-03-01.csv", "email,email_subscribe\na@example.com,opted_in\n")
	code, out, told := inObjects(t, store, texted("s3://b/segment.csv", "--consent", "s3://b/exports/", "--suppress", "sms:gs://lists/stop.csv")...)
	if code != 0 || out != "phone\n" {
		t.Errorf("a suppression list: exit code %d, %q\n%s", code, out, told)
	}
	code, _, told = inObjects(t, store, "index", "build", "--consent", "s3://b/exports/", "-o", "consent.cpmx", "--quiet")
	if code != 0 {
		t.Fatalf("an index: exit code %d\n%s", code, told)
	}
	text, err := os.ReadFile("consent.cpmx")
	if err != nil {
		t.Fatal(err)
	}
	store.Put("azblob://box/consent.cpmx", string(text))
	code, out, told = inObjects(t, store, texted("s3://b/segment.csv", "--index", "azblob://box/consent.cpmx")...)
	if code != 0 || out != "phone\n13800000001\n" {
		t.Errorf("an index: exit code %d, %q\n%s", code, out, told)
	}
	for _, args := range [][]string{
		{"index", "verify", "azblob://box/consent.cpmx"},
		{"index", "inspect", "azblob://box/consent.cpmx"},
		{"inspect", "s3://b/segment.csv"},
		{"reach", "s3://b/segment.csv", "--consent", "s3://b/exports/"},
		{"explain", "phone=13800000002", "--consent", "s3://b/exports/"},
		{"index", "build", "--consent", "s3://b/exports/", "--previous", "azblob://box/consent.cpmx", "-o", "next.cpmx"},
	} {
		if code, out, told := inObjects(t, store, args...); code != 0 {
			t.Errorf("%q: exit code %d\n%s%s", args, code, out, told)
		}
	}
}

func TestSourcesAndListsOfTheConfigurationMayBeObjects(t *testing.T) {
	t.Chdir(t.TempDir())
	store := sampleStore()
	store.Put("s3://b/stop/list.csv", "phone\n13800000001\n")
	config := `version: 1
sources:
  - {name: app, path: "s3://b/exports/?region=secret", min_rows: 3}
suppression:
  - {path: s3://b/stop/list.csv}
defaults:
  suppress: ["sms:s3://b/stop/list.csv", "s3://b/stop/list.csv"]
`
	if err := os.Mkdir("etc", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("etc/cpm.yaml", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, told := inObjects(t, store, texted("s3://b/segment.csv", "--config", "etc/cpm.yaml")...)
	if code != 0 || out != "phone\n" {
		t.Errorf("exit code %d, %q\n%s", code, out, told)
	}
	// A file that --consent names keeps the guards of its source, however it is spelt.
	code, _, told = inObjects(t, store, texted("s3://b/segment.csv", "--config", "etc/cpm.yaml", "--consent", "s3://b/exports/app.csv")...)
	if code != exitGuard || !strings.Contains(told, "at least 3 are due") || strings.Contains(told, "secret") {
		t.Errorf("exit code %d\n%s", code, told)
	}
}

func TestTheDateInTheNameOfAnObjectIsThatOfItsSnapshot(t *testing.T) {
	text, err := os.ReadFile("../../testdata/presets/shopify/customers_export_2025-06-01.csv")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	store := &storetest.Store{}
	store.Put("s3://b/day=2024-01-01/customers_export_2025-06-01.csv", string(text))
	code, out, told := inObjects(t, store, "reach", "--csv", "--consent", "s3://b/day=2024-01-01/customers_export_2025-06-01.csv?region=x", "--snapshot-at", "filename", "--timezone", "UTC")
	if code != 0 || !strings.Contains(out, "email,marketing") {
		t.Errorf("exit code %d\n%s%s", code, out, told)
	}
}

func TestAnObjectThatDoesNotComeWholeEndsTheRun(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"s3://b/segment.csv", "s3://b/exports/store/refusals-2026.csv"} {
		store := sampleStore()
		store.Cut = func(read string, size int) int {
			if read == path {
				return size - strings.Count(read, "r") - 20
			}
			return size
		}
		if path == "s3://b/segment.csv" {
			store.Cut = func(_ string, size int) int { return size - 1 }
		}
		code, out, told := inObjects(t, store, texted("s3://b/segment.csv", "--consent", "s3://b/exports/")...)
		if code != exitInput || out != "" || !strings.Contains(told, path) || !strings.Contains(told, "bytes of it came") {
			t.Errorf("%s: exit code %d, %q\n%s", path, code, out, told)
		}
	}
}

func TestOptionsOfABucketAreToldNowhere(t *testing.T) {
	t.Chdir(t.TempDir())
	store := sampleStore()
	store.Put("s3://b/stop.csv", "phone\n13900000000\n")
	const options = "?endpoint=http://user:secret@127.0.0.1"
	args := texted("s3://b/segment.csv"+options, "--consent=s3://b/exports/"+options, "--suppress", "sms:s3://b/stop.csv"+options, "--report", "run.json")
	code, out, told := inObjects(t, store, args...)
	report, err := os.ReadFile("run.json")
	if code != 0 || err != nil {
		t.Fatalf("exit code %d, %v\n%s", code, err, told)
	}
	for what, text := range map[string]string{"standard output": out, "standard error": told, "the report": string(report)} {
		if strings.Contains(text, "secret") {
			t.Errorf("%s tells the options:\n%s", what, text)
		}
	}
	var shown struct {
		Command  []string
		Audience struct{ Path string }
	}
	if err := json.Unmarshal(report, &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Audience.Path != "s3://b/segment.csv" || !slices.Contains(shown.Command, "--consent=s3://b/exports/") {
		t.Errorf("the report says %+v", shown)
	}
	for _, args := range [][]string{
		texted("s3://b/none.csv"+options, "--consent", "s3://b/exports/"),
		texted("s3://b/segment.csv", "--consent", "s3://b/none/"+options),
		texted("s3://b/segment.csv", "--consent", "s3://b/exports/", "--suppress", "s3://b/none.csv"+options),
		texted("s3://b/segment.csv", "--index", "s3://b/none.cpmx"+options),
		{"inspect", "s3://b/none.csv" + options},
	} {
		if code, _, told := inObjects(t, store, args...); code == 0 || strings.Contains(told, "secret") {
			t.Errorf("%q: exit code %d\n%s", args, code, told)
		}
	}
}

func TestABuildForFilesAloneRefusesObjects(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"segment.csv": objectSegment, "app.csv": objectGrants} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		texted("s3://b/segment.csv", "--consent", "app.csv"),
		texted("segment.csv", "--consent", "gs://b/exports/"),
		texted("segment.csv", "--consent", "app.csv", "--suppress", "azblob://b/stop.csv"),
		texted("segment.csv", "--consent", "app.csv", "--suppress", "sms:s3://b/stop.csv"),
		texted("segment.csv", "--index", "s3://b/consent.cpmx"),
		{"inspect", "s3://b/segment.csv"},
		{"index", "verify", "s3://b/consent.cpmx"},
		{"reach", "--consent", "s3://b/exports/"},
	} {
		var out, told bytes.Buffer
		code := run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &told})
		if code != exitUsage || !strings.Contains(told.String(), "this build reads files alone") ||
			!strings.Contains(told.String(), "go build -tags cloud ./cmd/cpm") {
			t.Errorf("%q: exit code %d\n%s", args, code, told.String())
		}
	}
}

func TestFilesStandFastWhereObjectsOfTheConfigurationAreNotAskedFor(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"segment.csv": objectSegment, "app.csv": objectGrants,
		"cpm.yaml": "version: 1\nsources:\n  - {name: app, path: \"s3://b/exports/\"}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, told bytes.Buffer
	code := run(t.Context(), texted("segment.csv", "--consent", "app.csv"), streams{in: strings.NewReader(""), out: &out, err: &told})
	if code != 0 || out.String() != "phone\n13800000001\n13800000002\n" {
		t.Errorf("exit code %d, %q\n%s", code, out.String(), told.String())
	}
}
