package xlsx

import "bytes"

// rich is a text that may have parts of several looks: what stands in <si> or <is>.
type rich struct {
	inner []byte // the XML between the tags
	text  []byte // what a reader of the sheet sees
	plain bool   // text is one stretch of inner, from at on
	at    int
	safe  bool // inner can stand in another part: it leans on nothing that is declared elsewhere
	runs  bool
}

// readRich reads on from behind the opening tag up to the closing one. The text is appended to dst, also when it is one
// stretch of the XML. Phonetic runs say how a text is read and are no part of it.
func readRich(s *scanner, dst []byte) (rich, []byte, error) {
	r := richReader{scanner: s, prefix: prefixOf(s.name), open: append(s.stack[:0], s.name), start: s.at, begin: len(dst), dst: dst}
	r.out.safe = true
	for len(r.open) > 0 {
		err := s.next()
		if err == nil {
			err = r.step()
		}
		if err != nil {
			return r.out, r.dst, err
		}
	}
	s.stack = r.open
	if r.out.inner = s.data[r.start:s.from]; r.texts != 1 || !r.out.plain {
		r.out.text, r.out.plain = r.dst[r.begin:len(r.dst):len(r.dst)], false
	}
	return r.out, r.dst, nil
}

// richReader is on its way through a text.
type richReader struct {
	*scanner
	out    rich
	prefix []byte // of the names of a workbook
	open   nesting
	start  int // where the inner XML begins
	begin  int // where the text begins in dst
	texts  int
	dst    []byte
}

// step takes one token.
func (r *richReader) step() (err error) {
	switch {
	case r.kind == tokenEnd:
		return errCut
	case r.isTag() && redeclares(r.scanner, r.prefix):
		return errNamespace
	case r.isTag():
		r.out.safe = r.out.safe && isSafe(r.scanner)
	case r.kind == tokenText && r.shown():
		if r.texts++; r.texts == 1 && !r.cdata && isPlain(r.text) {
			r.out.text, r.out.plain, r.out.at = r.text, true, r.from-r.start
		}
		r.dst, err = appendShown(r.dst, r.scanner)
		return err
	case r.kind == tokenText && len(r.open) == 1 && !isBlank(r.text):
		return errTag
	}
	err = r.open.follow(r.scanner)
	r.out.runs = r.out.runs || r.isOpen(1, "r")
	return err
}

// isOpen reports whether the element open at a depth has a name of a workbook.
func (r *richReader) isOpen(depth int, local string) bool {
	return len(r.open) > depth && len(r.open[depth]) == len(r.prefix)+len(local) &&
		bytes.HasPrefix(r.open[depth], r.prefix) && string(r.open[depth][len(r.prefix):]) == local
}

// shown reports whether a text stands where readers see it: in t, or in t of a run.
func (r *richReader) shown() bool {
	return len(r.open) == 2 && r.isOpen(1, "t") || len(r.open) == 3 && r.isOpen(1, "r") && r.isOpen(2, "t")
}

// prefixOf returns the prefix of a name with its colon, empty when there is none.
func prefixOf(name []byte) []byte { return name[:bytes.IndexByte(name, ':')+1] }

// redeclares reports whether a tag gives the names of a workbook another meaning from here on.
func redeclares(s *scanner, prefix []byte) bool {
	for _, a := range s.attrs {
		rest, isDeclared := bytes.CutPrefix(a.name, []byte("xmlns"))
		if isDeclared && bytes.Equal(bytes.TrimPrefix(rest, []byte(":")), bytes.TrimSuffix(prefix, []byte(":"))) &&
			string(a.value) != transitional().main && string(a.value) != strict().main {
			return true
		}
	}
	return false
}

// appendShown appends a text as a reader of the sheet sees it.
func appendShown(dst []byte, s *scanner) (_ []byte, err error) {
	from := len(dst)
	if s.cdata {
		dst = append(dst, s.text...)
	} else if dst, err = appendUnescaped(dst, s.text); err != nil {
		return dst, err
	}
	return dst[:from+len(unescapeUnits(dst[from:]))], nil
}

// isSafe reports whether a tag needs no declaration of a prefix.
func isSafe(s *scanner) bool {
	if bytes.IndexByte(s.name, ':') >= 0 {
		return false
	}
	for _, a := range s.attrs {
		if string(a.name) != "xml:space" && (bytes.IndexByte(a.name, ':') >= 0 || string(a.name) == "xmlns") {
			return false
		}
	}
	return true
}

// appendPlain appends a text as the inner XML of a cell's string.
func appendPlain(dst, text []byte) []byte {
	dst = append(dst, `<t xml:space="preserve">`...)
	dst = appendEscaped(dst, text)
	return append(dst, "</t>"...)
}
