package parquet

import (
	"encoding/base64"
	"strconv"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"cpm/formats/cells"
)

// typeOf returns what the cells of a column can be read back as. An INT96 stays a text: its nanoseconds reach further
// than those of any other type, and a date such as 9999-12-31 is common in it.
func typeOf(s *format.SchemaElement) cells.Type {
	logical := logicalType(s)
	switch s.Type.V {
	case format.Boolean:
		return cells.Type{Kind: cells.Truth}
	case format.Float:
		return cells.Type{Kind: cells.Single}
	case format.Double:
		return cells.Type{Kind: cells.Number}
	case format.Int32, format.Int64:
		return intType(s.Type.V, logical)
	case format.ByteArray:
		if isJSON(s) {
			return cells.Type{Kind: cells.JSON}
		}
	}
	if t, ok := logical.(*format.DecimalType); ok && s.Type.V != format.Int96 {
		return cells.DecimalOf(int(t.Precision), int(t.Scale))
	}
	return cells.Type{}
}

func intType(physical format.Type, logical format.LogicalTypeValue) cells.Type {
	switch t := logical.(type) {
	case nil:
		return cells.Type{Kind: cells.Integer}
	case *format.IntType:
		if !t.IsSigned && physical == format.Int64 {
			return cells.Type{Kind: cells.Unsigned}
		}
		return cells.Type{Kind: cells.Integer}
	case *format.DecimalType:
		return cells.DecimalOf(int(t.Precision), int(t.Scale))
	case *format.DateType:
		return cells.Type{Kind: cells.Date}
	case *format.TimeType:
		return timed(cells.Clock, t.Unit)
	case *format.TimestampType:
		if t.IsAdjustedToUTC {
			return timed(cells.Instant, t.Unit)
		}
		return timed(cells.Local, t.Unit)
	}
	return cells.Type{}
}

// timed returns a type of times; that of a text for a unit that is not known.
func timed(kind cells.Kind, unit format.TimeUnit) cells.Type {
	switch unit.Value.(type) {
	case *format.MilliSeconds:
		return cells.Type{Kind: kind, Unit: 1e3}
	case *format.MicroSeconds:
		return cells.Type{Kind: kind, Unit: 1e6}
	case *format.NanoSeconds:
		return cells.Type{Kind: kind, Unit: 1e9}
	}
	return cells.Type{}
}

// cellOf returns how values of a column become cells, or nil when they cannot. It is textOf, but for what never is an
// identifier and is a value all the same.
func cellOf(s *format.SchemaElement) textFunc {
	switch s.Type.V {
	case format.Float:
		return func(b []byte, v pq.Value) []byte { return strconv.AppendFloat(b, float64(v.Float()), 'g', -1, 32) }
	case format.Double:
		return func(b []byte, v pq.Value) []byte { return strconv.AppendFloat(b, v.Double(), 'g', -1, 64) }
	case format.Int32, format.Int64:
		if t := typeOf(s); t.Kind == cells.Clock {
			return printed(t)
		}
	}
	if t, ok := logicalType(s).(*format.DecimalType); ok && t.Scale > 0 {
		return decimalCell(s.Type.V, int(t.Scale))
	}
	return textOf(s)
}

func decimalCell(physical format.Type, scale int) textFunc {
	if physical == format.Int32 || physical == format.Int64 {
		return printed(cells.Type{Kind: cells.Decimal, Scale: scale})
	}
	return func(b []byte, v pq.Value) []byte { return cells.AppendDecimal(b, bigInt(v.ByteArray()), scale) }
}

// base64Cell writes bytes that are no text.
func base64Cell(b []byte, v pq.Value) []byte {
	return base64.StdEncoding.AppendEncode(b, v.ByteArray())
}

// isBinary reports whether a column is declared to hold bytes.
func isBinary(s *format.SchemaElement) bool {
	switch logicalType(s).(type) {
	case *format.BsonType:
		return !isInterval(s)
	case *format.GeometryType, *format.GeographyType:
		return true
	}
	return false
}

// isUndeclared reports whether a column of bytes is not declared to be anything: text of old writers, or bytes.
func isUndeclared(s *format.SchemaElement) bool {
	isBytes := s.Type.V == format.ByteArray || s.Type.V == format.FixedLenByteArray
	return isBytes && s.LogicalType.Value == nil && !s.ConvertedType.Valid
}

// isDeclaredText reports whether a column is declared to be text.
func isDeclaredText(s *format.SchemaElement) bool {
	switch s.LogicalType.Value.(type) {
	case *format.StringType, *format.EnumType:
		return true
	}
	c := s.ConvertedType
	return isJSON(s) || c.Valid && (c.V == deprecated.UTF8 || c.V == deprecated.Enum)
}
