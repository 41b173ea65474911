package parquet

import (
	"encoding/binary"
	"math/bits"
)

// maxLevel is the greatest level of columns that are read: levels are held in a byte each.
const maxLevel = 255

// readRuns reads hybrid runs of bits. A run of one bit may say that it is set by 1 or by also.
func (s *bitset) readRuns(b []byte, count int, also uint32) error {
	s.fill(count)
	at := 0
	return walkRuns(b, 1, count, func(n int, packed []byte, value uint32) error {
		switch {
		case packed != nil:
			s.or(at, packed, n)
		case value == 1 || value == also:
			s.set(at, at+n)
		case value != 0:
			return errLevel
		}
		at += n
		return nil
	})
}

// readLevels appends levels, one a byte.
func readLevels(dst, b []byte, greatest, count int) ([]byte, error) {
	width := bits.Len(uint(greatest))
	err := walkRuns(b, width, count, func(n int, packed []byte, value uint32) error {
		for i := range n {
			if packed != nil {
				value = uint32(unpack(packed, i*width, width))
			}
			if value > uint32(greatest) {
				return errLevel
			}
			dst = append(dst, byte(value))
		}
		return nil
	})
	return dst, err
}

// appendRuns appends numbers below 1<<width in hybrid runs.
func appendRuns[T byte | uint32](b []byte, numbers []T, width int) []byte {
	start := 0 // of those that no run holds yet
	for at := 0; at < len(numbers); {
		end := at + 1
		for end < len(numbers) && numbers[end] == numbers[at] {
			end++
		}
		// What is packed comes in eights: the first of the equal ones may have to complete those before them.
		from := start + (at-start+7)/8*8
		if end-from < 16 {
			at = end
			continue
		}
		b = appendPacked(b, numbers[start:from], width)
		b = appendRepeated(b, uint32(numbers[at]), end-from, width)
		at, start = end, end
	}
	return appendPacked(b, numbers[start:], width)
}

// appendRepeated appends a run of n equal numbers.
func appendRepeated(b []byte, number uint32, n, width int) []byte {
	b = binary.AppendUvarint(b, uint64(n)<<1)
	for range (width + 7) / 8 {
		b = append(b, byte(number))
		number >>= 8
	}
	return b
}

// appendPacked appends a run of numbers that are packed by bits, with zeros behind the last.
func appendPacked[T byte | uint32](b []byte, numbers []T, width int) []byte {
	if len(numbers) == 0 {
		return b
	}
	groups := (len(numbers) + 7) / 8
	b = binary.AppendUvarint(b, uint64(groups)<<1|1)
	word, have, end := uint64(0), 0, len(b)+groups*width
	for _, number := range numbers {
		word |= uint64(number) << have
		if have += width; have >= 32 {
			b = append(b, byte(word), byte(word>>8), byte(word>>16), byte(word>>24))
			word >>= 32
			have -= 32
		}
	}
	for len(b) < end {
		b = append(b, byte(word))
		word >>= 8
	}
	return b
}
