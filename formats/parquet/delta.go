package parquet

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/format"
)

// maxExpanded bounds the bytes of the values of a page that are told by what stands elsewhere, in the value before or in
// the dictionary: there a few bytes can ask for any number.
const maxExpanded = 256 << 20

// verifyDelta checks pages of the DELTA encodings: their counts, and the lengths of texts.
func verifyDelta(e format.Encoding, b []byte, present int) error {
	if len(b) == 0 && present == 0 {
		return nil
	}
	if e == format.DeltaBinaryPacked {
		_, err := readDeltaHead(b, present)
		return err
	}
	lengths, rest, err := readDeltas(nil, b, present, 64)
	if err != nil {
		return err
	}
	if e == format.DeltaByteArray { // the shared lengths stand first, the own ones behind them
		shared := lengths
		if lengths, rest, err = readDeltas(nil, rest, present, 64); err != nil {
			return err
		}
		if err := verifyShared(shared, lengths); err != nil {
			return err
		}
	}
	own := int64(0)
	for _, n := range lengths {
		if n < 0 || n > int64(len(rest)) {
			return errShort
		}
		if own += n; own > int64(len(rest)) {
			return errShort
		}
	}
	return nil
}

// verifyShared checks how much of the value before each value begins with.
func verifyShared(shared, own []int64) error {
	last, total := int64(0), int64(0)
	for i := range shared {
		if shared[i] < 0 || shared[i] > last || own[i] < 0 {
			return errCounts
		}
		last = shared[i] + own[i]
		if total += shared[i]; total > maxExpanded {
			return errRun
		}
	}
	return nil
}

// deltaHead is what stands before the blocks of DELTA_BINARY_PACKED.
type deltaHead struct {
	parts, size int   // of a block; values of a part
	first       int64 // the first number
	blocks      int   // where they begin
}

func readDeltaHead(b []byte, count int) (h deltaHead, err error) {
	var numbers [3]uint64 // size of a block, its parts, count
	at := 0
	for i := range numbers {
		if numbers[i], at, err = readUint(b, at); err != nil {
			return h, errShort
		}
	}
	block, parts := numbers[0], numbers[1]
	if block == 0 || block > 1<<16 || parts == 0 || parts > block || block%(parts*8) != 0 || numbers[2] != uint64(count) {
		return h, errCounts
	}
	h.parts, h.size = int(parts), int(block/parts)
	if h.first, h.blocks, err = readInt(b, at); err != nil {
		return h, errShort
	}
	return h, nil
}

// readDeltas reads numbers in DELTA_BINARY_PACKED: a head, then blocks of differences, packed with as many bits as
// their part of the block needs, which is no more than most. It appends the numbers to those given, an empty slice, and
// returns what stands behind them too.
func readDeltas(numbers []int64, b []byte, count, most int) (_ []int64, rest []byte, err error) {
	h, err := readDeltaHead(b, count)
	if err != nil {
		return nil, nil, err
	}
	if count > 0 {
		numbers = append(numbers, h.first)
	}
	at := h.blocks
	for len(numbers) < count {
		least, next, err := readInt(b, at)
		if err != nil || next+h.parts > len(b) {
			return nil, nil, errShort
		}
		widths := b[next : next+h.parts]
		at = next + h.parts
		for i := 0; i < len(widths) && len(numbers) < count; i++ {
			end := at + h.size*int(widths[i])/8
			if int(widths[i]) > most || end > len(b) {
				return nil, nil, errShort
			}
			part := deltaPart{b[at:end], int(widths[i]), min(h.size, count-len(numbers)), least}
			numbers = part.append(numbers)
			at = end
		}
	}
	return numbers, b[at:], nil
}

// deltaPart is a part of a block: differences, packed with the same number of bits each.
type deltaPart struct {
	packed       []byte
	width, count int
	least        int64 // of the differences in the block; the others are told by how much they are greater
}

// append appends the numbers of the part, each by its difference to the one before.
func (p deltaPart) append(numbers []int64) []int64 {
	last := numbers[len(numbers)-1]
	for i := range p.count {
		last += p.least + int64(unpack(p.packed, i*p.width, p.width))
		numbers = append(numbers, last)
	}
	return numbers
}

// unpack returns the number of width bits that begins at the given bit.
func unpack(b []byte, bit, width int) uint64 {
	if at := bit >> 3; bit&7+width <= 64 && len(b)-at >= 8 {
		return binary.LittleEndian.Uint64(b[at:]) >> (bit & 7) & ones(width)
	}
	n := uint64(0)
	for i := range width {
		n |= uint64(b[(bit+i)>>3]>>((bit+i)&7)&1) << i
	}
	return n
}
