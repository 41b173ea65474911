package consentload

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"

	"cpm/formats/fault"
)

// Secret is the key of an installation: without it nobody finds out which identifiers an index holds. The zero Secret is
// none, and the public key is used.
type Secret struct{ a, b uint64 }

// secretBytes is the length of a secret; it is written in twice as many hexadecimal digits.
const secretBytes = 16

// ParseSecret reads a secret from the text of its file. The fault, of kind Usage, tells nothing of it.
func ParseSecret(name string, text []byte) (s Secret, err error) {
	var raw [secretBytes]byte
	digits := bytes.TrimSpace(text)
	if n, err := hex.Decode(raw[:], digits[:min(len(digits), 2*secretBytes)]); err != nil || n != secretBytes || len(digits) != 2*secretBytes {
		return s, fault.New(fault.Usage, name, "this is no key: a key has %d hexadecimal digits", 2*secretBytes).
			Hint("cpm key new -o FILE makes one")
	}
	s = Secret{binary.LittleEndian.Uint64(raw[:]), binary.LittleEndian.Uint64(raw[8:])}
	if s == (Secret{}) {
		return s, fault.New(fault.Usage, name, "a key of zeros is none").Hint("cpm key new -o FILE makes one")
	}
	return s, nil
}

// UseSecret has the identifiers of these kinds keyed by a secret. It comes before the first keyer.
func (k *Kinds) UseSecret(s Secret) { k.secret = s }

// keyCheck is what a key makes of a text that is no identifier: it tells one key from another, and nothing of either.
func (k *Kinds) keyCheck() string {
	return hex.EncodeToString(appendKey(nil, k.keyOf([]byte("\x00key check")))[:8])
}
