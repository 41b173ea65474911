package consentload

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"
)

// Instant is a moment in nanoseconds since 1970 UTC. Moments before 1677 and after 2262 are the first and the last
// that fit: an expiry in the year 9999 lies ahead of every run, which is all that counts.
type Instant int64

const (
	// None is no instant at all: before every other one.
	None Instant = math.MinInt64
	// Undated is the instant of an act without a time: before every dated one.
	Undated Instant = math.MinInt64 + 1

	firstDated Instant = math.MinInt64 + 2
	lastDated  Instant = math.MaxInt64
)

// InstantOf is the instant of a time.
func InstantOf(t time.Time) Instant { return instantAt(t.Unix(), int64(t.Nanosecond())) }

// instantAt is the instant of a second since 1970 UTC and nanoseconds in it, 0 to 999,999,999.
func instantAt(second, nanos int64) Instant {
	const limit = math.MaxInt64/int64(time.Second) - 1 // a margin of a second keeps the sum below in range
	switch {
	case second > limit:
		return lastDated
	case second < -limit:
		return firstDated
	}
	return Instant(second*int64(time.Second) + nanos)
}

// Dated reports whether the instant is a moment, and not None or Undated.
func (i Instant) Dated() bool { return i >= firstDated }

// Add is the instant a duration later; it stays among the moments. None and Undated stay what they are.
func (i Instant) Add(d time.Duration) Instant {
	switch sum := i + Instant(d); {
	case !i.Dated():
		return i
	case d > 0 && sum < i:
		return lastDated
	case d < 0 && (sum > i || sum < firstDated):
		return firstDated
	default:
		return sum
	}
}

// Time is the moment in UTC; that of None and Undated means nothing.
func (i Instant) Time() time.Time { return time.Unix(0, int64(i)).UTC() }

// String is the moment as RFC 3339 in UTC, "none" or "undated".
func (i Instant) String() string {
	switch i {
	case None:
		return "none"
	case Undated:
		return "undated"
	}
	return i.Time().Format(time.RFC3339Nano)
}

// Side says which instant a local time takes that its zone has twice, or not at all: a grant the earlier one, a
// refusal the later one, so that the doubt falls on the side of not contacting.
type Side uint8

const (
	// Earlier is the earlier of two candidates.
	Earlier Side = iota
	// Later is the later of two candidates.
	Later
)

// TimeFault says why a time could not be read.
type TimeFault uint8

const (
	// TimeOK is a time that was read.
	TimeOK TimeFault = iota
	// TimeEmpty is a value of nothing but white space.
	TimeEmpty
	// TimeUnreadable is a value in none of the known forms, or no date of the calendar.
	TimeUnreadable
	// TimeWithoutZone is a local time where no zone was declared.
	TimeWithoutZone
)

// String is the fault in one clause; it never holds the value.
func (f TimeFault) String() string {
	switch f {
	case TimeOK:
		return "readable"
	case TimeEmpty:
		return "empty"
	case TimeWithoutZone:
		return "a time without a zone"
	}
	return "no time in a known form: RFC 3339, YYYY-MM-DD HH:MM:SS, or Unix seconds or milliseconds (10 or 13 digits)"
}

// TimeReader reads the times of consent records. It remembers offsets of its zone, so each goroutine needs its own.
type TimeReader struct {
	clock    *localClock // nil: no zone is declared
	day      *knownDay   // nil: none is remembered
	platform bool        // the forms of platforms are read too
	dates    bool        // a date alone is read too
}

// NewTimeReader returns a reader that takes times without a zone in the given one; nil when none is declared.
func NewTimeReader(zone *time.Location) TimeReader {
	t := TimeReader{day: &knownDay{}}
	if zone != nil {
		t.clock = newLocalClock(zone)
	}
	return t
}

// Read reads RFC 3339 (T, t or a space between date and time, any number of decimals, those beyond nine cut off);
// the same without a zone, taken in the reader's; Unix seconds (ten digits) and milliseconds (13). A leap second
// is the last nanosecond of the second before. side chooses between the two instants of a doubtful local time.
func (t TimeReader) Read(raw []byte, side Side) (Instant, TimeFault) {
	if at, ok := t.day.readTimestamp(raw); ok {
		return at, TimeOK
	}
	if n := len(raw); n == 0 || !printsASCII(raw[0]) || !printsASCII(raw[n-1]) {
		if raw = bytes.TrimSpace(raw); len(raw) == 0 {
			return None, TimeEmpty
		}
	}
	if t.dates && len(raw) == len(dateAlone) && raw[4] == '-' {
		return t.readDate(raw, side)
	}
	if len(raw) == 10 || len(raw) == 13 {
		return readUnix(raw)
	}
	if t.platform {
		var form [len(dateTime) + 64]byte
		return t.readDateTime(plainForm(form[:0], raw), side)
	}
	return t.readDateTime(raw, side)
}

// readDateTime reads a date with a time, and its offset or, without one, the reader's.
func (t TimeReader) readDateTime(raw []byte, side Side) (Instant, TimeFault) {
	second, rest, ok := t.day.readDateTime(raw)
	if !ok {
		return None, TimeUnreadable
	}
	nanos, rest, ok := readFraction(rest)
	if !ok {
		return None, TimeUnreadable
	}
	if raw[17] == '6' { // :60
		second, nanos = second-1, int64(time.Second)-1
	}
	if len(rest) == 0 {
		if t.clock == nil {
			return None, TimeWithoutZone
		}
		return instantAt(t.clock.utc(second, side), nanos), TimeOK
	}
	offset, ok := readOffset(rest)
	if !ok {
		return None, TimeUnreadable
	}
	return instantAt(second-offset, nanos), TimeOK
}

func readUnix(raw []byte) (Instant, TimeFault) {
	n, ok := readNumber(raw)
	switch {
	case !ok:
		return None, TimeUnreadable
	case len(raw) == 10:
		return instantAt(n, 0), TimeOK
	}
	return instantAt(n/1000, n%1000*int64(time.Millisecond)), TimeOK
}

const dateTime = "dddd-dd-ddTdd:dd:dd" // d is a digit, T also a blank

// knownDay is the day that was read last, as text and as number: exports are mostly in the order of their times.
type knownDay struct {
	year  uint64 // YYYY-MM-
	day   uint16 // DD
	since int64  // days since 1970
}

// readDateTime reads YYYY-MM-DD?HH:MM:SS as if it were UTC, and returns what follows. Second 60 is counted as such.
func (d *knownDay) readDateTime(text []byte) (second int64, rest []byte, ok bool) {
	if !beginsWithDateTime(text) {
		return 0, nil, false
	}
	s := (*[len(dateTime)]byte)(text)
	hour, minute, sec := pair(s[11:]), pair(s[14:]), pair(s[17:])
	if hour > 23 || minute > 59 || sec > 60 {
		return 0, nil, false
	}
	since := int64(0)
	year, day := binary.LittleEndian.Uint64(s[:]), binary.LittleEndian.Uint16(s[8:])
	if d != nil && d.year == year && d.day == day {
		since = d.since
	} else if since, ok = readDay(s[:]); !ok {
		return 0, nil, false
	} else if d != nil {
		*d = knownDay{year, day, since}
	}
	return since*86400 + hour*3600 + minute*60 + sec, text[len(dateTime):], true
}

// readDay reads YYYY-MM-DD, in days since 1970.
func readDay(s []byte) (days int64, ok bool) {
	year, month, day := pair(s)*100+pair(s[2:]), pair(s[5:]), pair(s[8:])
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return daysSince1970(year, month, day), true
}

// beginsWithDateTime looks at eight characters at once.
func beginsWithDateTime(s []byte) bool {
	if len(s) < len(dateTime) {
		return false
	}
	day, minute := binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[8:])
	if day&0xFF0000_FF00000000 != 0x2D0000_2D00000000 { // dddd-dd-
		return false
	}
	if c := s[10]; c != 'T' && c != ' ' && c != 't' || s[13] != ':' || s[16] != ':' {
		return false
	}
	return allDigitsIn(day, 0x00FFFF_00FFFFFFFF) && allDigitsIn(minute, 0xFFFF00_FFFF00FFFF) && // dd?dd:dd
		s[17]-'0' <= 9 && s[18]-'0' <= 9
}

// allDigitsIn reports whether some of eight ASCII characters are digits; none of the others is one of the last six of 256.
func allDigitsIn(text, where uint64) bool {
	const highs, threes, sixes = 0xF0F0F0F0F0F0F0F0, 0x3030303030303030, 0x0606060606060606
	return text&highs&where == threes&where && (text+sixes)&highs&where == threes&where
}

// pair is the number of two digits.
func pair(s []byte) int64 { return int64(s[0]-'0')*10 + int64(s[1]-'0') }

func daysIn(year, month int64) int64 {
	switch {
	case month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	case month == 2:
		return 28
	case month == 4, month == 6, month == 9, month == 11:
		return 30
	}
	return 31
}

// daysSince1970 counts the days of the Gregorian calendar, in years that begin in March, so that the leap day is
// their last.
func daysSince1970(year, month, day int64) int64 {
	month -= 3
	if month < 0 {
		month += 12
		year--
	}
	const era = 400 // years; shifted by one era, so that no year is negative
	year += era
	return year*365 + year/4 - year/100 + year/400 + (153*month+2)/5 + day - 1 - 719468 - 146097
}

// readFraction reads the decimals of a second, if there are any, and returns what follows.
func readFraction(s []byte) (nanos int64, rest []byte, ok bool) {
	if len(s) == 0 || s[0] != '.' {
		return 0, s, true
	}
	unit, i := int64(100*time.Millisecond), 1
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		nanos += int64(s[i]-'0') * unit
		unit /= 10
	}
	return nanos, s[i:], i > 1
}

// readOffset reads Z or ±HH:MM, in seconds east of UTC.
func readOffset(s []byte) (offset int64, ok bool) {
	if len(s) == 1 {
		return 0, s[0] == 'Z' || s[0] == 'z'
	}
	if len(s) != 6 || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return 0, false
	}
	hour, ok := readNumber(s[1:3])
	minute, digits := readNumber(s[4:6])
	if !ok || !digits || hour > 23 || minute > 59 {
		return 0, false
	}
	if offset = hour*3600 + minute*60; s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// readNumber reads ASCII digits, 18 at most.
func readNumber(s []byte) (n int64, ok bool) {
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
