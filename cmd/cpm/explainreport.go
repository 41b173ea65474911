package main

import (
	"io"

	"cpm/consentload"
	"cpm/filter"
)

// explainReport is an explanation as one JSON object. It holds identifiers: masked, or in clear with --show.
type explainReport struct {
	Version   int                 `json:"explain_version"`
	Tool      any                 `json:"tool"`
	AsOf      string              `json:"as_of"`
	AsOfIsNow bool                `json:"as_of_is_now"`
	Newest    string              `json:"newest_act,omitempty"`
	Shown     bool                `json:"identifiers_in_clear"`
	Asked     toldIdentifier      `json:"asked"`
	Known     bool                `json:"known"` // an event in force, or a quarantined record, names the subject
	Subject   explainedSubject    `json:"subject"`
	OtherKeys []explainedKey      `json:"other_keys"`
	Cells     []explainedCell     `json:"cells"`
	Records   []explainedRecord   `json:"records"` // that are no acts
	Reasons   []filter.ReasonTerm `json:"reasons"`
	Warnings  []string            `json:"warnings"`
}

type explainedSubject struct {
	Size        int              `json:"size"`
	Identifiers []toldIdentifier `json:"identifiers"` // of the subject, and shared ones that stand in its events
}

// explainedKey is another key of what was asked for, of which the consent knows something: a digest of it, or what gives
// it. Where the form is not declared, only what speaks against contacting counts from one to the other.
type explainedKey struct {
	Kind     consentload.Kind `json:"kind,omitempty"` // empty, as is the value, where no event tells it
	Value    string           `json:"value,omitempty"`
	Form     string           `json:"form"`
	Declared bool             `json:"declared"`
}

// toldIdentifier is an identifier as it is told.
type toldIdentifier struct {
	Kind   consentload.Kind `json:"kind"`
	Value  string           `json:"value"`
	Shared bool             `json:"shared,omitempty"` // beside too many people: no part of the subject
	As     consentload.Kind `json:"as,omitempty"`     // of an event that names it by a digest: the kind of that
}

type explainedCell struct {
	Channel    string           `json:"channel"`
	Purpose    string           `json:"purpose"`
	Contact    consentload.Kind `json:"contact"` // what the channel needs; empty when nobody said so
	Basis      string           `json:"basis"`
	Identifier toldIdentifier   `json:"identifier"` // that was weighed; of another kind when the subject has no contact
	Verdict    string           `json:"verdict"`    // permitted or suppressed
	Reason     string           `json:"reason"`     // empty when permitted
	Known      bool             `json:"known"`
	Ends       string           `json:"expires_at,omitempty"` // of the grant that decides
	ListedBy   []string         `json:"listed_by"`
	Events     []explainedEvent `json:"events"` // what decides first, then the latest
}

type explainedEvent struct {
	explainedPlace
	Time        string           `json:"time"` // RFC 3339, or undated
	Expires     string           `json:"expires_at,omitempty"`
	Status      string           `json:"status"`
	Channel     string           `json:"channel"`
	Purpose     string           `json:"purpose"`
	Notice      string           `json:"notice,omitempty"`
	Version     string           `json:"notice_version,omitempty"`
	Future      bool             `json:"dated_after_now,omitempty"`
	Form        string           `json:"undeclared_form,omitempty"` // it names a digest that nobody declared to be the same
	Identifiers []toldIdentifier `json:"identifiers"`
	Part        string           `json:"part"`
	Because     string           `json:"because"`
	By          []explainedPlace `json:"by,omitempty"`      // the events that Because speaks of
	Missing     []toldIdentifier `json:"missing,omitempty"` // at which a refusal was not granted anew
}

// explainedPlace is where a row stands.
type explainedPlace struct {
	Source     string `json:"source"`
	File       string `json:"file"`
	Place      string `json:"place"`
	Touchpoint string `json:"touchpoint,omitempty"` // what the row's own column source says
}

type explainedRecord struct {
	explainedPlace
	What        string           `json:"what"` // quarantined or identities
	Column      string           `json:"column,omitempty"`
	Problem     string           `json:"problem,omitempty"`
	Identifiers []toldIdentifier `json:"identifiers"`
}

func (x *explainReport) write(w io.Writer) error {
	return newEncoder(w).Encode(x)
}

func (r *explaining) report() *explainReport {
	x := &explainReport{
		Version: 1, Tool: thisBuild(), AsOf: r.asOf.String(), AsOfIsNow: r.isNow, Shown: r.options.show,
		Asked: toldIdentifier{Kind: r.asked.kind, Value: r.names.value(r.asked.key), Shared: r.identifiers[0].shared},
		Known: r.known(), OtherKeys: []explainedKey{}, Cells: []explainedCell{}, Records: []explainedRecord{},
		Reasons: filter.ReachTerms(), Warnings: append([]string{}, r.warnings...),
	}
	if r.load.Newest != consentload.None {
		x.Newest = r.load.Newest.String()
	}
	x.Subject.Size = len(r.members)
	for _, p := range r.identifiers {
		x.Subject.Identifiers = append(x.Subject.Identifiers, r.tell(p))
	}
	for _, o := range r.otherKeys() {
		told := explainedKey{Kind: o.kind, Form: o.Form.String(), Declared: o.Declared}
		if o.kind != "" {
			told.Value = r.names.value(o.Key)
		}
		x.OtherKeys = append(x.OtherKeys, told)
	}
	for i := range r.cells {
		x.Cells = append(x.Cells, r.cellReport(&r.cells[i]))
	}
	for i := range r.load.Watched {
		e := &r.load.Watched[i]
		record := explainedRecord{explainedPlace: r.place(e), Column: e.Column, Problem: e.Problem, Identifiers: r.tellAll(e)}
		switch {
		case e.Form != consentload.AsWritten: // told where it is no copy
			continue
		case e.Fate == consentload.Quarantined:
			record.What = "quarantined"
		case e.Fate == consentload.Identities:
			record.What = "identities"
		default:
			continue
		}
		x.Records = append(x.Records, record)
	}
	return x
}

// known reports whether the consent knows the person at all.
func (r *explaining) known() bool {
	_, found := r.index.Find(r.main)
	return found
}

func (r *explaining) cellReport(c *explained) explainedCell {
	told := explainedCell{
		Channel: r.tellChannel(c.channel.Name), Purpose: c.purpose, Contact: c.channel.Contact,
		Basis: basisWord(c.optOut), Identifier: r.tell(c.by), Verdict: "permitted", Known: c.Known,
		ListedBy: []string{}, Events: []explainedEvent{},
	}
	if c.Verdict != filter.Permitted {
		told.Verdict, told.Reason = "suppressed", c.Verdict.String()
	}
	if c.Ends.Ends() {
		told.Ends = c.Ends.String()
	}
	for _, list := range c.Lists {
		told.ListedBy = append(told.ListedBy, list.Path)
	}
	for _, part := range c.Parts {
		told.Events = append(told.Events, r.eventReport(part))
	}
	return told
}

func (r *explaining) eventReport(part filter.Part) explainedEvent {
	e := &r.load.Watched[part.Event]
	told := explainedEvent{
		explainedPlace: r.place(e), Time: e.When.String(), Status: e.Status.String(), Channel: r.tellChannel(e.Channel),
		Purpose: r.tellPurpose(e.Purpose, r.options.purposes), Notice: e.Notice, Version: e.Version, Future: e.Future, Form: part.Form.String(),
		Identifiers: r.tellAll(e), Part: part.Role.String(), Because: part.Cause.String(),
	}
	if e.Expires.Ends() && e.Status == consentload.Granted {
		told.Expires = e.Expires.String()
	}
	for _, by := range part.By {
		told.By = append(told.By, r.place(&r.load.Watched[by]))
	}
	for _, key := range part.Missing {
		told.Missing = append(told.Missing, r.tell(r.identifierOf(key)))
	}
	return told
}

// place tells where a row stands. What its column source says is told when it cannot be an identifier, or with --show.
func (r *explaining) place(e *consentload.WatchedEvent) explainedPlace {
	told := explainedPlace{Source: e.Source, File: e.File, Place: e.Place, Touchpoint: e.Touchpoint}
	if !r.options.show {
		told.Touchpoint = consentload.Tell(e.Touchpoint)
	}
	return told
}

func (r *explaining) tell(p identifier) toldIdentifier {
	return toldIdentifier{Kind: p.kind, Value: r.names.value(p.key), Shared: p.shared}
}

func (r *explaining) tellAll(e *consentload.WatchedEvent) []toldIdentifier {
	told := make([]toldIdentifier, len(e.Names))
	for i, name := range e.Names {
		told[i] = r.tell(r.identifierOf(name.Key))
		if name.Kind != told[i].Kind {
			told[i].As = name.Kind
		}
	}
	return told
}

// identifierOf returns an identifier that the events name.
func (r *explaining) identifierOf(key consentload.Key) identifier {
	for _, p := range r.identifiers {
		if p.key == key {
			return p
		}
	}
	return identifier{key: key}
}

// tellChannel returns the name of a channel, or its length when the exports alone name it and it may be an identifier.
func (r *explaining) tellChannel(name string) string {
	if _, known := r.catalog.Channel(name); known || len(r.options.channels) > 0 {
		return name
	}
	return consentload.Tell(name)
}

func basisWord(optOut bool) string {
	if optOut {
		return "opt_out"
	}
	return "opt_in"
}
