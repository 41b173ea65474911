package parquet

import (
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"time"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"cpm/formats/cells"
)

// textFunc appends the text of a value that is no null.
type textFunc func(b []byte, v pq.Value) []byte

// localTime is the form of an INT96, which is that of the other times too. A time without a zone stays one: nobody may
// guess it here.
const localTime = "2006-01-02T15:04:05.999999999"

// textOf returns how values of a column become text, or nil when they cannot serve as text.
func textOf(s *format.SchemaElement) textFunc {
	logical := logicalType(s)
	switch s.Type.V {
	case format.Boolean:
		return func(b []byte, v pq.Value) []byte { return strconv.AppendBool(b, v.Boolean()) }
	case format.Int32:
		return intText(format.Int32, logical)
	case format.Int64:
		return intText(format.Int64, logical)
	case format.Int96:
		return int96Text
	case format.Float:
		return func(b []byte, v pq.Value) []byte { return appendFloat(b, float64(v.Float()), 1<<24) }
	case format.Double:
		return func(b []byte, v pq.Value) []byte { return appendFloat(b, v.Double(), 1<<53) }
	case format.ByteArray, format.FixedLenByteArray:
		return bytesText(logical)
	}
	return nil
}

// logicalType returns the logical type, made of the converted type where an old writer knew only that. What has no
// logical form, an interval, stands as BSON: neither is text.
func logicalType(s *format.SchemaElement) format.LogicalTypeValue {
	if s.LogicalType.Value != nil {
		return s.LogicalType.Value
	}
	if !s.ConvertedType.Valid {
		return nil
	}
	millis, micros := format.TimeUnit{Value: &format.MilliSeconds{}}, format.TimeUnit{Value: &format.MicroSeconds{}}
	switch s.ConvertedType.V {
	case deprecated.Decimal:
		return &format.DecimalType{Scale: s.Scale.V, Precision: s.Precision.V}
	case deprecated.Date:
		return &format.DateType{}
	case deprecated.TimeMillis:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: millis}
	case deprecated.TimeMicros:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: micros}
	case deprecated.TimestampMillis:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: millis}
	case deprecated.TimestampMicros:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: micros}
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return &format.IntType{IsSigned: false}
	case deprecated.Bson, deprecated.Interval:
		return &format.BsonType{}
	}
	return nil
}

// intText covers all types on INT32 and INT64.
func intText(physical format.Type, logical format.LogicalTypeValue) textFunc {
	switch t := logical.(type) {
	case *format.TimeType:
		return nil
	case *format.DecimalType:
		if t.Scale != 0 {
			return nil
		}
	case *format.IntType:
		if !t.IsSigned && physical == format.Int32 {
			return func(b []byte, v pq.Value) []byte { return strconv.AppendUint(b, uint64(v.Uint32()), 10) }
		}
		if !t.IsSigned {
			return func(b []byte, v pq.Value) []byte { return strconv.AppendUint(b, v.Uint64(), 10) }
		}
	case *format.TimestampType:
		if intType(physical, logical).Kind == cells.Text { // in a unit that is not known
			return nil
		}
	}
	return printed(intType(physical, logical))
}

// printed returns the texts of numbers of a type's units.
func printed(t cells.Type) textFunc {
	return func(b []byte, v pq.Value) []byte {
		if v.Kind() == pq.Int32 {
			return t.Append(b, int64(v.Int32()))
		}
		return t.Append(b, v.Int64())
	}
}

// int96Text reads the timestamps of old Spark, Hive and Impala: nanoseconds of the day, then the Julian day. They
// have no zone that a reader could trust.
func int96Text(b []byte, v pq.Value) []byte {
	const unixEpoch = 2440588 // as a Julian day
	i := v.Int96()
	nanos := int64(uint64(i[1])<<32 | uint64(i[0]))
	day := int64(int32(i[2])) - unixEpoch
	return time.Unix(day*86400, nanos).UTC().AppendFormat(b, localTime)
}

// appendFloat writes whole numbers below exact as such. A float32 tells whole numbers apart only below 2²⁴: beyond, a
// phone number has become another. Everything else gets an exponent, which no identifier has.
func appendFloat(b []byte, x, exact float64) []byte {
	if x == math.Trunc(x) && math.Abs(x) < exact {
		return strconv.AppendInt(b, int64(x), 10)
	}
	return strconv.AppendFloat(b, x, 'e', -1, 64)
}

// bytesText covers all types on BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY.
func bytesText(logical format.LogicalTypeValue) textFunc {
	switch t := logical.(type) {
	case *format.UUIDType:
		return uuidText
	case *format.DecimalType:
		if t.Scale != 0 {
			return nil
		}
		return func(b []byte, v pq.Value) []byte { return bigInt(v.ByteArray()).Append(b, 10) }
	case nil, *format.StringType, *format.EnumType, *format.JsonType, *format.NullType:
		return func(b []byte, v pq.Value) []byte { return append(b, v.ByteArray()...) }
	}
	return nil
}

func uuidText(b []byte, v pq.Value) []byte {
	u := v.ByteArray()
	if len(u) != 16 {
		return hex.AppendEncode(b, u)
	}
	for i, part := range [][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// bigInt reads a two's complement number, the highest byte first.
func bigInt(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// typeName names the type of a column for a message.
func typeName(s *format.SchemaElement) string {
	if isInterval(s) {
		return "INTERVAL"
	}
	if t := logicalType(s); t != nil {
		return t.String()
	}
	return s.Type.V.String()
}

func isInterval(s *format.SchemaElement) bool {
	return s.ConvertedType.Valid && s.ConvertedType.V == deprecated.Interval
}

func isJSON(s *format.SchemaElement) bool {
	_, ok := s.LogicalType.Value.(*format.JsonType)
	return ok || s.ConvertedType.Valid && s.ConvertedType.V == deprecated.Json
}
