package parquet

import (
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// outColumn is what an output is told of a column.
type outColumn struct {
	kind                   format.Type
	path                   []string
	width                  int // of a value, as plainWidth has it
	repetition, definition int // the greatest levels
	codec                  *codec
	version                int // of the data pages
}

// nested reports whether rows may have many values, or values may lack at several depths.
func (c *outColumn) nested() bool { return c.repetition > 0 || c.definition > 1 }

// outColumns returns the columns of an output: those of the source, and one of text for each name in extra.
func (f *File) outColumns(version int, extra []string) []*outColumn {
	codecs := map[format.CompressionCodec]*codec{}
	codecOf := func(l *leaf) *codec {
		kind := format.Uncompressed
		if f.Groups() > 0 {
			kind = f.groups()[0].Columns[l.index].MetaData.Codec
		}
		if codecs[kind] == nil {
			codecs[kind] = newCodec(kind)
		}
		return codecs[kind]
	}
	var columns []*outColumn
	for _, l := range f.leaves {
		columns = append(columns, &outColumn{
			kind: l.schema.Type.V, path: l.Path(), width: plainWidth(l.schema), codec: codecOf(l), version: version,
			repetition: l.MaxRepetitionLevel(), definition: l.MaxDefinitionLevel(),
		})
	}
	for _, name := range extra {
		columns = append(columns, &outColumn{
			kind: format.ByteArray, path: []string{name}, codec: codecOf(f.leaves[0]), version: version,
		})
	}
	return columns
}

// encodeWords returns the chunk of an extra column, whose words are those of the selection by their indexes.
func (w *Writer) encodeWords(part *Part, c *outColumn, s Selection, indexes []uint8) (*outChunk, error) {
	rows := w.file.GroupRows(part.group)
	if len(indexes) < rows {
		return nil, fmt.Errorf("parquet writer: a selection is shorter than its %d rows", rows)
	}
	var words []byte
	for _, word := range s.Words {
		words = append(binary.LittleEndian.AppendUint32(words, uint32(len(word))), word...)
	}
	var e chunkEncoder
	e.start(c, part.draft)
	if err := e.dictionary.read(&page{values: words, count: len(s.Words)}, 0); err != nil {
		return nil, err
	}
	if err := e.begin(format.RLEDictionary, false); err != nil {
		return nil, err
	}
	for i := range rows {
		if !has(s.Keep, i) {
			continue
		}
		if int(indexes[i]) >= len(s.Words) {
			return nil, fmt.Errorf("parquet writer: row %d has no word for the extra column", i+1)
		}
		e.dictionary.used[indexes[i]] = true
		e.indexes = append(e.indexes, uint32(indexes[i]))
		e.rows++
		e.count++
	}
	return e.finish()
}
