package parquet

import (
	"github.com/parquet-go/parquet-go/format"
)

// maxExpanded bounds the bytes of the values of a page whose encoding repeats the begin of the value before: there a
// few bytes can ask for any number.
const maxExpanded = 256 << 20

// verifyDelta checks pages of the DELTA encodings: their counts, and the lengths of texts.
func verifyDelta(e format.Encoding, b []byte, present int) error {
	if len(b) == 0 && present == 0 {
		return nil
	}
	first, rest, err := readDeltas(b, present, e != format.DeltaBinaryPacked)
	if err != nil || e == format.DeltaBinaryPacked {
		return err
	}
	total := int64(0)
	if e == format.DeltaByteArray { // the shared lengths stand first, the own ones behind them
		shared := first
		if first, rest, err = readDeltas(rest, present, true); err != nil {
			return err
		}
		last := int64(0)
		for i := range shared {
			if shared[i] < 0 || shared[i] > last || first[i] < 0 {
				return errCounts
			}
			last = shared[i] + first[i]
			if total += shared[i]; total > maxExpanded {
				return errRun
			}
		}
	}
	own := int64(0)
	for _, n := range first {
		if n < 0 || n > int64(len(rest)) {
			return errShort
		}
		own += n
	}
	if own > int64(len(rest)) {
		return errShort
	}
	return nil
}

// readDeltas reads numbers in DELTA_BINARY_PACKED: a head, then blocks of differences, packed with as many bits as
// their part of the block needs. It returns the numbers, if asked for, and what stands behind them.
func readDeltas(b []byte, count int, want bool) (numbers []int64, rest []byte, err error) {
	var head [3]uint64 // size of a block, its parts, count
	at := 0
	for i := range head {
		if head[i], at, err = readUint(b, at); err != nil {
			return nil, nil, errShort
		}
	}
	block, parts := head[0], head[1]
	if block == 0 || block > 1<<16 || parts == 0 || block%(parts*8) != 0 || head[2] != uint64(count) {
		return nil, nil, errCounts
	}
	last, at, err := readInt(b, at)
	if err != nil {
		return nil, nil, errShort
	}
	if !want {
		return nil, nil, nil
	}
	if count > 0 {
		numbers = append(make([]int64, 0, count), last)
	}
	for len(numbers) < count {
		least, next, err := readInt(b, at)
		if err != nil || next+int(parts) > len(b) {
			return nil, nil, errShort
		}
		widths, size := b[next:next+int(parts)], int(block/parts)
		at = next + int(parts)
		for _, width := range widths {
			if len(numbers) == count {
				break
			}
			end := at + size*int(width)/8
			if width > 64 || end > len(b) {
				return nil, nil, errShort
			}
			for i := 0; i < size && len(numbers) < count; i++ {
				last += least + int64(unpack(b[at:end], i*int(width), int(width)))
				numbers = append(numbers, last)
			}
			at = end
		}
	}
	return numbers, b[at:], nil
}

// unpack returns the number of width bits that begins at the given bit.
func unpack(b []byte, bit, width int) uint64 {
	n := uint64(0)
	for i := range width {
		n |= uint64(b[(bit+i)>>3]>>((bit+i)&7)&1) << i
	}
	return n
}
