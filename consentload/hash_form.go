package consentload

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/nyaruka/phonenumbers"

	"cpm/formats/fault"
)

// Form is how a raw value was written before it was hashed. The list is closed; its words stand in configurations and
// reports. The zero Form is that of an identifier that was not hashed.
type Form uint8

// The forms. Which of them a kind has is listed in formsOf.
const (
	AsWritten        Form = iota
	E164                  // +8613800138000
	Digits                // 8613800138000
	National              // 13800138000: the national significant number
	Trunk                 // 013800138000: with the prefix that is dialled before it at home
	ZeroZero              // 008613800138000
	Lower                 // of e-mail addresses and device ids: the normal form
	GmailDots             // without the dots that Gmail ignores
	PlusTag               // without the tag that begins with a plus
	GmailDotsPlusTag      // without either
	Upper                 // of device ids, as the four that follow
	LowerPlain            // without dashes and colons
	UpperPlain            // the same in capitals
	LowerMarked           // with the dashes of a UUID, or the colons of a MAC address
	UpperMarked           // the same in capitals
	Exact                 // of every other kind: the normal form
	forms
)

// String is the word of the configuration.
func (f Form) String() string {
	return [forms]string{
		"", "e164", "digits", "national", "trunk", "00", "lower", "gmail_dots", "plus_tag", "gmail_dots_plus_tag",
		"upper", "lower_plain", "upper_plain", "lower_marked", "upper_marked", "exact",
	}[f]
}

// formOf returns the form of a word.
func formOf(word string) (Form, bool) {
	for f := AsWritten + 1; f < forms; f++ {
		if f.String() == word {
			return f, true
		}
	}
	return AsWritten, false
}

// FormHits counts by form.
type FormHits [forms]int64

// Add adds other counts.
func (h *FormHits) Add(o *FormHits) {
	for f := range h {
		h[f] += o[f]
	}
}

// Words returns the counts by the words of the forms; nil when there are none.
func (h *FormHits) Words() map[string]int64 {
	var words map[string]int64
	for f := AsWritten + 1; f < forms; f++ {
		if h[f] == 0 {
			continue
		}
		if words == nil {
			words = map[string]int64{}
		}
		words[f.String()] = h[f]
	}
	return words
}

// formsOf lists the forms of a kind, its own normal form first.
func formsOf(kind Kind, rule normalRule) []Form {
	switch {
	case rule.form == phoneForm:
		return []Form{E164, Digits, National, Trunk, ZeroZero}
	case rule.form == emailForm:
		return []Form{Lower, GmailDots, PlusTag, GmailDotsPlusTag}
	case kind == "device_id":
		return []Form{Lower, Upper, LowerPlain, UpperPlain, LowerMarked, UpperMarked}
	}
	return []Form{Exact}
}

// preimage is one form of a kind. Where the form is declared, a digest and the raw value that gives it are one
// identifier, for grants too; otherwise for refusals and lists alone.
type preimage struct {
	form     Form
	declared bool
}

// mostForms is how many forms a kind can have.
const mostForms = 6

// declareForms settles for each raw kind which forms are declared: those that the configuration lists for it, else its
// own normal form. The declared ones come first, so that they win where two forms are one text.
func (k *Kinds) declareForms(listed map[Kind][]string) {
	k.preimages = make([][]preimage, len(k.names))
	for id, kind := range k.names {
		all := formsOf(kind, k.rules[id])
		declared := []Form{all[0]}
		if words, some := listed[kind]; some && len(words) > 0 {
			declared = declared[:0]
			for _, word := range words {
				if form, known := formOf(word); known { // checked when the configuration was read
					declared = append(declared, form)
				}
			}
			if slices.Contains(declared, GmailDots) && slices.Contains(declared, PlusTag) {
				declared = append(declared, GmailDotsPlusTag)
			}
		}
		for _, form := range all {
			k.preimages[id] = append(k.preimages[id], preimage{form, slices.Contains(declared, form)})
		}
		slices.SortStableFunc(k.preimages[id], func(a, b preimage) int {
			switch {
			case a.declared == b.declared:
				return 0
			case a.declared:
				return -1
			}
			return 1
		})
	}
}

// Declares reports whether a form of a raw kind, by its word, is a declared one.
func (k *Kinds) Declares(kind Kind, word string) bool {
	at := slices.Index(k.names, kind)
	form, known := formOf(word)
	return at >= 0 && known && slices.Contains(k.preimages[at], preimage{form, true})
}

// appendForm appends what a normal form looks like in a form; nothing when the value has no such form.
func (k *Kinds) appendForm(dst []byte, form Form, normal []byte) []byte {
	switch form {
	case E164, Lower, Exact:
		return append(dst, normal...)
	case Digits, National, Trunk, ZeroZero:
		return k.appendPhoneForm(dst, form, normal)
	case GmailDots, PlusTag, GmailDotsPlusTag:
		return appendEmailForm(dst, form, normal)
	case Upper:
		return appendUpper(dst, normal)
	case LowerPlain:
		return appendPlain(dst, normal)
	case LowerMarked:
		return appendMarked(dst, normal)
	case UpperPlain:
		return upperFrom(appendPlain(dst, normal), len(dst))
	case UpperMarked:
		return upperFrom(appendMarked(dst, normal), len(dst))
	}
	return dst
}

func (k *Kinds) appendPhoneForm(dst []byte, form Form, normal []byte) []byte {
	if len(normal) < 2 {
		return dst
	}
	digits := normal[1:]
	switch form {
	case Digits:
		return append(dst, digits...)
	case ZeroZero:
		return append(append(dst, "00"...), digits...)
	}
	prefixes, code := k.trunks(), 0
	for i := range min(3, len(digits)-1) {
		code = code*10 + int(digits[i]-'0')
		prefix, known := prefixes[code]
		if !known {
			continue
		}
		if form == Trunk {
			if prefix == "" {
				return dst
			}
			dst = append(dst, prefix...)
		}
		return append(dst, digits[i+1:]...)
	}
	return dst
}

// trunkPrefixes returns, by calling code, what is dialled before a number within its country; empty where nothing is.
// A code is no beginning of another one.
func trunkPrefixes() map[int]string {
	prefixes := map[int]string{}
	for code := range phonenumbers.GetSupportedCallingCodes() {
		prefix := phonenumbers.GetNddPrefixForRegion(phonenumbers.GetRegionCodeForCountryCode(code), true)
		if prefix == strconv.Itoa(code) { // +1: the digits with the code are that form already
			prefix = ""
		}
		prefixes[code] = prefix
	}
	return prefixes
}

// appendEmailForm folds the local part of an address in normal form. Nothing is left of it only where it was a tag or
// dots alone; such an address has no folded form.
func appendEmailForm(dst []byte, form Form, normal []byte) []byte {
	at := bytes.LastIndexByte(normal, '@')
	if at < 0 {
		return dst
	}
	local, domain := normal[:at], normal[at:]
	if form != PlusTag && string(domain) != "@gmail.com" && string(domain) != "@googlemail.com" {
		return dst
	}
	if form != GmailDots {
		if plus := bytes.IndexByte(local, '+'); plus >= 0 {
			local = local[:plus]
		}
	}
	start := len(dst)
	for _, c := range local {
		if c != '.' || form == PlusTag {
			dst = append(dst, c)
		}
	}
	if len(dst) == start {
		return dst
	}
	return append(dst, domain...)
}

func appendUpper(dst, text []byte) []byte { return upperFrom(append(dst, text...), len(dst)) }

// upperFrom turns what was appended into capitals. Most device ids are ASCII.
func upperFrom(text []byte, from int) []byte {
	for i, c := range text[from:] {
		switch {
		case c >= 0x80:
			return append(text[:from], bytes.ToUpper(text[from:])...)
		case 'a' <= c && c <= 'z':
			text[from+i] = c - 'a' + 'A'
		}
	}
	return text
}

func appendPlain(dst, text []byte) []byte {
	for _, c := range text {
		if c != '-' && c != ':' {
			dst = append(dst, c)
		}
	}
	return dst
}

// appendMarked writes 32 hexadecimal digits as a UUID, as advertising ids are, and twelve as a MAC address, whatever
// dashes and colons stood between them. Other ids have no such form.
func appendMarked(dst, text []byte) []byte {
	const uuid, mac = 32, 12
	start := len(dst)
	dst = appendPlain(dst, text)
	n := len(dst) - start
	if n != uuid && n != mac || !allHex(dst[start:]) {
		return dst[:start]
	}
	var plain [uuid]byte
	copy(plain[:], dst[start:])
	dst = dst[:start]
	for i, c := range plain[:n] {
		switch {
		case n == mac && i > 0 && i%2 == 0:
			dst = append(dst, ':')
		case n == uuid && (i == 8 || i == 12 || i == 16 || i == 20):
			dst = append(dst, '-')
		}
		dst = append(dst, c)
	}
	return dst
}

func allHex(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// FoldForm returns the form that the words of a list's fold mean together; AsWritten when there are none.
func FoldForm(words []string) (Form, error) {
	fold := AsWritten
	for _, word := range words {
		form, _ := formOf(word)
		switch {
		case form != GmailDots && form != PlusTag:
			return fold, fault.New(fault.Usage, "", "fold: %s is unknown", quoteSafely(word)).Hint("it is gmail_dots or plus_tag")
		case fold == AsWritten || fold == form:
			fold = form
		default:
			fold = GmailDotsPlusTag
		}
	}
	return fold, nil
}
