package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/parquet-go/parquet-go/format"
)

// A page is checked before the library decodes it, because the library trusts two kinds of numbers that stand inside
// the data. It takes the length of a run as it comes: one flipped bit asks for 8 GB. And where a page holds fewer
// values than its header says, it goes on into memory that held another page.

// maxPageValues bounds the values of one page. Writers aim at 1 MB a page.
const maxPageValues = 1 << 26

// plainDictionary is the old name of dictionaries: of RLE_DICTIONARY in data pages, of PLAIN in dictionaries. Much of
// what is around was written with it.
const plainDictionary format.Encoding = 2

// runSlack is how many values a run may hold beyond the end of a page: writers pad the last run.
const runSlack = 512

var (
	errShort  = errors.New("a page holds fewer values than it claims")
	errRun    = errors.New("a run of values is longer than its page")
	errLevel  = errors.New("the levels of a page are malformed")
	errCounts = errors.New("the counts of a page contradict each other")

	errDictionary   = errors.New("the dictionary is malformed")
	errOutside      = errors.New("a page points outside its dictionary")
	errNoDictionary = errors.New("a page needs a dictionary and there is none")
)

// verify checks a page of the column and returns the number of its values that are no nulls.
func (p *page) verify(l *leaf, dictionary bool) (present int, err error) {
	present = p.count
	if max := l.MaxRepetitionLevel(); max > 0 {
		if _, err := countLevels(p.repetition, max, p.count); err != nil {
			return 0, err
		}
	}
	if max := l.MaxDefinitionLevel(); max > 0 {
		if present, err = countLevels(p.definition, max, p.count); err != nil {
			return 0, err
		}
	}
	if isNull(l.schema) {
		if present > 0 {
			return 0, errCounts
		}
		return 0, nil
	}
	return present, p.verifyValues(l.schema, present, dictionary)
}

// countLevels walks the levels of count values and returns how many are the greatest possible. Levels stand in hybrid
// runs: a run is a length and one value, or values that are packed by bits, eight at a time.
func countLevels(b []byte, max, count int) (greatest int, err error) {
	width := bits.Len(uint(max))
	err = walkRuns(b, width, count, func(n int, packed []byte, value uint32) error {
		for i := range n {
			if packed != nil {
				value = uint32(unpack(packed, i*width, width))
			}
			switch {
			case value > uint32(max):
				return errLevel
			case value == uint32(max):
				greatest++
			}
		}
		return nil
	})
	return greatest, err
}

// runOf is what a run of indexes holds beside its packed numbers.
type runOf struct {
	width int
	value uint32 // of all, when nothing is packed
}

// walkIndexes walks the indexes of a page into its dictionary: hybrid runs behind the byte that tells their width.
func walkIndexes(b []byte, present int, do func(n int, packed []byte, run runOf) error) error {
	switch {
	case len(b) == 0 && present == 0:
		return nil
	case len(b) == 0:
		return errShort
	case b[0] > 32:
		return errRun
	}
	width := int(b[0])
	if do == nil {
		return walkRuns(b[1:], width, present, nil)
	}
	return walkRuns(b[1:], width, present, func(n int, packed []byte, value uint32) error { return do(n, packed, runOf{width, value}) })
}

// walkRuns walks hybrid runs that hold count values and calls do for each: with the packed bytes, or with nil and the
// one value of the run. What stands behind the last of the count values is not told.
func walkRuns(b []byte, width, count int, do func(n int, packed []byte, value uint32) error) error {
	have := 0
	for at := 0; at < len(b); {
		head, next, err := readUint(b, at)
		if err != nil {
			return errRun
		}
		at = next
		if head>>1 > maxPageValues {
			return errRun
		}
		n, size := int(head>>1), (width+7)/8
		packed := head&1 != 0
		if packed {
			n, size = n*8, n*width
		}
		if size > len(b)-at {
			return errShort
		}
		if n > count-have+runSlack {
			return errRun
		}
		if do != nil && n > 0 && have < count {
			if err := do(min(n, count-have), runBytes(b[at:at+size], packed), runValue(b[at:at+size], packed)); err != nil {
				return err
			}
		}
		at += size
		have = min(have+n, count)
	}
	if have < count {
		return errShort
	}
	return nil
}

func runBytes(b []byte, packed bool) []byte {
	if packed {
		return b
	}
	return nil
}

func runValue(b []byte, packed bool) uint32 {
	if packed || len(b) > 4 {
		return 0
	}
	var word [4]byte
	copy(word[:], b)
	return binary.LittleEndian.Uint32(word[:])
}

// verifyValues checks that the page holds the given number of values in its encoding.
func (p *page) verifyValues(s *format.SchemaElement, present int, dictionary bool) error {
	b := p.values
	switch p.encoding {
	case format.Plain, format.ByteStreamSplit:
		return verifyPlain(s, b, present)
	case plainDictionary, format.RLEDictionary:
		if !dictionary {
			return errNoDictionary
		}
		return walkIndexes(b, present, nil)
	case format.RLE:
		if s.Type.V != format.Boolean {
			break
		}
		_, err := readBooleans(b, present)
		return err
	case format.DeltaBinaryPacked, format.DeltaLengthByteArray, format.DeltaByteArray:
		return verifyDelta(p.encoding, b, present)
	}
	return errEncoding(p.encoding)
}

func errEncoding(e format.Encoding) error {
	return fmt.Errorf("the encoding %s of a page is not read by this version", e)
}

// verifyPlain checks that b holds the given number of values as they are.
func verifyPlain(s *format.SchemaElement, b []byte, present int) error {
	switch width := plainWidth(s); {
	case width == 0:
		return walkTexts(b, present, func(int) {})
	case width < 0 && len(b) < (present+7)/8, len(b) < present*width:
		return errShort
	}
	return nil
}

// walkTexts calls each with where every text ends, of so many that PLAIN has in b, each behind its length.
func walkTexts(b []byte, count int, each func(end int)) error {
	at := 0
	for range count {
		if len(b)-at < 4 {
			return errShort
		}
		n := binary.LittleEndian.Uint32(b[at:])
		if at += 4; uint64(n) > uint64(len(b)-at) {
			return errShort
		}
		at += int(n)
		each(at)
	}
	if at != len(b) {
		return errCounts
	}
	return nil
}
