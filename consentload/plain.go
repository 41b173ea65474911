package consentload

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"cpm/formats"
)

// plainRows reads the rows of exports that tell one act a row, in whole cells, as the canonical form and most others do.
// What is alike in many rows, the words, is understood once. A row that is not as most are (a value that cannot be
// read, an act that lies after as-of, a name to be passed over) is left to record.read, which decides what it is:
// nothing is decided here that is not decided there.
//
// Some rows at a time are read column by column: what is read of one row then waits for nothing of the row before, and no
// processor has to foresee which status a row has before its words are there.
type plainRows struct {
	*record
	act     *act
	words   []plainColumn // those that make the scope, the status and the version
	ids     []plainIDs
	at      plainColumn
	expires plainColumn
	said    [saidSlots]slot
	others  map[string]*said // of words that are too long for a slot
	these   words            // of the row at hand
	hash    uint64           // of these

	from, to int // of the batch at hand: the rows that were read last
	rows     [inHand]plainRow
	names    []named
}

// inHand is how many rows are read at a time; 16 to 256 of them measured alike.
const inHand = 64

// plainRow is what was read of a row.
type plainRow struct {
	said
	when, expires Instant
}

// plainColumn is a column whose cells are taken as they stand.
type plainColumn struct {
	place  int
	values [][]byte // of the batch at hand, by row; nil: there is no such column
}

// plainIDs is a column of identifiers, and what was read of it.
type plainIDs struct {
	plainColumn
	kind KindID
	has  [inHand]bool // else the cell is empty
	keys [inHand]Key
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
		p.ids = append(p.ids, plainIDs{plainColumn: plainColumn{place: r.shape.ids[i].of.place}, kind: r.shape.ids[i].id})
	}
	slices.SortStableFunc(p.ids, func(a, b plainIDs) int { return cmp.Compare(a.kind, b.kind) }) // as the names of an event are
	p.names = make([]named, 0, inHand*len(p.ids))
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
	p.from, p.to = 0, 0
	for i := range p.words {
		p.words[i].values = b.Values(p.words[i].place)
	}
	for i := range p.ids {
		p.ids[i].values = b.Values(p.ids[i].place)
	}
	p.at.values = b.Values(p.at.place)
	if p.act.expires.set() {
		p.expires.values = b.Values(p.expires.place)
	}
}

// read reads one row of the batch at hand as record.read does, and logs its event, if it is a plain one. The rows are asked
// for in their order.
func (p *plainRows) read(row int, log *shard) bool {
	if row >= p.to {
		p.readFrom(row)
		p.take(log)
	}
	return p.rows[row-p.from].isPlain
}

// readFrom reads the next rows. One that turns out not to be plain is not looked at any further.
func (p *plainRows) readFrom(row int) {
	p.from, p.to = row, min(row+inHand, p.batch.Rows())
	for row := p.from; row < p.to; row++ {
		one := &p.rows[row-p.from]
		if p.batch.Malformed(row) {
			one.isPlain = false
			continue
		}
		one.said, one.expires = *p.sayings(row), noExpiry
	}
	p.readTimes()
	for i := range p.ids {
		p.readKeys(&p.ids[i])
	}
}

// take logs what was read.
func (p *plainRows) take(log *shard) {
	p.names = p.names[:0]
	for i := range p.rows[:p.to-p.from] {
		one, from := &p.rows[i], len(p.names)
		if !one.isPlain {
			continue
		}
		for k := range p.ids {
			if id := &p.ids[k]; id.has[i] {
				p.names = append(p.names, named{key: id.keys[i], kind: id.kind})
			}
		}
		if len(p.names) == from {
			one.isPlain = false
			continue
		}
		e := event{p.names[from:], one.scope, one.status, one.when, one.expires, one.version}
		log.add(&e)
		p.tally.Rows++
		p.tally.Events++
		p.tally.Acts.Add(p.sums.of(&e, one.hash))
		p.tally.Refusals += one.refusals
		p.newest = max(p.newest, one.when)
	}
}

// readTimes reads when the acts happened, and when they end.
func (p *plainRows) readTimes() {
	rows := p.rows[:p.to-p.from]
	for i, value := range p.at.values[p.from:p.to] {
		if one := &rows[i]; one.isPlain {
			var bad TimeFault
			one.when, bad = p.readInstant(value, one.status)
			one.isPlain = bad == TimeOK && one.when <= p.asOf
		}
	}
	if p.expires.values == nil {
		return
	}
	for i, value := range p.expires.values[p.from:p.to] {
		if one := &rows[i]; one.isPlain && len(value) > 0 && !one.status.refusal() {
			var bad TimeFault
			one.expires, bad = p.times.Read(value, Earlier)
			one.isPlain = bad == TimeOK
		}
	}
}

// readKeys finds the keys of one column of identifiers.
func (p *plainRows) readKeys(id *plainIDs) {
	rows := p.rows[:p.to-p.from]
	for i, value := range id.values[p.from:p.to] {
		id.has[i] = false
		if !rows[i].isPlain || len(value) == 0 {
			continue
		}
		if value[0] == '[' || value[0] == '{' {
			rows[i].isPlain = false
			continue
		}
		key, why := p.keyer.Key(id.kind, value)
		id.keys[i], id.has[i] = key, why == Readable
		if why != Readable && why != Empty {
			rows[i].isPlain = false
		}
	}
}

// said is what the words of a row stand for.
type said struct {
	hash     uint64 // of scope, status and version
	refusals int64  // one or none
	scope    scope
	version  uint16
	status   Status
	isPlain  bool // else record.read decides
}

// slot is what some words stand for.
type slot struct {
	words
	said
	isKnown bool // else the slot is empty
}

// words are those of a row: of each its first eight bytes and its next eight, and their lengths. Longer ones have no slot.
type words struct {
	bytes   [mostColumns][2]uint64
	lengths uint64
}

const (
	mostColumns = 5  // of words: channel, purpose, status, version, notice
	inSlot      = 16 // bytes of a word
	saidBits    = 10
	saidSlots   = 1 << saidBits // three channels, purposes and statuses under ten versions make 270 combinations
)

// sayings returns what the words of a row stand for. It holds until the next call.
func (p *plainRows) sayings(row int) *said {
	if !p.wordsOf(row) {
		return p.longSayings(row)
	}
	known := &p.said[p.hash>>(64-saidBits)]
	differ := known.lengths ^ p.these.lengths
	for i := range p.words {
		a, b := &known.bytes[i], &p.these.bytes[i]
		differ |= a[0] ^ b[0] | a[1] ^ b[1]
	}
	if differ != 0 || !known.isKnown {
		*known = slot{p.these, p.understand(row), true}
	}
	return &known.said
}

// wordsOf takes up the words of a row; false when one is too long for a slot. Two loads of a word are faster than a copy,
// where the memory behind it is there to be read.
func (p *plainRows) wordsOf(row int) bool {
	const odd = 0x9e3779b97f4a7c15
	lengths, hash := uint64(0), uint64(0)
	for i := range p.words {
		word := p.words[i].values[row]
		n := uint(len(word))
		if n > inSlot {
			return false
		}
		if cap(word) < inSlot || n == 0 {
			word = append(make([]byte, 0, inSlot), word...)
		}
		all := (*[inSlot]byte)(word[:inSlot])
		less, more := (8-min(n, 8))*8, (16-max(n, 8))*8 // bits that are none of the word's
		first, rest := binary.LittleEndian.Uint64(all[:])<<(less&63)>>(less&63), binary.LittleEndian.Uint64(all[8:])<<more>>(more&63)
		p.these.bytes[i] = [2]uint64{first, rest}
		lengths = lengths<<8 | uint64(n)
		hash = bits.RotateLeft64(hash, 11) ^ first ^ rest<<1
	}
	p.these.lengths, p.hash = lengths, hash*odd
	return true
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
	if r.status.refusal() {
		found.refusals = 1
	}
	found.hash = r.sums.said(terms{found.scope, found.version, found.status})
	return found
}
