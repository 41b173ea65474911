package formats

import (
	"bytes"
	"math"
	"strings"
)

// jsonRow finds the values of one record at a time, in the pass that checks its grammar. Its slices are kept.
//
// A path can be parted into keys at any of its dots. In each object that a path may lead through stands one want of it;
// a key that is the rest of the path is its value, and one that is its beginning up to a dot leads on. Of several values
// the one is taken whose keys are the longest, the first key first.
type jsonRow struct {
	paths []string
	wants []want   // of the objects that are open, the innermost last
	found [][]byte // the value of each path, as it is written; nil when there is none
	ranks []uint64 // the rank of each value found
	torn  bool     // a key that counts stands twice, or cannot be read
	key   []byte   // the last key that was written with escapes
	arena []byte   // values whose escapes were undone
}

// want is a path in an object through which it may lead.
type want struct {
	path int    // by number
	from int    // where the rest of the path begins
	dot  int    // the number of dots before it
	rank uint64 // the dots at which keys ended so far, the first dot as the highest bit: of two values the lower is meant
	seen uint64 // the keys of this object that matched, by the dot behind them
	hit  bool   // the member being read is the value
}

// record reads the object at at. It returns the position behind it, or why there is none.
func (r *jsonRow) record(data []byte, at int) int {
	r.torn, r.wants = false, r.wants[:0]
	for i := range r.paths {
		r.found[i], r.ranks[i] = nil, math.MaxUint64
		r.wants = append(r.wants, want{path: i})
	}
	m := membersOf(data, at, 0)
	return r.object(&m, 0)
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
		if path := r.paths[w.path]; w.from < len(path) {
			firsts |= 1 << (path[w.from] & 63)
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
		isValue = r.match(i, key) || isValue
	}
	if len(r.wants) > top && m.data[m.value] == '{' {
		below := membersOf(m.data, m.value, m.depth)
		m.at = r.object(&below, top)
	} else {
		m.pass()
	}
	r.wants = r.wants[:top]
	if isValue && m.at > 0 {
		r.take(base, m.data[m.value:m.at])
	}
}

// match holds a key against a want. It reports whether the key is the whole rest of the path; when it is the beginning
// of it, the want of the object below is added.
func (r *jsonRow) match(i int, key []byte) bool {
	w := &r.wants[i]
	rest := r.paths[w.path][w.from:]
	if len(rest) < len(key) || rest[:len(key)] != string(key) || len(rest) > len(key) && rest[len(key)] != '.' {
		return false
	}
	dot := w.dot + strings.Count(rest[:len(key)], ".")
	if w.seen>>dot&1 != 0 {
		r.torn = true
	}
	w.seen |= 1 << dot
	if len(rest) == len(key) {
		w.hit = true
		return true
	}
	r.wants = append(r.wants, want{path: w.path, from: w.from + len(key) + 1, dot: dot + 1, rank: w.rank | 1<<(jsonMaxDots-dot)})
	return false
}

// take takes a value for the wants that its key has hit. Of two equal keys the first counts: the row is torn anyway.
func (r *jsonRow) take(base int, value []byte) {
	for i := base; i < len(r.wants); i++ {
		w := &r.wants[i]
		if w.hit && w.rank < r.ranks[w.path] {
			r.found[w.path], r.ranks[w.path] = value, w.rank
		}
		w.hit = false
	}
}

// text returns a value as text: a string without its quotes and escapes, nil for null, all else as it is written. It
// reports false for a string that no text can hold.
func (r *jsonRow) text(value []byte) ([]byte, bool) {
	if len(value) == 0 || value[0] == 'n' {
		return nil, true
	}
	if value[0] != quote {
		return value, true
	}
	raw := value[1 : len(value)-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw, true
	}
	from, whole := len(r.arena), false
	r.arena, whole = unescape(r.arena, raw)
	return r.arena[from:len(r.arena):len(r.arena)], whole
}
