package main

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"slices"
	"strings"
	"time"
)

// sound says whether the contract decides the world: a purpose that nobody knows, an audience column without a
// readable identifier, and a time without a zone beside --on-bad-consent quarantine are faults of their own.
func (w *refWorld) sound() bool {
	return len(w.Exports) > 0 && w.soundNames() && w.soundAudience() && w.soundTimes()
}

func (w *refWorld) soundNames() bool {
	if len(w.settings().Purposes) > 0 {
		return true
	}
	for _, e := range refRead(w).Events {
		if e.Purpose == w.Purpose {
			return true
		}
	}
	return false
}

func (w *refWorld) soundAudience() bool {
	rows := w.People.rows()
	if len(rows) == 0 {
		return true
	}
	if w.People.NoHeader && (len(w.People.Rows) == 0 || w.People.Rows[0].Damage != "") {
		return false
	}
	kinds := slices.Clone(w.IDs)
	for _, channel := range w.Channels {
		kinds = append(kinds, w.contact(channel))
	}
	for _, kind := range kinds {
		if !slices.ContainsFunc(rows, func(r *refRow) bool {
			_, ok := refNormal(kind, w.People.text(r, kind))
			return ok && r.Damage == ""
		}) {
			return false
		}
	}
	return true
}

func (w *refWorld) soundTimes() bool {
	for _, t := range w.Exports {
		for _, r := range t.rows() {
			if w.Quarantine && (refZoneless(t.text(r, "occurred_at"), w.zone()) || refZoneless(t.text(r, "expires_at"), w.zone())) {
				return false
			}
		}
	}
	return true
}

// clone copies a world whole.
func (w *refWorld) clone() *refWorld {
	var b bytes.Buffer
	twin := &refWorld{}
	if err := gob.NewEncoder(&b).Encode(w); err != nil {
		return nil
	}
	if err := gob.NewDecoder(&b).Decode(twin); err != nil {
		return nil
	}
	for _, t := range twin.tables() { // gob leaves an empty map out
		for _, r := range t.Rows {
			if r.Cells == nil {
				r.Cells = map[string]string{}
			}
		}
	}
	return twin
}

func (w *refWorld) tables() []*refTable {
	tables := append(slices.Clone(w.Exports), w.People)
	for _, l := range w.Lists {
		tables = append(tables, l.Table)
	}
	return tables
}

// refShrink makes a world smaller while it still differs, in at most tries runs.
func refShrink(w *refWorld, tries int, differs func(*refWorld) bool) *refWorld {
	for progress := true; progress; {
		progress = false
		for i := 0; tries > 0; i++ {
			steps := w.steps()
			if i >= len(steps) {
				break
			}
			smaller := w.clone()
			if !steps[i](smaller) || !smaller.sound() {
				continue
			}
			if tries--; differs(smaller) {
				w, progress = smaller, true
				i-- // the same step of what is left
			}
		}
		progress = progress && tries > 0
	}
	return w
}

// refStep makes a world smaller, and says whether it did.
type refStep func(w *refWorld) bool

// steps are the ways in which the world can become smaller, the coarse ones first.
func (w *refWorld) steps() []refStep {
	var steps []refStep
	for i := range w.Exports {
		steps = append(steps, func(w *refWorld) bool {
			w.Exports = slices.Delete(w.Exports, i, i+1)
			return true
		})
	}
	for i := range w.Lists {
		steps = append(steps, func(w *refWorld) bool {
			w.Lists = slices.Delete(w.Lists, i, i+1)
			return true
		})
	}
	for i, t := range w.tables() {
		for j := range t.Rows {
			steps = append(steps, func(w *refWorld) bool {
				t := w.tables()[i]
				anchor := t.Rows[j].Anchor
				t.Rows = slices.Delete(t.Rows, j, j+1)
				return !anchor
			})
		}
	}
	for _, simpler := range refSimpler {
		steps = append(steps, func(w *refWorld) bool {
			before := w.flat()
			simpler(w)
			return w.flat() != before
		})
	}
	for i, t := range w.tables() {
		for j := range t.Rows {
			for k := range t.Columns {
				steps = append(steps, func(w *refWorld) bool {
					t := w.tables()[i]
					return t.empty(t.Rows[j], t.Columns[k].Key)
				})
			}
		}
	}
	return steps
}

// empty leaves out a cell that a row may do without.
func (t *refTable) empty(r *refRow, key string) bool {
	if r.Cells[key] == "" || r.Anchor || slices.Contains([]string{"rid", "channel", "purpose", "status", "occurred_at"}, key) {
		return false
	}
	delete(r.Cells, key)
	return true
}

// flat is the world without what the simpler steps leave alone.
func (w *refWorld) flat() string {
	text := fmt.Sprint(w.By, w.Match, w.Dedupe, w.Kinds, w.Channels, w.Quarantine, w.MinRowsZero)
	text += fmt.Sprint(w.Report, w.DefaultOutput, w.Quiet)
	for _, t := range w.tables() {
		text += fmt.Sprint(t.Name, t.BOM, t.CRLF, t.NoEnd, t.Quotes, t.Native)
	}
	if w.Config != nil {
		text += w.yaml()
	}
	return text
}

// refSimpler are the steps that make a world plainer.
var refSimpler = [...]func(w *refWorld){
	func(w *refWorld) { w.Match = "contact" },
	func(w *refWorld) { w.Dedupe = "" },
	func(w *refWorld) { w.Kinds = nil },
	func(w *refWorld) { w.Channels = w.Channels[:1] },
	func(w *refWorld) { w.Channels = w.Channels[len(w.Channels)-1:] },
	func(w *refWorld) { w.Report, w.DefaultOutput, w.Quiet = false, false, true },
	func(w *refWorld) { w.Quarantine, w.QuarantineFile = false, false },
	func(w *refWorld) { w.MinRowsZero = false },
	func(w *refWorld) { w.By = "files" },
	func(w *refWorld) {
		for _, t := range w.tables() {
			t.BOM, t.CRLF, t.NoEnd, t.Quotes, t.Native = false, false, false, false, false
		}
	},
	func(w *refWorld) {
		for _, t := range w.tables() {
			name, _, _ := strings.Cut(t.Name, ".")
			t.Name, t.Parquet = name+".csv", false
		}
	},
	refConfigured(func(c *refConfig) { c.Link = "" }),
	refConfigured(func(c *refConfig) { c.Stars = "" }),
	refConfigured(func(c *refConfig) { c.MaxLinks, c.MaxLinksBy = 0, nil }),
	refConfigured(func(c *refConfig) { c.IgnoreChannels, c.IgnorePurposes = nil, nil }),
	refConfigured(func(c *refConfig) {
		for _, p := range c.Purposes {
			p.Channels = nil
		}
	}),
	refConfigured(func(c *refConfig) {
		for _, p := range c.Purposes {
			p.ValidFor, p.StarOff = "", false
		}
	}),
	refConfigured(func(c *refConfig) {
		for _, p := range c.Purposes {
			p.Notice, p.MinVersion = "", ""
		}
	}),
}

func refConfigured(change func(c *refConfig)) func(w *refWorld) {
	return func(w *refWorld) {
		if w.Config != nil {
			change(w.Config)
		}
	}
}

// tell prints a world and what the run made of it.
func (r *refRun) tell() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cpm %s\n", strings.ReplaceAll(strings.Join(r.args, " "), r.dir, "."))
	fmt.Fprintf(&b, "exit code %d, want %v; as-of %s\n%s\n", r.code, r.want.Codes, r.w.AsOf.Format(time.RFC3339Nano), r.talk)
	if r.w.Config != nil {
		fmt.Fprintf(&b, "--- rules.yaml\n%s", r.w.yaml())
	}
	for _, t := range r.w.tables() {
		fmt.Fprintf(&b, "--- %s\n%s\n", t.Name, t.csv())
	}
	for _, channel := range r.w.Channels {
		fmt.Fprintf(&b, "%s: %s\n", channel, strings.Join(r.want.Reasons[channel], " "))
	}
	return b.String()
}
