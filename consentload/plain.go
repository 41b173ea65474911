package consentload

import (
	"encoding/binary"

	"cpm/formats"
)

// plainRows reads the rows of exports that tell one act a row, in whole cells, as the canonical form and most others do.
// What is alike in many rows, the words, is understood once. A row that is not as most are (a value that cannot be
// read, an act that lies after as-of, a name to be passed over) is left to record.read, which decides what it is:
// nothing is decided here that is not decided there.
type plainRows struct {
	*record
	act     *act
	event   event         // of the row at hand
	words   []plainColumn // those that make the scope, the status and the version
	ids     []plainColumn
	at      plainColumn
	expires plainColumn
	said    [saidSlots]said
	others  map[string]*said // of words that are too long for a slot
}

// plainColumn is a column whose cells are taken as they stand.
type plainColumn struct {
	place  int
	kind   KindID   // of identifiers
	values [][]byte // of the batch at hand, by row; nil: there is no such column
}

// newPlainRows returns nil when the rows of a shape may hold something else than one act in whole cells.
func newPlainRows(r *record) *plainRows {
	if !r.shape.isPlain() || r.watching != nil {
		return nil
	}
	a := &r.shape.acts[0]
	p := &plainRows{record: r, act: a, at: plainColumn{place: a.at[0].place}, expires: plainColumn{place: a.expires.place}}
	words := []ref{a.channel.from, a.purpose.from, a.column}
	if len(r.catalog.notices) > 0 {
		words = append(words, a.version, a.notice)
	}
	for _, of := range words {
		if of.set() {
			p.words = append(p.words, plainColumn{place: of.place})
		}
	}
	for i := range r.shape.ids {
		p.ids = append(p.ids, plainColumn{place: r.shape.ids[i].of.place, kind: r.shape.ids[i].id})
	}
	return p
}

// isPlain reports whether the rows of a shape tell one act each, in whole cells, whatever else they hold.
func (s *shape) isPlain() bool {
	if len(s.acts) != 1 || s.links || s.nested || s.snapshot != None ||
		len(s.drop)+len(s.noGrant)+len(s.mustEmpty)+len(s.watched) > 0 {
		return false
	}
	for i := range s.ids {
		if !s.ids[i].plain {
			return false
		}
	}
	return s.acts[0].isPlain()
}

// isPlain reports whether an act is told by whole cells.
func (a *act) isPlain() bool {
	for _, of := range [...]ref{a.channel.from, a.purpose.from, a.column, a.version, a.notice, a.expires} {
		if of.set() && !of.isCell() {
			return false
		}
	}
	return !a.each.set() && !a.ifSet.set() && !a.latest && len(a.when)+len(a.unless)+len(a.above) == 0 &&
		len(a.at) == 1 && a.at[0].isCell()
}

// begin takes up the rows of a batch.
func (p *plainRows) begin(b formats.Batch) {
	for _, columns := range [...][]plainColumn{p.words, p.ids} {
		for i := range columns {
			columns[i].values = b.Values(columns[i].place)
		}
	}
	p.at.values = b.Values(p.at.place)
	if p.act.expires.set() {
		p.expires.values = b.Values(p.expires.place)
	}
}

// read reads one row of the batch at hand into p.event, as record.read does, if it is a plain one.
func (p *plainRows) read(row int) bool {
	e, said := &p.event, p.sayings(row)
	if !said.isPlain {
		return false
	}
	e.scope, e.status, e.version, e.expires = said.scope, said.status, said.version, noExpiry
	var bad TimeFault
	if e.when, bad = p.readInstant(p.at.values[row], e.status); bad != TimeOK || e.when > p.asOf {
		return false
	}
	if p.expires.values != nil && !e.status.refusal() && len(p.expires.values[row]) > 0 {
		if e.expires, bad = p.times.Read(p.expires.values[row], Earlier); bad != TimeOK {
			return false
		}
	}
	if !p.readKeys(row) {
		return false
	}
	p.tally.Rows++
	p.tally.Events++
	p.tally.Acts.Add(p.sums.of(e, said.hash))
	if e.status.refusal() {
		p.tally.Refusals++
	}
	p.newest = max(p.newest, e.when)
	return true
}

// readKeys finds the keys of a row's identifiers.
func (p *plainRows) readKeys(row int) bool {
	names := p.event.names[:0]
	for i := range p.ids {
		id := &p.ids[i]
		value := id.values[row]
		if len(value) == 0 {
			continue
		}
		if value[0] == '[' || value[0] == '{' {
			return false
		}
		switch key, why := p.keyer.Key(id.kind, value); why {
		case Readable:
			names = append(names, named{key: key, kind: id.kind})
		case Empty:
		default:
			return false
		}
	}
	p.event.names = names
	return len(names) > 0
}

// said is what the words of a row stand for.
type said struct {
	words
	isKnown bool // else the slot is empty
	isPlain bool // else record.read decides
	scope   scope
	status  Status
	version uint16
	hash    uint64 // of these
}

// words are those of a row: their first eight bytes, their next eight, and their lengths. Longer ones have no slot.
type words struct {
	first, rest [mostColumns]uint64
	lengths     uint64
}

const (
	mostColumns = 5  // of words: channel, purpose, status, version, notice
	inSlot      = 16 // bytes of a word
	saidBits    = 10
	saidSlots   = 1 << saidBits // three channels, purposes and statuses under ten versions make 270 combinations
)

// sayings returns what the words of a row stand for.
func (p *plainRows) sayings(row int) *said {
	const odd = 0x9e3779b97f4a7c15
	var w words
	slot := uint64(0)
	for i := range p.words {
		word := p.words[i].values[row]
		if len(word) > inSlot {
			return p.longSayings(row)
		}
		w.first[i], w.rest[i] = bytesOf(word)
		w.lengths = w.lengths<<8 | uint64(len(word))
		slot = (slot ^ w.first[i] ^ w.rest[i]<<1) * odd
	}
	known := &p.said[slot>>(64-saidBits)]
	differ := known.lengths ^ w.lengths
	for i := range p.words {
		differ |= known.first[i] ^ w.first[i] | known.rest[i] ^ w.rest[i]
	}
	if differ != 0 || !known.isKnown {
		*known = p.understand(row)
		known.words, known.isKnown = w, true
	}
	return known
}

// bytesOf returns the bytes of a word of sixteen at most, with zeros behind them. Two loads are faster than a copy, where
// the memory behind the word is there to be read.
func bytesOf(word []byte) (first, rest uint64) {
	n := uint(len(word))
	if cap(word) < inSlot {
		var room [inSlot]byte
		copy(room[:], word)
		return binary.LittleEndian.Uint64(room[:]), binary.LittleEndian.Uint64(room[8:])
	}
	all := word[:inSlot]
	first = binary.LittleEndian.Uint64(all) & (1<<(8*n) - 1) // a shift by 64 or more leaves nothing, less one is everything
	rest = binary.LittleEndian.Uint64(all[8:]) & (1<<(8*(max(n, 8)-8)) - 1)
	return first, rest
}

// longSayings is sayings for a row with a word that has no slot.
func (p *plainRows) longSayings(row int) *said {
	p.buf = p.buf[:0]
	for i := range p.words {
		word := p.words[i].values[row]
		p.buf = binary.AppendUvarint(p.buf, uint64(len(word)))
		p.buf = append(p.buf, word...)
	}
	if found := p.others[string(p.buf)]; found != nil {
		return found
	}
	if p.others == nil || len(p.others) == maxNames { // a wrong column must not fill the memory
		p.others = map[string]*said{}
	}
	words, found := string(p.buf), p.understand(row) // which may use the buffer
	p.others[words] = &found
	return &found
}

// understand finds what the words of a row stand for. What is wrong with those that stand for nothing, record.read tells.
func (p *plainRows) understand(row int) said {
	r, e := p.record, event{}
	r.reset(row)
	r.status = r.tells(p.act)
	ignored, out, err := r.readScope(p.act, &e)
	if err != nil || out == rejected || ignored || r.broken != nil || r.status < Granted || r.status > Withdrawn {
		return said{}
	}
	found := said{isPlain: true, scope: e.scope, status: r.status}
	if r.status == Granted && p.act.version.set() {
		found.version = r.grantVersion(p.act)
	}
	found.hash = r.sums.said(terms{found.scope, found.version, found.status})
	return found
}
