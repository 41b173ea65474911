package consentload

import (
	"cmp"

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
	normal   *Normalizer
	prefixes [][]byte // by kind: its name and a zero byte, hashed before the normal form
	buf      []byte
}

// NewKeyer returns a keyer for the kinds of one configuration.
func NewKeyer(kinds *Kinds) *Keyer {
	k := &Keyer{normal: kinds.Normalizer()}
	for _, kind := range kinds.Names() {
		k.prefixes = append(k.prefixes, append([]byte(kind), 0))
	}
	return k
}

// Key returns the key of an identifier's normal form, or why it has none; then the key is zero.
func (k *Keyer) Key(kind KindID, raw []byte) (Key, Unreadable) {
	k.buf = append(k.buf[:0], k.prefixes[kind]...)
	form, why := k.normal.Append(k.buf, kind, raw)
	if why != Readable {
		return Key{}, why
	}
	k.buf = form
	hi, lo := siphash.Hash128(publicKey0, publicKey1, form)
	return Key{Hi: hi, Lo: lo}, Readable
}
