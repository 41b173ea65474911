package arrow

import (
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"cpm/formats/cells"
)

// hasCells is hasText, and true for what never is an identifier and is a value all the same.
func hasCells(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.TIME32, arrow.TIME64:
		return true
	case arrow.DECIMAL128, arrow.DECIMAL256:
		return t.(arrow.DecimalType).GetScale() >= 0 //nolint:errcheck // the IDs say so
	}
	return isBinary(t) || hasText(t)
}

// isBinary reports whether values of a type, or the words of its dictionary, are bytes that are no text.
func isBinary(t arrow.DataType) bool {
	if d, ok := t.(*arrow.DictionaryType); ok {
		t = d.ValueType
	}
	switch t.ID() {
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW, arrow.FIXED_SIZE_BINARY:
		return true
	}
	return false
}

// isNested reports whether a value of a type is made of others.
func isNested(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.STRUCT, arrow.LIST, arrow.LARGE_LIST, arrow.FIXED_SIZE_LIST, arrow.MAP:
		return true
	}
	return false
}

// typeOf returns what the cells of a column can be read back as.
func typeOf(t arrow.DataType) cells.Type {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return cells.Type{Kind: cells.Truth}
	case *arrow.Float32Type:
		return cells.Type{Kind: cells.Single}
	case *arrow.Float64Type:
		return cells.Type{Kind: cells.Number}
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type, *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type:
		return cells.Type{Kind: cells.Integer}
	case *arrow.Uint64Type:
		return cells.Type{Kind: cells.Unsigned}
	case *arrow.Date32Type, *arrow.Date64Type:
		return cells.Type{Kind: cells.Date}
	case *arrow.Time32Type:
		return cells.Type{Kind: cells.Clock, Unit: unitOf(t.Unit)}
	case *arrow.Time64Type:
		return cells.Type{Kind: cells.Clock, Unit: unitOf(t.Unit)}
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			return cells.Type{Kind: cells.Local, Unit: unitOf(t.Unit)}
		}
		return cells.Type{Kind: cells.Instant, Unit: unitOf(t.Unit), Zone: t.TimeZone}
	case arrow.DecimalType:
		return cells.DecimalOf(int(t.GetPrecision()), int(t.GetScale()))
	case *arrow.DictionaryType:
		return typeOf(t.ValueType)
	}
	switch {
	case isBinary(t):
		return cells.Type{Kind: cells.Binary}
	case isNested(t):
		return cells.Type{Kind: cells.JSON}
	}
	return cells.Type{}
}

// unitOf returns how many units a second has.
func unitOf(u arrow.TimeUnit) int64 { return int64(time.Second / u.Multiplier()) }

// cellOf returns the function for a column that hasCells and is no text.
func cellOf(a arrow.Array) textFunc {
	switch a := a.(type) {
	case *array.Float32:
		return func(b []byte, i int) []byte { return strconv.AppendFloat(b, float64(a.Value(i)), 'g', -1, 32) }
	case *array.Float64:
		return func(b []byte, i int) []byte { return strconv.AppendFloat(b, a.Value(i), 'g', -1, 64) }
	case *array.Decimal128:
		scale := int(a.DataType().(arrow.DecimalType).GetScale()) //nolint:errcheck // a decimal has such a type
		return func(b []byte, i int) []byte { return cells.AppendDecimal(b, a.Value(i).BigInt(), scale) }
	case *array.Decimal256:
		scale := int(a.DataType().(arrow.DecimalType).GetScale()) //nolint:errcheck // a decimal has such a type
		return func(b []byte, i int) []byte { return cells.AppendDecimal(b, a.Value(i).BigInt(), scale) }
	case *array.Time32:
		return unitText(typeOf(a.DataType()), a.Time32Values())
	case *array.Time64:
		return unitText(typeOf(a.DataType()), a.Time64Values())
	}
	return textOf(a)
}
