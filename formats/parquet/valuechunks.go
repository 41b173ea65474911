package parquet

import (
	"bytes"
	"fmt"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// maxBound is the longest min or max that goes into the footer: statistics need no whole document.
const maxBound = 256

// encodeValues makes the chunks of the columns for which with is true, and of the extra ones, through the library: it
// writes a file of these columns alone, whose chunks are then cut out.
func (w *Writer) encodeValues(part *Part, with []bool, s Selection) (err error) {
	defer w.file.recover(&err)
	var out bytes.Buffer
	to := pq.NewGenericWriter[any](&out, w.file.writeSchema(with, w.extra), pq.DataPageVersion(w.version),
		pq.DataPageStatistics(false), pq.DictionaryMaxBytes(maxDictionary), pq.WriteBufferSize(0),
		pq.ColumnPageBuffers(w.buffers))
	rowGroup := to.BeginRowGroup()
	columns := rowGroup.ColumnWriters()
	var places []int
	for i, l := range w.file.leaves {
		if !with[i] {
			continue
		}
		g := &gather{keep: s.Keep, row: -1, to: columns[len(places)], flat: l.MaxRepetitionLevel() == 0}
		if err := w.file.scan(part.group, l, g.take); err != nil {
			return err
		}
		if err := g.finish(part.rows); err != nil {
			return fmt.Errorf("%s: %w", w.file.where(l), err)
		}
		places = append(places, i)
	}
	for i := range w.extra {
		if err := writeWords(columns[len(places)], s, s.Extra[i], w.file.GroupRows(part.group)); err != nil {
			return err
		}
		places = append(places, len(w.file.leaves)+i)
	}
	n, err := rowGroup.Commit()
	if err != nil {
		return fmt.Errorf("encode Parquet: %w", err)
	}
	if n != int64(part.rows) {
		return fmt.Errorf("parquet writer: %d rows were kept, %d encoded", part.rows, n)
	}
	end := out.Len()
	if err := to.Close(); err != nil {
		return fmt.Errorf("encode Parquet: %w", err)
	}
	groups := to.File().Metadata().RowGroups
	if len(groups) != 1 || len(groups[0].Columns) != len(places) {
		return fmt.Errorf("parquet writer: %d row groups were encoded", len(groups))
	}
	for i, place := range places {
		next := int64(end)
		if i+1 < len(places) {
			next = chunkStart(&groups[0].Columns[i+1].MetaData)
		}
		part.chunks[place] = w.cutChunk(out.Bytes(), groups[0].Columns[i].MetaData, place, next)
	}
	return nil
}

// cutChunk returns a chunk that ends at the given place, and corrects what the library says of it: sizes, because page
// headers have lost their statistics since it counted; bounds that are wrong or long.
func (w *Writer) cutChunk(file []byte, m format.ColumnMetaData, column int, end int64) *outChunk {
	start := chunkStart(&m)
	lost := m.TotalCompressedSize - (end - start)
	m.TotalCompressedSize -= lost
	m.TotalUncompressedSize -= lost
	m.DataPageOffset -= start
	m.DictionaryPageOffset = 0
	m.SizeStatistics, m.GeospatialStatistics = format.SizeStatistics{}, format.GeospatialStatistics{}
	s := &m.Statistics
	s.Min, s.Max = nil, nil
	known := column >= len(w.file.leaves) || ordered(w.file.leaves[column].schema)
	if !known || len(s.MinValue) > maxBound || len(s.MaxValue) > maxBound {
		s.MinValue, s.MaxValue = nil, nil
	}
	return &outChunk{pages: file[start:end], meta: m}
}
