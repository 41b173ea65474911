package filter

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

// survey reads an audience of phones and e-mails.
func survey(t *testing.T, catalog *consentload.Catalog, index *consentload.Index, audience string) *Contacts {
	t.Helper()
	reader, err := formats.Open(formats.Input{
		Name: "audience", Reader: strings.NewReader(audience), Size: int64(len(audience)),
	}, formats.Options{BatchSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	contacts, err := (&Survey{
		Name: "audience", Reader: reader, Kinds: catalog.Kinds, Index: index,
		Columns: []Column{{Kind: "phone", At: 0}, {Kind: "email", At: 1}},
	}).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return contacts
}

// oneByOne asks the gate for each of some identifiers, each once; strangers to the index only where they count.
func oneByOne(catalog *consentload.Catalog, gate *Gate, values []string, strangers bool) Reach {
	kind, _ := catalog.Kinds.Index(gate.Contact)
	keyer := consentload.NewKeyer(catalog.Kinds)
	r := Reach{Channel: gate.Channel, Purpose: gate.Purpose, Contact: gate.Contact, OptOut: gate.OptOut()}
	seen := map[consentload.Key]bool{}
	for _, value := range values {
		key, why := keyer.Key(kind, []byte(value))
		if why != consentload.Readable || seen[key] {
			continue
		}
		seen[key] = true
		ordinal, found := gate.index.Find(key)
		if !found && !strangers {
			continue // it stands in events after as-of alone
		}
		verdict, _ := gate.Verdict(key)
		r.Identifiers++
		r.Counts[verdict]++
		if verdict == Permitted && (!found || !gate.cell.Granted.Contains(ordinal)) {
			r.Silent++
		}
	}
	return r
}

// TestReachCountsWhatTheGateSaysOfEachIdentifier holds the bitmap counts to one question an identifier: within an
// audience with repetitions, strangers and rubbish, and over the whole index.
func TestReachCountsWhatTheGateSaysOfEachIdentifier(t *testing.T) {
	catalog := testCatalog(t)
	heads := map[string]int64{}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		text := randomConsent(r, 1+r.IntN(60))
		index := loadText(t, catalog, text, [2]int{2, 0})
		values := map[consentload.Kind][]string{}
		everybody := map[consentload.Kind][]string{}
		for line := range strings.Lines(text) {
			fields := strings.Split(line, ",")
			everybody["phone"] = append(everybody["phone"], fields[0])
			everybody["email"] = append(everybody["email"], fields[1])
		}
		var audience strings.Builder
		audience.WriteString("phone,email\n")
		for range 40 {
			phone, email := fmt.Sprintf("1380000%04d", r.IntN(16)), fmt.Sprintf("P%d@example.com", r.IntN(16))
			if r.IntN(8) == 0 {
				phone, email = "nobody", ""
			}
			values["phone"], values["email"] = append(values["phone"], phone), append(values["email"], email)
			fmt.Fprintf(&audience, "%s,%s\n", phone, email)
		}
		contacts := survey(t, catalog, index, audience.String())
		lists := []*consentload.List{stopList(t, catalog, seed%2 == 0, "13800000003", "13800000014")}
		for _, cell := range [][2]string{{"sms", "promotion"}, {"sms", "survey"}, {"email", "promotion"}, {"email", "survey"}} {
			channel, _ := catalog.Channel(cell[0])
			gate := NewGate(index, channel, cell[1], lists)
			for _, c := range []struct {
				name   string
				within *Contacts
				asked  []string
			}{
				{"all", nil, everybody[channel.Contact]},
				{"within the audience", contacts, values[channel.Contact]},
			} {
				got, err := gate.Reach(c.within)
				if err != nil {
					t.Fatal(err)
				}
				if want := oneByOne(catalog, gate, c.asked, c.within != nil); got != want {
					t.Fatalf("seed %d, %v, %s: counted\n%+v\none by one\n%+v", seed, cell, c.name, got, want)
				}
				heads["permitted"] += got.Permitted() - got.Silent
				heads["silent"] += got.Silent
				heads["refused"] += got.Refused()
				heads["otherwise"] += got.Otherwise()
				heads["unknown"] += got.Unknown()
			}
		}
	}
	for head, n := range heads {
		if n == 0 {
			t.Errorf("no case was %s: the test shows less than it says", head)
		}
	}
}

// oneColumn opens an audience of one column.
func oneColumn(t *testing.T, name consentload.Kind, values []string) formats.Reader {
	t.Helper()
	text := string(name) + "\n" + strings.Join(values, "\n") + "\n"
	reader, err := formats.Open(formats.Input{Name: "audience", Reader: strings.NewReader(text), Size: int64(len(text))}, formats.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	return reader
}

// filtered counts the distinct contacts of an audience of one column by the verdicts that a run gives them.
func filtered(t *testing.T, w *explained, gate *Gate, reader formats.Reader) (counts [reasons]int64) {
	t.Helper()
	column := Column{Kind: consentload.Kind(reader.Info().Columns[0])}
	annotated, _, err := annotate(t, &Job{
		Name: "audience", Reader: reader, Kinds: w.catalog.Kinds, Gates: []*Gate{gate}, Columns: []Column{column}, Sinks: make([]Sink, 1),
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[consentload.Key]bool{}
	kind, _ := w.catalog.Kinds.Index(column.Kind)
	keyer := consentload.NewKeyer(w.catalog.Kinds)
	for line := range strings.Lines(annotated) {
		value, word, _ := strings.Cut(strings.TrimSpace(line), ",")
		key, why := keyer.Key(kind, []byte(value))
		if why != consentload.Readable || seen[key] {
			continue
		}
		seen[key] = true
		for r := Undecided; r < reasons; r++ {
			if r.String() == word {
				counts[r]++
			}
		}
	}
	return counts
}

// TestReachWithinAnAudienceIsWhatFilterSaysOfItsContacts: with exports, lists and audiences that hold digests in any form.
func TestReachWithinAnAudienceIsWhatFilterSaysOfItsContacts(t *testing.T) {
	folder := t.TempDir()
	cells := [][2]string{{"sms", "promotion"}, {"sms", "survey"}, {"email", "promotion"}, {"email", "survey"}}
	verdicts, several := map[Reason]int64{}, 0
	for seed := range uint64(300) {
		w, told := explainWorld(t, 3*seed, folder) // those with digests
		r := rand.New(rand.NewPCG(seed, 9))
		for _, cell := range cells {
			channel, _ := w.catalog.Channel(cell[0])
			gate := NewGate(w.index, channel, cell[1], w.lists)
			for _, kind := range map[string][]consentload.Kind{"sms": {"phone", "phone_sha256"}, "email": {"email"}}[cell[0]] {
				var values []string
				for range 12 {
					person := r.IntN(6)
					values = append(values, map[consentload.Kind]string{
						"phone": fmt.Sprintf("1380000000%d", person), "email": fmt.Sprintf("p%d@example.com", person),
						"phone_sha256": explainDigest(person, r.IntN(4)),
					}[kind])
				}
				contacts := surveyed(t, w, oneColumn(t, kind, values))
				got, err := gate.Reach(contacts)
				if err != nil {
					t.Fatal(err)
				}
				want := filtered(t, w, gate, oneColumn(t, kind, values))
				if got.Counts != want {
					t.Fatalf("seed %d, %v, %s: counted\n%v\nby filter\n%v\n%s", seed, cell, kind, got.Counts, want, told)
				}
				for reason, n := range want {
					verdicts[Reason(reason)] += n
				}
				several += len(contacts.several[kind])
			}
		}
	}
	for _, reason := range append(reachReasons(), Permitted) {
		if verdicts[reason] < 10 {
			t.Errorf("only %d verdicts are %s: the test shows less than it says", verdicts[reason], reason)
		}
	}
	if several < 1000 {
		t.Errorf("only %d contacts have several keys", several)
	}
}

// TestReachOverTheConsentAsksNumbersUnderTheirDigests: as filter would ask them.
func TestReachOverTheConsentAsksNumbersUnderTheirDigests(t *testing.T) {
	folder := t.TempDir()
	other := 0
	for seed := range uint64(300) {
		w, told := explainWorld(t, 3*seed, folder)
		phones := w.index.OfKind("phone")
		for _, purpose := range []string{"promotion", "survey"} {
			channel, _ := w.catalog.Channel("sms")
			gate := NewGate(w.index, channel, purpose, w.lists)
			var want [reasons]int64
			find, kind := NewIdentifiers(w.catalog.Kinds, w.index, w.lists), consentload.KindID(0)
			for person := range 4 {
				id, _ := find.OfValue(kind, fmt.Appendf(nil, "1380000000%d", person))
				if ordinal, found := w.index.Find(id.Key()); found && phones.Contains(ordinal) {
					verdict, _ := gate.verdict(id.asked, id.pool)
					want[verdict]++
					if plain, _ := gate.Verdict(id.Key()); plain != verdict {
						other++
					}
				}
			}
			got, err := gate.Reach(nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.Counts != want {
				t.Fatalf("seed %d, %s: counted\n%v\none by one\n%v\n%s", seed, purpose, got.Counts, want, told)
			}
		}
	}
	if other < 10 {
		t.Errorf("only %d verdicts differ from those of the number's own key: the test shows little", other)
	}
}

// surveyed reads an audience of one column.
func surveyed(t *testing.T, w *explained, reader formats.Reader) *Contacts {
	t.Helper()
	contacts, err := (&Survey{
		Name: "audience", Reader: reader, Kinds: w.catalog.Kinds, Index: w.index, Lists: w.lists,
		Columns: []Column{{Kind: consentload.Kind(reader.Info().Columns[0])}},
	}).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return contacts
}

// stopList lists phones.
func stopList(t *testing.T, catalog *consentload.Catalog, subject bool, phones ...string) *consentload.List {
	t.Helper()
	phone, _ := catalog.Kinds.Index("phone")
	list := &consentload.List{Path: "stop.csv", Subject: subject}
	for _, value := range phones {
		key, why := consentload.NewKeyer(catalog.Kinds).Key(phone, []byte(value))
		if why != consentload.Readable {
			t.Fatal("a listed phone has no normal form")
		}
		list.Keys = append(list.Keys, key)
	}
	return list
}

func TestTheHeadsOfReachAddUp(t *testing.T) {
	r := Reach{}
	for reason := SuppressionList; reason < reasons; reason++ {
		if reason == Duplicate {
			continue
		}
		r.Counts[reason] = 1 << reason
		r.Identifiers += 1 << reason
	}
	for _, c := range []struct {
		head string
		got  int64
		of   []Reason
	}{
		{"permitted", r.Permitted(), []Reason{Permitted}},
		{"refused", r.Refused(), []Reason{SuppressionList, Withdrawn, Denied}},
		{"otherwise", r.Otherwise(), []Reason{UnreadableConsent, SharedIdentifier, Pending, NoticeOutdated, Expired}},
		{"unknown", r.Unknown(), []Reason{NoConsent}},
	} {
		var want int64
		for _, reason := range c.of {
			want += 1 << reason
		}
		if c.got != want {
			t.Errorf("%s: %b, want %b", c.head, c.got, want)
		}
	}
}

func TestASurveyIsHeldToTheGuards(t *testing.T) {
	catalog := testCatalog(t)
	index := loadText(t, catalog, annotateConsent, [2]int{1, 0})
	row := func(text string, n int) string { return strings.Repeat(text+"\n", n) }
	zero := 0.0
	for _, c := range []struct {
		name, rows, purpose string
		guards              Guards
		want                fault.Kind
	}{
		{name: "half of the phones may be rubbish", rows: row("13800000001,", 50) + row("rubbish,", 50), purpose: "promotion"},
		{name: "more may not", rows: row("13800000001,", 50) + row("rubbish,", 51), purpose: "promotion", want: fault.Input},
		{name: "empty ones are no sign of a wrong column", rows: row("13800000001,", 50) + row(",a@example.com", 500), purpose: "promotion"},
		{name: "rows that do not split stop it", rows: row("13800000001,", 198) + row("13800000001,,", 2) + row("1", 1), purpose: "promotion", want: fault.Input},
		{name: "where silence means yes, strangers alone are a wrong column", rows: row("13900000009,", 100), purpose: "survey", want: fault.Guard},
		{name: "unless somebody says that they are not", rows: row("13900000009,", 100), purpose: "survey", guards: Guards{MinKnown: &zero}},
		{name: "where it does not, they are unknown", rows: row("13900000009,", 100), purpose: "promotion"},
	} {
		t.Run(c.name, func(t *testing.T) {
			contacts := survey(t, catalog, index, "phone,email\n"+c.rows)
			channel, _ := catalog.Channel("sms")
			cell, err := NewGate(index, channel, c.purpose, nil).Reach(contacts)
			if err != nil {
				t.Fatal(err)
			}
			err = contacts.Check(c.guards, "audience", []Reach{cell})
			if got := fault.KindOf(err); (err == nil) != (c.want == 0) || err != nil && got != c.want {
				t.Errorf("got %v, want kind %v", err, c.want)
			}
		})
	}
}
