package formats

import (
	"bytes"

	"cpm/formats/cells"
)

// The cutter finds where records end, and nothing else. It trusts that the text is JSON: where it is not, it may cut a
// record in two, and as no part of that is a record, Decode finds it.

// structural is 1 for the bytes that the cutter looks at outside strings.
const structural = "" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00" + // " ,
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00" + // [ ]
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00" + // { }
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// structure is how far the cutter has come in a text.
type structure struct {
	at    int // of the byte that was looked at last
	depth int
}

// next moves to the next structural byte outside strings, counts it in depth, and returns it; 0 at the end of the text.
func (s *structure) next(data []byte) byte {
	for at := s.at + 1; at < len(data); at++ {
		c := data[at]
		if structural[c] == 0 {
			continue
		}
		switch c {
		case quote:
			at = stringEnd(data, at+1)
			continue
		case '{', '[':
			s.depth++
		case '}', ']':
			s.depth--
		}
		s.at = at
		return c
	}
	s.at = len(data)
	return 0
}

// stringEnd returns the position of the quote that closes the string whose content begins at at, len(data) when there is
// none.
func stringEnd(data []byte, at int) int {
	for at = cells.PlainEnd(data, at); at < len(data) && data[at] != quote; at = cells.PlainEnd(data, at) {
		if data[at] == '\\' {
			at++
		}
		at = min(at+1, len(data))
	}
	return at
}

// lastElementEnd returns the position behind the last comma of data that parts two elements of the array in which data
// begins, 0 when there is none; or behind the bracket that closes the array.
func lastElementEnd(data []byte) (end int, closed bool) {
	for s := (structure{at: -1}); ; {
		c := s.next(data)
		switch {
		case c == 0:
			return end, false
		case s.depth < 0:
			return s.at + 1, true
		case c == ',' && s.depth == 0:
			end = s.at + 1
		}
	}
}

// closing returns the position behind the bracket that closes the outermost of so many open ones, 0 when there is none.
func closing(data []byte, open int) int {
	for s := (structure{at: -1, depth: open}); s.next(data) != 0; {
		if s.depth == 0 {
			return s.at + 1
		}
	}
	return 0
}

// lastRecordStart returns where the last record of data begins that follows another, 0 when there is none. data begins
// at a record or white space, outside any array.
//
// Two braces with nothing but white space between them stand outside all others or in a string, and no string holds
// a line feed; so with a line feed between them they need no look at what is before. Records that touch are counted.
func lastRecordStart(data []byte) int {
	for text := data; ; {
		lf := bytes.LastIndexByte(text, '\n')
		if lf < 0 {
			break
		}
		if text = bytes.TrimRight(data[:lf], " \t\r\n"); len(text) == 0 {
			break
		}
		behind := jsonSpace(data, lf)
		if behind < len(data) && data[behind] == '{' && text[len(text)-1] == '}' {
			return behind
		}
	}
	start, isFirst := 0, true
	for s := (structure{at: -1}); ; {
		switch c := s.next(data); {
		case c == 0:
			return start
		case c == '{' && s.depth == 1 && !isFirst:
			start = s.at
		case c == '}' && s.depth == 0:
			isFirst = false
		}
	}
}
