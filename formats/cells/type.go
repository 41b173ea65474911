package cells

import (
	"math"
	"strconv"
)

// Kind says what the texts of a column can be read back as. A writer that has a type for it may use that, and one that
// has none writes the text: it is the same cell.
type Kind uint8

// The kinds. The zero value is a text, which says nothing more than itself.
const (
	Text     Kind = iota
	Integer       // decimal, within 64 bits and their sign
	Unsigned      // decimal, within 64 bits
	Single        // a float of 32 bits, in the shortest form that tells it from its neighbours; NaN, +Inf and -Inf among them
	Number        // a double, likewise
	Truth         // true or false
	Date          // 2006-01-02, in the calendar that began in 1582, also before; years beyond 9999 have more digits
	Clock         // 15:04:05, with as many digits behind a point as tell it
	Local         // 2006-01-02T15:04:05, likewise: what a clock shows, nobody says where
	Instant       // 2006-01-02T15:04:05Z, likewise
	Decimal       // as many digits behind the point as the scale says
	Binary        // bytes, in base64 as RFC 4648 has it, with padding
	JSON          // an object or an array of JSON, on one line; what is neither is a text
)

// Type is a kind, and what it takes to read its texts back as the values that they were.
type Type struct {
	Kind      Kind
	Unit      int64  // of Clock, Local and Instant: how many a second has, from 1 to 1e9
	Zone      string // of Instant: the zone that it is to be shown in, for a format that can say so; empty: none
	Precision int    // of Decimal: its digits, 76 at most
	Scale     int    // of Decimal: those of them that stand behind the point
}

// maxPrecision is how many digits 256 bits hold: no format has a wider type.
const maxPrecision = 76

// DecimalOf returns the type of decimals; that of a text when no format has a type for them.
func DecimalOf(precision, scale int) Type {
	if scale < 0 || precision < max(scale, 1) || precision > maxPrecision {
		return Type{}
	}
	return Type{Kind: Decimal, Precision: precision, Scale: scale}
}

// Bare reports whether the texts of the kind are numbers or truths as JSON has them, but for NaN and the infinities. A
// decimal is none: readers of JSON make a double of a number, which holds fewer digits.
func (k Kind) Bare() bool { return k >= Integer && k <= Truth }

// Append appends the text of a value that is a number of its units: days since 1970 of a date, of a decimal those of its
// last digit. It returns nil where there is none: a clock beyond its day.
func (t Type) Append(dst []byte, n int64) []byte {
	switch t.Kind {
	case Date:
		return appendDay(dst, n)
	case Clock:
		if n < 0 || n/t.Unit >= secondsOfDay {
			return nil
		}
		return t.appendClock(dst, n/t.Unit, n%t.Unit)
	case Local:
		return t.appendMoment(dst, n)
	case Instant:
		return append(t.appendMoment(dst, n), 'Z')
	case Decimal:
		var digits [20]byte
		return appendPoint(dst, strconv.AppendInt(digits[:0], n, 10), t.Scale)
	case Text, Integer, Unsigned, Single, Number, Truth, Binary, JSON:
	}
	return strconv.AppendInt(dst, n, 10)
}

// Bits reads back a number of any kind: it returns the bits of a float, and else of the number of units; false for a text
// that is none, or one that 64 bits cannot hold.
func (t Type) Bits(text []byte) (uint64, bool) {
	switch t.Kind {
	case Unsigned:
		n, err := strconv.ParseUint(string(text), 10, 64)
		return n, err == nil
	case Single:
		x, err := strconv.ParseFloat(string(text), 32)
		return uint64(math.Float32bits(float32(x))), err == nil
	case Number:
		x, err := strconv.ParseFloat(string(text), 64)
		return math.Float64bits(x), err == nil
	case Text, Integer, Truth, Date, Clock, Local, Instant, Decimal, Binary, JSON:
	}
	n, ok := t.units(text)
	return uint64(n), ok
}

// units reads back what Append wrote.
func (t Type) units(text []byte) (n int64, ok bool) {
	switch t.Kind {
	case Date:
		r := reader{text, true}
		n = r.day()
		return n, r.ended() && n >= math.MinInt32 && n <= math.MaxInt32
	case Clock:
		r := reader{text, true}
		seconds, rest := r.clock(t.Unit)
		return seconds*t.Unit + rest, r.ended()
	case Local:
		return t.moment(text)
	case Instant:
		last := len(text) - 1
		if last < 0 || text[last] != 'Z' {
			return 0, false
		}
		return t.moment(text[:last])
	case Decimal:
		big, ok := t.Big(text)
		return big.Int64(), ok && big.IsInt64()
	case Text, Integer, Unsigned, Single, Number, Truth, Binary, JSON:
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil
}
