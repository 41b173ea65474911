package consentload

import (
	"bytes"
	"strings"

	"cpm/formats"
)

// outcome is what became of one row of an export.
type outcome uint8

const (
	acted    outcome = iota // an event in force
	passed                  // left out: ignored, after as-of, or of kinds that are not read
	rejected                // a record that cannot be read
)

// record reads rows into events; one for each goroutine and file.
type record struct {
	catalog *Catalog
	words   *vocabulary
	shape   *shape
	times   TimeReader
	asOf    Instant
	isNow   bool // as-of is the clock's now: a refusal dated later counts at once

	keyer    *Keyer
	regions  map[string]*Keyer // for columns whose phone numbers are of another region
	buf      []byte
	seen     []seenWords // by naming
	versions map[string]uint16

	batch   formats.Batch // with row, the record at hand
	row     int
	element *element // of the act at hand
	bare    element  // what it is where there is none
	list    elements // of the act at hand, and of those with the same each
	broken  *problem
	names   []named
	events  []event // of the row: all are in force, or none is
	problem problem
	ignored bool // an act of the row stands under a name to be passed over
	skipped int  // identifiers without a normal form in the row
	status  Status
	tally   Tally
	sums    actSummer
	newest  Instant
	nextAct Instant // the first one after as-of

	plain        *plainRows // nil: the shape may tell more than one act in whole cells
	asked, found []bool     // by watched column
	watching     *watching  // nil: of nobody in particular
}

// begin takes up the rows of a batch.
func (r *record) begin(b formats.Batch) {
	r.batch = b
	if r.plain != nil {
		r.plain.begin(b)
	}
}

// reset forgets the row before. What most rows leave alone is looked at before it is written: it lies in other lines of
// the cache.
func (r *record) reset(row int) {
	r.row, r.list.list = row, 0
	r.events, r.status, r.ignored = r.events[:0], 0, false
	if r.element != &r.bare || r.bare.text != nil {
		r.element = r.none()
	}
	if r.broken != nil || r.problem.what != "" {
		r.broken, r.problem = nil, problem{}
	}
}

// read reads one row of the batch at hand. After acted, r.events holds what it tells; after rejected, r.problem says why, r.names holds the
// identifiers that could be read, and r.status the status of the act at hand, 0 when it could not.
func (r *record) read(row int) (outcome, error) {
	r.tally.Rows++
	r.reset(row)
	if len(r.shape.drop) > 0 && !r.batch.Malformed(row) && r.holdsAny(r.shape.drop) {
		r.tally.Dropped++
		return passed, nil
	}
	r.readNames()
	if r.batch.Malformed(row) {
		what, mend := tornRow(r.shape.nested)
		return r.reject("", what, mend), nil
	}
	if out, err := r.readActs(); err != nil || out == rejected {
		return out, err
	}
	if len(r.events) == 0 && !r.shape.links {
		if r.ignored {
			r.tally.Ignored++
		} else {
			r.tally.NoStatement++
		}
		return passed, nil
	}
	if len(r.names) == 0 && !r.namesOther() {
		r.worst()
		return r.reject(r.shape.idNames(), "the record has no readable identifier",
			"mend or remove the record at its source"), nil
	}
	return r.settle(), nil
}

// readActs reads all statements of the row.
func (r *record) readActs() (outcome, error) {
	for i := range r.shape.acts {
		a := &r.shape.acts[i]
		out, err := r.readAct(a)
		if out == rejected && (len(r.shape.acts) > 1 || a.each.set()) {
			r.status = 0 // what the other acts of the row would say is not known
		}
		if err != nil || out == rejected {
			return out, err
		}
	}
	return r.refuseUnread(), nil
}

// refuseUnread rejects a row with a value that cannot be read, or with consent in it that the mapping does not read.
func (r *record) refuseUnread() outcome {
	for i := range r.shape.mustEmpty {
		f := &r.shape.mustEmpty[i]
		switch value := bytes.TrimSpace(r.value(f)); string(value) {
		case "", "{}", "[]", "null":
		default:
			return r.reject(f.name, "the record holds consent there that the mapping "+r.shape.mapping+" does not read",
				"write a mapping that reads it")
		}
	}
	if r.broken != nil {
		r.problem, r.status = *r.broken, 0
		return rejected
	}
	return acted
}

// worst makes the status that of a refusal, when the row has one.
func (r *record) worst() {
	for i := range r.events {
		if r.status = r.events[i].status; r.status.refusal() {
			return
		}
	}
}

// settle decides which events of a readable record are in force.
func (r *record) settle() outcome {
	left, refusals := 0, 0
	for i := range r.events {
		e := &r.events[i]
		refusal := e.status.refusal()
		if e.when > r.asOf && (!refusal || !r.isNow) {
			r.nextAct = min(r.nextAct, e.when)
			r.watching.leave(*e)
			left++
			continue
		}
		if refusal {
			refusals++
		}
		if left > 0 {
			r.events[i-left] = *e
		}
	}
	r.tally.AfterAsOf += int64(min(left, 1))
	r.events = r.events[:len(r.events)-left]
	switch {
	case left > 0 && len(r.events) == 0:
		return passed
	case len(r.names) == 0:
		r.tally.OtherKinds++
		r.tally.UnreadRefusals += int64(min(refusals, 1))
		return passed
	}
	r.tally.Events += int64(len(r.events))
	r.tally.Refusals += int64(refusals)
	r.tally.SkippedIDs += int64(r.skipped)
	if refusals > 0 {
		r.tally.SkippedInRefusal += int64(r.skipped)
	}
	for i := range r.events {
		e := &r.events[i]
		r.tally.Acts.Add(r.sums.of(e, r.sums.said(terms{e.scope, e.version, e.status})))
		switch when := e.when; {
		case when > r.asOf:
			r.tally.FutureRefusals++
		case when.Dated():
			r.newest = max(r.newest, when)
		}
	}
	return acted
}

// readNames collects the keys of the row's identifiers.
func (r *record) readNames() {
	r.names, r.skipped = r.names[:0], 0
	for i := range r.shape.ids {
		if c := &r.shape.ids[i]; c.plain {
			value := r.batch.Values(c.of.place)[r.row]
			if len(value) > 0 && (value[0] == '[' || value[0] == '{') { // several in one cell, or in another form: none may be lost
				r.breakOn(errNested, &c.of)
			}
			key, why := r.keyer.Key(c.id, value)
			r.keep(c, value, key, why)
		} else {
			r.readCell(c)
		}
	}
}

// name adds an identifier to those of the row, as its column has it written.
func (r *record) name(c *idColumn, value []byte) {
	if c.prefix != "" {
		value = bytes.TrimPrefix(bytes.TrimFunc(value, isBlank), []byte(c.prefix))
	}
	key, why := r.keyerOf(c.region).Key(c.id, value)
	r.keep(c, value, key, why)
}

// keep adds an identifier to those of the row, if its value has a normal form.
func (r *record) keep(c *idColumn, value []byte, key Key, why Unreadable) {
	switch why {
	case Readable:
		r.names = append(r.names, named{key: key, kind: c.id})
		r.watching.name(value)
	case Empty:
	default:
		r.skipped++
	}
}

// readCell adds the identifiers of a cell that may hold several, or hold them within JSON.
func (r *record) readCell(c *idColumn) {
	if !r.holds(c.when) {
		return
	}
	switch {
	case len(c.parts) > 0:
		if value, whole := r.joined(c); whole {
			r.name(c, value)
		} else { // a part of an identifier may be that of somebody else
			r.skipped++
		}
	case c.split != "":
		for part := range bytes.SplitSeq(r.value(&c.of), []byte(c.split)) {
			r.name(c, part)
		}
	case len(c.of.path) > 0:
		top, err := outermost(r.raw(&c.of))
		if err == nil {
			err = top.walk(c.of.path, func(one element) error {
				r.name(c, one.text)
				return nil
			})
		}
		r.breakOn(err, &c.of)
	default:
		r.name(c, r.value(&c.of))
	}
}

// namesOther reports whether the row has a readable identifier of a kind that is not read.
func (r *record) namesOther() bool {
	before, skipped := len(r.names), r.skipped
	for i := range r.shape.unread {
		r.readCell(&r.shape.unread[i])
	}
	other := len(r.names) > before
	r.names, r.skipped = r.names[:before], skipped
	return other
}

// statusOf reads a status; 0 when it is none. Words as the canonical form has them are most of a load.
func statusOf(raw []byte) Status {
	switch string(raw) {
	case "granted":
		return Granted
	case "denied":
		return Denied
	case "withdrawn":
		return Withdrawn
	}
	raw = bytes.TrimFunc(raw, isBlank)
	for status := Granted; status <= Withdrawn; status++ {
		if strings.EqualFold(string(raw), status.String()) { // no allocation: the conversion does not outlive the call
			return status
		}
	}
	return 0
}

// readTimes reads when the act happened, when it ends, and under which notice.
func (r *record) readTimes(a *act, e *event) bool {
	e.status, e.expires = r.status, noExpiry
	if r.status == expired {
		e.status = Granted
	}
	if !r.readWhen(a, e) {
		return false
	}
	if e.status.refusal() {
		return true
	}
	if a.expires.set() {
		raw := r.value(&a.expires)
		expires, bad := r.times.Read(raw, Earlier)
		switch bad {
		case TimeOK:
			e.expires = expires
		case TimeEmpty:
		default:
			r.rejectTime(a.expires.name, raw, bad)
			return false
		}
	}
	if r.status == expired && (e.expires == noExpiry || r.isNow && e.expires > r.asOf) {
		e.expires = e.when // the platform says that it has ended, and not when
	}
	if e.status == Granted && a.version.set() {
		e.version = r.grantVersion(a)
	}
	return true
}

// readWhen reads the time of an act: that of the first column that has one, or what counts instead.
func (r *record) readWhen(a *act, e *event) bool {
	snapshot := r.shape.snapshot
	for i := range a.at {
		raw := r.value(&a.at[i])
		when, bad := r.readInstant(raw, e.status)
		switch bad {
		case TimeOK:
			if a.latest {
				snapshot = max(snapshot, min(when, r.asOf)) // after as-of it would be left out, and the snapshot has it
				continue
			}
			e.when = when
			return true
		case TimeEmpty:
		default:
			r.rejectTime(a.at[i].name, raw, bad)
			return false
		}
	}
	switch {
	case e.status == Granted && (a.undated || snapshot != None):
		e.when = Undated
		return true
	case snapshot != None:
		e.when = snapshot
		return true
	case len(a.at) == 0:
		r.reject("", "the record has no time", "say of which instant the export is: snapshot_at in the source, or --snapshot-at")
		r.problem.always = true
		return false
	}
	r.rejectTime(a.at[0].name, nil, TimeEmpty)
	return false
}

func (r *record) readInstant(raw []byte, status Status) (Instant, TimeFault) {
	if r.shape.dates && status.side() == Later {
		return r.times.upTo(raw, r.asOf)
	}
	return r.times.Read(raw, status.side())
}

func (r *record) grantVersion(a *act) uint16 {
	if len(r.catalog.notices) == 0 {
		return 0
	}
	written := bytes.TrimFunc(r.value(&a.version), isBlank)
	if len(written) == 0 {
		return 0
	}
	var notice []byte
	if a.notice.set() {
		notice = bytes.TrimFunc(r.value(&a.notice), isBlank)
	}
	r.buf = append(append(append(r.buf[:0], notice...), 0), written...)
	if number, ok := r.versions[string(r.buf)]; ok {
		return number
	}
	number := r.words.version(r.catalog.grantVersion(string(notice), string(written)))
	if len(r.versions) < maxNames {
		r.versions[string(r.buf)] = number
	}
	return number
}
