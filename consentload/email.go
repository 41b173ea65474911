package consentload

import (
	"bytes"
	"unicode"
	"unicode/utf8"
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
	if all := append(dst, domain...); lowerLabels(all[len(dst):]) {
		return all, Readable
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

// appendPlainEmail appends the normal form of an address as most are: an "@" behind what needs no quotes, before labels of
// letters, digits, underscores and single hyphens inside. It looks at each byte once, and leaves any other address to
// appendEmail.
func appendPlainEmail(dst, value []byte) ([]byte, bool) {
	n := len(dst)
	all := append(dst, value...)
	form := all[n:]
	at := 0
	for ; at < len(form) && inLocal(form[at]); at++ {
		form[at] = lower(form[at])
	}
	if at == 0 || at == len(form) || form[at] != '@' || !lowerLabels(form[at+1:]) {
		return dst, false
	}
	return all, true
}

const (
	longestLabel  = 63
	longestDomain = 253
)

// lowerLabels brings a domain into lower case, and reports whether that is its IDNA form: plain labels of letters, digits,
// underscores and inner hyphens. Two hyphens in a row (xn--…) have rules of their own and are left to IDNA.
func lowerLabels(domain []byte) bool {
	label, hyphen := 0, false
	for i, c := range domain {
		switch {
		case isLabelByte(c):
			domain[i], hyphen = lower(c), false
			label++
		case c == '-' && label > 0 && !hyphen:
			hyphen = true
			label++
		case c == '.' && label > 0 && !hyphen:
			label = 0
		default:
			return false
		}
		if label > longestLabel {
			return false
		}
	}
	return label > 0 && !hyphen && len(domain) <= longestDomain
}

// inLocal reports a byte of ASCII that may stand in a local part without quotes; an "@" does not.
func inLocal(c byte) bool {
	const (
		from0  = 1<<64 - 1<<'!' ^ 1<<'"' ^ 1<<'(' ^ 1<<')' ^ 1<<',' ^ 1<<':' ^ 1<<';' ^ 1<<'<' ^ 1<<'>'
		from64 = 1<<63 - 1 ^ 1<<('@'-64) ^ 1<<('['-64) ^ 1<<('\\'-64) ^ 1<<(']'-64)
	)
	set := uint64(from0)
	if c >= 64 {
		set = from64
	}
	return c < utf8.RuneSelf && set>>(c%64)&1 != 0
}

// plainLocal reports whether the part before the "@" holds neither white space nor what must stand in quotes there.
func plainLocal(local []byte, ascii bool) bool {
	for _, c := range local {
		if c < utf8.RuneSelf && !inLocal(c) {
			return false
		}
	}
	return ascii || !bytes.ContainsFunc(local, isBlank)
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
