package consentload

import (
	"bytes"
	"encoding/binary"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// phoneReader makes the normal form of phone numbers: E.164, "+" and digits. It serves one goroutine.
//
// First the text is cleaned to digits with a "+" in front at most; that is this file's own doing. What the digits mean
// is libphonenumber's to say: its answer costs 14 µs and some 50 allocations, so the plain forms of which it is
// known beforehand are answered without it, and the latest other answers are kept. A test holds both to the library.
type phoneReader struct {
	region  string
	cleaned phoneText
	answers []phoneAnswer // by the low bits of the hash of the cleaned text; nil until the first slow one
}

// phoneText holds a cleaned number. The longest that a number can be (prefixes, country code, 17 digits) is below 40;
// anything that does not fit is none.
type phoneText struct {
	bytes [64]byte
	len   int
}

// phoneAnswer is one remembered answer of the library.
type phoneAnswer struct {
	asked    [40]byte
	normal   [22]byte
	askedLen uint8
	len      uint8 // 0: not a possible number
}

// phoneAnswers is how many answers are kept, 64 bytes each.
const phoneAnswers = 1 << 13

func newPhoneReader(region string) *phoneReader { return &phoneReader{region: region} }

func (p *phoneReader) append(dst, raw []byte) ([]byte, Unreadable) {
	if prefix, rest := plainPhone(raw, p.region); prefix != "" {
		return append(append(dst, prefix...), rest...), Readable
	}
	if why := p.cleaned.clean(raw); why != Readable {
		return dst, why
	}
	digits := p.cleaned.bytes[:p.cleaned.len]
	if prefix, rest := plainPhone(digits, p.region); prefix != "" {
		return append(append(dst, prefix...), rest...), Readable
	}
	return p.ask(dst, digits)
}

// plainPhone returns the E.164 form of a number, cleaned or not, in two parts, when it is one of the forms for which the
// library's answer is known; else "".
//
//   - A Chinese mobile number, eleven digits from 13 to 19: as it stands in region CN (by rule: the library takes
//     179dd00… for a dialling prefix), after +86 everywhere, after 86 or 0086 in region CN. There 179dd is no carrier:
//     what would be left is too short for a Chinese number, so the library leaves it.
//   - A North American number, ten digits from 2 to 9: after +1 everywhere, as it stands or after 1 in region US.
func plainPhone(digits []byte, region string) (prefix string, rest []byte) {
	if rest := mobileCN(digits, region == "CN"); rest != nil {
		return "+86", rest
	}
	if rest := northAmerican(digits, region == "US"); rest != nil {
		return "+1", rest
	}
	return "", nil
}

func mobileCN(digits []byte, atHome bool) []byte {
	n := len(digits)
	switch {
	case n == mobileDigits && atHome && isMobileCN(digits):
		return digits
	case n == 14 && string(digits[:3]) == "+86",
		n == 13 && atHome && string(digits[:2]) == "86",
		n == 15 && atHome && string(digits[:4]) == "0086":
		if rest := digits[n-mobileDigits:]; isMobileCN(rest) {
			return rest
		}
	}
	return nil
}

func northAmerican(digits []byte, atHome bool) []byte {
	n := len(digits)
	switch {
	case n == 12 && string(digits[:2]) == "+1",
		n == 11 && atHome && digits[0] == '1',
		n == 10 && atHome:
		if rest := digits[n-10:]; rest[0] >= '2' && allDigits(rest) {
			return rest
		}
	}
	return nil
}

// mobileDigits is the length of a Chinese mobile number.
const mobileDigits = 11

// isMobileCN reports eleven ASCII digits that begin 13 to 19.
func isMobileCN(digits []byte) bool {
	return len(digits) == mobileDigits && digits[0] == '1' && digits[1] >= '3' && allDigits(digits)
}

func allDigits(text []byte) bool {
	if n := len(text); n >= 8 && n <= 16 {
		first, last := binary.LittleEndian.Uint64(text), binary.LittleEndian.Uint64(text[n-8:])
		return allDigitsIn(first, ^uint64(0)) && allDigitsIn(last, ^uint64(0))
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// ask has the library decide about a cleaned number, unless it has done so lately.
func (p *phoneReader) ask(dst, digits []byte) ([]byte, Unreadable) {
	var known phoneAnswer
	if len(digits) > len(known.asked) {
		return dst, Impossible
	}
	if p.answers == nil {
		p.answers = make([]phoneAnswer, phoneAnswers)
	}
	answer := &p.answers[fnv(digits)%phoneAnswers]
	if !bytes.Equal(answer.asked[:answer.askedLen], digits) {
		*answer = phoneAnswer{askedLen: uint8(len(digits))}
		copy(answer.asked[:], digits)
		normal := phoneE164(string(digits), p.region)
		if len(normal) <= len(answer.normal) {
			answer.len = uint8(copy(answer.normal[:], normal))
		}
	}
	if answer.len == 0 {
		return dst, Impossible
	}
	return append(dst, answer.normal[:answer.len]...), Readable
}

// fnv is FNV-1a: it chooses a place, nothing more.
func fnv(text []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range text {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

// phoneE164 is the library's answer: E.164, or "" unless the number is a possible one. A number that is possible only
// within its area is none, as nobody can say which area.
func phoneE164(digits, region string) string {
	number, err := phonenumbers.Parse(digits, region)
	if err != nil || phonenumbers.IsPossibleNumberWithReason(number) != phonenumbers.IS_POSSIBLE {
		return ""
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

// clean keeps the digits of a phone number and a "+" in front, as ASCII. It drops white space and invisible marks at
// the ends, a leading apostrophe, a leading "tel:", a trailing ".0", and separators anywhere: white space, invisible
// marks (contact apps wrap numbers in direction marks), hyphens and dashes, dots, brackets, slashes. Anything else
// makes it no phone number.
func (t *phoneText) clean(raw []byte) Unreadable {
	t.len = 0
	s := trimValue(raw)
	if len(s) > 0 && s[0] == '\'' {
		s = bytes.TrimLeftFunc(s[1:], isBlank)
	}
	if len(s) >= 4 && bytes.EqualFold(s[:4], []byte("tel:")) {
		s = bytes.TrimLeftFunc(s[4:], isBlank)
	}
	if len(s) == 0 {
		return Empty
	}
	s, fraction := dropPointZero(s)
	if fraction {
		return Fraction
	}
	if !t.keepDigits(s) {
		return whyNot(s)
	}
	if t.len == 0 || t.len == 1 && t.bytes[0] == '+' {
		return NotPhone
	}
	return Readable
}

// keepDigits reports false when there is something else than digits, separators and one "+" in front, or too much.
func (t *phoneText) keepDigits(s []byte) bool {
	for i := 0; i < len(s); {
		c, size := s[i], 1
		if c >= utf8.RuneSelf {
			var r rune
			r, size = utf8.DecodeRune(s[i:])
			c = phoneSign(r)
		}
		i += size
		switch c {
		case ' ', '-', '.', '(', ')', '/', '[', ']', '\t', '\n', '\v', '\f', '\r':
			continue
		case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		case '+':
			if t.len > 0 {
				return false
			}
		default:
			return false
		}
		if t.len == len(t.bytes) {
			return false
		}
		t.bytes[t.len] = c
		t.len++
	}
	return true
}

// phoneSign is the ASCII sign that a sign stands for in a phone number: digits, "+", ".", "e" and "," of full width
// are themselves, every separator is a blank, and what has no place there is 0.
func phoneSign(r rune) byte {
	switch {
	case r < utf8.RuneSelf:
		return byte(r)
	case r >= '０' && r <= '９':
		return byte(r-'０') + '0'
	case r == '＋', r == '．', r == 'ｅ', r == 'Ｅ', r == '，':
		return byte(r - '！' + '!')
	case r >= 0x2010 && r <= 0x2015, r == '−', r == '﹘', r == '﹣', r == '－': // hyphens, dashes, minus
		return '-'
	case r == '（', r == '）', r == '［', r == '］', r == '／', isBlank(r):
		return ' '
	}
	return 0
}

// dropPointZero drops the ".0" that a whole number gets when it was a floating-point number on its way. Other decimals
// are no separators either: "13800138000.00" and "13800138000.0.0" are reported as fractions, since their zeros would
// make another number. A point that groups digits ("021.6234.0000", "(212) 555.0000") is none of them.
func dropPointZero(s []byte) (rest []byte, fraction bool) {
	before, zeros := cutPointZeros(s)
	if zeros == 0 {
		return s, false
	}
	if zeros == 1 {
		_, again := cutPointZeros(before)
		return before, again == 1
	}
	for _, r := range string(before) {
		if c := phoneSign(r); c != '+' && (c < '0' || c > '9') {
			return s, false
		}
	}
	return s, true
}

// cutPointZeros cuts a point and the zeros after it from the end, and counts the zeros: 0 when there is no such end.
func cutPointZeros(s []byte) (before []byte, zeros int) {
	for rest := s; len(rest) > 0; {
		r, size := utf8.DecodeLastRune(rest)
		rest = rest[:len(rest)-size]
		switch phoneSign(r) {
		case '0':
			zeros++
			continue
		case '.':
			return rest, zeros
		}
		break
	}
	return s, 0
}

// whyNot tells scientific notation (1.38E+10, 1,38e10) and bad text from anything else.
func whyNot(s []byte) Unreadable {
	if _, clean := inspectText(bytes.Join(bytes.FieldsFunc(s, unicode.IsSpace), nil)); !clean {
		return BadText
	}
	text := bytes.Map(func(r rune) rune { return rune(phoneSign(r)) }, s)
	mantissa, exponent, found := bytes.Cut(bytes.ToLower(text), []byte("e"))
	if len(exponent) > 0 && (exponent[0] == '+' || exponent[0] == '-') {
		exponent = exponent[1:]
	}
	if found && len(exponent) > 0 && allDigits(exponent) &&
		bytes.ContainsAny(mantissa, "0123456789") && len(bytes.Trim(mantissa, "+0123456789., ")) == 0 {
		return Exponent
	}
	return NotPhone
}
