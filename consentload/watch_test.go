package consentload

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// watchCatalog knows one notice.
func watchCatalog(t *testing.T) *Catalog {
	t.Helper()
	return catalogOf(t, "version: 1\nnotices: {policy: {versions: [\"1\", \"2\"]}}\n")
}

// catalogOf reads a configuration.
func catalogOf(t rapid.TB, text string) *Catalog {
	t.Helper()
	config, err := ReadConfig("cpm.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := NewCatalog(config)
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

// watchKey is the key of a phone.
func watchKey(t *testing.T, c *Catalog, phone string) Key {
	t.Helper()
	kind, _ := c.Kinds.Index("phone")
	key, why := NewKeyer(c.Kinds).Key(kind, []byte(phone))
	if why != Readable {
		t.Fatal(why)
	}
	return key
}

// watchLoad loads an export and a map of identities.
func watchLoad(t *testing.T, c *Catalog, options Options, texts map[string]string) *Report {
	t.Helper()
	t.Chdir(t.TempDir())
	var sources []Source
	for _, name := range sortedKeys(texts) {
		if err := os.WriteFile(name, []byte(texts[name]), 0o600); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, Source{
			Name: strings.TrimSuffix(name, filepath.Ext(name)), Path: name, Files: []string{name}, Links: name == "ids.csv",
		})
	}
	asOf, _ := NewTimeReader(nil).Read([]byte("2026-06-01T00:00:00Z"), Later)
	all := 1.0
	options.AsOf, options.MaxBad, options.Quarantine = asOf, &all, true
	_, report, err := Load(t.Context(), c, sources, options)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// watchText is one event in a line.
func watchText(e *WatchedEvent) string {
	var names []string
	for _, name := range e.Names {
		names = append(names, string(name.Kind)+"="+name.Value)
	}
	text := fmt.Sprintf("%s %s %s [%s] ", e.Source, e.File, e.Place, strings.Join(names, " "))
	switch e.Fate {
	case Quarantined:
		return text + "quarantined " + e.Column + ": " + e.Problem
	case Identities:
		return text + "identities"
	}
	text += fmt.Sprintf("%s %s %s %s", e.Channel, e.Purpose, e.Status, e.When)
	if e.Expires.Ends() {
		text += " until " + e.Expires.String()
	}
	if e.Rank > 0 {
		text += fmt.Sprintf(" under %s %s (%d)", e.Notice, e.Version, e.Rank)
	}
	if e.Touchpoint != "" {
		text += " at " + e.Touchpoint
	}
	return text + map[bool]string{true: " after as-of"}[e.Fate == AfterAsOf] + map[bool]string{true: " future"}[e.Future]
}

const watchExport = `phone,email,channel,purpose,status,occurred_at,expires_at,notice_version,source
138 0000 0001,A@example.com,SMS,*,granted,2026-01-01T00:00:00Z,2026-09-01T00:00:00Z,2,store 5
13800000002,a@example.com,sms,promotion,denied,2026-01-02T00:00:00Z,,,
+8613800000001,,email,promotion,perhaps,2026-01-03T00:00:00Z,,,
13800000001,,email,promotion,granted,2026-07-01T00:00:00Z,,1,
13800000001,,email,promotion,denied,2026-07-02T00:00:00Z,,,
`

func TestWhatIsWatchedIsToldAsItStands(t *testing.T) {
	c := watchCatalog(t)
	report := watchLoad(t, c, Options{AsOfIsNow: true, Watch: map[Key]bool{watchKey(t, c, "13800000001"): true}}, map[string]string{
		"app.csv": watchExport,
		"ids.csv": "phone,customer_id\n13800000001,c1\n13800000002,c2\n",
	})
	var got []string
	for i := range report.Watched {
		got = append(got, watchText(&report.Watched[i]))
	}
	if diff := cmp.Diff([]string{
		"app app.csv line 2 [phone=138 0000 0001 email=A@example.com] sms * granted 2026-01-01T00:00:00Z until 2026-09-01T00:00:00Z under policy 2 (2) at store 5",
		`app app.csv line 4 [phone=+8613800000001] quarantined status: "perhaps" is no known status`,
		"app app.csv line 5 [phone=13800000001] email promotion granted 2026-07-01T00:00:00Z under policy 1 (1) after as-of",
		"app app.csv line 6 [phone=13800000001] email promotion denied 2026-07-02T00:00:00Z future",
		"ids ids.csv line 2 [phone=13800000001 customer_id=c1] identities",
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWatchingChangesNothingElse(t *testing.T) {
	c := watchCatalog(t)
	texts := map[string]string{"app.csv": watchExport}
	watched := watchLoad(t, c, Options{Watch: map[Key]bool{watchKey(t, c, "13800000001"): true}}, texts)
	plain := watchLoad(t, c, Options{}, texts)
	if len(plain.Watched) != 0 {
		t.Errorf("nobody is watched, and %d events are told", len(plain.Watched))
	}
	if diff := cmp.Diff(plain.Total, watched.Total); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(plain.PassedColumns(), watched.PassedColumns()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsWatchedComesInTheOrderOfTheRows(t *testing.T) {
	c := watchCatalog(t)
	var b strings.Builder
	b.WriteString("phone,channel,purpose,status,occurred_at\n")
	for i := range 500 {
		fmt.Fprintf(&b, "1380000%04d,sms,promotion,granted,2026-01-01T00:00:00Z\n", i%5)
	}
	report := watchLoad(t, c, Options{Workers: 4, BatchSize: 200, Watch: map[Key]bool{watchKey(t, c, "13800000003"): true}},
		map[string]string{"app.csv": b.String()})
	if len(report.Watched) != 100 {
		t.Fatalf("%d events are told, want 100", len(report.Watched))
	}
	for i := range report.Watched {
		if want := fmt.Sprintf("line %d", 5*i+5); report.Watched[i].Place != want {
			t.Fatalf("event %d stands at %s, want %s", i, report.Watched[i].Place, want)
		}
	}
}
