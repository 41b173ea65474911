package formats

import (
	"cpm/formats/cells"
	"cpm/formats/fault"
)

// jsonTablePeek is how many bytes of records name the columns of a table made of them.
const jsonTablePeek = 8 << 20

// Table implements Converter. The columns are the keys of the first records: a key that a later one has beside them is a
// fault where it stands.
func (r *jsonReader) Table(bool) (cells.Table, error) {
	keys, err := r.seen(jsonTablePeek, true)
	if err != nil {
		return cells.Table{}, err
	}
	if len(keys) == 0 {
		return cells.Table{}, fault.New(fault.Input, r.in.name, "there is no record with a key, and so there are no columns").
			Hint("leave out --to")
	}
	r.keys = map[string]int{}
	for i, key := range keys {
		r.keys[key] = i
	}
	return cells.Table{Name: r.in.name, Columns: textColumns(keys)}, nil
}

// Cells implements Converter. A string is its text, null and a key that is missing are nulls, all else is as it is
// written.
func (r *jsonReader) Cells(from Batch, keep Bits, give func(*cells.Block) error) error {
	b, ok := from.(*jsonBatch)
	if !ok || b.from != r || !b.isReady {
		return errForeign
	}
	var block cells.Block
	block.Reset(len(r.keys))
	seen := make([]int, len(r.keys)) // the number of the last row of the batch that has the key, from 1 on
	for at, end := keep.run(0, len(b.rows)); at < end; at, end = keep.run(end, len(b.rows)) {
		for row := at; row < end; row++ {
			if len(block.Rows) == blockRows {
				if err := give(&block); err != nil {
					return err
				}
				block.Reset(len(r.keys))
			}
			block.Add(row)
			record := b.data[b.rows[row].start:b.rows[row].end]
			if b.Malformed(row) {
				block.Set(0, record)
				continue
			}
			if err := r.members(&block, record, seen); err != nil {
				err.Where = r.at(b.lineOf(int(b.rows[row].start)))
				return err
			}
		}
	}
	return give(&block)
}

// members gives the last row of a block the values of a record.
func (r *jsonReader) members(block *cells.Block, record []byte, seen []int) *fault.Error {
	m, row := membersOf(record, 0, 0), block.Rows[len(block.Rows)-1]+1
	for m.next() {
		column, known := r.keys[string(m.key)]
		if m.escaped {
			column, known = r.keys[m.name()]
		}
		value := m.value
		m.pass()
		if !known {
			return fault.New(fault.Input, "", "the record has a key that the first %s of records lack, and so there is no column for it", sizeName(jsonTablePeek)).
				Hint("write every key in every record, null where there is nothing, or convert to jsonl")
		}
		if seen[column] == row {
			return fault.New(fault.Input, "", "the record has a key twice, and a table holds one value").
				Hint("write each key once, or convert to jsonl")
		}
		seen[column] = row
		text, whole := JSONText(record[value:m.at])
		if !whole {
			return fault.New(fault.Input, "", "the record has a string with half a surrogate pair, which no text can hold").
				Hint("export the file again, or convert to jsonl")
		}
		block.Set(column, text)
	}
	return nil
}
