package filter

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cpm/consentload"
)

// explained is a small world with all that its export says of everybody.
type explained struct {
	catalog *consentload.Catalog
	index   *consentload.Index
	watched []consentload.WatchedEvent
	lists   []*consentload.List
	asked   []Identifier
	isNow   bool
}

// explainConfig draws the rules of a world.
func explainConfig(r *rand.Rand) string {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	return "version: 1\nchannels: {sms: {contact: phone}, email: {contact: email}}\n" +
		"notices: {policy: {versions: [\"1\", \"2\", \"3\"]}, terms: {versions: [\"1\", \"7\"]}}\n" +
		"purposes: {promotion: {" + pick("", "notice: policy, min_notice_version: \"2\"", "valid_for: 90d") + "}, " +
		"survey: {basis: opt_out" + pick("", ", star: false") + "}}\n" +
		"link: " + pick("all", "all", "refusals", "none") + "\nstar_grants: " + pick("fill", "fill", "lift") +
		"\nmax_links: " + pick("2", "10") + "\nhashes: {phone: " + pick("[e164]", "[e164]", "[e164, national]", "[digits]") + "}\n"
}

// explainDigest is the digest of a phone in one of several forms.
func explainDigest(person, form int) string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s1380000000%d", []string{"+86", "", "86", "00"}[form%4], person)))
}

// explainConsent draws an export of few people, scopes and instants, so that everything meets. Phones are in part written
// as digests, under declared forms and others, where hashed is set.
func explainConsent(r *rand.Rand, hashed bool) string {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var b strings.Builder
	b.WriteString("phone,email,customer_id,phone_sha256,channel,purpose,status,occurred_at,expires_at,notice,notice_version,source\n")
	grants := 1 + r.IntN(4)
	for range 1 + r.IntN(12) {
		names := [3]string{}
		names[r.IntN(3)] = "x"
		for kind, form := range []string{"1380000000%d", "p%d@example.com", "c%d"} {
			if names[kind] == "x" || r.IntN(3) == 0 {
				names[kind] = fmt.Sprintf(form, r.IntN(3))
			}
		}
		digest := ""
		if hashed && r.IntN(3) == 0 {
			digest = explainDigest(r.IntN(3), r.IntN(4))
			names[0] = pick(names[0], "")
		}
		status := pick("denied", "withdrawn", "pending", pick("pending", "maybe", "denied"))
		if r.IntN(5) < grants {
			status = "granted"
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,2026-0%d-01T00:00:00Z,%s,%s,%s,app\n", strings.Join(names[:], ","), digest,
			pick("sms", "sms", "email", "*"), pick("promotion", "promotion", "survey", "*"), status, 1+r.IntN(6),
			pick("", "", "2026-04-01T00:00:00Z", "2026-09-01T00:00:00Z"), pick("", "policy", "terms"), pick("", "1", "2", "3", "7"))
	}
	return b.String()
}

// explainWorld draws a world and loads it, with everybody watched. Every third one holds digests.
func explainWorld(t *testing.T, seed uint64, folder string) (*explained, string) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 5))
	hashed := seed%3 == 0
	settings, text := explainConfig(r), explainConsent(r, hashed)
	config, err := consentload.ReadConfig("cpm.yaml", []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	w := &explained{isNow: r.IntN(2) == 0}
	if w.catalog, err = consentload.NewCatalog(config); err != nil {
		t.Fatal(err)
	}
	values := map[consentload.Kind][]string{}
	for i := range 4 { // one more than there are people
		values["phone"] = append(values["phone"], fmt.Sprintf("1380000000%d", i))
		values["email"] = append(values["email"], fmt.Sprintf("p%d@example.com", i))
		values["customer_id"] = append(values["customer_id"], fmt.Sprintf("c%d", i))
		for form := range 4 {
			values["phone_sha256"] = append(values["phone_sha256"], explainDigest(i, form))
		}
	}
	book := consentload.NewAliasBook(w.catalog.Kinds)
	digests, _ := w.catalog.Kinds.Index("phone_sha256")
	book.Want(digests)
	if !hashed {
		delete(values, "phone_sha256")
	}
	listed := ""
	switch r.IntN(8) {
	case 0, 1:
		listed = "phone\n13800000002\n"
	case 2:
		listed = "phone_sha256\n" + explainDigest(2, r.IntN(4)) + "\n"
	}
	if listed != "" {
		list, err := consentload.LoadList(t.Context(), w.catalog.Noting(book), consentload.ListSource{
			Path: writeText(t, folder, "stop.csv", listed), Identifier: r.IntN(2) == 0,
		}, false)
		if err != nil {
			t.Fatal(err)
		}
		book.Seek(list)
		w.lists = append(w.lists, list)
	}
	w.load(t, book, writeText(t, folder, "consent.csv", text), values)
	return w, settings + text + listed
}

func writeText(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load loads the export of a world, and asks for everybody: raw identifiers by value, and those of the index by key too.
func (w *explained) load(t *testing.T, book *consentload.AliasBook, path string, values map[consentload.Kind][]string) {
	t.Helper()
	watch := map[consentload.Key]bool{}
	keyer := consentload.NewKeyer(w.catalog.Kinds)
	for kind, of := range values {
		id, _ := w.catalog.Kinds.Index(kind)
		for _, value := range of {
			key, _ := keyer.Key(id, []byte(value))
			watch[key] = true
		}
	}
	asOf, _ := consentload.NewTimeReader(nil).Read([]byte("2026-05-15T00:00:00Z"), consentload.Later)
	all := 1.0
	index, report, err := consentload.Load(t.Context(), w.catalog.Noting(book),
		[]consentload.Source{{Name: "test", Path: path, Files: []string{path}}},
		consentload.Options{AsOf: asOf, AsOfIsNow: w.isNow, Quarantine: true, MaxBad: &all, Workers: 2, BatchSize: 100, Watch: watch})
	if err != nil {
		t.Fatal(err)
	}
	w.index, w.watched = index, report.Watched
	find := NewIdentifiers(w.catalog.Kinds, index, w.lists)
	for _, kind := range slices.Sorted(maps.Keys(values)) {
		id, _ := w.catalog.Kinds.Index(kind)
		_, digest := w.catalog.Kinds.Raw(id)
		for _, value := range values[kind] {
			found, _ := find.OfValue(id, []byte(value))
			w.asked = append(w.asked, found)
			if _, known := index.Find(found.Key()); known && !digest {
				w.asked = append(w.asked, find.OfKey(found.Key()))
			}
		}
	}
}

// TestAnExplanationComesToTheVerdictOfTheGate weighs small random worlds event by event: Explain fails when it does not
// come to what the gate says, and what it says of the events must bear the verdict out.
func TestAnExplanationComesToTheVerdictOfTheGate(t *testing.T) {
	worlds := uint64(2500)
	if testing.Short() {
		worlds = 600
	}
	folder := t.TempDir()
	roles, causes, verdicts := map[Role]int{}, map[Cause]int{}, map[Reason]int{}
	for seed := range worlds {
		w, told := explainWorld(t, seed, folder)
		for _, cell := range [][2]string{{"sms", "promotion"}, {"sms", "survey"}, {"email", "promotion"}, {"email", "survey"}} {
			channel, _ := w.catalog.Channel(cell[0])
			gate := NewGate(w.index, channel, cell[1], w.lists)
			for _, id := range w.asked {
				got, err := gate.Explain(id, w.catalog, w.watched)
				if err == nil {
					err = bears(w, gate, got)
				}
				if err != nil {
					t.Fatalf("seed %d, %v: %v\n%s", seed, cell, err, told)
				}
				verdicts[got.Verdict]++
				for _, part := range got.Parts {
					roles[part.Role]++
					causes[part.Cause]++
				}
			}
		}
	}
	for r := Decides; r <= LeftOut; r++ {
		if roles[r] < 10 {
			t.Errorf("only %d events have the role %s: the test shows less than it says", roles[r], r)
		}
	}
	for c := StandingRefusal; c <= UndeclaredForm; c++ {
		if c != NoTime && causes[c] < 10 { // times are a matter of presets
			t.Errorf("only %d events have the cause %q", causes[c], c)
		}
	}
	for _, r := range reachReasons() {
		if verdicts[r] < 10 {
			t.Errorf("only %d verdicts are %s", verdicts[r], r)
		}
	}
}

// bears checks that the parts account for the verdict: somebody decides where acts do, no event has two parts, and
// without those that are said not to count, the rest comes to the same.
func bears(w *explained, gate *Gate, got *Explanation) error {
	events := w.watched
	deciding, seen := 0, map[int]bool{}
	counting := map[consentload.Key][]int{}
	for _, part := range got.Parts {
		if of := original(events, part.Event); seen[of] {
			return fmt.Errorf("the event at %s has two parts", events[of].Place)
		} else {
			seen[of] = true
		}
		if part.Role == Decides {
			deciding++
		}
		if part.Role == Answered && len(part.By) == 0 {
			return fmt.Errorf("the refusal at %s is answered by nothing", events[part.Event].Place)
		}
		if part.Role == Decides || part.Role == WouldDecide {
			counting[part.weighed] = append(counting[part.weighed], part.Event)
		}
	}
	acts := got.Verdict != SuppressionList && got.Verdict != UnreadableConsent && got.Verdict != SharedIdentifier
	silent := got.Verdict == NoConsent || got.Verdict == Permitted && gate.OptOut() && deciding == 0
	if acts && !silent && deciding == 0 || !acts && deciding > 0 {
		return fmt.Errorf("the verdict is %s and %d events decide", got.Verdict, deciding)
	}
	if got.Verdict == SuppressionList != (len(got.Lists) > 0) {
		return fmt.Errorf("the verdict is %s and %d lists are told", got.Verdict, len(got.Lists))
	}
	if !acts {
		return nil
	}
	for key, mine := range counting {
		alone := &weighing{catalog: w.catalog, policy: gate.cell.Policy, id: key, events: events, mine: mine}
		alone.cover(gate.Channel, gate.Purpose)
		if verdict := Decide(alone.weigh(), false, gate.cell.Policy, gate.asOf); verdict == got.Verdict {
			return nil
		}
	}
	if deciding == 0 {
		return nil
	}
	return fmt.Errorf("the verdict is %s, and the events that decide do not come to it", got.Verdict)
}

func TestAnExplanationThatDoesNotComeToTheVerdictIsAFault(t *testing.T) {
	folder := t.TempDir()
	failed := 0
	for seed := range uint64(50) {
		w, _ := explainWorld(t, seed, folder)
		channel, _ := w.catalog.Channel("sms")
		gate := NewGate(w.index, channel, "promotion", nil)
		for _, id := range w.asked {
			if _, err := gate.Explain(id, w.catalog, nil); err != nil {
				failed++
			}
		}
	}
	if failed < 50 {
		t.Errorf("without their events, only %d explanations failed", failed)
	}
}

// TestAGrantWithoutATimeIsOlderThanEveryAct: exports without times hold such grants.
func TestAGrantWithoutATimeIsOlderThanEveryAct(t *testing.T) {
	id := consentload.Key{Lo: 1}
	act := func(status consentload.Status, when consentload.Instant) consentload.WatchedEvent {
		return consentload.WatchedEvent{
			Names: []consentload.WatchedName{{Kind: "phone", Key: id}}, Channel: "sms", Purpose: "promotion", Status: status, When: when,
		}
	}
	for _, c := range []struct {
		name   string
		events []consentload.WatchedEvent
		want   []Part
	}{
		{
			"against a refusal",
			[]consentload.WatchedEvent{act(consentload.Granted, consentload.Undated), act(consentload.Denied, 5)},
			[]Part{{Event: 1, Role: Decides, Cause: StandingRefusal}, {Event: 0, Role: Overruled, Cause: NoTime, By: []int{1}}},
		},
		{
			"against a grant",
			[]consentload.WatchedEvent{act(consentload.Granted, consentload.Undated), act(consentload.Granted, 5)},
			[]Part{{Event: 1, Role: Decides, Cause: LatestAct}, {Event: 0, Role: Overruled, Cause: NoTime, By: []int{1}}},
		},
		{
			"alone it decides",
			[]consentload.WatchedEvent{act(consentload.Granted, consentload.Undated)},
			[]Part{{Event: 0, Role: Decides, Cause: LatestAct}},
		},
	} {
		w := &weighing{catalog: testCatalog(t), id: id, events: c.events, mine: []int{0, 1}[:len(c.events)]}
		w.cover("sms", "promotion")
		w.weigh()
		out := &Explanation{Parts: w.parts}
		out.finish(c.events)
		if diff := cmp.Diff(c.want, out.Parts, cmpopts.IgnoreUnexported(Part{})); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
