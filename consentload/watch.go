package consentload

import "slices"

// WatchedEvent is what one row of an export says of an identifier that Options.Watch names: one act, or that a record
// could not be read, or that identifiers belong together.
type WatchedEvent struct {
	Source     string // the name of the source
	File       string
	Place      string // "line 12"
	Touchpoint string // what the row's own column "source" holds, as written: it may be personal data too
	Names      []WatchedName
	Fate       Fate

	// Form marks a copy: the event before it names an identifier under a digest in this form, which is not declared. What
	// it says against contacting is said of that identifier, which the copy names alone. AsWritten: no copy.
	Form Form

	// Of an act:
	Channel string // Star: all
	Purpose string // Star: all
	Status  Status
	When    Instant
	Expires Instant // the largest Instant when it names none
	Notice  string  // with Version as they were understood; empty: none that is listed
	Version string
	Rank    int  // of Version in Notice, the oldest being 1; 0: none
	Future  bool // a refusal dated after now, which counts at once

	// Of a quarantined record:
	Column  string
	Problem string

	batch, row int
}

// WatchedName is one identifier of a WatchedEvent. Kind and Value are those of the row: where it holds a digest of a known
// identifier in a declared form, Key is that identifier's. The value is personal data, for the eyes of whoever asked for
// this person: it must not stand in a message, a log or a report.
type WatchedName struct {
	Kind  Kind
	Key   Key
	Value string // as written
}

// Fate is what became of a row that names a watched identifier.
type Fate uint8

const (
	// InForce is an act that is weighed.
	InForce Fate = iota
	// AfterAsOf is an act that is left out, being later.
	AfterAsOf
	// Quarantined is a record that cannot be read.
	Quarantined
	// Identities is a row that says which identifiers belong together, and no act.
	Identities
)

// watching collects what the rows of one worker say of watched identifiers; nil when nobody is watched.
type watching struct {
	keys  map[Key]bool
	left  []event // of the row at hand: acts after as-of
	found []sighting

	recording bool // names are read again, for their values
	values    []string
}

// sighting is a watched event whose names and versions are still numbers: the vocabulary grows while workers read.
type sighting struct {
	WatchedEvent
	scope   scope
	version uint16
}

func newWatching(keys map[Key]bool) *watching {
	if len(keys) == 0 {
		return nil
	}
	return &watching{keys: keys}
}

// leave notes an act that is left out.
func (w *watching) leave(e event) {
	if w != nil {
		w.left = append(w.left, e)
	}
}

// name notes the value of an identifier while names are read for it.
func (w *watching) name(value []byte) {
	if w != nil && w.recording {
		w.values = append(w.values, string(value))
	}
}

// note keeps what the row at hand says, if it names anybody who is watched.
func (w *watching) note(r *record, batch int, what outcome) {
	left := w.left
	w.left = w.left[:0]
	if what == passed && len(left) == 0 || !slices.ContainsFunc(r.names, func(n named) bool { return w.keys[n.key] }) {
		return
	}
	seen := sighting{WatchedEvent: WatchedEvent{
		Place: r.batch.Place(r.row), Names: w.read(r), Fate: Identities, When: None, Expires: noExpiry, batch: batch, row: r.row,
	}}
	if at := r.shape.touchpoint; at > 0 {
		seen.Touchpoint = string(r.batch.Values(at - 1)[r.row])
	}
	switch {
	case what == rejected:
		seen.Fate, seen.Column, seen.Problem = Quarantined, r.problem.column, r.problem.what
		w.found = append(w.found, seen)
		return
	case r.shape.links:
		w.found = append(w.found, seen)
		return
	}
	if what == acted {
		for i := range r.events {
			w.act(seen, &r.events[i], InForce, r.asOf)
		}
	}
	for i := range left {
		w.act(seen, &left[i], AfterAsOf, r.asOf)
	}
}

// read reads the names of the row at hand once more, with their values; each identifier once.
func (w *watching) read(r *record) (names []WatchedName) {
	w.recording, w.values = true, w.values[:0]
	r.readNames()
	w.recording = false
	kinds := r.catalog.Kinds.All()
	for i, name := range r.names {
		if !slices.ContainsFunc(names, func(n WatchedName) bool { return n.Key == name.key }) {
			names = append(names, WatchedName{Kind: kinds[name.kind], Key: name.key, Value: w.values[i]})
		}
	}
	return names
}

func (w *watching) act(seen sighting, e *event, fate Fate, asOf Instant) {
	seen.Fate, seen.Status, seen.When, seen.Expires = fate, e.status, e.when, e.expires
	seen.Future = fate == InForce && e.when > asOf
	seen.scope, seen.version = e.scope, e.version
	w.found = append(w.found, seen)
}

// watched adds what the workers have seen in one table, in the order of its rows.
func (l *loader) watched(run *reading, source string) {
	var all []sighting
	for _, r := range run.records {
		if r.watching != nil {
			all = append(all, r.watching.found...)
		}
	}
	slices.SortStableFunc(all, func(a, b sighting) int {
		if a.batch != b.batch {
			return a.batch - b.batch
		}
		return a.row - b.row
	})
	for i := range all {
		e := all[i].WatchedEvent
		e.Source, e.File = source, run.name
		if e.Fate == InForce || e.Fate == AfterAsOf {
			e.Channel, e.Purpose = l.words.channels.names[all[i].scope.channel], l.words.purposes.names[all[i].scope.purpose]
			if v := l.words.ranks[all[i].version]; v.rank > 0 {
				e.Notice, e.Rank, e.Version = v.notice, v.rank, l.catalog.notices[v.notice][v.rank-1]
			}
		}
		l.report.Watched = append(l.report.Watched, e)
	}
}

// addTouchpoint selects the column in which the canonical form tells where an act was recorded. It decides nothing, so
// that no load but one that watches somebody reads it.
func (s *shape) addTouchpoint(header []string) {
	if s.mapping != canonical {
		return
	}
	places := placesOf(header, func(name string) bool { return foldColumn(name) == "source" })
	if len(places) == 1 {
		s.touchpoint = s.add(header, places[0]) + 1
	}
}
