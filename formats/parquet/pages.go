package parquet

import (
	"errors"
	"fmt"
	"io"
	"slices"

	pq "github.com/parquet-go/parquet-go"
)

// batchValues is how many values go from a page to their use at a time.
const batchValues = 1024

// scan hands the values of one column chunk to do, in order, in runs that end where a row ends. The values alias the
// page: they are valid during the call alone. It fails unless the chunk holds exactly the rows of its row group.
func (f *File) scan(group int, l *leaf, do func(values []pq.Value) error) (err error) {
	defer f.recover(&err)
	c := &chunk{file: f, leaf: l, group: group, want: f.GroupRows(group)}
	column, ok := f.pq.RowGroups()[group].ColumnChunks()[l.index].(*pq.FileColumnChunk)
	if !ok {
		return f.chunkFault(l, group, errors.New("the library gives its pages in a form that is not known here"))
	}
	raw := f.readChunk(group, l)
	defer raw.close()
	pages := column.PagesFrom(raw)
	defer func() {
		if e := pages.Close(); err == nil && e != nil {
			err = f.chunkFault(l, group, e)
		}
	}()
	var values []pq.Value
	for {
		page, err := pages.ReadPage()
		if raw.err != nil {
			return f.chunkFault(l, group, raw.err)
		}
		if errors.Is(err, io.EOF) && raw.ended() {
			break
		}
		if err != nil {
			return f.chunkFault(l, group, err)
		}
		values, err = c.scanPage(page, values, do)
		pq.Release(page)
		if err != nil {
			return err
		}
	}
	if len(values) > 0 {
		if err := c.give(values, do); err != nil {
			return err
		}
	}
	if c.rows != c.want {
		return f.chunkFault(l, group, fmt.Errorf("the pages hold %d rows, the row group has %d", c.rows, c.want))
	}
	return nil
}

func (f *File) chunkFault(l *leaf, group int, err error) error {
	return f.fault(err, fmt.Sprintf("column %s of row group %d cannot be read", l.name, group+1))
}

// chunk is one column of one row group while it is read.
type chunk struct {
	file       *File
	leaf       *leaf
	group      int
	want, rows int
}

// scanPage reads a page. What it returns is the begin of a row that may go on in the next page: version 1 pages may
// end anywhere. Rest is such a begin, left by the page before.
func (c *chunk) scanPage(page pq.Page, rest []pq.Value, do func([]pq.Value) error) ([]pq.Value, error) {
	values, read := rest, int64(0)
	reader := page.Values()
	for {
		values = slices.Grow(values, batchValues)
		n, err := reader.ReadValues(values[len(values) : len(values)+batchValues])
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, c.file.chunkFault(c.leaf, c.group, err)
		}
		old := len(values)
		values = values[:old+n]
		read += int64(n)
		if cut := c.rowStart(values, old); cut > 0 {
			if e := c.give(values[:cut], do); e != nil {
				return nil, e
			}
			values = values[:copy(values, values[cut:])]
		}
		if err != nil || n == 0 {
			break
		}
	}
	if read != page.NumValues() {
		return nil, c.file.chunkFault(c.leaf, c.group, io.ErrUnexpectedEOF)
	}
	for i := range values {
		values[i] = values[i].Clone()
	}
	return values, nil
}

// rowStart returns where the last row that begins in values begins: whole rows stand before it. The search ends at
// from, for what stands before has been searched. In a column without repetition every value ends its row.
func (c *chunk) rowStart(values []pq.Value, from int) int {
	if c.leaf.MaxRepetitionLevel() == 0 {
		return len(values)
	}
	for i := len(values) - 1; i >= from; i-- {
		if values[i].RepetitionLevel() == 0 {
			return i
		}
	}
	return 0
}

// give counts the rows of values and hands them on.
func (c *chunk) give(values []pq.Value, do func([]pq.Value) error) error {
	if c.leaf.MaxRepetitionLevel() == 0 {
		c.rows += len(values)
	} else {
		if c.rows == 0 && values[0].RepetitionLevel() != 0 {
			return c.file.chunkFault(c.leaf, c.group, errors.New("the first row does not begin in it"))
		}
		for i := range values {
			if values[i].RepetitionLevel() == 0 {
				c.rows++
			}
		}
	}
	if c.rows > c.want {
		return c.file.chunkFault(c.leaf, c.group, fmt.Errorf("the pages hold more than the %d rows of the row group", c.want))
	}
	return do(values)
}
