package consentload

import "bytes"

// act is one statement that a row of a shape can make, its columns found.
type act struct {
	each    ref    // an array or object with one act for each element; zero: the row makes one
	list    int    // the number of each among those of the shape; 0: it is read anew
	split   string // what parts the elements of each in a cell of text
	when    []condition
	unless  []condition
	ifSet   ref
	channel naming
	purpose naming
	status  Status // of every such act; 0: the column tells it
	column  ref
	above   []ref             // the columns above it, without whose grants it grants nothing
	words   map[string]Status // by folded word; nil: those of the canonical form
	absent  Status            // of each word of purpose that no element names; 0: nothing is told of it
	at      []ref
	latest  bool // of those times and the snapshot the latest counts
	undated bool // a grant without a time counts as older than every dated act
	expires ref
	version ref
	notice  ref
	ofFile  string // the pattern of file names for which it holds; empty: any
}

// condition holds where a column has one of some values.
type condition struct {
	of     ref
	values map[string]bool // folded
}

// noStatement is what a word stands for that says nothing: it overrides no act and permits nothing.
const noStatement Status = 255

// expired is what a platform writes of a grant that has ended: the grant is the person's act, its end is not.
const expired Status = 254

// statusWords are the words of a mapping.
func statusWord(word string) Status {
	switch word {
	case "granted":
		return Granted
	case "pending":
		return Pending
	case "denied":
		return Denied
	case "withdrawn":
		return Withdrawn
	case "expired":
		return expired
	}
	return noStatement
}

// holds reports whether the row has one of the values of every condition.
func (r *record) holds(conditions []condition) bool {
	for i := range conditions {
		if !r.has(&conditions[i]) {
			return false
		}
	}
	return true
}

// holdsAny reports whether the row has one of the values of any condition.
func (r *record) holdsAny(conditions []condition) bool {
	for i := range conditions {
		if r.has(&conditions[i]) {
			return true
		}
	}
	return false
}

func (r *record) has(c *condition) bool {
	var room [32]byte
	return c.values[string(foldWord(room[:0], r.value(&c.of)))]
}

// value returns what stands in a column of the row, or of the element, at hand; nil for nothing. A value that should
// hold JSON and does not is remembered as broken.
func (r *record) value(f *ref) []byte {
	if f.isCell() {
		return r.batch.Values(f.place)[r.row]
	}
	return r.lookInto(f)
}

// lookInto is value where more than the cell of a column is asked for.
func (r *record) lookInto(f *ref) []byte {
	var value []byte
	switch f.from {
	case ofColumn:
		value = r.batch.Values(f.place)[r.row]
		if len(f.path) > 0 {
			value = r.within(value, f)
		}
	case ofElement:
		value = r.element.text
		if len(f.path) > 0 {
			value = r.withinElement(f)
		}
	case ofElementKey:
		value = r.element.key
	case ofMatch:
		return f.text
	}
	r.watch(f, value != nil)
	return value
}

// raw returns what stands in a column of the row at hand, as its path begins.
func (r *record) raw(f *ref) []byte {
	value := r.batch.Values(f.place)[r.row]
	r.watch(f, value != nil)
	return value
}

// watch notes whether a column that must hold something somewhere does.
func (r *record) watch(f *ref, holds bool) {
	if f.watch > 0 {
		r.asked[f.watch-1] = true
		r.found[f.watch-1] = r.found[f.watch-1] || holds
	}
}

// within returns the first value to which the path of a column leads.
func (r *record) within(value []byte, f *ref) []byte {
	top, err := outermost(value)
	if err == nil {
		value, err = top.first(f.path)
	}
	r.breakOn(err, f)
	return value
}

// withinElement returns the first value to which the path leads in the element at hand. A key that is written otherwise
// there holds what would be lost, so one that may not be missing is looked for.
func (r *record) withinElement(f *ref) []byte {
	value, err := r.element.first(f.path)
	if err == nil && value == nil && f.must && r.element.lacks(f.path) {
		err = errLacks
	}
	r.breakOn(err, f)
	return value
}

// breakOn notes that a column cannot be read.
func (r *record) breakOn(err error, f *ref) {
	if err != nil && r.broken == nil {
		r.broken = &problem{column: f.name, what: err.Error(), mend: "mend the record, or leave it out of the export"}
	}
}

// readAct reads one statement of the row at hand, or one for each element.
func (r *record) readAct(a *act) (outcome, error) {
	if !a.each.set() {
		return r.readOne(a)
	}
	defer func() { r.element = r.none() }()
	named := r.namedPurposes(a)
	out, err := passed, error(nil)
	r.breakOn(r.list.of(a, r.raw(&a.each)), &a.each)
	for i := range r.list.elements {
		if err != nil || out == rejected {
			break
		}
		r.element = &r.list.elements[i]
		if named != nil {
			named[foldName(string(r.value(&a.purpose.from)))] = true
		}
		out, err = r.readOne(a)
	}
	if err != nil || out == rejected || r.broken != nil || a.absent == 0 {
		return out, err
	}
	return r.readAbsent(a, named)
}

// namedPurposes is where the purposes that elements name are noted; nil when nobody asks.
func (r *record) namedPurposes(a *act) map[string]bool {
	if a.absent == 0 {
		return nil
	}
	return map[string]bool{}
}

// readAbsent makes the acts for the purposes that no element has named.
func (r *record) readAbsent(a *act, named map[string]bool) (outcome, error) {
	out, err := passed, error(nil)
	rest := *a
	rest.status = a.absent
	for _, word := range sortedKeys(a.purpose.words) {
		if named[word] || out == rejected || err != nil {
			continue
		}
		r.element = r.none()
		r.element.text = []byte(word)
		rest.purpose.from = ref{from: ofMatch, text: []byte(word), name: a.purpose.from.name}
		out, err = r.readOne(&rest)
	}
	return out, err
}

// readOne reads one act and adds it to the events of the row, unless it says nothing.
func (r *record) readOne(a *act) (outcome, error) {
	if !r.concerns(a) {
		return passed, nil
	}
	if r.status = r.tells(a); r.status == noStatement {
		return passed, nil
	}
	e := event{names: r.names}
	ignored, out, err := r.readScope(a, &e)
	if err != nil || out == rejected {
		return out, err
	}
	if ignored {
		r.ignored = true
		return passed, nil
	}
	if r.status == 0 {
		return r.rejectWord(&a.column, "status"), nil
	}
	if !r.readTimes(a, &e) {
		return rejected, nil
	}
	r.events = append(r.events, e)
	return acted, nil
}

// concerns reports whether the conditions of an act hold.
func (r *record) concerns(a *act) bool {
	return r.holds(a.when) && !r.holdsAny(a.unless) &&
		(!a.ifSet.set() || len(bytes.TrimFunc(r.value(&a.ifSet), isBlank)) > 0)
}

// tells returns the status that an act has; 0 when its word is none that is known.
func (r *record) tells(a *act) Status {
	status := a.status
	if status == 0 {
		status = a.statusOf(r.value(&a.column))
	}
	if status == Granted && r.holdsAny(r.shape.noGrant) {
		return noStatement
	}
	if status == Granted {
		return r.below(a)
	}
	return status
}

// below is what a grant comes to under what the columns above it say: a part of what somebody refused is refused, and
// where nothing is said of a whole, nothing is said of the part.
func (r *record) below(a *act) Status {
	status := Granted
	for i := range a.above {
		switch whole := a.statusOf(r.value(&a.above[i])); {
		case whole.refusal():
			return whole
		case whole != Granted:
			status = noStatement
		}
	}
	return status
}

// statusOf reads the word of a status; 0 when it is none that is known.
func (a *act) statusOf(raw []byte) Status {
	if a.words == nil {
		return statusOf(raw)
	}
	if status, known := a.words[string(raw)]; known { // most words stand as they are documented
		return status
	}
	var room [32]byte
	word := foldWord(room[:0], raw)
	if len(word) == 0 {
		return noStatement
	}
	return a.words[string(word)]
}
