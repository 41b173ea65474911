package consentload

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// referencePhone is the rule as one would write it without a thought for speed: rune by rune, then the library.
func referencePhone(region, raw string) (string, bool) {
	blank := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
	}
	s := strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' || r == '＋' || r == '．' {
			return r - 0xfee0
		}
		return r
	}, strings.TrimFunc(raw, blank))
	s = strings.TrimLeftFunc(strings.TrimPrefix(s, "'"), blank)
	if len(s) >= 4 && strings.ToLower(s[:4]) == "tel:" {
		s = s[4:]
	}
	s = strings.TrimFunc(s, blank)
	if whole, fraction, ok := strings.Cut(s, "."); ok && strings.Trim(whole, "+0123456789") == "" &&
		len(fraction) > 1 && strings.Trim(fraction, "0") == "" {
		return "", false // 13800138000.00
	}
	if s = strings.TrimSuffix(s, ".0"); strings.HasSuffix(s, ".0") {
		return "", false
	}
	var digits strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', r == '+' && digits.Len() == 0:
			digits.WriteRune(r)
		case blank(r), strings.ContainsRune("-‐‑‒–—―−﹘﹣－.()[]/（）［］／", r):
		default:
			return "", false
		}
	}
	return referenceE164(region, digits.String())
}

func referenceE164(region, digits string) (string, bool) {
	if region == "CN" && len(digits) == 11 && digits[0] == '1' && digits[1] >= '3' && !strings.Contains(digits, "+") {
		return "+86" + digits, true
	}
	number, err := phonenumbers.Parse(digits, region)
	if err != nil || phonenumbers.IsPossibleNumberWithReason(number) != phonenumbers.IS_POSSIBLE {
		return "", false
	}
	return phonenumbers.Format(number, phonenumbers.E164), true
}

// phoneNormalizer returns a function that normalizes phone numbers of a region.
func phoneNormalizer(t testing.TB, region string) func(raw string) (string, Unreadable) {
	t.Helper()
	kinds, err := NewKinds(region, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := kinds.Normalizer()
	return func(raw string) (string, Unreadable) {
		normal, why := n.Append(nil, 0, []byte(raw))
		return string(normal), why
	}
}

func TestPhoneNormalForms(t *testing.T) {
	normal := phoneNormalizer(t, "CN")
	for name, c := range map[string]struct {
		raw, want string
		why       Unreadable
	}{
		"a mobile number": {"13800138000", "+8613800138000", 0},
		"a mobile number that looks like a carrier code": {"17951001234", "+8617951001234", 0},
		"with the country code":                          {"+8613800138000", "+8613800138000", 0},
		"with the country code and no plus":              {"8613800138000", "+8613800138000", 0},
		"with the dialling prefix":                       {"0086 138-0013-8000", "+8613800138000", 0},
		"a plus in brackets":                             {"(+86) 138 0013 8000", "+8613800138000", 0},
		"full-width digits and plus":                     {"＋８６１３８００１３８０００", "+8613800138000", 0},
		"full-width brackets and an ideographic space":   {"（０２１）　６２３４５６７８", "+862162345678", 0},
		"a leading apostrophe":                           {"'13800138000", "+8613800138000", 0},
		"a tel: in capitals":                             {"TEL: +86-138-0013-8000", "+8613800138000", 0},
		"an apostrophe before tel:":                      {"'tel:13800138000", "+8613800138000", 0},
		"a trailing .0":                                  {"13800138000.0", "+8613800138000", 0},
		"a full-width trailing .0":                       {"１３８００１３８０００．０", "+8613800138000", 0},
		"direction marks around it":                      {"\u202a13800138000\u202c", "+8613800138000", 0},
		"a byte order mark before it":                    {"\ufeff13800138000", "+8613800138000", 0},
		"no-break spaces":                                {"138\u00a00013\u00a08000", "+8613800138000", 0},
		"a tab and a line break around it":               {"\t13800138000\r\n", "+8613800138000", 0},
		"dashes of all kinds":                            {"138‐0013–80—0−0", "+8613800138000", 0},
		"dots and slashes":                               {"138.0013/8000", "+8613800138000", 0},
		"dots with a group of zeros":                     {"021.6234.0000", "+862162340000", 0},
		"another country":                                {"+44 (0)20 7946 0958", "+442079460958", 0},
		"the country's main number abroad":               {"+1 212 555 0100", "+12125550100", 0},

		"nothing":                         {"", "", Empty},
		"white space":                     {" \u3000\t", "", Empty},
		"a lone apostrophe":               {"'", "", Empty},
		"a hyphen for nothing":            {"-", "", NotPhone},
		"a word for nothing":              {"null", "", NotPhone},
		"two plus signs":                  {"++8613800138000", "", NotPhone},
		"a plus in the middle":            {"86+13800138000", "", NotPhone},
		"an extension":                    {"021-62345678 ext. 12", "", NotPhone},
		"an extension with a comma":       {"021-62345678,12", "", NotPhone},
		"letters for digits":              {"1-800-FLOWERS", "", NotPhone},
		"two numbers with a slash":        {"13800138000/13900139000", "", Impossible},
		"two numbers with a comma":        {"13800138000,13900139000", "", NotPhone},
		"Arabic digits":                   {"١٣٨٠٠١٣٨٠٠٠", "", NotPhone},
		"scientific notation":             {"1.38E+10", "", Exponent},
		"scientific notation, small e":    {"1.38e10", "", Exponent},
		"scientific notation, a comma":    {"1,38001E+10", "", Exponent},
		"scientific notation, full width": {"１．３８Ｅ＋１０", "", Exponent},
		"an e that is no exponent":        {"1380e", "", NotPhone},
		"two decimals":                    {"13800138000.00", "", Fraction},
		"two decimals of a landline":      {"2162345678.00", "", Fraction},
		"the .0 twice":                    {"13800138000.0.0", "", Fraction},
		"too short":                       {"110", "", Impossible},
		"a cut mobile number":             {"138001380", "+86138001380", 0}, // possible, and nobody's
		"too long":                        {"138001380001234", "", Impossible},
		"a hundred digits":                {strings.Repeat("1", 100), "", NotPhone},
		"an unknown country code":         {"+99913800138000", "", Impossible},
		"broken UTF-8":                    {"1380013800\xff", "", BadText},
		"a NUL byte":                      {"1380013\x008000", "", BadText},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second answer may be a remembered one
				if got, why := normal(c.raw); got != c.want || why != c.why {
					t.Errorf("got %q, %v; want %q, %v", got, why, c.want, c.why)
				}
			}
		})
	}
}

func TestDigitsAreToldFromAnyOtherByteAtAnyPlace(t *testing.T) {
	for length := range 20 {
		text := bytes.Repeat([]byte("9"), length)
		if !allDigits(text) {
			t.Errorf("%q: other than digits", text)
		}
		for at := range text {
			for c := range 256 {
				text[at] = byte(c)
				if got, want := allDigits(text), c >= '0' && c <= '9'; got != want {
					t.Errorf("%q: digits %v, want %v", text, got, want)
				}
			}
			text[at] = '0'
		}
	}
}
