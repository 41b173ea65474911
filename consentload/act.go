package consentload

import (
	"bytes"
	"strings"
)

// act is one statement that a row of a shape can make, its columns found.
type act struct {
	each    ref    // an array or object with one act for each element; zero: the row makes one
	list    int    // the number of each among those of the shape; 0: it is read anew
	split   string // what parts the elements of each in a cell of text
	when    []condition
	ifSet   ref
	channel naming
	purpose naming
	status  Status // of every such act; 0: the column tells it
	column  ref
	above   ref               // the column above it, without whose grant it grants nothing
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
	if f.from == ofColumn && f.path == nil && f.watch == 0 {
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
			var err error
			value, err = r.element.first(f.path)
			r.breakOn(err, f)
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
	if !r.holds(a.when) || a.ifSet.set() && len(bytes.TrimFunc(r.value(&a.ifSet), isBlank)) == 0 {
		return passed, nil
	}
	r.status = a.status
	if r.status == 0 {
		r.status = a.statusOf(r.value(&a.column))
	}
	if r.status == Granted && r.holdsAny(r.shape.noGrant) {
		r.status = noStatement
	}
	if r.status == Granted && a.above.set() {
		r.status = below(a.statusOf(r.value(&a.above)))
	}
	if r.status == noStatement {
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

// below is what a grant comes to under what the column above it says: a part of what somebody refused is refused, and
// where nothing is said of the whole, nothing is said of the part.
func below(above Status) Status {
	if above == Granted || above.refusal() {
		return above
	}
	return noStatement
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

// naming is how the channel or the purpose of an act is told.
type naming struct {
	what   string // "channel" or "purpose"
	fixed  string // of every such act; empty: the column tells it
	from   ref
	words  map[string]string // by folded word; nil: as it stands
	rename map[string]string // what the names of the platform are in this configuration, by folded name
	slot   int               // where its words are remembered
}

// meaning returns the name that a word stands for; for a purpose, perhaps with the channel that it is bound to.
func (n *naming) meaning(word string) (name, channel string, known bool) {
	name = foldName(word)
	if n.words != nil && n.fixed == "" {
		given, ok := n.words[name]
		if _, renamed := n.rename[name]; !ok && !renamed {
			return name, "", false
		}
		if ok {
			name = given
		}
	}
	if own, ok := n.rename[foldName(name)]; ok {
		name = own
	} else if own, ok := n.rename[foldName(word)]; ok {
		name = own
	}
	if bound, rest, cut := strings.Cut(name, ":"); cut && n.what == "purpose" {
		if _, renamed := n.rename[foldName(word)]; renamed {
			return rest, bound, true
		}
	}
	return name, "", true
}

// readScope finds what an act covers.
func (r *record) readScope(a *act, e *event) (ignored bool, out outcome, err error) {
	purpose, err := r.lookUp(&a.purpose)
	if err != nil {
		return false, rejected, err
	}
	channel := wordNumber{known: true}
	if !purpose.bound { // else the source says which channel it is
		if channel, err = r.lookUp(&a.channel); err != nil {
			return false, rejected, err
		}
	}
	if channel.ignored || purpose.ignored {
		return true, passed, nil
	}
	if !channel.known {
		return false, r.rejectName(&a.channel), nil
	}
	if !purpose.known {
		return false, r.rejectName(&a.purpose), nil
	}
	e.scope = scope{channel.number, purpose.number}
	if purpose.bound {
		e.scope.channel = purpose.channel
	}
	return false, acted, nil
}

// lookUp finds what the word of an act stands for, once for each spelling.
func (r *record) lookUp(n *naming) (wordNumber, error) {
	raw := []byte(n.fixed)
	if n.fixed == "" {
		raw = r.value(&n.from)
	}
	seen := r.seen[n.slot]
	if word, ok := seen[string(raw)]; ok {
		return word, nil
	}
	word, err := r.understand(n, string(raw))
	if err == nil && len(seen) < maxNames { // a wrong column must not fill the memory
		seen[string(raw)] = word
	}
	return word, err
}

// understand gives a word its number.
func (r *record) understand(n *naming, raw string) (word wordNumber, err error) {
	name, bound, known := n.meaning(raw)
	if !known {
		return word, nil
	}
	if n.what == "channel" {
		word.number, word.ignored, word.known, err = r.words.understand(r.catalog.channelName, r.words.channel, name)
		return word, err
	}
	word.number, word.ignored, word.known, err = r.words.understand(r.catalog.purposeName, r.words.purpose, name)
	if err != nil || bound == "" || !word.known {
		return word, err
	}
	var ignored bool
	word.bound = true
	word.channel, ignored, word.known, err = r.words.understand(r.catalog.channelName, r.words.channel, bound)
	word.ignored = word.ignored || ignored
	return word, err
}

// understand gives a name its number, when it has one: an ignored name and one that nobody declared have none, and that
// of the star is 0.
func (v *vocabulary) understand(name func(string) (string, bool, bool), number func(string) (uint16, error), word string) (
	n uint16, ignored, known bool, err error,
) {
	full, ignored, known := name(word)
	if full != Star && known && !ignored {
		n, err = number(full)
	}
	return n, ignored, known, err
}

// rejectName rejects a row for a channel or purpose that nobody declared.
func (r *record) rejectName(n *naming) outcome {
	if n.fixed == "" {
		return r.rejectWord(&n.from, n.what)
	}
	return r.reject("", "the mapping "+r.shape.mapping+" speaks of the "+n.what+" "+quoteSafely(n.fixed)+", which nobody declared",
		"declare it in the configuration, as a name or alias, or say what it is called there: "+n.what+"s: {"+n.fixed+": NAME} in the source")
}
