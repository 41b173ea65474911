package formats

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"cpm/formats/fault"
)

// Which encoding a text has that is not UTF-8 is seen from its characters. Big5 and Shift-JIS nearly always pass as
// GB18030 by their bytes, and decode to characters that nobody writes; a text in everyday Chinese is made of the 6,763
// that GB2312 has. A wrong guess would give a person another name, so what fits two encodings, or none, has to be named.

// suspect is an encoding that is looked for.
type suspect struct {
	charset
	size    func(lead, next byte) int   // bytes of a character
	usual   func(lead, trail byte) bool // whether everyday text is made of it
	telling func(lead, trail byte) bool // whether it is of the script that the encoding is for
	script  string
}

// reading is what a text looks like in an encoding.
type reading struct {
	suspect
	whole                 bool // no bad byte
	chars, usual, telling int  // characters of two bytes
	high                  bool // some lead bytes lie behind the hangul of EUC-KR
}

func suspectGB18030() suspect {
	return suspect{
		charset: gb18030Charset(), script: "Chinese",
		size: func(_, next byte) int {
			if '0' <= next && next <= '9' {
				return 4
			}
			return 2
		},
		usual: func(lead, trail byte) bool {
			return trail >= 0xA1 && (isGB2312Han(lead) || 0xA1 <= lead && lead <= 0xA3)
		},
		telling: func(lead, trail byte) bool { return trail >= 0xA1 && isGB2312Han(lead) },
	}
}

func isGB2312Han(lead byte) bool { return 0xB0 <= lead && lead <= 0xF7 }

func suspectBig5() suspect {
	return suspect{
		charset: big5Charset(), script: "Chinese",
		size:    func(_, _ byte) int { return 2 },
		usual:   func(lead, _ byte) bool { return 0xA1 <= lead && lead <= 0xC6 },
		telling: func(lead, _ byte) bool { return 0xA4 <= lead && lead <= 0xC6 },
	}
}

func suspectShiftJIS() suspect {
	return suspect{
		charset: shiftJISCharset(), script: "Japanese",
		size: func(lead, _ byte) int {
			if isHalfKatakana(lead) {
				return 1
			}
			return 2
		},
		usual:   func(lead, _ byte) bool { return 0x81 <= lead && lead <= 0x9F || 0xE0 <= lead && lead <= 0xEA },
		telling: func(lead, trail byte) bool { return lead == 0x82 && trail >= 0x9F || lead == 0x83 && trail <= 0x96 },
	}
}

// isHalfKatakana recognises a half-width kana of Shift-JIS; two of them pass as a character of GB2312.
func isHalfKatakana(c byte) bool { return 0xA1 <= c && c <= 0xDF }

// read looks at the beginning of a text as if it were in the encoding.
func (s suspect) read(p peek) reading {
	r := reading{suspect: s}
	text := make([]byte, 3*len(p.head)+utf8.UTFMax)
	n, _, _ := s.encoding.NewDecoder().Transform(text, p.head, !p.cut)
	r.whole = !bytes.ContainsRune(text[:n], utf8.RuneError)
	for at := 0; at+1 < len(p.head); {
		lead, trail := p.head[at], p.head[at+1]
		if lead < utf8.RuneSelf {
			at++
			continue
		}
		size := s.size(lead, trail)
		at += size
		if size != 2 { // four bytes of GB18030 and half-width kana speak neither way
			continue
		}
		r.chars++
		if s.usual(lead, trail) {
			r.usual++
		}
		if s.telling(lead, trail) {
			r.telling++
			r.high = r.high || lead > 0xC8
		}
	}
	return r
}

// share tells whether so many percent of the characters are of everyday text.
func (r reading) share(percent int) bool { return r.usual*100 >= r.chars*percent }

// plausible reports whether the text may well be what it was read as.
func (r reading) plausible() bool { return r.whole && r.telling > 1 && r.share(90) }

// tellCharset finds the encoding of a text that is not UTF-8, and says why.
func tellCharset(p peek) (told charset, why string, ok bool) {
	gb, big5, jis := suspectGB18030().read(p), suspectBig5().read(p), suspectShiftJIS().read(p)
	found := gb
	switch {
	case gb.plausible():
		isKorean := gb.telling >= 16 && !gb.high
		isJapanese := jis.whole && onlyHalfKatakana(p.head)
		ok = !isKorean && !isJapanese
	case gb.share(70):
	case jis.plausible():
		found, ok = jis, !big5.plausible()
	case big5.plausible():
		found, ok = big5, true
	}
	return found.charset, fmt.Sprintf("not UTF-8; %d %s characters, no bad byte", found.chars, found.script), ok
}

func onlyHalfKatakana(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf && !isHalfKatakana(c) {
			return false
		}
	}
	return true
}

// findCharset settles the encoding of a delimited text: the one that was named, or the one that its beginning shows. why
// is empty when there is nothing to explain.
func findCharset(name string, p peek, named string) (c charset, why string, err error) {
	isMarked := bytes.HasPrefix(p.head, []byte(bom))
	if named != "" {
		if c, err = charsetNamed(named); err != nil {
			return c, "", err
		}
		if isMarked && c.encoding != nil {
			return c, "", contradicts(name, c, "UTF-8")
		}
		return c, "", nil
	}
	if validUTF8(p) {
		return charset{name: "UTF-8"}, "", nil
	}
	if c, why, ok := tellCharset(p); ok && !isMarked {
		return c, why, nil
	}
	return c, "", fault.New(fault.Usage, fmt.Sprintf("%s:%d", name, foreignLine(p)), "the text is not UTF-8, and its encoding cannot be told").
		Hint("name it: --encoding gb18030 (or big5, shift_jis, windows-1252; utf-8 takes the bytes as they stand), or convert the file: iconv -f GB18030 -t UTF-8 IN > OUT")
}

// contradicts refuses a named encoding that a byte order mark denies.
func contradicts(name string, named charset, shown string) error {
	return fault.New(fault.Usage, name, "named as %s, but the file begins with the byte order mark of %s", named.name, shown).
		Hint("leave out --encoding, or name %s", strings.ToLower(shown))
}
