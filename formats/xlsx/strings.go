package xlsx

import (
	"errors"
	"io"
)

// maxStrings bounds the shared strings, which are held in memory: a million rows of Chinese text take about 100 MiB.
const maxStrings = 512 << 20

var errStrings = errors.New("the shared strings are larger than 512 MiB")

// stringTable holds the shared strings of a workbook: the XML of each, to be copied, and its text.
type stringTable struct {
	arena   []byte
	entries []stringEntry
	plainer bool // a text has lost the looks of its parts
}

// stringEntry says where in the arena the XML and the text of a string stand.
type stringEntry struct{ inner, innerEnd, text, textEnd uint32 }

func (t *stringTable) len() int { return len(t.entries) }

// text returns what a reader sees of a string.
func (t *stringTable) text(i uint32) []byte {
	e := t.entries[i]
	return t.arena[e.text:e.textEnd:e.textEnd]
}

// inner returns the XML of a string.
func (t *stringTable) inner(i uint32) []byte {
	e := t.entries[i]
	return t.arena[e.inner:e.innerEnd]
}

// readStrings reads the part of the shared strings; size is what it claims to hold.
func readStrings(r io.Reader, size int64, d dialect) (*stringTable, error) {
	if size > maxStrings {
		return nil, errStrings
	}
	p := &pieces{src: r, size: int(min(size, pieceSize)) + 1, dialect: d, parent: "sst", child: "si"}
	if err := p.start(); err != nil {
		return nil, err
	}
	t := &stringTable{arena: make([]byte, 0, min(size, 4<<20))}
	var buf, scratch []byte
	for {
		var err error
		if buf, err = p.next(buf[:0]); errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			scratch, err = t.add(p, buf, scratch)
		}
		if err != nil {
			return nil, err
		}
		if len(t.arena) > maxStrings || len(t.entries) > maxStrings/8 {
			return nil, errStrings
		}
	}
	return t, p.finish(nil)
}

// add adds the strings of a piece.
func (t *stringTable) add(p *pieces, piece, scratch []byte) ([]byte, error) {
	s := scanner{data: piece}
	for {
		if err := s.next(); err != nil {
			return scratch, err
		}
		switch s.kind {
		case tokenEnd:
			return scratch, nil
		case tokenText:
			if !isBlank(s.text) {
				return scratch, errTag
			}
			continue
		case tokenClose:
			return scratch, errMatch
		case tokenOpen, tokenEmpty:
		}
		if redeclares(&s, p.prefix) {
			return scratch, errNamespace
		}
		switch {
		case !p.isNamed(s.name, "si") && s.kind == tokenOpen:
			return scratch, errTag
		case !p.isNamed(s.name, "si"):
		case s.kind == tokenEmpty:
			t.entries = append(t.entries, stringEntry{})
		default:
			var r rich
			var err error
			if r, scratch, err = readRich(&s, scratch[:0]); err != nil {
				return scratch, err
			}
			t.append(r)
		}
	}
}

func (t *stringTable) append(r rich) {
	from := len(t.arena)
	if r.safe {
		t.arena = append(t.arena, r.inner...)
	} else {
		t.plainer = t.plainer || r.runs
		t.arena = appendPlain(t.arena, r.text)
	}
	e := stringEntry{inner: uint32(from), innerEnd: uint32(len(t.arena))}
	if r.safe && r.plain {
		e.text = uint32(from + r.at)
	} else {
		e.text = uint32(len(t.arena))
		t.arena = append(t.arena, r.text...)
	}
	e.textEnd = e.text + uint32(len(r.text))
	t.entries = append(t.entries, e)
}
