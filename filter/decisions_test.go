package filter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cpm/consentload"
	"cpm/filter"
)

// The people of the tables: a phone and an e-mail each. 13900000009 and x@example.com belong to others.
const (
	header = "phone,email,channel,purpose,status,occurred_at,expires_at,notice_version,notice"
	phone  = "13800000001"
	email  = "a@example.com"
)

// base is the configuration of the tables unless a case says otherwise.
const base = `version: 1
timezone: Asia/Shanghai
channels: {sms: {contact: phone}, email: {contact: email}}
notices: {policy: {versions: ["1", "2", "3"]}, app-policy: {versions: ["2", "7"]}}
purposes:
  promotion: {}
  service: {star: false}
  survey: {basis: opt_out}
`

// decision is one row of a table: what was done, who is asked for sms, and what is said of them.
type decision struct {
	name    string
	events  []string // phone,email,channel,purpose,status,occurred_at[,expires_at[,notice_version[,notice]]]
	config  string   // replaces base
	also    string   // is added to base
	ask     string   // kind=value; default: the phone
	cell    string   // channel/purpose; default sms/promotion
	list    string   // a suppression list of phones
	subject bool     // the list reaches the subject
	asOf    string   // default 2026-06-01T00:00:00Z
	now     bool     // as-of is now
	bad     bool     // quarantine records that cannot be read
	want    filter.Reason
}

func decide(t *testing.T, d decision) filter.Reason {
	t.Helper()
	text := d.config
	if text == "" {
		text = base + d.also
	}
	config, err := consentload.ReadConfig("cpm.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := consentload.NewCatalog(config)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	rows := []string{header}
	for _, event := range d.events {
		rows = append(rows, event+strings.Repeat(",", strings.Count(header, ",")-strings.Count(event, ",")))
	}
	path := write(t, folder, "consent.csv", strings.Join(rows, "\n")+"\n")
	if d.asOf == "" {
		d.asOf = "2026-06-01T00:00:00Z"
	}
	asOf, bad := consentload.NewTimeReader(nil).Read([]byte(d.asOf), consentload.Later)
	if bad != consentload.TimeOK {
		t.Fatal("as-of cannot be read")
	}
	index, _, err := consentload.Load(t.Context(), catalog,
		[]consentload.Source{{Name: "test", Path: path, Files: []string{path}}},
		consentload.Options{AsOf: asOf, AsOfIsNow: d.now, Quarantine: d.bad, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	var lists []*consentload.List
	if d.list != "" {
		list, err := consentload.LoadList(t.Context(), catalog, consentload.ListSource{
			Path: write(t, folder, "stop.csv", d.list), Identifier: !d.subject,
		}, false)
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, list)
	}
	if d.cell == "" {
		d.cell = "sms/promotion"
	}
	word, purpose, _ := strings.Cut(d.cell, "/")
	channel, _ := catalog.Channel(word)
	gate := filter.NewGate(index, channel, purpose, lists)
	if d.ask == "" {
		d.ask = "phone=" + phone
	}
	kind, value, _ := strings.Cut(d.ask, "=")
	id, known := catalog.Kinds.Index(consentload.Kind(kind))
	key, why := consentload.NewKeyer(catalog.Kinds).Key(id, []byte(value))
	if !known || why != consentload.Readable {
		t.Fatal("the identifier that is asked for cannot be read")
	}
	verdict, _ := gate.Verdict(key)
	return verdict
}

func write(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func check(t *testing.T, table []decision) {
	t.Helper()
	for _, d := range table {
		t.Run(d.name, func(t *testing.T) {
			if got := decide(t, d); got != d.want {
				t.Errorf("got %s, want %s", got, d.want)
			}
		})
	}
}

func TestTheLatestActDecides(t *testing.T) {
	const day = "2026-01-"
	check(t, []decision{
		{name: "a grant permits", events: []string{phone + ",,sms,promotion,granted,2026-01-01T00:00:00Z"}, want: filter.Permitted},
		{name: "silence is no consent", events: []string{"13900000009,,sms,promotion,granted,2026-01-01T00:00:00Z"}, want: filter.NoConsent},
		{name: "silence permits where the basis is opt-out", cell: "sms/survey", events: []string{"13900000009,,sms,promotion,granted,2026-01-01T00:00:00Z"}, want: filter.Permitted},
		{name: "a refusal stands where the basis is opt-out", cell: "sms/survey", events: []string{phone + ",,sms,survey,denied,2026-01-01T00:00:00Z"}, want: filter.Denied},
		{name: "a pending act suppresses where the basis is opt-out", cell: "sms/survey", events: []string{phone + ",,sms,survey,pending,2026-01-01T00:00:00Z"}, want: filter.Pending},
		{name: "an expired grant suppresses where the basis is opt-out", cell: "sms/survey", events: []string{phone + ",,sms,survey,granted,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z"}, want: filter.Expired},
		{name: "agreed in the mini-program and refused in the app later", events: []string{phone + ",,sms,promotion,granted," + day + "01T00:00:00Z", phone + ",,sms,promotion,denied," + day + "02T00:00:00Z"}, want: filter.Denied},
		{name: "refused and agreed later", events: []string{phone + ",,sms,promotion,denied," + day + "01T00:00:00Z", phone + ",,sms,promotion,granted," + day + "02T00:00:00Z"}, want: filter.Permitted},
		{name: "the order of rows does not count", events: []string{phone + ",,sms,promotion,granted," + day + "02T00:00:00Z", phone + ",,sms,promotion,denied," + day + "01T00:00:00Z"}, want: filter.Permitted},
		{name: "a refusal at the instant of a grant stands", events: []string{phone + ",,sms,promotion,granted," + day + "01T00:00:00Z", phone + ",,sms,promotion,denied," + day + "01T08:00:00+08:00"}, want: filter.Denied},
		{name: "at one instant withdrawn comes before denied", events: []string{phone + ",,sms,promotion,denied," + day + "01T00:00:00Z", phone + ",,sms,promotion,withdrawn," + day + "01T00:00:00Z"}, want: filter.Withdrawn},
		{name: "the latest standing refusal gives the reason", events: []string{phone + ",,sms,promotion,withdrawn," + day + "01T00:00:00Z", phone + ",,sms,promotion,denied," + day + "02T00:00:00Z"}, want: filter.Denied},
		{name: "an older standing refusal gives the reason when the latest is answered", events: []string{phone + ",,sms,promotion,withdrawn," + day + "01T00:00:00Z", phone + ",,*,*,denied," + day + "03T00:00:00Z", phone + ",,sms,*,granted," + day + "04T00:00:00Z"}, want: filter.Withdrawn},
		{name: "pending after a grant suppresses", events: []string{phone + ",,sms,promotion,granted," + day + "01T00:00:00Z", phone + ",,sms,promotion,pending," + day + "02T00:00:00Z"}, want: filter.Pending},
		{name: "a grant after pending permits", events: []string{phone + ",,sms,promotion,pending," + day + "01T00:00:00Z", phone + ",,sms,promotion,granted," + day + "02T00:00:00Z"}, want: filter.Permitted},
		{name: "at one instant pending comes before granted", events: []string{phone + ",,sms,promotion,pending," + day + "01T00:00:00Z", phone + ",,sms,promotion,granted," + day + "01T00:00:00Z"}, want: filter.Pending},
		{name: "pending does not answer a refusal", events: []string{phone + ",,sms,promotion,denied," + day + "01T00:00:00Z", phone + ",,sms,promotion,pending," + day + "02T00:00:00Z"}, want: filter.Denied},
		{name: "an act for another channel does not count", events: []string{phone + ",,email,promotion,granted," + day + "01T00:00:00Z"}, want: filter.NoConsent},
		{name: "an act for another purpose does not count", events: []string{phone + ",,sms,survey,granted," + day + "01T00:00:00Z"}, want: filter.NoConsent},
		{name: "an act after as-of is left out", asOf: "2026-01-01T12:00:00Z", events: []string{phone + ",,sms,promotion,granted," + day + "01T00:00:00Z", phone + ",,sms,promotion,denied," + day + "02T00:00:00Z"}, want: filter.Permitted},
		{name: "an act at as-of counts", asOf: "2026-01-02T00:00:00Z", events: []string{phone + ",,sms,promotion,granted," + day + "01T00:00:00Z", phone + ",,sms,promotion,denied," + day + "02T00:00:00Z"}, want: filter.Denied},
		{name: "a refusal dated after now counts at once", now: true, events: []string{phone + ",,sms,promotion,granted," + day + "01T00:00:00Z", phone + ",,sms,promotion,denied,2027-01-01T00:00:00Z"}, want: filter.Denied},
		{name: "a grant dated after now does not count", now: true, events: []string{phone + ",,sms,promotion,granted,2027-01-01T00:00:00Z"}, want: filter.NoConsent},
	})
}

func TestAGrantAnswersARefusalThatItReaches(t *testing.T) {
	const first, second = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
	both := phone + "," + email + ","
	check(t, []decision{
		{name: "a star grant does not lift a specific refusal", events: []string{phone + ",,sms,promotion,denied," + first, phone + ",,*,*,granted," + second}, want: filter.Denied},
		{name: "a star grant lifts a specific refusal when told to", also: "star_grants: lift\n", events: []string{phone + ",,sms,promotion,denied," + first, phone + ",,*,*,granted," + second}, want: filter.Permitted},
		{name: "a specific grant answers a star refusal for its cell", events: []string{phone + ",,*,*,denied," + first, phone + ",,sms,promotion,granted," + second}, want: filter.Permitted},
		{name: "a specific grant answers a star refusal for no other cell", cell: "email/promotion", events: []string{phone + ",,*,*,denied," + first, phone + ",,sms,promotion,granted," + second}, want: filter.Denied},
		{name: "a grant for all purposes answers a refusal for all purposes of its channel", events: []string{phone + ",,sms,*,denied," + first, phone + ",,sms,*,granted," + second}, want: filter.Permitted},
		{name: "a grant for all channels does not answer a refusal of a channel", events: []string{phone + ",,sms,*,denied," + first, phone + ",,*,promotion,granted," + second}, want: filter.Denied},
		{name: "a grant for all channels answers a refusal of its purpose over all channels", events: []string{phone + ",,*,promotion,denied," + first, phone + ",,*,promotion,granted," + second}, want: filter.Permitted},
		{name: "a star covers a purpose", events: []string{phone + ",,*,*,granted," + first}, want: filter.Permitted},
		{name: "a star does not cover a purpose that says so", cell: "sms/service", events: []string{phone + ",,*,*,granted," + first}, want: filter.NoConsent},
		{name: "a star over channels covers a purpose that is named", cell: "sms/service", events: []string{phone + ",,*,service,granted," + first}, want: filter.Permitted},
		{name: "a refusal under one identifier reaches the linked one", events: []string{both + "sms,promotion,granted," + first, "," + email + ",sms,promotion,denied," + second}, want: filter.Denied},
		{name: "a grant under another identifier lifts nothing", events: []string{both + "sms,promotion,denied," + first, "," + email + ",sms,promotion,granted," + second}, want: filter.Denied},
		{name: "a grant that names this identifier answers a refusal made under another", events: []string{both + "sms,survey,granted," + first, "," + email + ",sms,promotion,denied," + first, phone + ",,sms,promotion,granted," + second}, want: filter.Permitted},
		{name: "a re-grant where the refusal was made reaches the whole person", events: []string{both + "sms,promotion,granted," + first, "," + email + ",sms,promotion,denied," + first, "," + email + ",sms,promotion,granted," + second}, want: filter.Permitted},
		{name: "a re-grant at one of two refused identifiers does not reach a third", ask: "phone=13900000009", events: []string{"13900000009," + email + ",sms,survey,granted," + first, both + "sms,promotion,denied," + first, "," + email + ",sms,promotion,granted," + second}, want: filter.Denied},
		{name: "another person's act on a shared mailbox lifts nothing", events: []string{both + "sms,promotion,denied," + first, "13900000009," + email + ",sms,promotion,granted," + second}, want: filter.Denied},
		{name: "a grant under a linked identifier permits", events: []string{both + "sms,survey,granted," + first, "," + email + ",sms,promotion,granted," + second}, want: filter.Permitted},
		{name: "link refusals: a grant counts only for the identifiers that its event names", also: "link: refusals\n", events: []string{both + "sms,survey,granted," + first, "," + email + ",sms,promotion,granted," + second}, want: filter.NoConsent},
		{name: "link refusals: a refusal reaches the linked identifier", also: "link: refusals\n", events: []string{both + "sms,promotion,granted," + first, "," + email + ",sms,promotion,denied," + second}, want: filter.Denied},
		{name: "link refusals: a re-grant elsewhere lifts nothing here", also: "link: refusals\n", events: []string{both + "sms,promotion,granted," + first, "," + email + ",sms,promotion,denied," + first, "," + email + ",sms,promotion,granted," + second}, want: filter.Denied},
		{name: "link none: a refusal elsewhere does not reach", also: "link: none\n", events: []string{both + "sms,promotion,granted," + first, "," + email + ",sms,promotion,denied," + second}, want: filter.Permitted},
		{name: "link none: an event applies to each identifier that it holds", also: "link: none\n", events: []string{both + "sms,promotion,granted," + first}, want: filter.Permitted},
	})
}

func TestSharedIdentifiersLinkNobody(t *testing.T) {
	const first, second = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
	mailbox := []string{
		"13800000001,hall@example.com,sms,promotion,granted," + first,
		"13800000002,hall@example.com,sms,promotion,granted," + first,
		"13800000003,hall@example.com,sms,promotion,granted," + first,
	}
	refused := append(mailbox[:3:3], "13800000002,hall@example.com,sms,promotion,denied,"+second)
	check(t, []decision{
		{name: "a mailbox within max_links unites its people", events: refused, want: filter.Denied},
		{name: "a mailbox beyond max_links links nobody", also: "max_links: 2\n", events: refused, want: filter.Permitted},
		{name: "a mailbox beyond the limit of its kind links nobody", also: "max_links: {email: 2}\n", events: refused, want: filter.Permitted},
		{name: "the limit of another kind does not count", also: "max_links: {phone: 2}\n", events: refused, want: filter.Denied},
		{name: "as contact it is suppressed", also: "max_links: 2\n", cell: "email/promotion", ask: "email=hall@example.com", events: mailbox, want: filter.SharedIdentifier},
		{name: "as contact it is suppressed though nothing links", also: "max_links: 2\nlink: none\n", cell: "email/promotion", ask: "email=hall@example.com", events: mailbox, want: filter.SharedIdentifier},
		{name: "a refusal that names it is not lifted at the other identifiers alone", also: "max_links: 2\n", events: append(mailbox[:3:3],
			"13800000001,own@example.com,sms,survey,granted,"+first,
			"13800000002,own@example.com,sms,survey,granted,"+first,
			"13800000002,hall@example.com,sms,promotion,denied,"+first,
			"13800000002,,sms,promotion,granted,"+second), want: filter.Denied},
	})
}

func TestGrantsThatNoLongerHold(t *testing.T) {
	const at = "2026-01-01T00:00:00Z"
	grant := phone + ",,sms,promotion,granted," + at
	valid := strings.Replace(base, "promotion: {}", "promotion: {valid_for: 30d}", 1)
	versions := strings.Replace(base, "promotion: {}", `promotion: {notice: policy, min_notice_version: "2"}`, 1)
	override := strings.Replace(base, "promotion: {}", `promotion: {valid_for: 365d, channels: {sms: {valid_for: 1d}}}`, 1)
	check(t, []decision{
		{name: "a grant holds until it expires", events: []string{grant + ",2026-06-01T00:00:01Z"}, want: filter.Permitted},
		{name: "a grant expires at its expiry", events: []string{grant + ",2026-06-01T00:00:00Z"}, want: filter.Expired},
		{name: "of two grants of one instant the earlier expiry counts", events: []string{grant + ",2027-01-01T00:00:00Z", grant + ",2026-05-01T00:00:00Z"}, want: filter.Expired},
		{name: "a later grant with a later expiry counts", events: []string{grant + ",2026-05-01T00:00:00Z", phone + ",,sms,promotion,granted,2026-01-02T00:00:00Z"}, want: filter.Permitted},
		{name: "an expiry of a refusal is ignored", events: []string{phone + ",,sms,promotion,denied," + at + ",2026-02-01T00:00:00Z"}, want: filter.Denied},
		{name: "a far expiry does not wrap", events: []string{grant + ",9999-12-31T23:59:59Z"}, want: filter.Permitted},
		{name: "valid_for ends a grant", config: valid, events: []string{grant}, want: filter.Expired},
		{name: "valid_for ends a grant at its instant", config: valid, asOf: "2026-01-31T00:00:00Z", events: []string{grant}, want: filter.Expired},
		{name: "valid_for lets a grant hold before", config: valid, asOf: "2026-01-30T23:59:59Z", events: []string{grant}, want: filter.Permitted},
		{name: "the earlier of expiry and valid_for counts", config: valid, asOf: "2026-01-15T00:00:00Z", events: []string{grant + ",2026-01-10T00:00:00Z"}, want: filter.Expired},
		{name: "a channel may say otherwise", config: override, events: []string{grant}, want: filter.Expired},
		{name: "a channel's word holds for no other channel", config: override, cell: "email/promotion", ask: "email=" + email, events: []string{"," + email + ",email,promotion,granted," + at}, want: filter.Permitted},
		{name: "an older version is outdated", config: versions, events: []string{grant + ",,1,policy"}, want: filter.NoticeOutdated},
		{name: "the least version holds", config: versions, events: []string{grant + ",,2,policy"}, want: filter.Permitted},
		{name: "no version is outdated", config: versions, events: []string{grant}, want: filter.NoticeOutdated},
		{name: "an unlisted version is outdated", config: versions, events: []string{grant + ",,9,policy"}, want: filter.NoticeOutdated},
		{name: "a version that one notice lists needs no name", config: versions, events: []string{grant + ",,3"}, want: filter.Permitted},
		{name: "a version that two notices list counts as none without a name", config: versions, events: []string{grant + ",,2"}, want: filter.NoticeOutdated},
		{name: "another notice's version counts as none", config: versions, events: []string{grant + ",,7,app-policy"}, want: filter.NoticeOutdated},
		{name: "of two grants of one instant the lower version counts", config: versions, events: []string{grant + ",,3,policy", grant + ",,1,policy"}, want: filter.NoticeOutdated},
		{name: "outdated comes before expired", config: versions, events: []string{grant + ",2026-02-01T00:00:00Z,1,policy"}, want: filter.NoticeOutdated},
	})
}

func TestListsAndQuarantineComeFirst(t *testing.T) {
	const at = "2026-01-01T00:00:00Z"
	both := phone + "," + email + ",sms,promotion,granted," + at
	check(t, []decision{
		{name: "a listed identifier is suppressed", list: "phone\n138 0000 0001\n", events: []string{both}, want: filter.SuppressionList},
		{name: "a list comes before a refusal", list: "phone\n13800000001\n", events: []string{phone + ",,sms,promotion,denied," + at}, want: filter.SuppressionList},
		{name: "a list reaches the subject", list: "email\na@example.com\n", subject: true, events: []string{both}, want: filter.SuppressionList},
		{name: "a list for identifiers reaches no other", list: "email\na@example.com\n", events: []string{both}, want: filter.Permitted},
		{name: "a list holds for whom the consent does not know", cell: "sms/survey", list: "phone\n13800000001\n", events: []string{"13900000009,,sms,survey,granted," + at}, want: filter.SuppressionList},
		{name: "a quarantined record suppresses whom it names", bad: true, events: []string{both, phone + ",,sms,promotion,maybe," + at}, want: filter.UnreadableConsent},
		{name: "a quarantined record suppresses the whole subject", bad: true, events: []string{both, "," + email + ",email,promotion,maybe," + at}, want: filter.UnreadableConsent},
		{name: "a quarantined record links nobody", bad: true, events: []string{phone + ",,sms,promotion,granted," + at, "13900000009,x@example.com,sms,promotion,maybe," + at}, want: filter.Permitted},
		{name: "a quarantined record suppresses in opt-out cells whoever stands in nothing else", bad: true, cell: "sms/survey", events: []string{phone + ",,sms,survey,maybe," + at, "13900000009,,sms,survey,granted," + at}, want: filter.UnreadableConsent},
	})
}
