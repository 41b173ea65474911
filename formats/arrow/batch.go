package arrow

import (
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"cpm/formats/fault"
)

// maxBatch is the number of rows of a record batch beyond which it is worked on in pieces: some writers put a whole
// table into one.
const maxBatch = 1 << 17

// Batch is a record batch, or a piece of one.
type Batch struct {
	First int64 // the number of its first row, from 1 on
	Rows  int

	reader *Reader
	record *record
	from   int // its first row in the record batch
	words  []dictionary
}

// record is a record batch. It is read once, for all of its pieces.
type record struct {
	number  int
	rows    int
	codec   codec
	frame   *frame
	once    sync.Once
	columns []arrow.ArrayData
	err     error
}

func (r *record) decode(head *frame) error {
	r.once.Do(func() {
		var all arrow.Record
		if all, r.err = readRecord(head, r.frame); r.err != nil {
			return
		}
		for _, c := range all.Columns() {
			r.columns = append(r.columns, c.Data())
		}
		if r.rows > maxBatch {
			r.frame = nil // pieces do not go out as they came
		}
	})
	return r.err
}

func (b *Batch) damaged(err error) error {
	return fault.New(fault.Input, b.reader.name, "record batch %d cannot be read", b.record.number).Because(err).
		Hint("write the data again; the file is damaged")
}

// Decode reads the record batch and checks that its lengths fit together. Dictionaries are read when they are asked.
func (b *Batch) Decode() error {
	if err := b.record.decode(b.reader.flatHead); err != nil {
		return b.damaged(err)
	}
	return nil
}

// Values returns the values of a column as text, nil for a null.
func (b *Batch) Values(column int) (rows [][]byte, err error) {
	d, r := b.record.columns[column], run{from: b.from, to: b.from + b.Rows}
	if at := b.reader.leafOf[column]; at >= 0 {
		rows, err = b.words[at].texts(d, r)
	} else {
		rows, err = texts(d, r)
	}
	if err != nil {
		return nil, b.damaged(err)
	}
	return rows, nil
}

// Release gives up what Decode made.
func (b *Batch) Release() { b.record, b.words = nil, nil }
