package formats

import "bytes"

// The scanner splits delimited text. Its rules, for every delimiter:
//
//   - a quote opens a field only as its first byte, elsewhere it is data; inside, two quotes stand for one
//   - after the closing quote stands a delimiter, a line end or the end of the text; anything else tears the field:
//     what follows, up to the next delimiter or line end, is data, quotes too
//   - a line ends with LF or CRLF; a CR alone is data, except as the last byte of the text, where it ends the line
//
// lastRowEnd cuts by them, looking at quotes alone; cursor.field splits by them. wholeQuoted is the short way that both
// take through fields that are as they should be. A text given to cursor begins at a row and ends behind a line end or
// with the file.

// quote is the one quotation mark that delimited text has.
const quote = '"'

// span is one row: data[start:end] is its content, data[end:stop] its line end.
type span struct{ start, end, stop uint32 }

// index returns the first position of c in data from at on, len(data) when there is none.
func index(data []byte, at int, c byte) int {
	if i := bytes.IndexByte(data[at:], c); i >= 0 {
		return at + i
	}
	return len(data)
}

// contentEnd returns where the content of a line ends whose LF, or the end of the text, stands at lf.
func contentEnd(data []byte, start, lf int) int {
	if lf > start && data[lf-1] == '\r' {
		return lf - 1
	}
	return lf
}

// lastRowEnd returns the position behind the last line end of data that ends a row, 0 when there is none. data begins
// at a row and may break off anywhere. segments is working space; the grown slice comes back.
//
// A quote can only open behind a delimiter, behind a line end or at the start, so it is enough to look at the quotes:
// between them no state changes. Text without any is cut by looking at its end alone.
func lastRowEnd(data []byte, delim byte, segments []segment) (int, []segment) {
	segments = segments[:0]
	for from := 0; from < len(data); {
		at := openingQuote(data, from, delim)
		segments = append(segments, segment{from, at})
		from = behindQuoted(data, at, delim)
	}
	for i := len(segments) - 1; i >= 0; i-- {
		s := segments[i]
		if lf := bytes.LastIndexByte(data[s.from:s.to], '\n'); lf >= 0 {
			return s.from + lf + 1, segments
		}
	}
	return 0, segments
}

// segment is a stretch of text outside quotes.
type segment struct{ from, to int }

// openingQuote returns the position of the first quote from at on that opens a field, len(data) when there is none.
// data[at:] begins outside quotes.
func openingQuote(data []byte, at int, delim byte) int {
	for at = index(data, at, quote); at > 0 && at < len(data); at = index(data, at+1, quote) {
		if before := data[at-1]; before == delim || before == '\n' {
			break
		}
	}
	return at
}

// behindQuoted returns the position behind the quoted field that begins at at, and behind those that follow it with
// nothing but a delimiter between; len(data) when the last of them stays open.
func behindQuoted(data []byte, at int, delim byte) int {
	for end := wholeQuoted(data, at, delim); end > 0; end = wholeQuoted(data, at, delim) {
		at = end + 2
	}
	if at < len(data) && data[at] == quote {
		at = min(closingQuote(data, at+1)+1, len(data))
	}
	return at
}

// closingQuote returns the position of the quote that closes the field whose content begins at at, len(data) when it
// stays open.
func closingQuote(data []byte, at int) int {
	for {
		at = index(data, at, quote)
		if at+1 >= len(data) || data[at+1] != quote {
			return at
		}
		at += 2
	}
}

// wholeQuoted returns where the quote stands that closes the field that begins at at, if that begins with a quote, has
// no doubled quote and a delimiter behind it; 0 otherwise.
func wholeQuoted(data []byte, at int, delim byte) int {
	if at >= len(data) || data[at] != quote {
		return 0
	}
	end := at + 1 + bytes.IndexByte(data[at+1:], quote)
	if end == at || end+1 >= len(data) || data[end+1] != delim {
		return 0
	}
	return end
}

// field is one field of a row.
type field struct {
	from, to int  // its value, without the quotes around it
	next     int  // where the delimiter, the line end or the end of the text stands
	doubled  bool // quotes inside are doubled
	torn     bool // text follows the closing quote; the value is what stood in quotes
	open     bool // the closing quote is missing
}

// cursor splits rows into fields. It remembers the next LF, because every unquoted field of a row asks for it.
type cursor struct {
	data  []byte
	delim byte
	lf    int // the first LF at or behind the last position asked for, if that is not behind it
}

// lineFeed returns the position of the first LF from at on, len(data) when there is none.
func (c *cursor) lineFeed(at int) int {
	if c.lf < at {
		c.lf = index(c.data, at, '\n')
	}
	return c.lf
}

// field splits off the field that begins at at.
func (c *cursor) field(at int) field {
	if at >= len(c.data) || c.data[at] != quote {
		end, next := c.bare(at)
		return field{from: at, to: end, next: next}
	}
	f := field{from: at + 1}
	f.to, f.doubled = c.closing(at + 1)
	if f.to >= len(c.data) {
		f.to, f.next, f.open = len(c.data), len(c.data), true
		return f
	}
	f.next = f.to + 1
	if !c.atFieldEnd(f.next) {
		f.torn = true
		_, f.next = c.bare(f.next)
	}
	return f
}

// bare returns where text outside quotes that begins at at ends, as a value and as a field.
func (c *cursor) bare(at int) (end, next int) {
	lf := c.lineFeed(at)
	if i := bytes.IndexByte(c.data[at:lf], c.delim); i >= 0 {
		return at + i, at + i
	}
	end = contentEnd(c.data, at, lf)
	return end, end
}

// closing is closingQuote, and tells whether doubled quotes were passed.
func (c *cursor) closing(at int) (end int, doubled bool) {
	end = index(c.data, at, quote)
	if end+1 >= len(c.data) || c.data[end+1] != quote {
		return end, false
	}
	return closingQuote(c.data, end+2), true
}

// atFieldEnd reports whether a delimiter, a line end or the end of the text stands at at.
func (c *cursor) atFieldEnd(at int) bool {
	return endsWithoutLF(c.data, at) || c.data[at] == c.delim || c.data[at] == '\n'
}

// endsWithoutLF reports whether a line end that is not an LF alone, or the end of the text, stands at at.
func endsWithoutLF(data []byte, at int) bool {
	return at >= len(data) || data[at] == '\r' && (at+1 == len(data) || data[at+1] == '\n')
}

// lineStop returns the position behind the line end that begins at end (or at the end of the text).
func lineStop(data []byte, end int) int {
	if end < len(data) && data[end] == '\r' {
		end++
	}
	if end < len(data) && data[end] == '\n' {
		end++
	}
	return end
}

// unquote appends the value of a field with doubled quotes to dst.
func unquote(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, quote)
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i+1]...)
		raw = raw[min(i+2, len(raw)):]
	}
}
