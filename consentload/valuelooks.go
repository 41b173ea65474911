package consentload

import (
	"bytes"

	"github.com/nyaruka/phonenumbers"
)

const (
	looksValues = 1000 // so many values tell what a column holds
	looksShare  = 0.9  // of them must look alike
)

// valueLooks counts what the values of a column look like whose name does not say so.
type valueLooks struct {
	n       int64 // values that are not empty
	phones  int64
	emails  int64
	digests [hashAlgorithms]int64
}

// take looks at one value.
func (l *valueLooks) take(normal *Normalizer, value []byte) {
	if l.n >= looksValues {
		return
	}
	if value = trimValue(value); len(value) == 0 {
		return
	}
	l.n++
	kinds := normal.kinds
	for a := range hashAlgorithms {
		if _, why := normal.digest.append(nil, value, a); why == Readable {
			l.digests[a]++
			return
		}
	}
	if bytes.IndexByte(value, '@') >= 0 {
		if id, ok := kinds.Index("email"); ok {
			if _, why := normal.Append(nil, id, value); why == Readable {
				l.emails++
			}
		}
		return
	}
	if isTimeOrNumber(value) {
		return
	}
	if id, ok := kinds.Index("phone"); ok {
		form, why := normal.Append(nil, id, value)
		if why == Exponent || why == Readable && isAssigned(form) {
			l.phones++
		}
	}
}

// isAssigned reports whether a phone number lies in a range that its country uses: any customer number of the right
// length is a possible one.
func isAssigned(e164 []byte) bool {
	number, err := phonenumbers.Parse(string(e164), "ZZ")
	return err == nil && phonenumbers.IsValidNumber(number)
}

// isTimeOrNumber reports what could be taken for a phone number: dates and times, and amounts with decimals.
func isTimeOrNumber(value []byte) bool {
	if _, bad := NewTimeReader(nil).forPlatforms().withDates().Read(value, Earlier); bad != TimeUnreadable && !allDigits(value) {
		return true
	}
	whole, decimals, cut := bytes.Cut(value, []byte{'.'})
	return cut && allDigits(whole) && allDigits(decimals) && len(decimals) != 1
}

// name is what nearly all values look like; empty when they do not look alike.
func (l *valueLooks) name() string {
	most := func(n int64) bool { return n > 0 && float64(n) >= looksShare*float64(l.n) }
	switch {
	case most(l.phones):
		return "phone"
	case most(l.emails):
		return "email"
	}
	for a, n := range l.digests {
		if most(n) {
			return hashAlgorithm(a).String()
		}
	}
	return ""
}
