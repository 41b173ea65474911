package arrow

import (
	"encoding/base64"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"cpm/formats/cells"
)

// jsonFunc appends the value of a row as JSON.
type jsonFunc func(dst []byte, row int) ([]byte, error)

// valueFunc returns the text of a row until it is called again, nil for a null.
type valueFunc func(row int) ([]byte, error)

// cellMaker makes the cells of a column that do not stand in the record batch.
type cellMaker struct {
	around [][]byte     // the validity of the structures around it, and its own
	words  []dictionary // of the dictionary columns in it that were not come upon
	json   jsonFunc     // one of the two
	text   valueFunc
	limit  int // of the length of dst
}

// isThere reports whether a row is not null.
func isThere(valid []byte, row int) bool { return valid == nil || valid[row>>3]>>(row&7)&1 != 0 }

// add gives the row that a block has last its cell, and takes what is nested in it from the room.
func (m *cellMaker) add(block *cells.Block, column, row int, room *int) (err error) {
	defer caught(&err)
	for _, valid := range m.around {
		if !isThere(valid, row) {
			return nil
		}
	}
	from := len(block.Arena)
	if m.json == nil {
		text, err := m.text(row)
		if err == nil && text != nil {
			block.Arena = append(block.Arena, text...)
			block.Set(column, block.Kept(from))
		}
		return err
	}
	m.limit = from + *room
	text, err := m.json(block.Arena, row)
	if err != nil {
		return err
	}
	block.Arena = text
	*room -= len(text) - from
	block.Set(column, block.Kept(from))
	return nil
}

// textOf returns the function for a type that is not nested.
func (m *cellMaker) textOf(t arrow.DataType, d arrow.ArrayData) valueFunc {
	value := m.valueOf(t, d)
	if !isBinary(t) {
		return value
	}
	page := []byte{} // an empty text is no null
	return func(row int) ([]byte, error) {
		bytes, err := value(row)
		if bytes == nil || err != nil {
			return nil, err
		}
		page = base64.StdEncoding.AppendEncode(page[:0], bytes)
		return page, nil
	}
}

// valueOf returns the function for a text, or for bytes as they are.
func (m *cellMaker) valueOf(t arrow.DataType, d arrow.ArrayData) valueFunc {
	if t.ID() == arrow.DICTIONARY {
		words := m.words[0]
		m.words = m.words[1:]
		return func(row int) ([]byte, error) {
			texts, err := words.texts(d, run{from: row, to: row + 1})
			if err != nil {
				return nil, err
			}
			return texts[0], nil
		}
	}
	if slices := layoutOf(t).slices(d); slices != nil {
		return func(row int) ([]byte, error) { return slices(row), nil }
	}
	form, page := cellOf(array.MakeFromData(d)), []byte{}
	return func(row int) ([]byte, error) {
		text := form(page[:0], row)
		if text == nil {
			return nil, cells.NotAllowed()
		}
		page = text
		return page, nil
	}
}

// jsonOf returns the function for any type that checkCells lets pass.
func (m *cellMaker) jsonOf(t arrow.DataType, d arrow.ArrayData) jsonFunc {
	var there jsonFunc
	switch t := t.(type) {
	case *arrow.StructType:
		there = m.objectOf(t, d)
	case *arrow.MapType:
		there = m.mappingOf(t, d)
	case *arrow.ListType, *arrow.LargeListType, *arrow.FixedSizeListType:
		there = m.arrayOf(t, d)
	default:
		text, kind := m.textOf(t, d), typeOf(t).Kind
		there = func(dst []byte, row int) ([]byte, error) {
			value, err := text(row)
			if err != nil {
				return nil, err
			}
			if dst = cells.AppendJSON(dst, kind, value); len(dst) > m.limit {
				return nil, cells.TooLong()
			}
			return dst, nil
		}
	}
	valid := validity(d)
	return func(dst []byte, row int) ([]byte, error) {
		if !isThere(valid, row) {
			return append(dst, "null"...), nil
		}
		return there(dst, row)
	}
}

func (m *cellMaker) objectOf(t *arrow.StructType, d arrow.ArrayData) jsonFunc {
	keys, values := make([][]byte, t.NumFields()), make([]jsonFunc, t.NumFields())
	for i, f := range t.Fields() {
		keys[i] = append(cells.AppendString(nil, []byte(f.Name)), ':')
		values[i] = m.jsonOf(f.Type, d.Children()[i])
	}
	return func(dst []byte, row int) (_ []byte, err error) {
		dst = append(dst, '{')
		for i, value := range values {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = value(append(dst, keys[i]...), row); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	}
}

func (m *cellMaker) arrayOf(t arrow.DataType, d arrow.ArrayData) jsonFunc {
	element, elements := m.jsonOf(children(t)[0], d.Children()[0]), elementsOf(d)
	return func(dst []byte, row int) (_ []byte, err error) {
		dst = append(dst, '[')
		from, to := elements(row)
		for i := from; i < to; i++ {
			if i > from {
				dst = append(dst, ',')
			}
			if dst, err = element(dst, i); err == nil && len(dst) > m.limit {
				err = cells.TooLong()
			}
			if err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	}
}

// elementsOf returns the function that tells where the elements of a row begin and end.
func elementsOf(d arrow.ArrayData) func(row int) (from, to int) {
	l, offsets := layoutOf(d.DataType()), buffer(d, 1)
	if l.kind == tuple {
		return func(row int) (from, to int) { return row * l.width, (row + 1) * l.width }
	}
	return func(row int) (from, to int) {
		return int(number(offsets, l.width, row)), int(number(offsets, l.width, row+1))
	}
}

// mappingOf returns the function for a map, which is an object.
func (m *cellMaker) mappingOf(t *arrow.MapType, d arrow.ArrayData) jsonFunc {
	pairs, elements := d.Children()[0], elementsOf(d)
	key, value := m.jsonOf(t.KeyType(), pairs.Children()[0]), m.jsonOf(t.ItemType(), pairs.Children()[1])
	return func(dst []byte, row int) (_ []byte, err error) {
		dst = append(dst, '{')
		var keys cells.Keys
		from, to := elements(row)
		for i := from; i < to; i++ {
			if i > from {
				dst = append(dst, ',')
			}
			at := len(dst)
			if dst, err = key(dst, i); err == nil {
				dst, err = keys.Add(dst, at)
			}
			if err == nil {
				dst, err = value(dst, i)
			}
			if err == nil && len(dst) > m.limit {
				err = cells.TooLong()
			}
			if err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	}
}
