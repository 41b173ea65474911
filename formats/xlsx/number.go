package xlsx

import (
	"math"
	"strconv"
	"time"
)

// exactDigits is how many digits every whole number of a cell keeps.
const exactDigits = 15

// maxWhole is 2⁵³, from which on neighbouring whole numbers share a value.
const maxWhole = 1 << 53

// isWhole reports whether a number stands there as it is to be told: decimal digits, few enough to be exact.
func isWhole(text []byte) bool {
	if len(text) == 0 || len(text) > exactDigits || text[0] == '0' && len(text) > 1 {
		return false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// number reads what a cell holds. The syntax is narrower than Go's.
func number(text []byte) (float64, bool) {
	for _, c := range text {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	x, err := strconv.ParseFloat(string(text), 64)
	return x, err == nil || math.IsInf(x, 0)
}

// appendNumber appends a number without an exponent. Whole numbers from 2⁵³ on stand as the file writes them: they have
// lost digits, and must not be taken for an identifier.
func appendNumber(dst, text []byte, x float64) []byte {
	switch {
	case x == 0:
		return append(dst, '0')
	case math.Abs(x) >= maxWhole:
		return append(dst, text...)
	}
	return strconv.AppendFloat(dst, x, 'f', -1, 64)
}

const (
	millisInDay = 24 * 60 * 60 * 1000
	days1904    = 1462    // between the two systems
	leap1900    = 60      // the 29th of February 1900, a day that never was
	endOfDays   = 2958466 // the day behind 9999-12-31
)

// appendDay appends the day or time that a number stands for, to the millisecond; ok is false when it stands for none.
func appendDay(dst []byte, x float64, s shows, is1904 bool) (_ []byte, ok bool) {
	if !(x >= 0 && x < endOfDays) {
		return dst, false
	}
	millis := int64(math.Round(x * millisInDay))
	day, clock := millis/millisInDay, millis%millisInDay
	if day == 0 && s == showsClock {
		return appendClock(dst, clock), true
	}
	switch {
	case is1904:
		day += days1904
	case day == leap1900 || day == 0:
		return dst, false
	case day < leap1900:
		day++
	}
	at := time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(day))
	if at.Year() > 9999 {
		return dst, false
	}
	return appendMoment(dst, at.Add(time.Duration(clock)*time.Millisecond), s), true
}

// appendMoment appends a day, with the time when there is one or the format shows it.
func appendMoment(dst []byte, at time.Time, s shows) []byte {
	clock := at.Sub(at.Truncate(24 * time.Hour)).Milliseconds()
	dst = at.AppendFormat(dst, time.DateOnly)
	if clock == 0 && s != showsMoment && s != showsClock {
		return dst
	}
	return appendClock(append(dst, 'T'), clock)
}

func appendClock(dst []byte, millis int64) []byte {
	at := time.UnixMilli(millis).UTC()
	if millis%1000 == 0 {
		return at.AppendFormat(dst, "15:04:05")
	}
	return at.AppendFormat(dst, "15:04:05.000")
}

// appendISO appends a day that a workbook writes as text. What is written otherwise stands as it is.
func appendISO(dst, text []byte, s shows) []byte {
	for _, layout := range []string{"2006-01-02T15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, string(text)); err == nil {
			return appendMoment(dst, at, s)
		}
	}
	return append(dst, text...)
}
