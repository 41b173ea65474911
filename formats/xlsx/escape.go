package xlsx

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// checkText refuses bytes that cannot stand in XML in UTF-8.
func checkText(data []byte) error {
	for _, c := range data {
		if c < 0x20 && !isSpace(c) {
			return errText
		}
	}
	if !utf8.Valid(data) || bytes.Contains(data, []byte("\uFFFE")) || bytes.Contains(data, []byte("\uFFFF")) {
		return errText
	}
	return nil
}

// isPlain reports whether a text of XML reads as it stands.
func isPlain(text []byte) bool {
	return bytes.IndexByte(text, '&') < 0 && bytes.IndexByte(text, '\r') < 0 &&
		(bytes.IndexByte(text, '_') < 0 || !bytes.Contains(text, []byte("_x")))
}

// appendUnescaped appends what a text of XML says. Line ends become LF, as XML has it.
func appendUnescaped(dst, text []byte) ([]byte, error) {
	for len(text) > 0 {
		n := bytes.IndexAny(text, "&\r")
		if n < 0 {
			return append(dst, text...), nil
		}
		dst = append(dst, text[:n]...)
		if text[n] == '\r' {
			dst = append(dst, '\n')
			text = bytes.TrimPrefix(text[n+1:], []byte{'\n'})
			continue
		}
		text = text[n+1:]
		end := bytes.IndexByte(text, ';')
		if end < 0 {
			return dst, errEntity
		}
		c, ok := entity(string(text[:end]))
		if !ok {
			return dst, errEntity
		}
		dst = utf8.AppendRune(dst, c)
		text = text[end+1:]
	}
	return dst, nil
}

// entity returns the character that stands between & and ;.
func entity(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	number, base := name[1:], 10
	if number[0] == 'x' {
		number, base = number[1:], 16
	}
	n, err := strconv.ParseUint(number, base, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, false
	}
	return rune(n), isChar(rune(n))
}

// isChar reports whether a character may stand in XML.
func isChar(c rune) bool {
	return c >= 0x20 && utf8.ValidRune(c) && c != 0xFFFE && c != 0xFFFF || c == '\t' || c == '\n' || c == '\r'
}

// unescapeUnits undoes _x000D_ and its like in place: workbooks write so what XML cannot hold.
func unescapeUnits(text []byte) []byte {
	at := bytes.Index(text, []byte("_x"))
	if at < 0 {
		return text
	}
	out := text[:at]
	for at < len(text) {
		if len(text)-at >= 7 && text[at] == '_' && text[at+1] == 'x' && text[at+6] == '_' {
			n, err := strconv.ParseUint(string(text[at+2:at+6]), 16, 16)
			if err == nil && isChar(rune(n)) {
				out = utf8.AppendRune(out, rune(n))
				at += 7
				continue
			}
		}
		out = append(out, text[at])
		at++
	}
	return out
}

// appendEscaped appends a text so that XML reads it back.
func appendEscaped(dst, text []byte) []byte {
	for _, c := range text {
		switch c {
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '&':
			dst = append(dst, "&amp;"...)
		case '"':
			dst = append(dst, "&quot;"...)
		case '\r':
			dst = append(dst, "&#13;"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
