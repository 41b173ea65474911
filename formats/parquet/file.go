package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"cpm/formats/fault"
)

// maxGroupRows bounds a row group, because its selected values are held at once. It is the largest that any Arrow
// has written by default; DuckDB writes 122,880 rows, parquet-mr 128 MB.
const maxGroupRows = 1 << 26

// File is an open Parquet file whose metadata has been checked. It is safe for use by several goroutines.
type File struct {
	name     string
	source   *fault.Source
	footer   *footer
	pq       *pq.File
	metadata *format.FileMetaData
	leaves   []*leaf
	arenas   arenas
	pages    sync.Pool // of *pageMemory
}

// leaf is one column that holds values.
type leaf struct {
	*pq.Column
	schema *format.SchemaElement
	name   string // the path, joined by dots
	index  int
	text   textFunc // nil when the column cannot serve as text
}

// Open reads the footer of a file of the given size and checks it. Name is for messages.
func Open(name string, r io.ReaderAt, size int64) (f *File, err error) {
	f = &File{name: name, source: &fault.Source{From: r}}
	defer f.recover(&err)
	if f.footer, err = readFooter(name, r, size); err != nil {
		return nil, err
	}
	for _, step := range []func() error{f.open, f.findLeaves, f.checkGroups} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// open hands the library the footer alone: what it reads of the pages comes through rawChunk, not compressed. So each
// chunk is told to begin at 0 and to go on for ever. The page index is left out: a gap in it makes the library panic.
func (f *File) open() (err error) {
	defer f.recover(&err)
	f.metadata = new(format.FileMetaData)
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), f.footer.bytes, f.metadata); err != nil {
		return f.fault(err, "the Parquet footer cannot be read")
	}
	told := *f.metadata
	told.RowGroups = slices.Clone(told.RowGroups)
	for i := range told.RowGroups {
		g := &told.RowGroups[i]
		g.Columns = slices.Clone(g.Columns)
		for j := range g.Columns {
			c := &g.Columns[j]
			c.MetaData = format.ColumnMetaData{
				Type: c.MetaData.Type, Encoding: c.MetaData.Encoding,
				PathInSchema: c.MetaData.PathInSchema, NumValues: c.MetaData.NumValues, TotalCompressedSize: math.MaxInt64,
			}
		}
	}
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &told)
	if err != nil {
		return f.fault(err, "the Parquet footer cannot be read")
	}
	file := binary.LittleEndian.AppendUint32(append([]byte(magic), b...), uint32(len(b)))
	file = append(file, magic...)
	f.pq, err = pq.OpenFile(bytes.NewReader(file), int64(len(file)), pq.SkipPageIndex(true), pq.SkipBloomFilters(true),
		pq.FileReadMode(pq.ReadModeSync))
	if err != nil {
		return f.fault(err, "the Parquet footer cannot be read")
	}
	return nil
}

// findLeaves lists the columns with values in the order of the schema, and checks that the library will read each as
// the schema says.
func (f *File) findLeaves() (err error) {
	defer f.recover(&err)
	elements := f.metadata.Schema
	var visit func(c *pq.Column)
	visit = func(c *pq.Column) {
		if c.Leaf() {
			f.leaves = append(f.leaves, &leaf{Column: c, name: strings.Join(c.Path(), "."), index: len(f.leaves)})
		}
		for _, child := range c.Columns() {
			visit(child)
		}
	}
	visit(f.pq.Root())
	next := 0
	for i := range elements {
		if !elements[i].Type.Valid {
			continue
		}
		if next == len(f.leaves) || f.leaves[next].Name() != elements[i].Name {
			return fault.New(fault.Input, f.name, "the Parquet schema is malformed")
		}
		f.leaves[next].schema = &elements[i]
		next++
	}
	if next == 0 {
		return fault.New(fault.Unsupported, f.name, "the Parquet file has no columns")
	}
	if next != len(f.leaves) {
		return fault.New(fault.Input, f.name, "the Parquet schema is malformed")
	}
	for _, l := range f.leaves {
		if l.MaxDefinitionLevel() > maxLevel {
			return fault.New(fault.Unsupported, f.where(l), "nested deeper than %d levels", maxLevel).
				Hint("export the column without the structures around it")
		}
		if !l.typed() {
			return fault.New(fault.Input, f.where(l), "the logical type contradicts the physical type")
		}
		l.text = textOf(l.schema)
	}
	return nil
}

// typed reports whether the library decodes values of the column as its schema says.
func (l *leaf) typed() bool {
	if isNull(l.schema) {
		return true // the library decodes no value at all, and there is none
	}
	if int(l.Type().Kind()) != int(l.schema.Type.V) {
		return false
	}
	if l.schema.Type.V != format.FixedLenByteArray {
		return true
	}
	return l.schema.TypeLength.Valid && l.schema.TypeLength.V > 0 && int(l.schema.TypeLength.V) == l.Type().Length()
}

// isNull reports whether a column was declared to hold nothing but nulls.
func isNull(s *format.SchemaElement) bool {
	_, ok := s.LogicalType.Value.(*format.NullType)
	return ok
}

// Columns returns the paths of the columns that hold values, joined by dots, in the order of the schema.
func (f *File) Columns() []string {
	names := make([]string, len(f.leaves))
	for i, l := range f.leaves {
		names[i] = l.name
	}
	return names
}

// Rows returns the number of rows.
func (f *File) Rows() int64 { return f.metadata.NumRows }

// Groups returns the number of row groups.
func (f *File) Groups() int { return len(f.groups()) }

// GroupRows returns the number of rows of a row group.
func (f *File) GroupRows(group int) int { return int(f.groups()[group].NumRows) }

// GroupBytes returns the number of bytes that the columns of a row group take in the file.
func (f *File) GroupBytes(group int) int64 {
	n := int64(0)
	for i := range f.groups()[group].Columns {
		n += f.groups()[group].Columns[i].MetaData.TotalCompressedSize
	}
	return n
}

// Detail names the number of row groups and the codecs: "3 row groups, snappy, zstd".
func (f *File) Detail() string {
	parts := []string{fmt.Sprintf("%d row groups", f.Groups())}
	if f.Groups() == 1 {
		parts[0] = "1 row group"
	}
	for i := range f.groups() {
		for j := range f.groups()[i].Columns {
			codec := strings.ToLower(f.groups()[i].Columns[j].MetaData.Codec.String())
			if !slices.Contains(parts, codec) {
				parts = append(parts, codec)
			}
		}
	}
	return strings.Join(parts, ", ")
}

// CanText returns nil when the column can serve as text, else a fault of kind Usage.
func (f *File) CanText(column int) error {
	if column < 0 || column >= len(f.leaves) {
		return fault.New(fault.Usage, f.name, "there is no column %d", column+1)
	}
	l := f.leaves[column]
	switch {
	case l.MaxRepetitionLevel() > 0:
		return fault.New(fault.Usage, f.where(l), "the column is nested in a list and holds many values a row").
			Hint("name a column that holds one value a row")
	case l.text == nil:
		return fault.New(fault.Usage, f.where(l), "a column of type %s cannot serve as text", typeName(l.schema)).
			Hint("name a column of text, whole numbers or times")
	}
	return nil
}

func (f *File) groups() []format.RowGroup { return f.metadata.RowGroups }

func (f *File) where(l *leaf) string { return fmt.Sprintf("%s, column %s", f.name, l.name) }

// recover turns a panic of parquet-go into a fault: it panics on some damaged files. It must be deferred.
func (f *File) recover(err *error) {
	switch p := recover().(type) {
	case nil:
	case error:
		*err = f.fault(p, "the Parquet file is damaged")
	default:
		*err = fault.New(fault.Input, f.name, "the Parquet file is damaged: %v", p)
	}
}

// fault makes a fault of the file of an error of parquet-go, unless it comes from a source that could not be read.
func (f *File) fault(err error, what string) error {
	if cause := f.source.Failure(); cause != nil {
		return fault.At(f.name, cause)
	}
	return fault.New(fault.Input, f.name, "%s", what).Because(err).Hint("copy or export the file again")
}
