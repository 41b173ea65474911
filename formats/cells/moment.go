package cells

import "strconv"

const (
	secondsOfDay = 24 * 60 * 60
	nanos        = 1e9 // of a second
)

// The days of the calendar come in eras of 400 years, which begin with a March so that the leap day is the last of its
// year. Day 0 is the first of January 1970.
const (
	daysOfEra = 146097
	firstDay  = 719468 // of year 0, its first of March, to day 0
)

// day is a day of the calendar.
type day struct{ year, month, day int64 }

func dayOf(n int64) day {
	n += firstDay
	era, n := divided(n, daysOfEra)
	year := (n - n/1460 + n/36524 - n/146096) / 365
	n -= 365*year + year/4 - year/100
	month := (5*n + 2) / 153 // from March
	d := day{year: era*400 + year, month: month + 3, day: n - (153*month+2)/5 + 1}
	if d.month > 12 {
		d.year, d.month = d.year+1, d.month-12
	}
	return d
}

func (d day) number() int64 {
	year, month := d.year, d.month-3
	if month < 0 {
		year, month = year-1, month+12
	}
	era, year := divided(year, 400)
	return era*daysOfEra + year*365 + year/4 - year/100 + (153*month+2)/5 + d.day - 1 - firstDay
}

// divided returns quotient and remainder, which is never negative.
func divided(n, by int64) (quotient, rest int64) {
	quotient, rest = n/by, n%by
	if rest < 0 {
		quotient, rest = quotient-1, rest+by
	}
	return quotient, rest
}

// appendDigits appends a number with so many digits at least.
func appendDigits(dst []byte, n int64, width int) []byte {
	for low := int64(10); width > 1; width-- {
		if n < low {
			dst = append(dst, "000000000"[:width-1]...)
			break
		}
		low *= 10
	}
	return strconv.AppendInt(dst, n, 10)
}

func appendDay(dst []byte, n int64) []byte {
	d := dayOf(n)
	if d.year < 0 {
		dst, d.year = append(dst, '-'), -d.year
	}
	dst = append(appendDigits(dst, d.year, 4), '-')
	dst = append(appendDigits(dst, d.month, 2), '-')
	return appendDigits(dst, d.day, 2)
}

// appendClock appends a time of day: seconds, and what is over of units.
func (t Type) appendClock(dst []byte, seconds, rest int64) []byte {
	dst = append(appendDigits(dst, seconds/3600, 2), ':')
	dst = append(appendDigits(dst, seconds/60%60, 2), ':')
	dst = appendDigits(dst, seconds%60, 2)
	if rest == 0 {
		return dst
	}
	width := 0
	for unit := t.Unit; unit > 1; unit /= 10 {
		width++
	}
	for ; rest%10 == 0; rest /= 10 {
		width--
	}
	return appendDigits(append(dst, '.'), rest, width)
}

func (t Type) appendMoment(dst []byte, n int64) []byte {
	seconds, rest := divided(n, t.Unit)
	days, seconds := divided(seconds, secondsOfDay)
	return t.appendClock(append(appendDay(dst, days), 'T'), seconds, rest)
}

// moment reads back what appendMoment wrote.
func (t Type) moment(text []byte) (int64, bool) {
	r := reader{text, true}
	days := r.day()
	r.pass('T')
	clock, rest := r.clock(t.Unit)
	seconds := days*secondsOfDay + clock
	n := seconds*t.Unit + rest
	// What is too much for 64 bits has come out as another number, which has other parts.
	wholes, part := divided(n, t.Unit)
	day, second := divided(wholes, secondsOfDay)
	return n, r.ended() && part == rest && day == days && second == clock
}

// reader reads a text from its begin; it stays not ok once something else stands there.
type reader struct {
	rest []byte
	ok   bool
}

func (r *reader) ended() bool { return r.ok && len(r.rest) == 0 }

// has passes a sign if it stands there.
func (r *reader) has(sign byte) bool {
	if len(r.rest) == 0 || r.rest[0] != sign {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// pass passes a sign, which must stand there.
func (r *reader) pass(sign byte) { r.ok = r.has(sign) && r.ok }

// digits reads a number of so many digits.
func (r *reader) digits(least, most int) (n int64, count int) {
	for count < most && count < len(r.rest) && r.rest[count]-'0' < 10 {
		n = n*10 + int64(r.rest[count]-'0')
		count++
	}
	r.rest, r.ok = r.rest[count:], r.ok && count >= least
	return n, count
}

// day reads the number of a day. Seconds of 64 bits reach years of 12 digits.
func (r *reader) day() int64 {
	isBefore := r.has('-')
	var d day
	d.year, _ = r.digits(4, 12)
	if isBefore {
		d.year = -d.year
	}
	r.pass('-')
	d.month, _ = r.digits(2, 2)
	r.pass('-')
	d.day, _ = r.digits(2, 2)
	n := d.number()
	r.ok = r.ok && dayOf(n) == d // or it is no day, such as the 30th of February
	return n
}

// clock reads a time of day: seconds, and what is over of units, of which there must be no part.
func (r *reader) clock(unit int64) (seconds, rest int64) {
	hour, _ := r.digits(2, 2)
	r.pass(':')
	minute, _ := r.digits(2, 2)
	r.pass(':')
	second, _ := r.digits(2, 2)
	r.ok = r.ok && hour < 24 && minute < 60 && second < 60
	if r.has('.') {
		digits, count := r.digits(1, 9)
		for ; count < 9; count++ {
			digits *= 10
		}
		rest = digits / (nanos / unit)
		r.ok = r.ok && digits%(nanos/unit) == 0
	}
	return hour*3600 + minute*60 + second, rest
}
