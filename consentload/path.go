package consentload

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"cpm/formats"
)

// step is one key of a path into a value of JSON, and what is done with what stands there.
type step struct {
	key       string
	all       bool   // []: each element of the array
	field, is string // [field=is]: the elements of the array in which a member has that value
	entries   bool   // {}: each member of the object
}

// parsePath cuts a path at its dots. Brackets of another form than [], [NAME=VALUE] and {} belong to the key: tables
// have columns with such names.
func parsePath(path string) []step {
	var steps []step
	for key := range strings.SplitSeq(strings.TrimPrefix(path, "."), ".") {
		s := step{key: key}
		if rest, ok := strings.CutSuffix(key, "[]"); ok {
			s.key, s.all = rest, true
		} else if rest, ok := strings.CutSuffix(key, "{}"); ok {
			s.key, s.entries = rest, true
		} else if name, filter, ok := strings.Cut(key, "["); ok && strings.HasSuffix(filter, "]") {
			if field, is, ok := strings.Cut(strings.TrimSuffix(filter, "]"), "="); ok {
				s.key, s.field, s.is = name, field, is
			}
		}
		steps = append(steps, s)
	}
	return steps
}

// leaf reports a step that goes no further than its key.
func (s step) leaf() bool { return !s.all && !s.entries && s.field == "" }

var (
	errNested = errors.New("identifiers stand there in a nested form, and one is read from a cell")
	errNoJSON = errors.New("the value is no JSON")
	errClosed = errors.New("a value stands there where an object should")
	errNear   = errors.New("an element has it in another case")
	errLacks  = errors.New("an element lacks it")
	errTwice  = errors.New("a key stands twice in it, and nobody can say which one is meant")
)

// element is one value on the way of a path: of an array, of an object with its key, or at the end.
type element struct {
	key  []byte
	text []byte // of a string its text, of an object or array its JSON, of another value as it is written; nil: null
	open bool   // an object or array: paths lead on into it

	members []formats.JSONMember // of an object that was asked for one of them
	isRead  bool                 // members are read
}

// outermost returns the value of a column as one to walk from. It may be the text of a table, or a string, so nothing is
// known of it: the first step into it reads it whole, and refuses what is no JSON.
func outermost(value []byte) (element, error) {
	value = bytes.TrimSpace(value)
	switch {
	case len(value) == 0:
		return element{}, nil
	case value[0] != '{' && value[0] != '[':
		return element{}, errNoJSON
	}
	return element{text: value, open: true}, nil
}

// walk calls each with every value to which the steps lead. Where a key is missing, or its value is null, they lead
// nowhere.
func (e *element) walk(steps []step, each func(element) error) error {
	if len(steps) == 0 {
		return each(*e)
	}
	s := steps[0]
	if s.key != "" {
		found, err := e.member(s.key)
		if err != nil {
			return err
		}
		e = &found
	}
	if e.text == nil {
		return nil
	}
	switch {
	case s.all || s.field != "":
		return e.elements(s, func(inner element) error { return inner.walk(steps[1:], each) })
	case s.entries:
		return e.eachMember(func(inner element) error {
			return inner.walk(steps[1:], func(last element) error {
				last.key = inner.key
				return each(last)
			})
		})
	}
	return e.walk(steps[1:], each)
}

// first returns the first value to which the steps lead; nil when there is none.
func (e *element) first(steps []step) (value []byte, err error) {
	if len(steps) == 1 && steps[0].leaf() {
		found, err := e.member(steps[0].key)
		return found.text, err
	}
	found := false
	err = e.walk(steps, func(one element) error {
		if !found {
			value, found = one.text, true
		}
		return nil
	})
	return value, err
}

// elements calls each with the elements of an array that a step chooses.
func (e *element) elements(s step, each func(element) error) error {
	if !e.open || e.text[0] != '[' {
		return errNoJSON
	}
	var room [16][]byte
	all, whole := formats.AppendElements(room[:0], e.text)
	if !whole {
		return errNoJSON
	}
	for _, text := range all {
		one, err := elementOf(text)
		if err != nil {
			return err
		}
		if s.field != "" {
			is, err := one.member(s.field)
			if err != nil {
				return err
			}
			if string(is.text) != s.is && foldName(string(is.text)) != foldName(s.is) {
				continue
			}
		}
		if err := each(one); err != nil {
			return err
		}
	}
	return nil
}

// eachMember calls each with the members of an object.
func (e *element) eachMember(each func(element) error) error {
	if !e.open || e.text[0] != '{' {
		return errNoJSON
	}
	if err := e.read(); err != nil {
		return err
	}
	seen := make(map[string]struct{}, len(e.members))
	for _, m := range e.members {
		if _, twice := seen[string(m.Key)]; twice {
			return errTwice
		}
		seen[string(m.Key)] = struct{}{}
		one, err := elementOf(m.Value)
		if err != nil {
			return err
		}
		one.key = m.Key
		if err := each(one); err != nil {
			return err
		}
	}
	return nil
}

// member returns a member of an object; the zero element when it has none, or nothing stands here.
func (e *element) member(name string) (found element, err error) {
	if !e.open || e.text[0] != '{' {
		return element{}, e.closed()
	}
	if err := e.read(); err != nil {
		return element{}, err
	}
	times := 0
	for i := range e.members {
		if string(e.members[i].Key) != name {
			continue
		}
		if times++; times > 1 {
			return element{}, errTwice
		}
		if found, err = elementOf(e.members[i].Value); err != nil {
			return element{}, err
		}
	}
	if times == 0 {
		return element{}, e.near(name)
	}
	return found, nil
}

// closed is the fault of a path that leads on into what is no object: what should stand there is lost, and nobody knows
// what it was. An empty text or list, by which some platforms write an empty object, holds nothing that could be.
func (e *element) closed() error {
	empty := e.open && e.text[0] == '[' && len(bytes.TrimSpace(e.text[1:len(e.text)-1])) == 0
	if len(e.text) == 0 || empty {
		return nil
	}
	return errClosed
}

// near is the fault of an object that has a key in another case than the one that was looked for.
func (e *element) near(name string) error {
	for i := range e.members {
		if m := &e.members[i]; len(m.Key) == len(name) && strings.EqualFold(string(m.Key), name) && string(m.Value) != "null" {
			return errNear
		}
	}
	return nil
}

// lacks reports whether a key on the way of the steps is missing; one whose value is null is there.
func (e *element) lacks(steps []step) bool {
	at := *e
	for i := range steps {
		if !at.open || at.text[0] != '{' || at.read() != nil {
			return false // reading it has told why
		}
		found := slices.IndexFunc(at.members, func(m formats.JSONMember) bool { return string(m.Key) == steps[i].key })
		if found < 0 {
			return true
		}
		if !steps[i].leaf() {
			return false
		}
		at, _ = elementOf(at.members[found].Value)
	}
	return false
}

// read finds the members of an object, once.
func (e *element) read() error {
	if e.isRead {
		return nil
	}
	members, whole := formats.AppendMembers(e.members[:0], e.text)
	if !whole {
		return errNoJSON
	}
	e.members, e.isRead = members, true
	return nil
}

// elementOf is a valid value as it is written.
func elementOf(value []byte) (element, error) {
	text, whole := formats.JSONText(value)
	if !whole {
		return element{}, errNoJSON
	}
	return element{text: text, open: value[0] == '{' || value[0] == '['}, nil
}
