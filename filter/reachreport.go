package filter

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"

	"cpm/consentload"
)

// ReachVersion is the form of ReachReport; it changes when a key changes its meaning or goes.
const ReachVersion = 1

// ReachReport is the matrix of channels and purposes, with what it was counted from. It holds no identifier.
type ReachReport struct {
	Version   int            `json:"reach_version"`
	Tool      any            `json:"tool"`
	Command   []string       `json:"command"`
	AsOf      string         `json:"as_of"`
	AsOfIsNow bool           `json:"as_of_is_now"`
	Newest    string         `json:"newest_act,omitempty"` // RFC 3339
	Audience  *ReachAudience `json:"audience"`             // null: everybody in the consent
	Cells     []ReachCell    `json:"cells"`
	LeftOut   []string       `json:"channels_left_out"` // nobody has their identifier, or the audience no column for it
	// Digests counts, by kind, the digests of contacts that are in no cell: no raw identifier that the run knows gives them
	// in a declared form.
	Digests  map[consentload.Kind]int64 `json:"digests_left_out"`
	Reasons  []ReasonTerm               `json:"reasons"`
	Warnings []string                   `json:"warnings"`
}

// ReachAudience is the audience within which was counted.
type ReachAudience struct {
	Path      string        `json:"path"`
	Format    string        `json:"format"`
	Rows      int64         `json:"rows"`
	Malformed int64         `json:"malformed_rows"`
	Columns   []ReachColumn `json:"columns"`
}

// ReachColumn is one column of identifiers. Its rows are readable, empty or invalid.
type ReachColumn struct {
	Kind     consentload.Kind `json:"kind"`
	Column   string           `json:"column"`
	Position int              `json:"position"` // from 1
	Readable int64            `json:"readable"`
	Empty    int64            `json:"empty"`
	Invalid  int64            `json:"invalid"`
	Known    int64            `json:"known"` // of the readable
}

// ReachCell counts the distinct contact identifiers of one cell. Permitted, Refused, Otherwise and Unknown add up to
// Identifiers; so do Permitted and Suppressed.
type ReachCell struct {
	Channel     string           `json:"channel"`
	Purpose     string           `json:"purpose"`
	Contact     consentload.Kind `json:"contact"`
	Basis       string           `json:"basis"`
	Identifiers int64            `json:"identifiers"`
	Permitted   int64            `json:"permitted"`
	Silent      int64            `json:"permitted_by_silence"` // of Permitted
	Refused     int64            `json:"refused"`              // withdrawn, denied, suppression_list
	Otherwise   int64            `json:"otherwise_suppressed"`
	Unknown     int64            `json:"unknown"`
	Suppressed  map[string]int64 `json:"suppressed"` // by reason
}

// reachReasons are the reasons that hold of an identifier; the others are about rows.
func reachReasons() []Reason {
	var all []Reason
	for r := SuppressionList; r <= NoConsent; r++ {
		all = append(all, r)
	}
	return all
}

// ReachTerms returns the codes of a ReachReport with their sentences.
func ReachTerms() []ReasonTerm {
	var terms []ReasonTerm
	for _, r := range append(reachReasons(), Permitted) {
		terms = append(terms, ReasonTerm{r.String(), r.Sentence(), dpv(r)})
	}
	return terms
}

// NewReachCell states one cell.
func NewReachCell(r *Reach) ReachCell {
	cell := ReachCell{
		Channel: r.Channel, Purpose: r.Purpose, Contact: r.Contact, Basis: "opt_in",
		Identifiers: r.Identifiers, Permitted: r.Permitted(), Silent: r.Silent, Refused: r.Refused(),
		Otherwise: r.Otherwise(), Unknown: r.Unknown(), Suppressed: map[string]int64{},
	}
	if r.OptOut {
		cell.Basis = "opt_out"
	}
	for _, reason := range reachReasons() {
		cell.Suppressed[reason.String()] = r.Counts[reason]
	}
	return cell
}

// NewReachAudience states an audience.
func NewReachAudience(path, format string, c *Contacts) *ReachAudience {
	a := &ReachAudience{Path: path, Format: format, Rows: c.Rows, Malformed: c.Malformed}
	for _, column := range c.Columns {
		a.Columns = append(a.Columns, ReachColumn{
			Kind: column.Kind, Column: column.Name, Position: column.At + 1, Readable: column.Readable,
			Empty: column.Empty, Invalid: column.Invalid, Known: column.Known,
		})
	}
	return a
}

// WriteJSON writes the report as one JSON object.
func (r *ReachReport) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

// WriteCSV writes the cells as CSV (RFC 4180), a row each: the heads, then every reason.
func (r *ReachReport) WriteCSV(w io.Writer) error {
	header := []string{
		"channel", "purpose", "contact", "basis", "as_of", "identifiers", "permitted", "permitted_by_silence", "refused",
		"otherwise_suppressed", "unknown",
	}
	for _, reason := range reachReasons() {
		header = append(header, reason.String())
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(header); err != nil {
		return err
	}
	for i := range r.Cells {
		cell := &r.Cells[i]
		row := []string{cell.Channel, cell.Purpose, string(cell.Contact), cell.Basis, r.AsOf}
		for _, n := range []int64{cell.Identifiers, cell.Permitted, cell.Silent, cell.Refused, cell.Otherwise, cell.Unknown} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		for _, reason := range reachReasons() {
			row = append(row, strconv.FormatInt(cell.Suppressed[reason.String()], 10))
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
