package consentload

import (
	"bytes"
	"fmt"
	"strings"
)

// Tell returns a name that stands in an export as it is, or its length when it may be an identifier.
func Tell(name string) string {
	if told := tellable([]byte(name)); !strings.HasPrefix(told, `"`) {
		return told
	}
	return name
}

// tellable returns a value in quotes when it cannot be an identifier, else its length: a shifted column may hold a
// phone number or an address where a word was expected. Short and nearly without digits is a word.
func tellable(value []byte) string {
	if len(value) == 0 {
		return ""
	}
	digits := 0
	for _, c := range value {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	if len(value) > 20 || digits > 2 || bytes.ContainsAny(value, "@＠０１２３４５６７８９\r\n") {
		return untold(value)
	}
	return fmt.Sprintf("%q", value)
}

// untold tells the length of a value and nothing else.
func untold(value []byte) string {
	return fmt.Sprintf("a value of %d characters", len([]rune(string(value))))
}

// pattern tells the form of a value and not the value: digits become d, letters a.
func pattern(value []byte) string {
	const longest = 40
	form := make([]rune, 0, longest)
	for _, c := range string(value) {
		switch {
		case len(form) == longest:
			return fmt.Sprintf("%q…", string(form))
		case c >= '0' && c <= '9':
			c = 'd'
		case c == ' ' || c == '-' || c == ':' || c == '/' || c == '.' || c == '+':
		default:
			c = 'a'
		}
		form = append(form, c)
	}
	return fmt.Sprintf("%q", string(form))
}
