package consentload

import "testing"

func TestAWordOfARecordIsFoldedAsANameIs(t *testing.T) {
	for _, word := range []string{
		"", "a", "ACTIVE", "True", " yes ", "yes\t", "did-not-subscribe", "NEVER SUBSCRIBED", "Ä", "ПРОДАЖА", "\u200bno", "\ufeffno", "no\x00", "K", "İ",
		"a word that is much longer than most words of platforms are", "\xff",
	} {
		var room [32]byte
		if got := string(foldWord(room[:0], []byte(word))); got != foldName(word) {
			t.Errorf("%q: %q, want %q", word, got, foldName(word))
		}
	}
}
