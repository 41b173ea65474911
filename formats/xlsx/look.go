package xlsx

import "strings"

// look is how a sheet's columns look: widths and styles.
type look struct {
	styles  *styles
	format  []byte   // attributes of the sheet's rows and columns in general
	columns []column // in order
}

type column struct {
	first, last int
	attributes  []byte
}

// visit is shown the tags before the rows.
func (l *look) visit(s *scanner) {
	if !s.isTag() {
		return
	}
	switch string(localName(s.name)) {
	case "sheetFormatPr":
		l.format = l.kept(s, " baseColWidth defaultColWidth defaultRowHeight customHeight ")
	case "col":
		first, hasFirst := s.number("min")
		last, hasLast := s.number("max")
		if hasFirst && hasLast && first >= 1 && last >= first && len(l.columns) < maxColumns {
			l.columns = append(l.columns, column{first, min(last, maxColumns), l.kept(s, " width style hidden bestFit customWidth ")})
		}
	}
}

// kept returns those attributes of a tag that names holds, each between blanks; a style that is not there is dropped.
func (l *look) kept(s *scanner, names string) (attributes []byte) {
	for _, a := range s.attrs {
		style, ok := smallNumber(a.value)
		if string(a.name) == "style" && (!ok || !l.styles.has(uint32(style))) {
			continue
		}
		if strings.Contains(names, " "+string(a.name)+" ") {
			attributes = appendLook(attributes, a)
		}
	}
	return attributes
}
