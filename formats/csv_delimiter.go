package formats

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/transform"

	"cpm/formats/fault"
)

// delimiters are the bytes that part fields, in the order in which they are suspected.
const delimiters = ",\t;|"

// sampleRows is how many rows show which delimiter it is.
const sampleRows = 100

func delimiterName(delim byte) string {
	switch delim {
	case ',':
		return "comma"
	case '\t':
		return "tab"
	case ';':
		return "semicolon"
	case '|':
		return "pipe"
	}
	return strconv.QuoteRune(rune(delim))
}

// ParseDelimiter reads a delimiter as a user names it: comma, tab, semicolon, pipe, or the character.
func ParseDelimiter(name string) (byte, error) {
	for _, d := range []byte(delimiters) {
		if strings.EqualFold(name, delimiterName(d)) {
			return d, nil
		}
	}
	if name == `\t` {
		return '\t', nil
	}
	if len(name) == 1 && canPart(name[0]) {
		return name[0], nil
	}
	return 0, fault.New(fault.Usage, "", "the delimiter %q is unknown", name).
		Hint("it is comma, tab, semicolon, pipe, or one character that is no letter, digit or quote")
}

// canPart reports whether a byte may part fields: values and line ends are not made of it.
func canPart(delim byte) bool {
	isLetter := 'a' <= delim|0x20 && delim|0x20 <= 'z'
	return 0 < delim && delim < 0x80 && !isLetter && (delim < '0' || '9' < delim) && !strings.ContainsRune("\"\r\n", rune(delim))
}

// findDelimiter settles what parts the fields: what was named, or what the beginning of the text shows.
func findDelimiter(name string, p peek, c charset, named byte) (byte, error) {
	text := p.head
	if c.encoding != nil {
		text, _, _ = transform.Bytes(c.encoding.NewDecoder(), text)
	}
	text = bytes.TrimPrefix(text, []byte(bom))
	delim := named
	if named == 0 {
		found := suspectDelimiters(text, p.cut)
		if len(found) > 1 {
			return 0, ambiguous(name, text, found)
		}
		delim = found[0]
	} else if !canPart(named) {
		return 0, fault.New(fault.Usage, name, "%s cannot part fields", delimiterName(named)).Hint("name another --delimiter")
	}
	if !c.parts(delim) {
		return 0, fault.New(fault.Usage, name, "in %s a %s may be half of a character, so it cannot part fields", c.name, delimiterName(delim)).
			Hint("convert the file first: iconv -f %s -t UTF-8 IN > OUT", c.name)
	}
	return delim, nil
}

func ambiguous(name string, text []byte, found []byte) error {
	line := 1 + bytes.Count(text[:pastEmptyLines(text)], []byte{'\n'})
	return fault.New(fault.Usage, fmt.Sprintf("%s:%d", name, line), "the first line can be split by %s or by %s, and the rows do not tell which",
		delimiterName(found[0]), delimiterName(found[1])).
		Hint("name it: --delimiter %s, or --delimiter %s", delimiterName(found[0]), delimiterName(found[1]))
}

// split is what a delimiter makes of the beginning of a text.
type split struct {
	delim  byte
	fields int // of the first row
	rows   int // behind it
	same   int // … with as many fields
}

func (s split) fits() bool { return s.rows > 0 && s.same == s.rows }

// suspectDelimiters returns the delimiter of a text in UTF-8, or several when it cannot be told. One that the first row
// does not have is none. Where the first row has several, the one that parts all rows alike is it; comma, the usual one,
// is only given up for another where it fails on most rows.
func suspectDelimiters(text []byte, cut bool) []byte {
	var all, fitting []byte
	var comma split
	for _, d := range []byte(delimiters) {
		s := splitBy(text, d, cut)
		if s.fields < 2 {
			continue
		}
		all = append(all, d)
		if s.fits() {
			fitting = append(fitting, d)
		}
		if d == ',' {
			comma = s
		}
	}
	switch {
	case len(all) == 0:
		return []byte{','}
	case len(all) == 1 || len(fitting) == 0 && comma.delim == 0:
		return all
	case len(fitting) == 0:
		return []byte{','}
	case comma.delim == 0 || slices.Contains(fitting, ',') || comma.same*2 < comma.rows:
		return fitting
	}
	return append([]byte{','}, fitting...)
}

// splitBy splits the first rows by a delimiter.
func splitBy(text []byte, delim byte, cut bool) split {
	s := split{delim: delim}
	c := cursor{data: text, delim: delim, lf: -1}
	for at := pastEmptyLines(text); at < len(text) && s.rows < sampleRows; {
		fields, end := 1, 0
		for from := at; ; fields++ {
			f := c.field(from)
			if f.open && cut {
				return s
			}
			end = f.next
			if end >= len(text) || text[end] != delim {
				break
			}
			from = end + 1
		}
		stop := lineStop(text, end)
		switch {
		case s.fields == 0:
			s.fields = fields
		case cut && stop >= len(text):
			return s
		case end > at:
			s.rows++
			if fields == s.fields {
				s.same++
			}
		}
		at = stop
	}
	return s
}
