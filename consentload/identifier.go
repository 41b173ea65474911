package consentload

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"

	"cpm/formats/fault"
)

// Kind names an identifier kind: "phone", "email", ….
type Kind string

// KindID is the place of a kind in Kinds.All.
type KindID uint8

// KindRule declares an identifier kind beside the built-in ones.
type KindRule struct {
	Kind      Kind
	FoldCase  bool     // upper and lower case do not differ
	FoldZeros bool     // leading zeros do not count
	Columns   []string // usual column names, beside the kind's own
}

// Kinds is the closed list of identifier kinds of one configuration, with their normal forms and usual columns: phone,
// email, customer_id, openid, unionid, device_id, then the declared ones by name; and, behind these raw kinds, the
// hashed ones that hold digests of their values. It never changes and may be used by several goroutines at once; the
// work itself is done by a Normalizer each.
type Kinds struct {
	region    string
	names     []Kind                // the raw ones
	all       []Kind                // the raw and the hashed ones
	rules     []normalRule          // of all
	columns   map[string]columnName // of the raw kinds, by folded name
	domains   *idna.Profile
	preimages [][]preimage          // of the raw kinds
	trunks    func() map[int]string // trunkPrefixes, worked out when the first hash asks for it
	secret    Secret                // by which identifiers are keyed; the zero one is none
	book      *AliasBook            // where keyers note raw identifiers; nil: nowhere
}

// normalRule says which normal form a kind has.
type normalRule struct {
	form  normalForm
	zeros bool          // leading zeros are dropped
	hash  hashAlgorithm // of a digest
}

type normalForm uint8

const (
	exactForm normalForm = iota // trimmed
	lowerForm                   // trimmed, lower case
	phoneForm
	emailForm
	digestForm
)

// Unreadable says why a value has no normal form. The list is closed; the zero value says that it has one.
type Unreadable uint8

const (
	// Readable is a value with a normal form.
	Readable Unreadable = iota
	// Empty is a value of nothing but white space.
	Empty
	// BadText is a value that is no UTF-8, or with a control character in it.
	BadText
	// Exponent is a phone number that a spreadsheet turned into scientific notation: its last digits are gone.
	Exponent
	// Fraction is a phone number with a decimal fraction, as number formats make it.
	Fraction
	// NotPhone is a value with something in it that no phone number has: letters, an extension, a comma.
	NotPhone
	// Impossible is a phone number of a length that its country does not have, or without its area code.
	Impossible
	// NotEmail is a value that is no single e-mail address.
	NotEmail
	// BadDomain is an e-mail address whose domain cannot exist.
	BadDomain
	// BadDigest is a value that is no digest of its kind's algorithm, or the digest of nothing.
	BadDigest
)

// String is the reason in one clause, with the mend where there is one; it never holds the value.
func (u Unreadable) String() string {
	switch u {
	case Readable:
		return "readable"
	case Empty:
		return "empty"
	case BadText:
		return "no valid UTF-8, or with control characters in it"
	case Exponent:
		return "spoiled by a spreadsheet (scientific notation): format the column as text and export again"
	case Fraction:
		return "a number with decimals: format the column as text and export again"
	case NotPhone:
		return "no single phone number: letters, an extension, or more than one number"
	case Impossible:
		return "not a possible phone number: too short, too long, or without its area or country code"
	case NotEmail:
		return "no single e-mail address"
	case BadDomain:
		return "an e-mail address whose domain is no domain name"
	case BadDigest:
		return "no digest of this algorithm in hex or base64, or that of an empty value"
	}
	return "unreadable"
}

// NewKinds returns the built-in kinds and the declared ones. The region (ISO 3166, CN when empty) is that of phone
// numbers without a country code. An unknown region, a declared name that is taken, reserved for hashes or cannot be
// written in a flag, and a column that would name two kinds are faults of kind Usage.
func NewKinds(region string, declared []KindRule) (*Kinds, error) {
	k := &Kinds{
		columns: map[string]columnName{},
		trunks:  sync.OnceValue(trunkPrefixes),
		// Browsers and mail servers look domains up so. Underscores stay, as mailboxes under such names exist; DNS
		// lengths are checked, as nothing longer can receive mail.
		domains: idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(),
			idna.StrictDomainName(false), idna.VerifyDNSLength(true)),
	}
	var err error
	if k.region, err = knownRegion(region); err != nil {
		return nil, err
	}
	for _, kind := range [...]struct {
		name Kind
		form normalForm
	}{
		{"phone", phoneForm},
		{"email", emailForm},
		{"customer_id", exactForm},
		{"openid", exactForm},
		{"unionid", exactForm},
		{"device_id", lowerForm},
	} {
		k.names = append(k.names, kind.name)
		k.rules = append(k.rules, normalRule{form: kind.form})
	}
	k.addUsualColumns()
	declared = slices.Clone(declared)
	slices.SortStableFunc(declared, func(a, b KindRule) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	for _, rule := range declared {
		if err := k.declare(rule); err != nil {
			return nil, err
		}
	}
	k.addHashed()
	k.declareForms(nil)
	return k, k.checkHashedColumns()
}

func knownRegion(region string) (string, error) {
	if region == "" {
		return "CN", nil
	}
	known := phonenumbers.GetSupportedRegions()
	upper := strings.ToUpper(region)
	if known[upper] {
		return upper, nil
	}
	bad := fault.New(fault.Usage, "", "no phone numbers are known for region %q", region)
	if upper == "UK" {
		return "", bad.Hint("the United Kingdom's code is GB")
	}
	return "", bad.Hint("a region is an ISO 3166 code of two letters, such as CN, DE or US")
}

// mostKinds keeps KindID in a byte, the hashed kinds of each raw one included.
const mostKinds = 60

func (k *Kinds) declare(rule KindRule) error {
	if why := k.badName(rule.Kind); why != "" {
		return fault.New(fault.Usage, "", "kind %q: %s", rule.Kind, why).Hint("give the kind another name")
	}
	if len(k.names) == mostKinds {
		return fault.New(fault.Usage, "", "more than %d identifier kinds", mostKinds)
	}
	own := normalRule{form: exactForm, zeros: rule.FoldZeros}
	if rule.FoldCase {
		own.form = lowerForm
	}
	id := KindID(len(k.names))
	k.names, k.rules = append(k.names, rule.Kind), append(k.rules, own)
	if err := k.addColumn(string(rule.Kind), id, 0); err != nil {
		return err
	}
	for _, name := range rule.Columns {
		if err := k.addColumn(name, id, 1); err != nil {
			return err
		}
	}
	return nil
}

// badName says why a declared kind cannot have its name.
func (k *Kinds) badName(kind Kind) string {
	switch {
	case kind == "":
		return "the name is empty"
	case slices.Contains(k.names, kind):
		return "there is such a kind already"
	}
	if _, hash := cutHash(string(kind)); hash != "" {
		return "names that end in " + hash + " are those of hashed kinds"
	}
	for _, r := range kind {
		if r != '_' && r != '-' && !unicode.IsDigit(r) && (!unicode.IsLetter(r) || unicode.ToLower(r) != r) {
			return "a name is made of lower-case letters, digits, _ and -"
		}
	}
	return ""
}

// Names lists the raw kinds; KindID is the place in it too. It must not be changed.
func (k *Kinds) Names() []Kind { return k.names }

// Has reports whether there is such a kind, raw or hashed.
func (k *Kinds) Has(kind Kind) bool { return slices.Contains(k.all, kind) }

// Index returns the kind's place in All, and false when there is no such kind.
func (k *Kinds) Index(kind Kind) (KindID, bool) {
	at := slices.Index(k.all, kind)
	return KindID(max(at, 0)), at >= 0
}

// Region is the region of phone numbers without a country code.
func (k *Kinds) Region() string { return k.region }

// Normalizer makes normal forms. It remembers slow answers, so each goroutine needs its own.
type Normalizer struct {
	kinds  *Kinds
	phone  *phoneReader
	digest *digestReader
}

// Normalizer returns a new normalizer.
func (k *Kinds) Normalizer() *Normalizer {
	return &Normalizer{kinds: k, phone: newPhoneReader(k.region), digest: newDigestReader()}
}

// Append appends the normal form of raw to dst. When there is none, dst comes back as it was, with the reason.
//
// The normal form of a hashed kind's value is the digest itself, in bytes.
//
// Every kind is trimmed of white space and of the invisible marks (zero-width spaces, direction marks, byte order
// marks) that spreadsheets and contact apps leave around values: the refusal of an identifier with such a mark would
// otherwise not be found under the identifier. Control characters and bytes that are no UTF-8 have no normal form.
func (n *Normalizer) Append(dst []byte, kind KindID, raw []byte) ([]byte, Unreadable) {
	rule := &n.kinds.rules[kind]
	if rule.form == phoneForm {
		return n.phone.append(dst, raw)
	}
	if rule.form == emailForm {
		if form, ok := appendPlainEmail(dst, raw); ok {
			return form, Readable
		}
	}
	value := trimValue(raw)
	if len(value) == 0 {
		return dst, Empty
	}
	ascii, clean := inspectText(value)
	if !clean {
		return dst, BadText
	}
	if rule.zeros {
		for len(value) > 1 && value[0] == '0' {
			value = value[1:]
		}
	}
	switch {
	case rule.form == emailForm:
		return n.kinds.appendEmail(dst, value, ascii)
	case rule.form == digestForm:
		return n.digest.append(dst, value, rule.hash)
	case rule.form == exactForm:
		return append(dst, value...), Readable
	case ascii:
		return appendLower(dst, value), Readable
	}
	return append(dst, bytes.ToLower(value)...), Readable
}

// trimValue drops white space and invisible marks at both ends.
func trimValue(value []byte) []byte {
	if n := len(value); n > 0 && printsASCII(value[0]) && printsASCII(value[n-1]) {
		return value
	}
	return bytes.TrimFunc(value, isBlank)
}

func printsASCII(c byte) bool { return c > ' ' && c < 0x7f }

func isBlank(r rune) bool { return unicode.IsSpace(r) || isInvisible(r) }

// isInvisible reports Unicode's format characters: soft hyphen, zero-width spaces and joiners, direction marks, word
// joiner, byte order mark; but not the few among them that show, as the Arabic number sign.
func isInvisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// inspectText reports whether the value is ASCII, and whether it is UTF-8 without control characters.
func inspectText(value []byte) (ascii, clean bool) {
	rest := value
	for len(rest) >= 8 && printsEight(binary.LittleEndian.Uint64(rest)) {
		rest = rest[8:]
	}
	for i, c := range rest {
		if c < ' ' || c == 0x7f {
			return false, false
		}
		if c >= utf8.RuneSelf {
			rest := rest[i:]
			return false, utf8.Valid(rest) && bytes.IndexFunc(rest, unicode.IsControl) < 0
		}
	}
	return true, true
}

// printsEight reports whether eight bytes are ASCII, and none of them a control character.
func printsEight(text uint64) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	control, deleted := text-' '*ones, text^0x7f*ones-ones // each borrows where a byte is one, or behind such a byte
	return (text|control|deleted)&highs == 0
}

// appendLower appends ASCII text in lower case.
func appendLower(dst, text []byte) []byte {
	n := len(dst)
	dst = append(dst, text...)
	for i, c := range dst[n:] {
		dst[n+i] = lower(c)
	}
	return dst
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
