package parquet

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// textReader reads a column of texts from its pages, which it keeps: the texts stay where they are.
type textReader struct {
	pages   *pageStream
	total   int // rows of the row group
	to      *Values
	valid   bitset
	levels  []byte
	decoder decoder
	entries [][]byte // of the dictionary
}

// isText reports whether the text of a value is its bytes.
func (l *leaf) isText() bool {
	if l.schema.Type.V != format.ByteArray {
		return false
	}
	switch logicalType(l.schema).(type) {
	case nil, *format.StringType, *format.EnumType, *format.JsonType:
		return true
	}
	return false
}

// readTexts appends the texts of a column of a row group to v.
func (f *File) readTexts(group int, l *leaf, v *Values) (err error) {
	defer f.recover(&err)
	r := &textReader{pages: f.readPages(group, l), total: f.GroupRows(group), to: v}
	r.decoder.schema = l.schema
	own := *r.pages.pageMemory
	defer func() {
		r.pages.body, r.pages.distinct = own.body, own.distinct
		r.pages.close()
	}()
	for {
		kind, err := r.next()
		switch {
		case errors.Is(err, io.EOF) && len(v.Rows) == r.total:
			return nil
		case errors.Is(err, io.EOF):
			err = fmt.Errorf("the pages hold %d rows, the row group has %d", len(v.Rows), r.total)
		case err != nil:
		case kind == dictionaryPage:
			d := &r.pages.dictionary
			r.entries, err = cutRows(nil, d.values, d.count)
		default:
			err = r.take(&r.pages.current)
		}
		if err != nil {
			return f.chunkFault(l, group, err)
		}
	}
}

// next reads a page into memory that the values keep.
func (r *textReader) next() (kind pageKind, err error) {
	memory := r.to.spare()
	r.pages.body, r.pages.distinct = memory, memory
	if kind, err = r.pages.next(); err != nil {
		return 0, err
	}
	if kind == dictionaryPage {
		r.to.adopt(r.pages.distinct)
		r.to.pages = append(r.to.pages, readPage{kind, r.pages.dictionary})
	} else {
		r.to.adopt(r.pages.body)
		r.pages.current.packed = nil
		r.to.pages = append(r.to.pages, readPage{kind, r.pages.current})
	}
	return kind, nil
}

// cutRows appends the texts of b, which has them as PLAIN does.
func cutRows(texts [][]byte, b []byte, count int) ([][]byte, error) {
	at := 0
	err := walkTexts(b, count, func(end int) {
		texts = append(texts, b[at+4:end:end])
		at = end
	})
	return texts, err
}

// take appends the texts of a page, and nil for each null.
func (r *textReader) take(p *page) (err error) {
	if p.count > r.total-len(r.to.Rows) {
		return fmt.Errorf("the pages hold more than the %d rows of the row group", r.total)
	}
	present, err := r.readLevels(p)
	if err != nil {
		return err
	}
	if p.nulls >= 0 && present != p.count-p.nulls {
		return errCounts
	}
	rows := r.to.Rows
	start := len(rows)
	if isIndexed(p.encoding) {
		rows, err = r.point(rows, p.values, present)
	} else {
		var plain []byte
		if plain, err = r.decoder.plain(p, present); err == nil {
			rows, err = cutRows(rows, r.own(p, plain), present)
		}
	}
	if err != nil {
		return err
	}
	if present < p.count {
		rows = r.spread(rows, start, p.count)
	}
	r.to.Rows = rows
	return nil
}

// own returns the values of a page in memory that stays: those that were decoded lie where the next ones will.
func (r *textReader) own(p *page, plain []byte) []byte {
	if p.encoding == format.Plain {
		return plain
	}
	block := r.to.room(len(plain))
	start := len(*block)
	*block = append(*block, plain...)
	return (*block)[start:]
}

// readLevels notes where values are, and returns how many there are.
func (r *textReader) readLevels(p *page) (present int, err error) {
	switch greatest := r.pages.leaf.MaxDefinitionLevel(); greatest {
	case 0:
		return p.count, nil
	case 1:
		err = r.valid.readRuns(p.definition, p.count, 1)
	default:
		r.levels, err = readLevels(r.levels[:0], p.definition, greatest, p.count)
		r.valid.reset()
		for _, level := range r.levels {
			r.valid.add(bit(int(level) == greatest), 1)
		}
	}
	return r.valid.ones(), err
}

// spread moves the texts that begin at start to the rows that have one, and makes the others nil.
func (r *textReader) spread(rows [][]byte, start, count int) [][]byte {
	from := len(rows) - 1
	for len(rows) < start+count {
		rows = append(rows, nil)
	}
	for i := count - 1; i >= 0; i-- {
		if has(r.valid.words, i) {
			rows[start+i] = rows[from]
			from--
		} else {
			rows[start+i] = nil
		}
	}
	return rows
}

// point appends the entries that a page points to.
func (r *textReader) point(rows [][]byte, b []byte, present int) ([][]byte, error) {
	switch {
	case r.pages.dictionary.header == nil:
		return nil, errNoDictionary
	case present == 0:
		return rows, nil
	}
	err := walkIndexes(b, present, func(n int, packed []byte, run runOf) error {
		value := run.value
		for i := range n {
			if packed != nil {
				value = uint32(unpack(packed, i*run.width, run.width))
			}
			if uint64(value) >= uint64(len(r.entries)) {
				return errOutside
			}
			rows = append(rows, r.entries[value])
		}
		return nil
	})
	return rows, err
}
