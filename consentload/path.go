package consentload

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/buger/jsonparser"
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
	errNoJSON = errors.New("the value is no JSON")
	errTwice  = errors.New("a key stands twice in it, and nobody can say which one is meant")
)

// element is one value on the way of a path: of an array, of an object with its key, or at the end.
type element struct {
	key  []byte
	text []byte // of a string its text, of an object or array its JSON, of another value as it is written; nil: null
	open bool   // an object or array: paths lead on into it
}

// outermost returns the value of a column as one to walk from. It is looked at before it is trusted: it may be the text
// of a table, or a string.
func outermost(value []byte) (element, error) {
	value = bytes.TrimSpace(value)
	switch {
	case len(value) == 0:
		return element{}, nil
	case value[0] != '{' && value[0] != '[' || !json.Valid(value):
		return element{}, errNoJSON
	}
	return element{text: value, open: true}, nil
}

// walk calls each with every value to which the steps lead. Where a key is missing, or its value is null, they lead
// nowhere.
func (e element) walk(steps []step, each func(element) error) error {
	if len(steps) == 0 {
		return each(e)
	}
	s := steps[0]
	if s.key != "" {
		found, err := e.member(s.key)
		if err != nil {
			return err
		}
		e = found
	}
	if e.text == nil {
		return nil
	}
	switch {
	case s.all || s.field != "":
		return e.elements(s, func(inner element) error { return inner.walk(steps[1:], each) })
	case s.entries:
		return e.members(func(inner element) error {
			return inner.walk(steps[1:], func(last element) error {
				last.key = inner.key
				return each(last)
			})
		})
	}
	return e.walk(steps[1:], each)
}

// first returns the first value to which the steps lead; nil when there is none.
func (e element) first(steps []step) (value []byte, err error) {
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
func (e element) elements(s step, each func(element) error) (err error) {
	if !e.open || e.text[0] != '[' {
		return errNoJSON
	}
	_, broken := jsonparser.ArrayEach(e.text, func(inner []byte, kind jsonparser.ValueType, _ int, _ error) {
		if err != nil {
			return
		}
		var one element
		one, err = elementOf(inner, kind)
		if err == nil && s.field != "" {
			var is element
			if is, err = one.member(s.field); foldName(string(is.text)) != foldName(s.is) {
				return
			}
		}
		if err == nil {
			err = each(one)
		}
	})
	if err == nil && broken != nil {
		err = errNoJSON
	}
	return err
}

// members calls each with the members of an object.
func (e element) members(each func(element) error) error {
	if !e.open || e.text[0] != '{' {
		return errNoJSON
	}
	seen := map[string]struct{}{}
	return jsonparser.ObjectEach(e.text, func(key, inner []byte, kind jsonparser.ValueType, _ int) error {
		if _, twice := seen[string(key)]; twice {
			return errTwice
		}
		seen[string(key)] = struct{}{}
		one, err := elementOf(inner, kind)
		if err != nil {
			return err
		}
		one.key = bytes.Clone(key)
		return each(one)
	})
}

// member returns a member of an object; the zero element when it has none, or this is no object.
func (e element) member(name string) (found element, err error) {
	if !e.open || e.text[0] != '{' {
		return element{}, nil
	}
	times := 0
	err = jsonparser.ObjectEach(e.text, func(key, inner []byte, kind jsonparser.ValueType, _ int) (err error) {
		if string(key) != name {
			return nil
		}
		if times++; times > 1 {
			return errTwice
		}
		found, err = elementOf(inner, kind)
		return err
	})
	return found, err
}

// elementOf is a value as the parser hands it out: of a string what stands between its quotes.
func elementOf(value []byte, kind jsonparser.ValueType) (element, error) {
	switch kind {
	case jsonparser.Null, jsonparser.NotExist:
		return element{}, nil
	case jsonparser.Object, jsonparser.Array:
		return element{text: value, open: true}, nil
	case jsonparser.String:
		text, err := jsonparser.Unescape(value, nil)
		if err != nil {
			return element{}, errNoJSON
		}
		if text == nil {
			text = []byte{}
		}
		return element{text: text}, nil
	}
	return element{text: value}, nil
}
