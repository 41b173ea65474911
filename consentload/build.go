package consentload

// partitions is into how many parts, by the leading bits of the key, the log of a load is cut: each is sorted and
// folded on its own, so that all processors work, and in memory that the caches hold.
const partitions = 256

func partitionOf(k Key) int { return int(k.Hi >> 56) }

// shard is the log of one worker. No order is kept in it, and none is needed.
type shard struct {
	facts   [partitions]blocks
	tuples  tuples
	hashed  KindID // the first hashed kind
	digests blocks // facts of hashed kinds: whose they are is known when all is read
	held    int    // bytes of facts in memory
	spilled spill  // facts that were too many for it
}

// add logs an event.
func (s *shard) add(e *event) {
	if len(e.names) == 1 && e.expires == noExpiry {
		name := e.names[0]
		s.part(name).brief.add(briefFact{name.key, e.when, e.scope, e.version, e.status, name.kind})
		s.held += briefBytes
		return
	}
	tuple := uint32(0)
	if len(e.names) > 1 {
		tuple = s.tuples.number(e.names)
	}
	for _, name := range e.names {
		s.held += s.part(name).add(fact{
			key: name.key, kind: name.kind, scope: e.scope, status: e.status,
			when: e.when, expires: e.expires, version: e.version, tuple: tuple,
		})
	}
}

// part is the part of the log for what is said of an identifier.
func (s *shard) part(name named) *blocks {
	if name.kind >= s.hashed {
		return &s.digests
	}
	return &s.facts[partitionOf(name.key)]
}

// settle brings what is said of digests to its place in the log: to the raw identifiers that give them, where these are
// known.
func (s *shard) settle(a *aliasing) {
	if s.digests.len() == 0 {
		return
	}
	for _, f := range a.facts(s.digests.drain(nil, 0)) {
		s.held += s.facts[partitionOf(f.key)].add(f)
	}
	s.tuples.rewrite(a.names)
}

// addAll logs what a row tells: its events, or in a map of identities that its identifiers belong together.
func (s *shard) addAll(r *record) {
	for i := range r.events {
		s.add(&r.events[i])
	}
	if r.shape.links {
		s.add(&event{names: r.names, status: tied})
	}
}

// mark logs that a quarantined record names an identifier.
func (s *shard) mark(name named) {
	s.held += s.part(name).add(fact{key: name.key, kind: name.kind, status: unreadable, expires: noExpiry})
}

// tuples are the identifiers that stand together in events, each combination once. Their numbers run from 1.
type tuples struct {
	numbers map[Key]uint32
	names   []named
	starts  []uint32
}

// number returns the number of a combination. Its hash is made of hashes that are keyed already.
func (t *tuples) number(names []named) uint32 {
	const odd = 0x9e3779b97f4a7c15
	var hash Key
	for _, name := range names {
		hash.Hi, hash.Lo = (hash.Hi^name.key.Hi)*odd, (hash.Lo+name.key.Lo)*odd^hash.Hi>>32
	}
	if n, ok := t.numbers[hash]; ok {
		return n
	}
	if t.numbers == nil {
		t.numbers = map[Key]uint32{}
	}
	t.starts = append(t.starts, uint32(len(t.names)))
	t.names = append(t.names, names...)
	n := uint32(len(t.starts))
	t.numbers[hash] = n
	return n
}

// rewrite gives every combination other names, of which there may be fewer: the first then stands for those that are
// missing.
func (t *tuples) rewrite(names func([]named) []named) {
	t.each(func(all []named) {
		for i := len(names(all)); i < len(all); i++ {
			all[i] = all[0]
		}
	})
}

// each calls do with every combination, in the order of their numbers.
func (t *tuples) each(do func(names []named)) {
	for i, start := range t.starts {
		do(t.names[start:t.end(i)])
	}
}

// end is where the names of a combination end; i counts from 0.
func (t *tuples) end(i int) uint32 {
	if i+1 < len(t.starts) {
		return t.starts[i+1]
	}
	return uint32(len(t.names))
}
