package consentload

import (
	"bytes"
	"time"
)

// forPlatforms returns the reader for exports of platforms, which write times in more forms than the canonical one:
//
//	2020-01-09T16:35:26.277+0000               an offset without a colon
//	2025-03-21 10:49:21.192000000 -07:00       a blank before the offset
//	2020-04-08 21:55:20 +0000 UTC              Go's time.String, perhaps with m=+0.01 behind it
//	2020-04-08 21:55:20 UTC                    a name that is an offset: UTC or GMT
//	20110122T111244                            no punctuation
//
// None of them can be taken for another. A local time still needs a zone.
func (t TimeReader) forPlatforms() TimeReader {
	t.platform = true
	return t
}

// withDates returns the reader that takes a date alone too: a grant counts from its start, a refusal from its end.
func (t TimeReader) withDates() TimeReader {
	t.dates = true
	return t
}

const dateAlone = "dddd-dd-dd"

// readDate reads YYYY-MM-DD in the reader's zone: its first instant, or its last.
func (t TimeReader) readDate(raw []byte, side Side) (Instant, TimeFault) {
	var form [len(dateTime)]byte
	clock := "T00:00:00"
	if side == Later {
		clock = "T23:59:59"
	}
	second, _, ok := t.day.readDateTime(append(append(form[:0], raw...), clock...))
	switch {
	case !ok:
		return None, TimeUnreadable
	case t.clock == nil:
		return None, TimeWithoutZone
	case side == Later:
		return instantAt(t.clock.utc(second, side), int64(time.Second)-1), TimeOK
	}
	return instantAt(t.clock.utc(second, side), 0), TimeOK
}

// upTo reads a time for a refusal as of an instant. A date alone counts from its end, unless as-of lies within that day:
// nobody knows whether the refusal came later, so it has come.
func (t TimeReader) upTo(raw []byte, asOf Instant) (Instant, TimeFault) {
	when, bad := t.Read(raw, Later)
	if bad != TimeOK || when <= asOf || !t.dates || len(bytes.TrimSpace(raw)) != len(dateAlone) {
		return when, bad
	}
	if from, _ := t.Read(raw, Earlier); from <= asOf {
		return asOf, TimeOK
	}
	return when, TimeOK
}

// plainForm appends a time of a platform in the form that Read knows; what is none of the forms stays as it is.
func plainForm(to, raw []byte) []byte {
	if len(raw)+len("--::") > cap(to) {
		return raw
	}
	raw = expand(to, raw)
	if len(raw) <= len(dateTime) {
		return raw
	}
	at := len(dateTime) // behind the seconds
	for at < len(raw) && (raw[at] == '.' || raw[at] >= '0' && raw[at] <= '9') {
		at++
	}
	if zone := plainZone(bytes.TrimLeft(raw[at:], " ")); len(zone) > 0 {
		return append(raw[:at], zone...)
	}
	return raw
}

// plainZone returns what stands behind the seconds of a platform's time in the form that Read knows; empty when it is
// none of the forms.
func plainZone(rest []byte) string {
	if string(rest) == "UTC" || string(rest) == "GMT" {
		return "Z"
	}
	if len(rest) == 0 || rest[0] != '+' && rest[0] != '-' {
		return ""
	}
	offset, name, _ := bytes.Cut(rest, []byte{' '})
	switch {
	case len(name) > 0 && !isZoneName(name):
		return ""
	case len(offset) == len("+0000"):
		return string(offset[:3]) + ":" + string(offset[3:])
	case len(offset) == len("+00:00"):
		return string(offset)
	}
	return ""
}

// expand appends 20110122T111244 with its punctuation, and another text as it is.
func expand(to, raw []byte) []byte {
	const bare = "ddddddddTdddddd"
	if len(raw) < len(bare) || raw[8] != 'T' && raw[8] != ' ' || !allDigits(raw[:8]) || !allDigits(raw[9:len(bare)]) {
		return append(to, raw...)
	}
	for i, c := range raw[:len(bare)] {
		switch i {
		case 4, 6:
			to = append(to, '-')
		case 11, 13:
			to = append(to, ':')
		}
		to = append(to, c)
	}
	return append(to, raw[len(bare):]...)
}

// isZoneName reports what Go writes behind an offset: the zone's name or its offset again, and perhaps the reading of
// the monotonic clock.
func isZoneName(text []byte) bool {
	name, clock, more := bytes.Cut(text, []byte{' '})
	if more && !bytes.HasPrefix(clock, []byte("m=")) {
		return false
	}
	if len(name) == 0 || len(name) > 6 {
		return false
	}
	for _, c := range name {
		letter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !letter && (c < '0' || c > '9') && c != '+' && c != '-' {
			return false
		}
	}
	return true
}
