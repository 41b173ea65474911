package consentload

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cpm/formats"
	"cpm/formats/fault"
)

// inspected is a text to be inspected.
type inspected struct {
	name, config, text string
	limit              int64
	noHeader           bool
}

// run inspects the text.
func (e inspected) run(t *testing.T) (*Inspection, error) {
	t.Helper()
	config, err := ReadConfig("cpm.yaml", []byte("version: 1\n"+e.config))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := NewCatalog(config)
	if err != nil {
		t.Fatal(err)
	}
	input := formats.Input{Name: e.name, Reader: strings.NewReader(e.text), Size: int64(len(e.text))}
	reader, err := formats.Open(input, formats.Options{NoHeader: e.noHeader})
	if err != nil {
		t.Fatal(err)
	}
	presets, err := ReadPresets()
	if err != nil {
		t.Fatal(err)
	}
	inspector := &Inspector{Name: e.name, Reader: reader, Catalog: catalog, Presets: presets, Limit: e.limit}
	return inspector.Run(t.Context())
}

func (e inspected) must(t *testing.T) *Inspection {
	t.Helper()
	told, err := e.run(t)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// sketch is a column in one line: what it is taken for, and what its values came to.
func sketch(c InspectedColumn) string {
	words := append([]string{string(c.Kind)}, c.ReadAs...)
	if c.Second {
		words = append(words, "second")
	}
	if c.Vague {
		words = append(words, "vague")
	}
	if c.Looks != "" {
		words = append(words, "looks "+c.Looks)
	}
	if v := c.Values; v != nil {
		words = append(words, fmt.Sprint(v.Of, " ", v.Readable, "/", v.Empty, "/", v.Unreadable))
	}
	for _, word := range c.Words {
		words = append(words, fmt.Sprintf("%s=%d", word.Word, word.Rows)+map[bool]string{true: "?"}[word.Unknown])
	}
	if c.Untold > 0 {
		words = append(words, fmt.Sprint("untold ", c.Untold))
	}
	return strings.Trim(strings.Join(words, "; "), "; ")
}

func TestWhatAColumnIsTakenFor(t *testing.T) {
	md5s := "0123456789abcdef0123456789abcdef\nfedcba9876543210fedcba9876543210\n"
	canonicalHead := "phone,channel,purpose,status,occurred_at\n"
	for _, test := range []struct {
		what   string
		input  inspected
		column int
		want   string
	}{
		{"a usual name is a kind", inspected{text: "手机号\n13800138000\n\"\"\nx\n"}, 0, "phone; phone 1/1/1"},
		{"a less specific name is one too", inspected{text: "电话\n13800138000\n"}, 0, "phone; second; phone 1/0/0"},
		{"so is that of a digest", inspected{text: "phone_md5\n" + md5s}, 0, "phone_md5; phone_md5 2/0/0"},
		{"a digest without its algorithm is told as such", inspected{text: "hashed_phone\n" + md5s}, 0, "vague; looks md5"},
		{"a declared kind has its columns", inspected{config: "kinds: {shop: {columns: [店]}}\n", text: "店,b\nx,y\n"}, 0, "shop; second; shop 1/0/0"},
		{"values may look like phones", inspected{text: "n\n13800138000\n13900139000\n+8613700137000\n"}, 0, "looks phone"},
		{"or would, but for a spreadsheet", inspected{text: "n\n1.38E+10\n1.39E+10\n"}, 0, "looks phone"},
		{"or like addresses", inspected{text: "n\na@example.com\nb@example.com\n"}, 0, "looks email"},
		{"or like digests", inspected{text: "n\n" + md5s}, 0, "looks md5"},
		{"nine of ten must", inspected{text: "n\n" + strings.Repeat("a@example.com\n", 8) + "x\ny\n"}, 0, ""},
		{"dates are no phones", inspected{text: "n\n2026-01-01\n2026-01-02 10:00:00\n"}, 0, ""},
		{"nor are amounts", inspected{text: "n\n13800138000.25\n13900139000.25\n"}, 0, ""},
		{"nor numbers of customers", inspected{text: "n\n100000001\n100000002\n"}, 0, ""},
		{"nothing looks like nothing", inspected{text: "n,m\n,a\n"}, 0, ""},
		{"without a header too", inspected{text: "x,13800138000\n", noHeader: true}, 1, "looks phone"},
		{
			"the canonical form reads words",
			inspected{text: canonicalHead + "13800138000,sms,*,Granted,2026-01-01T00:00:00Z\n,sms,a,yes,\n"},
			3,
			"canonical: status; Granted=1; yes=1?",
		},
		{
			"and times, for which a zone may be missing",
			inspected{text: canonicalHead + "13800138000,sms,*,granted,2026-01-01 00:00:00\n"},
			4,
			"canonical: time; time 0/0/1",
		},
		{
			"a zone makes them readable",
			inspected{config: "timezone: UTC\n", text: canonicalHead + "1,sms,*,granted,2026-01-01 00:00:00\n"},
			4,
			"canonical: time; time 1/0/0",
		},
		{
			"declared purposes close the list",
			inspected{config: "purposes: {a: {}}\n", text: canonicalHead + "1,sms,a,granted,\n1,sms,b,granted,\n"},
			2,
			"canonical: purpose; a=1; b=1?",
		},
		{
			"a column of words with an identifier in it tells what is known alone",
			inspected{text: canonicalHead + "1,sms,*,granted,\n1,sms,*,13800138000,\n1,sms,*,no,\n"},
			3,
			"canonical: status; granted=1; untold 2",
		},
		{
			"a preset reads columns of other names",
			inspected{text: "recipient,recipientType,type,status,source,consentDate\n+905320000001,BIREYSEL,MESAJ,ONAY,HS_WEB,2021-09-04 19:46:56\n"},
			0,
			"iys: phone; iys: email",
		},
	} {
		test.input.name = "a.csv"
		if got := sketch(test.input.must(t).Columns[test.column]); got != test.want {
			t.Errorf("%s: %q, want %q", test.what, got, test.want)
		}
	}
}

func TestWhatATableNeedsBeforeItIsAnExport(t *testing.T) {
	for _, test := range []struct {
		what  string
		input inspected
		form  string // empty: none
		need  string // empty: nothing
	}{
		{"a list of people is no export", inspected{text: "phone,name\n1,a\n"}, "", ""},
		{"the canonical form needs nothing", inspected{text: "phone,channel,purpose,status,occurred_at\n13800138000,sms,*,granted,2026-01-01T00:00:00Z\n"}, "canonical", ""},
		{"but its columns", inspected{text: "phone,channel,purpose,status\n1,sms,*,granted\n"}, "canonical", "it has no column occurred_at"},
		{"and an identifier", inspected{text: "channel,purpose,status,occurred_at\nsms,*,granted,2026-01-01T00:00:00Z\n"}, "canonical", "no column holds an identifier"},
		{"of which there is one a kind", inspected{text: "phone,手机号,channel,purpose,status,occurred_at\n"}, "canonical", "could both hold the phone"},
		{"a zone", inspected{text: "phone,channel,purpose,status,occurred_at\n1,sms,*,granted,2026-01-01 00:00:00\n"}, "canonical", "times without a zone, and none is declared: 1"},
		{"known words", inspected{text: "phone,channel,purpose,status,occurred_at\n1,sms,*,yes,\n"}, "canonical", "no known channel, purpose or status: 1"},
		{"a snapshot has an instant", inspected{text: "Email,First Name,Unsubscribed from all email\na@example.com,A,true\n"}, "hubspot-contacts", "of which instant it is"},
		{
			"an identifier that the platform leaves open",
			inspected{text: "userId,timestamp,purposes,confirmed\na,2026-01-01T00:00:00Z,{},true\n"},
			"transcend-legacy", "which identifiers an export has",
		},
		{
			"a purpose of the platform's own",
			inspected{config: "purposes: {news: {}}\n", name: "subscribed_a.csv", text: "Email Address,LEID,EUID,LAST_CHANGED,OPTIN_TIME,CONFIRM_TIME\n"},
			"mailchimp", "the purpose marketing, which nobody declared",
		},
		{"the name tells the state", inspected{text: "Email Address,LEID,EUID,LAST_CHANGED\n"}, "mailchimp", "the name of the file tells no state"},
	} {
		if test.input.name == "" {
			test.input.name = "a.csv"
		}
		told := test.input.must(t)
		if test.form == "" {
			if len(told.Exports) != 0 {
				t.Errorf("%s: %+v", test.what, told.Exports)
			}
			continue
		}
		if len(told.Exports) != 1 || told.Exports[0].Name != test.form {
			t.Errorf("%s: %+v, want %s", test.what, told.Exports, test.form)
			continue
		}
		needs := told.Exports[0].Needs
		found := slices.ContainsFunc(needs, func(n Need) bool { return test.need != "" && strings.Contains(n.What, test.need) })
		if found == (test.need == "") || test.need == "" && len(needs) > 0 {
			t.Errorf("%s: %+v, want %q", test.what, needs, test.need)
		}
	}
}

func TestTwoPresetsThatFitAreBothTold(t *testing.T) {
	presets, err := ReadPresets()
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) []string {
		i := slices.IndexFunc(presets, func(m *Mapping) bool { return m.Name == name })
		return presets[i].Detect
	}
	head := strings.Join(slices.Concat(at("mailchimp"), at("iys")), ",") + "\n"
	told := inspected{name: "subscribed_a.csv", text: head}.must(t)
	if len(told.Exports) != 2 {
		t.Fatalf("%d forms are told, want 2", len(told.Exports))
	}
	for _, export := range told.Exports {
		if !slices.ContainsFunc(export.Needs, func(n Need) bool { return strings.Contains(n.Mend, "--preset "+export.Name) }) {
			t.Errorf("%s does not ask which it is: %+v", export.Name, export.Needs)
		}
	}
}

func TestBadRowsAreToldByPlaceAndCause(t *testing.T) {
	told := inspected{name: "a.csv", text: "phone,name\n1.38E+10,a\n13800138000,b\nx,c,d\n1,e\n,\"f\ng\"\n1.39E+10,h\n"}.must(t)
	if told.Rows != 6 || !told.Whole || told.Bad.Rows != 1 || strings.Join(told.Bad.First, ",") != "line 4" {
		t.Errorf("%+v", told)
	}
	if told.Nameless != 4 {
		t.Errorf("%d rows name nobody, want 4", told.Nameless)
	}
	var causes []string
	for _, cause := range told.Columns[0].Values.Causes {
		causes = append(causes, fmt.Sprint(cause.Rows, " ", cause.Cause, " ", cause.First))
	}
	want := []string{
		"2 " + Exponent.String() + " [line 2 line 8]",
		"1 " + Impossible.String() + " [line 5]",
	}
	if !slices.Equal(causes, want) {
		t.Errorf("%q, want %q", causes, want)
	}
}

func TestALimitIsKeptAndSaid(t *testing.T) {
	for _, test := range []struct {
		limit, rows int64
		whole       bool
	}{{0, 3, true}, {2, 2, false}, {3, 3, true}, {4, 3, true}} {
		told := inspected{name: "a.csv", text: "phone\n13800138000\n13800138000\n13800138000\n", limit: test.limit}.must(t)
		if told.Rows != test.rows || told.Whole != test.whole || told.Columns[0].Values.Readable != test.rows {
			t.Errorf("limit %d: %d rows, whole %t, %+v", test.limit, told.Rows, told.Whole, told.Columns[0].Values)
		}
	}
}

func TestAFaultLeavesWhatWasSeen(t *testing.T) {
	told, err := inspected{name: "a.csv", text: "phone\n13800138000\n\"open"}.run(t)
	if fault.KindOf(err) != fault.Input || told == nil || len(told.Columns) != 1 || told.Whole {
		t.Errorf("%+v, %v", told, err)
	}
}

func TestNoIdentifierIsToldByAnInspection(t *testing.T) {
	const canary = "canary.one@example.com"
	for _, input := range []inspected{
		{text: canary + ",13876543210,陈静\nx,y,z\n"},
		{text: "13876543210\n13876543211\n"},
		{text: "phone,channel,purpose,status,occurred_at\n13876543210," + canary + ",13876543210,13876543210,13876543210\n"},
		{text: "Email,Unsubscribed from all email,Opted out of email: x\n" + canary + "," + canary + ",13876543210\n"},
		{text: "email,name\n" + canary + ",13876543210\ncanary," + canary + ",x\n"},
		{text: "partition,timestamp,decryptionStatus,member\n" + canary + ",13876543210,13876543210," + canary + "\n,,DECRYPTED,陈静\n"},
	} {
		input.name = "a.csv"
		text, err := json.Marshal(input.must(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"canary", "1387654", "陈静"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%q is told: %s", secret, text)
			}
		}
	}
}
