package consentload

import (
	"maps"
	"slices"
	"strings"

	"cpm/formats"
)

// Report is what a load found. It holds no identifier, the quarantined records and the watched events apart.
type Report struct {
	AsOf         Instant
	Sources      []SourceReport
	Total        Tally
	Newest       Instant // the newest act up to as-of; None when there is none
	NextAct      Instant // the first act after as-of, left out; the largest Instant when there is none
	Identifiers  int64   // distinct, in the index
	Linked       int64   // subjects of several identifiers
	SharedByKind map[Kind]int64
	Forms        FormHits // acts under digests that a raw identifier gives, by the form that was hashed
	Quarantined  []BadRecord
	Watched      []WatchedEvent // in the order of files and rows
	Previous     *Compared      // nil: no earlier index was compared with
	Unknown      []string       // channels in the exports that no configuration declares and that have no usual contact
}

// SourceReport is what one source gave.
type SourceReport struct {
	Name       string
	Path       string
	Files      []FileReport
	Tally      Tally
	Newest     Instant
	PassedOver int // files, by their names
}

// FileReport is what one file gave.
type FileReport struct {
	formats.Evidence
	Format        string
	PassedOver    int      // entries of an archive that are no tables by their names
	Mapping       string   // the name of the mapping by which it was read
	Detected      []string // the columns by which that was found; empty: its source names it
	Caveats       []string // what is not sure about the mapping
	Tally         Tally
	Newest        Instant
	PassedColumns []string // that nothing reads
}

func (s *SourceReport) add(f FileReport) {
	s.Files = append(s.Files, f)
	s.PassedOver += f.PassedOver
	s.Tally.Add(f.Tally)
	s.Newest = max(s.Newest, f.Newest)
}

func (r *Report) add(s SourceReport) {
	if len(r.Sources) == 0 {
		r.Newest = None
	}
	r.Sources = append(r.Sources, s)
	r.Total.Add(s.Tally)
	r.Newest = max(r.Newest, s.Newest)
}

func (r *Report) quarantine(records []BadRecord) {
	r.Quarantined = append(r.Quarantined, inOrder(records)...)
}

// finish adds what is known when the index stands.
func (r *Report) finish(l *loader, x *Index) {
	r.Identifiers = int64(x.Len())
	r.Unknown = l.catalog.unknown(x.channels)
}

// unknown returns the channels that nobody declared and that have no usual contact.
func (c *Catalog) unknown(channels []string) (names []string) {
	for _, channel := range channels {
		if known, ok := c.Channel(channel); !ok || known.Contact == "" {
			names = append(names, channel)
		}
	}
	return names
}

// MappingUsed is a mapping by which files were read.
type MappingUsed struct {
	Name     string
	Detected []string // the columns by which it was found; empty: a source names it
	Caveats  []string
	Files    int64
}

// Mappings lists the mappings of all files but the canonical form, each once.
func (r *Report) Mappings() []MappingUsed {
	var used []MappingUsed
	for _, source := range r.Sources {
		for _, file := range source.Files {
			if file.Mapping == "" || file.Mapping == canonical {
				continue
			}
			at := slices.IndexFunc(used, func(m MappingUsed) bool {
				return m.Name == file.Mapping && slices.Equal(m.Detected, file.Detected)
			})
			if at < 0 {
				at = len(used)
				used = append(used, MappingUsed{Name: file.Mapping, Detected: file.Detected, Caveats: file.Caveats})
			}
			used[at].Files++
		}
	}
	return used
}

// PassedColumns lists the columns of all files that nothing reads, each once.
func (r *Report) PassedColumns() []string {
	var names []string
	for _, source := range r.Sources {
		for _, file := range source.Files {
			names = append(names, file.PassedColumns...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// JoinKinds lists kinds for a message.
func JoinKinds(kinds []Kind) string {
	words := make([]string, len(kinds))
	for i, kind := range kinds {
		words[i] = string(kind)
	}
	return strings.Join(words, ", ")
}

func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
