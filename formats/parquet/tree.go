package parquet

import (
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// form is what a part of the schema is as a cell.
type form uint8

const (
	value form = iota
	object
	array
	mapping // an array of keys and values
)

// node is a part of the schema: a column, or what stands in one.
type node struct {
	name    string
	form    form
	present int     // from which definition level on it is there
	filled  int     // from which on an array has an element
	repeats int     // at which repetition level an array goes on
	parts   []*node // the members of an object; of an array its element; of a mapping the key and the value
	leaves  []*leaf // that hold its values

	cell cells.Type // of a value
	text textFunc   // nil when it cannot be a cell
}

// treeReader reads the schema, whose elements stand parents first.
type treeReader struct {
	file     *File
	elements []format.SchemaElement // that are still to come
	leaves   []*leaf                // the same
	isFree   func(l *leaf) bool     // whether bytes of no declared type are no text
}

// tree returns the root of the schema.
func (f *File) tree(isFree func(l *leaf) bool) (*node, error) {
	r := &treeReader{file: f, elements: f.metadata.Schema, leaves: f.leaves, isFree: isFree}
	root := &node{form: object}
	if err := r.body(root, r.take(), 0); err != nil {
		return nil, err
	}
	if len(r.elements) > 0 {
		return nil, r.malformed()
	}
	return root, nil
}

func (r *treeReader) malformed() error {
	return fault.New(fault.Input, r.file.name, "the Parquet schema is malformed")
}

// take returns the next element; nil behind the last.
func (r *treeReader) take() (e *format.SchemaElement) {
	if len(r.elements) > 0 {
		e, r.elements = &r.elements[0], r.elements[1:]
	}
	return e
}

// next reads the next element, within one that is there from a definition level on and so many arrays. What repeats is an
// array, whatever stands around it.
func (r *treeReader) next(present, arrays int) (*node, error) {
	e := r.take()
	if e == nil {
		return nil, r.malformed()
	}
	n := &node{name: e.Name, present: present}
	switch e.RepetitionType.V {
	case format.Optional:
		n.present++
	case format.Repeated:
		element := &node{name: e.Name, present: present + 1}
		n.form, n.filled, n.repeats, n.parts = array, present+1, arrays+1, []*node{element}
		err := r.body(element, e, arrays+1)
		n.leaves = element.leaves
		return n, err
	}
	return n, r.body(n, e, arrays)
}

// body reads what an element holds: a value, or parts.
func (r *treeReader) body(n *node, e *format.SchemaElement, arrays int) error {
	if e == nil {
		return r.malformed()
	}
	if e.Type.Valid {
		return r.value(n, arrays)
	}
	n.form = object
	isRepeated := len(r.elements) > 0 && r.elements[0].RepetitionType.V == format.Repeated
	bare := len(r.elements) > 1 && r.elements[1].RepetitionType.V == format.Repeated
	for range e.NumChildren.V {
		part, err := r.next(n.present, arrays)
		if err != nil {
			return err
		}
		if len(part.leaves) > 0 { // what holds no value says nothing
			n.parts, n.leaves = append(n.parts, part), append(n.leaves, part.leaves...)
		}
	}
	if len(n.parts) == 1 && e.NumChildren.V == 1 && isRepeated {
		n.unwrap(e, bare)
	}
	return nil
}

// value notes the leaf of a value, and holds it to its levels.
func (r *treeReader) value(n *node, arrays int) error {
	if len(r.leaves) == 0 || r.leaves[0].MaxDefinitionLevel() != n.present || r.leaves[0].MaxRepetitionLevel() != arrays {
		return r.malformed()
	}
	l := r.leaves[0]
	n.leaves, r.leaves = r.leaves[:1:1], r.leaves[1:]
	n.cell, n.text = typeOf(l.schema), cellOf(l.schema)
	if isBinary(l.schema) || isUndeclared(l.schema) && r.isFree(l) {
		n.cell, n.text = cells.Type{Kind: cells.Binary}, base64Cell
	}
	return nil
}

// unwrap makes an array or a mapping of an object that was read and stands for one: LIST and MAP are groups around what
// repeats. In the element stands another group around its value, but where old writers left that out: then it has
// several members, or a name of theirs, or its one member repeats (bare).
func (n *node) unwrap(e *format.SchemaElement, bare bool) {
	inner := n.parts[0]
	element := inner.parts[0]
	_, isList := e.LogicalType.Value.(*format.ListType)
	_, isMap := e.LogicalType.Value.(*format.MapType)
	if c := e.ConvertedType; c.Valid {
		isList = isList || c.V == deprecated.List
		isMap = isMap || c.V == deprecated.Map || c.V == deprecated.MapKeyValue
	}
	if !isList && !isMap {
		return
	}
	n.form, n.filled, n.repeats, n.parts = array, inner.filled, inner.repeats, inner.parts
	switch {
	case isMap && element.form == object && len(element.parts) == 2:
		n.form, n.parts = mapping, element.parts
	case element.form == object && len(element.parts) == 1 && !bare && inner.name != "array" && inner.name != n.name+"_tuple":
		n.parts = element.parts
	}
}

// find calls do for a node and what stands in it.
func (n *node) find(do func(n *node) error) error {
	if err := do(n); err != nil {
		return err
	}
	for _, part := range n.parts {
		if err := part.find(do); err != nil {
			return err
		}
	}
	return nil
}
