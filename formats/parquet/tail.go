package parquet

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// end returns the end of a file, made of the library's metadata and the parts of this footer that are copied as they
// stand: schema, with one more column of text for each name in extra, key/value metadata and column orders.
func (f *footer) end(m *format.FileMetaData, extra []string) ([]byte, error) {
	own := *m
	own.CreatedBy = "cpm"
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &own)
	if err != nil {
		return nil, err
	}
	if b, err = f.splice(b, extra); err != nil {
		return nil, err
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(b)))
	return append(b, magic...), nil
}

// splice puts the parts, as bytes, into a footer that has none.
func (f *footer) splice(b []byte, extra []string) ([]byte, error) {
	schema, orders := f.bytes[f.schema.start:f.schema.end], f.bytes[f.columnOrders.start:f.columnOrders.end]
	if len(extra) > 0 {
		var err error
		if schema, orders, err = f.extend(extra); err != nil {
			return nil, err
		}
	}
	var out structWriter
	_, err := walkStruct(b, 0, 0, func(v field) error {
		if v.id > fieldKeyValues && out.last < fieldKeyValues && f.keyValues.id != 0 {
			out.field(fieldKeyValues, f.keyValues.kind, f.bytes[f.keyValues.start:f.keyValues.end])
		}
		switch v.id {
		case fieldSchema:
			out.field(fieldSchema, f.schema.kind, schema)
		case fieldRowGroups:
			groups, err := withoutOrdinals(b, v)
			out.field(fieldRowGroups, v.kind, groups)
			return err
		case fieldKeyValues, fieldColumnOrders:
		default:
			out.field(v.id, v.kind, b[v.start:v.end])
		}
		return nil
	})
	if f.columnOrders.id != 0 {
		out.field(fieldColumnOrders, f.columnOrders.kind, orders)
	}
	return out.stop(), err
}

// withoutOrdinals returns the list of the row groups, without their numbers when there are more than can be numbered: the
// library writes a 0 where there is none, and readers hold numbers for true.
func withoutOrdinals(b []byte, list field) ([]byte, error) {
	n, kind, _, err := readListHead(b, list.start)
	if err != nil || n <= maxOrdinals {
		return b[list.start:list.end], err
	}
	groups := appendListHead(nil, n, kind)
	_, err = walkList(b, list.start, 0, func(start, _ int) error {
		var group structWriter
		_, err := walkStruct(b, start, 0, func(v field) error {
			if v.id != fieldOrdinal {
				group.field(v.id, v.kind, b[v.start:v.end])
			}
			return nil
		})
		groups = append(groups, group.stop()...)
		return err
	})
	return groups, err
}

// extend returns schema and column orders with one more column of text under the root for each name.
func (f *footer) extend(names []string) (schema, orders []byte, err error) {
	var elements, added []byte
	for _, name := range names {
		element := &format.SchemaElement{Name: name, LogicalType: format.LogicalType{Value: &format.StringType{}}}
		element.Type.Set(format.ByteArray)
		element.RepetitionType.Set(format.Required)
		element.ConvertedType.Set(deprecated.UTF8)
		one, err := thrift.Marshal(new(thrift.CompactProtocol), element)
		if err != nil {
			return nil, nil, err
		}
		elements = append(elements, one...)
		if one, err = thrift.Marshal(new(thrift.CompactProtocol), &format.ColumnOrder{Value: &format.TypeDefinedOrder{}}); err != nil {
			return nil, nil, err
		}
		added = append(added, one...)
	}
	if schema, err = f.extendList(f.schema, elements, len(names)); err != nil {
		return nil, nil, err
	}
	if schema, err = addChildren(schema, len(names)); err != nil || f.columnOrders.id == 0 {
		return schema, nil, err
	}
	orders, err = f.extendList(f.columnOrders, added, len(names))
	return schema, orders, err
}

// extendList returns a list with so many more elements.
func (f *footer) extendList(list field, elements []byte, more int) ([]byte, error) {
	n, kind, at, err := readListHead(f.bytes, list.start)
	if err != nil || kind != kindStruct {
		return nil, errThrift
	}
	b := appendListHead(nil, n+more, kind)
	return append(append(b, f.bytes[at:list.end]...), elements...), nil
}

// addChildren adds to the number of children of the root, the first element of a schema.
func addChildren(schema []byte, more int) ([]byte, error) {
	n, kind, at, err := readListHead(schema, 0)
	if err != nil || n == 0 {
		return nil, errThrift
	}
	var root structWriter
	end, err := walkStruct(schema, at, 0, func(v field) error {
		value := schema[v.start:v.end]
		if v.id == fieldNumChildren {
			children, _, err := readInt(value, 0)
			if err != nil {
				return err
			}
			value = binary.AppendVarint(nil, children+int64(more))
		}
		root.field(v.id, v.kind, value)
		return nil
	})
	if err != nil {
		return nil, err
	}
	b := append(appendListHead(nil, n, kind), root.stop()...)
	return append(b, schema[end:]...), nil
}
