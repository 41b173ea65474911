package consentload

import (
	"math"
	"strconv"
	"strings"
	"time"

	"cpm/formats/fault"
)

// The forms as regular expressions, for the schema; the schema does not say that a duration ends before 292 years.
const (
	regionPattern   = `^[A-Za-z]{2}$`
	durationPattern = `^[1-9][0-9]*[smhdw]$`
	percentPattern  = `^[0-9]+(\.[0-9]+)?%$`
)

// ParseDuration reads an integer from 1 on with one of the units s, m, h, d (24 h) and w (7 d). Its fault is of kind
// Usage.
func ParseDuration(text string) (time.Duration, error) {
	wrong := fault.New(fault.Usage, "", "%s is no duration", quoteSafely(text)).
		Hint("write an integer with s, m, h, d or w, such as 26h")
	if text == "" {
		return 0, wrong
	}
	digits, unit := text[:len(text)-1], time.Duration(0)
	switch text[len(text)-1] {
	case 's':
		unit = time.Second
	case 'm':
		unit = time.Minute
	case 'h':
		unit = time.Hour
	case 'd':
		unit = 24 * time.Hour
	case 'w':
		unit = 7 * 24 * time.Hour
	}
	if unit == 0 || !isDecimal(digits) || digits[0] == '0' {
		return 0, wrong
	}
	count, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || count > int64(math.MaxInt64/unit) {
		return 0, fault.New(fault.Usage, "", "%s is longer than 292 years", quoteSafely(text)).
			Hint("write a shorter duration, or leave it out where it is to have no end")
	}
	return time.Duration(count) * unit, nil
}

// ParsePercent reads a share from 0 to 1, written as a percentage (5%) or as a fraction with a point (0.05). A bare
// number such as 5 or 1 is refused: it could be meant as either. Its fault is of kind Usage.
func ParsePercent(text string) (float64, error) {
	wrong := fault.New(fault.Usage, "", "%s is no share", quoteSafely(text)).
		Hint("write a percentage up to 100%%, such as 5%%, or a fraction with a point, such as 0.05")
	digits, isPercentage := strings.CutSuffix(text, "%")
	whole, fraction, hasPoint := strings.Cut(digits, ".")
	if !isDecimal(whole) || hasPoint && !isDecimal(fraction) {
		return 0, wrong
	}
	number, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, wrong
	}
	switch {
	case isPercentage && number <= 100:
		return number / 100, nil
	case !isPercentage && number <= 1 && (hasPoint || number == 0):
		return number, nil
	}
	return 0, wrong
}

// isDecimal reports whether text is one ASCII digit or more, and nothing else.
func isDecimal(text string) bool {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return text != ""
}
