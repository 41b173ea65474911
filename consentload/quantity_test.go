package consentload

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cpm/formats/fault"
)

func TestADurationIsAnIntegerWithAUnit(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1s": time.Second, "90m": 90 * time.Minute, "26h": 26 * time.Hour, "365d": 365 * 24 * time.Hour,
		"2w": 14 * 24 * time.Hour, "106751d": 106751 * 24 * time.Hour,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestWhatIsNoDurationIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "d", "365", "0d", "010d", "-1d", "+1d", "1.5h", "1 d", " 1d", "1d ", "1D", "1y", "1ms", "1h30m", "１d",
		"106752d", "15251w", "9223372036854775808s", "99999999999999999999999999s",
	} {
		if got, err := ParseDuration(text); err == nil || fault.KindOf(err) != fault.Usage || got != 0 {
			t.Errorf("%q: got %v, %v, want a fault of usage", text, got, err)
		}
	}
}

func TestADurationIsReadBackInEveryUnit(t *testing.T) {
	units := map[string]time.Duration{
		"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
	}
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom(sortedKeys(units)).Draw(t, "unit")
		count := rapid.Int64Range(1, math.MaxInt64/int64(units[unit])).Draw(t, "count")
		got, err := ParseDuration(fmt.Sprint(count, unit))
		if err != nil || got != time.Duration(count)*units[unit] {
			t.Fatalf("%d%s: got %v, %v", count, unit, got, err)
		}
	})
}

func TestAShareIsAPercentageOrAFractionWithAPoint(t *testing.T) {
	for text, want := range map[string]float64{
		"5%": 0.05, "0.5%": 0.005, "0%": 0, "100%": 1, "100.0%": 1, "0.05": 0.05, "0": 0, "0.0": 0, "1.0": 1,
	} {
		if got, err := ParsePercent(text); err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestWhatIsNoShareIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "%", "5", "1", "1.5", "101%", "100.1%", "-5%", "+5%", "5 %", "5%%", ".5", "5.%", "1e-2", "0x1", "NaN",
		"Inf", "５%", "0,05",
	} {
		if got, err := ParsePercent(text); err == nil || fault.KindOf(err) != fault.Usage || got != 0 {
			t.Errorf("%q: got %v, %v, want a fault of usage", text, got, err)
		}
	}
}
