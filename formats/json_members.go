package formats

import "bytes"

// JSONMember is one member of an object: its key as its writer meant it, its value as it is written.
type JSONMember struct{ Key, Value []byte }

// AppendMembers appends the members of the object that a text is; the text begins with its brace. The slices point into
// it, but for keys that are written with escapes. It reports false where the text is no valid JSON, or anything stands
// behind the object, or a key is one that no text can hold.
func AppendMembers(to []JSONMember, text []byte) ([]JSONMember, bool) {
	whole := true
	m := membersOf(text, 0, 0)
	for m.next() {
		key := m.key
		if m.escaped {
			var readable bool
			key, readable = unescape(nil, key)
			whole = whole && readable
		}
		from := m.value
		if m.pass(); m.at < 0 {
			break
		}
		to = append(to, JSONMember{Key: key, Value: text[from:m.at]})
	}
	return to, whole && m.at == len(text)
}

// AppendElements appends the elements of the array that a text is; the text begins with its bracket. The slices point
// into it. It reports false where the text is no valid JSON, or anything stands behind the array.
func AppendElements(to [][]byte, text []byte) ([][]byte, bool) {
	at := jsonSpace(text, 1)
	if at < len(text) && text[at] == ']' {
		return to, at+1 == len(text)
	}
	for {
		end := jsonValue(text, at, 1)
		if end < 0 {
			return to, false
		}
		to = append(to, text[at:end])
		switch at = jsonSpace(text, end); {
		case at < len(text) && text[at] == ',':
			at = jsonSpace(text, at+1)
		default:
			return to, at+1 == len(text) && text[at] == ']'
		}
	}
}

// JSONText returns a valid value as text: a string without its quotes and escapes, nil for null, all else as it is
// written. It reports false for a string that no text can hold.
func JSONText(value []byte) ([]byte, bool) {
	if len(value) == 0 || value[0] == 'n' {
		return nil, true
	}
	if value[0] != quote {
		return value, true
	}
	raw := value[1 : len(value)-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw, true
	}
	return unescape(make([]byte, 0, len(raw)), raw)
}
