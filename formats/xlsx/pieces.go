package xlsx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
)

const (
	maxHead  = 4 << 20  // bytes before the first row or string
	maxChild = 16 << 20 // bytes of a row or string
)

var (
	errHead  = errors.New("its head does not end")
	errChild = errors.New("a row or text of it does not end")
)

// pieces reads the children of one element of a part as a stream: some whole children at a time. A large part is never
// held whole, and what is read of it can be scanned elsewhere.
type pieces struct {
	src     io.Reader
	size    int            // bytes that a piece aims at
	dialect dialect        // that the part must be in
	parent  string         // the element whose children these are
	child   string         // their name
	visit   func(*scanner) // is shown the tags of the head

	prefix []byte // of the names of a workbook, with its colon
	root   []byte // the opening tags of the root and the parent: what the tail closes
	open   []byte // <child, as it begins
	closes []byte // </parent, as it ends
	rest   []byte // read, not handed out
	read   int64
	ended  bool // src is at its end
	over   bool // the parent has been closed
	isRoot bool // the parent is the root
}

// start reads the head: all that stands before the first child.
func (p *pieces) start() error {
	p.rest = make([]byte, 0, max(p.size, 4<<10))
	for {
		if err := p.fill(); err != nil {
			return err
		}
		found, err := p.findParent()
		if found || err != nil && (p.ended || !errors.Is(err, errCut)) {
			return err
		}
		switch {
		case p.ended:
			return errCut
		case len(p.rest) > maxHead:
			return errHead
		}
		p.rest = append(make([]byte, 0, 2*cap(p.rest)), p.rest...)
	}
}

// fill reads until the capacity of rest is used or the part ends.
func (p *pieces) fill() error {
	for len(p.rest) < cap(p.rest) && !p.ended {
		n, err := p.src.Read(p.rest[len(p.rest):cap(p.rest)])
		p.rest = p.rest[:len(p.rest)+n]
		p.read += int64(n)
		if errors.Is(err, io.EOF) {
			p.ended = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// findParent scans the head for the parent's opening tag.
func (p *pieces) findParent() (bool, error) {
	if err := checkProlog(p.rest); err != nil {
		return false, err
	}
	s := scanner{data: p.rest, at: len(p.rest) - len(bytes.TrimPrefix(p.rest, []byte(mark)))}
	var open nesting
	for {
		err := s.next()
		if err == nil {
			err = p.checkHead(&s, len(open))
		}
		if err != nil {
			return false, err
		}
		if s.isTag() && len(open) <= 1 && p.isNamed(s.name, p.parent) {
			return true, p.begin(&s, len(open) == 0)
		}
		if err := open.follow(&s); err != nil {
			return false, err
		}
		if len(open) == 0 && s.kind != tokenText {
			return false, errMatch // the root is closed, and the parent was not there
		}
	}
}

// checkHead refuses what cannot stand before the parent, and reads the root.
func (p *pieces) checkHead(s *scanner, depth int) error {
	switch {
	case s.kind == tokenEnd:
		return errCut
	case s.kind == tokenText && depth < 2 && !isBlank(s.text):
		return errTag
	case s.isTag() && depth == 0:
		return p.readRoot(s)
	}
	return nil
}

func (p *pieces) isNamed(name []byte, local string) bool {
	return len(name) == len(p.prefix)+len(local) && bytes.HasPrefix(name, p.prefix) && string(name[len(p.prefix):]) == local
}

// readRoot checks that the root is of the dialect of the workbook.
func (p *pieces) readRoot(s *scanner) error {
	p.prefix = bytes.Clone(prefixOf(s.name))
	declared := "xmlns"
	if len(p.prefix) > 0 {
		declared += ":" + string(p.prefix[:len(p.prefix)-1])
	}
	p.root = bytes.Clone(s.raw())
	for _, a := range s.attrs {
		if string(a.name) == declared && string(a.value) == p.dialect.main {
			return nil
		}
	}
	return errNamespace
}

// begin notes what the parent's opening tag settles, and shows the head.
func (p *pieces) begin(s *scanner, isRoot bool) error {
	head := p.rest[:s.from]
	if err := checkText(head); err != nil {
		return err
	}
	p.isRoot, p.over = isRoot, s.kind == tokenEmpty
	if !isRoot {
		p.root = append(p.root, s.raw()...)
	}
	p.open = append(append([]byte{'<'}, p.prefix...), p.child...)
	p.closes = append(append([]byte("</"), p.prefix...), p.parent...)
	if p.visit != nil {
		h := scanner{data: bytes.TrimPrefix(head, []byte(mark))}
		for h.next() == nil && h.kind != tokenEnd {
			p.visit(&h)
		}
	}
	p.rest = append(p.rest[:0], p.rest[s.at:]...)
	return nil
}

// next appends the next whole children to buf; io.EOF when there are no more.
func (p *pieces) next(buf []byte) ([]byte, error) {
	if p.over {
		return buf, io.EOF
	}
	for {
		cut, err := p.boundary()
		if err != nil {
			return buf, err
		}
		if cut > 0 || p.over {
			buf = append(buf, p.rest[:cut]...)
			p.rest = append(p.rest[:0], p.rest[cut:]...)
			if cut == 0 {
				return buf, io.EOF
			}
			return buf, checkText(buf)
		}
		if p.ended {
			return buf, errCut
		}
		if len(p.rest) > maxChild {
			return buf, errChild
		}
		if cap(p.rest)-len(p.rest) < p.size {
			p.rest = append(make([]byte, 0, max(2*len(p.rest), len(p.rest)+p.size)), p.rest...)
		}
		if err := p.fill(); err != nil {
			return buf, err
		}
	}
}

// boundary returns where the whole children in rest end: before the last child that begins, which may be cut, or where
// the parent is closed. Tags are searched as bytes, unless there is something in which they could stand as text.
func (p *pieces) boundary() (int, error) {
	if hasDeclarations(p.rest) {
		return p.walk()
	}
	if i := bytes.Index(p.rest, p.closes); i >= 0 {
		p.over = true
		return i, nil
	}
	for end := len(p.rest); ; {
		i := bytes.LastIndex(p.rest[:end], p.open)
		if i <= 0 {
			return 0, nil
		}
		if next := i + len(p.open); next < len(p.rest) && nameLength(p.rest[next:next+1]) == 0 && p.rest[next] != '-' && p.rest[next] != '.' {
			return i, nil
		}
		end = i
	}
}

// hasDeclarations reports whether there may be comments and their like, in which a tag is text. Their second byte is
// searched: it is rare, and the first is not.
func hasDeclarations(data []byte) bool {
	for _, c := range []byte("!?") {
		for at := 0; ; at++ {
			i := bytes.IndexByte(data[at:], c)
			if i < 0 {
				break
			}
			if at += i; at > 0 && data[at-1] == '<' {
				return true
			}
		}
	}
	return false
}

// walk finds the boundary token by token.
func (p *pieces) walk() (int, error) {
	s := scanner{data: p.rest}
	depth, last := 0, 0
	for {
		switch err := s.next(); {
		case errors.Is(err, errCut):
			return last, nil
		case err != nil:
			return 0, err
		case s.isTag() && depth == 0:
			last = s.from
		}
		switch s.kind {
		case tokenEnd:
			return last, nil
		case tokenOpen:
			depth++
		case tokenClose:
			if depth == 0 {
				p.over = true
				return s.from, nil
			}
			depth--
		case tokenText, tokenEmpty:
		}
	}
}

// finish reads the part to its end, which is as it should be or an error, and shows the names of what stands there.
func (p *pieces) finish(visit func(local string)) error {
	d := xml.NewDecoder(io.MultiReader(bytes.NewReader(p.root), bytes.NewReader(p.rest), p.src))
	depth, roots := 0, 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.Directive:
			return errDoctype
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			if depth == 1 && t.Name.Local != p.parent && visit != nil {
				visit(t.Name.Local)
			}
			if depth++; depth > maxDepth {
				return errNested
			}
		case xml.EndElement:
			depth--
		}
	}
	if depth != 0 || roots != 1 {
		return errCut
	}
	return nil
}
