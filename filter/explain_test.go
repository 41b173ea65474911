package filter

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/consentload"
)

// explained is a small world with all that its export says of everybody.
type explained struct {
	catalog *consentload.Catalog
	index   *consentload.Index
	watched []consentload.WatchedEvent
	keys    []consentload.Key
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
		"\nmax_links: " + pick("2", "10") + "\n"
}

// explainConsent draws an export of few people, scopes and instants, so that everything meets.
func explainConsent(r *rand.Rand) string {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var b strings.Builder
	b.WriteString("phone,email,customer_id,channel,purpose,status,occurred_at,expires_at,notice,notice_version,source\n")
	grants := 1 + r.IntN(4)
	for range 1 + r.IntN(12) {
		names := [3]string{}
		names[r.IntN(3)] = "x"
		for kind, form := range []string{"1380000000%d", "p%d@example.com", "c%d"} {
			if names[kind] == "x" || r.IntN(3) == 0 {
				names[kind] = fmt.Sprintf(form, r.IntN(3))
			}
		}
		status := pick("denied", "withdrawn", "pending", pick("pending", "maybe", "denied"))
		if r.IntN(5) < grants {
			status = "granted"
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,2026-0%d-01T00:00:00Z,%s,%s,%s,app\n", strings.Join(names[:], ","),
			pick("sms", "sms", "email", "*"), pick("promotion", "promotion", "survey", "*"), status, 1+r.IntN(6),
			pick("", "", "2026-04-01T00:00:00Z", "2026-09-01T00:00:00Z"), pick("", "policy", "terms"), pick("", "1", "2", "3", "7"))
	}
	return b.String()
}

// explainWorld draws a world and loads it, with everybody watched.
func explainWorld(t *testing.T, seed uint64, path string) (*explained, string) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 5))
	settings, text := explainConfig(r), explainConsent(r)
	config, err := consentload.ReadConfig("cpm.yaml", []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	w := &explained{isNow: r.IntN(2) == 0}
	if w.catalog, err = consentload.NewCatalog(config); err != nil {
		t.Fatal(err)
	}
	keyer := consentload.NewKeyer(w.catalog.Kinds)
	watch := map[consentload.Key]bool{}
	for i := range 4 { // one more than there are people
		for _, id := range [][2]string{{"phone", "1380000000%d"}, {"email", "p%d@example.com"}, {"customer_id", "c%d"}} {
			kind, _ := w.catalog.Kinds.Index(consentload.Kind(id[0]))
			key, _ := keyer.Key(kind, fmt.Appendf(nil, id[1], i))
			w.keys, watch[key] = append(w.keys, key), true
		}
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	asOf, _ := consentload.NewTimeReader(nil).Read([]byte("2026-05-15T00:00:00Z"), consentload.Later)
	all := 1.0
	index, report, err := consentload.Load(t.Context(), w.catalog,
		[]consentload.Source{{Name: "test", Path: path, Files: []string{path}}},
		consentload.Options{AsOf: asOf, AsOfIsNow: w.isNow, Quarantine: true, MaxBad: &all, Workers: 2, BatchSize: 100, Watch: watch})
	if err != nil {
		t.Fatalf("seed %d: %v\n%s", seed, err, settings)
	}
	w.index, w.watched = index, report.Watched
	return w, settings + text
}

// of returns what is said of the subject of an identifier.
func (w *explained) of(id consentload.Key) (events []consentload.WatchedEvent) {
	members := map[consentload.Key]bool{id: true}
	if ordinal, found := w.index.Find(id); found {
		for _, member := range w.index.Members(ordinal) {
			members[w.index.Key(member)] = true
		}
	}
	for _, e := range w.watched {
		if slices.ContainsFunc(e.Names, func(n consentload.WatchedName) bool { return members[n.Key] }) {
			events = append(events, e)
		}
	}
	return events
}

// TestAnExplanationComesToTheVerdictOfTheGate weighs small random worlds event by event: Explain fails when it does not
// come to what the gate says, and what it says of the events must bear the verdict out.
func TestAnExplanationComesToTheVerdictOfTheGate(t *testing.T) {
	worlds := uint64(2500)
	if testing.Short() {
		worlds = 600
	}
	path := filepath.Join(t.TempDir(), "consent.csv")
	roles, causes, verdicts := map[Role]int{}, map[Cause]int{}, map[Reason]int{}
	for seed := range worlds {
		w, told := explainWorld(t, seed, path)
		lists := []*consentload.List{stopList(t, w.catalog, seed%2 == 0, "13800000002")}
		if seed%4 > 0 {
			lists = nil
		}
		for _, cell := range [][2]string{{"sms", "promotion"}, {"sms", "survey"}, {"email", "promotion"}, {"email", "survey"}} {
			channel, _ := w.catalog.Channel(cell[0])
			gate := NewGate(w.index, channel, cell[1], lists)
			for _, id := range w.keys {
				events := w.of(id)
				got, err := gate.Explain(id, w.catalog, events)
				if err == nil {
					err = bears(w, gate, id, got)
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
	for c := StandingRefusal; c <= SharedAct; c++ {
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
func bears(w *explained, gate *Gate, id consentload.Key, got *Explanation) error {
	events := w.of(id)
	deciding, seen := 0, map[int]bool{}
	var counting []consentload.WatchedEvent
	for _, part := range got.Parts {
		if seen[part.Event] {
			return fmt.Errorf("the event at %s has two parts", events[part.Event].Place)
		}
		seen[part.Event] = true
		if part.Role == Decides {
			deciding++
		}
		if part.Role == Answered && len(part.By) == 0 {
			return fmt.Errorf("the refusal at %s is answered by nothing", events[part.Event].Place)
		}
		if part.Role == Decides || part.Role == WouldDecide {
			counting = append(counting, events[part.Event])
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
	alone := &weighing{catalog: w.catalog, policy: gate.cell.Policy, id: id, events: counting, explained: &Explanation{}}
	alone.cover(gate.Channel, gate.Purpose)
	if verdict := Decide(alone.weigh(), false, gate.cell.Policy, gate.asOf); verdict != got.Verdict {
		return fmt.Errorf("the verdict is %s, and the events that decide come to %s", got.Verdict, verdict)
	}
	return nil
}

func TestAnExplanationThatDoesNotComeToTheVerdictIsAFault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "consent.csv")
	failed := 0
	for seed := range uint64(50) {
		w, _ := explainWorld(t, seed, path)
		channel, _ := w.catalog.Channel("sms")
		gate := NewGate(w.index, channel, "promotion", nil)
		for _, id := range w.keys {
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
		w := &weighing{catalog: testCatalog(t), id: id, events: c.events, explained: &Explanation{}}
		w.cover("sms", "promotion")
		w.weigh()
		w.finish()
		if diff := cmp.Diff(c.want, w.explained.Parts); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
