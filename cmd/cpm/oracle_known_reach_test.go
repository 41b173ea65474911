package main

import (
	"testing"
	"time"
)

// refReach are known worlds about whom an act, a list or a flag reaches; refVerdicts are those about one identifier.
var refReach = []refKnown{
	{
		"link refusals lets a refusal through but no grant",
		"p1 e1 email service granted 1; e1 sms promotion granted 2; p2 e2 email service granted 1; p2 sms promotion granted 2; " +
			"e2 sms promotion denied 3",
		"p1;p2", "no_consent denied", refLinked("refusals"),
	},
	{
		"link refusals takes no re-grant made elsewhere",
		"p1 e1 email service granted 1; p1 sms promotion granted 1; e1 sms promotion withdrawn 2; e1 sms promotion granted 3",
		"p1", "withdrawn", refLinked("refusals"),
	},
	{
		"link refusals lets pending reach the subject",
		"p1 e1 sms promotion granted 1; e1 sms promotion pending 2",
		"p1", "pending", refLinked("refusals"),
	},
	{
		"link none keeps every identifier apart",
		"p1 e1 sms promotion granted 1; e1 sms promotion withdrawn 2; e1 c1 sms promotion denied 2",
		"p1", "permitted", refLinked("none"),
	},
	{
		"a value beside too many others links nothing and is shared",
		"p1 d1 sms promotion granted 2; p2 d1 sms promotion granted 2; p3 d1 sms promotion withdrawn 2; " +
			"p9 e1 sms promotion granted 2; p9 e2 sms promotion granted 2; p9 e3 sms promotion granted 2",
		"p1;p3;p9", "permitted withdrawn shared_identifier", func(w *refWorld) { w.Config.MaxLinks = 2 },
	},
	{
		"as many as max_links still link",
		"p1 d1 sms promotion granted 2; p2 d1 sms promotion withdrawn 3",
		"p1", "withdrawn", func(w *refWorld) { w.Config.MaxLinks = 2 },
	},
	{
		"a stranger's grant at a shared value lifts nothing",
		"p1 e1 email service granted 1; e1 d1 sms promotion withdrawn 2; e1 sms promotion granted 3; p2 d1 sms promotion granted 3; " +
			"p3 d1 sms promotion granted 3",
		"p1", "withdrawn", func(w *refWorld) { w.Config.MaxLinks = 1 },
	},
	{
		"a list reaches the subject, or the identifier alone",
		"p1 e1 sms promotion granted 2; p2 e2 sms promotion granted 2",
		"p1;p2", "suppression_list permitted", func(w *refWorld) { refStopped("subject", "e1")(w); refStopped("identifier", "e2")(w) },
	},
	{
		"a list for another channel does not count",
		"p1 sms promotion granted 2",
		"p1", "permitted", func(w *refWorld) { refStopped("", "p1")(w); w.Lists[0].Channels = []string{"email"} },
	},
	{
		"a list goes before a standing refusal",
		"p1 sms promotion denied 2",
		"p1", "suppression_list", refStopped("", "p1"),
	},
	{
		"an empty list stops the run",
		"",
		"p1", "exit 12", func(w *refWorld) { refStopped("", "p1")(w); w.Lists[0].Table.Rows = nil },
	},
	{
		"an unreadable record stops the load",
		"p1 sms promotion maybe 2",
		"p1", "exit 11", nil,
	},
	{
		"quarantine suppresses the subject in every cell",
		"p1 e1 sms promotion granted 2; e1 email service maybe 2; p2 sms promotion granted 2",
		"p1;p2", "unreadable_consent permitted", refQuarantining,
	},
	{
		"a refusal without a readable identifier stops even then",
		"p! sms promotion denied 2",
		"p1", "exit 11", refQuarantining,
	},
	{
		"a grant without a readable identifier passes in quarantine",
		"p! sms promotion granted 2; p1 sms promotion granted 2",
		"p1", "permitted", refQuarantining,
	},
	{
		"an empty export stops the run",
		"",
		"p1", "exit 12", func(w *refWorld) { w.Exports[0].Rows = nil },
	},
	{
		"a refusal that --kinds leaves without identifier stops the run",
		"e1 sms promotion denied 2",
		"p1", "exit 12", func(w *refWorld) { w.Kinds = []string{"phone"} },
	},
	{
		"accepted, it goes on",
		"e1 sms promotion denied 2; p1 e1 sms promotion granted 2",
		"p1", "permitted", func(w *refWorld) { w.Kinds, w.AcceptUnread = []string{"phone"}, true },
	},
	{
		"ignored names are passed over, and link nothing",
		"p1 sms promotion granted 2; p1 e1 fax promotion granted 2; e1 sms promotion denied 3",
		"p1", "permitted", func(w *refWorld) { w.Config.IgnoreChannels = []string{"fax"} },
	},
	{
		"a name that the configuration does not know is a bad record",
		"p1 sms lottery granted 2",
		"p1", "exit 11", nil,
	},
	{
		"rows that cannot be split or read are told so",
		"p1 sms promotion granted 2",
		"p1 long;p!;;p1", "malformed_row invalid_identifier invalid_identifier permitted", nil,
	},
	{
		"dedupe keeps the first permitted",
		"p1 sms promotion granted 2; p2 sms promotion denied 2",
		"p1;p2;p2;p1", "permitted denied denied duplicate", func(w *refWorld) { w.Dedupe = "identifier" },
	},
	{
		"dedupe by subject sees two phones of one person",
		"p1 e1 sms promotion granted 2; p2 e1 sms promotion granted 2",
		"p1;p2", "permitted duplicate", func(w *refWorld) { w.Dedupe = "subject" },
	},
	{
		"match all asks the others for nothing against it",
		"p1 sms promotion granted 2; e1 sms promotion denied 2; e2 sms promotion granted 1 exp=2",
		"p1 e1;p1 e2;p1 e3;p2 e2", "denied permitted permitted no_consent", refMatching("all"),
	},
	{
		"match all meets a list on any identifier first",
		"p1 sms promotion denied 2",
		"p1 e1", "suppression_list", refMatching("all", refStopped("", "e1")),
	},
	{
		"match any falls back while unknown, in the order of --id",
		"e1 sms promotion granted 2; c1 sms promotion denied 2; p2 email service granted 2",
		"p1 e1 c1;p1 e2 c1;p2 e1;p9 e9", "permitted denied no_consent no_consent", refMatching("any"),
	},
	{
		"match any never falls back for opt-out",
		"e1 sms promotion denied 2",
		"p1 e1", "permitted", refMatching("any", refPolicyOf(refPolicy{Basis: "opt_out"})),
	},
	{
		"match any needs a readable contact",
		"e1 sms promotion granted 2",
		"p! e1", "invalid_identifier", refMatching("any"),
	},
}

// TestReferenceReadsTimesAndIdentifiers holds the readings below the verdicts to known answers.
func TestReferenceReadsTimesAndIdentifiers(t *testing.T) {
	for _, k := range []struct{ text, zone, earlier, later string }{
		{"2025-06-01T08:00:00+08:00", "", "2025-06-01T00:00:00Z", "2025-06-01T00:00:00Z"},
		{"1748736000", "", "2025-06-01T00:00:00Z", "2025-06-01T00:00:00Z"},
		{"1748736000001", "", "2025-06-01T00:00:00.001Z", "2025-06-01T00:00:00.001Z"},
		{"2025-06-01 08:00:00.500", "Asia/Shanghai", "2025-06-01T00:00:00.5Z", "2025-06-01T00:00:00.5Z"},
		{"2025-11-02T01:30:00", "America/New_York", "2025-11-02T05:30:00Z", "2025-11-02T06:30:00Z"},
		{"2025-03-09 02:30:00", "America/New_York", "2025-03-09T06:30:00Z", "2025-03-09T07:30:00Z"},
		{"2025-03-09 03:30:00", "America/New_York", "2025-03-09T07:30:00Z", "2025-03-09T07:30:00Z"},
		{"2025-06-01 08:00:00", "", "", ""},
		{"2025-06-01", "UTC", "", ""},
		{"17487360001", "UTC", "", ""},
	} {
		earlier, later, ok := refInstants(k.text, k.zone)
		got := []string{earlier.UTC().Format(time.RFC3339Nano), later.UTC().Format(time.RFC3339Nano)}
		if ok != (k.earlier != "") || ok && (got[0] != k.earlier || got[1] != k.later) {
			t.Errorf("%s in %q: got %v %v", k.text, k.zone, got, ok)
		}
	}
	for _, k := range []struct{ kind, text, want string }{
		{"phone", " tel:+86-138-0013-8000", "+8613800138000"},
		{"phone", "'13800138000.0", "+8613800138000"},
		{"phone", "１３８００１３８０００", "+8613800138000"},
		{"phone", "17912345678", "+8617912345678"},
		{"phone", "1.38E+10", ""},
		{"phone", "13800138000/13900139001", ""},
		{"phone", "12800138000", ""},
		{"email", " Ann@X.CN ", "ann@x.cn"},
		{"email", "a@@x.cn", ""},
		{"device_id", " DEV-a", "dev-a"},
		{"customer_id", " C1 ", "C1"},
		{"customer_id", " ", ""},
	} {
		if got, ok := refNormal(k.kind, k.text); ok != (k.want != "") || ok && got != k.want {
			t.Errorf("%s %q: got %q %v, want %q", k.kind, k.text, got, ok, k.want)
		}
	}
}
