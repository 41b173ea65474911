package formats

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"cpm/formats/fault"
)

const (
	markUTF16LE = "\xFF\xFE"
	markUTF16BE = "\xFE\xFF"
)

// isUTF16 recognises a text by its mark, by its name, or by its zero bytes.
func isUTF16(p peek) bool {
	return p.wide || magic(markUTF16LE, markUTF16BE)(p) || zerosIn(p, 0) || zerosIn(p, 1)
}

// zerosIn recognises text whose NULs stand in the same half of byte pairs: half 1 is little end first. One pair in four
// must hold one: commas, line ends, digits do. A few stand in the other half: 一 is U+4E00.
func zerosIn(p peek, half int) bool {
	zeros, pairs := [2]int{}, len(p.head)/2
	for i, c := range p.head {
		if c == 0 {
			zeros[i&1]++
		}
	}
	return zeros[1-half]*4 <= zeros[half] && zeros[half] >= 4 && zeros[half]*4 >= pairs
}

// openUTF16 opens a text in UTF-16 as a layer: it is split in UTF-8, and the kept rows are written as they were. UTF-8
// has a form for each character and no other, so the way there and back loses nothing; what is no character is refused.
func openUTF16(in Input, o Options) (Reader, error) {
	p, err := peekAt(in)
	if err != nil {
		return nil, err
	}
	name, why, err := byteOrder(in.Name, p, o.Encoding)
	if err != nil {
		return nil, err
	}
	var order interface {
		binary.ByteOrder
		binary.AppendByteOrder
	} = binary.LittleEndian
	if name == nameUTF16BE {
		order = binary.BigEndian
	}
	l := layer{name: name, size: in.Size, in: in, read: &counted{from: p.rewound(in.Reader)}}
	l.in.Reader = &utf16Reader{name: in.Name, from: l.read, order: order, line: 1}
	l.back = func(w io.Writer) io.Writer { return &utf16Writer{w: w, order: order} }
	l.tell = func(detail string) string {
		rest, _ := strings.CutPrefix(detail, "UTF-8")
		if why != "" {
			return name + " (" + why + ")" + rest
		}
		return name + rest
	}
	o.Encoding = ""
	return l.open(o)
}

// byteOrder settles which end comes first.
func byteOrder(name string, p peek, named string) (order, why string, err error) {
	c := charset{name: nameUTF16, wide: true}
	if named != "" {
		if c, err = charsetNamed(named); err != nil {
			return "", "", err
		}
	}
	for _, m := range []struct{ mark, name string }{{markUTF16LE, nameUTF16LE}, {markUTF16BE, nameUTF16BE}, {bom, "UTF-8"}} {
		if bytes.HasPrefix(p.head, []byte(m.mark)) {
			if c.name != m.name && (c.name != nameUTF16 || m.mark == bom) {
				return "", "", contradicts(name, c, m.name)
			}
			return m.name, "", nil
		}
	}
	const seen = "no byte order mark; by its zero bytes"
	switch {
	case !c.wide:
		return "", "", fault.New(fault.Usage, name, "named as %s, but the zero bytes in it are those of UTF-16", c.name).
			Hint("leave out --encoding, or name utf-16le or utf-16be")
	case c.name != nameUTF16:
		return c.name, "", nil
	case zerosIn(p, 1):
		return nameUTF16LE, seen, nil
	case zerosIn(p, 0):
		return nameUTF16BE, seen, nil
	}
	return "", "", fault.New(fault.Usage, name, "the text has no byte order mark, so it cannot be told which byte comes first").
		Hint("name it: --encoding utf-16le or utf-16be")
}

// utf16Reader turns UTF-16 into UTF-8.
type utf16Reader struct {
	name  string
	from  io.Reader
	order binary.ByteOrder
	raw   []byte // read, not decoded: less than a character
	buf   []byte
	text  []byte // decoded, not handed out
	line  int64
	err   error // what from has answered last, or the fault of what it gave
}

// Read implements io.Reader.
func (r *utf16Reader) Read(p []byte) (int, error) {
	if len(r.text) == 0 && r.err == nil {
		r.refill()
	}
	n := copy(p, r.text)
	r.text = r.text[n:]
	if n == 0 && len(p) > 0 {
		return 0, r.err
	}
	return n, nil
}

// refill reads and decodes once.
func (r *utf16Reader) refill() {
	if r.buf == nil {
		r.raw, r.buf = make([]byte, 0, peekSize), make([]byte, 0, 2*peekSize)
	}
	n, err := r.from.Read(r.raw[len(r.raw):cap(r.raw)])
	r.raw = r.raw[:len(r.raw)+n]
	used := r.decode()
	r.raw = r.raw[:copy(r.raw, r.raw[used:])]
	if r.err == nil && errors.Is(err, io.EOF) && len(r.raw) > 0 {
		r.err = r.torn("the file ends within a character")
	}
	if r.err == nil {
		r.err = err
	}
}

// decode decodes the whole characters of raw and returns how many bytes these have.
func (r *utf16Reader) decode() (at int) {
	r.text = r.buf[:0]
	for at+2 <= len(r.raw) {
		c, size := rune(r.order.Uint16(r.raw[at:])), 2
		if utf16.IsSurrogate(c) {
			if at+4 > len(r.raw) && c < 0xDC00 {
				break
			}
			if at+4 <= len(r.raw) {
				c, size = utf16.DecodeRune(c, rune(r.order.Uint16(r.raw[at+2:]))), 4
			}
			if size == 2 || c == utf8.RuneError {
				r.err = r.torn("half a surrogate pair")
				break
			}
		}
		if c == '\n' {
			r.line++
		}
		r.text = utf8.AppendRune(r.text, c)
		at += size
	}
	r.buf = r.text
	return at
}

func (r *utf16Reader) torn(what string) error {
	return fault.New(fault.Input, fmt.Sprintf("%s:%d", r.name, r.line), "this is no UTF-16: %s", what).
		Hint("the file is damaged or cut short, or in another encoding: export it again, or name its encoding with --encoding")
}

// utf16Writer turns UTF-8, whole characters a call, into UTF-16.
type utf16Writer struct {
	w     io.Writer
	order binary.AppendByteOrder
	buf   []byte
}

// Write implements io.Writer.
func (w *utf16Writer) Write(p []byte) (int, error) {
	w.buf = w.buf[:0]
	for at := 0; at < len(p); {
		c, size := utf8.DecodeRune(p[at:])
		if c == utf8.RuneError && size == 1 {
			return 0, errors.New("text that is not UTF-8 cannot be written as UTF-16")
		}
		if high, low := utf16.EncodeRune(c); high != utf8.RuneError {
			w.buf = w.order.AppendUint16(w.order.AppendUint16(w.buf, uint16(high)), uint16(low))
		} else {
			w.buf = w.order.AppendUint16(w.buf, uint16(c))
		}
		at += size
	}
	n, err := w.w.Write(w.buf)
	if err == nil && n < len(w.buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}
