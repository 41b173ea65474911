package filter

import (
	"cmp"
	"slices"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

// Summary is what a run came to.
type Summary struct {
	Rows  int64
	Cells []CellSummary

	LeftOut []string // what the outputs lack of the audience, beside the rows of the other verdicts

	firstMalformed place
}

// CellSummary is what it came to in one cell. The counts add up to the rows read.
type CellSummary struct {
	Channel  string
	Purpose  string
	OptOut   bool
	Counts   [reasons]int64 // by Reason, Permitted among them
	Known    int64          // rows whose contact stands in the consent
	Fallback int64          // permitted by another identifier than the contact
	Lists    []ListHits
	Forms    consentload.FormHits // rows whose contact the consent knows by another key, by form
}

// ListHits counts the rows that a suppression list names. Forms counts those of them that it names by a digest or a
// folded address, by the form of the row's value that gave it; a row may be named under several.
type ListHits struct {
	List  *consentload.List
	Rows  int64
	Forms consentload.FormHits
}

// Suppressed is the number of rows that are not permitted.
func (c *CellSummary) Suppressed() int64 {
	var n int64
	for _, reason := range Reasons() {
		n += c.Counts[reason]
	}
	return n
}

// place is where a row stands.
type place struct {
	file  string
	batch int
	at    string // empty: nowhere yet
}

// known reports whether the place stands before a batch.
func (p place) known(batch int) bool { return p.at != "" && p.batch <= batch }

// add adds what one worker counted.
func (s *Summary) add(o *Summary) {
	s.Rows += o.Rows
	if o.firstMalformed.at != "" && !s.firstMalformed.known(o.firstMalformed.batch) {
		s.firstMalformed = o.firstMalformed
	}
	for i := range s.Cells {
		cell, other := &s.Cells[i], &o.Cells[i]
		for r := range cell.Counts {
			cell.Counts[r] += other.Counts[r]
		}
		cell.Known += other.Known
		cell.Fallback += other.Fallback
		cell.Forms.Add(&other.Forms)
		for k := range cell.Lists {
			cell.Lists[k].Rows += other.Lists[k].Rows
			cell.Lists[k].Forms.Add(&other.Lists[k].Forms)
		}
	}
}

// Join adds what a later job of the same run came to.
func (s *Summary) Join(later *Summary) {
	if len(s.Cells) == 0 {
		*s = *later
		s.Cells = slices.Clone(s.Cells)
		for i := range s.Cells {
			s.Cells[i].Lists = slices.Clone(s.Cells[i].Lists)
		}
		return
	}
	first := s.firstMalformed
	s.add(later)
	s.firstMalformed = later.firstMalformed
	if first.at != "" {
		s.firstMalformed = first
	}
	s.LeftOut = append(s.LeftOut, later.LeftOut...)
	slices.Sort(s.LeftOut)
	s.LeftOut = slices.Compact(s.LeftOut)
}

// Guards stop a run whose counts speak of a wrong column or a wrong file. The zero value has the usual shares.
type Guards struct {
	MinKnown   *float64 // the least share of known rows; nil: 10 % in opt-out cells
	MaxInvalid *float64 // the largest share of invalid contacts; nil: 50 %
}

const (
	shareCountsAt = 100 // rows from which on a share means anything
	leastKnown    = 0.10
	mostInvalid   = 0.50
	mostMalformed = 0.01
)

// Check holds the counts of all audiences of a run to the guards, as Run has held those of each.
func (g Guards) Check(s *Summary) error { return g.check("all audiences", s) }

func (g Guards) check(name string, s *Summary) error {
	if s.Rows < shareCountsAt || len(s.Cells) == 0 {
		return nil
	}
	if err := g.checkMalformed(name, s.Cells[0].Counts[MalformedRow], s); err != nil {
		return err
	}
	for i := range s.Cells {
		if err := g.checkCell(name, &s.Cells[i], s.Rows); err != nil {
			return err
		}
	}
	return nil
}

func (Guards) checkMalformed(name string, n int64, s *Summary) error {
	if s.Rows < shareCountsAt || float64(n) <= mostMalformed*float64(s.Rows) {
		return nil
	}
	return fault.New(fault.Input, formats.At(cmp.Or(s.firstMalformed.file, name), s.firstMalformed.at),
		"%d of %d rows do not split into the columns of the header; this is the first", n, s.Rows).
		Hint("mend the quotes and commas of the file, or export it again")
}

func (g Guards) checkCell(name string, cell *CellSummary, rows int64) error {
	invalid, known := mostInvalid, leastKnown
	if g.MaxInvalid != nil {
		invalid = *g.MaxInvalid
	}
	if n := cell.Counts[InvalidIdentifier]; float64(n) > invalid*float64(rows) {
		return fault.New(fault.Input, name, "%d of %d rows have no readable contact for %s", n, rows, cell.Channel).
			Hint("check the column (--id), or raise --max-invalid (now %g)", invalid)
	}
	switch {
	case g.MinKnown != nil:
		known = *g.MinKnown
	case !cell.OptOut:
		return nil
	}
	if float64(cell.Known) < known*float64(rows) {
		why := ""
		if cell.OptOut {
			why = "silence means yes here, so a wrong column would permit everybody: "
		}
		return fault.New(fault.Guard, name, "only %d of %d contacts for %s stand in the consent", cell.Known, rows, cell.Channel).
			Hint("%scheck the column (--id), or lower --min-known (now %g)", why, known)
	}
	return nil
}
