package parquet

import (
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"cpm/formats/fault"
)

// checkGroups checks what the footer says of row groups and column chunks against the file, before anything is read
// or allocated from it.
func (f *File) checkGroups() error {
	rows := int64(0)
	for i := range f.groups() {
		g := &f.groups()[i]
		switch {
		case g.NumRows < 0:
			return f.lie("row group %d has %d rows", i+1, g.NumRows)
		case g.NumRows > maxGroupRows:
			return fault.New(fault.Unsupported, f.name, "row group %d has more than %d rows", i+1, maxGroupRows).
				Hint("rewrite the file with smaller row groups")
		case len(g.Columns) != len(f.leaves):
			return f.lie("row group %d has %d columns, the schema has %d", i+1, len(g.Columns), len(f.leaves))
		}
		rows += g.NumRows
		for j := range g.Columns {
			if err := f.checkChunk(f.leaves[j], g, i); err != nil {
				return err
			}
		}
	}
	if rows != f.metadata.NumRows {
		return f.lie("the footer counts %d rows, its row groups %d", f.metadata.NumRows, rows)
	}
	return nil
}

func (f *File) lie(what string, args ...any) error {
	return fault.New(fault.Input, f.name, "the Parquet footer contradicts the file: "+what, args...).
		Hint("copy or export the file again")
}

// maxChunkValues bounds the values of a column in a row group, where a row may hold many: a few bytes can stand for any
// number of them.
const maxChunkValues = 1 << 28

// checkChunk checks what the footer says of one column in one row group.
func (f *File) checkChunk(l *leaf, g *format.RowGroup, group int) error {
	c := &g.Columns[l.index]
	m := &c.MetaData
	switch {
	case c.FilePath != "":
		return fault.New(fault.Unsupported, f.where(l), "the values are in another file").
			Hint("name the files with the data, not their summary")
	case c.CryptoMetadata.Value != nil || len(c.EncryptedColumnMetadata) > 0:
		return fault.New(fault.Unsupported, f.where(l), "the column is encrypted").
			Hint("decrypt the file first, or export it without encryption")
	case m.Type != l.schema.Type.V:
		return f.lie("column %s has another type in row group %d", l.name, group+1)
	case !slices.Equal([]string(m.PathInSchema), l.Path()):
		return f.lie("column %s has another name in row group %d", l.name, group+1)
	}
	if err := f.checkCodec(l, m.Codec); err != nil {
		return err
	}
	if m.NumValues > maxChunkValues {
		return fault.New(fault.Unsupported, f.where(l), "more than %d values in row group %d", maxChunkValues, group+1).
			Hint("rewrite the file with smaller row groups")
	}
	flat := l.MaxRepetitionLevel() == 0
	if m.NumValues < g.NumRows || flat && m.NumValues != g.NumRows {
		return f.lie("column %s has %d values in the %d rows of row group %d", l.name, m.NumValues, g.NumRows, group+1)
	}
	// Nothing will be read of an empty chunk; Arrow writes a negative offset there.
	if m.NumValues > 0 && !f.inside(m) {
		return f.lie("column %s in row group %d lies outside", l.name, group+1)
	}
	return nil
}

// inside reports whether the pages of a column chunk stand between the begin of the file and its footer.
func (f *File) inside(m *format.ColumnMetaData) bool {
	start, size := chunkStart(m), m.TotalCompressedSize
	if start < int64(len(magic)) || start > f.footer.at || size <= 0 || size > f.footer.at-start {
		return false
	}
	return m.DictionaryPageOffset <= m.DataPageOffset && m.DataPageOffset-start < size && m.TotalUncompressedSize >= 0
}

// chunkStart returns where the pages of a column chunk begin. Some writers leave out the offset of the dictionary and
// let the offset of the data point to it.
func chunkStart(m *format.ColumnMetaData) int64 {
	if m.DictionaryPageOffset != 0 {
		return m.DictionaryPageOffset
	}
	return m.DataPageOffset
}

// checkCodec refuses the codecs that are not read. LZ4 without RAW is framed in two ways that no file tells apart.
func (f *File) checkCodec(l *leaf, codec format.CompressionCodec) error {
	switch codec {
	case format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd, format.Lz4Raw:
		return nil
	case format.LZO, format.Lz4:
		return fault.New(fault.Unsupported, f.where(l), "compressed with %s, which this version does not read", codec).
			Hint("rewrite the file with zstd or snappy")
	}
	return f.lie("column %s has the unknown codec %d", l.name, int32(codec))
}
