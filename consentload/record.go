package consentload

import (
	"bytes"
	"fmt"
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
	buf      []byte
	channels map[string]wordNumber
	purposes map[string]wordNumber
	versions map[string]uint16

	event   event
	problem problem
	skipped int // identifiers without a normal form in the row at hand
	status  Status
	tally   Tally
	newest  Instant
	nextAct Instant // the first one after as-of
}

// wordNumber is what an export's word for a channel or purpose stands for.
type wordNumber struct {
	number  uint16
	ignored bool
	known   bool
}

// Tally counts what the rows of an export gave.
type Tally struct {
	Rows             int64 `json:"rows"`
	Events           int64 `json:"events"`             // in force
	Refusals         int64 `json:"refusals"`           // of the events
	Bad              int64 `json:"bad"`                // records that cannot be read, quarantined
	Ignored          int64 `json:"ignored"`            // under names to be passed over
	AfterAsOf        int64 `json:"after_as_of"`        // left out
	FutureRefusals   int64 `json:"future_refusals"`    // dated after now, counted at once
	OtherKinds       int64 `json:"other_kinds"`        // no identifier of a kind that is read
	UnreadRefusals   int64 `json:"unread_refusals"`    // of those: refusals
	SkippedIDs       int64 `json:"skipped_ids"`        // no normal form, beside a readable one
	SkippedInRefusal int64 `json:"skipped_in_refusal"` // of those: in refusals
}

// Add adds another tally.
func (t *Tally) Add(o Tally) {
	t.Rows += o.Rows
	t.Events += o.Events
	t.Refusals += o.Refusals
	t.Bad += o.Bad
	t.Ignored += o.Ignored
	t.AfterAsOf += o.AfterAsOf
	t.FutureRefusals += o.FutureRefusals
	t.OtherKinds += o.OtherKinds
	t.UnreadRefusals += o.UnreadRefusals
	t.SkippedIDs += o.SkippedIDs
	t.SkippedInRefusal += o.SkippedInRefusal
}

// read reads one row. After acted, r.event holds the event; after rejected, r.problem says why, r.event.names holds
// the identifiers that could be read, and r.status the status, 0 when it could not.
func (r *record) read(b formats.Batch, row int) (outcome, error) {
	r.tally.Rows++
	r.status, r.problem = 0, problem{}
	r.readNames(b, row)
	if b.Malformed(row) {
		return r.reject("", "the row does not split into the columns of the header",
			"check its quotes and commas"), nil
	}
	r.status = statusOf(b.Values(r.shape.status)[row])
	ignored, outcome, err := r.readScope(b, row)
	if err != nil || outcome == rejected {
		return outcome, err
	}
	if ignored {
		r.tally.Ignored++
		return passed, nil
	}
	if r.event.status = r.status; r.status == 0 {
		return r.rejectWord(r.shape.status, b, row, "status"), nil
	}
	if !r.readTimes(b, row) {
		return rejected, nil
	}
	if len(r.event.names) == 0 && !r.namesOther(b, row) {
		return r.reject(r.shape.idNames(), "the record has no readable identifier",
			"mend or remove the record at its source"), nil
	}
	return r.settle(), nil
}

// settle decides whether a readable record is in force.
func (r *record) settle() outcome {
	refusal := r.event.status.refusal()
	if r.event.when > r.asOf && (!refusal || !r.isNow) {
		r.tally.AfterAsOf++
		r.nextAct = min(r.nextAct, r.event.when)
		return passed
	}
	if len(r.event.names) == 0 {
		r.tally.OtherKinds++
		if refusal {
			r.tally.UnreadRefusals++
		}
		return passed
	}
	r.tally.Events++
	r.tally.SkippedIDs += int64(r.skipped)
	if refusal {
		r.tally.Refusals++
		r.tally.SkippedInRefusal += int64(r.skipped)
	}
	if r.event.when > r.asOf {
		r.tally.FutureRefusals++
	} else {
		r.newest = max(r.newest, r.event.when)
	}
	return acted
}

// readNames collects the keys of the row's identifiers.
func (r *record) readNames(b formats.Batch, row int) {
	r.event.names, r.skipped = r.event.names[:0], 0
	for i := range r.shape.ids {
		column := &r.shape.ids[i]
		key, why := r.keyer.Key(column.id, b.Values(column.place)[row])
		switch why {
		case Readable:
			r.event.names = append(r.event.names, named{key: key, kind: column.id})
		case Empty:
		default:
			r.skipped++
		}
	}
}

// namesOther reports whether the row has a readable identifier of a kind that is not read.
func (r *record) namesOther(b formats.Batch, row int) bool {
	for i := range r.shape.unread {
		column := &r.shape.unread[i]
		if _, why := r.keyer.Key(column.id, b.Values(column.place)[row]); why == Readable {
			return true
		}
	}
	return false
}

func (r *record) readScope(b formats.Batch, row int) (ignored bool, out outcome, err error) {
	channel, err := lookUp(r.channels, b.Values(r.shape.channel)[row], r.catalog.channelName, r.words.channel)
	if err != nil {
		return false, rejected, err
	}
	purpose, err := lookUp(r.purposes, b.Values(r.shape.purpose)[row], r.catalog.purposeName, r.words.purpose)
	if err != nil {
		return false, rejected, err
	}
	if channel.ignored || purpose.ignored {
		return true, passed, nil
	}
	if !channel.known {
		return false, r.rejectWord(r.shape.channel, b, row, "channel"), nil
	}
	if !purpose.known {
		return false, r.rejectWord(r.shape.purpose, b, row, "purpose"), nil
	}
	r.event.scope = scope{channel.number, purpose.number}
	return false, acted, nil
}

// lookUp finds what a word stands for, once for each spelling.
func lookUp(seen map[string]wordNumber, raw []byte, name func(string) (string, bool, bool),
	number func(string) (uint16, error),
) (wordNumber, error) {
	if word, ok := seen[string(raw)]; ok {
		return word, nil
	}
	var word wordNumber
	var full string
	full, word.ignored, word.known = name(string(raw))
	switch {
	case full == Star, !word.known, word.ignored:
	default:
		var err error
		if word.number, err = number(full); err != nil {
			return word, err
		}
	}
	if len(seen) < maxNames { // a wrong column must not fill the memory
		seen[string(raw)] = word
	}
	return word, nil
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

func (r *record) readTimes(b formats.Batch, row int) bool {
	r.event.expires, r.event.version = noExpiry, 0
	raw := b.Values(r.shape.occurred)[row]
	when, bad := r.times.Read(raw, r.event.status.side())
	if bad != TimeOK {
		r.rejectTime(r.shape.occurred, raw, bad)
		return false
	}
	r.event.when = when
	if r.event.status.refusal() {
		return true
	}
	if at := r.shape.expires; at >= 0 {
		raw = b.Values(at)[row]
		expires, bad := r.times.Read(raw, Earlier)
		switch bad {
		case TimeOK:
			r.event.expires = expires
		case TimeEmpty:
		default:
			r.rejectTime(at, raw, bad)
			return false
		}
	}
	if r.event.status == Granted && r.shape.version >= 0 {
		r.event.version = r.grantVersion(b, row)
	}
	return true
}

func (r *record) grantVersion(b formats.Batch, row int) uint16 {
	written := bytes.TrimFunc(b.Values(r.shape.version)[row], isBlank)
	if len(written) == 0 || len(r.catalog.notices) == 0 {
		return 0
	}
	var notice []byte
	if r.shape.notice >= 0 {
		notice = bytes.TrimFunc(b.Values(r.shape.notice)[row], isBlank)
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

func (r *record) reject(column, what, mend string) outcome {
	r.problem = problem{column: column, what: what, mend: mend}
	return rejected
}

// rejectWord rejects a row for a word that nobody declared. The word is told unless it may be an identifier.
func (r *record) rejectWord(place int, b formats.Batch, row int, what string) outcome {
	told := tellable(bytes.TrimSpace(b.Values(place)[row]))
	mend := fmt.Sprintf("declare it in the configuration, as a name or alias, or list it under ignore: %ss", what)
	if what == "status" {
		mend = "a status is granted, denied, withdrawn or pending"
	}
	if told == "" {
		return r.reject(r.shape.names[place], "the "+what+" is empty", mend)
	}
	return r.reject(r.shape.names[place], fmt.Sprintf("%s is no known %s", told, what), mend)
}

func (r *record) rejectTime(place int, raw []byte, bad TimeFault) {
	const forms = "write RFC 3339, YYYY-MM-DD HH:MM:SS, or Unix seconds or milliseconds"
	switch bad {
	case TimeWithoutZone:
		r.reject(r.shape.names[place], "the time has no zone, and none is declared",
			"add --timezone Asia/Shanghai (or the zone of the export), or timezone: to the configuration")
		r.problem.always = true
	case TimeEmpty:
		r.reject(r.shape.names[place], "the time is empty", forms)
	default:
		r.reject(r.shape.names[place], "a time of the form "+pattern(raw)+" cannot be read", forms)
	}
}

// idNames lists the identifier columns for a message.
func (s *shape) idNames() string {
	var names []byte
	for i, column := range append(s.ids[:len(s.ids):len(s.ids)], s.unread...) {
		if i > 0 {
			names = append(names, ", "...)
		}
		names = append(names, s.names[column.place]...)
	}
	return string(names)
}

// Tell returns a name that stands in an export as it is, or its length when it may be an identifier.
func Tell(name string) string {
	if told := tellable([]byte(name)); !strings.HasPrefix(told, `"`) {
		return told
	}
	return name
}

// tellable returns a value in quotes when it cannot be an identifier, else its length: a shifted column may hold a
// phone number or an address where a word was expected. Short and nearly without digits is a word.
func tellable(value []byte) string {
	if len(value) == 0 {
		return ""
	}
	digits := 0
	for _, c := range value {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	if len(value) > 20 || digits > 2 || bytes.ContainsAny(value, "@＠０１２３４５６７８９\r\n") {
		return fmt.Sprintf("a value of %d characters", len([]rune(string(value))))
	}
	return fmt.Sprintf("%q", value)
}

// pattern tells the form of a value and not the value: digits become d, letters a.
func pattern(value []byte) string {
	const longest = 40
	form := make([]rune, 0, longest)
	for _, c := range string(value) {
		switch {
		case len(form) == longest:
			return fmt.Sprintf("%q…", string(form))
		case c >= '0' && c <= '9':
			c = 'd'
		case c == ' ' || c == '-' || c == ':' || c == '/' || c == '.' || c == '+':
		default:
			c = 'a'
		}
		form = append(form, c)
	}
	return fmt.Sprintf("%q", string(form))
}
