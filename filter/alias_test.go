package filter

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cpm/consentload"
)

func TestTwoKeysOfOneIdentifierSpeakAgainstContacting(t *testing.T) {
	const never = consentload.Instant(1<<63 - 1)
	none := consentload.Evidence{}
	state := func(s consentload.State) consentload.Evidence {
		return consentload.Evidence{Known: true, State: s, Expires: never}
	}
	granted := state(consentload.IsGranted)
	ends := func(at consentload.Instant) consentload.Evidence { e := granted; e.Expires = at; return e }
	outdated := granted
	outdated.Outdated = true
	for name, c := range map[string]struct {
		a, b                 consentload.Evidence
		declared, undeclared Reason // Permitted stands for a yes in an opt-in cell
		silence              Reason // declared, in an opt-out cell
	}{
		"nothing is known of either":             {none, none, NoConsent, NoConsent, Permitted},
		"the other is granted":                   {none, granted, Permitted, NoConsent, Permitted},
		"its own grant":                          {granted, none, Permitted, Permitted, Permitted},
		"both are granted":                       {granted, granted, Permitted, Permitted, Permitted},
		"the other withdrew":                     {granted, state(consentload.IsWithdrawn), Withdrawn, Withdrawn, Withdrawn},
		"it withdrew itself":                     {state(consentload.IsWithdrawn), granted, Withdrawn, Withdrawn, Withdrawn},
		"of two refusals the withdrawal is told": {state(consentload.IsDenied), state(consentload.IsWithdrawn), Withdrawn, Withdrawn, Withdrawn},
		"and in the other order":                 {state(consentload.IsWithdrawn), state(consentload.IsDenied), Withdrawn, Withdrawn, Withdrawn},
		"the other is unknown and denied":        {none, state(consentload.IsDenied), Denied, Denied, Denied},
		"the other is pending":                   {granted, state(consentload.IsPending), Pending, Permitted, Pending},
		"it is pending itself":                   {state(consentload.IsPending), granted, Pending, Pending, Pending},
		"the other's grant has ended":            {granted, ends(5), Expired, Permitted, Expired},
		"its own grant has ended":                {ends(5), granted, Expired, Expired, Expired},
		"the only grant has ended":               {none, ends(5), Expired, NoConsent, Expired},
		"the other's notice is old":              {granted, outdated, NoticeOutdated, Permitted, NoticeOutdated},
		"the only grant's notice is old":         {state(consentload.NoAct), outdated, NoticeOutdated, NoConsent, NoticeOutdated},
		"the other is shared":                    {granted, consentload.Evidence{Known: true, Shared: true}, SharedIdentifier, SharedIdentifier, SharedIdentifier},
		"the other is unreadable":                {granted, consentload.Evidence{Unreadable: true}, UnreadableConsent, UnreadableConsent, UnreadableConsent},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Decide(union(c.a, c.b), false, consentload.Policy{}, 10); got != c.declared {
				t.Errorf("under a declared form: %s, want %s", got, c.declared)
			}
			if got := Decide(against(c.a, c.b), false, consentload.Policy{}, 10); got != c.undeclared {
				t.Errorf("under another form: %s, want %s", got, c.undeclared)
			}
			if got := Decide(union(c.a, c.b), false, consentload.Policy{OptOut: true}, 10); got != c.silence {
				t.Errorf("where silence means yes: %s, want %s", got, c.silence)
			}
			if union(c.a, c.b).Known != (c.a.Known || c.b.Known) || against(c.a, c.b).Known != c.a.Known {
				t.Error("what is known is another thing")
			}
		})
	}
}

// hashedWorld is an index that was read for an audience of digests, with its gate, on whose list a number stands, and
// a worker's hashes.
func hashedWorld(t *testing.T, catalog *consentload.Catalog, text, listed string) (*Gate, *hashes) {
	t.Helper()
	book := consentload.NewAliasBook(catalog.Kinds)
	id, _ := catalog.Kinds.Index("phone_sha256")
	book.Want(id)
	key, _ := consentload.NewKeyer(book.Kinds()).Key(0, []byte(listed)) // as a list is read: it is noted
	index := loadText(t, catalog.Noting(book), text, [2]int{2, 0})
	channel, _ := catalog.Channel("sms")
	gate := NewGate(index, channel, "promotion", []*consentload.List{{Keys: []consentload.Key{key}, Subject: true}})
	h := &hashes{}
	h.init(catalog.Kinds, index, []*consentload.List{gate.lists[0].List})
	return gate, h
}

func TestADigestIsJudgedAsTheNumberThatItWasMadeOf(t *testing.T) {
	catalog := testCatalog(t)
	keyer := consentload.NewKeyer(catalog.Kinds)
	hashed, _ := catalog.Kinds.Index("phone_sha256")
	ask := func(h *hashes, kind consentload.KindID, value string) asked {
		id := asked{}
		if id.key, id.why = keyer.Key(kind, []byte(value)); id.why != consentload.Readable {
			t.Fatal(id.why)
		}
		h.add(&id, keyer, kind)
		return id
	}
	permitted, refused := 0, 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 3))
		text := randomConsent(r, 1+r.IntN(60))
		gate, h := hashedWorld(t, catalog, text, "13800000003")
		for i := range 14 {
			number := fmt.Sprintf("+861380000%04d", i)
			want, wantKnown := gate.verdict(ask(h, 0, number), h.pool)
			digest := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
			if got, known := gate.verdict(ask(h, hashed, digest(number)), h.pool); got != want || known != wantKnown {
				t.Fatalf("seed %d, person %d: the digest is %s, known %v; the number %s, %v", seed, i, got, known, want, wantKnown)
			}
			for _, form := range []string{number[1:], number[3:], "00" + number[1:], "0" + number[3:]} {
				got, known := gate.verdict(ask(h, hashed, digest(form)), h.pool)
				switch want {
				case SuppressionList, UnreadableConsent, SharedIdentifier, Withdrawn, Denied:
					if got != want {
						t.Fatalf("seed %d, person %d: under an undeclared form %s, the number %s", seed, i, got, want)
					}
					refused++
				default:
					if got != NoConsent || known {
						t.Fatalf("seed %d, person %d: under an undeclared form %s, known %v", seed, i, got, known)
					}
				}
			}
			if want == Permitted {
				permitted++
			}
		}
	}
	if permitted < 50 || refused < 1000 {
		t.Errorf("%d permitted, %d refused: the test shows little", permitted, refused)
	}
}

func TestARowWithoutHashesIsDecidedWithoutGarbage(t *testing.T) {
	catalog := testCatalog(t)
	index := loadText(t, catalog, `phone,channel,purpose,status,occurred_at
13800000001,sms,promotion,granted,2026-01-01T00:00:00Z
13800000002,sms,promotion,denied,2026-01-01T00:00:00Z
13800000003,*,*,pending,2026-01-01T00:00:00Z
`, [2]int{1, 0})
	channel, _ := catalog.Channel("sms")
	gate := NewGate(index, channel, "promotion", nil)
	keyer := consentload.NewKeyer(catalog.Kinds)
	var ids []asked
	for i := range 14 {
		id := asked{}
		id.key, id.why = keyer.Key(0, fmt.Appendf(nil, "1380000%04d", i))
		ids = append(ids, id)
	}
	var reasons strings.Builder
	for i := range ids {
		reasons.WriteString(gate.rule(MatchContact, ids[i:i+1], nil).reason.String() + " ")
	}
	if told := reasons.String(); !strings.Contains(told, "permitted") || !strings.Contains(told, "denied") {
		t.Fatalf("the test shows little: %s", told)
	}
	if allocs := testing.AllocsPerRun(100, func() {
		for i := range ids {
			gate.rule(MatchContact, ids[i:i+1], nil)
			gate.rule(MatchAll, ids[i:], nil)
			gate.rule(MatchAny, ids[i:], nil)
		}
	}); allocs > 0 {
		t.Errorf("%g allocations", allocs)
	}
}
