package consentload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"cpm/formats/fault"
)

// Previous is the index of an earlier build, to which a load is held: a refusal that it shows may not vanish without a
// newer grant, and sources may not shrink. A nil Previous holds to nothing.
type Previous struct {
	Snapshot *Snapshot
	Lost     LostRefusals
}

// LostRefusals says what becomes of a refusal that has vanished.
type LostRefusals uint8

// The zero LostRefusals stops the load.
const (
	StopAtLost LostRefusals = iota
	KeepLost                // it is carried over: who refused stays refused
	AcceptLost              // it is let go, and counted
)

// Compared is what came of holding a load to an earlier index. Each identifier counts once in each cell.
type Compared struct {
	AsOf     Instant
	Refusals int64        // that the earlier index shows
	Lost     []LostInCell // of those; in the order of their names
	Kept     bool         // the lost ones were carried over
}

// LostInCell counts the refusals of one cell that have vanished.
type LostInCell struct {
	Channel, Purpose string
	Refusals         int64
}

// Total is the number of refusals that have vanished.
func (c *Compared) Total() (n int64) {
	for _, lost := range c.Lost {
		n += lost.Refusals
	}
	return n
}

// Cells tells some cells in which refusals have vanished, those of the most first.
func (c *Compared) Cells() string {
	const most = 5
	all := slices.Clone(c.Lost)
	slices.SortStableFunc(all, func(a, b LostInCell) int { return int(b.Refusals - a.Refusals) })
	words := make([]string, 0, most)
	for _, lost := range all[:min(most, len(all))] {
		words = append(words, fmt.Sprintf("%s × %s %d", Tell(lost.Channel), Tell(lost.Purpose), lost.Refusals))
	}
	told := strings.Join(words, ", ")
	if rest := len(all) - most; rest > 0 {
		told += fmt.Sprintf(" and %d more", rest)
	}
	return told
}

// fits refuses an earlier index that cannot be compared with what is about to be loaded.
func (p *Previous) fits(l *loader) error {
	if p == nil {
		return nil
	}
	about, name := &p.Snapshot.About, p.Snapshot.name
	if about.KeyCheck != l.catalog.Kinds.keyCheck() {
		return fault.New(fault.Input, name, "the previous index was built with another key: whose refusals it holds cannot be told").
			Hint("name the key of the installation that built it (key_file, --key-file), or build without --previous")
	}
	if l.options.AsOf < about.AsOf {
		return fault.New(fault.Usage, name, "the previous index holds as of %s, and this build is as of %s, before it", about.AsOf, l.options.AsOf).
			Hint("compare with an index of an earlier instant: acts that came between would seem to have vanished")
	}
	return nil
}

// shrunk stops a load whose sources have fewer rows than they had in the earlier index, by more than they may.
func (l *loader) shrunk(sources []Source) error {
	p := l.options.Previous
	if p == nil {
		return nil
	}
	rows, before := map[string]int64{}, map[string]int64{}
	for i := range sources {
		rows[sources[i].Name] += l.report.Sources[i].Tally.Rows
	}
	for _, source := range p.Snapshot.About.Sources {
		before[source.Name] = source.Tally.Rows
	}
	for i := range sources {
		source := &sources[i]
		if source.MaxShrink == nil || source.Undeclared || len(source.Files) == 0 {
			continue // without files of its own it was read under a source that is alike
		}
		if err := shrink(source.Path, rows[source.Name], before[source.Name], *source.MaxShrink); err != nil {
			return err.Hint("check that the export is complete (max_shrink)")
		}
	}
	if share := l.options.MaxShrink; share != nil {
		if err := shrink("", l.report.Total.Rows, p.Snapshot.About.Total.Rows, *share); err != nil {
			return err.Hint("check that the exports are complete (--max-shrink)")
		}
	}
	return nil
}

// shrink returns a fault where rows have become fewer by more than a share of what they were; nil otherwise.
func shrink(where string, rows, before int64, share float64) *fault.Error {
	const rounding = 1e-9
	if float64(before-rows) <= share*float64(before)+rounding {
		return nil
	}
	return fault.New(fault.Guard, where, "%d rows of consent, and the previous index had %d: %.1f %% fewer, and at most %g %% may be gone",
		rows, before, 100*float64(before-rows)/float64(before), 100*share)
}

// lend adds to the aliases of a load those of whom the earlier index shows as refused: a digest then still leads to
// somebody whose raw identifier no export holds any more, and what is said of the digest is weighed with what was refused.
func (p *Previous) lend(kinds *Kinds, a *Aliases) (both *Aliases, err error) {
	if p == nil || p.Lost != KeepLost || a == nil || len(p.Snapshot.About.Digests) == 0 {
		return a, nil
	}
	err = WhileMapped(func() error {
		old, refused, keys := p.Snapshot.aliases(kinds), p.refused(), p.Snapshot.keys()
		entries := a.listed()
		for _, e := range old.listed() {
			if ordinal, known := keys.find(e.raw); known && refused.Contains(ordinal) {
				entries = append(entries, e)
			}
		}
		slices.SortStableFunc(entries, aliasEntry.compare)
		both = &Aliases{every: a.every}
		both.number(slices.CompactFunc(entries, func(a, b aliasEntry) bool { return a.compare(b) == 0 }))
		both.settle()
		both.index()
		return p.Snapshot.blocks.err()
	})
	return both, err
}

// listed returns the entries with their raw identifiers; none of the nil Aliases.
func (a *Aliases) listed() (entries []aliasEntry) {
	if a != nil {
		for _, e := range a.entries {
			entries = append(entries, aliasEntry{e.digest, a.raws[e.raw], e.form, e.declared})
		}
	}
	return entries
}

// shownRefused tells of whom a load has to keep all acts, because an earlier index shows them as refused somewhere: those
// of anybody else who stands alone in every event are settled as soon as they are folded.
type shownRefused struct {
	all     bool
	keys    *keyTable
	refused *roaring.Bitmap
}

// show reads whom the earlier index shows as refused. Where their refusals may have to be carried over, the cells of these
// are cells of the load.
func (p *Previous) show(l *loader) error {
	if p == nil {
		return nil
	}
	return WhileMapped(func() (err error) {
		about := &p.Snapshot.About
		l.shown = &shownRefused{keys: p.Snapshot.keys(), refused: p.refused()}
		l.shown.all = len(about.Hashed) > 0 // a digest may be known as somebody else now
		for i, channel := range about.Channels {
			for j, purpose := range about.Purposes {
				number := uint32(i*len(about.Purposes) + j)
				denied, _ := p.Snapshot.at(sectionDenied, number)
				withdrawn, _ := p.Snapshot.at(sectionWithdrawn, number)
				if p.Lost == KeepLost && len(denied)+len(withdrawn) > 0 {
					_, tooMany := l.words.channel(channel)
					_, also := l.words.purpose(purpose)
					err = cmp.Or(err, tooMany, also)
				}
			}
		}
		return cmp.Or(err, p.Snapshot.blocks.err())
	})
}

// has reports whether the acts of an identifier are to be kept.
func (s *shownRefused) has(key Key) bool {
	if s == nil || s.all {
		return s != nil
	}
	ordinal, known := s.keys.find(key)
	return known && s.refused.Contains(ordinal)
}

// whileMapped runs what may ask an index file.
func (s *shownRefused) whileMapped(do func() error) error {
	if s == nil {
		return do()
	}
	return WhileMapped(do)
}

// refused returns who is refused in any cell.
func (p *Previous) refused() *roaring.Bitmap {
	all := roaring.New()
	for number := range uint32(len(p.Snapshot.About.Channels) * len(p.Snapshot.About.Purposes)) {
		all.Or(p.Snapshot.bitmap(sectionDenied, number))
		all.Or(p.Snapshot.bitmap(sectionWithdrawn, number))
	}
	return all
}
