package xlsx

import (
	"bytes"
)

// readValue reads what stands within <v> or <is>, and reports whether it is nothing.
func (r *rowReader) readValue(c *cell) (isEmpty bool, err error) {
	if c.kind == kindInline {
		return r.readInline(c)
	}
	text, err := r.readText()
	if c.kind != kindText {
		text = bytes.Trim(text, whiteSpace)
	}
	if err != nil || len(text) == 0 {
		return true, err
	}
	if c.kind == kindShared {
		n, ok := smallNumber(text)
		if !ok || n >= r.batch.file.strings.len() {
			return false, errString
		}
		c.at = uint32(n)
		return len(r.batch.file.strings.text(c.at)) == 0, nil
	}
	r.place(c, text)
	return false, c.check(text)
}

// check refuses a value that is not of its kind.
func (c *cell) check(text []byte) error {
	switch c.kind {
	case kindNumber:
		if _, ok := number(text); !isWhole(text) && !ok {
			return errValue
		}
	case kindBool:
		if word := string(text); !isTrue(word) && word != "0" && word != "false" && word != "off" {
			return errValue
		}
	case kindNone, kindError, kindDay, kindText, kindInline, kindShared, kindUnknown:
	}
	return nil
}

// place notes where a text stands, and puts it behind the rows when it does not stand in them.
func (r *rowReader) place(c *cell, text []byte) {
	b := r.batch
	if at := cap(r.data) - cap(text); len(text) > 0 && at >= 0 && at+len(text) <= len(r.data) && &r.data[at] == &text[0] {
		c.at, c.end = uint32(at), uint32(at+len(text))
		return
	}
	c.at = uint32(len(b.data))
	b.data = append(b.data, text...)
	c.end = uint32(len(b.data))
}

// readText reads the text of <v>, as XML has it: one stretch as it stands, what is in several is written anew.
func (r *rowReader) readText() (text []byte, err error) {
	stretches := 0
	for {
		if err := r.scanner.next(); err != nil {
			return nil, err
		}
		switch {
		case r.kind == tokenClose && r.is("v"):
			return text, nil
		case r.kind != tokenText:
			return nil, errElement
		case stretches == 0 && !r.cdata:
			text = r.text
		default:
			if stretches == 1 {
				text = append(make([]byte, 0, len(text)+len(r.text)), text...)
			}
			if r.cdata {
				text = appendEscaped(text, r.text)
			} else {
				text = append(text, r.text...)
			}
		}
		stretches++
	}
}

// readInline reads a string that stands in its cell.
func (r *rowReader) readInline(c *cell) (isEmpty bool, err error) {
	b := r.batch
	text, arena, err := readRich(&r.scanner, b.arena)
	if err != nil {
		return false, err
	}
	if len(text.text) == 0 {
		return true, nil
	}
	b.arena = arena
	inner := text.inner
	if !text.safe {
		inner, c.isRich = appendPlain(nil, text.text), text.runs
	}
	r.place(c, inner)
	return false, nil
}
