package arrow

import (
	"errors"
	"io"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"

	"cpm/formats/fault"
)

const maxRows = 1 << 27 // of a batch, and of a message of a dictionary

// Reader reads record batches, in order.
type Reader struct {
	name     string
	framer   framer
	first    *frame // the message that was read in the place of the schema
	piece    *Batch // the last, of a record batch that is not yet at its end
	schema   *arrow.Schema
	flat     *arrow.Schema
	flatHead *frame
	leaves   []leaf
	leafOf   []int // of each column, -1 when it is no dictionary
	cells    []cellColumn
	heads    map[int64]*frame
	words    map[int64]dictionary // by number, as they stand
	held     int                  // bytes of their messages
	rows     int64
	batches  int
	done     atomic.Int64
}

// Input is what is read: a stream, or a file, which may come from a pipe too.
type Input struct {
	Name   string // for messages
	Reader io.Reader
	Size   int64 // -1 when unknown
	IsFile bool
}

// Open reads the schema.
func Open(in Input) (*Reader, error) {
	r := &Reader{name: in.Name, framer: framer{name: in.Name, from: in.Reader, isFile: in.IsFile, size: in.Size}}
	head, err := r.framer.begin()
	if err == nil && head.header != headerSchema {
		if r.first = head; !in.IsFile {
			return nil, r.framer.damaged("the Arrow data has no schema")
		}
		head, err = r.framer.lateSchema(in)
	}
	if errors.Is(err, io.EOF) {
		return nil, r.framer.damaged("the Arrow data has no schema")
	}
	if err != nil {
		return nil, err
	}
	if r.schema, err = readSchema(head); err != nil {
		return nil, r.framer.damaged("the Arrow data cannot be read").Because(err)
	}
	if err := r.flatten(head.ids); err != nil {
		return nil, err
	}
	return r, nil
}

// flatten finds the dictionary columns, whose numbers come in their order.
func (r *Reader) flatten(ids []int64) (err error) {
	var fields []arrow.Field
	r.heads, r.words = map[int64]*frame{}, map[int64]dictionary{}
	for _, f := range r.schema.Fields() {
		at := -1
		if f.Type.ID() == arrow.DICTIONARY {
			at = len(r.leaves)
		}
		r.leafOf = append(r.leafOf, at)
		for _, t := range leavesOf(f.Type) {
			r.leaves = append(r.leaves, leaf{t: t})
		}
		t := flat(f.Type)
		if t == nil {
			return fault.New(fault.Unsupported, r.name+", column "+f.Name, "a type such as %s is not read yet", f.Type).
				Hint("leave the column out, or write it without dictionaries")
		}
		f.Type = t
		fields = append(fields, f)
	}
	if len(ids) != len(r.leaves) {
		return r.framer.damaged("the Arrow data cannot be read").Because(errSchema)
	}
	for i := range r.leaves {
		l := &r.leaves[i]
		l.id = ids[i]
		words := arrow.NewSchema([]arrow.Field{{Name: "words", Type: l.t.ValueType, Nullable: true}}, nil)
		if r.heads[l.id], err = headOf(words); err != nil {
			return err
		}
	}
	r.flat = arrow.NewSchema(fields, nil)
	r.flatHead, err = headOf(r.flat)
	return err
}

// IsFile tells a file from a stream.
func (r *Reader) IsFile() bool { return r.framer.isFile }

// HasDictionaries reports whether words stand in dictionaries.
func (r *Reader) HasDictionaries() bool { return len(r.leaves) > 0 }

// Columns names the columns, as written.
func (r *Reader) Columns() []string {
	var names []string
	for _, f := range r.schema.Fields() {
		names = append(names, f.Name)
	}
	return names
}

// Done is the number of bytes read; safe beside Next.
func (r *Reader) Done() int64 { return r.done.Load() }

// CanText reports why a column cannot serve as text; nil when it can.
func (r *Reader) CanText(column int) error {
	if column < 0 || column >= r.schema.NumFields() {
		return fault.New(fault.Usage, r.name, "there is no column %d", column+1)
	}
	f := r.schema.Field(column)
	if !hasText(f.Type) {
		return fault.New(fault.Usage, r.name+", column "+f.Name, "a column of type %s does not serve as text", f.Type).
			Hint("name a column of text, numbers, dates or timestamps")
	}
	return nil
}

// Next returns the next record batch that has rows, or the next piece of it, not yet decoded, or io.EOF.
func (r *Reader) Next() (*Batch, error) {
	for r.piece == nil {
		f, err := r.frame()
		r.done.Store(r.framer.done)
		if err != nil {
			return nil, err
		}
		switch f.header {
		case headerDictionary:
			if err := r.learn(f); err != nil {
				return nil, err
			}
		case headerRecord:
			r.begin(f)
		default:
			return nil, r.framer.damaged("a message of kind %d stands among the record batches", f.header)
		}
	}
	b := *r.piece
	b.Rows = min(b.record.rows-b.from, maxBatch)
	if r.piece.from, r.piece.First = b.from+b.Rows, b.First+int64(b.Rows); r.piece.from == b.record.rows {
		r.piece = nil
	}
	return &b, nil
}

// begin takes a record batch.
func (r *Reader) begin(f *frame) {
	r.batches++
	if f.rows == 0 {
		return
	}
	r.piece = &Batch{First: r.rows + 1, reader: r, record: &record{number: r.batches, rows: int(f.rows), codec: f.codec, frame: f}}
	for _, l := range r.leaves {
		r.piece.words = append(r.piece.words, r.words[l.id])
	}
	r.rows += f.rows
}

func (r *Reader) frame() (*frame, error) {
	if f := r.first; f != nil {
		r.first = nil
		return f, nil
	}
	return r.framer.next()
}

// learn takes a dictionary, which replaces the one of its number unless it goes on with it.
func (r *Reader) learn(f *frame) error {
	head, known := r.heads[f.id]
	before, begun := r.words[f.id]
	switch {
	case !known:
		return r.framer.damaged("a dictionary of the Arrow data belongs to no column")
	case f.isDelta && !begun:
		return r.framer.damaged("a dictionary of the Arrow data cannot be read").Because(errDelta)
	case !f.isDelta && begun && r.framer.isFile:
		return r.framer.damaged("the Arrow file replaces a dictionary, which a file may not")
	}
	if !f.isDelta {
		for _, c := range before.chunks {
			r.held -= c.bytes
		}
		before = dictionary{}
	}
	words, err := f.record()
	if err != nil || f.rows > maxRows-int64(before.rows) {
		return r.framer.damaged("a dictionary of the Arrow data cannot be read").Because(errLengths)
	}
	if r.held += len(f.body); r.held > maxWords {
		return fault.New(fault.Unsupported, r.name, "dictionaries of more than %d MiB are not read", maxWords>>20).
			Hint("write the columns of many different words as plain text")
	}
	r.words[f.id] = before.with(&chunk{head: head, first: before.rows, rows: int(f.rows), bytes: len(f.body), frame: words})
	return nil
}
