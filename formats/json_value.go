package formats

import (
	"unicode/utf16"
	"unicode/utf8"

	"cpm/formats/cells"
)

// The grammar of JSON (RFC 8259), read from bytes without building anything. A function that reads a value takes the
// position of its first byte and returns the one behind its last, or, below zero, why there is none.

const (
	jsonCut  = -1 // the text ends before the value does
	jsonBad  = -2 // the text is not JSON
	jsonDeep = -3 // the value is nested more than jsonDepth deep
)

// jsonDepth is how deep a record may be nested; real ones stay below 20.
const jsonDepth = 512

// jsonSpace returns the position of the first byte from at on that is no white space.
func jsonSpace(data []byte, at int) int {
	const spaces = 1<<' ' | 1<<'\t' | 1<<'\r' | 1<<'\n'
	for at < len(data) && data[at] <= ' ' && spaces>>data[at]&1 != 0 {
		at++
	}
	return at
}

// jsonValue reads the value at at, which stands so deep in others.
func jsonValue(data []byte, at, depth int) int {
	if at >= len(data) {
		return jsonCut
	}
	switch data[at] {
	case '"':
		end, _ := jsonString(data, at+1)
		return end
	case '{':
		m := membersOf(data, at, depth)
		for m.next() {
			m.pass()
		}
		return m.at
	case '[':
		return jsonElements(data, at, depth+1)
	case 't':
		return jsonWord(data, at, "true")
	case 'f':
		return jsonWord(data, at, "false")
	case 'n':
		return jsonWord(data, at, "null")
	}
	return jsonNumber(data, at)
}

// jsonElements reads an array, whose elements stand so deep.
func jsonElements(data []byte, at, depth int) int {
	if depth > jsonDepth {
		return jsonDeep
	}
	at = jsonSpace(data, at+1)
	if at < len(data) && data[at] == ']' {
		return at + 1
	}
	for {
		if at = jsonValue(data, at, depth); at < 0 {
			return at
		}
		if at = jsonSpace(data, at); at >= len(data) {
			return jsonCut
		}
		switch data[at] {
		case ']':
			return at + 1
		case ',':
			at = jsonSpace(data, at+1)
		default:
			return jsonBad
		}
	}
}

// jsonMembers reads the members of an object one by one: next moves to a member and leaves its value to the caller,
// who passes it or reads it and sets at behind it. When next reports false, at is behind the object, or says why not.
type jsonMembers struct {
	data    []byte
	at      int
	depth   int    // of the values
	key     []byte // as it is written, without its quotes
	escaped bool   // the key is written with escapes
	value   int    // where the value begins
	begun   bool
}

// membersOf begins the object at at, which stands so deep in others.
func membersOf(data []byte, at, depth int) jsonMembers {
	if depth++; depth > jsonDepth {
		return jsonMembers{at: jsonDeep}
	}
	return jsonMembers{data: data, at: at + 1, depth: depth}
}

func (m *jsonMembers) next() bool {
	if m.at < 0 {
		return false
	}
	at := jsonSpace(m.data, m.at)
	if at >= len(m.data) {
		return m.stop(jsonCut)
	}
	switch c := m.data[at]; {
	case c == '}':
		return m.stop(at + 1)
	case !m.begun:
		m.begun = true
	case c == ',':
		at = jsonSpace(m.data, at+1)
	default:
		return m.stop(jsonBad)
	}
	return m.open(at)
}

// open reads the key at at, and what stands before its value.
func (m *jsonMembers) open(at int) bool {
	if at >= len(m.data) {
		return m.stop(jsonCut)
	}
	if m.data[at] != '"' {
		return m.stop(jsonBad)
	}
	end, escaped := jsonString(m.data, at+1)
	if end < 0 {
		return m.stop(end)
	}
	m.key, m.escaped = m.data[at+1:end-1], escaped
	if at = jsonSpace(m.data, end); at < len(m.data) && m.data[at] != ':' {
		return m.stop(jsonBad)
	}
	if m.value = jsonSpace(m.data, at+1); m.value >= len(m.data) {
		return m.stop(jsonCut)
	}
	return true
}

func (m *jsonMembers) stop(at int) bool {
	m.at = at
	return false
}

// pass reads over the value.
func (m *jsonMembers) pass() { m.at = jsonValue(m.data, m.value, m.depth) }

// name returns the key as its writer meant it.
func (m *jsonMembers) name() string {
	if !m.escaped {
		return string(m.key)
	}
	name, _ := unescape(nil, m.key)
	return string(name)
}

// is reports whether this is the key.
func (m *jsonMembers) is(key string) bool {
	if !m.escaped {
		return string(m.key) == key
	}
	var room [64]byte
	name, _ := unescape(room[:0], m.key)
	return string(name) == key
}

// jsonWord reads one of the three words that are values.
func jsonWord(data []byte, at int, word string) int {
	text := data[at:min(at+len(word), len(data))]
	switch {
	case string(text) == word:
		return at + len(word)
	case string(text) == word[:len(text)]:
		return jsonCut
	}
	return jsonBad
}

// jsonNumber reads a number. One at the very end of the text is taken as whole; in an object it never stands there.
func jsonNumber(data []byte, at int) int {
	if data[at] == '-' {
		at++
	}
	if at < len(data) && data[at] == '0' {
		at++
	} else if at = jsonDigits(data, at); at < 0 {
		return at
	}
	if at < len(data) && data[at] == '.' {
		if at = jsonDigits(data, at+1); at < 0 {
			return at
		}
	}
	if at < len(data) && data[at]|0x20 == 'e' {
		if at++; at < len(data) && (data[at] == '+' || data[at] == '-') {
			at++
		}
		return jsonDigits(data, at)
	}
	return at
}

// jsonDigits reads one digit or more.
func jsonDigits(data []byte, at int) int {
	from := at
	for at < len(data) && data[at]-'0' <= 9 {
		at++
	}
	switch {
	case at > from:
		return at
	case at >= len(data):
		return jsonCut
	}
	return jsonBad
}

// jsonString reads the rest of a string, whose opening quote stands before at.
func jsonString(data []byte, at int) (end int, escaped bool) {
	for {
		if at = cells.PlainEnd(data, at); at >= len(data) {
			return jsonCut, escaped
		}
		switch data[at] {
		case '"':
			return at + 1, escaped
		case '\\':
			escaped = true
			if at = jsonEscape(data, at+1); at < 0 {
				return at, escaped
			}
		default:
			return jsonBad, escaped
		}
	}
}

// jsonEscape reads what follows a backslash.
func jsonEscape(data []byte, at int) int {
	if at >= len(data) {
		return jsonCut
	}
	switch data[at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return at + 1
	case 'u':
		for i := at + 1; i <= at+4; i++ {
			if i >= len(data) {
				return jsonCut
			}
			if hexDigit(data[i]) < 0 {
				return jsonBad
			}
		}
		return at + 5
	}
	return jsonBad
}

func hexDigit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return -1
}

// unescape appends what a valid string means. It reports false when half a surrogate pair stands alone: no text holds
// that, and U+FFFD, which is appended, would make one of many different strings.
func unescape(dst, raw []byte) ([]byte, bool) {
	whole := true
	for at := 0; at < len(raw); {
		if raw[at] != '\\' {
			dst = append(dst, raw[at])
			at++
			continue
		}
		c := raw[at+1]
		at += 2
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			point := unicodeEscape(raw[at:])
			at += 4
			if utf16.IsSurrogate(point) {
				if at+6 <= len(raw) && raw[at] == '\\' && raw[at+1] == 'u' {
					point = utf16.DecodeRune(point, unicodeEscape(raw[at+2:]))
				} else {
					point = utf8.RuneError
				}
				if point == utf8.RuneError {
					whole = false
				} else {
					at += 6
				}
			}
			dst = utf8.AppendRune(dst, point)
			continue
		}
		dst = append(dst, c)
	}
	return dst, whole
}

// unicodeEscape returns the number that four hexadecimal digits write.
func unicodeEscape(digits []byte) (point rune) {
	for _, c := range digits[:4] {
		point = point<<4 | hexDigit(c)
	}
	return point
}
