package consentload

// Tally counts what the rows of an export gave.
type Tally struct {
	Rows             int64 `json:"rows"`
	Events           int64 `json:"events"`             // in force
	Refusals         int64 `json:"refusals"`           // of the events
	Bad              int64 `json:"bad"`                // records that cannot be read, quarantined
	Ignored          int64 `json:"ignored"`            // under names to be passed over
	Dropped          int64 `json:"dropped"`            // of no person, such as test records
	NoStatement      int64 `json:"no_statement"`       // that neither grant nor refuse anything
	AfterAsOf        int64 `json:"after_as_of"`        // left out
	FutureRefusals   int64 `json:"future_refusals"`    // dated after now, counted at once
	OtherKinds       int64 `json:"other_kinds"`        // no identifier of a kind that is read
	UnreadRefusals   int64 `json:"unread_refusals"`    // of those: refusals
	SkippedIDs       int64 `json:"skipped_ids"`        // no normal form, beside a readable one
	SkippedInRefusal int64 `json:"skipped_in_refusal"` // of those: in refusals

	// Acts is the digest of the events. What is written beside an index does not tell it: who knows all acts but one could
	// find out by trying whose that is.
	Acts ActSum `json:"-"`
}

// Add adds another tally.
func (t *Tally) Add(o Tally) {
	t.Rows += o.Rows
	t.Events += o.Events
	t.Refusals += o.Refusals
	t.Bad += o.Bad
	t.Ignored += o.Ignored
	t.Dropped += o.Dropped
	t.NoStatement += o.NoStatement
	t.AfterAsOf += o.AfterAsOf
	t.FutureRefusals += o.FutureRefusals
	t.OtherKinds += o.OtherKinds
	t.UnreadRefusals += o.UnreadRefusals
	t.SkippedIDs += o.SkippedIDs
	t.SkippedInRefusal += o.SkippedInRefusal
	t.Acts.Add(o.Acts)
}
