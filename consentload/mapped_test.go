package consentload

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cpm/formats/fault"
)

// mapped is the text of an export with that of its mapping, and what the user declares.
type mapped struct {
	config, mapping, text string
	purposes              map[string]string
}

// load reads the export.
func (e mapped) load(t *testing.T) (*Index, error) {
	t.Helper()
	c, err := ReadConfig("cpm.yaml", []byte("version: 1\n"+e.config))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := NewCatalog(c)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ReadMapping("test", []byte("version: 1\ntitle: test\n"+e.mapping))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "export.csv")
	if err := os.WriteFile(path, []byte(e.text), 0o600); err != nil {
		t.Fatal(err)
	}
	source := Source{Name: "test", Path: path, Files: []string{path}, Mapping: m, Purposes: e.purposes}
	asOf, err := readSnapshot("2026-06-01T00:00:00Z", nil, None)
	if err != nil {
		t.Fatal(err)
	}
	index, _, err := Load(t.Context(), catalog, []Source{source}, Options{AsOf: asOf})
	return index, err
}

// holds reports whether an index knows an identifier, in the usual kinds.
func holds(t *testing.T, index *Index, kind Kind, value string) bool {
	t.Helper()
	kinds, err := NewKinds("", nil)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := kinds.Index(kind)
	key, why := NewKeyer(kinds).Key(id, []byte(value))
	if why != Readable {
		t.Fatalf("a test value has no normal form: %v", why)
	}
	_, known := index.Find(key)
	return known
}

const denyCalls = "acts: [{channel: phone, purpose: '*', status: denied, at: [at]}]\n"

func TestAnIdentifierIsMadeOfSeveralColumns(t *testing.T) {
	const mapping = "id: [{kind: phone, columns: [area, 'number?'], region: US}]\n" + denyCalls
	for _, c := range []struct{ name, text, fault string }{
		{"two columns stand one behind the other", "area,number,at\n202,5550123,2026-01-01T00:00:00Z\n", ""},
		{"blanks around a part do not count", "area,number,at\n 202 , 5550123 ,2026-01-01T00:00:00Z\n", ""},
		{"the second column may be missing", "area,at\n2025550123,2026-01-01T00:00:00Z\n", ""},
		{"half an identifier is none", "area,number,at\n202,,2026-01-01T00:00:00Z\n", "no readable identifier"},
		{"nor is the other half", "area,number,at\n,2025550123,2026-01-01T00:00:00Z\n", "no readable identifier"},
		{"the first column must be there", "number,at\n5550123,2026-01-01T00:00:00Z\n", "there is no column"},
	} {
		t.Run(c.name, func(t *testing.T) {
			index, err := mapped{mapping: mapping, text: c.text}.load(t)
			switch {
			case c.fault == "" && err != nil:
				t.Fatal(err)
			case c.fault == "" && !holds(t, index, "phone", "+12025550123"):
				t.Error("the number is not known under its country code")
			case c.fault != "" && (fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), c.fault)):
				t.Errorf("got %v, want a fault of the input with %q", err, c.fault)
			}
		})
	}
}

func TestTheRegionOfAColumnIsThatOfItsPhoneNumbersAlone(t *testing.T) {
	const mapping = "id:\n  - {kind: phone, column: home, region: US}\n  - {kind: phone, column: office}\n" + denyCalls
	index, err := mapped{config: "region: CN", mapping: mapping, text: "home,office,at\n2025550123,13800000001,2026-01-01T00:00:00Z\n"}.load(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{"+12025550123", "+8613800000001"} {
		if !holds(t, index, "phone", number) {
			t.Errorf("%s is not known", number)
		}
	}
}

func TestAFileWithoutAHeaderLosesNoRow(t *testing.T) {
	const mapping = "no_header: true\nid: [{kind: email, column: '#1'}]\nacts: [{channel: email, purpose: '*', status: denied, at: ['#2']}]\n"
	index, err := mapped{mapping: mapping, text: "first@example.com,2026-01-01T00:00:00Z\nlast@example.com,2026-01-01T00:00:00Z\n"}.load(t)
	if err != nil {
		t.Fatal(err)
	}
	if !holds(t, index, "email", "first@example.com") || !holds(t, index, "email", "last@example.com") {
		t.Error("a row is not known")
	}
}

func TestAColumnThatTheFileLacksAsksForNoKind(t *testing.T) {
	const mapping = "id:\n  - {kind: email, column: email}\n  - {kind: own_id, column: 'own?'}\n" + denyCalls
	if _, err := (mapped{mapping: mapping, text: "email,at\na@example.com,2026-01-01T00:00:00Z\n"}.load(t)); err != nil {
		t.Error(err)
	}
	with := "email,own,at\na@example.com,x,2026-01-01T00:00:00Z\n"
	if _, err := (mapped{mapping: mapping, text: with}.load(t)); fault.KindOf(err) != fault.Usage {
		t.Errorf("got %v, want a fault of usage", err)
	}
	if _, err := (mapped{config: "kinds: {own_id: {}}", mapping: mapping, text: with}.load(t)); err != nil {
		t.Error(err)
	}
}

func TestAConditionOnAColumnThatTheFileLacksNeverHolds(t *testing.T) {
	const mapping = "id:\n  - {kind: email, column: email}\n  - {kind: customer_id, column: code, when: {'type?': [x]}}\nacts:\n" +
		"  - {channel: email, purpose: '*', status: denied, at: [at]}\n" +
		"  - {channel: email, purpose: p, status: granted, at: [at], when: {'agreed?': [yes]}}\n"
	index, err := mapped{mapping: mapping, text: "email,code,at\na@example.com,7,2026-01-01T00:00:00Z\n"}.load(t)
	if err != nil {
		t.Fatal(err)
	}
	if len(index.Purposes()) != 0 {
		t.Errorf("the grant was read: %v", index.Purposes())
	}
	if holds(t, index, "customer_id", "7") {
		t.Error("the identifier was read")
	}
}

func TestAPurposeThatIsBoundToAChannelNeedsNoOther(t *testing.T) {
	const config = "channels: {sms: {contact: phone}, email: {contact: email}}\npurposes: {promotion: {}}"
	const mapping = "id: [{kind: email, column: email}]\n" +
		"acts: [{channel: group, purpose_column: group, column: state, words: {in: granted}, at: [at]}]\n"
	const text = "email,group,state,at\na@example.com,g1,in,2026-01-01T00:00:00Z\n"
	if _, err := (mapped{config: config, mapping: mapping, text: text}.load(t)); fault.KindOf(err) != fault.Input {
		t.Errorf("a group whose channel nobody says: got %v, want a fault of the input", err)
	}
	index, err := mapped{config, mapping, text, map[string]string{"g1": "sms:promotion"}}.load(t)
	if err != nil {
		t.Fatal(err)
	}
	for channel, want := range map[string]bool{"sms": true, "email": false} {
		granted := index.Cell(channel, "promotion") != nil && index.Cell(channel, "promotion").Granted.GetCardinality() > 0
		if granted != want {
			t.Errorf("%s: granted %v", channel, granted)
		}
	}
}

func TestTimesOfPlatformsAreReadInTheirForms(t *testing.T) {
	const want = "2020-04-08T21:55:20Z"
	reader := NewTimeReader(nil).forPlatforms()
	for _, text := range []string{
		"2020-04-08 21:55:20 UTC", "2020-04-08 21:55:20 GMT", "2020-04-08 21:55:20 +0000 UTC", "2020-04-08T21:55:20+0000",
		"2020-04-08 23:55:20.000000000 +02:00", "20200408T215520Z", "2020-04-09 03:25:20 +0530 IST", "2020-04-08 21:55:20 +0000 UTC m=+0.01",
	} {
		if got, bad := reader.Read([]byte(text), Later); bad != TimeOK || got.String() != want {
			t.Errorf("%s: %s (%s)", text, got, bad)
		}
	}
	for _, text := range []string{"2020-04-08 21:55:20 IST", "2020-04-08 21:55:20 CST", "2020-04-08 21:55:20 utc+1"} {
		if got, bad := reader.Read([]byte(text), Later); bad != TimeUnreadable {
			t.Errorf("%s: %s (%s), and no such name is an offset", text, got, bad)
		}
	}
}

func TestWhatAMappingSaysOfAnIdentifierMustFitTogether(t *testing.T) {
	for text, want := range map[string]string{
		"{kind: phone}": "names no column",
		"{kind: phone, column: a, columns: [b, c]}":              "both column and columns",
		"{kind: phone, columns: [a, b], split: ';'}":             "both split and columns",
		"{kind: phone, columns: ['a?', b]}":                      "the first of columns",
		"{kind: phone, column: .a}":                              "only an act with each has",
		"{kind: phone, columns: [a, '@match']}":                  "only an act with columns has",
		"{kind: phone, column: a, when: {.b: [x]}}":              "only an act with each has",
		"{kind: phone, column: a, region: Texas}":                "is no region",
		"{kind: phone, column: a, region: [US]}":                 "must be a text",
		"{kind: phone, columns: a}":                              "must be a list",
		"{kind: phone, column: a, areacode: b}":                  "unknown key",
		"{kind: phone, column: a}\nno_header: perhaps":           "no_header",
		"{kind: phone, column: a, regions: US, columns: [b, c]}": "unknown key",
	} {
		id, rest, _ := strings.Cut(text, "\n")
		_, err := ReadMapping("test", []byte("version: 1\ntitle: test\nid: ["+id+"]\n"+rest+"\n"+denyCalls))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
