package consentload

// briefFact is a fact that does not expire, as most: 32 bytes, where a fact has 40.
type briefFact struct {
	key     Key
	when    Instant
	scope   scope
	version uint16
	status  Status
	kind    KindID
}

// Sizes of facts in memory.
const (
	briefBytes = 32
	factBytes  = 40
)

// blocks is a log that grows without moving what it holds.
type blocks struct {
	brief pages[briefFact]
	whole pages[fact]
}

func (b *blocks) add(f *fact) (bytes int) {
	if f.expires == noExpiry {
		b.brief.add(briefFact{f.key, f.when, f.scope, f.version, f.status, f.kind})
		return briefBytes
	}
	b.whole.add(*f)
	return factBytes
}

// fact is the whole of a brief one.
func (f *briefFact) fact() fact {
	return fact{
		key: f.key, when: f.when, expires: noExpiry, scope: f.scope, version: f.version, status: f.status, kind: f.kind,
	}
}

// drain appends the log to a slice and empties it.
func (b *blocks) drain(to []fact) []fact {
	b.brief.drain(func(f *briefFact) { to = append(to, f.fact()) })
	b.whole.drain(func(f *fact) { to = append(to, *f) })
	*b = blocks{}
	return to
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

func (p *pages[T]) add(v T) {
	if len(p.last) == cap(p.last) {
		p.turn()
	}
	p.last = append(p.last, v)
	p.n++
}

// turn begins another page.
func (p *pages[T]) turn() {
	if len(p.last) > 0 {
		p.full = append(p.full, p.last)
	}
	if n := len(p.free); n > 0 {
		p.last, p.free = p.free[n-1], p.free[:n-1]
		return
	}
	p.last = make([]T, 0, min(max(2*cap(p.last), firstPage), lastPage))
}

// drain calls do with every value and empties the pages.
func (p *pages[T]) drain(do func(*T)) {
	for _, page := range append(p.full, p.last) {
		for i := range page {
			do(&page[i])
		}
	}
	for _, page := range p.full {
		p.free = append(p.free, page[:0])
	}
	p.full, p.last, p.n = p.full[:0], p.last[:0], 0
}
