package consentload

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// The four scopes that cover a cell, as places in a window.
const (
	exact = iota // this channel, this purpose
	anyPurpose
	anyChannel
	anything
	scopes
)

// answeredBy returns, for a refusal in one of the four scopes, those whose grants are at least as specific: a bit each.
func answeredBy(refusal int) uint {
	switch refusal {
	case exact:
		return 1 << exact
	case anyPurpose:
		return 1<<exact | 1<<anyPurpose
	case anyChannel:
		return 1<<exact | 1<<anyChannel
	}
	return 1<<scopes - 1
}

// window is what one identifier's acts say of one cell; nil where there are none.
type window [scopes]*acts

// resolver turns folded acts into the state of each identifier in each cell. It is read by several goroutines.
type resolver struct {
	catalog *Catalog
	words   *vocabulary
	log     *foldedLog
	links   *links

	channels, purposes int // numbers run from 1
	policies           []Policy
	starred            []bool // by purpose: an act for all purposes covers it
}

func newResolver(c *Catalog, words *vocabulary, log *foldedLog) *resolver {
	r := &resolver{
		catalog: c, words: words, log: log,
		channels: len(words.channels.names) - 1, purposes: len(words.purposes.names) - 1,
	}
	for _, channel := range words.channels.names[1:] {
		for _, purpose := range words.purposes.names[1:] {
			r.policies = append(r.policies, c.Policy(channel, purpose))
		}
	}
	r.starred = append(r.starred, true)
	for _, purpose := range words.purposes.names[1:] {
		r.starred = append(r.starred, c.StarCovers(purpose))
	}
	return r
}

// worker resolves subjects into lists of its own.
type worker struct {
	*resolver
	cells   []cellLists
	seen    []uint64 // by cell: the subject that touched it last, counted from 1
	turn    uint64
	same    []uint32 // the identifiers whose acts the log has; nil: those of the log
	windows []window
	covered map[scope][]int
	one     [1]uint32 // room
}

// resolve settles every identifier in every cell.
func (r *resolver) resolve(ctx context.Context, workers int) ([]cellLists, error) {
	if len(r.log.acts) == 0 {
		return r.log.settled, nil
	}
	grouped := make([]bool, r.log.len())
	for _, members := range r.links.members {
		for _, ordinal := range members {
			grouped[ordinal] = true
		}
	}
	crew := make([]*worker, workers)
	group, ctx := errgroup.WithContext(ctx)
	for i := range crew {
		crew[i] = r.worker()
		group.Go(func() error { return crew[i].run(ctx, grouped, i, workers) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := r.log.settled
	for _, w := range crew {
		for i := range all {
			all[i].append(&w.cells[i])
		}
	}
	return all, nil
}

func (r *resolver) worker() *worker {
	return &worker{
		resolver: r, cells: make([]cellLists, len(r.policies)), seen: make([]uint64, len(r.policies)), covered: map[scope][]int{},
	}
}

// alike settles identifiers of whom the same acts are all that is said. The log of the worker is theirs alone.
func (w *worker) alike(ordinals []uint32, all []acts) {
	w.same, w.log.starts[1], w.log.acts = ordinals, uint32(len(all)), all
	w.subject(w.log.starts[:1])
}

// run resolves one share of the subjects: a run of the single identifiers, and a run of the groups.
func (w *worker) run(ctx context.Context, grouped []bool, share, of int) error {
	one := make([]uint32, 1)
	for i := len(grouped) * share / of; i < len(grouped)*(share+1)/of; i++ {
		if i%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if !grouped[i] {
			one[0] = uint32(i)
			w.subject(one)
		}
	}
	groups := w.links.members
	for i := len(groups) * share / of; i < len(groups)*(share+1)/of; i++ {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		w.subject(groups[i])
	}
	return nil
}

func (w *worker) subject(members []uint32) {
	if len(members) == 1 && w.direct(members[0]) {
		return
	}
	w.turn++
	for _, ordinal := range members {
		for _, a := range w.log.of(ordinal) {
			for _, cell := range w.cellsOf(a.scope) {
				if w.seen[cell] != w.turn {
					w.seen[cell] = w.turn
					w.cell(members, cell)
				}
			}
		}
	}
}

// direct settles an identifier that is a subject of its own and has acts for named channels and purposes alone: each
// then stands for its cell, and nothing else covers it.
func (w *worker) direct(ordinal uint32) bool {
	log := w.log.of(ordinal)
	for i := range log {
		if log[i].scope.channel == 0 || log[i].scope.purpose == 0 {
			return false
		}
	}
	for i := range log {
		a := &log[i]
		refusal := *a
		if a.granted > a.refused {
			refusal.refused = None
		}
		w.settle(ordinal, w.cellOf(int(a.scope.channel), int(a.scope.purpose)), refusal, *a)
	}
	return true
}

// cellsOf returns the cells that a scope covers.
func (w *worker) cellsOf(s scope) []int {
	if cells, ok := w.covered[s]; ok {
		return cells
	}
	var cells []int
	for channel := 1; channel <= w.channels; channel++ {
		for purpose := 1; purpose <= w.purposes; purpose++ {
			if (s.channel == 0 || int(s.channel) == channel) &&
				(int(s.purpose) == purpose || s.purpose == 0 && w.starred[purpose]) {
				cells = append(cells, w.cellOf(channel, purpose))
			}
		}
	}
	w.covered[s] = cells
	return cells
}

func (r *resolver) cellOf(channel, purpose int) int { return (channel-1)*r.purposes + purpose - 1 }

// cell settles one cell for the members of one subject.
func (w *worker) cell(members []uint32, cell int) {
	channel, purpose := uint16(cell/w.purposes+1), uint16(cell%w.purposes+1)
	w.windows = w.windows[:0]
	for _, ordinal := range members {
		w.windows = append(w.windows, w.window(w.log.of(ordinal), channel, purpose))
	}
	standing := w.standing(members, channel, purpose)
	whole := acts{granted: None, pending: None, refused: None}
	for i := range w.windows {
		for _, a := range w.windows[i] {
			if a != nil {
				whole.pending = max(whole.pending, a.pending)
				whole.grant(a.granted, a.expires, a.version, w.words)
			}
		}
	}
	for i, ordinal := range members {
		w.settle(ordinal, cell, w.refusal(&w.windows[i], &standing), w.deciding(&w.windows[i], whole))
	}
}

// window finds an identifier's acts in the scopes that cover a cell.
func (w *worker) window(log []acts, channel, purpose uint16) window {
	var found window
	for i := range log {
		switch log[i].scope {
		case scope{channel, purpose}:
			found[exact] = &log[i]
		case scope{channel, 0}:
			found[anyPurpose] = &log[i]
		case scope{0, purpose}:
			found[anyChannel] = &log[i]
		case scope{0, 0}:
			found[anything] = &log[i]
		}
	}
	if !w.starred[purpose] {
		found[anyPurpose], found[anything] = nil, nil
	}
	return found
}

// answered reports whether an identifier's own grants answer a refusal of that scope and instant.
func (w *worker) answered(at *window, s int, refused Instant) bool {
	answers := answeredBy(s)
	if w.catalog.Lift {
		answers = answeredBy(anything)
	}
	for other := range at {
		if answers>>other&1 != 0 && at[other] != nil && at[other].granted > refused {
			return true
		}
	}
	return false
}

// standing returns, for each scope, the latest refusal of the subject that was not granted anew wherever it was made.
// For another identifier it stands unless that one's own grant answers it.
func (w *worker) standing(members []uint32, channel, purpose uint16) [scopes]acts {
	var latest [scopes]acts
	for s := range latest {
		latest[s].refused = None
	}
	for i := range w.windows {
		w.unanswered(&w.windows[i], &latest)
	}
	if len(members) > 1 && w.links.shadows != nil {
		for _, shadow := range w.links.shadows[w.links.of(members[0])] {
			at := w.window(shadow, channel, purpose)
			w.unanswered(&at, &latest)
		}
	}
	return latest
}

// unanswered adds the refusals made at one identifier that its own grants do not answer.
func (w *worker) unanswered(at *window, latest *[scopes]acts) {
	for s, a := range at {
		if a != nil && (w.catalog.Link == LinkRefusals || !w.answered(at, s, a.refused)) {
			latest[s].refuse(a.refused, a.withdrawn)
		}
	}
}

// refusal returns the latest refusal that stands for an identifier; its refused is None when none does.
func (w *worker) refusal(at *window, standing *[scopes]acts) acts {
	latest := acts{refused: None}
	for s := range standing {
		if a := &standing[s]; a.refused != None && !w.answered(at, s, a.refused) {
			latest.refuse(a.refused, a.withdrawn)
		}
	}
	return latest
}

// deciding returns the latest grant and pending act that count for an identifier.
func (w *worker) deciding(at *window, whole acts) acts {
	if w.catalog.Link != LinkRefusals {
		return whole
	}
	whole.granted = None
	for _, a := range at {
		if a != nil {
			whole.grant(a.granted, a.expires, a.version, w.words)
		}
	}
	return whole
}

// settle lists an identifier of the log under its state, or all that have the same acts.
func (w *worker) settle(ordinal uint32, cell int, refusal, decide acts) {
	if w.same != nil {
		w.list(w.same, cell, refusal, decide)
		return
	}
	w.one[0] = ordinal
	w.list(w.one[:], cell, refusal, decide)
}

func (w *worker) list(ordinals []uint32, cell int, refusal, decide acts) {
	lists, policy := &w.cells[cell], &w.policies[cell]
	switch {
	case refusal.refused != None && refusal.withdrawn:
		lists.withdrawn = append(lists.withdrawn, ordinals...)
	case refusal.refused != None:
		lists.denied = append(lists.denied, ordinals...)
	case decide.pending != None && decide.pending >= decide.granted:
		lists.pending = append(lists.pending, ordinals...)
	case decide.granted != None:
		lists.granted = append(lists.granted, ordinals...)
		if w.words.rank(decide.version, policy.Notice) < policy.MinVersion {
			lists.outdated = append(lists.outdated, ordinals...)
		}
		if at := endOf(decide, policy); at != noExpiry {
			for _, ordinal := range ordinals {
				lists.expiries = append(lists.expiries, expiry{ordinal, at})
			}
		}
	}
}

// endOf returns when a grant ends: at its own expiry or when the policy's time is over, whichever is earlier.
func endOf(grant acts, policy *Policy) Instant {
	if policy.ValidFor == 0 {
		return grant.expires
	}
	return min(grant.expires, grant.granted.Add(policy.ValidFor))
}
