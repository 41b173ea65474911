package consentload

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"

	"cpm/formats"
)

// Inspector looks at one table before anybody uses it. Its fields are set before Run.
type Inspector struct {
	Name    string // of the table, for messages; the name tells the state in exports of some platforms
	Reader  formats.Reader
	Catalog *Catalog
	Presets Presets // among which its form is looked for
	Limit   int64   // rows to look at; 0: all

	Rows atomic.Int64 // looked at so far; to be pulled for progress
}

// Inspection is what is made of a table. It holds no value that is or may be an identifier, and no name of a column that
// may be one: the first row of a file without a header names people.
type Inspection struct {
	Columns []InspectedColumn  `json:"columns"`
	Exports []InspectedExport  `json:"exports"` // the forms of consent exports that it may have; several: nobody can say which
	List    InspectedList      `json:"list"`    // what it is as a suppression list
	Rows    int64              `json:"rows"`    // looked at
	Whole   bool               `json:"whole"`   // those are all
	Bad     InspectedMalformed `json:"malformed_rows"`
	// Nameless rows split, and have no readable identifier in any column that was read for one.
	Nameless int64 `json:"rows_without_identifier"`
	// Headless says that the first row looks like a recipient. Then only names with a meaning are told.
	Headless bool `json:"first_row_looks_like_data"`

	Oldest Instant `json:"-"` // of the times that could be read; None when there are none
	Newest Instant `json:"-"`
}

// InspectedMalformed counts the rows that do not split into the columns of the header.
type InspectedMalformed struct {
	Rows  int64    `json:"rows"`
	First []string `json:"first"` // places: "line 12"
}

// Need is what must be said or mended before a table can be used.
type Need struct {
	What string `json:"what"`
	Mend string `json:"mend,omitempty"`
}

// mostPlaces is how many bad rows are told by their places.
const mostPlaces = 5

// inspecting is an inspection under way.
type inspecting struct {
	*Inspector
	told    *Inspection
	forms   []*inspectedForm
	columns []*inspectedColumn // those whose values are looked at, in the order of the selection
	normal  *Normalizer
	regions map[string]*Normalizer
	buf     []byte
}

// Run looks at the table. After a fault of the reader it returns what was seen before it too.
func (i *Inspector) Run(ctx context.Context) (*Inspection, error) {
	run := &inspecting{
		Inspector: i, normal: i.Catalog.Kinds.Normalizer(), regions: map[string]*Normalizer{},
		told: &Inspection{Exports: []InspectedExport{}, Oldest: None, Newest: None, Bad: InspectedMalformed{First: []string{}}},
	}
	header := slices.Clone(i.Reader.Info().Columns)
	run.told.Headless = slices.ContainsFunc(header, looksLikeData)
	if err := run.findForms(header); err != nil {
		return nil, err
	}
	all := run.describe(header)
	if err := run.selectColumns(all); err != nil {
		return nil, err
	}
	err := run.read(ctx)
	for _, c := range all {
		run.told.Columns = append(run.told.Columns, c.tell())
	}
	run.tellForms()
	run.tellList(header)
	return run.told, err
}

// hintCells bounds the cells of a row group that are decoded for hints alone: they are in memory together.
const hintCells = 16 << 20

// selectColumns selects the columns whose values are looked at.
func (run *inspecting) selectColumns(all []*inspectedColumn) error {
	hints := len(all)
	if rows := run.Reader.Info().Rows; rows > 0 {
		hints = int(hintCells / rows)
	}
	var places []int
	for at, c := range all {
		if c.task == readHints {
			if hints == 0 {
				continue
			}
			hints--
		}
		if run.Reader.Select([]int{at}) != nil { // nested in a list, or no text
			c.noText = true
			continue
		}
		c.looked = true
		places = append(places, at)
		run.columns = append(run.columns, c)
	}
	return run.Reader.Select(places)
}

// read reads the rows, up to the limit.
func (run *inspecting) read(ctx context.Context) error {
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		b, err := run.Reader.Next()
		if errors.Is(err, io.EOF) {
			run.told.Whole = true
			return nil
		}
		if err != nil {
			return err
		}
		if run.Limit > 0 && run.told.Rows >= run.Limit { // there are more rows than these
			b.Release()
			return nil
		}
		if err := b.Decode(); err != nil {
			return err
		}
		more := run.batch(b)
		b.Release()
		run.Rows.Store(run.told.Rows)
		if more {
			return nil
		}
	}
}

// batch looks at the rows of a batch and reports whether it holds more than were to be looked at.
func (run *inspecting) batch(b formats.Batch) (more bool) {
	rows := b.Rows()
	if left := run.Limit - run.told.Rows; run.Limit > 0 && int64(rows) > left {
		rows, more = int(left), true
	}
	named := make([]bool, rows)
	ids := false
	for i, c := range run.columns {
		values := b.Values(i)
		ids = ids || c.task == readIdentifiers
		for row := range rows {
			if !b.Malformed(row) && c.take(run, values[row], func() string { return b.Place(row) }) {
				named[row] = true
			}
		}
	}
	bad := &run.told.Bad
	for row := range rows {
		switch {
		case b.Malformed(row):
			if bad.Rows++; len(bad.First) < mostPlaces {
				bad.First = append(bad.First, b.Place(row))
			}
		case ids && !named[row]:
			run.told.Nameless++
		}
	}
	run.told.Rows += int64(rows)
	return more
}
