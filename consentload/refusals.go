package consentload

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"
)

// refusals are those of one scope that nothing answers where they were made: of whom, when, and which are withdrawals. A
// cell tells that somebody is refused, and not by what: whether that refusal is still there in a later build, or was
// answered, is seen only from the refusal itself. Under "link: refusals" those that were answered are held too, because
// they reach other identifiers all the same.
type refusals struct {
	at        endTable
	withdrawn *roaring.Bitmap
}

// refusal is one of them.
type refusal struct {
	ordinal   uint32
	scope     scope
	withdrawn bool
	at        Instant
}

// appendRefusals appends what an identifier refused.
func appendRefusals(to []refusal, ordinal uint32, all []acts, link Link) []refusal {
	for i := range all {
		if a := &all[i]; a.refused != None && (a.granted <= a.refused || link == LinkRefusals) {
			to = append(to, refusal{ordinal, a.scope, a.withdrawn, a.refused})
		}
	}
	return to
}

// refusalsOf collects the refusals of a folded log by scope; a channel or purpose of Star is all of them.
func refusalsOf(c *Catalog, words *vocabulary, log *foldedLog, workers int) map[cellName]*refusals {
	var kept []refusal
	if len(log.acts) > 0 {
		for ordinal := range uint32(log.len()) {
			kept = appendRefusals(kept, ordinal, log.of(ordinal), c.Link)
		}
	}
	runs := append(slices.Clone(log.refused), refusalRun{0, kept})
	width := len(words.purposes.names)
	lists := make([]refusalList, len(words.channels.names)*width)
	of := func(s scope) *refusalList { return &lists[int(s.channel)*width+int(s.purpose)] }
	for _, run := range runs {
		for i := range run.made {
			of(run.made[i].scope).count(&run.made[i])
		}
	}
	for _, run := range runs {
		for i := range run.made {
			of(run.made[i].scope).add(&run.made[i], run.first)
		}
	}
	all := map[cellName]*refusals{}
	var group errgroup.Group
	group.SetLimit(workers)
	for number := range lists {
		if lists[number].refused == 0 {
			continue
		}
		frozen := &refusals{}
		all[cellName{words.channels.names[number/width], words.purposes.names[number%width]}] = frozen
		group.Go(func() error {
			*frozen = lists[number].freeze()
			return nil
		})
	}
	_ = group.Wait() // none of them fails
	return all
}

// refusalRun is what the identifiers of a partition refused.
type refusalRun struct {
	first uint32 // what is to be added to their ordinals
	made  []refusal
}

// refusalList collects the refusals of one scope, which are counted before, for the most part in the order of their
// identifiers.
type refusalList struct {
	refused, withdrew int
	at                []expiry
	withdrawn         []uint32
}

func (l *refusalList) count(r *refusal) {
	l.refused++
	if r.withdrawn {
		l.withdrew++
	}
}

func (l *refusalList) add(r *refusal, first uint32) {
	if l.at == nil {
		l.at, l.withdrawn = make([]expiry, 0, l.refused), make([]uint32, 0, l.withdrew)
	}
	l.at = append(l.at, expiry{first + r.ordinal, r.at})
	if r.withdrawn {
		l.withdrawn = append(l.withdrawn, first+r.ordinal)
	}
}

func (l *refusalList) freeze() refusals {
	return refusals{at: newEndTable(l.at), withdrawn: bitmapOf(l.withdrawn)}
}

// scopeNumber is the number that a scope has in an index file; false when the file does not know it.
func scopeNumber(name cellName, channels, purposes []string) (uint32, bool) {
	channel, purpose := slices.Index(channels, name.channel)+1, slices.Index(purposes, name.purpose)+1
	if channel == 0 && name.channel != Star || purpose == 0 && name.purpose != Star {
		return 0, false
	}
	return uint32(channel*(len(purposes)+1) + purpose), true
}

// refusalSections appends what an index file holds of the refusals.
func (x *Index) refusalSections(all []section) ([]section, error) {
	byNumber := map[uint32]*refusals{}
	for name, of := range x.refusals {
		number, _ := scopeNumber(name, x.channels, x.purposes)
		byNumber[number] = of
	}
	numbers := make([]uint32, 0, len(byNumber))
	for number := range byNumber {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		of := byNumber[number]
		who, err := of.at.of.ToBytes()
		if err != nil {
			return nil, err
		}
		all = append(all, section{sectionRefused, number, who}, section{sectionRefusedAt, number, of.at.bytes()})
		if of.withdrawn.IsEmpty() {
			continue
		}
		withdrawn, err := of.withdrawn.ToBytes()
		if err != nil {
			return nil, err
		}
		all = append(all, section{sectionRefusedWithdrawn, number, withdrawn})
	}
	return all, nil
}

// refusals reads those of one scope; there are none of a scope that the file does not know.
func (s *Snapshot) refusals(name cellName) *refusals {
	number, known := scopeNumber(name, s.About.Channels, s.About.Purposes)
	if !known {
		return &refusals{at: endTable{of: roaring.New(), unit: 1}, withdrawn: roaring.New()}
	}
	return &refusals{
		at:        s.endTable(sectionPlace{sectionRefused, number}, sectionRefusedAt),
		withdrawn: s.bitmap(sectionRefusedWithdrawn, number),
	}
}
