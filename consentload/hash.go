package consentload

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // platforms hash identifiers so; nothing is protected by it here
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// hashAlgorithm is how the digests of a hashed kind are made. Each raw kind has one hashed kind for each.
type hashAlgorithm uint8

const (
	hashMD5 hashAlgorithm = iota
	hashSHA1
	hashSHA256
	hashAlgorithms
)

// String is what follows the name of the raw kind in that of a hashed one, after an underscore.
func (a hashAlgorithm) String() string { return [...]string{"md5", "sha1", "sha256"}[a] }

// size is the length of a digest in bytes. No two algorithms share one.
func (a hashAlgorithm) size() int { return [...]int{md5.Size, sha1.Size, sha256.Size}[a] }

// longestDigest is the size of the longest digest.
const longestDigest = sha256.Size

// append appends the digest of a text.
func (a hashAlgorithm) append(dst, text []byte) []byte {
	switch a {
	case hashMD5:
		sum := md5.Sum(text) //nolint:gosec // the digests of lists are made so
		return append(dst, sum[:]...)
	case hashSHA1:
		sum := sha1.Sum(text) //nolint:gosec // the same
		return append(dst, sum[:]...)
	default:
		sum := sha256.Sum256(text)
		return append(dst, sum[:]...)
	}
}

// addHashed lists the hashed kinds behind the raw ones: three of each, in the order of the raw ones.
func (k *Kinds) addHashed() {
	k.all = slices.Clone(k.names)
	for _, raw := range k.names {
		for a := range hashAlgorithms {
			k.all = append(k.all, raw+"_"+Kind(a.String()))
			k.rules = append(k.rules, normalRule{form: digestForm, hash: a})
		}
	}
}

// All lists the raw kinds and, behind them, the hashed ones, such as phone_sha256. KindID is the place in it. It must
// not be changed.
func (k *Kinds) All() []Kind { return k.all }

// Raw returns the kind whose values a hashed kind holds digests of. Of a raw kind it returns the kind itself, and
// false.
func (k *Kinds) Raw(id KindID) (raw KindID, hashed bool) {
	if n := len(k.names); int(id) >= n {
		return KindID((int(id) - n) / int(hashAlgorithms)), true
	}
	return id, false
}

// RawKind does by name what Raw does by place. A name that is no kind is returned as it is.
func (k *Kinds) RawKind(kind Kind) (raw Kind, hashed bool) {
	id, known := k.Index(kind)
	if !known {
		return kind, false
	}
	id, hashed = k.Raw(id)
	return k.names[id], hashed
}

// Hashed lists the hashed kinds of a raw one.
func (k *Kinds) Hashed(kind Kind) []Kind {
	at := slices.Index(k.names, kind)
	if at < 0 {
		return nil
	}
	from := len(k.names) + at*int(hashAlgorithms)
	return k.all[from : from+int(hashAlgorithms)]
}

// digestReader reads digests as they are written: hex in either case, or base64 in the standard or the URL alphabet,
// padded or not. The length tells which. A form with bits to spare at its end, or with signs of both alphabets, is
// none: it was written by nobody who meant a digest.
type digestReader struct {
	standard, url *base64.Encoding
	empty         [hashAlgorithms][]byte // the digests of nothing
}

func newDigestReader() *digestReader {
	d := &digestReader{standard: base64.RawStdEncoding.Strict(), url: base64.RawURLEncoding.Strict()}
	for a := range hashAlgorithms {
		d.empty[a] = a.append(nil, nil)
	}
	return d
}

// append appends the digest that a trimmed value writes. The digest of the empty text stands for no identifier: it is
// what an export makes of an empty cell.
func (d *digestReader) append(dst, value []byte, a hashAlgorithm) ([]byte, Unreadable) {
	size, start := a.size(), len(dst)
	var room [longestDigest + 3]byte // what a decoder may write before it sees a fault
	sum := room[:size]
	if len(value) == hex.EncodedLen(size) {
		if _, err := hex.Decode(sum, value); err != nil {
			return dst, BadDigest
		}
	} else if !d.base64(room[:], value, size) {
		return dst, BadDigest
	}
	dst = append(dst, sum...)
	if bytes.Equal(dst[start:], d.empty[a]) {
		return dst[:start], BadDigest
	}
	return dst, Readable
}

// base64 decodes into room and reports whether the value is that of a digest of a size.
func (d *digestReader) base64(room, value []byte, size int) bool {
	digits := base64.RawStdEncoding.EncodedLen(size)
	if len(value) == base64.StdEncoding.EncodedLen(size) {
		for _, c := range value[digits:] {
			if c != '=' {
				return false
			}
		}
		value = value[:digits]
	}
	if len(value) != digits {
		return false
	}
	encoding := d.standard
	if bytes.ContainsAny(value, "-_") {
		encoding = d.url
	}
	n, err := encoding.Decode(room, value)
	return err == nil && n == size // line breaks, which the decoder passes over, leave it short
}

// cutAlgorithm cuts the name of an algorithm off the beginning or the end of a folded column name.
func cutAlgorithm(folded string) (rest string, a hashAlgorithm, ok bool) {
	for a := range hashAlgorithms {
		if rest, ok := strings.CutSuffix(folded, a.String()); ok {
			return rest, a, true
		}
		if rest, ok := strings.CutPrefix(folded, a.String()); ok {
			return rest, a, true
		}
	}
	return folded, 0, false
}

// cutHashWord cuts "hashed" or "hash" off the beginning or the end of a folded column name.
func cutHashWord(folded string) (rest string, ok bool) {
	for _, word := range [...]string{"hashed", "hash"} {
		if rest, ok := strings.CutPrefix(folded, word); ok {
			return rest, true
		}
		if rest, ok := strings.CutSuffix(folded, word); ok {
			return rest, true
		}
	}
	return folded, false
}

// hashedColumn tells what a folded column name says of digests: phone_sha256, sha256_phone, hashed_phone_sha256, with
// any usual name of the raw kind. vague is a name that speaks of hashes and leaves the algorithm open, such as
// hashed_phone: which one it is, is not guessed.
func (k *Kinds) hashedColumn(folded string) (name columnName, known, vague bool) {
	rest, a, sure := cutAlgorithm(folded)
	if _, isName := k.columns[rest]; !isName {
		hashWord := false
		if rest, hashWord = cutHashWord(rest); hashWord && !sure { // sha256_hash_phone
			rest, a, sure = cutAlgorithm(rest)
		}
		vague = hashWord && !sure
	}
	raw, isName := k.columns[rest]
	if !isName || !sure && !vague {
		return columnName{}, false, false
	}
	if vague {
		return columnName{}, false, true
	}
	id := len(k.names) + int(raw.kind)*int(hashAlgorithms) + int(a)
	return columnName{kind: KindID(id), rank: raw.rank}, true, false
}

// namesDigests reports whether a column name speaks of digests, whatever else it says: MD5值, sha256(email), email_md5_hex,
// hash. The name of an algorithm counts wherever it stands, that of hashes as a word of its own: hashtag is none.
func namesDigests(name string) bool {
	folded := foldColumn(name)
	if strings.ContainsAny(folded, "@＠") { // the row of a file without a header
		return false
	}
	for a := range hashAlgorithms {
		if strings.Contains(folded, a.String()) {
			return true
		}
	}
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r < 'a' || r > 'z' })
	return slices.ContainsFunc(words, func(word string) bool { return word == "hash" || word == "hashed" || word == "hashes" })
}

// usualColumn returns what a column name stands for by itself; false when it is no usual name.
func (k *Kinds) usualColumn(name string) (columnName, bool) {
	folded := foldColumn(name)
	if usual, ok := k.columns[folded]; ok {
		return usual, true
	}
	usual, ok, _ := k.hashedColumn(folded)
	return usual, ok
}
