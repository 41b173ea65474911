package consentload

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
)

// lazyIndex reads the parts of an index file when they are asked for, each once. What does not hold comes out empty, and
// Index.Err tells.
type lazyIndex struct {
	*Snapshot
	catalog *Catalog

	mu      sync.Mutex
	cells   map[cellName]*Cell
	kinds   map[Kind]*roaring.Bitmap
	subject *linkTable
	linked  bool // looked at
	whole   bool // and sound
}

// index makes the index of the file; what every run needs is read at once.
func (s *Snapshot) index(a Asking) *Index {
	l := &lazyIndex{Snapshot: s, catalog: a.Catalog, cells: map[cellName]*Cell{}, kinds: map[Kind]*roaring.Bitmap{}}
	x := &Index{
		asOf: a.AsOf, file: l, keys: s.keys(), subjects: s.links(), allKinds: a.Catalog.Kinds.All(),
		channels: s.About.Channels, purposes: s.About.Purposes, digests: roaring.New(),
		shared: s.bitmap(sectionShared, 0), unreadable: s.bitmap(sectionUnreadable, 0), dormant: s.bitmap(sectionDormant, 0).ToDense(),
	}
	l.subject = x.subjects
	for _, kind := range s.About.Hashed {
		if id, known := a.Catalog.Kinds.Index(kind); known {
			x.hashed = append(x.hashed, id)
			x.digests.Or(l.ofKind(kind))
		}
	}
	slices.Sort(x.hashed)
	x.aliases = s.aliases(a.Catalog.Kinds).with(a.Aliases)
	return x
}

func (s *Snapshot) keys() *keyTable {
	t := &keyTable{n: s.About.Identifiers, file: s.blocks}
	t.starts, t.startsAt = s.at(sectionStarts, 0)
	t.tails, t.tailsAt = s.at(sectionTails, 0)
	t.width = uint(max(1, bits.Len(uint(len(t.starts)/startBytes))) - 1) // a build that carries keys over may hold it narrow
	if t.width < 1 || t.width > widest || len(t.starts) != t.startsLen() || len(t.tails) != tailBytes*t.n {
		s.blocks.fail("it does not hold the keys that it counts")
		empty, _ := newKeyTable(nil, widest, 1)
		return empty
	}
	return t
}

func (s *Snapshot) links() *linkTable {
	t := &linkTable{}
	t.linked, _ = s.at(sectionLinked, 0)
	t.counts, _ = s.at(sectionCounts, 0)
	t.rings, _ = s.at(sectionRings, 0)
	n := s.About.Identifiers
	if len(t.linked) > 0 && (len(t.linked) != linkedLen(n) || len(t.counts) != countsLen(n)) {
		s.blocks.fail("it does not hold the links that it counts")
		return &linkTable{}
	}
	return t
}

// bitmap reads a section; without one it is empty.
func (s *Snapshot) bitmap(kind sectionKind, of uint32) *roaring.Bitmap {
	b := roaring.New()
	text := s.section(kind, of)
	if len(text) == 0 {
		return b
	}
	if n, err := b.FromBuffer(text); err != nil || int(n) != len(text) || !b.IsEmpty() && int64(b.Maximum()) >= int64(s.About.Identifiers) {
		s.blocks.fail("a bitmap of it cannot be read")
		return roaring.New()
	}
	return b
}

// links reports whether the table of links holds.
func (l *lazyIndex) links() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.linked {
		l.linked, l.whole = true, true
		for _, kind := range []sectionKind{sectionLinked, sectionCounts, sectionRings} {
			text, at := l.at(kind, 0)
			l.whole = l.whole && l.blocks.ready(at, uint64(len(text)))
		}
	}
	return l.whole
}

func (l *lazyIndex) ofKind(kind Kind) *roaring.Bitmap {
	l.mu.Lock()
	defer l.mu.Unlock()
	if of, read := l.kinds[kind]; read {
		return of
	}
	at, found := slices.BinarySearch(sortedKeys(l.About.ByKind), kind)
	of := roaring.New()
	if found {
		of = l.bitmap(sectionOfKind, uint32(at))
	}
	l.kinds[kind] = of
	return of
}

// cell reads a cell, with the policy that the run's configuration has for it; nil when it is none of the index.
func (l *lazyIndex) cell(name cellName) *Cell {
	l.mu.Lock()
	defer l.mu.Unlock()
	if cell, read := l.cells[name]; read {
		return cell
	}
	channel, purpose := slices.Index(l.About.Channels, name.channel), slices.Index(l.About.Purposes, name.purpose)
	if channel < 0 || purpose < 0 {
		return nil
	}
	number := uint32(channel*len(l.About.Purposes) + purpose)
	cell := &Cell{
		Policy:  l.catalog.Policy(name.channel, name.purpose),
		Granted: l.bitmap(sectionGranted, number), Outdated: l.bitmap(sectionOutdated, number),
		Pending: l.bitmap(sectionPending, number), Denied: l.bitmap(sectionDenied, number),
		Withdrawn: l.bitmap(sectionWithdrawn, number), ends: l.endTable(sectionPlace{sectionEnding, number}, sectionEnds),
	}
	if l.blocks.err() != nil { // nobody is permitted by what is not known
		cell.Policy.OptOut, cell.Granted = false, roaring.New()
	}
	l.cells[name] = cell
	return cell
}

// endTable reads a table of instants; whose they are is a section of its own.
func (s *Snapshot) endTable(of sectionPlace, kind sectionKind) endTable {
	t := endTable{of: s.bitmap(of.kind, of.of), unit: 1}
	text := s.section(kind, of.of)
	if len(text) < endsHead {
		if !t.of.IsEmpty() {
			s.blocks.fail("instants of it are missing")
			t.of = roaring.New()
		}
		return t
	}
	t.first, t.unit = Instant(binary.LittleEndian.Uint64(text)), binary.LittleEndian.Uint64(text[8:])
	t.wide = binary.LittleEndian.Uint64(text[16:]) == 8
	t.ends = text[endsHead:]
	if uint64(len(t.ends)) != t.of.GetCardinality()*uint64(t.size()) {
		s.blocks.fail("it does not hold the instants that it counts")
		return endTable{of: roaring.New(), unit: 1}
	}
	return t
}

// aliases reads the digests of raw identifiers into memory, where the build was asked for them.
func (s *Snapshot) aliases(kinds *Kinds) *Aliases {
	if len(s.About.Digests) == 0 {
		return nil
	}
	a := &Aliases{}
	for _, kind := range s.About.Digests {
		if id, known := kinds.Index(kind); known {
			a.every = append(a.every, id)
		}
	}
	raws, entries := s.section(sectionRaws, 0), s.section(sectionAliases, 0)
	for ; len(raws) >= keyBytes; raws = raws[keyBytes:] {
		a.raws = append(a.raws, keyAt(raws))
	}
	for ; len(entries) >= aliasBytes; entries = entries[aliasBytes:] {
		e := alias{
			digest: keyAt(entries), raw: binary.LittleEndian.Uint32(entries[keyBytes:]),
			form: Form(entries[keyBytes+4]), declared: entries[keyBytes+5] == 1,
		}
		if int(e.raw) >= len(a.raws) || e.form >= forms {
			s.blocks.fail("a digest of it leads nowhere")
			return nil
		}
		a.entries = append(a.entries, e)
	}
	a.index()
	return a
}
