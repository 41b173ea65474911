package parquet

import (
	"reflect"
	"slices"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/brotli"
	"github.com/parquet-go/parquet-go/compress/gzip"
	"github.com/parquet-go/parquet-go/compress/snappy"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// node is a node of the schema that the library writes by. It has the shape of the source's schema, but physical
// types alone: the logical ones come back with the footer, byte for byte, and some of them the library cannot write.
// The root is required whatever the source says, because arrow-go calls it repeated (arrow-go#722).
type node struct {
	pq.Node    // answers for what is not overridden: the source's column
	typ        pq.Type
	fields     []pq.Field
	encoding   encoding.Encoding
	codec      compress.Codec
	name       string
	repetition format.FieldRepetitionType
}

func (n *node) ID() int                                { return 0 }
func (n *node) String() string                         { return n.name }
func (n *node) Type() pq.Type                          { return n.typ }
func (n *node) Optional() bool                         { return n.repetition == format.Optional }
func (n *node) Repeated() bool                         { return n.repetition == format.Repeated }
func (n *node) Required() bool                         { return n.repetition == format.Required }
func (n *node) Fields() []pq.Field                     { return n.fields }
func (n *node) Encoding() encoding.Encoding            { return n.encoding }
func (n *node) Compression() compress.Codec            { return n.codec }
func (n *node) Name() string                           { return n.name }
func (n *node) Value(base reflect.Value) reflect.Value { return base }

// writeSchema returns the schema to write the columns by for which with is true, and one more column of text for each
// name in extra. It is nil when that leaves no column.
func (f *File) writeSchema(with []bool, extra []string) *pq.Schema {
	next := 0
	var build func(c *pq.Column) *node
	build = func(c *pq.Column) *node {
		n := &node{Node: c, name: c.Name(), repetition: repetitionOf(c)}
		if c.Leaf() {
			l := f.leaves[next]
			next++
			if !with[l.index] {
				return nil
			}
			n.typ, n.encoding, n.codec = physicalType(l.schema), f.encodingOf(l), f.codecOf(l)
			return n
		}
		n.typ = pq.Group{}.Type()
		for _, child := range c.Columns() {
			if field := build(child); field != nil {
				n.fields = append(n.fields, field)
			}
		}
		if len(n.fields) == 0 {
			return nil
		}
		return n
	}
	root := build(f.pq.Root())
	if root == nil && len(extra) == 0 {
		return nil
	}
	if root == nil {
		root = &node{Node: f.pq.Root(), name: f.pq.Root().Name(), typ: pq.Group{}.Type()}
	}
	root.repetition = format.Required
	for _, name := range extra {
		root.fields = append(root.fields, &node{
			Node: pq.String(), name: name, typ: pq.ByteArrayType,
			encoding: &pq.RLEDictionary, codec: f.codecOf(f.leaves[0]),
		})
	}
	return pq.NewSchema(root.name, root)
}

func repetitionOf(c *pq.Column) format.FieldRepetitionType {
	switch {
	case c.Optional():
		return format.Optional
	case c.Repeated():
		return format.Repeated
	}
	return format.Required
}

// physicalType returns the type without its meaning, but for unsigned integers: their order is another.
func physicalType(s *format.SchemaElement) pq.Type {
	switch s.Type.V {
	case format.Boolean:
		return pq.BooleanType
	case format.Int32:
		if isUnsigned(s) {
			return pq.Uint(32).Type()
		}
		return pq.Int32Type
	case format.Int64:
		if isUnsigned(s) {
			return pq.Uint(64).Type()
		}
		return pq.Int64Type
	case format.Int96:
		return pq.Int96Type
	case format.Float:
		return pq.FloatType
	case format.Double:
		return pq.DoubleType
	case format.FixedLenByteArray:
		return pq.FixedLenByteArrayType(int(s.TypeLength.V))
	}
	return pq.ByteArrayType
}

// encodingOf returns the encoding that the source's first row group uses for the values of a column. The footer lists
// the encodings of levels and dictionary beside it, in any order.
func (f *File) encodingOf(l *leaf) encoding.Encoding {
	if f.Groups() == 0 {
		return &pq.Plain
	}
	used := f.groups()[0].Columns[l.index].MetaData.Encoding
	if l.schema.Type.V == format.Boolean {
		if slices.Contains(used, format.Plain) || !slices.Contains(used, format.RLE) {
			return &pq.Plain
		}
		return &pq.RLE // never a dictionary: Arrow does not read one
	}
	if slices.Contains(used, format.RLEDictionary) || slices.Contains(used, plainDictionary) {
		return &pq.RLEDictionary
	}
	for _, e := range used {
		switch e {
		case format.DeltaBinaryPacked, format.DeltaLengthByteArray, format.DeltaByteArray, format.ByteStreamSplit:
			if encodes(e, l.schema.Type.V) {
				return pq.LookupEncoding(e)
			}
		}
	}
	return &pq.Plain
}

// encodes reports whether the library writes values of the type in the encoding.
func encodes(e format.Encoding, t format.Type) bool {
	switch e {
	case format.DeltaBinaryPacked:
		return t == format.Int32 || t == format.Int64
	case format.DeltaLengthByteArray:
		return t == format.ByteArray
	case format.DeltaByteArray:
		return t == format.ByteArray || t == format.FixedLenByteArray
	case format.ByteStreamSplit:
		return t == format.Float || t == format.Double
	}
	return false
}

// codecOf returns the codec of the source. No file records its level; these are the levels at which the size of the
// output comes nearest to that of DuckDB's and Arrow's files for the time spent.
func (f *File) codecOf(l *leaf) compress.Codec {
	if f.Groups() == 0 {
		return &pq.Uncompressed
	}
	switch f.groups()[0].Columns[l.index].MetaData.Codec {
	case format.Snappy:
		return &snappy.Codec{}
	case format.Gzip:
		return &gzip.Codec{Level: gzip.DefaultCompression}
	case format.Brotli:
		return &brotli.Codec{Quality: 5}
	case format.Zstd:
		return &zstd.Codec{Level: zstd.SpeedFastest}
	}
	return &pq.Uncompressed
}
