package consentload

import (
	"bytes"
	"cmp"
	"encoding/binary"
)

// jointLog holds events that name several identifiers, each event once: its acts are the same for all of them. Its pieces
// are of whole events, and n counts bytes.
type jointLog struct{ pages[byte] }

const (
	firstJointPage = 1 << 10 // bytes
	lastJointPage  = 32 << 10
)

// add appends an event, whose names are in canonical order.
func (l *jointLog) add(e *event) (bytes int) {
	size := jointSize(len(e.names))
	l.reserve(size)
	l.last = appendJoint(l.last, e)
	return size
}

// put appends an event that another log held.
func (l *jointLog) put(j joint) {
	l.reserve(len(j))
	l.last = append(l.last, j...)
}

// reserve makes room for an event, and counts it.
func (l *jointLog) reserve(size int) {
	if cap(l.last)-len(l.last) < size {
		l.turn(max(size, firstJointPage), lastJointPage)
	}
	l.n += size
}

// joint is one event as a jointLog holds it: what it says, then the keys of its names, then their kinds.
type joint []byte

const (
	jointHead = 28
	jointName = 17
)

func jointSize(names int) int { return jointHead + jointName*names }

func appendJoint(b []byte, e *event) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(e.names)))
	b = binary.LittleEndian.AppendUint16(b, e.scope.channel)
	b = binary.LittleEndian.AppendUint16(b, e.scope.purpose)
	b = binary.LittleEndian.AppendUint16(b, e.version)
	b = append(b, byte(e.status), 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.when))
	b = binary.LittleEndian.AppendUint64(b, uint64(e.expires))
	for _, name := range e.names {
		b = appendKey(b, name.key)
	}
	for _, name := range e.names {
		b = append(b, byte(name.kind))
	}
	return b
}

// firstJoint returns the first of some events.
func firstJoint(events []byte) joint {
	return events[:jointSize(int(binary.LittleEndian.Uint32(events)))]
}

// partition is that of its first identifier.
func (j joint) partition() int { return partitionOf(keyAt(j[jointHead:])) }

func (j joint) names() int { return int(binary.LittleEndian.Uint32(j)) }

func (j joint) name(i int) named {
	return named{keyAt(j[jointHead+16*i:]), KindID(j[jointHead+16*j.names()+i])}
}

// who is the same in two events that name the same identifiers, and in no others.
func (j joint) who() []byte { return j[jointHead:] }

func (j joint) scope() scope {
	return scope{binary.LittleEndian.Uint16(j[4:]), binary.LittleEndian.Uint16(j[6:])}
}

// event returns the whole of it; its names are appended to a slice.
func (j joint) event(names []named) event {
	for i := range j.names() {
		names = append(names, j.name(i))
	}
	f := j.fact()
	return event{names: names, scope: f.scope, status: f.status, when: f.when, expires: f.expires, version: f.version}
}

// fact is what it says, of nobody in particular.
func (j joint) fact() fact {
	return fact{
		scope: j.scope(), version: binary.LittleEndian.Uint16(j[8:]), status: Status(j[10]),
		when: Instant(binary.LittleEndian.Uint64(j[12:])), expires: Instant(binary.LittleEndian.Uint64(j[20:])),
	}
}

// compareJoint orders events so that those of the same identifiers stand together, by scope.
func compareJoint(a, b joint) int {
	return cmp.Or(bytes.Compare(a.who(), b.who()), compareScopes(a.scope(), b.scope()))
}

// compareNames orders the names of an event.
func compareNames(a, b named) int { return cmp.Or(cmp.Compare(a.kind, b.kind), a.key.Compare(b.key)) }
