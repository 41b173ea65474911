package consentload

import (
	"encoding/json"
	"strings"
	"testing"
)

const sumHeader = "phone,email,channel,purpose,status,occurred_at,expires_at\n"

// actsOf loads an export, and returns the digest of its acts.
func actsOf(t *testing.T, rows ...string) ActSum {
	t.Helper()
	report := watchLoad(t, catalogOf(t, "version: 1\n"), Options{}, map[string]string{"acts.csv": sumHeader + strings.Join(rows, "\n") + "\n"})
	if report.Total.Acts != report.Sources[0].Tally.Acts {
		t.Fatal("a single source is not all")
	}
	return report.Total.Acts
}

func TestTheDigestOfActsTellsOneSetOfActsFromAnother(t *testing.T) {
	const (
		one = "13800000001,a@example.com,sms,promotion,granted,2026-01-01T00:00:00Z,2027-01-01T00:00:00Z"
		two = "13800000002,,sms,promotion,denied,2026-01-02T00:00:00Z,"
	)
	want := actsOf(t, one, two)
	if want == (ActSum{}) {
		t.Fatal("the digest is empty")
	}
	for name, rows := range map[string][]string{
		"another order":                         {two, one},
		"another way to write":                  {strings.ReplaceAll(one, "13800000001", "+86 138-0000-0001"), strings.ReplaceAll(two, "denied", "DENIED")},
		"another zone of one time":              {strings.ReplaceAll(one, "2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00"), two},
		"an identifier that has no normal form": {one, strings.ReplaceAll(two, ",,", ",nobody,")},
	} {
		if got := actsOf(t, rows...); got != want {
			t.Errorf("%s: the digest is %v, not %v", name, got, want)
		}
	}
	seen := map[ActSum]string{want: "the same"}
	for _, change := range [][2]string{
		{"13800000001", "13800000003"},
		{"a@", "b@"},
		{"a@example.com", ""},
		{"sms", "email"},
		{"promotion", "service"},
		{"granted", "pending"},
		{"01T", "02T"},
		{"2027", "2028"},
	} {
		got := actsOf(t, strings.Replace(one, change[0], change[1], 1), two)
		if other, met := seen[got]; met {
			t.Errorf("%s instead of %s has the digest of %s", change[1], change[0], other)
		}
		seen[got] = change[1]
	}
	for name, rows := range map[string][]string{"one act": {one}, "the other act": {two}, "an act twice": {one, two, two}} {
		if got := actsOf(t, rows...); seen[got] != "" {
			t.Errorf("%s: the digest is that of %s", name, seen[got])
		}
	}
	sum := actsOf(t, one)
	sum.Add(actsOf(t, two))
	if sum != want {
		t.Errorf("the digests of two halves come to %v, not %v", sum, want)
	}
}

func TestTheDigestOfActsIsWrittenAndReadBack(t *testing.T) {
	want := ActSum{0x0123456789abcdef, 0xfedcba9876543210}
	text, err := json.Marshal(want)
	if err != nil || string(text) != `"0123456789abcdeffedcba9876543210"` {
		t.Fatalf("%s, %v", text, err)
	}
	var got ActSum
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{`""`, `"0123"`, `"0123456789abcdefFedcba987654321x"`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s is no digest", bad)
		}
	}
}
