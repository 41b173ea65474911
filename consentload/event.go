package consentload

import "math"

// Status is what a person did.
type Status uint8

// The zero Status is none of these, so that a forgotten one permits nothing.
const (
	Granted Status = iota + 1
	Pending
	Denied
	Withdrawn
	unreadable // a quarantined record names the identifier
	tied       // a map of identities names it: no act
	beside     // of an entry: where the identifier stands beside others
	ending     // of an entry: where the rest of the fact is, which expires
)

// String returns the word of the canonical form.
func (s Status) String() string {
	switch s {
	case Granted:
		return "granted"
	case Pending:
		return "pending"
	case Denied:
		return "denied"
	case Withdrawn:
		return "withdrawn"
	}
	return "unreadable"
}

// refusal reports whether the act is one.
func (s Status) refusal() bool { return s == Denied || s == Withdrawn }

// side is the instant that a repeated or missing local time takes: whatever contacts fewer people.
func (s Status) side() Side {
	if s == Granted {
		return Earlier
	}
	return Later
}

// noExpiry is the expiry of a grant that names none.
const noExpiry Instant = math.MaxInt64

// Ends reports whether an expiry, or the first of several instants, is one at all.
func (i Instant) Ends() bool { return i != noExpiry }

// scope is what an event covers: a channel or all, a purpose or all, as numbers of a vocabulary; 0 is the star.
type scope struct{ channel, purpose uint16 }

// event is one act, read from one row.
type event struct {
	names   []named
	scope   scope
	status  Status
	when    Instant
	expires Instant // noExpiry when it names none
	version uint16  // number of (notice, version) in the vocabulary; 0 is none or unlisted
}

// named is one identifier that an event names.
type named struct {
	key  Key
	kind KindID
}

// fact is what one event says of one identifier.
type fact struct {
	key     Key
	when    Instant
	expires Instant
	scope   scope
	version uint16
	status  Status
	kind    KindID
}

// problem is why a record cannot be read: what, in which column, and the mend. It holds no value that is or may be
// an identifier.
type problem struct {
	column string
	what   string
	mend   string
	always bool // it stops a load even under quarantine: a zone is missing, not a record
}
