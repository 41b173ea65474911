package parquet

import (
	"math/bits"
	"slices"
)

// dictionary is the distinct values of a column chunk, and which of them the kept rows use.
type dictionary struct {
	values []byte   // in the encoding PLAIN
	width  int      // of a value, as plainWidth has it
	count  int      // of the values
	ends   []uint32 // of texts: where each ends in values
	used   []bool
}

// read makes the page the dictionary. The page must stay as it is.
func (d *dictionary) read(p *page, width int) error {
	d.values, d.width, d.count, d.ends = p.values, width, p.count, d.ends[:0]
	switch {
	case width < 0 && len(p.values) < (p.count+7)/8, width > 0 && len(p.values)/width < p.count:
		return errShort
	case width == 0:
		if err := walkTexts(p.values, p.count, func(end int) { d.ends = append(d.ends, uint32(end)) }); err != nil {
			return err
		}
	}
	d.used = slices.Grow(d.used[:0], p.count)[:p.count]
	clear(d.used)
	return nil
}

// entry returns a value as PLAIN has it, a text with its length before it.
func (d *dictionary) entry(i uint32) []byte {
	if d.width > 0 {
		return d.values[int(i)*d.width : (int(i)+1)*d.width]
	}
	start := uint32(0)
	if i > 0 {
		start = d.ends[i-1]
	}
	return d.values[start:d.ends[i]]
}

// bit returns a boolean.
func (d *dictionary) bit(i uint32) uint64 { return uint64(d.values[i>>3] >> (i & 7) & 1) }

// prune returns the values that are used, in their order, and how many they are; numbers gets the new number of each.
func (d *dictionary) prune(numbers []uint32) (values []byte, count int, _ []uint32) {
	numbers = slices.Grow(numbers[:0], d.count)[:d.count]
	for i, used := range d.used[:d.count] {
		if used {
			numbers[i] = uint32(count)
			count++
			values = append(values, d.entry(uint32(i))...)
		}
	}
	return values, count, numbers
}

// appendIndexes appends indexes of a dictionary of so many values as a page has them: behind their width.
func appendIndexes(b []byte, indexes []uint32, count int) []byte {
	width := bits.Len(uint(max(count, 1) - 1))
	b = append(b, byte(width))
	if width == 0 && len(indexes) > 0 {
		return appendRepeated(b, 0, len(indexes), width)
	}
	return appendRuns(b, indexes, width)
}
