package consentload

// entry is what a partition holds of one identifier, in 32 bytes: a fact that does not expire, as most. Where the status is
// ending, when is the place of the whole fact in another list; where it is beside, it is a combination and a place in it.
type entry struct {
	key     Key
	when    Instant
	scope   scope
	version uint16
	status  Status
	kind    KindID
}

// Sizes of facts in memory.
const (
	entryBytes = 32
	factBytes  = 40
)

// fact is the fact of an entry.
func (e *entry) fact() fact {
	return fact{
		key: e.key, when: e.when, expires: noExpiry, scope: e.scope, version: e.version, status: e.status, kind: e.kind,
	}
}

// entry is a fact without its expiry.
func (f *fact) entry() entry { return entry{f.key, f.when, f.scope, f.version, f.status, f.kind} }

// blocks is a log that grows without moving what it holds.
type blocks struct {
	brief pages[entry]
	whole pages[fact]
}

func (b *blocks) add(f *fact) (bytes int) {
	if f.expires == noExpiry {
		*b.brief.next() = entry{f.key, f.when, f.scope, f.version, f.status, f.kind} // f.entry() would copy it once more
		return entryBytes
	}
	b.whole.add(*f)
	return factBytes
}

// pages hold values in pieces that do not move. Emptied, they keep the pieces for what comes.
type pages[T any] struct {
	full, free [][]T
	last       []T
	n          int
}

const (
	firstPage = 8    // values
	lastPage  = 1024 // values
)

func (p *pages[T]) add(v T) { *p.next() = v }

// next returns where the next value goes.
func (p *pages[T]) next() *T {
	if len(p.last) == cap(p.last) {
		p.turn(firstPage, lastPage)
	}
	p.last = p.last[:len(p.last)+1]
	p.n++
	return &p.last[len(p.last)-1]
}

// turn begins another page, of twice the size of the one before, between two limits.
func (p *pages[T]) turn(least, most int) {
	if len(p.last) > 0 {
		p.full = append(p.full, p.last)
	}
	if n := len(p.free); n > 0 && cap(p.free[n-1]) >= least {
		p.last, p.free = p.free[n-1], p.free[:n-1]
		return
	}
	p.last = make([]T, 0, max(min(2*cap(p.last), most), least))
}

// appendTo appends the pieces to a list.
func (p *pages[T]) appendTo(pieces [][]T) [][]T { return append(append(pieces, p.full...), p.last) }

// drain calls do with every value and empties the pages.
func (p *pages[T]) drain(do func(*T)) {
	p.drainPieces(func(page []T) {
		for i := range page {
			do(&page[i])
		}
	})
}

// drainPieces calls do with every piece and empties the pages.
func (p *pages[T]) drainPieces(do func([]T)) {
	for _, page := range p.appendTo(nil) {
		do(page)
	}
	for _, page := range p.full {
		p.free = append(p.free, page[:0])
	}
	p.full, p.last, p.n = p.full[:0], p.last[:0], 0
}
