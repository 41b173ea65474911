package parquet

import (
	"sync"

	pq "github.com/parquet-go/parquet-go"
)

// arenaSize is the size of the blocks that hold the bytes of values.
const arenaSize = 64 << 10

// trustedRows is up to how many rows the footer is believed before a page was read.
const trustedRows = 1 << 18

// arenas keeps blocks between batches.
type arenas struct {
	pool sync.Pool // of *[]byte
	rows sync.Pool // of *[][]byte
}

// Values holds the text of one column of one row group, a value a row, nil for a null. The bytes are its own until
// Release.
type Values struct {
	Rows          [][]byte
	group, column int
	pages         []readPage // of a column of texts: all of them, which a Writer takes as they are
	blocks        []*[]byte
	from          *arenas
}

// readPage is a page that was read.
type readPage struct {
	kind pageKind
	page page
}

// Values reads a column of a row group. Only its pages are read.
func (f *File) Values(group, column int) (*Values, error) {
	if err := f.CanText(column); err != nil {
		return nil, err
	}
	l := f.leaves[column]
	v := &Values{group: group, column: column, from: &f.arenas}
	if rows, _ := f.arenas.rows.Get().(*[][]byte); rows != nil {
		v.Rows = *rows
	} else {
		v.Rows = make([][]byte, 0, min(f.GroupRows(group), trustedRows))
	}
	if l.isText() {
		if err := f.readTexts(group, l, v); err != nil {
			v.Release()
			return nil, err
		}
		return v, nil
	}
	err := f.scan(group, l, func(values []pq.Value) error {
		for i := range values {
			if values[i].IsNull() {
				v.Rows = append(v.Rows, nil)
				continue
			}
			v.append(l.text, values[i])
		}
		return nil
	})
	if err != nil {
		v.Release()
		return nil, err
	}
	return v, nil
}

// append writes a value to the last block, or to a new one when there is no room: blocks must not move, for the rows
// point into them. The longest text of a value that is no text itself, a decimal, has 2.5 digits a byte.
func (v *Values) append(text textFunc, value pq.Value) {
	room := 64
	if kind := value.Kind(); kind == pq.ByteArray || kind == pq.FixedLenByteArray {
		room += 3 * len(value.ByteArray())
	}
	block := v.room(room)
	start := len(*block)
	*block = text(*block, value)
	v.Rows = append(v.Rows, (*block)[start:len(*block):len(*block)])
}

// room returns a block with room for n more bytes.
func (v *Values) room(n int) *[]byte {
	if last := len(v.blocks) - 1; last >= 0 && cap(*v.blocks[last])-len(*v.blocks[last]) >= n {
		return v.blocks[last]
	}
	block, _ := v.from.pool.Get().(*[]byte)
	if block == nil || cap(*block) < n {
		b := make([]byte, 0, max(n, arenaSize))
		block = &b
	}
	v.blocks = append(v.blocks, block)
	return block
}

// spare returns a block for a page, whatever room it has.
func (v *Values) spare() []byte {
	if block, _ := v.from.pool.Get().(*[]byte); block != nil {
		return (*block)[:0]
	}
	return nil
}

// adopt keeps the memory of a page.
func (v *Values) adopt(body []byte) { v.blocks = append(v.blocks, &body) }

// Release gives the bytes back. The values must not be used after it.
func (v *Values) Release() {
	for _, block := range v.blocks {
		*block = (*block)[:0]
		v.from.pool.Put(block)
	}
	rows := v.Rows[:0]
	v.from.rows.Put(&rows)
	v.blocks, v.Rows, v.pages = nil, nil, nil
}
