package main

import (
	"slices"
	"strings"
	"time"
)

// The reference answers "is this row permitted?" with plain maps and loops over all events. It is slow, shares no
// code with the product, and reads the contract on its own: where the two differ, one of them reads it wrongly.
//
//	seed ──▶ refWorld ──▶ files, configuration, flags ──▶ run ──▶ exit code, outputs ─┐
//	             └──────▶ reading ──▶ refConsent ──▶ decisions ──────────────────────┴─▶ the same, or a difference

// refWorld is one small world: consent, lists, audience, configuration and flags.
type refWorld struct {
	Seed    uint64
	Focus   bool // many refusals and grants of few people in one cell, so that re-grants and shared values meet
	Now     bool // as-of is the clock; AsOf is then about that instant
	AsOf    time.Time
	Zone    string     // --timezone
	Config  *refConfig // nil: no configuration
	Exports []*refTable
	By      string // how the exports are named: files, twice, folder, glob, sources
	Lists   []*refList
	People  *refTable // the audience

	Channels []string
	Purpose  string
	Kinds    []string // --kinds; nil: all
	IDs      []string // kinds in the order of --id; nil: columns by their usual names
	Position bool     // --id by position
	Match    string   // contact, all, any
	Dedupe   string   // empty, identifier, subject

	AcceptUnread, Quarantine, QuarantineFile, MinRowsZero bool
	Report, DefaultOutput, Quiet                          bool
}

// refConfig is what cpm.yaml says.
type refConfig struct {
	Timezone       string
	Channels       map[string]*refChannel
	Notices        map[string][]string
	Purposes       map[string]*refPurpose
	Link, Stars    string
	MaxLinks       int
	MaxLinksBy     map[string]int
	IgnoreChannels []string
	IgnorePurposes []string
}

type refChannel struct {
	Contact string
	Aliases []string
}

type refPolicy struct{ Basis, ValidFor, Notice, MinVersion string }

type refPurpose struct {
	refPolicy
	Aliases  []string
	StarOff  bool
	Channels map[string]*refPolicy
}

// refList is one suppression list; Flag lists come by --suppress, the others from the configuration.
type refList struct {
	Table              *refTable
	Flag               bool
	Channels, Purposes []string
	Scope              string // empty, subject, identifier
	AllowEmpty         bool
}

// refTable is a file of rows, before it is written as CSV or Parquet.
type refTable struct {
	Name                             string
	Parquet, BOM, CRLF, NoEnd        bool
	NoHeader, Native, Custom, Quotes bool // Native: Parquet columns of their own type; Custom: only --id finds the columns
	Columns                          []refColumn
	Rows                             []*refRow
}

// refColumn is a column: Key is what it means, Header what it is called.
type refColumn struct{ Key, Header string }

// refRow is one row. Damage is empty, short (cut after Cut fields), long (a field too many), quote (text after a
// closing quote in the last column) or blank (an empty line).
type refRow struct {
	Cells  map[string]string
	Damage string
	Cut    int
	Anchor bool // names the purpose so that it is known; shrinking leaves it
}

// refID is one identifier in its normal form.
type refID struct{ Kind, Value string }

// refKinds are the kinds that worlds are made of.
var refKinds = [...]string{"phone", "email", "customer_id", "device_id"}

func refIsKind(key string) bool { return slices.Contains(refKinds[:], key) }

// text is the value of a column in a row, as far as the row can be split.
func (t *refTable) text(row *refRow, key string) string {
	for i, c := range t.Columns {
		if c.Key == key && row.Damage != "blank" && (row.Damage != "short" || i < row.Cut) {
			return row.Cells[key]
		}
	}
	return ""
}

func (t *refTable) has(key string) bool {
	return slices.ContainsFunc(t.Columns, func(c refColumn) bool { return c.Key == key })
}

// rows are the rows that count: blank lines are none, but under a one-column header.
func (t *refTable) rows() []*refRow {
	var rows []*refRow
	for _, r := range t.Rows {
		if r.Damage != "blank" || len(t.Columns) == 1 {
			rows = append(rows, r)
		}
	}
	return rows
}

// settings gives the configuration in force; none is an empty one.
func (w *refWorld) settings() refConfig {
	if w.Config == nil {
		return refConfig{}
	}
	return *w.Config
}

func (w *refWorld) zone() string {
	if w.Zone != "" {
		return w.Zone
	}
	return w.settings().Timezone
}

func (w *refWorld) link() string {
	if l := w.settings().Link; l != "" {
		return l
	}
	return "all"
}

// contact is the identifier kind of a channel.
func (w *refWorld) contact(channel string) string {
	if c := w.settings().Channels[channel]; c != nil {
		return c.Contact
	}
	return map[string]string{"sms": "phone", "phone": "phone", "email": "email"}[channel]
}

// mapped are the kinds of the audience that a row of the channel may be asked for: the contact first.
func (w *refWorld) mapped(channel string) []string {
	kinds := []string{w.contact(channel)}
	for _, k := range w.IDs {
		if k != kinds[0] {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

func (w *refWorld) reads(kind string) bool { return w.Kinds == nil || slices.Contains(w.Kinds, kind) }

// policy is what the configuration says of a cell, the channel's word before the purpose's.
func (w *refWorld) policy(channel string) refPolicy {
	p := refPolicy{}
	declared := w.settings().Purposes[w.Purpose]
	if declared != nil {
		p = declared.refPolicy
		if o := declared.Channels[channel]; o != nil {
			p = refPolicy{
				Basis:      refFirst(o.Basis, p.Basis),
				ValidFor:   refFirst(o.ValidFor, p.ValidFor),
				Notice:     refFirst(o.Notice, p.Notice),
				MinVersion: refFirst(o.MinVersion, p.MinVersion),
			}
		}
	}
	p.Basis = refFirst(p.Basis, "opt_in")
	return p
}

// starCovers says whether an act for every purpose covers the purpose of the run.
func (w *refWorld) starCovers() bool {
	declared := w.settings().Purposes[w.Purpose]
	return declared == nil || !declared.StarOff
}

// maxLinks is the limit for values of one kind.
func (w *refWorld) maxLinks(kind string) int {
	c := w.settings()
	if n, ok := c.MaxLinksBy[kind]; ok {
		return n
	}
	if c.MaxLinks > 0 {
		return c.MaxLinks
	}
	return 10
}

func refFirst(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// channelName gives the channel that a name in an export means; ok is false when the configuration declares
// channels and this is none of them.
func (w *refWorld) channelName(text string) (name string, ignored, ok bool) {
	c := w.settings()
	names := map[string][]string{}
	for n, d := range c.Channels {
		names[n] = d.Aliases
	}
	return refName(text, names, c.IgnoreChannels)
}

// purposeName is the same for purposes.
func (w *refWorld) purposeName(text string) (name string, ignored, ok bool) {
	c := w.settings()
	names := map[string][]string{}
	for n, d := range c.Purposes {
		names[n] = d.Aliases
	}
	return refName(text, names, c.IgnorePurposes)
}

func refName(text string, declared map[string][]string, ignore []string) (name string, ignored, ok bool) {
	name = strings.ToLower(strings.TrimSpace(text))
	if name == "" || name == "*" {
		return name, false, name == "*"
	}
	if slices.Contains(ignore, name) {
		return name, true, true
	}
	if len(declared) == 0 {
		return name, false, true
	}
	for n, aliases := range declared {
		if n == name || slices.Contains(aliases, name) {
			return n, false, true
		}
	}
	return "", false, false
}
