package xlsx

import (
	"bytes"
	"errors"
)

// token is what a scanner stands on.
type token uint8

const (
	tokenEnd   token = iota // of the data
	tokenOpen               // <name …>
	tokenEmpty              // <name …/>
	tokenClose              // </name>
	tokenText
)

// scanner cuts XML into tags and texts, without copying. It is stricter than it need be where strictness is cheap, and
// passes over comments and processing instructions. Who calls it matches the tags.
type scanner struct {
	data []byte
	at   int // behind the token
	from int // where the token begins

	kind  token
	name  []byte // of a tag, with its prefix
	attrs []attribute
	text  []byte  // as it stands
	cdata bool    // the text stands for itself, nothing in it is escaped
	stack nesting // memory for who follows the tags
}

type attribute struct{ name, value []byte }

var (
	errCut     = errors.New("a tag is cut")
	errTag     = errors.New("a tag cannot be read")
	errDoctype = errors.New("it declares a document type")
	errText    = errors.New("a text holds what must be escaped")
	errEntity  = errors.New("a text holds an entity that cannot be read")
)

// next goes to the next token.
func (s *scanner) next() error {
	for {
		s.from = s.at
		if s.at >= len(s.data) {
			s.kind = tokenEnd
			return nil
		}
		rest := s.data[s.at:]
		if rest[0] != '<' {
			return s.plainText(rest)
		}
		if len(rest) < 2 {
			return errCut
		}
		switch rest[1] {
		case '/':
			return s.closing(rest)
		case '?':
			if err := s.pass(rest, 2, "?>"); err != nil {
				return err
			}
		case '!':
			if isText, err := s.declared(rest); isText || err != nil {
				return err
			}
		default:
			return s.opening(rest)
		}
	}
}

func (s *scanner) plainText(rest []byte) error {
	n := bytes.IndexByte(rest, '<')
	if n < 0 {
		if n = len(rest); !isBlank(rest) {
			return errCut
		}
	}
	s.kind, s.text, s.cdata = tokenText, rest[:n], false
	s.at += n
	if bytes.IndexByte(s.text, ']') >= 0 && bytes.Contains(s.text, []byte("]]>")) {
		return errText
	}
	return checkEntities(s.text)
}

// checkEntities refuses a text that could not be read back when it is copied.
func checkEntities(text []byte) error {
	if bytes.IndexByte(text, '&') < 0 {
		return nil
	}
	_, err := appendUnescaped(nil, text)
	return err
}

// pass goes behind the next end, which stands at least head bytes further on.
func (s *scanner) pass(rest []byte, head int, end string) error {
	if len(rest) < head {
		return errCut
	}
	n := bytes.Index(rest[head:], []byte(end))
	if n < 0 {
		return errCut
	}
	s.at += head + n + len(end)
	return nil
}

// declared reads what begins with an exclamation mark: a comment, or a text that stands for itself.
func (s *scanner) declared(rest []byte) (isText bool, err error) {
	const comment, verbatim = "<!--", "<![CDATA["
	switch {
	case bytes.HasPrefix(rest, []byte(comment)):
		if err := s.pass(rest, len(comment), "--"); err != nil {
			return false, err
		}
		if s.at >= len(s.data) {
			return false, errCut
		}
		if s.data[s.at] != '>' {
			return false, errTag
		}
		s.at++
		return false, nil
	case bytes.HasPrefix(rest, []byte(verbatim)):
		if err := s.pass(rest, len(verbatim), "]]>"); err != nil {
			return true, err
		}
		s.kind, s.text, s.cdata = tokenText, s.data[s.from+len(verbatim):s.at-3], true
		return true, nil
	case len(rest) < len(verbatim) && (bytes.HasPrefix([]byte(comment), rest) || bytes.HasPrefix([]byte(verbatim), rest)):
		return false, errCut
	}
	return false, errDoctype
}

func (s *scanner) closing(rest []byte) error {
	n := bytes.IndexByte(rest, '>')
	if n < 0 {
		return errCut
	}
	s.kind, s.name = tokenClose, bytes.TrimRight(rest[2:n], whiteSpace)
	s.at += n + 1
	if nameLength(s.name) != len(s.name) || len(s.name) == 0 {
		return errTag
	}
	return nil
}

// opening reads a tag with its attributes.
func (s *scanner) opening(rest []byte) error {
	at := 1 + nameLength(rest[1:])
	s.name, s.attrs = rest[1:at], s.attrs[:0]
	if at == 1 {
		return errTag
	}
	for {
		space := at
		for at < len(rest) && isSpace(rest[at]) {
			at++
		}
		if at+1 >= len(rest) && (at == len(rest) || rest[at] != '>') {
			return errCut
		}
		switch {
		case rest[at] == '>':
			s.kind = tokenOpen
			s.at += at + 1
			return nil
		case rest[at] == '/' && rest[at+1] == '>':
			s.kind = tokenEmpty
			s.at += at + 2
			return nil
		case at == space:
			return errTag
		}
		n, err := s.attribute(rest[at:])
		if err != nil {
			return err
		}
		at += n
	}
}

// attribute reads name="value" and returns its length.
func (s *scanner) attribute(rest []byte) (int, error) {
	at := nameLength(rest)
	name := rest[:at]
	for at < len(rest) && isSpace(rest[at]) {
		at++
	}
	if at == len(rest) {
		return 0, errCut
	}
	if len(name) == 0 || rest[at] != '=' {
		return 0, errTag
	}
	at++
	for at < len(rest) && isSpace(rest[at]) {
		at++
	}
	if at == len(rest) {
		return 0, errCut
	}
	mark := rest[at]
	if mark != '"' && mark != '\'' {
		return 0, errTag
	}
	at++
	n := bytes.IndexByte(rest[at:], mark)
	if n < 0 {
		return 0, errCut
	}
	value := rest[at : at+n]
	if bytes.IndexByte(value, '<') >= 0 {
		return 0, errTag
	}
	for _, other := range s.attrs {
		if bytes.Equal(other.name, name) {
			return 0, errTag
		}
	}
	s.attrs = append(s.attrs, attribute{name, value})
	return at + n + 1, checkEntities(value)
}

// isTag reports whether the token is a tag that may have attributes.
func (s *scanner) isTag() bool { return s.kind == tokenOpen || s.kind == tokenEmpty }

// number returns an attribute of the tag that is a whole number.
func (s *scanner) number(name string) (int, bool) {
	for _, a := range s.attrs {
		if string(a.name) == name {
			return smallNumber(a.value)
		}
	}
	return 0, false
}

// raw returns the token as it stands.
func (s *scanner) raw() []byte { return s.data[s.from:s.at] }

const whiteSpace = " \t\r\n"

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// isBlank reports whether a text is nothing but white space.
func isBlank(text []byte) bool {
	for _, c := range text {
		if !isSpace(c) {
			return false
		}
	}
	return true
}

// nameLength returns the length of the name at the beginning of text.
func nameLength(text []byte) int {
	for i, c := range text {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == ':' && i > 0:
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.'):
		default:
			return i
		}
	}
	return len(text)
}
