package formats

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzMembersAndElements holds the walk into a text to encoding/json: what one takes for an object or an array the other
// does too, with the same parts.
func FuzzMembersAndElements(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `{"a":1}`, `{"a":1,"a":null}`, `{"\u0061":[1,{"b":"x\ny"}]}`, `[1 , "2",{}, [] ]`, `[1]]`, `{"a":1}x`, `[1,]`, `{"a"}`, `{,}`, `[`, `{"a":"`, `{"\ud800":1}`,
		`["\ud800"]`, `{ }`, `[ ]`, `[1 2]`, `{"a":01}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 {
			return
		}
		switch text[0] {
		case '{':
			members, whole := AppendMembers(nil, text)
			var want map[string]json.RawMessage
			valid := bytes.HasSuffix(text, []byte("}")) && json.Unmarshal(text, &want) == nil
			if whole && !valid {
				t.Fatalf("%q is taken for an object", text)
			}
			if !whole {
				return // deeper than a record may be, or a key that no text holds
			}
			last := map[string][]byte{}
			for _, m := range members {
				last[string(bytes.ToValidUTF8(m.Key, []byte("\ufffd")))] = m.Value
			}
			for key, value := range want {
				if got, ok := last[key]; ok && !bytes.Equal(got, bytes.TrimSpace(value)) {
					t.Fatalf("%q: %q is %q, want %q", text, key, got, value)
				} else if !ok && bytes.Equal(bytes.ToValidUTF8(text, nil), text) {
					t.Fatalf("%q: %q is missing", text, key)
				}
			}
		case '[':
			elements, whole := AppendElements(nil, text)
			var want []json.RawMessage
			valid := bytes.HasSuffix(text, []byte("]")) && json.Unmarshal(text, &want) == nil
			if whole && !valid {
				t.Fatalf("%q is taken for an array", text)
			}
			if !whole {
				return
			}
			if len(elements) != len(want) {
				t.Fatalf("%q: %d elements, want %d", text, len(elements), len(want))
			}
			for i := range want {
				if !bytes.Equal(elements[i], bytes.TrimSpace(want[i])) {
					t.Fatalf("%q: element %d is %q, want %q", text, i, elements[i], want[i])
				}
			}
		}
	})
}

// What encoding/json reads is refused only for its depth or for a key that no text can hold.
func TestMembersAndElementsAreReadWhereverTheyAreJSON(t *testing.T) {
	for text, parts := range map[string]int{
		`{}`: 0, `{ }`: 0, `{"a":1}`: 1, `{"a":1,"a":2}`: 2, `{"\u0061":{"b":[]}, "c" : "x"}`: 2, `[]`: 0, `[ ]`: 0, `[1 , "]",{}, [[]] ]`: 4,
		`{"a":1}}`: -1, `{"a":1} `: -1, `[1]x`: -1, `[1,]`: -1, `[1 2]`: -1, `[`: -1, `{`: -1, `{"a":1,}`: -1, `{"\ud800":1}`: -1, `{"a":tru}`: -1,
	} {
		var got int
		var whole bool
		if text[0] == '{' {
			members, ok := AppendMembers(nil, []byte(text))
			got, whole = len(members), ok
		} else {
			elements, ok := AppendElements(nil, []byte(text))
			got, whole = len(elements), ok
		}
		if !whole {
			got = -1
		}
		if got != parts {
			t.Errorf("%s has %d parts, want %d", text, got, parts)
		}
	}
}
