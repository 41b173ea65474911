package filter

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

// reading is how an export is read, which must not matter: by how many workers, in batches and in memory of how many bytes.
type reading struct {
	workers, batch int
	memory         int64
}

// savedIndex loads an export, writes its index and returns both, the index with what its load told.
func savedIndex(t *testing.T, catalog *consentload.Catalog, text string, how reading) (*consentload.Index, []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "consent.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	all := 1.0
	sources := []consentload.Source{{Name: "test", Path: path, Files: []string{path}}}
	index, report, err := consentload.Load(t.Context(), catalog, sources, consentload.Options{
		AsOf: instant(t, "2026-05-15T00:00:00Z"), Quarantine: true, MaxBad: &all, Workers: how.workers, BatchSize: how.batch, Memory: how.memory,
	})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := index.Write(&file, consentload.Making{Report: report, Sources: sources, Shaping: map[string]string{"link": "all"}}); err != nil {
		t.Fatal(err)
	}
	return index, file.Bytes()
}

func instant(t *testing.T, text string) consentload.Instant {
	t.Helper()
	at, bad := consentload.NewTimeReader(nil).Read([]byte(text), consentload.Later)
	if bad != consentload.TimeOK {
		t.Fatal(text)
	}
	return at
}

// askSaved opens a file and tells every verdict of everybody; its fault is the first that anything told.
func askSaved(t *testing.T, catalog *consentload.Catalog, path string, lists []*consentload.List) (verdicts string, err error) {
	t.Helper()
	s, err := consentload.OpenSnapshot(t.Context(), formats.Files{}, path, false)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	index, _, err := s.Index(consentload.Asking{
		Catalog: catalog, AsOf: instant(t, "2026-05-15T00:00:00Z"), Shaping: map[string]string{"link": "all"},
	})
	if err != nil {
		return "", err
	}
	verdicts = allVerdicts(t, catalog, index, lists)
	return verdicts, index.Err()
}

func allVerdicts(t *testing.T, catalog *consentload.Catalog, index *consentload.Index, lists []*consentload.List) string {
	t.Helper()
	var b bytes.Buffer
	keyer := consentload.NewKeyer(catalog.Kinds)
	for _, cell := range [][2]string{{"sms", "promotion"}, {"sms", "survey"}, {"email", "promotion"}} {
		channel, _ := catalog.Channel(cell[0])
		gate, fresh := NewGate(index, channel, cell[1], lists), NewGate(index, channel, cell[1], lists)
		reach, err := gate.Reach(nil)
		if err != nil && !errors.Is(err, index.Err()) { // that of a damaged file is looked at below
			t.Fatal(err)
		}
		next, _ := gate.NextExpiry()
		fmt.Fprintf(&b, "%v %v %v\n", cell, reach, next)
		for i := range 14 {
			for _, named := range [][2]string{{"phone", fmt.Sprintf("1380000%04d", i)}, {"email", fmt.Sprintf("p%d@example.com", i)}} {
				id, _ := catalog.Kinds.Index(consentload.Kind(named[0]))
				key, _ := keyer.Key(id, []byte(named[1]))
				verdict, known := gate.Verdict(key)
				if alone, _ := fresh.Verdict(key); alone != verdict && index.Err() == nil {
					t.Fatalf("%v, %s %d: %v when it is weighed alone, and %v among all", cell, named[0], i, alone, verdict)
				}
				var members []uint32
				if ordinal, found := index.Find(key); found {
					members = index.Members(ordinal)
				}
				fmt.Fprintf(&b, "%s %d %v %v %v\n", named[0], i, verdict, known, members)
			}
		}
	}
	return b.String()
}

func TestAnIndexThatWasSavedAnswersAsTheOneThatWasBuilt(t *testing.T) {
	catalog := testCatalog(t)
	key, _ := consentload.NewKeyer(catalog.Kinds).Key(0, []byte("13800000003"))
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		index, file := savedIndex(t, catalog, randomConsent(r, 1+r.IntN(60)), reading{1 + int(seed%3), 100 * int(seed%2), 0})
		path := filepath.Join(t.TempDir(), "saved.cpmx")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		lists := []*consentload.List{{Path: "stop.csv", Keys: []consentload.Key{key}, Subject: seed%2 == 0}}
		got, err := askSaved(t, catalog, path, lists)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if want := allVerdicts(t, catalog, index, lists); got != want {
			t.Fatalf("seed %d: built\n%s\nsaved\n%s", seed, want, got)
		}
	}
}

func TestTheSameActsGiveTheSameFile(t *testing.T) {
	catalog := testCatalog(t)
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 2))
		text := randomConsent(r, 1+r.IntN(200))
		lines := bytes.SplitAfter([]byte(text), []byte("\n"))
		rows := lines[1 : len(lines)-1]
		r.Shuffle(len(rows), func(i, k int) { rows[i], rows[k] = rows[k], rows[i] })
		_, a := savedIndex(t, catalog, text, reading{1, 0, 0})
		_, b := savedIndex(t, catalog, string(bytes.Join(lines, nil)), reading{3, 90, 300})
		if !bytes.Equal(a, b) {
			t.Fatalf("seed %d: the same rows in another order, in smaller batches and spilled to a file give another file", seed)
		}
	}
}

func TestADamagedIndexIsRefusedAndNeverAnswersOtherwise(t *testing.T) {
	catalog := testCatalog(t)
	_, file := savedIndex(t, catalog, randomConsent(rand.New(rand.NewPCG(7, 7)), 40), reading{1, 0, 0})
	path := filepath.Join(t.TempDir(), "saved.cpmx")
	refused := func(what string, at int, text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := askSaved(t, catalog, path, nil); fault.KindOf(err) != fault.Input {
			t.Fatalf("%s at byte %d of %d gives %v", what, at, len(file), err)
		}
	}
	for at := range file {
		damaged := bytes.Clone(file)
		damaged[at] ^= 1 << (at % 8)
		refused("a flipped bit", at, damaged)
		refused("a cut", at, file[:at])
	}
	refused("a byte more", len(file), append(bytes.Clone(file), 0))
}

func TestDamageAnywhereInALargeIndexIsFoundByVerifyAndChangesNoVerdict(t *testing.T) {
	catalog := testCatalog(t)
	var text bytes.Buffer
	text.WriteString("phone,email,channel,purpose,status,occurred_at,expires_at\n")
	for i := range 20_000 {
		fmt.Fprintf(&text, "138%08d,p%d@example.com,sms,promotion,%s,2026-0%d-01T00:00:0%dZ,2026-07-0%dT00:00:00Z\n", i, i/2,
			[]string{"granted", "granted", "denied"}[i%3], 1+i%4, i%10, 1+i%9)
	}
	_, file := savedIndex(t, catalog, text.String(), reading{2, 0, 0})
	path := filepath.Join(t.TempDir(), "saved.cpmx")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	want, err := askSaved(t, catalog, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	silent := 0
	for at := 1000; at < len(file); at += 4093 {
		damaged := bytes.Clone(file)
		damaged[at] ^= 0x10
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := askSaved(t, catalog, path, nil)
		if err == nil {
			silent++
		}
		if err == nil && got != want || err != nil && fault.KindOf(err) != fault.Input {
			t.Fatalf("with byte %d of %d changed: %v\n%s", at, len(file), err, got)
		}
		s, err := consentload.OpenSnapshot(t.Context(), formats.Files{}, path, false)
		if err == nil {
			err = errors.Join(s.Verify(t.Context()), s.Close())
		}
		if fault.KindOf(err) != fault.Input {
			t.Fatalf("with byte %d of %d changed, verify says %v", at, len(file), err)
		}
	}
	if silent == 0 {
		t.Error("every damage was met by a few lookups: nothing is left unread")
	}
}

func TestAnIndexThatIsCutOffUnderARunEndsItWithAFault(t *testing.T) {
	catalog := testCatalog(t)
	var text bytes.Buffer
	text.WriteString("phone,channel,purpose,status,occurred_at\n")
	for i := range 20_000 {
		fmt.Fprintf(&text, "138%08d,sms,promotion,granted,2026-01-01T00:00:00Z\n", i)
	}
	_, file := savedIndex(t, catalog, text.String(), reading{2, 0, 0})
	path := filepath.Join(t.TempDir(), "saved.cpmx")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := consentload.OpenSnapshot(t.Context(), formats.Files{}, path, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	if err := consentload.WhileMapped(func() error { return s.Verify(t.Context()) }); fault.KindOf(err) != fault.Input {
		t.Errorf("reading behind the end of the file gives %v", err)
	}
	if _, err := s.Evidence(); fault.KindOf(err) != fault.Input {
		t.Errorf("that the file was changed is told as %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
