package formats

import (
	"bytes"
	"errors"
	"io"
	"math"

	"cpm/formats/fault"
)

// isJSON recognises objects and arrays, and leaves alone a table whose first name stands in brackets. A document that
// goes wrong later is JSON still, so that its reader tells the line.
func isJSON(p peek) bool {
	text := visible(p.head)
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return false
	}
	if text[0] == '[' {
		if inner := visible(text[1:]); len(inner) > 0 && inner[0] == '{' {
			return beginsObject(inner)
		}
	} else if !beginsObject(text) {
		return false
	}
	end := jsonValue(text, 0, 0)
	if end < 0 {
		return end == jsonCut || text[0] == '{' || jsonSpace(text, 1) > 1
	}
	behind := visible(text[end:])
	if len(behind) == 0 || behind[0] != ',' {
		return true
	}
	behind = visible(behind[1:]) // objects with commas between, or a cell of braces
	return text[0] == '{' && (len(behind) == 0 || behind[0] == '{')
}

// beginsObject reports whether text begins as an object does: a brace, and a key with its colon, or no key at all.
func beginsObject(text []byte) bool {
	m := membersOf(text, 0, 0)
	return m.next() || m.at > 0 || m.at == jsonCut
}

// tellForm finds out where the records stand, and goes there. records is their path when the user has named it.
func (r *jsonReader) tellForm(records string) error {
	c, err := r.in.space()
	if errors.Is(err, io.EOF) {
		return noHeader(r.in.name)
	}
	if err != nil {
		return err
	}
	switch {
	case c == '[' && records != "" && records != recordsRoot:
		return fault.New(fault.Usage, r.at(r.in.line), "the document is an array, and has no key that could hold records").
			Hint("leave the path of the records out for this file")
	case c == '[':
		r.form, r.inside, r.fresh = formArray, true, true
		r.in.take(1)
		return nil
	case c != '{':
		return r.noObject(r.in.line)
	case records == recordsRoot:
		return nil
	case records == "":
		if records, err = r.guessRecords(); records == "" || err != nil {
			return err
		}
		r.guessed = true
	}
	r.form, r.records = formPages, records
	return r.openPage()
}

// isRecordsKey reports whether a member of that name is taken for the records of a page.
func isRecordsKey(name string) bool {
	switch name {
	case "content", "data", "items", "results", "records", "profiles", "users", "contacts", "subscribers", "customers",
		"elements", "value", "list":
		return true
	}
	return false
}

// guessRecords returns the key under which the first object holds records, empty when it is a record itself. It looks
// at the whole object if it fits, else at what was seen before it was decided; a page that turns out to hold another
// array of objects, or an object behind it that holds none, is refused when it comes.
func (r *jsonReader) guessRecords() (string, error) {
	for size := jsonPeek; ; size *= 2 {
		if err := r.in.ensure(size); err != nil {
			return "", err
		}
		head := r.in.ahead(size)
		name, around, end := examine(head, 0)
		r.around = around
		switch {
		case end > 0:
			if name != "" && !allHold(head[end:], name) {
				name = ""
			}
			return name, nil
		case end != jsonCut:
			return "", r.noJSON(r.in.line, end)
		case r.isAll(head):
			return "", r.endsInside(r.in.line)
		case name != "":
			return name, nil
		case size > r.limit:
			return "", r.tooLong(r.in.line)
		}
	}
}

// examine reads the object at at and returns the key of its array of objects, when there is one such array and its
// key is one of those that hold records.
// around are its other keys. An object with another array that holds something, or with records deeper in it, is none that
// only carries records.
func examine(data []byte, at int) (name string, around []string, end int) {
	arrays := 0
	m := membersOf(data, at, 0)
	for m.next() {
		key, value := m.name(), m.value
		isRecords := holdsObjects(data, value)
		m.pass()
		switch {
		case isRecords:
			arrays++
			if isRecordsKey(key) {
				name = key
			}
		case m.at > 0 && holdsMore(data, value):
			arrays += 2
		}
		if key != name {
			around = append(around, key)
		}
	}
	if arrays != 1 {
		name = ""
	}
	return name, around, m.at
}

// holdsMore reports whether a whole value is an array that holds something, or an object with an array of objects in it.
func holdsMore(data []byte, at int) bool {
	switch data[at] {
	case '[':
		at = jsonSpace(data, at+1)
		return at < len(data) && data[at] != ']'
	case '{':
		m := membersOf(data, at, 0)
		for m.next() {
			if holdsObjects(data, m.value) || data[m.value] == '{' && holdsMore(data, m.value) {
				return true
			}
			m.pass()
		}
	}
	return false
}

// holdsObjects reports whether an array of objects begins at at.
func holdsObjects(data []byte, at int) bool {
	if data[at] != '[' {
		return false
	}
	at = jsonSpace(data, at+1)
	return at < len(data) && data[at] == '{'
}

// allHold reports whether each of the objects in data holds an array under the key. The last may be cut.
func allHold(data []byte, key string) bool {
	for at := jsonSpace(data, 0); at < len(data) && data[at] == '{'; at = jsonSpace(data, at) {
		holds := false
		m := membersOf(data, at, 0)
		for m.next() {
			holds = holds || data[m.value] == '[' && m.is(key)
			m.pass()
		}
		if m.at < 0 {
			return true
		}
		if at = m.at; !holds {
			return false
		}
	}
	return true
}

// nameColumns names the columns that the first records show.
func (r *jsonReader) nameColumns() (err error) {
	r.info.Columns, err = r.seen(jsonPeek, false)
	return err
}

// seen returns the paths of the records in so many bytes, and more if these do not hold one; or the keys of the records
// alone.
func (r *jsonReader) seen(size int, keys bool) ([]string, error) {
	for ; ; size *= 2 {
		if err := r.in.ensure(size); err != nil {
			return nil, err
		}
		head := r.in.ahead(size)
		c := columnsSeen{data: head, known: map[string]bool{}, keys: keys}
		if c.records() > 0 || r.isAll(head) || size > r.limit {
			return c.names, nil
		}
	}
}

// columnsSeen collects the paths of records in the order in which they appear.
type columnsSeen struct {
	data  []byte
	names []string
	known map[string]bool
	keys  bool // of the records alone
}

// records walks the records that data holds from its beginning on, and returns 0 when it ends inside the first. What
// is wrong in them is left to Decode.
func (c *columnsSeen) records() int {
	most := 1000
	if c.keys {
		most = math.MaxInt
	}
	at := jsonSpace(c.data, 0)
	for n := range most {
		if at >= len(c.data) || c.data[at] != '{' {
			return max(n, 1)
		}
		end := jsonValue(c.data, at, 0)
		if end == jsonCut {
			return n
		}
		if end < 0 {
			return max(n, 1)
		}
		c.object(at, nil)
		if at = jsonSpace(c.data, end); at < len(c.data) && c.data[at] == ',' {
			at = jsonSpace(c.data, at+1)
		}
	}
	return most
}

// object adds the leaves of the valid object at at, which stands under the path, and returns the position behind it.
func (c *columnsSeen) object(at int, path []byte) int {
	m := membersOf(c.data, at, 0)
	for m.next() {
		below := append(bytes.Clone(path), m.name()...)
		if c.data[m.value] == '{' && !c.keys {
			m.at = c.object(m.value, append(below, '.'))
			continue
		}
		if !c.known[string(below)] {
			c.known[string(below)] = true
			c.names = append(c.names, string(below))
		}
		m.pass()
	}
	return m.at
}
