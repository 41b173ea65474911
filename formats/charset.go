package formats

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/transform"

	"cpm/formats/fault"
)

// charset is an encoding of text; the zero value is UTF-8.
//
// In every one but UTF-16 the bytes of comma, tab, quote and line end stand for nothing else, so a text is split and
// copied as it stands: only the names and values that are asked for are decoded. UTF-16 is a layer of its own.
type charset struct {
	name      string
	spellings string            // parted by spaces, in lower case, without - and _
	encoding  encoding.Encoding // nil: UTF-8, or UTF-16
	// pairs: the later bytes of a character may be ASCII digits, letters, | and the like. None of these parts fields then.
	pairs bool
	wide  bool // UTF-16
}

const (
	nameUTF16   = "UTF-16"
	nameUTF16LE = "UTF-16LE"
	nameUTF16BE = "UTF-16BE"
)

// charsets lists the encodings that can be named.
func charsets() []charset {
	return []charset{
		{name: "UTF-8", spellings: "utf8"},
		gb18030Charset(), big5Charset(), shiftJISCharset(),
		{name: nameUTF16, spellings: "utf16", wide: true},
		{name: nameUTF16LE, spellings: "utf16le", wide: true},
		{name: nameUTF16BE, spellings: "utf16be", wide: true},
		{name: "Windows-1252", spellings: "windows1252 cp1252", encoding: charmap.Windows1252},
		{name: "Latin-1", spellings: "latin1 iso88591", encoding: charmap.ISO8859_1},
	}
}

// gb18030Charset holds GBK and GB2312 within it.
func gb18030Charset() charset {
	return charset{name: "GB18030", spellings: "gb18030 gbk gb2312 cp936 euccn", encoding: simplifiedchinese.GB18030, pairs: true}
}

func big5Charset() charset {
	return charset{name: "Big5", spellings: "big5 big5hkscs cp950", encoding: traditionalchinese.Big5, pairs: true}
}

func shiftJISCharset() charset {
	return charset{name: "Shift-JIS", spellings: "shiftjis sjis cp932 ms932 windows31j", encoding: japanese.ShiftJIS, pairs: true}
}

// charsetNamed returns the encoding of a usual spelling.
func charsetNamed(name string) (charset, error) {
	plain := strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
	for _, c := range charsets() {
		if slices.Contains(strings.Fields(c.spellings), plain) {
			return c, nil
		}
	}
	return charset{}, fault.New(fault.Usage, "", "the encoding %q is unknown", name).
		Hint("it is utf-8, gb18030 (or gbk), big5, shift_jis, utf-16, utf-16le, utf-16be, windows-1252 or latin1")
}

// parts reports whether a byte can part fields in this encoding.
func (c charset) parts(delim byte) bool {
	return !c.pairs || delim < '0' || '9' < delim && delim < '@' || delim == 0x7F
}

// encoded returns a text in the encoding.
func (c charset) encoded(text string) (string, error) {
	if c.encoding == nil || isASCII(text) {
		return text, nil
	}
	return c.encoding.NewEncoder().String(text)
}

// notText stands behind a value that cannot be decoded. UTF-8 has no such byte, so the value has no normal form: a
// replacement character would be as good as any other, and two people could share it.
const notText = 0xFF

// appendDecoded appends raw in UTF-8 to dst. The decoders write U+FFFD for bytes that they cannot read, and report no
// error; raw that holds such bytes is appended as it stands, with notText behind it.
func appendDecoded(dst, raw []byte, decoder transform.Transformer) []byte {
	from := len(dst)
	dst = slices.Grow(dst, 3*len(raw)+utf8.UTFMax)
	decoder.Reset()
	n, read, err := decoder.Transform(dst[from:cap(dst)], raw, true)
	dst = dst[:from+n]
	if err != nil || read < len(raw) || bytes.ContainsRune(dst[from:], utf8.RuneError) {
		return append(append(dst[:from], raw...), notText)
	}
	return dst
}

// isASCII reports whether a text is the same in every encoding but UTF-16.
func isASCII[T string | []byte](text T) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// validUTF8 does not mind a character that the end of the peek cuts.
func validUTF8(p peek) bool { return foreignAt(p) < 0 }

// foreignAt returns the position of the first byte that is not UTF-8, -1 when there is none.
func foreignAt(p peek) int {
	if utf8.Valid(p.head) {
		return -1
	}
	for at := 0; at < len(p.head); {
		c, size := utf8.DecodeRune(p.head[at:])
		if c == utf8.RuneError && size == 1 {
			if p.cut && !utf8.FullRune(p.head[at:]) {
				return -1
			}
			return at
		}
		at += size
	}
	return -1
}

// foreignLine returns the line of the first byte that is not UTF-8.
func foreignLine(p peek) int {
	return 1 + bytes.Count(p.head[:max(foreignAt(p), 0)], []byte{'\n'})
}
