package arrow

import (
	"github.com/apache/arrow/go/v17/arrow"
)

// A flat schema has the integers of a dictionary column in the place of its words. A record batch says nothing of
// types, so that it is read and written by the flat schema as well as by the other, and the dictionaries, which the
// library would read anew for every batch, are kept here.

// leaf is a dictionary column, at any depth.
type leaf struct {
	id int64 // of its dictionary in the input
	t  *arrow.DictionaryType
}

// children returns the types in a type, in the order of their data.
func children(t arrow.DataType) []arrow.DataType {
	nested, ok := t.(arrow.NestedType)
	if !ok {
		return nil
	}
	var types []arrow.DataType
	for _, f := range nested.Fields() {
		types = append(types, f.Type)
	}
	return types
}

// leavesOf returns the dictionary columns in a type, in the order of their data.
func leavesOf(t arrow.DataType) (leaves []*arrow.DictionaryType) {
	if d, ok := t.(*arrow.DictionaryType); ok {
		return []*arrow.DictionaryType{d}
	}
	for _, c := range children(t) {
		leaves = append(leaves, leavesOf(c)...)
	}
	return leaves
}

// flat returns the type without dictionaries; nil when they stand in a type whose parts are not told apart here.
func flat(t arrow.DataType) arrow.DataType {
	if len(leavesOf(t)) == 0 {
		return t
	}
	switch t := t.(type) {
	case *arrow.DictionaryType:
		if len(leavesOf(t.ValueType)) > 0 {
			return nil
		}
		return t.IndexType
	case *arrow.StructType:
		var fields []arrow.Field
		for _, f := range t.Fields() {
			if f.Type = flat(f.Type); f.Type == nil {
				return nil
			}
			fields = append(fields, f)
		}
		return arrow.StructOf(fields...)
	}
	parts := children(t)
	if len(parts) != 1 {
		return nil
	}
	elem := flat(parts[0])
	if elem == nil {
		return nil
	}
	switch t := t.(type) {
	case *arrow.ListType, *arrow.MapType: // a map lies as a list of pairs does
		return arrow.ListOf(elem)
	case *arrow.LargeListType:
		return arrow.LargeListOf(elem)
	case *arrow.FixedSizeListType:
		return arrow.FixedSizeListOf(t.Len(), elem)
	}
	return nil
}

// visitLeaves calls visit for the data of each dictionary column in a column, in order: t is its type, d its flat data.
func visitLeaves(t arrow.DataType, d arrow.ArrayData, visit func(arrow.ArrayData) error) error {
	if t.ID() == arrow.DICTIONARY {
		return visit(d)
	}
	if len(leavesOf(t)) == 0 {
		return nil
	}
	for i, c := range children(t) {
		if err := visitLeaves(c, d.Children()[i], visit); err != nil {
			return err
		}
	}
	return nil
}
