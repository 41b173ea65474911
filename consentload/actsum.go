package consentload

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/bits"

	"github.com/zeebo/xxh3"
)

// ActSum is a digest of acts of consent: the sum, modulo 2¹²⁸, of one hash for each. The same acts have the same sum, in
// whatever order and files they came, and a sum of two sets of acts is that of both together. It tells whether two
// exports, or two indexes under one key, hold the same acts in force. It is no signature: whoever wants may make acts
// that have a given sum.
type ActSum [2]uint64

// Add adds the sum of other acts.
func (s *ActSum) Add(o ActSum) {
	var carry uint64
	s[1], carry = bits.Add64(s[1], o[1], 0)
	s[0], _ = bits.Add64(s[0], o[0], carry)
}

// String returns 32 hexadecimal digits.
func (s ActSum) String() string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, s[0]), s[1]))
}

// MarshalText implements encoding.TextMarshaler.
func (s ActSum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *ActSum) UnmarshalText(text []byte) error {
	raw, err := hex.AppendDecode(nil, text)
	if err == nil && len(raw) != 16 {
		err = errors.New("a digest of acts has 32 hexadecimal digits")
	}
	if err != nil {
		return err
	}
	s[0], s[1] = binary.BigEndian.Uint64(raw), binary.BigEndian.Uint64(raw[8:])
	return nil
}

// terms is what an event says, but for whom and when.
type terms struct {
	scope   scope
	version uint16
	status  Status
}

// actSummer makes the sums of the acts that one reader reads.
type actSummer struct {
	words *vocabulary
	known map[terms]uint64
	buf   [5 * 8]byte
}

// of returns the sum of one act, given what said returns of it.
func (a *actSummer) of(e *event, said uint64) ActSum {
	hi, lo := uint64(0), uint64(0) // in whatever order the identifiers stand
	for i := range e.names {
		hi += e.names[i].key.Hi
		lo += e.names[i].key.Lo
	}
	b := a.buf[:]
	binary.LittleEndian.PutUint64(b, hi)
	binary.LittleEndian.PutUint64(b[8:], lo)
	binary.LittleEndian.PutUint64(b[16:], uint64(e.when))
	binary.LittleEndian.PutUint64(b[24:], uint64(e.expires))
	binary.LittleEndian.PutUint64(b[32:], said)
	sum := xxh3.Hash128(b)
	return ActSum{sum.Hi, sum.Lo}
}

// said returns a hash of the terms by their names: their numbers are those of one load.
func (a *actSummer) said(t terms) uint64 {
	if hash, known := a.known[t]; known {
		return hash
	}
	hash := xxh3.HashString(a.words.text(t))
	if a.known == nil || len(a.known) == maxNames { // a wrong column must not fill the memory
		a.known = map[terms]uint64{}
	}
	a.known[t] = hash
	return hash
}
