package consentload

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheNearestWordIsTheOneThatWasMeant(t *testing.T) {
	known := []string{"sms", "email", "min_notice_version", "channels", "营销", "phone", "push"}
	for word, want := range map[string]string{
		"smss": "sms", "emial": "email", "min-notice-version": "min_notice_version", "Chanels": "channels",
		"EMAIL": "email", " phone": "phone", "营消": "营销", "fax": "", "": "", "notice": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
	if got := Nearest("ab", nil); got != "" {
		t.Errorf("got %q of nothing", got)
	}
}

func TestEditsAreADistance(t *testing.T) {
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("abc手")), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b := []rune(letters.Draw(t, "a")), []rune(letters.Draw(t, "b"))
		there, back := editDistance(a, b), editDistance(b, a)
		if there != back {
			t.Fatalf("%d there, %d back", there, back)
		}
		if (there == 0) != (string(a) == string(b)) {
			t.Fatalf("%d edits between %q and %q", there, string(a), string(b))
		}
		if there > max(len(a), len(b)) || there < max(len(a), len(b))-min(len(a), len(b)) {
			t.Fatalf("%d edits between %q and %q", there, string(a), string(b))
		}
	})
}

func TestAMessageRepeatsNoIdentifier(t *testing.T) {
	for _, value := range []string{"13800138000", "+86 138-0013-8000", "a@b.cn", "１３８００１３８０００", "a＠b.cn", "x1y2z3w4v5u6t7"} {
		if told := quoteSafely(value); strings.ContainsAny(told, "0123456789@１＠") {
			t.Errorf("a message repeats %q", told)
		}
	}
	for value, want := range map[string]string{
		"sms": `"sms"`, "营销": `"营销"`, "123456": `"123456"`, "\x1b[2J": `"` + "\uFFFD" + `[2J"`,
		strings.Repeat("x", 60): `"` + strings.Repeat("x", 48) + `…"`,
	} {
		if got := quoteSafely(value); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
