package parquet

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Row groups of which few rows are kept are merged: readers want row groups of some size. What is kept of each waits as
// drafts, one a column, until there is enough.

// Below draftRows rows and draftBytes bytes, as the footer of the source lets expect, a row group is merged with those
// behind it, up to fullRows rows and fullBytes bytes.
const (
	draftRows  = 16 << 10
	draftBytes = 4 << 20
	fullRows   = 120 << 10
	fullBytes  = 32 << 20
)

// draft is a chunk before it is encoded.
type draft struct {
	pages []draftPage
	words page // the dictionary, of the used entries alone
}

// draftPage is a page before it is encoded; its parts are those of a chunkEncoder.
type draftPage struct {
	segment
	valid   bitset
	level   [2][]byte
	bits    bitset
	plain   []byte
	indexes []uint32
}

// flush adds the page that an encoder was filling.
func (d *draft) flush(e *chunkEncoder) {
	d.pages = append(d.pages, draftPage{
		segment: e.segment,
		valid:   e.valid.clone(),
		level:   [2][]byte{slices.Clone(e.level[0]), slices.Clone(e.level[1])},
		bits:    e.bits.clone(),
		plain:   slices.Clone(e.plain),
		indexes: slices.Clone(e.indexes),
	})
	e.indexes = e.indexes[:0]
}

// finish leaves in the dictionary what the pages use.
func (d *draft) finish(e *chunkEncoder) {
	d.words.values, d.words.count, e.numbers = e.dictionary.prune(e.numbers)
	for _, p := range d.pages {
		renumber(p.indexes, e.numbers)
	}
}

// renumber gives the indexes their new numbers.
func renumber(indexes, numbers []uint32) {
	for i, index := range indexes {
		indexes[i] = numbers[index]
	}
}

// merge returns the chunk of a column whose rows are those of the drafts, one behind the other.
func (e *chunkEncoder) merge(c *outColumn, drafts []*draft) (*outChunk, error) {
	e.start(c, false)
	e.dictionary = dictionary{}
	known := map[string]uint32{}
	var words dictionary
	for _, d := range drafts {
		numbers := make([]uint32, d.words.count)
		if len(numbers) > 0 {
			if err := words.read(&d.words, c.width); err != nil {
				return nil, err
			}
		}
		for i := range numbers {
			entry := words.entry(uint32(i))
			number, ok := known[string(entry)]
			if !ok {
				number = e.dictionary.add(entry, c.width)
				known[string(entry)] = number
			}
			numbers[i] = number
		}
		if len(e.dictionary.values) > maxPageBytes {
			return nil, errors.New("encode Parquet: a dictionary is too large")
		}
		for i := range d.pages {
			renumber(d.pages[i].indexes, numbers)
			if err := e.add(&d.pages[i]); err != nil {
				return nil, err
			}
		}
	}
	return e.finish()
}

// add appends an entry that is used to the dictionary and returns its number.
func (d *dictionary) add(entry []byte, width int) uint32 {
	d.values, d.width = append(d.values, entry...), width
	if width == 0 {
		d.ends = append(d.ends, binary.LittleEndian.Uint32(entry)+4)
		if d.count > 0 {
			d.ends[d.count] += d.ends[d.count-1]
		}
	}
	d.used = append(d.used, true)
	d.count++
	return uint32(d.count - 1)
}

// add appends a page of a draft, whose indexes are those of the encoder's dictionary.
func (e *chunkEncoder) add(p *draftPage) error {
	if err := e.begin(p.encoding, false); err != nil {
		return err
	}
	if p.valid.n > 0 && e.valid.n < e.count {
		e.valid.addOnes(e.count)
	}
	if p.valid.n > 0 {
		e.valid.append(&p.valid)
	} else if e.column.definition == 1 && !e.column.nested() {
		e.addValid(p.rows)
	}
	e.rows, e.count, e.nulls = e.rows+p.rows, e.count+p.count, e.nulls+p.nulls
	for i := range p.level {
		e.level[i] = append(e.level[i], p.level[i]...)
	}
	e.bits.append(&p.bits)
	e.plain = append(e.plain, p.plain...)
	e.indexes = append(e.indexes, p.indexes...)
	return nil
}

// merge writes the parts that wait as one row group.
func (w *Writer) merge() error {
	if len(w.waiting) == 0 {
		return nil
	}
	parts := w.waiting
	w.waiting, w.waitingRows, w.waitingBytes = nil, 0, 0
	whole := &Part{owner: w, group: parts[0].group, merged: len(parts) > 1}
	for _, p := range parts {
		whole.rows += p.rows
	}
	e := new(chunkEncoder)
	for i, c := range w.columns {
		drafts := make([]*draft, 0, len(parts))
		for _, p := range parts {
			drafts = append(drafts, p.chunks[i].draft)
		}
		chunk, err := e.merge(c, drafts)
		if err != nil {
			return err
		}
		whole.chunks = append(whole.chunks, chunk)
	}
	return w.write(whole)
}

// isDraft reports whether a part is so small that it waits for others, and about how many bytes it takes until then.
func (w *Writer) isDraft(group, rows int) (bool, int64) {
	size := float64(0)
	for i := range w.file.groups()[group].Columns {
		size += float64(w.file.groups()[group].Columns[i].MetaData.TotalUncompressedSize)
	}
	size *= float64(rows) / float64(max(1, w.file.GroupRows(group)))
	return rows < w.draftRows && size < draftBytes, int64(size)
}
