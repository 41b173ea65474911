package consentload

import (
	"strings"
	"unicode"
)

// Nearest returns the known word that is nearest to word by edits (a letter more, less, other, or two exchanged),
// without regard to case and to hyphens. It returns "" when none is near enough to be meant; of two equally near
// ones the first.
func Nearest(word string, known []string) string {
	best, least := "", -1
	for _, candidate := range known {
		a, b := spelling(word), spelling(candidate)
		edits := editDistance(a, b)
		if edits > (max(len(a), len(b))+1)/3 {
			continue
		}
		if least < 0 || edits < least {
			best, least = candidate, edits
		}
	}
	return best
}

func spelling(word string) []rune {
	return []rune(strings.ToLower(strings.ReplaceAll(strings.TrimSpace(word), "-", "_")))
}

// editDistance is the optimal string alignment distance.
func editDistance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j])
			if a[i] != b[j] {
				row[j+1] = min(last[j+1], row[j], last[j]) + 1
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// suggestion is the mend for a word that is none of the known ones: the nearest, or all of them.
func suggestion(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return "did you mean " + quoteSafely(near) + "?"
	}
	const most = 20
	if len(known) == 0 || len(known) > most {
		return ""
	}
	words := make([]string, len(known))
	for i, one := range known {
		words[i] = quoteSafely(one)
	}
	return "known: " + strings.Join(words, ", ")
}

const (
	identifierDigits = 7  // from so many digits on a value may be a phone or customer number
	quotedRunes      = 48 // so much of a value is told
)

// quoteSafely quotes a value for a message, unless it may be an identifier: messages end in logs.
func quoteSafely(value string) string {
	if mayIdentify(value) {
		return `"…" (not shown, as it may be an identifier)`
	}
	runes := []rune(strings.ToValidUTF8(value, "\uFFFD"))
	if len(runes) > quotedRunes {
		return `"` + printable(string(runes[:quotedRunes])) + `…"`
	}
	return `"` + printable(string(runes)) + `"`
}

// printable is text with nothing in it that could move a terminal's cursor.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

func mayIdentify(value string) bool {
	digits := 0
	for _, r := range value {
		if r == '@' || r == '＠' {
			return true
		}
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits >= identifierDigits
}
