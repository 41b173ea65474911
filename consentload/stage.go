package consentload

import "slices"

// stage holds the events that were logged last, until there are some for each partition. Who takes them there one by one
// writes to a line of memory that no cache holds each time, and waits for it: that took a sixth of a load.
type stage struct {
	facts []fact
	joint jointStage
	order byPartition
}

// jointStage holds events that name several identifiers, as a jointLog has them.
type jointStage struct {
	events []byte
	starts []uint32
}

// What a stage holds lies in the cache of one core, beside what is read. Half and twice as much measured alike.
const (
	mostStaged      = 2048
	mostStagedBytes = 128 << 10
)

// add takes up an event, whose names are in canonical order.
func (s *stage) add(e *event) (bytes int) {
	if len(e.names) > 1 {
		s.joint.starts = append(s.joint.starts, uint32(len(s.joint.events)))
		s.joint.events = appendJoint(s.joint.events, e)
		return jointSize(len(e.names))
	}
	name := e.names[0]
	s.facts = append(s.facts, fact{
		key: name.key, kind: name.kind, scope: e.scope, status: e.status, when: e.when, expires: e.expires, version: e.version,
	})
	if e.expires == noExpiry {
		return entryBytes
	}
	return factBytes
}

func (s *stage) isFull() bool {
	return len(s.facts) >= mostStaged || len(s.joint.events) >= mostStagedBytes
}

// at returns an event of several.
func (s *jointStage) at(i uint16) joint { return firstJoint(s.events[s.starts[i]:]) }

// unstage takes what is staged to its partitions.
func (s *shard) unstage() {
	facts, joint := s.staged.facts, &s.staged.joint
	s.staged.order.each(len(facts), func(i int) int { return partitionOf(facts[i].key) }, func(p int, places []uint16) {
		for _, i := range places {
			s.facts[p].add(&facts[i])
		}
	})
	s.staged.order.each(len(joint.starts), func(i int) int { return joint.at(uint16(i)).partition() }, func(p int, places []uint16) {
		for _, i := range places {
			s.joint[p].put(joint.at(i))
		}
	})
	s.staged.facts, joint.events, joint.starts = facts[:0], joint.events[:0], joint.starts[:0]
}

// byPartition brings a few thousand things into the order of their partitions. The memory is used again.
type byPartition []uint16

// each calls do with the places of n things, one partition after the other.
func (order *byPartition) each(n int, partition func(i int) int, do func(p int, places []uint16)) {
	var ends [partitions]int
	for i := range n {
		ends[partition(i)]++
	}
	from := 0
	for p, count := range ends {
		ends[p], from = from, from+count
	}
	all := slices.Grow((*order)[:0], n)[:n]
	*order = all
	for i := range n {
		end := &ends[partition(i)]
		all[*end] = uint16(i)
		*end++
	}
	from = 0
	for p, end := range ends {
		if from < end {
			do(p, all[from:end])
		}
		from = end
	}
}
