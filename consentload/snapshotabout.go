package consentload

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
)

// About is what an index file tells of itself: what it was made of, as of when, and under which configuration. It holds
// no path and nothing of how the exports were cut into files, so that the same acts give the same file.
type About struct {
	KeyCheck string  `json:"key_check"`  // tells one key from another
	Secret   bool    `json:"secret_key"` // otherwise the public one, by which anybody can look for identifiers
	AsOf     Instant `json:"as_of"`
	IsNow    bool    `json:"as_of_is_now"` // as-of was the clock of the build
	Next     Instant `json:"next_act"`     // the first act that the build left out; the largest Instant when there is none

	Identifiers int          `json:"identifiers"`
	Linked      int64        `json:"linked_subjects"`
	ByKind      map[Kind]int `json:"identifiers_by_kind"`
	Channels    []string     `json:"channels"`
	Purposes    []string     `json:"purposes"`
	Kinds       []Kind       `json:"kinds,omitempty"`  // that were read; empty: all
	Hashed      []Kind       `json:"hashed,omitempty"` // of which it knows digests that no raw identifier gives
	Digests     []Kind       `json:"digests,omitempty"`

	Sources []AboutSource  `json:"sources"`
	Newest  Instant        `json:"newest_act"` // None when there is none
	Total   Tally          `json:"total"`
	Acts    ActSum         `json:"acts_digest"` // of all sources
	Shared  map[Kind]int64 `json:"shared_identifiers,omitempty"`
	Forms   FormHits       `json:"form_hits"`                  // acts under digests that a raw identifier gives, by form
	Carried int64          `json:"carried_refusals,omitempty"` // that no export holds, counted in each cell

	Shaping map[string]string `json:"configuration"` // what shaped the facts
}

// AboutSource is one source of the configuration. What a command line named instead is one source without a name,
// however many files it was.
type AboutSource struct {
	Name   string  `json:"name,omitempty"`
	Newest Instant `json:"newest_act"`
	Tally  Tally   `json:"tally"`
	Acts   ActSum  `json:"acts_digest"` // zero in files of earlier versions
}

// Making is what a build knows beside its load.
type Making struct {
	Report  *Report
	Sources []Source // that were read
	Kinds   []Kind   // empty: all
	IsNow   bool
	Shaping map[string]string
}

// Write writes the index as a file. The same acts give the same bytes, in whatever order and files they came and however
// many workers read them.
func (x *Index) Write(w io.Writer, m Making) error {
	about := &About{
		KeyCheck: x.keyCheck, Secret: x.secret, AsOf: x.asOf, IsNow: m.IsNow, Next: m.Report.NextAct,
		Identifiers: x.Len(), Linked: m.Report.Linked, ByKind: map[Kind]int{}, Channels: x.channels, Purposes: x.purposes,
		Kinds: slices.Sorted(slices.Values(m.Kinds)), Newest: m.Report.Newest, Total: m.Report.Total, Acts: m.Report.Total.Acts,
		Shared: m.Report.SharedByKind, Forms: m.Report.Forms, Shaping: m.shaping(),
	}
	if compared := m.Report.Previous; compared != nil && compared.Kept {
		about.Carried = compared.Total()
	}
	for kind := range x.kinds {
		about.ByKind[kind] = int(x.kinds[kind].GetCardinality())
	}
	about.Digests = x.aliases.names(x.allKinds)
	for _, kind := range x.hashed {
		about.Hashed = append(about.Hashed, x.allKinds[kind])
	}
	about.Sources = m.sources()
	text, err := json.Marshal(about)
	if err != nil {
		return err
	}
	all, err := x.sections(text)
	if err != nil {
		return err
	}
	return writeSnapshot(w, all)
}

// sources merges those that no configuration names, and sorts the others.
func (m *Making) sources() []AboutSource {
	byName := map[string]*AboutSource{}
	for i, source := range m.Sources {
		name := source.Name
		if source.Undeclared {
			name = ""
		}
		if byName[name] == nil {
			byName[name] = &AboutSource{Name: name, Newest: None}
		}
		told := &m.Report.Sources[i]
		byName[name].Tally.Add(told.Tally)
		byName[name].Acts.Add(told.Tally.Acts)
		byName[name].Newest = max(byName[name].Newest, told.Newest)
	}
	var all []AboutSource
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		all = append(all, *byName[name])
	}
	return all
}

// shaping adds the presets by which files were read to what the configuration says.
func (m *Making) shaping() map[string]string {
	all := maps.Clone(m.Shaping)
	for _, used := range m.Report.Mappings() {
		if digest := presetDigest(used.Name); digest != "" {
			all[presetFact+used.Name] = digest
		}
	}
	return all
}

// names returns the hashed kinds of which every digest is known.
func (a *Aliases) names(all []Kind) (names []Kind) {
	if a == nil {
		return nil
	}
	for _, kind := range a.every {
		names = append(names, all[kind])
	}
	slices.Sort(names)
	return names
}
