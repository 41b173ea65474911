package parquet

import (
	"encoding/binary"
	"errors"
)

// The compact protocol of Apache Thrift, as far as it takes to find where a value begins and ends. Walking the bytes
// costs little and allocates nothing, so it can come before a decoder that trusts the sizes that it reads; and what
// is found can be copied as it stands.

// The kinds of values, as the compact protocol numbers them.
const (
	kindTrue   = 1
	kindFalse  = 2
	kindInt8   = 3
	kindInt32  = 5
	kindInt64  = 6
	kindDouble = 7
	kindBinary = 8
	kindList   = 9
	kindSet    = 10
	kindMap    = 11
	kindStruct = 12
	kindUUID   = 13
)

// maxDepth bounds the nesting of one value; the footer of a Parquet file needs 8.
const maxDepth = 32

var errThrift = errors.New("the metadata is cut short or malformed")

// field is one field of a struct: b[start:end] is its value. A boolean has no bytes, its kind is its value.
type field struct {
	id         int
	kind       byte
	start, end int
}

// walkStruct calls do for every field of the struct that begins at b[at] and returns where it ends.
func walkStruct(b []byte, at, depth int, do func(field) error) (int, error) {
	if depth > maxDepth {
		return 0, errThrift
	}
	for id := 0; ; {
		if at >= len(b) {
			return 0, errThrift
		}
		head := b[at]
		at++
		if head == 0 {
			return at, nil
		}
		f := field{kind: head & 15}
		if delta := int(head >> 4); delta != 0 {
			id += delta
		} else {
			n, next, err := readInt(b, at)
			if err != nil {
				return 0, err
			}
			id, at = int(n), next
		}
		end, err := skip(b, at, f.kind, depth+1)
		if err != nil {
			return 0, err
		}
		f.id, f.start, f.end = id, at, end
		if do != nil {
			if err := do(f); err != nil {
				return 0, err
			}
		}
		at = end
	}
}

// skip returns where the value of the given kind that begins at b[at] ends.
func skip(b []byte, at int, kind byte, depth int) (int, error) {
	switch kind {
	case kindTrue, kindFalse:
		return at, nil
	case kindInt8:
		return advance(b, at, 1)
	case kindDouble:
		return advance(b, at, 8)
	case kindUUID:
		return advance(b, at, 16)
	case kindBinary:
		n, at, err := readUint(b, at)
		if err != nil {
			return 0, err
		}
		return advance(b, at, n)
	case kindList, kindSet:
		return walkList(b, at, depth, nil)
	case kindMap:
		return skipMap(b, at, depth)
	case kindStruct:
		return walkStruct(b, at, depth, nil)
	}
	if kind > kindInt8 && kind <= kindInt64 {
		_, at, err := readUint(b, at)
		return at, err
	}
	return 0, errThrift
}

// walkList calls do with the kind and the bounds of every element of the list that begins at b[at] and returns where
// it ends. An empty struct in a list is malformed: Parquet has none, and a decoder would pay hundreds of bytes for
// each such byte.
func walkList(b []byte, at, depth int, do func(start, end int) error) (int, error) {
	if depth > maxDepth {
		return 0, errThrift
	}
	n, kind, at, err := readListHead(b, at)
	if err != nil {
		return 0, err
	}
	for range n {
		end := at
		if kind == kindTrue || kind == kindFalse {
			end, err = advance(b, at, 1)
		} else {
			end, err = skip(b, at, kind, depth+1)
		}
		if err != nil {
			return 0, err
		}
		if end-at < 2 && kind == kindStruct {
			return 0, errThrift
		}
		if do != nil {
			if err := do(at, end); err != nil {
				return 0, err
			}
		}
		at = end
	}
	return at, nil
}

// readListHead reads the number and kind of the elements of a list. Each takes a byte at least, so that the number
// is bounded by what is left of b.
func readListHead(b []byte, at int) (n int, kind byte, next int, err error) {
	if at >= len(b) {
		return 0, 0, 0, errThrift
	}
	size, kind := uint64(b[at]>>4), b[at]&15
	at++
	if size == 15 {
		if size, at, err = readUint(b, at); err != nil {
			return 0, 0, 0, err
		}
	}
	if size > uint64(len(b)-at) {
		return 0, 0, 0, errThrift
	}
	return int(size), kind, at, nil
}

// skipMap skips a map; the metadata of Parquet has none, but fields of later versions may.
func skipMap(b []byte, at, depth int) (int, error) {
	n, at, err := readUint(b, at)
	if err != nil || n == 0 {
		return at, err
	}
	if n > uint64(len(b)) || at >= len(b) || depth > maxDepth {
		return 0, errThrift
	}
	kinds := [2]byte{b[at] >> 4, b[at] & 15}
	at++
	for range n {
		for _, kind := range kinds {
			if kind == kindTrue || kind == kindFalse {
				kind = kindInt8 // inside a map a boolean takes its byte
			}
			if at, err = skip(b, at, kind, depth+1); err != nil {
				return 0, err
			}
		}
	}
	return at, nil
}

func advance(b []byte, at int, n uint64) (int, error) {
	if n > uint64(len(b)-at) {
		return 0, errThrift
	}
	return at + int(n), nil
}

func readUint(b []byte, at int) (uint64, int, error) {
	v, n := binary.Uvarint(b[at:])
	if n <= 0 {
		return 0, 0, errThrift
	}
	return v, at + n, nil
}

func readInt(b []byte, at int) (int64, int, error) {
	v, n := binary.Varint(b[at:])
	if n <= 0 {
		return 0, 0, errThrift
	}
	return v, at + n, nil
}

// structWriter writes the fields of one struct, in ascending order of their ids.
type structWriter struct {
	b    []byte
	last int
}

// field appends a field with the bytes of its value as they stand.
func (w *structWriter) field(id int, kind byte, value []byte) {
	if delta := id - w.last; delta > 0 && delta < 16 {
		w.b = append(w.b, byte(delta)<<4|kind)
	} else {
		w.b = binary.AppendVarint(append(w.b, kind), int64(id))
	}
	w.b = append(w.b, value...)
	w.last = id
}

// number appends a number of 32 bits.
func (w *structWriter) number(id int, n int64) {
	w.field(id, kindInt32, binary.AppendVarint(nil, n))
}

// stop ends the struct and returns its bytes.
func (w *structWriter) stop() []byte { return append(w.b, 0) }

// appendListHead appends the head of a list of n elements.
func appendListHead(b []byte, n int, kind byte) []byte {
	if n < 15 {
		return append(b, byte(n)<<4|kind)
	}
	return binary.AppendUvarint(append(b, 15<<4|kind), uint64(n))
}
