package consentload

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"cpm/formats"
	"cpm/formats/fault"
)

// reading is one export on its way through the workers. One goroutine cuts batches, the workers read records and log
// facts; of several faults the one that stands first in the file is told, however the work was shared.
type reading struct {
	*loader
	name    string
	form    *shape
	records []*record

	mu          sync.Mutex
	first       int // the batch with the first fault; batches behind it are left
	fault       error
	quarantined []BadRecord
}

// numbered is a batch with its place in the file.
type numbered struct {
	number int
	batch  formats.Batch
}

func newReading(l *loader, name string, form *shape) *reading {
	run := &reading{loader: l, name: name, form: form, first: -1}
	for range l.options.Workers {
		r := &record{
			catalog: l.catalog, words: l.words, sums: actSummer{words: l.words}, shape: form, times: NewTimeReader(form.zone),
			asOf: l.options.AsOf, isNow: l.options.AsOfIsNow, newest: None, nextAct: noExpiry,
			keyer: NewKeyer(l.catalog.Kinds), regions: map[string]*Keyer{}, versions: map[string]uint16{},
			watching: newWatching(l.options.Watch),
			seen:     make([]seenWords, form.namings), asked: make([]bool, len(form.watched)), found: make([]bool, len(form.watched)),
		}
		if form.mapping != canonical {
			r.times = r.times.forPlatforms()
		}
		if form.dates {
			r.times = r.times.withDates()
		}
		r.plain = newPlainRows(r)
		run.records = append(run.records, r)
	}
	return run
}

// unseen refuses an export in which a column that the mapping names held nothing in any record: of nested rows nobody can
// say beforehand which columns there are, and what a misspelt one should tell would be lost.
func (run *reading) unseen() error {
	for i, name := range run.form.watched {
		asked, found := false, false
		for _, r := range run.records {
			asked, found = asked || r.asked[i], found || r.found[i]
		}
		if asked && !found {
			return fault.New(fault.Input, run.name, "no record has anything under %s, which the mapping %s reads", quoteSafely(name), run.form.mapping).
				Hint("check that it is the export that it should be; a name with ? behind it may be missing")
		}
	}
	return nil
}

func (run *reading) stream(ctx context.Context, reader formats.Reader) error {
	batches := make(chan numbered, batchesInHand)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(batches)
		return run.cut(ctx, reader, batches)
	})
	for i := range run.records {
		group.Go(func() error {
			for n := range batches {
				err := run.batch(n, run.records[i], run.shards[i])
				n.batch.Release()
				if err != nil {
					run.fail(n.number, err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return run.fault
}

// cut sends the batches; a fault of the reader stands behind all batches that it gave before.
func (run *reading) cut(ctx context.Context, reader formats.Reader, batches chan<- numbered) error {
	var before int64
	for number := 0; ; number++ {
		batch, err := reader.Next()
		if isEnd(err) {
			return nil
		}
		if err != nil {
			run.fail(number, err)
			return nil
		}
		done := reader.Done()
		run.options.Progress.Bytes.Add(done - before)
		before = done
		if run.failedBefore(number) {
			batch.Release()
			return nil
		}
		select {
		case batches <- numbered{number, batch}:
		case <-ctx.Done():
			batch.Release()
			return context.Cause(ctx)
		}
	}
}

func (run *reading) fail(number int, err error) {
	run.mu.Lock()
	defer run.mu.Unlock()
	if run.first < 0 || number < run.first {
		run.first, run.fault = number, err
	}
}

func (run *reading) failedBefore(number int) bool {
	run.mu.Lock()
	defer run.mu.Unlock()
	return run.first >= 0 && run.first < number
}

// batch reads the rows of one batch and logs what they say.
func (run *reading) batch(n numbered, r *record, log *shard) error {
	if run.failedBefore(n.number) {
		return nil
	}
	if err := n.batch.Decode(); err != nil {
		return err
	}
	rows := n.batch.Rows()
	r.begin(n.batch)
	for row := range rows {
		if r.plain != nil && r.plain.read(row, log) {
			continue
		}
		what, err := r.read(row)
		switch {
		case err != nil:
			return run.placed(err, n.batch, row)
		case what == acted:
			log.addAll(r)
		case what == rejected:
			if err := run.bad(n, row, r, log); err != nil {
				return err
			}
		}
		if r.watching != nil {
			r.watching.note(r, n.number, what)
		}
	}
	run.options.Progress.Rows.Add(int64(rows))
	return log.spillOver(int(run.options.Memory) / len(run.shards))
}

// placed adds file and row to a fault that has neither.
func (run *reading) placed(err error, batch formats.Batch, row int) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Where == "" {
		f.Where = formats.At(run.name, batch.Place(row))
	}
	return err
}

// bad quarantines a record that cannot be read, or stops the load. A refusal that names nobody stops it even under
// quarantine: nobody could be suppressed for it.
func (run *reading) bad(n numbered, row int, r *record, log *shard) error {
	stop := fault.New(fault.Input, formats.At(run.name, n.batch.Place(row)), "%s", r.problem.what).Hint("%s", r.problem.mend)
	if r.problem.column != "" {
		stop.Where += ", column " + r.problem.column
	}
	if !run.options.Quarantine || r.problem.always {
		return stop
	}
	harmless := r.status == Granted || r.status == Pending
	if len(r.names) == 0 && !harmless {
		stop.What += "; it may be a refusal, and names nobody who could be suppressed for it"
		return stop
	}
	for _, name := range r.names {
		log.mark(name)
	}
	r.tally.Bad++
	if !run.options.KeepBad {
		return nil
	}
	kept := BadRecord{
		File: run.name, Place: n.batch.Place(row), Column: r.problem.column, Problem: r.problem.what,
		batch: n.number, row: row, Values: map[string]string{},
	}
	for i, name := range r.shape.names {
		kept.Values[name] = string(n.batch.Values(i)[row])
	}
	run.mu.Lock()
	run.quarantined = append(run.quarantined, kept)
	run.mu.Unlock()
	return nil
}

// BadRecord is a record that cannot be read, kept for the quarantine file. Its values are personal data.
type BadRecord struct {
	File    string
	Place   string // "line 12"
	Column  string
	Problem string
	Values  map[string]string // by the column's name

	batch, row int
}

// inOrder sorts the bad records of one file as they stand in it.
func inOrder(records []BadRecord) []BadRecord {
	slices.SortFunc(records, func(a, b BadRecord) int {
		if a.batch != b.batch {
			return a.batch - b.batch
		}
		return a.row - b.row
	})
	return records
}
