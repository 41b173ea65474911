package parquet

import (
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/parquet-go/parquet-go/format"
	"golang.org/x/sync/errgroup"

	"cpm/formats/cells"
)

// The sizes at which a row group of a table ends.
const (
	tableRows  = 100_000
	tableBytes = 64 << 20 // of its values
)

// Table writes a file of flat columns, all of them optional, in row groups of 100,000 rows at most, compressed with zstd.
// Add may run on several goroutines at once; Append and Close belong to one.
type Table struct {
	out      *outFile
	head     *footer
	columns  []*outColumn
	types    []cells.Type
	encoders sync.Pool  // of *chunkEncoder
	waiting  []*stretch // for a row group
	sum      stretch    // of them
	rows     int64
}

// TablePart is rows that wait for their place in a table: a stretch for one row group, or for each of several.
type TablePart struct{ stretches []*stretch }

// stretch is some rows of a table before they are encoded.
type stretch struct {
	rows, size int
	columns    []*draft
}

// isFull reports whether a row group has no room for a stretch more.
func (s *stretch) isFull(more int) bool {
	return s.rows > 0 && s.rows+more > tableRows || s.size >= tableBytes
}

// NewTable returns a writer of a table to w. The names of its columns must differ.
func NewTable(w io.Writer, t cells.Table) (*Table, error) {
	out := &Table{out: newOutFile(w), encoders: sync.Pool{New: func() any { return new(chunkEncoder) }}}
	codec := newCodec(format.Zstd)
	var elements []format.SchemaElement
	for _, column := range t.Columns {
		e := elementOf(column)
		elements = append(elements, e)
		out.types = append(out.types, storedType(column.Type))
		out.columns = append(out.columns, &outColumn{
			kind: e.Type.V, path: []string{column.Name}, width: plainWidth(&e), codec: codec, version: 1, definition: 1,
		})
	}
	var err error
	out.head, err = headOf(elements)
	return out, err
}

// Add puts the rows of a block behind those of a part, which may be nil.
func (t *Table) Add(p *TablePart, b *cells.Block) (*TablePart, error) {
	if p == nil {
		p = &TablePart{}
	}
	last := len(p.stretches) - 1
	if last < 0 || p.stretches[last].isFull(len(b.Rows)) {
		p.stretches = append(p.stretches, &stretch{columns: make([]*draft, len(t.columns))})
		last++
	}
	s := p.stretches[last]
	s.rows += len(b.Rows)
	for i, texts := range b.Columns {
		if s.columns[i] == nil {
			s.columns[i] = new(draft)
		}
		page := s.columns[i].room()
		before := len(page.plain)
		for row, text := range texts {
			if !page.addCell(t.columns[i], t.types[i], text) {
				return nil, cells.NotHeld(b.Rows[row], i, t.typeName(i))
			}
		}
		s.size += len(page.plain) - before
	}
	return p, nil
}

// typeName names the type of a column for a message.
func (t *Table) typeName(column int) string {
	e := elementOf(cells.Column{Type: t.types[column]})
	return typeName(&e)
}

// room returns the page that is being filled.
func (d *draft) room() *draftPage {
	if last := len(d.pages) - 1; last >= 0 && len(d.pages[last].plain) < targetPage {
		return &d.pages[last]
	}
	d.pages = append(d.pages, draftPage{segment: segment{encoding: format.Plain}})
	return &d.pages[len(d.pages)-1]
}

// Append writes the rows of a part behind those before.
func (t *Table) Append(p *TablePart) error {
	for _, s := range p.stretches {
		if t.sum.isFull(s.rows) {
			if err := t.flush(); err != nil {
				return err
			}
		}
		t.waiting = append(t.waiting, s)
		t.sum.rows += s.rows
		t.sum.size += s.size
	}
	return nil
}

// flush writes a row group of what is there, a column on each core at once.
func (t *Table) flush() error {
	if t.sum.rows == 0 {
		return nil
	}
	chunks := make([]*outChunk, len(t.columns))
	var columns errgroup.Group
	columns.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range t.columns {
		columns.Go(func() (err error) {
			drafts := make([]*draft, len(t.waiting))
			for j, s := range t.waiting {
				drafts[j] = s.columns[i]
			}
			e := t.encoders.Get().(*chunkEncoder) //nolint:errcheck // the pool holds nothing else
			defer t.encoders.Put(e)
			chunks[i], err = e.merge(c, drafts)
			return err
		})
	}
	if err := columns.Wait(); err != nil {
		return err
	}
	rows := t.sum.rows
	t.waiting, t.sum, t.rows = nil, stretch{}, t.rows+int64(rows)
	return t.out.write(rows, chunks, nil)
}

// Close writes the last row group and the footer.
func (t *Table) Close() error {
	if err := t.flush(); err != nil {
		return err
	}
	end, err := t.head.end(&format.FileMetaData{Version: 1, NumRows: t.rows, RowGroups: t.out.groups}, nil)
	if err != nil {
		return fmt.Errorf("encode the Parquet footer: %w", err)
	}
	return t.out.end(end)
}
