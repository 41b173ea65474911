package arrow

import (
	"errors"
	"math/bits"
	"sort"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// maxWords bounds what is held of dictionaries at a time, as they stand in the input.
const maxWords = 1 << 30

var (
	errNoWord = errors.New("it uses a word that its dictionary does not hold")
	errDelta  = errors.New("it goes on with a dictionary that has not begun")
)

// dictionary is the words of a column as they stand at one record batch; what comes later is not seen in it.
type dictionary struct {
	chunks []*chunk
	rows   int
}

// with returns the dictionary that goes on with c. Only the reader's last dictionary is ever continued, so that all
// may share one array.
func (d dictionary) with(c *chunk) dictionary {
	return dictionary{append(d.chunks, c), d.rows + c.rows}
}

// chunk is one message of a dictionary. It is read once, when its first word is asked for.
type chunk struct {
	head  *frame
	first int // the index of its first word
	rows  int
	bytes int

	once   sync.Once
	frame  *frame
	values arrow.ArrayData
	err    error

	texts    sync.Once
	words    [][]byte
	wordsErr error
}

func (c *chunk) decode() error {
	c.once.Do(func() {
		var record arrow.Record
		if record, c.err = readRecord(c.head, c.frame); c.err == nil {
			c.values = record.Column(0).Data()
		}
		c.frame = nil
	})
	return c.err
}

// text returns the words as text.
func (c *chunk) text() ([][]byte, error) {
	c.texts.Do(func() {
		if c.wordsErr = c.decode(); c.wordsErr == nil {
			c.words, c.wordsErr = texts(c.values, all(c.values))
		}
	})
	return c.words, c.wordsErr
}

// limit is the number of words that an index of the type can name.
func (d dictionary) limit(t arrow.FixedWidthDataType) uint64 {
	if arrow.IsSignedInteger(t.ID()) {
		return min(uint64(d.rows), 1<<(t.BitWidth()-1))
	}
	return uint64(d.rows)
}

// all is the run of all rows of a column.
func all(column arrow.ArrayData) run { return run{to: column.Len()} }

// indices calls visit for each row of a flat dictionary column that is not null, with its index.
func (d dictionary) indices(column arrow.ArrayData, rows run, visit func(row, at int) error) error {
	t, ok := column.DataType().(arrow.FixedWidthDataType)
	if !ok {
		return errSchema
	}
	limit, from, width, valid := d.limit(t), buffer(column, 1), t.Bytes(), validity(column)
	for row := rows.from; row < rows.to; row++ {
		if valid != nil && valid[row>>3]>>(row&7)&1 == 0 {
			continue
		}
		at := number(from, width, row)
		if at >= limit {
			return errNoWord
		}
		if err := visit(row, int(at)); err != nil {
			return err
		}
	}
	return nil
}

// texts returns the word of each row as text, nil for a null.
func (d dictionary) texts(column arrow.ArrayData, of run) ([][]byte, error) {
	rows := make([][]byte, of.to-of.from)
	var c *chunk
	var words [][]byte
	err := d.indices(column, of, func(row, at int) (err error) {
		if c == nil || at < c.first || at >= c.first+c.rows {
			c = d.chunks[sort.Search(len(d.chunks), func(i int) bool { return d.chunks[i].first+d.chunks[i].rows > at })]
			if words, err = c.text(); err != nil {
				return err
			}
		}
		rows[row-of.from] = words[at-c.first]
		return nil
	})
	return rows, err
}

// used is the set of the words that are kept, with the place of each among them. The order of words stays.
type used struct {
	set  []uint64
	rank []int // of the first word of each 64
	n    int
}

func (u *used) mark(at int) {
	if more := at/64 + 1 - len(u.set); more > 0 {
		u.set = append(u.set, make([]uint64, more)...)
	}
	u.set[at/64] |= 1 << (at % 64)
}

// unite adds the words of another set.
func (u *used) unite(other *used) {
	if more := len(other.set) - len(u.set); more > 0 {
		u.set = append(u.set, make([]uint64, more)...)
	}
	for i, w := range other.set {
		u.set[i] |= w
	}
}

// count settles the places.
func (u *used) count() {
	u.n, u.rank = 0, make([]int, len(u.set))
	for i, w := range u.set {
		u.rank[i] = u.n
		u.n += bits.OnesCount64(w)
	}
}

func (u *used) place(at int) int {
	return u.rank[at/64] + bits.OnesCount64(u.set[at/64]&(1<<(at%64)-1))
}

// usedBy returns the words that a flat column uses.
func (d dictionary) usedBy(column arrow.ArrayData) (*used, error) {
	u := &used{}
	err := d.indices(column, all(column), func(_, at int) error {
		u.mark(at)
		return nil
	})
	return u, err
}

// renumber puts the places of words where their indices were, in a column that was gathered or read for it alone.
func (d dictionary) renumber(column arrow.ArrayData, u *used) error {
	b := buffer(column, 1)
	width := column.DataType().(arrow.FixedWidthDataType).Bytes() //nolint:errcheck // indices asks the same first
	return d.indices(column, all(column), func(row, at int) error {
		place := u.place(at)
		for k := range width {
			b[row*width+k] = byte(place >> (8 * k))
		}
		return nil
	})
}

// kept returns the words that are used, in their order.
func (d dictionary) kept(t arrow.DataType, u *used) (*array.Data, error) {
	out := newColumn(t, layoutOf(t))
	for _, c := range d.chunks {
		rows := u.runs(c.first, c.first+c.rows)
		if rows == nil {
			continue
		}
		if err := c.decode(); err != nil {
			return nil, err
		}
		out.add(c.values, rows)
	}
	return out.data()
}

// runs returns the words in use between two places, counted from the first.
func (u *used) runs(first, end int) (rows []run) {
	for at := first; at < end && at/64 < len(u.set); at++ {
		rest := u.set[at/64] >> (at % 64)
		if rest == 0 {
			at |= 63
			continue
		}
		if at += bits.TrailingZeros64(rest); at >= end {
			break
		}
		if last := len(rows) - 1; last >= 0 && rows[last].to == at-first {
			rows[last].to++
		} else {
			rows = append(rows, run{from: at - first, to: at - first + 1})
		}
	}
	return rows
}
