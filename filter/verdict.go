package filter

// Reason says why a recipient is not contacted. The list is closed and its words are stable: they stand in rejected
// files and reports.
type Reason uint8

// The reasons, in the order in which they are looked for. The zero Reason suppresses too.
const (
	Undecided Reason = iota // no verdict was reached; never told of a row in a run that ends well
	MalformedRow
	InvalidIdentifier
	SuppressionList
	UnreadableConsent
	SharedIdentifier
	Withdrawn
	Denied
	Pending
	NoticeOutdated
	Expired
	NoConsent
	Duplicate
	Permitted // no reason: the recipient may be contacted
	reasons
)

// String returns the word on the wire.
func (r Reason) String() string {
	return [reasons]string{
		"undecided", "malformed_row", "invalid_identifier", "suppression_list", "unreadable_consent", "shared_identifier",
		"withdrawn", "denied", "pending", "notice_outdated", "expired", "no_consent", "duplicate", "permitted",
	}[r]
}

// Sentence returns the reason for people.
func (r Reason) Sentence() string {
	return [reasons]string{
		"no verdict was reached",
		"the row does not split into the columns of the header",
		"the contact is empty or has no normal form",
		"on a suppression list",
		"a consent record that cannot be read names the person",
		"the contact stands beside too many people",
		"consent was withdrawn",
		"consent was refused",
		"consent was asked for and not yet confirmed",
		"granted under an older privacy notice",
		"the consent has expired",
		"no act of consent covers it",
		"already permitted in this run",
		"may be contacted",
	}[r]
}

// Reasons returns every reason that suppresses, in their order.
func Reasons() []Reason {
	all := make([]Reason, 0, reasons)
	for r := MalformedRow; r < Permitted; r++ {
		all = append(all, r)
	}
	return all
}
