package parquet

import (
	"errors"
	"fmt"
	"io"

	pq "github.com/parquet-go/parquet-go"
)

// batchValues is how many values go from a page to their use at a time.
const batchValues = 1024

// scan hands the values of one column chunk to do, in order. They alias the page, and are valid during the call alone. It
// fails unless the chunk holds exactly the rows of its row group.
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
	values := make([]pq.Value, batchValues)
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
		err = c.scanPage(page, values, do)
		pq.Release(page)
		if err != nil {
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

// scanPage reads a page. Version 1 pages may begin and end within a row.
func (c *chunk) scanPage(page pq.Page, values []pq.Value, do func([]pq.Value) error) error {
	read := int64(0)
	reader := page.Values()
	for {
		n, err := reader.ReadValues(values)
		if err != nil && !errors.Is(err, io.EOF) {
			return c.file.chunkFault(c.leaf, c.group, err)
		}
		read += int64(n)
		if n > 0 {
			if e := c.give(values[:n], do); e != nil {
				return e
			}
		}
		if err != nil || n == 0 {
			break
		}
	}
	if read != page.NumValues() {
		return c.file.chunkFault(c.leaf, c.group, io.ErrUnexpectedEOF)
	}
	return nil
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
