package filter

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cpm/consentload"
)

// randomConsent writes an export in which few people do much, so that ties, links and stars meet.
func randomConsent(r *rand.Rand, events int) string {
	var b strings.Builder
	b.WriteString("phone,email,channel,purpose,status,occurred_at,expires_at\n")
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	for range events {
		phone, email := fmt.Sprintf("1380000%04d", r.IntN(12)), fmt.Sprintf("p%d@example.com", r.IntN(12))
		switch r.IntN(3) {
		case 0:
			phone = ""
		case 1:
			email = ""
		}
		expires := ""
		if r.IntN(3) == 0 {
			expires = fmt.Sprintf("2026-0%d-01T00:00:00Z", 1+r.IntN(9))
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,2026-0%d-01T00:00:00Z,%s\n", phone, email, pick("sms", "email", "*"),
			pick("promotion", "survey", "*"), pick("granted", "granted", "denied", "withdrawn", "pending", "maybe"),
			1+r.IntN(6), expires)
	}
	return b.String()
}

// loadText loads an export; split says over how many workers and into batches of how many bytes.
func loadText(t testing.TB, catalog *consentload.Catalog, text string, split [2]int) *consentload.Index {
	t.Helper()
	path := filepath.Join(t.TempDir(), "consent.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	asOf, _ := consentload.NewTimeReader(nil).Read([]byte("2026-05-15T00:00:00Z"), consentload.Later)
	all := 1.0
	index, _, err := consentload.Load(t.Context(), catalog,
		[]consentload.Source{{Name: "test", Path: path, Files: []string{path}}},
		consentload.Options{AsOf: asOf, Quarantine: true, MaxBad: &all, Workers: split[0], BatchSize: split[1]})
	if err != nil {
		t.Fatal(err)
	}
	return index
}

const gateConfig = `version: 1
channels: {sms: {contact: phone}, email: {contact: email}}
purposes: {promotion: {}, survey: {basis: opt_out}}
max_links: 3
`

func testCatalog(t testing.TB) *consentload.Catalog {
	t.Helper()
	config, err := consentload.ReadConfig("cpm.yaml", []byte(gateConfig))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := consentload.NewCatalog(config)
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

func TestAGateSaysOfEveryIdentifierWhatDecideSays(t *testing.T) {
	catalog := testCatalog(t)
	keyer := consentload.NewKeyer(catalog.Kinds)
	keyOf := func(kind consentload.Kind, value string) consentload.Key {
		id, _ := catalog.Kinds.Index(kind)
		key, why := keyer.Key(id, []byte(value))
		if why != consentload.Readable {
			t.Fatalf("a test value has no normal form: %v", why)
		}
		return key
	}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		index := loadText(t, catalog, randomConsent(r, 1+r.IntN(60)), [2]int{2, 0})
		listed := keyOf("phone", "13800000003")
		lists := []*consentload.List{{Path: "stop.csv", Keys: []consentload.Key{listed}, Subject: seed%2 == 0}}
		for _, cell := range [][2]string{{"sms", "promotion"}, {"sms", "survey"}, {"email", "promotion"}} {
			channel, _ := catalog.Channel(cell[0])
			gate, compiled := NewGate(index, channel, cell[1], lists), NewGate(index, channel, cell[1], lists)
			compiled.all()
			for i := range 14 { // two more than there are people
				for _, key := range []consentload.Key{
					keyOf("phone", fmt.Sprintf("1380000%04d", i)), keyOf("email", fmt.Sprintf("p%d@example.com", i)),
				} {
					var e consentload.Evidence
					ordinal, found := index.Find(key)
					if found {
						e = index.Evidence(index.Cell(cell[0], cell[1]), ordinal)
					}
					want := Decide(e, gate.Listed(key), gate.Policy(), index.AsOf())
					for _, of := range []*Gate{gate, compiled} {
						if got, known := of.Verdict(key); got != want || known != e.Known {
							t.Fatalf("seed %d, %v, person %d, compiled %t: the gate says %s (known %v), Decide %s (known %v)",
								seed, cell, i, of == compiled, got, known, want, e.Known)
						}
					}
				}
			}
		}
	}
}

func TestTheOrderOfRowsAndTheWorkersDoNotChangeAnyVerdict(t *testing.T) {
	catalog := testCatalog(t)
	keyer := consentload.NewKeyer(catalog.Kinds)
	channel, _ := catalog.Channel("sms")
	phone, _ := catalog.Kinds.Index("phone")
	verdicts := func(index *consentload.Index) (all []string) {
		gate := NewGate(index, channel, "promotion", nil)
		for i := range 12 {
			key, _ := keyer.Key(phone, fmt.Appendf(nil, "1380000%04d", i))
			verdict, known := gate.Verdict(key)
			all = append(all, fmt.Sprint(verdict, known))
		}
		return all
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		text := randomConsent(r, 40)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		want := fmt.Sprint(verdicts(loadText(t, catalog, text, [2]int{1, 0})))
		for range 3 {
			rows := lines[1:]
			r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			twice := strings.Join(append(append([]string{lines[0]}, rows...), rows[:len(rows)/2]...), "\n") + "\n"
			if got := fmt.Sprint(verdicts(loadText(t, catalog, twice, [2]int{1 + r.IntN(4), 64}))); got != want {
				t.Fatalf("seed %d: shuffled and in part repeated, the verdicts are\n%s\nnot\n%s", seed, got, want)
			}
		}
	}
}
