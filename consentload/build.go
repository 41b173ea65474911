package consentload

import "slices"

// partitions is into how many parts, by the leading bits of the key, the log of a load is cut: each is sorted and
// folded on its own, so that all processors work, and in memory that the caches hold.
const (
	partitionBits = 8
	partitions    = 1 << partitionBits
)

func partitionOf(k Key) int { return int(k.Hi >> (64 - partitionBits)) }

// shard is the log of one worker. No order is kept in it, and none is needed.
type shard struct {
	facts   [partitions]blocks   // of events that name one identifier
	joint   [partitions]jointLog // of events that name several, by the first of them
	staged  stage                // what was logged last, before it goes to its partition
	hashed  KindID               // the first hashed kind
	digests jointLog             // events that name digests: whose they are is known when all is read
	held    int                  // bytes of facts in memory
	spilled spill                // facts that were too many for it
	names   []named              // room
}

// add logs an event.
func (s *shard) add(e *event) {
	for _, name := range e.names {
		if name.kind >= s.hashed {
			s.held += s.digests.add(e)
			return
		}
	}
	s.place(e)
}

// place logs an event about identifiers that are known. They are brought into one order, each once: the same identifiers
// make the same combination, in whatever columns they stand.
func (s *shard) place(e *event) {
	if len(e.names) > 1 && !namesInOrder(e.names) {
		s.names = append(s.names[:0], e.names...)
		slices.SortFunc(s.names, compareNames)
		s.names = slices.Compact(s.names)
		one := *e
		one.names, e = s.names, &one
	}
	s.held += s.staged.add(e)
	if s.staged.isFull() {
		s.unstage()
	}
}

// namesInOrder reports whether names are in the order of an event, each once.
func namesInOrder(names []named) bool {
	for i := 1; i < len(names); i++ {
		if compareNames(names[i-1], names[i]) >= 0 {
			return false
		}
	}
	return true
}

// settle brings what is said of digests to its place in the log: to the raw identifiers that give them, where these are
// known.
func (s *shard) settle(a *aliasing) {
	var names []named
	s.digests.drainPieces(func(events []byte) {
		for ; len(events) > 0; events = events[len(firstJoint(events)):] {
			e := firstJoint(events).event(names[:0])
			names = e.names
			a.bring(&e, s.place)
		}
	})
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
	s.add(&event{names: []named{name}, status: unreadable, expires: noExpiry})
}
