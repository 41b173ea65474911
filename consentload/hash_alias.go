package consentload

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Alias is another key under which an identifier may be known, and the form that makes it so. Where Declared is set
// both are one identifier; otherwise only what speaks against contacting counts.
type Alias struct {
	Key      Key
	Form     Form
	Declared bool
}

// Aliases tell which raw identifiers a digest may stand for. They are frozen, and may be asked by many goroutines. The
// nil Aliases know nothing.
type Aliases struct {
	every   []KindID // hashed kinds of which every digest of a raw identifier is known
	entries []alias  // by digest
	raws    []Key    // sorted, each once
	starts  []uint32 // entries whose digests share their leading bits; one more than there are such beginnings
	shift   uint
}

// alias is one entry, 24 bytes: a raw identifier has one for each form.
type alias struct {
	digest   Key
	raw      uint32 // place in raws
	form     Form
	declared bool
}

// Complete reports whether every raw identifier that was read is found under its digests of a kind. An audience of
// another hashed kind cannot be judged.
func (a *Aliases) Complete(kind KindID) bool { return a != nil && slices.Contains(a.every, kind) }

// Append appends the raw identifiers whose digest a key is. A digest that two raw identifiers give under declared forms
// (the national form of one number may be the digits of another one) declares neither.
func (a *Aliases) Append(dst []Alias, digest Key) []Alias {
	if a == nil || len(a.entries) == 0 {
		return dst
	}
	bucket := digest.Hi >> a.shift
	for i := a.starts[bucket]; i < a.starts[bucket+1]; i++ {
		if e := &a.entries[i]; e.digest == digest {
			dst = append(dst, Alias{a.raws[e.raw], e.form, e.declared})
		}
	}
	return dst
}

// Each calls do with every digest and each raw identifier that gives it, under whatever form.
func (a *Aliases) Each(do func(digest Key, raw Alias)) {
	if a == nil {
		return
	}
	for i := range a.entries {
		e := &a.entries[i]
		do(e.digest, Alias{a.raws[e.raw], e.form, e.declared})
	}
}

// with returns the aliases of both; of a kind it knows every digest where the first does. A digest that two different raw
// identifiers give declares neither.
func (a *Aliases) with(o *Aliases) *Aliases {
	if o == nil {
		return a
	}
	both, all := &Aliases{}, append(a.listed(), o.listed()...)
	if a != nil {
		both.every = a.every
	}
	slices.SortFunc(all, aliasEntry.compare)
	for i := 0; i < len(all); {
		end, several := i, false
		for ; end < len(all) && all[end].digest == all[i].digest; end++ {
			several = several || all[end].raw != all[i].raw
		}
		for ; i < end; i++ {
			all[i].declared = all[i].declared && !several
		}
	}
	all = slices.CompactFunc(all, func(a, b aliasEntry) bool { return a.compare(b) == 0 })
	both.number(all)
	both.index()
	return both
}

// number gives the raw identifiers of sorted entries their places.
func (a *Aliases) number(entries []aliasEntry) {
	a.raws, a.entries = make([]Key, 0, len(entries)/2), make([]alias, 0, len(entries))
	for _, e := range entries {
		a.raws = append(a.raws, e.raw)
	}
	slices.SortFunc(a.raws, Key.Compare)
	a.raws = slices.Clip(slices.Compact(a.raws))
	for _, e := range entries {
		raw, _ := slices.BinarySearchFunc(a.raws, e.raw, Key.Compare)
		a.entries = append(a.entries, alias{e.digest, uint32(raw), e.form, e.declared})
	}
}

// Find returns the one raw identifier that a digest is the same as; ok is false when there is none, or when it is
// known under undeclared forms alone.
func (a *Aliases) Find(digest Key) (raw Key, form Form, ok bool) {
	var room [4]Alias
	for _, one := range a.Append(room[:0], digest) {
		if one.Declared {
			return one.Key, one.Form, true
		}
	}
	return Key{}, AsWritten, false
}

// Of returns the other keys of raw identifiers: their digests, and addresses folded as a list folds them. It looks at
// every alias, which is for one person, not for an audience.
func (a *Aliases) Of(raws map[Key]bool) map[Key][]Alias {
	if a == nil {
		return nil
	}
	found := map[Key][]Alias{}
	for i := range a.entries {
		e := &a.entries[i]
		if raw := a.raws[e.raw]; raws[raw] {
			found[raw] = append(found[raw], Alias{e.digest, e.form, e.declared})
		}
	}
	return found
}

// AliasBook gathers what Aliases are made of while raw identifiers are read. Want and Seek come before the first
// keyer of its kinds; then any number of goroutines read, each with a keyer of its own; Close comes when all are done.
type AliasBook struct {
	kinds  *Kinds
	wanted []KindID // hashed kinds that anything asks for
	every  []KindID // of those: every digest is noted, not only those that lists hold
	sought []*List  // lists of digests, or of addresses to be folded
	folds  []Form   // of those lists

	mu   sync.Mutex
	logs []*aliasLog
	held int // of the logs, those that outlast Close
}

// NewAliasBook returns a book for the kinds of one configuration.
func NewAliasBook(kinds *Kinds) *AliasBook { return &AliasBook{kinds: kinds} }

// Want has every digest noted that raw identifiers have under a hashed kind: some of the audience, or of the exports,
// are known by it alone. A raw kind wants nothing.
func (b *AliasBook) Want(kind KindID) {
	if _, hashed := b.kinds.Raw(kind); hashed && !slices.Contains(b.every, kind) {
		b.every = append(b.every, kind)
		b.want(kind)
	}
}

// Wanted returns the hashed kinds that anything asks for.
func (b *AliasBook) Wanted() []KindID { return b.wanted }

// Hold keeps what was noted so far for every Close to come: lists are read once, where the exports are read again.
func (b *AliasBook) Hold() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = len(b.logs)
}

func (b *AliasBook) want(kind KindID) {
	if !slices.Contains(b.wanted, kind) {
		b.wanted = append(b.wanted, kind)
	}
}

// Seek has those digests noted, and those folded addresses, that a list holds.
func (b *AliasBook) Seek(list *List) {
	sought := list.Fold != AsWritten
	if sought && !slices.Contains(b.folds, list.Fold) {
		b.folds = append(b.folds, list.Fold)
	}
	for _, kind := range list.Hashed {
		b.want(kind)
		sought = true
	}
	if sought {
		b.sought = append(b.sought, list)
	}
}

func (b *AliasBook) isHashed(kind KindID) bool {
	_, hashed := b.kinds.Raw(kind)
	return hashed
}

// Kinds returns the kinds whose keyers note in the book what they read. A book that nothing asks of is not written in.
func (b *AliasBook) Kinds() *Kinds {
	if len(b.wanted) == 0 && len(b.folds) == 0 {
		return b.kinds
	}
	noting := *b.kinds
	noting.book = b
	return &noting
}

// open returns a log for one goroutine.
func (b *AliasBook) open() *aliasLog {
	log := &aliasLog{book: b}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.logs = append(b.logs, log)
	return log
}

func (b *AliasBook) seeks(digest Key) bool {
	for _, list := range b.sought {
		if list.Has(digest) {
			return true
		}
	}
	return false
}

// aliasLog notes the digests of the raw identifiers that one goroutine reads.
type aliasLog struct {
	book    *AliasBook
	entries []aliasEntry
}

// aliasEntry is an alias before the raw identifiers are numbered.
type aliasEntry struct {
	digest, raw Key
	form        Form
	declared    bool
}

const firstCompaction = 1 << 16

// add notes a raw identifier whose normal form the keyer has at hand. Digests pass: nothing leads from them on.
func (l *aliasLog) add(k *Keyer, kind KindID, raw Key) {
	b := l.book
	if b.isHashed(kind) {
		return
	}
	k.Digests(kind, k.Normal(), b.wanted, func(hashed KindID, form Form, declared bool, digest Key) {
		if slices.Contains(b.every, hashed) || b.seeks(digest) {
			l.entries = append(l.entries, aliasEntry{digest, raw, form, declared})
		}
	})
	if k.kinds.rules[kind].form == emailForm {
		for _, fold := range b.folds {
			if folded, ok := k.Folded(kind, k.Normal(), fold); ok && folded != raw && b.seeks(folded) {
				l.entries = append(l.entries, aliasEntry{folded, raw, fold, false})
			}
		}
	}
	if n := len(l.entries); n >= firstCompaction && n+mostForms*len(b.wanted) > cap(l.entries) {
		l.compact()
	}
}

// compact drops what was noted twice. Where that frees less than half, the log grows.
func (l *aliasLog) compact() {
	slices.SortFunc(l.entries, aliasEntry.compare)
	l.entries = slices.Compact(l.entries)
	if n := len(l.entries); 2*n > cap(l.entries) {
		l.entries = slices.Grow(l.entries, n)
	}
}

func (e aliasEntry) compare(o aliasEntry) int {
	return cmp.Or(e.digest.Compare(o.digest), e.raw.Compare(o.raw), cmp.Compare(e.form, o.form))
}

// Close makes the aliases of what was noted; nil when nothing was asked of the book.
func (b *AliasBook) Close(ctx context.Context) (*Aliases, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.wanted) == 0 && len(b.folds) == 0 {
		return nil, nil //nolint:nilnil // the nil Aliases know nothing, which is what was asked for
	}
	entries, err := b.sorted(ctx)
	if err != nil {
		return nil, err
	}
	a := &Aliases{every: b.every}
	a.number(entries)
	a.settle()
	a.index()
	return a, nil
}

// sorted empties the logs, but those that are held, into one, sorted by digest in parts that share a leading byte, all processors at once.
func (b *AliasBook) sorted(ctx context.Context) ([]aliasEntry, error) {
	var starts [257]int
	for _, log := range b.logs {
		for i := range log.entries {
			starts[log.entries[i].digest.Hi>>56+1]++
		}
	}
	for i := range 256 {
		starts[i+1] += starts[i]
	}
	all, next := make([]aliasEntry, starts[256]), starts
	for _, log := range b.logs {
		for _, e := range log.entries {
			part := e.digest.Hi >> 56
			all[next[part]] = e
			next[part]++
		}
	}
	for _, log := range b.logs[b.held:] {
		log.entries = nil
	}
	b.logs = b.logs[:b.held]
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sortingAtOnce)
	for i := range 256 {
		part := all[starts[i]:starts[i+1]]
		group.Go(func() error {
			slices.SortFunc(part, aliasEntry.compare)
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, context.Cause(ctx)
	}
	return slices.Compact(all), nil
}

// sortingAtOnce is how many parts are sorted at a time; the scheduler gives each processor one.
const sortingAtOnce = 16

// settle takes the declaration from digests that two raw identifiers share under declared forms.
func (a *Aliases) settle() {
	for i := 0; i < len(a.entries); {
		end := i
		var first uint32
		declared, several := false, false
		for ; end < len(a.entries) && a.entries[end].digest == a.entries[i].digest; end++ {
			e := &a.entries[end]
			if !e.declared {
				continue
			}
			several = several || declared && e.raw != first
			declared, first = true, e.raw
		}
		for ; i < end; i++ {
			a.entries[i].declared = a.entries[i].declared && !several
		}
	}
}

// index cuts the entries into buckets of about four by their leading bits.
func (a *Aliases) index() {
	const perBucket = 4
	width := max(1, bits.Len(uint(len(a.entries)/perBucket)))
	a.shift = uint(64 - width)
	a.starts = make([]uint32, 1<<width+1)
	next := 0
	for i := range a.entries {
		for bucket := int(a.entries[i].digest.Hi >> a.shift); next <= bucket; next++ {
			a.starts[next] = uint32(i)
		}
	}
	for ; next < len(a.starts); next++ {
		a.starts[next] = uint32(len(a.entries))
	}
}
