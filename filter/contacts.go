package filter

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"

	"cpm/consentload"
	"cpm/formats"
)

// Survey is one audience whose distinct identifiers are to be counted. Its fields are set before Run.
type Survey struct {
	Name    string // of the audience, for messages
	Reader  formats.Reader
	Kinds   *consentload.Kinds
	Index   *consentload.Index
	Lists   []*consentload.List // of the cells that are to be counted
	Columns []Column            // one a kind

	Rows atomic.Int64 // read so far; to be pulled for progress

	keyer  *consentload.Keyer
	hashes hashes
}

// Contacts are the distinct identifiers of an audience. They take one bit for each identifier of the index, a key for each
// one that the index does not know, and all its keys for each one that has several; the rows of the audience take nothing.
type Contacts struct {
	Rows      int64
	Malformed int64
	Columns   []ContactColumn // as in the survey

	firstMalformed place
	ordinals       formats.Bits // of the index
	strangers      map[consentload.Kind]map[consentload.Key]struct{}
	several        map[consentload.Kind]map[consentload.Key]asked // the consent or a list knows them by another key too
	pool           []other                                        // of those
	kinds          *consentload.Kinds
}

// ContactColumn counts what the rows hold in one column; rows that do not split are not among them.
type ContactColumn struct {
	Column
	Readable int64 // rows
	Empty    int64
	Invalid  int64 // rows whose identifier has no normal form
	Known    int64 // of the readable: an event in force names the identifier, by whatever key is the same
}

// Run reads the audience once, to its end. Memory is that of Contacts and of one batch.
func (s *Survey) Run(ctx context.Context) (*Contacts, error) {
	places := make([]int, len(s.Columns))
	c := &Contacts{
		kinds: s.Kinds, strangers: map[consentload.Kind]map[consentload.Key]struct{}{},
		several: map[consentload.Kind]map[consentload.Key]asked{},
	}
	c.ordinals = c.ordinals.Reset(s.Index.Len())
	for i, column := range s.Columns {
		places[i] = column.At
		c.Columns = append(c.Columns, ContactColumn{Column: column})
		c.strangers[column.Kind] = map[consentload.Key]struct{}{}
		c.several[column.Kind] = map[consentload.Key]asked{}
	}
	if err := s.Reader.Select(places); err != nil {
		return nil, err
	}
	s.keyer = consentload.NewKeyer(s.Kinds)
	s.hashes.init(s.Kinds, s.Index, s.Lists)
	s.hashes.reading(s.Columns)
	for number := 0; ; number++ {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		b, err := s.Reader.Next()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err == nil {
			err = b.Decode()
		}
		if err != nil {
			return nil, err
		}
		c.malformed(b, number)
		for i := range c.Columns {
			s.column(c, i, b)
		}
		c.Rows += int64(b.Rows())
		s.Rows.Store(c.Rows)
		b.Release()
	}
}

// malformed counts the rows that do not split, and notes where the first one stands.
func (c *Contacts) malformed(b formats.Batch, number int) {
	if b.MalformedRows() == 0 {
		return
	}
	for row := range b.Rows() {
		if b.Malformed(row) && c.firstMalformed.at == "" {
			c.firstMalformed = place{batch: number, at: b.Place(row)}
		}
	}
	c.Malformed += int64(b.MalformedRows())
}

// column takes the identifiers of one column of a batch.
func (s *Survey) column(c *Contacts, i int, b formats.Batch) {
	column := &c.Columns[i]
	kind, _ := s.Kinds.Index(column.Kind) // MapColumns knows declared kinds alone
	values := b.Values(i)
	for row := range b.Rows() {
		if b.Malformed(row) {
			continue
		}
		id := asked{}
		id.key, id.why = s.keyer.Key(kind, values[row])
		switch id.why {
		case consentload.Readable:
		case consentload.Empty:
			column.Empty++
			continue
		default:
			column.Invalid++
			continue
		}
		column.Readable++
		if s.hashes.some {
			s.hashes.pool = s.hashes.pool[:0]
			s.hashes.add(&id, s.keyer, kind)
		}
		if s.take(c, column.Kind, id) {
			column.Known++
		}
	}
}

// take enters one identifier, and reports whether an event in force names it.
func (s *Survey) take(c *Contacts, kind consentload.Kind, id asked) (known bool) {
	ordinal, found := s.Index.Find(id.key)
	known = found && s.Index.Known(ordinal)
	several := false
	for _, o := range id.of(s.hashes.pool) {
		at, inIndex := s.Index.Find(o.Key)
		known = known || inIndex && o.Declared && s.Index.Known(at)
		several = several || inIndex || slices.ContainsFunc(s.Lists, func(l *consentload.List) bool { return l.Has(o.Key) })
	}
	switch {
	case several:
		if _, met := c.several[kind][id.key]; !met {
			others := id.of(s.hashes.pool)
			id.others = uint32(len(c.pool))
			c.pool = append(c.pool, others...)
			c.several[kind][id.key] = id
		}
	case found:
		c.ordinals.Set(int(ordinal))
	default:
		c.strangers[kind][id.key] = struct{}{}
	}
	return known
}

// kindOf returns the kind under which the audience holds a contact: its own, or a hashed one.
func (c *Contacts) kindOf(contact consentload.Kind) consentload.Kind {
	columns := make([]Column, len(c.Columns))
	for i := range c.Columns {
		columns[i] = c.Columns[i].Column
	}
	if at := contactColumn(c.kinds, columns, contact); at >= 0 {
		return columns[at].Kind
	}
	return contact
}

// among returns those of some identifiers of the index that stand in the audience.
func (c *Contacts) among(of *roaring.Bitmap) *roaring.Bitmap {
	return roaring.And(of, roaring.FromDense(c.ordinals, false))
}

// Check holds the audience to the guards of a run that would send by it: too many rows that do not split or hold no
// readable contact, or too few that the consent knows where silence means yes. An empty contact is no sign of a wrong
// column here: channels are counted side by side, and few people have an identifier for each.
func (c *Contacts) Check(g Guards, name string, cells []Reach) error {
	if err := g.checkMalformed(name, c.Malformed, &Summary{Rows: c.Rows, firstMalformed: c.firstMalformed}); err != nil {
		return err
	}
	for _, cell := range cells {
		for _, column := range c.Columns {
			rows := column.Readable + column.Invalid
			if column.Kind != c.kindOf(cell.Contact) || rows < shareCountsAt {
				continue
			}
			counts := CellSummary{Channel: cell.Channel, OptOut: cell.OptOut, Known: column.Known}
			counts.Counts[InvalidIdentifier] = column.Invalid
			if err := g.checkCell(name, &counts, rows); err != nil {
				return err
			}
		}
	}
	return nil
}
