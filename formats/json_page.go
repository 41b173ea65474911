package formats

import (
	"strings"
	"unicode/utf8"

	"cpm/formats/fault"
)

// page is the object around an array of records, without these.
type page struct {
	text []byte // up to the bracket that opens the array; once it has ended, all but the records
	open int    // how many objects are open where the records stand
	line int64
}

// nextPage reads the end of the page whose records have been cut, and the beginning of the one behind it.
func (r *jsonReader) nextPage() error {
	if err := r.closePage(); err != nil {
		return err
	}
	switch c, err := r.in.space(); {
	case err != nil:
		return err
	case c != '{':
		return fault.New(fault.Input, r.at(r.in.line), "an object has ended, and no other begins behind it").
			Hint("write objects alone, one behind another")
	}
	return r.openPage()
}

// openPage reads up to the first record of the page that begins at the next byte.
func (r *jsonReader) openPage() error {
	for size := jsonPeek; ; size *= 2 {
		head := r.in.ahead(size)
		f := finding{data: head}
		end := f.in(0, 0, r.records)
		switch {
		case f.at > 0:
			r.page = page{text: append(r.page.text[:0], head[:f.at]...), open: f.depth, line: r.in.line}
			r.in.take(f.at)
			r.inside, r.fresh = true, true
			return nil
		case end > 0:
			return r.noRecords()
		case end != jsonCut:
			return r.noJSON(r.in.line, end)
		case r.isAll(head):
			return r.endsInside(r.in.line)
		case size > r.limit:
			return r.tooLong(r.in.line)
		}
		if err := r.in.ensure(size); err != nil {
			return err
		}
	}
}

// finding looks for the array of records in an object.
type finding struct {
	data  []byte
	at    int // behind the bracket that opens it; 0 until it is found
	depth int // how many objects are open there
}

// in reads the object at at, of which rest is what the path still has, and returns the position behind it.
func (f *finding) in(at, depth int, rest string) int {
	m := membersOf(f.data, at, depth)
	for m.next() {
		below, whole := behindKey(rest, m.name())
		switch {
		case whole && f.data[m.value] == '[':
			f.at, f.depth = m.value+1, m.depth
			return f.at
		case below != "" && f.data[m.value] == '{':
			if m.at = f.in(m.value, m.depth, below); f.at > 0 {
				return f.at
			}
		default:
			m.pass()
		}
	}
	return m.at
}

// behindKey takes a key from the beginning of a path. whole says that nothing is left.
func behindKey(path, key string) (rest string, whole bool) {
	rest, leads := strings.CutPrefix(path, key)
	if !leads {
		return "", false
	}
	if rest == "" {
		return "", true
	}
	if rest[0] != '.' {
		return "", false
	}
	return rest[1:], false
}

// closePage reads what stands behind the records of a page, and checks all of it but these.
func (r *jsonReader) closePage() error {
	for size := jsonPeek; ; size *= 2 {
		part := r.in.ahead(size)
		end := closing(part, r.page.open)
		switch {
		case end > 0:
			r.page.text = append(append(r.page.text, ']'), part[:end]...)
			r.in.take(end)
			return r.checkPage()
		case r.isAll(part):
			return fault.New(fault.Input, r.at(r.in.lineAt(len(part))), "the file ends before the object around the records does").
				Hint("fetch the file again: it was cut short")
		case size > r.limit:
			return r.tooLong(r.page.line)
		}
		if err := r.in.ensure(size); err != nil {
			return err
		}
	}
}

// checkPage refuses a page that is no JSON, or of which nobody can say which records are meant.
func (r *jsonReader) checkPage() error {
	text := r.page.text
	if end := jsonValue(text, 0, 0); end != len(text) || !utf8.Valid(text) {
		return fault.New(fault.Input, r.at(r.page.line), "the object around the records, which begins here, is not valid JSON").
			Hint("export the file again, or look at it with a JSON tool such as jq")
	}
	if n := countPath(text, 0, r.records); n != 1 {
		return fault.New(fault.Input, r.at(r.page.line), "the object that begins here holds %s %d times", r.records, n).
			Hint("write each key once")
	}
	if !r.guessed {
		return nil
	}
	m := membersOf(text, 0, 0)
	for m.next() {
		if holdsObjects(text, m.value) {
			return fault.New(fault.Input, r.at(r.page.line), "the object that begins here holds two arrays of objects, and either may be the records").
				Hint("name the path of the records: %s, or %s when the objects around them are the records", r.records, recordsRoot)
		}
		m.pass()
	}
	return nil
}

// countPath counts the values under a path in the valid object at at.
func countPath(data []byte, at int, path string) (n int) {
	m := membersOf(data, at, 0)
	for m.next() {
		rest, whole := behindKey(path, m.name())
		if whole {
			n++
		}
		if rest != "" && data[m.value] == '{' {
			n += countPath(data, m.value, rest)
		}
		m.pass()
	}
	return n
}

func (r *jsonReader) noRecords() error {
	f := fault.New(fault.Input, r.at(r.in.line), "the object that begins here holds no array under %s", r.records)
	if r.guessed {
		return f.Hint("when each object is a record itself, say so with %q as the path of the records", recordsRoot)
	}
	return f.Hint("name the path of the array of records as it is written, its keys joined by dots")
}

// noCopy is the fault of writing pages: what they say of their records, such as how many, would be wrong in a copy.
func (r *jsonReader) noCopy() error {
	return fault.New(fault.Unsupported, r.in.name, "records inside another object cannot be written as such").
		Hint("write one record a line first: jq -c '.%s[]' IN > OUT", r.records)
}
