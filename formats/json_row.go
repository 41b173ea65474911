package formats

import (
	"bytes"
	"math"
	"strings"
)

// jsonRow finds the values of one record at a time, in the pass that checks its grammar. Its slices are kept.
//
// A path can be parted into keys at any of its dots. In each object that a path may lead through stands one want of it;
// a key that is the rest of the path is its value, and one that is its beginning up to a dot leads on. Where two values
// stand under one path, the one is told whose keys are the longest, the first key first; but the row is torn, as whoever
// reads the record next may follow the other.
type jsonRow struct {
	paths  []string
	strict bool     // paths that may be lost tear the row
	wants  []want   // of the objects that are open, the innermost last
	found  [][]byte // the value of each path, as it is written; nil when there is none
	ranks  []uint64 // the rank of each value found
	lost   []int    // the paths that lead into what is no object, or whose key stands in another case
	torn   bool     // a key that counts stands twice, or cannot be read, or a path is lost or has two values
	key    []byte   // the last key that was written with escapes
	arena  []byte   // values whose escapes were undone
}

// otherCase is the bit in which a small letter of ASCII and its capital differ.
const otherCase = 0x20

// want is a path in an object through which it may lead.
type want struct {
	path int    // by number
	rest string // what is left of it
	dot  int    // the number of dots before that
	rank uint64 // the dots at which keys ended so far, the first dot as the highest bit: of two values the lower is meant
	seen uint64 // the keys of this object that matched, by the dot behind them
	hit  bool   // the member being read is the value
}

// record reads the object at at. It returns the position behind it, or why there is none.
func (r *jsonRow) record(data []byte, at int) int {
	r.torn, r.wants, r.lost = false, r.wants[:0], r.lost[:0]
	for i := range r.paths {
		r.found[i], r.ranks[i] = nil, math.MaxUint64
		r.wants = append(r.wants, want{path: i, rest: r.paths[i]})
	}
	m := membersOf(data, at, 0)
	end := r.object(&m, 0)
	for _, path := range r.lost { // another parting of it into keys may have led to a value
		r.torn = r.torn || r.found[path] == nil
	}
	return end
}

// object reads the members of an object whose wants begin at base.
func (r *jsonRow) object(m *jsonMembers, base int) int {
	if base == len(r.wants) {
		for m.next() {
			m.pass()
		}
		return m.at
	}
	var firsts uint64 // the first bytes that keys of interest have, modulo 64
	for _, w := range r.wants[base:] {
		if w.rest == "" {
			continue
		}
		firsts |= 1 << (w.rest[0] & 63)
		if r.strict {
			firsts |= 1 << ((w.rest[0] ^ otherCase) & 63)
		}
	}
	for m.next() {
		if !m.escaped && len(m.key) > 0 && firsts>>(m.key[0]&63)&1 == 0 {
			m.pass()
			continue
		}
		r.member(m, base)
	}
	return m.at
}

// member reads a member whose key may be of interest.
func (r *jsonRow) member(m *jsonMembers, base int) {
	key := m.key
	if m.escaped {
		var whole bool
		r.key, whole = unescape(r.key[:0], key)
		key, r.torn = r.key, r.torn || !whole
	}
	top, isValue := len(r.wants), false
	for i := base; i < top; i++ {
		if rest := r.wants[i].rest; len(rest) >= len(key) && rest[:len(key)] == string(key) {
			isValue = r.match(i, len(key)) || isValue
		}
	}
	if len(r.wants) > top && m.data[m.value] == '{' {
		below := membersOf(m.data, m.value, m.depth)
		m.at = r.object(&below, top)
	} else {
		m.pass()
		if r.strict && m.at > 0 && !isValue && !isNothing(m.data[m.value:m.at]) {
			r.lose(base, top, key)
		}
	}
	r.wants = r.wants[:top]
	if isValue && m.at > 0 {
		r.take(base, m.data[m.value:m.at])
	}
}

// match follows a want whose rest begins with the key just read, of that length. It reports whether the key is all of
// the rest; when it is the beginning up to a dot, the want of the object below is added.
func (r *jsonRow) match(i, length int) bool {
	w := &r.wants[i]
	whole := len(w.rest) == length
	if !whole && w.rest[length] != '.' {
		return false
	}
	dot := w.dot + strings.Count(w.rest[:length], ".")
	if w.seen>>dot&1 != 0 {
		r.torn = true
	}
	w.seen |= 1 << dot
	if whole {
		w.hit = true
		return true
	}
	r.wants = append(r.wants, want{path: w.path, rest: w.rest[length+1:], dot: dot + 1, rank: w.rank | 1<<(jsonMaxDots-dot)})
	return false
}

// lose notes the wants from top on, which would lead into what is no object. When there are none, it notes those from
// base on of which the key is one in another case.
func (r *jsonRow) lose(base, top int, key []byte) {
	for _, w := range r.wants[top:] {
		r.lost = append(r.lost, w.path)
	}
	if len(r.wants) > top {
		return
	}
	for _, w := range r.wants[base:top] {
		n := len(key)
		if (len(w.rest) == n || len(w.rest) > n && w.rest[n] == '.') && strings.EqualFold(w.rest[:n], string(key)) {
			r.lost = append(r.lost, w.path)
		}
	}
}

// isNothing reports null, and an empty text or array, by which some platforms write an empty object.
func isNothing(value []byte) bool {
	return value[0] == 'n' || string(value) == `""` || value[0] == '[' && value[jsonSpace(value, 1)] == ']'
}

// take takes a value for the wants that its key has hit. Of two equal keys the first counts.
func (r *jsonRow) take(base int, value []byte) {
	for i := base; i < len(r.wants); i++ {
		w := &r.wants[i]
		if w.hit {
			r.torn = r.torn || r.found[w.path] != nil
		}
		if w.hit && w.rank < r.ranks[w.path] {
			r.found[w.path], r.ranks[w.path] = value, w.rank
		}
		w.hit = false
	}
}

// whole returns a number without a fraction of zeros, which writers of doubles add. One with an exponent stays as it is:
// a spreadsheet that wrote it has dropped the last digits.
func whole(value []byte) []byte {
	digits, zeros, cut := bytes.Cut(value, []byte{'.'})
	if c := value[0]; c != '-' && (c < '0' || c > '9') || !cut || len(bytes.Trim(zeros, "0")) > 0 {
		return value
	}
	return digits
}

// text returns a value as text: a string without its quotes and escapes, nil for null, all else as it is written. It
// reports false for a string that no text can hold.
func (r *jsonRow) text(value []byte) ([]byte, bool) {
	if len(value) == 0 || value[0] == 'n' {
		return nil, true
	}
	if value[0] != quote {
		return whole(value), true
	}
	raw := value[1 : len(value)-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw, true
	}
	from, whole := len(r.arena), false
	r.arena, whole = unescape(r.arena, raw)
	return r.arena[from:len(r.arena):len(r.arena)], whole
}
