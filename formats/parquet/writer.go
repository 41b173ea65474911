package parquet

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/parquet-go/parquet-go/format"
	"golang.org/x/sync/errgroup"

	"cpm/formats/fault"
)

// Writer copies rows of the File that made it to a new file. Encode may run on several goroutines at once; Append and
// Close belong to one.
type Writer struct {
	file    *File
	extra   []string
	out     *outFile
	columns []*outColumn // the extra ones last
	gathers sync.Pool    // of *gather
	rows    int64
	err     error // the first failure of Append; nothing may follow it

	draftRows, fullRows int

	waiting      []*Part // drafts that were appended
	waitingRows  int
	waitingBytes int64 // about
}

// Selection says which rows of a row group are kept, and for each extra column of the writer the word of each row.
type Selection struct {
	Keep  []uint64  // bit i, the lowest first, is row i
	Extra [][]uint8 // by extra column: indexes of Words, one a row
	Words []string
	Read  []*Values // columns of the row group that are not read again
}

// pagesOf returns the pages of a column; those that were read before are what was decided on.
func (w *Writer) pagesOf(group int, l *leaf, read []*Values) *pageStream {
	for _, v := range read {
		if v.from == &w.file.arenas && v.group == group && v.column == l.index && len(v.pages) > 0 {
			return w.file.readAgain(v)
		}
	}
	return w.file.readPages(group, l)
}

// Part is a row group that waits for its place in the file.
type Part struct {
	owner  *Writer
	group  int // of the source
	rows   int
	chunks []*outChunk // by column, the extra ones last; nil when no row was kept, or after Append
	draft  bool        // it is so small that it waits for those behind it
	size   int64       // of a draft, about
	merged bool        // it was made of several
}

// NewWriter returns a writer to w. For each name in extra, rows get one more column of text at the end.
func (f *File) NewWriter(w io.Writer, extra ...string) (out *Writer, err error) {
	defer f.recover(&err)
	for _, c := range f.pq.Root().Columns() {
		if slices.ContainsFunc(extra, func(name string) bool { return strings.EqualFold(c.Name(), name) }) {
			return nil, fault.New(fault.Usage, f.name, "there is a column %s already", c.Name()).
				Hint("rename it in the file, or name the input that it was made of")
		}
	}
	version, err := f.pageVersion()
	if err != nil {
		return nil, err
	}
	return &Writer{
		file: f, extra: extra, out: newOutFile(w), columns: f.outColumns(version, extra),
		draftRows: draftRows, fullRows: fullRows,
	}, nil
}

// pageVersion returns the version of the data pages of the source, 1 or 2: that of its first data page.
func (f *File) pageVersion() (int, error) {
	for i := range f.groups() {
		if f.GroupRows(i) == 0 {
			continue
		}
		for j := range f.groups()[i].Columns {
			m := &f.groups()[i].Columns[j].MetaData
			end := chunkStart(m) + m.TotalCompressedSize
			for at := chunkStart(m); at < end; {
				h, body, err := f.readPageHeader(at, end)
				switch {
				case err != nil:
					return 0, f.chunkFault(f.leaves[j], i, err)
				case h.Type == format.DataPageV2:
					return 2, nil
				case h.Type == format.DataPage:
					return 1, nil
				case h.CompressedPageSize < 0:
					return 0, f.chunkFault(f.leaves[j], i, io.ErrUnexpectedEOF)
				}
				at = body + int64(h.CompressedPageSize)
			}
		}
	}
	return 1, nil
}

// Encode gathers the kept rows of a row group, column by column; several at once where the file has fewer row groups
// than the machine has cores, because the caller encodes row groups at once. It holds the pages, compressed, until
// Append.
func (w *Writer) Encode(group int, s Selection) (part *Part, err error) {
	defer w.file.recover(&err)
	rows := w.file.GroupRows(group)
	if len(s.Keep)*64 < rows || len(s.Extra) < len(w.extra) {
		return nil, fmt.Errorf("parquet writer: a selection is shorter than its %d rows", rows)
	}
	part = &Part{owner: w, group: group, rows: count(s.Keep, rows)}
	if part.rows == 0 {
		return part, nil
	}
	part.draft, part.size = w.isDraft(group, part.rows)
	part.chunks = make([]*outChunk, len(w.columns))
	var columns errgroup.Group
	columns.SetLimit(max(1, runtime.GOMAXPROCS(0)/w.file.Groups()))
	for i := range w.columns {
		columns.Go(func() (err error) {
			defer w.file.recover(&err)
			part.chunks[i], err = w.encodeColumn(part, i, s)
			return err
		})
	}
	if err := columns.Wait(); err != nil {
		return nil, err
	}
	return part, nil
}

// encodeColumn returns the chunk of a column of the part.
func (w *Writer) encodeColumn(p *Part, i int, s Selection) (*outChunk, error) {
	if extra := i - len(w.file.leaves); extra >= 0 {
		return w.encodeWords(p, w.columns[i], s, s.Extra[extra])
	}
	return w.gatherColumn(p, w.file.leaves[i], s)
}

// Append writes a part behind the parts before it.
func (w *Writer) Append(p *Part) (err error) {
	if p.owner != w {
		return errors.New("parquet writer: the part is of another writer")
	}
	if w.err != nil || p.rows == 0 {
		return w.err
	}
	defer func() { w.err = err }()
	defer w.file.recover(&err)
	if p.chunks == nil {
		return errors.New("parquet writer: a part was appended twice")
	}
	own := *p
	p.chunks = nil
	w.rows += int64(p.rows)
	if !p.draft {
		if err := w.merge(); err != nil {
			return err
		}
		return w.write(&own)
	}
	w.waiting = append(w.waiting, &own)
	w.waitingRows += p.rows
	w.waitingBytes += p.size
	if w.waitingRows < w.fullRows && w.waitingBytes < fullBytes {
		return nil
	}
	return w.merge()
}

// write writes a part as the next row group.
func (w *Writer) write(p *Part) error {
	var order []format.SortingColumn
	if !p.merged { // rows of several row groups are in the order of none
		order = w.file.groups()[p.group].SortingColumns
	}
	return w.out.write(p.rows, p.chunks, order)
}

// Rows returns the number of rows appended.
func (w *Writer) Rows() int64 { return w.rows }

// Close writes the footer. A file without any part is valid and holds no row.
func (w *Writer) Close() (err error) {
	if w.err != nil {
		return w.err
	}
	defer w.file.recover(&err)
	if err := w.merge(); err != nil {
		return err
	}
	end, err := w.file.footer.end(&format.FileMetaData{Version: w.file.metadata.Version, NumRows: w.rows, RowGroups: w.out.groups}, w.extra)
	if err != nil {
		return fmt.Errorf("encode the Parquet footer: %w", err)
	}
	return w.out.end(end)
}
