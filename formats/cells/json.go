package cells

import (
	"encoding/binary"
	"math/bits"
)

// MaxNested is how many bytes the nested values of a row may take as JSON: no more than a record of JSON that is read.
const MaxNested = 16 << 20

// AppendJSON appends a cell as a JSON value: integers, numbers and truths as they stand, null for a null, all else as a
// string, NaN and the infinities too.
func AppendJSON(dst []byte, kind Kind, text []byte) []byte {
	if text == nil {
		return append(dst, "null"...)
	}
	if kind == Truth || kind.Bare() && text[len(text)-1]-'0' <= 9 {
		return append(dst, text...)
	}
	return AppendString(dst, text)
}

// AppendString appends text, in UTF-8, as a JSON string.
func AppendString(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for at := 0; ; at++ {
		end := PlainEnd(text, at)
		if dst = append(dst, text[at:end]...); end == len(text) {
			return append(dst, '"')
		}
		if c := text[end]; c >= ' ' {
			dst = append(dst, '\\', c)
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		at = end
	}
}

// PlainEnd returns the position of the first quote, backslash or control character from at on. It looks at eight bytes
// at once: in a byte of zeros, subtracting one borrows from its highest bit, and a borrow can only reach bytes behind.
func PlainEnd(data []byte, at int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= len(data); at += 8 {
		w := binary.LittleEndian.Uint64(data[at:])
		q, b := w^(ones*'"'), w^(ones*'\\')
		if hit := ((w-ones*' ')&^w | (q-ones)&^q | (b-ones)&^b) & highs; hit != 0 {
			return at + bits.TrailingZeros64(hit)>>3
		}
	}
	for at < len(data) && data[at] >= ' ' && data[at] != '"' && data[at] != '\\' {
		at++
	}
	return at
}

// Keys are the keys of a map that becomes an object. The zero value has none.
type Keys struct{ seen map[string]bool }

// Add makes a key of the value of JSON that is the end of dst, from a place on: a string stays, another value becomes
// one of its JSON, as DuckDB and Spark do. A null and a key that is there already are an *Error: an object has neither.
func (k *Keys) Add(dst []byte, from int) ([]byte, error) {
	switch key := string(dst[from:]); {
	case key == "null":
		return nil, mapError("a map with a key that is null")
	case dst[from] != '"':
		dst = AppendString(dst[:from], []byte(key))
	}
	if k.seen == nil {
		k.seen = map[string]bool{}
	}
	key := string(dst[from:])
	if k.seen[key] {
		return nil, mapError("a map with a key twice")
	}
	k.seen[key] = true
	return append(dst, ':'), nil
}

func mapError(what string) *Error {
	return &Error{What: "holds " + what + ", which no object of JSON has", Mend: "mend it in the file, or leave out --to: kept rows then stay as they are"}
}

// TooLong is why a row is refused whose nested values are longer than MaxNested.
func TooLong() error {
	return &Error{
		What: "makes the nested values of its row longer than 16 MiB as JSON",
		Mend: "take the row out, or leave out --to: kept rows then stay as they are",
	}
}
