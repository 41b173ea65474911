package consentload

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"
)

// Index answers what the consent says of an identifier in a cell. It is immutable: any number of goroutines may ask.
//
// Identifiers are ranked by key; the rank, called ordinal, is their bit in every bitmap.
type Index struct {
	asOf     Instant
	keys     *keyTable
	keyCheck string
	secret   bool  // an installation's own key was used
	full     []Key // all bits of the keys; nil unless the load watched anybody
	subjects *linkTable
	kinds    map[Kind]*roaring.Bitmap // the identifiers of each kind
	allKinds []Kind                   // by KindID
	hashed   []KindID                 // the hashed kinds of which it knows digests
	digests  *roaring.Bitmap          // these digests

	channels []string // sorted; without the star
	purposes []string
	cells    map[cellName]*Cell

	refusals map[cellName]*refusals // by scope; nil unless the load was asked for them

	aliases    *Aliases // nil: no digests were asked for
	shared     *roaring.Bitmap
	unreadable *roaring.Bitmap // a quarantined record names the subject
	dormant    bits64          // stands in no act, up to the last of them: it is asked for every row

	file *lazyIndex // what is read of a file when it is asked for; nil: all is in memory
}

type cellName struct{ channel, purpose string }

// Cell holds the identifiers of one channel and purpose by what decides for them. Without a bit in any bitmap no act
// covers the cell. Ordinals are those of the index; the bitmaps must not be changed.
type Cell struct {
	Policy    Policy
	Granted   *roaring.Bitmap // a grant decides
	Outdated  *roaring.Bitmap // of those: under a notice version that no longer holds
	Pending   *roaring.Bitmap
	Denied    *roaring.Bitmap // a refusal stands
	Withdrawn *roaring.Bitmap // the same
	ends      endTable        // of the granted
}

// State is what the acts of a subject come to in a cell.
type State uint8

// The zero State is that of an identifier of which nothing is known.
const (
	NoAct State = iota
	IsGranted
	IsPending
	IsDenied
	IsWithdrawn
)

// Evidence is all that a verdict needs of one identifier in one cell, the lists of the run apart.
type Evidence struct {
	Known      bool // an event in force names the identifier
	Unreadable bool // a quarantined record names its subject
	Shared     bool // beyond max_links
	State      State
	Outdated   bool    // granted under a notice version that no longer holds
	Expires    Instant // of the grant; the largest Instant when it does not end
}

// freeze makes the index of a folded log.
func freeze(ctx context.Context, l *loader) (*Index, error) {
	if err := l.options.Previous.show(l); err != nil {
		return nil, err
	}
	if err := l.words.tooMany(); err != nil {
		return nil, err
	}
	aliases, err := l.settleDigests(ctx)
	if err != nil {
		return nil, err
	}
	log, err := fold(ctx, l)
	if err != nil {
		return nil, err
	}
	x := &Index{
		asOf: l.options.AsOf, aliases: aliases,
		keyCheck: l.catalog.Kinds.keyCheck(), secret: l.catalog.Kinds.secret != (Secret{}),
	}
	r, err := x.settle(ctx, l, log)
	if err != nil {
		return nil, err
	}
	log = r.log
	if l.options.Refusals {
		x.refusals = refusalsOf(l.catalog, l.words, log, l.options.Workers)
	}
	x.unreadable, x.dormant = roaring.New(), bitmapOf(log.dormant).ToDense()
	for _, ordinal := range log.unreadable {
		x.unreadable.AddMany(x.Members(ordinal))
	}
	x.shared = roaring.New()
	for ordinal, shared := range r.links.shared {
		if shared {
			x.shared.Add(uint32(ordinal))
		}
	}
	x.shared.RunOptimize() // a set has one form, however it came about
	x.unreadable.RunOptimize()
	return x, nil
}

// settle ranks the identifiers of a log, and puts them to their subjects and cells. What an earlier index asks to be
// carried over is added to the log, which is then settled again.
func (x *Index) settle(ctx context.Context, l *loader, log *foldedLog) (r *resolver, err error) {
	held := newHolding(l)
	for {
		if l.options.Watch != nil {
			x.full = log.keys.joined()
		}
		var group errgroup.Group
		group.Go(func() (err error) {
			x.keys, err = newKeyTable(log.keys, held.widest(), l.options.Workers)
			return err
		})
		group.Go(func() (err error) {
			r, err = x.resolve(ctx, l, log, held)
			return err
		})
		if err := group.Wait(); err != nil {
			return nil, err
		}
		carried, err := held.hold(x, r)
		if err != nil || len(carried) == 0 {
			return r, err
		}
		log = log.with(carried)
	}
}

// resolve puts the identifiers of a log to their kinds, subjects and cells.
func (x *Index) resolve(ctx context.Context, l *loader, log *foldedLog, held *holding) (r *resolver, err error) {
	x.sort(l.catalog.Kinds, log.kinds)
	r = newResolver(l.catalog, l.words, log)
	if r.links, err = unite(ctx, l, log); err != nil {
		return nil, err
	}
	x.subjects, l.report.Linked = newLinkTable(r.links, log.len(), l.options.Workers)
	l.report.SharedByKind = r.links.byKind
	settled := log.settled
	log.settled = held.lists(settled)
	lists, err := r.resolve(ctx, l.options.Workers)
	log.settled = settled
	if err != nil {
		return nil, err
	}
	x.cut(l.words, r.policies, lists, l.options.Workers)
	return r, nil
}

// sort puts the identifiers to their kinds.
func (x *Index) sort(kinds *Kinds, of []KindID) {
	names := kinds.All()
	members := make([]bits64, len(names))
	for ordinal, kind := range of {
		if members[kind] == nil {
			members[kind] = make(bits64, len(of)/64+1)
		}
		members[kind].set(uint32(ordinal))
	}
	x.hashed = nil
	x.allKinds, x.kinds, x.digests = names, map[Kind]*roaring.Bitmap{}, roaring.New()
	for kind, name := range names {
		x.kinds[name] = members[kind].bitmap()
		if _, hashed := kinds.Raw(KindID(kind)); hashed && members[kind] != nil {
			x.hashed = append(x.hashed, KindID(kind))
			x.digests.Or(x.kinds[name])
		}
	}
}

// cut names the cells and freezes their lists, several at once.
func (x *Index) cut(words *vocabulary, policies []Policy, lists []cellLists, workers int) {
	x.channels = slices.Sorted(slices.Values(words.channels.names[1:]))
	x.purposes = slices.Sorted(slices.Values(words.purposes.names[1:]))
	x.cells = make(map[cellName]*Cell, len(lists))
	var group errgroup.Group
	group.SetLimit(workers)
	for _, channel := range words.channels.names[1:] {
		for _, purpose := range words.purposes.names[1:] {
			cell, l := &Cell{Policy: policies[len(x.cells)]}, &lists[len(x.cells)]
			x.cells[cellName{channel, purpose}] = cell
			group.Go(func() error {
				cell.freeze(l)
				return nil
			})
		}
	}
	_ = group.Wait() // none of them fails
}

// freeze makes the bitmaps of lists, which are used up.
func (c *Cell) freeze(l *cellLists) {
	c.Granted, c.Outdated, c.Pending = bitmapOf(l.granted), bitmapOf(l.outdated), bitmapOf(l.pending)
	c.Denied, c.Withdrawn, c.ends = bitmapOf(l.denied), bitmapOf(l.withdrawn), newEndTable(l.expiries)
	*l = cellLists{}
}

// Find returns the ordinal of an identifier.
func (x *Index) Find(k Key) (ordinal uint32, ok bool) { return x.keys.find(k) }

// FindAll writes the ordinal of each identifier, or NoOrdinal, into a slice as long as that of the keys. It has the keys
// filled in, some at a time and in their order, before it looks for them: what is known of some is on its way from memory while
// others are made.
func (x *Index) FindAll(keys []Key, ordinals []uint32, fill func(from, to int)) {
	x.keys.findAll(keys, ordinals, fill)
}

// Key returns the key of an identifier, in an index that was loaded with Options.Watch. No other keeps all its bits, and to
// ask one is a fault of the program.
func (x *Index) Key(ordinal uint32) Key { return x.full[ordinal] }

// Len is the number of identifiers.
func (x *Index) Len() int { return x.keys.n }

// AsOf is the instant for which the index holds.
func (x *Index) AsOf() Instant { return x.asOf }

// Channels returns the channels that the catalog or the exports know, sorted.
func (x *Index) Channels() []string { return x.channels }

// Purposes returns the purposes that the catalog or the exports know, sorted.
func (x *Index) Purposes() []string { return x.purposes }

// Cell returns a cell by the names of its channel and purpose; nil when either is unknown.
func (x *Index) Cell(channel, purpose string) *Cell {
	if x.file != nil {
		return x.file.cell(cellName{channel, purpose})
	}
	return x.cells[cellName{channel, purpose}]
}

// Members returns the identifiers of the subject to which an identifier belongs, itself among them, in order.
func (x *Index) Members(ordinal uint32) []uint32 {
	if x.file != nil && !x.file.links() {
		return []uint32{ordinal}
	}
	members, whole := x.subjects.members(nil, ordinal)
	if !whole && x.file != nil {
		x.file.blocks.fail("its links lead nowhere")
	}
	return members
}

// Err returns what is wrong with the file of the index, as far as it was asked; nil when nothing is known to be. What a
// damaged file would tell, it does not: whoever has asked must look here before anything is done with the answers.
func (x *Index) Err() error {
	if x.file == nil {
		return nil
	}
	return x.file.blocks.err()
}

// Aliases tell which identifiers of the index a digest may stand for; nil when the load noted none.
func (x *Index) Aliases() *Aliases { return x.aliases }

// Hashed lists the hashed kinds of which the index knows digests that no raw identifier of it gives under a declared
// form: a raw identifier of an audience may be known under them alone.
func (x *Index) Hashed() []KindID { return x.hashed }

// Digests returns these digests.
func (x *Index) Digests() *roaring.Bitmap { return x.digests }

// Known reports whether an event in force names the identifier.
func (x *Index) Known(ordinal uint32) bool { return !x.dormant.has(ordinal) }

// OfKind returns the identifiers of a kind; none for a kind that nobody declared.
func (x *Index) OfKind(kind Kind) *roaring.Bitmap {
	if x.file != nil {
		return x.file.ofKind(kind)
	}
	if of, declared := x.kinds[kind]; declared {
		return of
	}
	return roaring.New()
}

// Shared returns the identifiers beyond max_links; Unreadable those whose subject a quarantined record names.
func (x *Index) Shared() *roaring.Bitmap { return x.shared }

// Unreadable returns the identifiers whose subject a quarantined record names.
func (x *Index) Unreadable() *roaring.Bitmap { return x.unreadable }

// Evidence returns what the consent says of an identifier in a cell of this index.
func (x *Index) Evidence(cell *Cell, ordinal uint32) Evidence {
	e := Evidence{
		Known: x.Known(ordinal), Unreadable: x.unreadable.Contains(ordinal), Shared: x.shared.Contains(ordinal),
		Expires: noExpiry,
	}
	switch {
	case cell.Withdrawn.Contains(ordinal):
		e.State = IsWithdrawn
	case cell.Denied.Contains(ordinal):
		e.State = IsDenied
	case cell.Pending.Contains(ordinal):
		e.State = IsPending
	case cell.Granted.Contains(ordinal):
		e.State = IsGranted
		e.Outdated = cell.Outdated.Contains(ordinal)
		e.Expires = cell.ends.end(ordinal)
	}
	return e
}

// Expired returns the identifiers whose grant has ended by an instant.
func (c *Cell) Expired(asOf Instant) *roaring.Bitmap { return c.ends.by(asOf) }

// NextExpiry returns the first instant after asOf at which a grant of the cell ends; ok is false when none does.
func (c *Cell) NextExpiry(asOf Instant) (at Instant, ok bool) {
	at = c.ends.next(asOf)
	return at, at != noExpiry
}
