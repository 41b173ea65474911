package filter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"cpm/consentload"
	"cpm/formats"
)

// Job is one audience to be filtered. Its fields are set before Understand and left alone after.
type Job struct {
	Name    string // of the audience, for messages
	Reader  formats.Reader
	Kinds   *consentload.Kinds
	Gates   []*Gate  // one for each channel, of one index; one at least
	Columns []Column // the contact of every gate among them
	Sinks   []Sink   // one for each gate
	Match   Match
	Dedupe  Dedupe
	Guards  Guards
	Workers int // 0: one a processor

	// After is the job before of the same run: whom it has permitted counts as reached; nil: this is the first.
	After *Job

	// Annotated is where every row goes, with the verdict of each gate; nil: nowhere.
	Annotated io.Writer

	Rows      atomic.Int64 // decided so far; to be pulled for progress
	ahead     []*batch
	ended     bool
	crew      []*decider
	outputs   []output
	annotated formats.Writer
	seen      []*seen  // by gate
	leftOut   []string // of the rows, by the writers

	dedupeTurn turnstile
	writes     queue
}

// Sink is where the rows of one gate go; a nil writer drops them.
type Sink struct {
	Permitted io.Writer
	Rejected  io.Writer
}

// output holds the writers of one gate.
type output struct{ permitted, rejected formats.Writer }

// ReasonColumn is the column that rejected rows get at their end.
const ReasonColumn = "cpm_reason"

// batch is a run of rows on its way.
type batch struct {
	formats.Batch
	number  int
	decoded bool
}

// sampleRows is how many rows are looked at before the run says what it understood.
const sampleRows = 10000

// Sample is what the first rows showed.
type Sample struct {
	Rows     int
	Readable []int // by column
}

// Understand reads the first rows and tells how many identifiers in them are readable. Run takes them up.
func (j *Job) Understand(ctx context.Context) (Sample, error) {
	sample := Sample{Readable: make([]int, len(j.Columns))}
	places := make([]int, len(j.Columns))
	for i, column := range j.Columns {
		places[i] = column.At
	}
	if err := j.Reader.Select(places); err != nil {
		return sample, err
	}
	j.prepare()
	for sample.Rows < sampleRows && !j.ended {
		if err := context.Cause(ctx); err != nil {
			return sample, err
		}
		b, err := j.next(len(j.ahead))
		if err != nil {
			return sample, err
		}
		if b == nil {
			break
		}
		j.ahead = append(j.ahead, b)
		if err := b.decode(); err != nil {
			return sample, err
		}
		rows := min(b.Rows(), sampleRows-sample.Rows)
		j.crew[0].forget()
		for column := range j.Columns {
			j.crew[0].readIdentifiers(column, b.Values(column)[:rows])
		}
		sample.add(j.crew[0].ids, b, rows)
	}
	return sample, nil
}

func (s *Sample) add(columns [][]asked, b *batch, rows int) {
	s.Rows += rows
	for i, ids := range columns {
		for row := range rows {
			if ids[row].why == consentload.Readable && !b.Malformed(row) {
				s.Readable[i]++
			}
		}
	}
}

// lists returns the suppression lists that hold for any of the gates, some perhaps twice.
func (j *Job) lists() (lists []*consentload.List) {
	for _, gate := range j.Gates {
		for _, held := range gate.lists {
			lists = append(lists, held.List)
		}
	}
	return lists
}

func (j *Job) prepare() {
	if j.Workers <= 0 {
		j.Workers = runtime.GOMAXPROCS(0)
	}
	for range j.Workers {
		j.crew = append(j.crew, newDecider(j))
	}
	if j.After != nil {
		j.seen, j.After = j.After.seen, nil
	}
	for len(j.seen) < len(j.Gates) {
		j.seen = append(j.seen, newSeen())
	}
	j.dedupeTurn.init()
	j.writes.init()
}

// next cuts a batch; nil at the end.
func (j *Job) next(number int) (*batch, error) {
	b, err := j.Reader.Next()
	if errors.Is(err, io.EOF) {
		j.ended = true
		return nil, nil //nolint:nilnil // the end is no error
	}
	if err != nil {
		return nil, err
	}
	return &batch{Batch: b, number: number}, nil
}

func (b *batch) decode() error {
	if b.decoded {
		return nil
	}
	b.decoded = true
	return b.Decode()
}

// queued is how many batches may wait for a worker, so that none has to be woken for each. Large ones, such as row groups,
// are not kept waiting.
func (j *Job) queued() int {
	const small, most = 8192, 4 // rows, batches
	if len(j.ahead) > 0 && j.ahead[0].Rows() <= small {
		return most
	}
	return 0
}

// Run decides every row and writes it to its sinks, in input order. The summary adds up, or there is an error. Guards
// are looked at when all rows are decided: their faults mean that what was written must not be used.
func (j *Job) Run(ctx context.Context) (*Summary, error) {
	if err := j.open(); err != nil {
		return nil, err
	}
	batches := make(chan *batch, j.queued())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(batches)
		return j.cut(ctx, batches)
	})
	for _, d := range j.crew {
		group.Go(func() error { return d.work(ctx, batches) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := j.close(); err != nil {
		return nil, err
	}
	summary := j.sum()
	if err := j.audit(summary); err != nil {
		return nil, err
	}
	return summary, j.Guards.check(j.Name, summary)
}

// cut sends the batches in order, those that Understand read first.
func (j *Job) cut(ctx context.Context, batches chan<- *batch) error {
	for number := 0; ; number++ {
		var b *batch
		if number < len(j.ahead) {
			b = j.ahead[number]
			j.ahead[number] = nil
		} else {
			if j.ended {
				return nil
			}
			var err error
			if b, err = j.next(number); b == nil {
				return err
			}
		}
		select {
		case batches <- b:
		case <-ctx.Done():
			b.Release()
			return context.Cause(ctx)
		}
	}
}

func (j *Job) open() error {
	j.outputs = make([]output, len(j.Gates))
	for i, sink := range j.Sinks {
		var err error
		if sink.Permitted != nil {
			if j.outputs[i].permitted, err = j.Reader.NewWriter(sink.Permitted); err != nil {
				return err
			}
		}
		if sink.Rejected != nil {
			if j.outputs[i].rejected, err = j.Reader.NewWriter(sink.Rejected, ReasonColumn); err != nil {
				return err
			}
		}
	}
	if j.Annotated == nil {
		return nil
	}
	columns, err := j.verdictColumns()
	if err != nil {
		return err
	}
	j.annotated, err = j.Reader.NewWriter(j.Annotated, columns...)
	return err
}

func (j *Job) close() error {
	writers := []formats.Writer{j.annotated}
	for _, out := range j.outputs {
		writers = append(writers, out.permitted, out.rejected)
	}
	for _, w := range writers {
		if w == nil {
			continue
		}
		if err := w.Close(); err != nil {
			return err
		}
		if lossy, ok := w.(formats.Lossy); ok {
			j.leftOut = append(j.leftOut, lossy.LeftOut()...)
		}
	}
	return nil
}

// sum adds up what the workers counted.
func (j *Job) sum() *Summary {
	slices.Sort(j.leftOut)
	s := &Summary{Cells: make([]CellSummary, len(j.Gates)), LeftOut: slices.Compact(j.leftOut)}
	for i, gate := range j.Gates {
		cell := &s.Cells[i]
		cell.Channel, cell.Purpose, cell.OptOut = gate.Channel, gate.Purpose, gate.OptOut()
		cell.Lists = make([]ListHits, len(gate.lists))
		for k := range gate.lists {
			cell.Lists[k].List = gate.lists[k].List
		}
	}
	for _, d := range j.crew {
		s.add(&d.counts)
	}
	s.firstMalformed.file = j.Name
	return s
}

// audit holds the counts to each other: every row has one verdict in each cell, and stands where that verdict sends it.
func (j *Job) audit(s *Summary) error {
	for i, cell := range s.Cells {
		var sum int64
		for _, n := range cell.Counts {
			sum += n
		}
		permitted, rejected := cell.Counts[Permitted], sum-cell.Counts[Permitted]
		out := j.outputs[i]
		switch {
		case sum != s.Rows, cell.Counts[Undecided] != 0:
			return fmt.Errorf("%s: %d rows were read and %d decided: this is a fault of cpm", j.Name, s.Rows, sum)
		case out.permitted != nil && out.permitted.Rows() != permitted,
			out.rejected != nil && out.rejected.Rows() != rejected,
			j.annotated != nil && j.annotated.Rows() != s.Rows:
			return fmt.Errorf("%s: the outputs do not hold the rows that were decided: this is a fault of cpm", j.Name)
		}
	}
	return nil
}
