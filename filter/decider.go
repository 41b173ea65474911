package filter

import (
	"context"
	"slices"

	"cpm/consentload"
	"cpm/formats"
)

// decider is one worker of a run: it decides the rows of one batch at a time, with memory of its own.
type decider struct {
	job      *Job
	keyer    *consentload.Keyer
	kinds    []consentload.KindID // by column
	hashes   hashes
	order    [][]int // by gate: the columns that are asked, the contact first
	row      []asked
	keys     []consentload.Key // that were made last
	ordinals []uint32          // theirs
	counts   Summary

	// Of the stretch at hand or, when duplicates are dropped, of the batch.
	ids     [][]asked  // by column, one a row
	rulings [][]ruling // by gate, one a row

	verdicts [][]uint8 // by gate the reason for each row of the batch
	keep     formats.Bits
	words    []string
}

func newDecider(j *Job) *decider {
	d := &decider{
		job: j, keyer: consentload.NewKeyer(j.Kinds), ids: make([][]asked, len(j.Columns)),
		rulings: make([][]ruling, len(j.Gates)), verdicts: make([][]uint8, len(j.Gates)),
	}
	for r := Undecided; r < reasons; r++ {
		d.words = append(d.words, r.String())
	}
	for _, column := range j.Columns {
		id, _ := j.Kinds.Index(column.Kind) // MapColumns knows declared kinds alone
		d.kinds = append(d.kinds, id)
	}
	d.hashes.init(j.Kinds, j.Gates[0].index, j.lists())
	d.hashes.reading(j.Columns)
	d.counts.Cells = make([]CellSummary, len(j.Gates))
	for g, gate := range j.Gates {
		d.counts.Cells[g].Lists = make([]ListHits, len(gate.lists))
		contact := contactColumn(j.Kinds, j.Columns, gate.Contact)
		order := []int{contact}
		for i, column := range j.Columns {
			if column.Said && i != contact { // another channel's contact is asked only when the user named it
				order = append(order, i)
			}
		}
		d.order = append(d.order, order)
	}
	return d
}

// forget drops what is known of single rows.
func (d *decider) forget() {
	d.hashes.pool = d.hashes.pool[:0]
	for i := range d.ids {
		d.ids[i] = d.ids[i][:0]
	}
	for g := range d.rulings {
		d.rulings[g] = d.rulings[g][:0]
	}
}

// readIdentifiers makes the keys of the next values of a column.
func (d *decider) readIdentifiers(column int, values [][]byte) {
	ids, kind := d.ids[column], d.kinds[column]
	for _, value := range values {
		id := asked{}
		id.key, id.why = d.keyer.Key(kind, value)
		if d.hashes.some && id.why == consentload.Readable {
			d.hashes.add(&id, d.keyer, kind)
		}
		ids = append(ids, id)
	}
	d.ids[column] = ids
}

// lookUp does so and finds their ordinals; the gates of a run ask one index.
func (d *decider) lookUp(column int, values [][]byte) {
	before := len(d.ids[column])
	d.keys = slices.Grow(d.keys[:0], len(values))[:len(values)]
	d.ordinals = slices.Grow(d.ordinals[:0], len(values))[:len(values)]
	d.job.Gates[0].index.FindAll(d.keys, d.ordinals, func(from, to int) {
		d.readIdentifiers(column, values[from:to])
		for i, id := range d.ids[column][before+from:] {
			d.keys[from+i] = id.key
		}
	})
	ids := d.ids[column][before:]
	for i, ordinal := range d.ordinals {
		ids[i].ordinal, ids[i].looked = ordinal, true
	}
}

// work decides and writes batches until there are none left. Whoever stops with an error sends the others away, so that
// nobody waits for a turn that will not come.
func (d *decider) work(ctx context.Context, batches <-chan *batch) (err error) {
	defer func() {
		if err != nil {
			d.job.dedupeTurn.abort()
			d.job.writes.abort()
		}
	}()
	for b := range batches {
		err := context.Cause(ctx)
		if err == nil {
			err = consentload.WhileMapped(func() error { return d.batch(b) })
		}
		b.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *decider) batch(b *batch) error {
	if err := b.decode(); err != nil {
		return err
	}
	d.forget()
	for g := range d.verdicts {
		d.verdicts[g] = d.verdicts[g][:0]
	}
	for from := 0; from < b.Rows(); from += stretch {
		d.stretch(b, from, min(from+stretch, b.Rows()))
		if d.job.Dedupe == DedupeNone {
			d.count()
		}
	}
	for _, gate := range d.job.Gates {
		if err := gate.index.Err(); err != nil { // before anything of it is written
			return err
		}
	}
	if d.job.Dedupe != DedupeNone {
		if !d.job.dedupeTurn.wait(b.number) {
			return nil
		}
		for g, gate := range d.job.Gates {
			d.job.seen[g].drop(d.job.Dedupe, gate, d.rulings[g], d.ids[d.order[g][0]])
		}
		d.job.dedupeTurn.leave()
		d.count()
	}
	d.countRows(b)
	return d.write(b)
}

// stretch is how many rows are taken through all steps together: what is known of them stays in the processor's cache, of
// a batch that is a whole row group too.
const stretch = 1024

func (d *decider) stretch(b *batch, from, to int) {
	for column := range d.kinds {
		d.lookUp(column, b.Values(column)[from:to])
	}
	for g, gate := range d.job.Gates {
		gate.expect(to - from)
		if len(d.order[g]) == 1 && !d.hashes.some && b.MalformedRows() == 0 {
			d.decideAlone(g, d.ids[d.order[g][0]][len(d.rulings[g]):])
		} else {
			d.decide(g, b, from, to)
		}
	}
}

// decide rules on rows of a batch for one gate.
func (d *decider) decide(g int, b *batch, from, to int) {
	gate, rulings, order := d.job.Gates[g], d.rulings[g], d.order[g]
	for row := from; row < to; row++ {
		if b.Malformed(row) {
			rulings = append(rulings, ruling{reason: MalformedRow})
			continue
		}
		d.row = d.row[:0]
		for _, column := range order {
			d.row = append(d.row, d.ids[column][len(rulings)])
		}
		r := gate.rule(d.job.Match, d.row, d.hashes.pool)
		if r.reason == SuppressionList {
			d.hits(g, gate)
		}
		if d.row[0].many > 0 {
			gate.countForms(d.row[0], d.hashes.pool, &d.counts.Cells[g].Forms)
		}
		rulings = append(rulings, r)
	}
	d.rulings[g] = rulings
}

// decideAlone rules on rows that have one identifier each, under one key, as most runs have. It says the same as decide.
func (d *decider) decideAlone(g int, contacts []asked) {
	gate := d.job.Gates[g]
	verdicts := gate.compiled.known()
	verdicts.prefetch(contacts[:min(ahead, len(contacts))])
	for now := range slices.Chunk(contacts, ahead) {
		contacts = contacts[len(now):]
		verdicts.prefetch(contacts[:min(ahead, len(contacts))])
		for i := range now {
			d.rulings[g] = append(d.rulings[g], d.ruleAlone(g, gate, &now[i]))
		}
	}
}

func (d *decider) ruleAlone(g int, gate *Gate, contact *asked) ruling {
	if contact.why != consentload.Readable {
		return ruling{reason: InvalidIdentifier}
	}
	r := ruling{decided: contact.key}
	if r.reason, r.known = gate.verdictAt(contact.key, contact.ordinal); r.reason == SuppressionList {
		d.row = append(d.row[:0], *contact)
		d.hits(g, gate)
	}
	return r
}

// hits counts, for the row at hand, the lists that name it, and the forms under which they do.
func (d *decider) hits(g int, gate *Gate) {
	named := make([]uint32, len(gate.lists)) // a bit for each form
	for i, id := range d.row {
		if id.why == consentload.Readable && (i == 0 || d.job.Match != MatchContact) {
			gate.naming(id, d.hashes.pool, func(list int, form consentload.Form) { named[list] |= 1 << form })
		}
	}
	for list, found := range named {
		hits := &d.counts.Cells[g].Lists[list]
		if found != 0 {
			hits.Rows++
		}
		for form := range hits.Forms {
			hits.Forms[form] += int64(found >> form & 1)
		}
	}
}

// pending is a part of an output that waits for its turn.
type pending struct {
	writer formats.Writer
	part   formats.Part
}

// write sends the rows to their writers, in the order of the input.
func (d *decider) write(b *batch) error {
	var parts []pending
	encode := func(w formats.Writer, choose func() formats.Selection) error {
		if w == nil {
			return nil
		}
		part, err := w.Encode(b.Batch, choose())
		if err == nil {
			parts = append(parts, pending{w, part})
		}
		return err
	}
	for g := range d.job.Gates {
		out := d.job.outputs[g]
		if err := encode(out.permitted, func() formats.Selection { return d.selection(g, true) }); err != nil {
			return err
		}
		if err := encode(out.rejected, func() formats.Selection { return d.selection(g, false) }); err != nil {
			return err
		}
	}
	if err := encode(d.job.annotated, func() formats.Selection { return d.all(b.Rows()) }); err != nil {
		return err
	}
	rows := int64(b.Rows())
	return d.job.writes.put(b.number, func() error {
		for _, p := range parts {
			if err := p.writer.Append(p.part); err != nil {
				return err
			}
		}
		d.job.Rows.Add(rows)
		return nil
	})
}

// selection picks the permitted rows, or the others with their reasons.
func (d *decider) selection(g int, permitted bool) formats.Selection {
	verdicts := d.verdicts[g]
	d.keep = d.keep.Reset(len(verdicts))
	for at := 0; at < len(verdicts); at += 64 {
		bits := uint64(0) // set without a branch, which nobody could foretell
		for i, verdict := range verdicts[at:min(at+64, len(verdicts))] {
			bit := uint64(0)
			if (Reason(verdict) == Permitted) == permitted {
				bit = 1
			}
			bits |= bit << i
		}
		d.keep[at/64] = bits
	}
	return formats.Selection{Keep: d.keep, Extra: d.verdicts[g : g+1], Words: d.words}
}

// count counts the rulings, notes their reasons and forgets the rest.
func (d *decider) count() {
	for g, rulings := range d.rulings {
		cell, verdicts := &d.counts.Cells[g], d.verdicts[g]
		for i := range rulings {
			r := &rulings[i]
			verdicts = append(verdicts, uint8(r.reason))
			cell.Counts[r.reason]++
			if r.known {
				cell.Known++
			}
			if r.fallback && r.reason == Permitted {
				cell.Fallback++
			}
		}
		d.verdicts[g] = verdicts
	}
	d.forget()
}

// countRows counts the rows of a batch, and notes where the first malformed one is.
func (d *decider) countRows(b *batch) {
	d.counts.Rows += int64(b.Rows())
	if b.MalformedRows() == 0 || d.counts.firstMalformed.known(b.number) {
		return
	}
	for row := range b.Rows() {
		if b.Malformed(row) {
			d.counts.firstMalformed = place{batch: b.number, at: b.Place(row)}
			return
		}
	}
}
