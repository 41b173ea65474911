package arrow

import (
	"math"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"

	"cpm/formats/cells"
)

const millisOfDay = 24 * 60 * 60 * 1000

// textFunc appends the text of a value that is not null.
type textFunc func(b []byte, row int) []byte

// hasText reports whether values of the type serve as text.
func hasText(t arrow.DataType) bool {
	if d, ok := t.(*arrow.DictionaryType); ok {
		return hasText(d.ValueType)
	}
	switch t.ID() {
	case arrow.NULL, arrow.BOOL, arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW, arrow.FLOAT32, arrow.FLOAT64,
		arrow.DATE32, arrow.DATE64, arrow.TIMESTAMP,
		arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		return true
	case arrow.DECIMAL128, arrow.DECIMAL256:
		return t.(arrow.DecimalType).GetScale() == 0 //nolint:errcheck // the IDs say so
	}
	return false
}

// texts returns every value of a column that has no dictionary as text, nil for a null.
func texts(d arrow.ArrayData, of run) (rows [][]byte, err error) { return textsBy(textOf, d, of) }

// textsBy does so with another form of what is no text.
func textsBy(form func(arrow.Array) textFunc, d arrow.ArrayData, of run) (rows [][]byte, err error) {
	defer caught(&err)
	rows = make([][]byte, of.to-of.from)
	l, valid := layoutOf(d.DataType()), validity(d)
	text := l.slices(d)
	if text == nil {
		text = printed(form(array.MakeFromData(d)))
	}
	for i := range rows {
		row := of.from + i
		if valid != nil && !bitutil.BitIsSet(valid, row) {
			continue
		}
		if rows[i] = text(row); rows[i] == nil && l.kind != nothing {
			bad := cells.NotAllowed()
			bad.Row = i
			return nil, bad
		}
	}
	return rows, nil
}

// slices returns the function that gives a row's text as it stands in its buffer; nil for what is no text.
func (l layout) slices(d arrow.ArrayData) func(row int) []byte {
	switch values := buffer(d, 1); l.kind {
	case text:
		text := buffer(d, 2)
		if text == nil {
			text = []byte{} // an empty text is no null
		}
		return func(row int) []byte {
			from, to := number(values, l.width, row), number(values, l.width, row+1)
			return text[from:to:to]
		}
	case view:
		return func(row int) []byte { return viewed(d, values[row*viewSize:][:viewSize]) }
	case fixed:
		if d.DataType().ID() == arrow.FIXED_SIZE_BINARY {
			return func(row int) []byte { return append([]byte{}, values[row*l.width:(row+1)*l.width]...) }
		}
	case nothing:
		return func(int) []byte { return nil }
	}
	return nil
}

// printed returns the function that prints a row.
func printed(text textFunc) func(row int) []byte {
	var page []byte
	return func(row int) []byte {
		from, longer := len(page), text(page, row)
		if longer == nil {
			return nil
		}
		page = longer
		return page[from:len(page):len(page)]
	}
}

// textOf returns the function for a column that hasText and is no text.
func textOf(a arrow.Array) textFunc {
	switch a := a.(type) {
	case *array.Boolean:
		return func(b []byte, i int) []byte { return strconv.AppendBool(b, a.Value(i)) }
	case *array.Float32:
		return func(b []byte, i int) []byte { return appendFloat(b, float64(a.Value(i)), 1<<24) }
	case *array.Float64:
		return func(b []byte, i int) []byte { return appendFloat(b, a.Value(i), 1<<53) }
	case *array.Decimal128:
		return func(b []byte, i int) []byte { return a.Value(i).BigInt().Append(b, 10) }
	case *array.Decimal256:
		return func(b []byte, i int) []byte { return a.Value(i).BigInt().Append(b, 10) }
	case *array.Date32:
		return unitText(typeOf(a.DataType()), a.Date32Values())
	case *array.Date64:
		return func(b []byte, i int) []byte {
			millis := int64(a.Value(i))
			if millis%millisOfDay != 0 { // which it should not be
				return cells.Type{Kind: cells.Local, Unit: 1e3}.Append(b, millis)
			}
			return cells.Type{Kind: cells.Date}.Append(b, millis/millisOfDay)
		}
	case *array.Timestamp:
		return unitText(typeOf(a.DataType()), a.TimestampValues())
	}
	return integerText(a)
}

func integerText(a arrow.Array) textFunc {
	switch a := a.(type) {
	case *array.Int8:
		return signed(a.Int8Values())
	case *array.Int16:
		return signed(a.Int16Values())
	case *array.Int32:
		return signed(a.Int32Values())
	case *array.Int64:
		return signed(a.Int64Values())
	case *array.Uint8:
		return unsigned(a.Uint8Values())
	case *array.Uint16:
		return unsigned(a.Uint16Values())
	case *array.Uint32:
		return unsigned(a.Uint32Values())
	case *array.Uint64:
		return unsigned(a.Uint64Values())
	}
	return nil
}

func signed[T int8 | int16 | int32 | int64](v []T) textFunc {
	return func(b []byte, i int) []byte { return strconv.AppendInt(b, int64(v[i]), 10) }
}

func unsigned[T uint8 | uint16 | uint32 | uint64](v []T) textFunc {
	return func(b []byte, i int) []byte { return strconv.AppendUint(b, uint64(v[i]), 10) }
}

// unitText prints numbers of a type's units.
func unitText[T arrow.Date32 | arrow.Time32 | arrow.Time64 | arrow.Timestamp](t cells.Type, v []T) textFunc {
	return func(b []byte, i int) []byte { return t.Append(b, int64(v[i])) }
}

// appendFloat writes whole numbers below exact as such. A float32 tells whole numbers apart only below 2²⁴: beyond, a
// phone number has become another. Everything else gets an exponent, which no identifier has.
func appendFloat(b []byte, x, exact float64) []byte {
	if x == math.Trunc(x) && math.Abs(x) < exact {
		return strconv.AppendInt(b, int64(x), 10)
	}
	return strconv.AppendFloat(b, x, 'e', -1, 64)
}
