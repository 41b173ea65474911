package filter

import "cpm/consentload"

// Dedupe says what may stand once among the permitted rows of a run.
type Dedupe uint8

const (
	// DedupeNone keeps every permitted row.
	DedupeNone Dedupe = iota
	// DedupeIdentifier keeps the first row of each contact.
	DedupeIdentifier
	// DedupeSubject keeps the first row of each subject, and of each contact.
	DedupeSubject
)

// seen holds whom the rows before have reached. Its memory grows with the distinct recipients that were permitted.
type seen struct {
	contacts map[consentload.Key]struct{}
	subjects map[uint32]struct{} // all identifiers of each subject
}

func newSeen() *seen {
	return &seen{contacts: map[consentload.Key]struct{}{}, subjects: map[uint32]struct{}{}}
}

// drop turns permitted rows into duplicates where their recipient was reached before. Batches come in input order.
func (s *seen) drop(d Dedupe, gate *Gate, rulings []ruling, contacts []asked) {
	for row := range rulings {
		r := &rulings[row]
		if r.reason != Permitted {
			continue
		}
		contact := contacts[row].key
		_, again := s.contacts[contact]
		ordinal, known := uint32(0), false
		if d == DedupeSubject {
			if ordinal, known = gate.index.Find(r.decided); known && !again {
				_, again = s.subjects[ordinal]
			}
		}
		if again {
			r.reason = Duplicate
			continue
		}
		s.contacts[contact] = struct{}{}
		if known {
			for _, member := range gate.index.Members(ordinal) {
				s.subjects[member] = struct{}{}
			}
		}
	}
}
