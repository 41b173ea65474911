package cells

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestNumbersOfUnitsAreWrittenInISO8601AndReadBack(t *testing.T) {
	date, seconds, nanos := Type{Kind: Date}, Type{Kind: Instant, Unit: 1}, Type{Kind: Local, Unit: 1e9}
	for _, c := range []struct {
		of   Type
		n    int64
		text string
	}{
		{date, 0, "1970-01-01"},
		{date, -1, "1969-12-31"},
		{date, 11016, "2000-02-29"},
		{date, -719162, "0001-01-01"},
		{date, -719163, "0000-12-31"},
		{date, -719529, "-0001-12-31"},
		{date, 2932896, "9999-12-31"},
		{date, 2932897, "10000-01-01"},
		{date, math.MaxInt32, "5881580-07-11"},
		{date, math.MinInt32, "-5877641-06-23"},
		{Type{Kind: Clock, Unit: 1}, 86399, "23:59:59"},
		{Type{Kind: Clock, Unit: 1e3}, 1, "00:00:00.001"},
		{Type{Kind: Clock, Unit: 1e6}, 3723100000, "01:02:03.1"},
		{Type{Kind: Clock, Unit: 1e9}, 86399999999999, "23:59:59.999999999"},
		{seconds, -1, "1969-12-31T23:59:59Z"},
		{seconds, math.MaxInt64, "292277026596-12-04T15:30:07Z"},
		{seconds, math.MinInt64, "-292277022657-01-27T08:29:52Z"},
		{Type{Kind: Instant, Unit: 1e3}, 1767323045678, "2026-01-02T03:04:05.678Z"},
		{Type{Kind: Local, Unit: 1e6}, -1, "1969-12-31T23:59:59.999999"},
		{nanos, math.MaxInt64, "2262-04-11T23:47:16.854775807"},
		{nanos, math.MinInt64, "1677-09-21T00:12:43.145224192"},
		{Type{Kind: Decimal, Precision: 18, Scale: 2}, -5, "-0.05"},
		{Type{Kind: Decimal, Precision: 18}, -999999999999999999, "-999999999999999999"},
		{Type{Kind: Integer}, math.MinInt64, "-9223372036854775808"},
	} {
		text := string(c.of.Append([]byte("x"), c.n))
		if text != "x"+c.text {
			t.Errorf("%d of %+v is %q, want %q", c.n, c.of, text, c.text)
		}
		if n, ok := c.of.Bits([]byte(c.text)); !ok || int64(n) != c.n {
			t.Errorf("%q of %+v is %d %t, want %d", c.text, c.of, int64(n), ok, c.n)
		}
	}
}

func TestTimesAreThoseOfTheStandardLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		n := r.Int64() >> r.IntN(64)
		if r.IntN(2) == 0 {
			n = -n
		}
		for unit, at := range map[int64]time.Time{1e3: time.UnixMilli(n), 1e6: time.UnixMicro(n), 1e9: time.Unix(0, n)} {
			of := Type{Kind: Instant, Unit: unit}
			text := of.Append(nil, n)
			if want := at.UTC().Format("2006-01-02T15:04:05.999999999Z"); string(text) != want {
				t.Fatalf("%d of 1/%d s is %s, want %s", n, unit, text, want)
			}
			if back, ok := of.Bits(text); !ok || int64(back) != n {
				t.Fatalf("%s of 1/%d s is read back as %d %t, want %d", text, unit, int64(back), ok, n)
			}
		}
	}
}

func TestAClockBeyondItsDayHasNoText(t *testing.T) {
	for unit := int64(1); unit <= 1e9; unit *= 1e3 {
		for _, n := range []int64{-1, 86400 * unit, math.MaxInt64, math.MinInt64} {
			if text := (Type{Kind: Clock, Unit: unit}).Append(nil, n); text != nil {
				t.Errorf("%d of 1/%d s is %s", n, unit, text)
			}
		}
	}
}

func TestWhatATypeCannotHoldIsNotReadBack(t *testing.T) {
	millis := Type{Kind: Instant, Unit: 1e3}
	for _, c := range []struct {
		of    Type
		texts string // by spaces
	}{
		{Type{Kind: Date}, " 2026-02-29 2026-13-01 2026-00-01 2026-01-00 2026-1-1 26-01-01 2026-01-01x 2026-01-01T00:00:00 5881580-07-12 -5877641-06-22 1000000000000-01-01 +2026-01-01"},
		{Type{Kind: Clock, Unit: 1e3}, " 24:00:00 23:60:00 23:59:60 1:00:00 01:00 01:00:00. 01:00:00.0001 01:00:00.0000000001 01:00:00Z -01:00:00"},
		{Type{Kind: Clock, Unit: 1}, "01:00:00.5"},
		{millis, " Z 2026-01-02T03:04:05 2026-01-02T03:04:05+01:00 2026-01-02T03:04:05.0001Z 2026-01-02 2026-01-02Z 292278994-08-17T07:12:55.808Z -292275055-05-16T16:47:04.191Z 999999999999-01-01T00:00:00Z"},
		{Type{Kind: Local, Unit: 1e9}, "2026-01-02T03:04:05Z 2262-04-11T23:47:16.854775808 1677-09-21T00:12:43.145224191 9999-12-31T00:00:00 0001-01-01T00:00:00"},
		{Type{Kind: Integer}, " 9223372036854775808 -9223372036854775809 1.0 x"},
		{Type{Kind: Unsigned}, " -1 18446744073709551616 1e3"},
		{Type{Kind: Single}, " 1e39 x"},
		{Type{Kind: Number}, " 1e309 x"},
		{Type{Kind: Decimal, Precision: 4, Scale: 2}, " 100.00 1.0 1.000 1 x.00 1.-1 1e1.00"},
		{Type{Kind: Decimal, Precision: 3}, "1000 -1000 1.0"},
	} {
		for text := range strings.SplitSeq(c.texts, " ") {
			if n, ok := c.of.Bits([]byte(text)); ok {
				t.Errorf("%q of %+v is read back as %d", text, c.of, n)
			}
		}
	}
}

func TestADecimalOfManyDigitsIsReadBackAsATwosComplement(t *testing.T) {
	nines := strings.Repeat("9", 76)
	for _, c := range []struct {
		of   Type
		text string
		size int
		fits bool
	}{
		{DecimalOf(38, 2), "99999999999999999999999999999999999" + "9.99", 16, true},
		{DecimalOf(38, 0), "-" + nines[:38], 16, true},
		{DecimalOf(76, 0), nines, 32, true},
		{DecimalOf(76, 76), "-0." + nines, 32, true},
		{DecimalOf(76, 0), nines, 31, false},
		{DecimalOf(38, 0), nines[:39], 17, false},
	} {
		n, ok := c.of.Big([]byte(c.text))
		b := make([]byte, c.size)
		if fits := PutTwos(b, n) && ok; fits != c.fits {
			t.Errorf("%s fits into %d bytes and %+v: %t", c.text, c.size, c.of, fits)
		} else if !fits {
			continue
		}
		back := new(big.Int).SetBytes(b)
		if b[0]&0x80 != 0 {
			back.Sub(back, new(big.Int).Lsh(big.NewInt(1), uint(8*c.size)))
		}
		if text := string(AppendDecimal(nil, back, c.of.Scale)); text != c.text {
			t.Errorf("%s has become %s", c.text, text)
		}
	}
}

func TestDecimalsThatNoFormatHasATypeForAreTexts(t *testing.T) {
	for _, c := range [][2]int{{0, 0}, {77, 0}, {5, 6}, {5, -1}, {-1, 0}} {
		if of := DecimalOf(c[0], c[1]); of != (Type{}) {
			t.Errorf("%v is %+v", c, of)
		}
	}
}

func FuzzNumbersOfUnitsComeBack(f *testing.F) {
	f.Add(int64(math.MinInt64), uint8(0))
	f.Add(int64(math.MaxInt64), uint8(4))
	f.Add(int64(-719529), uint8(8))
	f.Fuzz(func(t *testing.T, n int64, kind uint8) {
		units := []int64{1, 1e3, 1e6, 1e9}
		of := Type{Kind: []Kind{Local, Instant, Date, Clock}[kind/4%4], Unit: units[kind%4]}
		if of.Kind == Date {
			n = int64(int32(n))
		}
		text := of.Append(nil, n)
		if back, ok := of.Bits(text); text != nil && (!ok || int64(back) != n) {
			t.Errorf("%d of %+v is %s, which is read back as %d %t", n, of, text, int64(back), ok)
		}
	})
}
