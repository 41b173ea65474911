package filter

import (
	"cpm/consentload"
)

// Explanation is why one identifier gets its verdict in one cell.
type Explanation struct {
	Verdict Reason
	Known   bool                // an event in force names the identifier
	Lists   []*consentload.List // that hold for it here
	Parts   []Part              // of the events that speak of the cell: what decides first, then the latest

	// Of the grants that decide, taken as one:
	Ends    consentload.Instant // the largest Instant when they do not end
	Version string              // of Notice; empty: none that is listed
	Notice  string
}

// Part is what one event does in a cell.
type Part struct {
	Event   int // its place among the events
	Role    Role
	Cause   Cause
	By      []int             // the events that Cause speaks of
	Missing []consentload.Key // the identifiers at which a refusal was not granted anew

	// Form is set where the event names the identifier, or others of its subject, under a digest that nobody declared to be
	// the same: what was hashed then had this form.
	Form consentload.Form

	weighed consentload.Key // the key of the identifier under which the event has this part
}

// Role says in a word what an event does in a cell. The list is closed and its words are stable.
type Role uint8

const (
	// Decides is what gives the verdict.
	Decides Role = iota + 1
	// WouldDecide is what would, were it not for a list or a record that cannot be read.
	WouldDecide
	// Stands is a refusal that nothing answers, and that another one covers.
	Stands
	// Answered is a refusal that a later grant lifts.
	Answered
	// DoesNotLift is a grant or pending act that does not answer the refusal that decides.
	DoesNotLift
	// Overruled is an act that another one outweighs.
	Overruled
	// LeftOut is an act that is not weighed.
	LeftOut
)

// String returns the word on the wire.
func (r Role) String() string {
	return [...]string{
		"", "decides", "would_decide", "stands", "answered", "does_not_lift", "overruled", "left_out",
	}[r]
}

// Cause says by which rule an event has its role. The list is closed.
type Cause uint8

const (
	// StandingRefusal decides.
	StandingRefusal Cause = iota + 1
	// LatestAct decides, as no refusal stands.
	LatestAct
	// OneInstant decides together with another grant.
	OneInstant
	// LaterRefusal covers a refusal that stands too.
	LaterRefusal
	// WithdrawnFirst covers a denial of the same instant.
	WithdrawnFirst
	// NamedAnew lifts a refusal: a grant names this very identifier.
	NamedAnew
	// GrantedAnew lifts a refusal: it was granted anew at each identifier that it names.
	GrantedAnew
	// Older acts are outweighed.
	Older
	// NoTime makes a grant older than every act with one.
	NoTime
	// NotLater is a grant of the refusal's own instant.
	NotLater
	// LessSpecific is a grant for all channels or purposes, against a refusal that names its channel or purpose.
	LessSpecific
	// NotNamed is a grant that does not name the identifier, against a refusal that does.
	NotNamed
	// OtherIdentifier is a grant that does not name the identifier, against a refusal that does not either.
	OtherIdentifier
	// AsksOnly is a pending act: it lifts nothing.
	AsksOnly
	// PendingFirst puts a pending act before a grant of the same instant.
	PendingFirst
	// GrantElsewhere is a grant that holds for the identifiers that it names alone.
	GrantElsewhere
	// Later is an act after as-of.
	Later
	// NoStar is an act for all purposes, where only those count that name this one.
	NoStar
	// SharedAct is an act at an identifier that stands beside too many people.
	SharedAct
	// OtherKey is an act outweighed by what is said under another key of the identifier, its digest.
	OtherKey
	// UndeclaredForm is an act under a digest in a form that nobody declared, and does not speak against contacting.
	UndeclaredForm
)

// String returns the rule for people, in one clause.
func (c Cause) String() string {
	return [...]string{
		"",
		"a refusal stands until a later grant answers it, and none does",
		"no refusal stands, and this is the latest grant or pending act",
		"no refusal stands; grants of one instant count as one, with the lower notice version and the earlier expiry",
		"nothing answers it either; the latest standing refusal gives the reason",
		"nothing answers it either; of one instant, withdrawn gives the reason before denied",
		"a later grant, at least as specific, names this very identifier",
		"later grants, at least as specific, name each identifier that this refusal names",
		"a later act outweighs it",
		"it has no time, and counts as older than every act that has one",
		"it is of the same instant as the refusal, and only a later one lifts it",
		"a * box does not lift a refusal that names the channel or purpose",
		"it does not name this identifier, which the refusal names",
		"it does not name this identifier, and would reach it only with a grant at each identifier that the refusal names",
		"a pending act lifts no refusal",
		"of one instant, pending comes before granted",
		"under link: refusals a grant counts for the identifiers alone that it names",
		"it is dated after as-of",
		"only acts that name this purpose cover it (star: false)",
		"the identifier stands beside too many people: nobody can say whose act this is",
		"what is said under its digest, or under what gives it, speaks against contacting, and that comes first",
		"under a digest in a form that is not declared only what speaks against contacting counts",
	}[c]
}
