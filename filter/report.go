package filter

import (
	"encoding/json"
	"io"
	"time"

	"cpm/consentload"
	"cpm/formats"
)

// ReportVersion is the form of Report; it changes when a key changes its meaning or goes.
const ReportVersion = 1

// Report states what was decided, from what, and lets anyone check it later. It holds no identifier.
type Report struct {
	Version       int            `json:"report_version"`
	Tool          any            `json:"tool"`
	Command       []string       `json:"command"`
	Clock         string         `json:"clock"` // RFC 3339: when the run began
	AsOf          string         `json:"as_of"`
	AsOfIsNow     bool           `json:"as_of_is_now"`
	Timezone      string         `json:"timezone,omitempty"`
	Region        string         `json:"region"`
	Link          string         `json:"link"`
	Match         string         `json:"match"`
	Dedupe        string         `json:"dedupe,omitempty"`
	DryRun        bool           `json:"dry_run"`
	Config        *ConfigUsed    `json:"config"` // null: none
	Audience      *AudienceUsed  `json:"audience,omitempty"`
	Audiences     []AudienceUsed `json:"audiences,omitempty"` // in place of it, where a run takes several or a folder
	Index         *IndexUsed     `json:"index,omitempty"`     // the file that was asked in place of the exports
	Consent       ConsentUsed    `json:"consent"`
	Lists         []ListUsed     `json:"suppression_lists"`
	Rows          int64          `json:"rows"`
	Cells         []CellReport   `json:"cells"`
	Outputs       []OutputMade   `json:"outputs"`
	Reasons       []ReasonTerm   `json:"reasons"`
	NextChange    string         `json:"next_change,omitempty"` // RFC 3339: the first instant at which a verdict could change
	Warnings      []string       `json:"warnings"`
	Milliseconds  int64          `json:"duration_ms"`
	RowsPerSecond int64          `json:"rows_per_second"`
}

// ConfigUsed is the configuration of a run.
type ConfigUsed struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// AudienceUsed is the audience as it was understood.
type AudienceUsed struct {
	formats.Evidence
	Format  string       `json:"format"`
	Detail  string       `json:"detail"`
	Rows    int64        `json:"rows"`
	Columns []ColumnUsed `json:"columns"`
}

// ColumnUsed is one mapped column; Readable of the first Sampled rows had a normal form.
type ColumnUsed struct {
	Kind     consentload.Kind `json:"kind"`
	Column   string           `json:"column"`
	Position int              `json:"position"` // from 1
	Readable int              `json:"readable"`
	Sampled  int              `json:"sampled"`
}

// ConsentUsed is the consent of a run.
type ConsentUsed struct {
	Sources     []SourceUsed               `json:"sources"`
	LeftOut     []string                   `json:"sources_left_out,omitempty"`
	Kinds       []string                   `json:"kinds,omitempty"` // empty: all
	Identifiers int64                      `json:"identifiers"`
	Linked      int64                      `json:"linked_subjects"`
	Shared      map[consentload.Kind]int64 `json:"shared_identifiers,omitempty"`
	Newest      string                     `json:"newest_act,omitempty"` // RFC 3339
	Forms       map[string]int64           `json:"form_hits,omitempty"`  // acts under digests of raw identifiers, by form
	consentload.Tally
}

// IndexUsed is the index file of a run.
type IndexUsed struct {
	formats.Evidence
	AsOf    string `json:"as_of"`              // of the build
	NextAct string `json:"next_act,omitempty"` // the first act that it lacks
}

// SourceUsed is one source of consent.
type SourceUsed struct {
	Name   string     `json:"name"`
	Path   string     `json:"path"`
	Newest string     `json:"newest_act,omitempty"`
	Files  []FileUsed `json:"files"`
	consentload.Tally
}

// FileUsed is one export.
type FileUsed struct {
	formats.Evidence
	Format   string   `json:"format"`
	Mapping  string   `json:"mapping"`
	Detected []string `json:"mapping_detected_by,omitempty"` // columns
	Newest   string   `json:"newest_act,omitempty"`
	Rows     int64    `json:"rows"`
	Bad      int64    `json:"bad"`
}

// ListUsed is one suppression list.
type ListUsed struct {
	formats.Evidence
	Channels []string `json:"channels,omitempty"`
	Purposes []string `json:"purposes,omitempty"`
	Scope    string   `json:"scope"`
	Hashed   []string `json:"hashed_kinds,omitempty"`
	Rows     int64    `json:"rows"`
	Matched  int64    `json:"audience_rows_matched"`
	// FormHits are the rows matched by a digest or a folded address, by the form of the audience's value that gave it.
	FormHits map[string]int64 `json:"form_hits,omitempty"`
}

// CellReport is what the run came to in one cell. The counts of Suppressed and Permitted add up to the rows read.
type CellReport struct {
	Channel          string           `json:"channel"`
	Purpose          string           `json:"purpose"`
	Contact          consentload.Kind `json:"contact"`
	Basis            string           `json:"basis"`
	ValidFor         string           `json:"valid_for,omitempty"`
	Notice           string           `json:"notice,omitempty"`
	MinNoticeVersion string           `json:"min_notice_version,omitempty"`
	Permitted        int64            `json:"permitted"`
	Suppressed       map[string]int64 `json:"suppressed"` // by reason
	Known            int64            `json:"known"`
	Fallback         int64            `json:"permitted_by_fallback"`
	FormHits         map[string]int64 `json:"form_hits,omitempty"` // rows known by a digest or through one, by form
}

// OutputMade is one output.
type OutputMade struct {
	Role     string `json:"role"`              // permitted, rejected, annotated
	Channel  string `json:"channel,omitempty"` // none of annotated rows, which hold the verdicts of all
	Audience string `json:"audience"`          // whose rows they are
	Path     string `json:"path"`
	Rows     int64  `json:"rows"`
	Bytes    int64  `json:"bytes"`
	SHA256   string `json:"sha256,omitempty"`
}

// ReasonTerm explains a reason code. DPV is the nearest consent status of the W3C Data Privacy Vocabulary
// (https://w3id.org/dpv), by which its guide to ISO/IEC TS 27560:2023 expresses the state of an event in a consent record;
// empty where the reason is no consent status.
type ReasonTerm struct {
	Code     string `json:"code"`
	Sentence string `json:"sentence"`
	DPV      string `json:"dpv,omitempty"`
}

// dpv maps a reason to a W3C DPV consent status; empty where it is none.
func dpv(r Reason) string {
	return [reasons]string{
		Withdrawn: "dpv:ConsentWithdrawn", Denied: "dpv:ConsentRefused", Pending: "dpv:ConsentRequested",
		NoticeOutdated: "dpv:ConsentInvalidated", Expired: "dpv:ConsentExpired", NoConsent: "dpv:ConsentUnknown",
		UnreadableConsent: "dpv:ConsentUnknown", SharedIdentifier: "dpv:ConsentUnknown", Permitted: "dpv:ConsentGiven",
	}[r]
}

// ReasonTerms returns every code of a report with its sentence.
func ReasonTerms() []ReasonTerm {
	var terms []ReasonTerm
	for _, r := range append(Reasons(), Permitted) {
		terms = append(terms, ReasonTerm{r.String(), r.Sentence(), dpv(r)})
	}
	return terms
}

// NewCellReport states one cell.
func NewCellReport(gate *Gate, c *CellSummary) CellReport {
	policy := gate.Policy()
	r := CellReport{
		Channel: c.Channel, Purpose: c.Purpose, Contact: gate.Contact, Basis: "opt_in",
		Notice: policy.Notice, MinNoticeVersion: policy.MinName,
		Permitted: c.Counts[Permitted], Suppressed: map[string]int64{}, Known: c.Known, Fallback: c.Fallback,
		FormHits: c.Forms.Words(),
	}
	if policy.OptOut {
		r.Basis = "opt_out"
	}
	if policy.ValidFor > 0 {
		r.ValidFor = policy.ValidFor.String()
	}
	for _, reason := range Reasons() {
		r.Suppressed[reason.String()] = c.Counts[reason]
	}
	return r
}

// NewConsentUsed states the consent of a run.
func NewConsentUsed(load *consentload.Report) ConsentUsed {
	used := ConsentUsed{
		Identifiers: load.Identifiers, Linked: load.Linked, Shared: load.SharedByKind, Forms: load.Forms.Words(),
		Newest: instantOrNone(load.Newest), Tally: load.Total,
	}
	for _, source := range load.Sources {
		s := SourceUsed{Name: source.Name, Path: source.Path, Newest: instantOrNone(source.Newest), Tally: source.Tally}
		for _, file := range source.Files {
			s.Files = append(s.Files, FileUsed{
				Evidence: file.Evidence, Format: file.Format, Mapping: file.Mapping, Detected: file.Detected, Newest: instantOrNone(file.Newest),
				Rows: file.Tally.Rows, Bad: file.Tally.Bad,
			})
		}
		used.Sources = append(used.Sources, s)
	}
	return used
}

func instantOrNone(i consentload.Instant) string {
	if i == consentload.None {
		return ""
	}
	return i.String()
}

// NewListsUsed states the suppression lists of a run. A list may hold for several cells; the most rows that it
// matched in any is told.
func NewListsUsed(kinds *consentload.Kinds, lists []*consentload.List, s *Summary) []ListUsed {
	used := make([]ListUsed, 0, len(lists))
	for _, list := range lists {
		u := ListUsed{
			Evidence: list.Evidence, Channels: list.Channels, Purposes: list.Purposes, Scope: "subject", Rows: list.Rows,
		}
		if !list.Subject {
			u.Scope = "identifier"
		}
		for _, id := range list.Hashed {
			u.Hashed = append(u.Hashed, string(kinds.All()[id]))
		}
		for _, cell := range s.Cells {
			for _, hits := range cell.Lists {
				if hits.List == list && hits.Rows > u.Matched {
					u.Matched, u.FormHits = hits.Rows, hits.Forms.Words()
				}
			}
		}
		used = append(used, u)
	}
	return used
}

// Took records how long a run took, from its beginning to now.
func (r *Report) Took(d time.Duration) {
	r.Milliseconds = d.Milliseconds()
	if d > 0 {
		r.RowsPerSecond = int64(float64(r.Rows) / d.Seconds())
	}
}

// Write writes the report as indented JSON.
func (r *Report) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
