package consentload

import "bytes"

// elements are those of an act with each. They are kept while the row is at hand, as acts mostly come in groups that
// tell different things of the same elements.
type elements struct {
	elements []element
	list     int   // the number of the each that they are of; 0: of none
	fault    error // why there are not more
}

// of finds the elements of an act in a value: those of JSON, or the parts of a cell of text. Elements before a fault are
// there with it.
func (l *elements) of(a *act, value []byte) error {
	if a.list > 0 && a.list == l.list {
		return l.fault
	}
	l.list, l.elements, l.fault = a.list, l.elements[:0], nil
	if a.split != "" {
		for part := range bytes.SplitSeq(value, []byte(a.split)) {
			if part = bytes.TrimFunc(part, isBlank); len(part) > 0 {
				l.add(element{text: part})
			}
		}
		return nil
	}
	top, err := outermost(value)
	if err == nil {
		err = top.walk(a.each.path, func(one element) error {
			l.add(one)
			return nil
		})
	}
	l.fault = err
	return err
}

// add keeps an element in the place, and with the room, of one of an earlier row.
func (l *elements) add(one element) {
	n := len(l.elements)
	if n == cap(l.elements) {
		l.elements = append(l.elements, one)
		return
	}
	l.elements = l.elements[:n+1]
	one.members, one.isRead = l.elements[n].members[:0], false
	l.elements[n] = one
}

// none is the element of an act that has none: nothing stands in it.
func (r *record) none() *element {
	r.bare = element{}
	return &r.bare
}
