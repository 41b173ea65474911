package consentload

import (
	"bytes"
	"unicode"
)

// appendEmail appends the normal form of an e-mail address that is trimmed and clean text: lower case, the domain in
// ASCII. Dots and +tags stay, as folding them could make two people one.
//
// Beyond one "@" with something on both sides and no white space, the local part must not hold what an address cannot
// hold unquoted (mailto:, <…>, a list with commas), and the domain must come out as letters, digits, hyphens and
// underscores between dots, without a dot at its end. A full-width ＠ is no "@". In doubt there is no normal form: a
// guess could take one mailbox for another.
func (k *Kinds) appendEmail(dst, value []byte, ascii bool) ([]byte, Unreadable) {
	at := bytes.IndexByte(value, '@')
	if at <= 0 || at == len(value)-1 {
		return dst, NotEmail
	}
	local, domain := value[:at], value[at+1:]
	if bytes.IndexByte(domain, '@') >= 0 || !plainLocal(local, ascii) {
		return dst, NotEmail
	}
	start := len(dst)
	if ascii {
		dst = appendLower(dst, local)
	} else {
		dst = append(dst, bytes.ToLower(local)...)
	}
	dst = append(dst, '@')
	if plainDomain(domain) {
		return appendLower(dst, domain), Readable
	}
	if bytes.ContainsFunc(domain, unicode.IsSpace) {
		return dst[:start], NotEmail
	}
	name, err := k.domains.ToASCII(string(domain))
	if err != nil || !isDomain(name) {
		return dst[:start], BadDomain
	}
	return append(dst, name...), Readable
}

// plainLocal reports whether the part before the "@" holds neither white space nor what must stand in quotes there.
func plainLocal(local []byte, ascii bool) bool {
	for _, c := range local {
		switch c {
		case ' ', '"', '(', ')', ',', ':', ';', '<', '>', '[', '\\', ']':
			return false
		}
	}
	return ascii || !bytes.ContainsFunc(local, isBlank)
}

const (
	longestLabel  = 63
	longestDomain = 253
)

// plainDomain reports whether the domain is one whose IDNA form is itself in lower case: plain labels of letters,
// digits, underscores and inner hyphens. Two hyphens in a row (xn--…) have rules of their own and are left to IDNA.
func plainDomain(domain []byte) bool {
	if len(domain) > longestDomain {
		return false
	}
	label, last := 0, byte('.')
	for _, c := range domain {
		switch {
		case c == '.':
			if label == 0 || last == '-' {
				return false
			}
			label, last = 0, c
			continue
		case c == '-':
			if label == 0 || last == '-' {
				return false
			}
		case !isLabelByte(c):
			return false
		}
		if label++; label > longestLabel {
			return false
		}
		last = c
	}
	return label > 0 && last != '-'
}

func isLabelByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// isDomain checks what IDNA without the strict rules lets pass: any ASCII sign, and a dot at the end.
func isDomain(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '.' && c != '-' && (!isLabelByte(c) || unicode.IsUpper(rune(c))) {
			return false
		}
	}
	return name != "" && name[len(name)-1] != '.'
}
