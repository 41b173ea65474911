package consentload

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/dchest/siphash"
)

// Key stands for one identifier: a keyed 128-bit hash of its kind and normal form. The chance that any two of n
// identifiers share one is n²/2¹²⁹; an index holds keys, never the identifiers.
type Key struct{ Hi, Lo uint64 }

// Compare orders keys; an index ranks its identifiers in this order.
func (k Key) Compare(other Key) int {
	if c := cmp.Compare(k.Hi, other.Hi); c != 0 {
		return c
	}
	return cmp.Compare(k.Lo, other.Lo)
}

// The public key of an installation without a secret of its own: the same identifiers give the same index everywhere.
const (
	publicKey0 = 0x63706d2e636f6e73
	publicKey1 = 0x656e742e67617465
)

// Keyer turns identifiers as written into keys; one for each goroutine.
type Keyer struct {
	kinds    *Kinds
	normal   *Normalizer
	prefixes [][]byte // by kind: its name and a zero byte, hashed before the normal form
	homes    [][]byte // by kind: of phones where a number of eleven digits is a Chinese one, its key's text with room for the digits
	buf      []byte
	form     []byte // the latest kind and normal form that were hashed, in buf or one of homes
	from     int    // where in it the normal form begins
	digests  digestBuffer
	notes    *aliasLog // nil: raw identifiers are not noted
}

// NewKeyer returns a keyer for the kinds of one configuration.
func NewKeyer(kinds *Kinds) *Keyer {
	k := &Keyer{kinds: kinds, normal: kinds.Normalizer()}
	for _, kind := range kinds.All() {
		k.prefixes = append(k.prefixes, append([]byte(kind), 0))
	}
	k.settle()
	if kinds.book != nil {
		k.notes = kinds.book.open()
	}
	return k
}

// inRegion returns a keyer for phone numbers that are of a region where they have no country code.
func (k *Keyer) inRegion(region string) *Keyer {
	other := *k
	normal := *k.normal
	normal.phone = newPhoneReader(region)
	other.normal, other.buf = &normal, nil
	other.settle()
	return &other
}

// settle prepares the short way of numbers as they are most often written.
func (k *Keyer) settle() {
	k.homes = make([][]byte, len(k.prefixes))
	for kind, prefix := range k.prefixes {
		if k.kinds.rules[kind].form == phoneForm && k.normal.phone.region == "CN" {
			k.homes[kind] = slices.Concat(prefix, []byte("+86"), make([]byte, mobileDigits))
		}
	}
}

// Key returns the key of an identifier's normal form, or why it has none; then the key is zero.
func (k *Keyer) Key(kind KindID, raw []byte) (Key, Unreadable) {
	if home := k.homes[kind]; len(home) > 0 && isMobileCN(raw) {
		copy(home[len(home)-mobileDigits:], raw)
		k.form = home
	} else {
		form, why := k.normal.Append(append(k.buf[:0], k.prefixes[kind]...), kind, raw)
		if why != Readable {
			return Key{}, why
		}
		k.form, k.buf = form, form
	}
	k.from = len(k.prefixes[kind])
	key := k.kinds.keyOf(k.form)
	if k.notes != nil {
		k.notes.add(k, kind, key)
	}
	return key, Readable
}

// Normal returns the normal form behind the key that Key returned last. It holds until the next call of Key.
func (k *Keyer) Normal() []byte { return k.form[k.from:] }

// keyOf hashes a kind's name, a zero byte and a normal form.
func (k *Kinds) keyOf(prefixed []byte) Key {
	a, b := k.secret.a, k.secret.b
	if k.secret == (Secret{}) {
		a, b = publicKey0, publicKey1
	}
	hi, lo := siphash.Hash128(a, b, prefixed)
	return Key{Hi: hi, Lo: lo}
}

// digestBuffer is the memory of Digests.
type digestBuffer struct {
	texts []byte
	key   []byte
}

// Digests calls each with the key that every form of a raw identifier has under the wanted hashed kinds of its kind;
// others among the wanted are passed over. declared says that the form is a declared one. Forms that are one text are
// told once, as the declared one if there is such. It makes no garbage.
func (k *Keyer) Digests(kind KindID, normal []byte, wanted []KindID, each func(hashed KindID, form Form, declared bool, key Key)) {
	if !slices.ContainsFunc(wanted, func(hashed KindID) bool { raw, _ := k.kinds.Raw(hashed); return raw == kind }) {
		return
	}
	b := &k.digests
	b.texts = b.texts[:0]
	var ends [mostForms + 1]int
	n := 0
	for _, p := range k.kinds.preimages[kind] {
		b.texts = k.kinds.appendForm(b.texts[:ends[n]], p.form, normal)
		text := b.texts[ends[n]:]
		if len(text) == 0 || toldBefore(b.texts, ends[:n+1], text) {
			continue
		}
		n++
		ends[n] = len(b.texts)
		for _, hashed := range wanted {
			if raw, _ := k.kinds.Raw(hashed); raw != kind {
				continue
			}
			b.key = append(b.key[:0], k.prefixes[hashed]...)
			b.key = k.kinds.rules[hashed].hash.append(b.key, text)
			each(hashed, p.form, p.declared, k.kinds.keyOf(b.key))
		}
	}
}

func toldBefore(texts []byte, ends []int, text []byte) bool {
	for i := 1; i < len(ends); i++ {
		if bytes.Equal(texts[ends[i-1]:ends[i]], text) {
			return true
		}
	}
	return false
}

// Folded returns the key of an e-mail address with its local part folded; false when it has no such form.
func (k *Keyer) Folded(kind KindID, normal []byte, fold Form) (Key, bool) {
	b := &k.digests
	b.key = append(b.key[:0], k.prefixes[kind]...)
	from := len(b.key)
	b.key = k.kinds.appendForm(b.key, fold, normal)
	if len(b.key) == from && fold == GmailDotsPlusTag { // not of Gmail: the tag alone
		b.key = k.kinds.appendForm(b.key, PlusTag, normal)
	}
	return k.kinds.keyOf(b.key), len(b.key) > from
}
