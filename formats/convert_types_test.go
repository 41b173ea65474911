package formats

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	lib "github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"

	"cpm/formats/fault"
)

// typedColumn is a column of a type whose cells are no texts: the same values in Arrow and in JSON Lines, and the type
// that they have once they went through Parquet.
type typedColumn struct {
	name    string
	is      lib.DataType
	build   func(array.Builder)
	json    []string // the cells in JSON Lines
	parquet string   // the type in Parquet
	back    lib.DataType
}

// numbers builds a column of numbers, or of units.
func numbers[T any, B interface{ AppendValues(v []T, valid []bool) }](values ...T) func(array.Builder) {
	return func(b array.Builder) { b.(B).AppendValues(values, nil) }
}

// typedColumns are of every type, with the least and the greatest values among theirs.
func typedColumns() []typedColumn {
	nanos, utc := &lib.TimestampType{Unit: lib.Nanosecond, TimeZone: "Europe/Berlin"}, &lib.TimestampType{Unit: lib.Nanosecond, TimeZone: "UTC"}
	seconds, millis := &lib.TimestampType{Unit: lib.Second}, &lib.TimestampType{Unit: lib.Millisecond}
	wide, wider := &lib.Decimal128Type{Precision: 38, Scale: 2}, &lib.Decimal256Type{Precision: 76, Scale: 0}
	text := func(texts ...string) func(array.Builder) {
		return func(b array.Builder) {
			for _, t := range texts {
				if err := b.AppendValueFromString(t); err != nil {
					panic(err)
				}
			}
		}
	}
	nines := strings.Repeat("9", 76)
	return []typedColumn{
		{"tiny", lib.PrimitiveTypes.Int8, text("-128", "127"), []string{"-128", "127"}, "int64 _ (INT(64,true))", lib.PrimitiveTypes.Int64},
		{"int", lib.PrimitiveTypes.Int64, text("-9223372036854775808", "9223372036854775807"), []string{"-9223372036854775808", "9223372036854775807"}, "int64 _ (INT(64,true))", nil},
		{"big", lib.PrimitiveTypes.Uint64, text("0", "18446744073709551615"), []string{"0", "18446744073709551615"}, "int64 _ (INT(64,false))", nil},
		{"float", lib.PrimitiveTypes.Float32, text("0.1", "3.4028235e+38"), []string{"0.1", "3.4028235e+38"}, "float _", nil},
		{"odd", lib.PrimitiveTypes.Float32, text("NaN", "-0"), []string{`"NaN"`, "-0"}, "float _", nil},
		{"double", lib.PrimitiveTypes.Float64, text("5e-324", "-1.7976931348623157e+308"), []string{"5e-324", "-1.7976931348623157e+308"}, "double _", nil},
		{"ok", lib.FixedWidthTypes.Boolean, text("true", "false"), []string{"true", "false"}, "boolean _", nil},
		{"day", lib.FixedWidthTypes.Date32, numbers[lib.Date32, *array.Date32Builder](-719162, 2932896), []string{`"0001-01-01"`, `"9999-12-31"`}, "int32 _ (DATE)", nil},
		{"far", lib.FixedWidthTypes.Date32, numbers[lib.Date32, *array.Date32Builder](-1<<31, 1<<31-1), []string{`"-5877641-06-23"`, `"5881580-07-11"`}, "int32 _ (DATE)", nil},
		{"date64", lib.FixedWidthTypes.Date64, numbers[lib.Date64, *array.Date64Builder](-86400000, 0), []string{`"1969-12-31"`, `"1970-01-01"`}, "int32 _ (DATE)", lib.FixedWidthTypes.Date32},
		{"clock_s", lib.FixedWidthTypes.Time32s, numbers[lib.Time32, *array.Time32Builder](0, 86399), []string{`"00:00:00"`, `"23:59:59"`}, "int32 _ (TIME(isAdjustedToUTC=false,unit=MILLIS))", lib.FixedWidthTypes.Time32ms},
		{"clock_ms", lib.FixedWidthTypes.Time32ms, numbers[lib.Time32, *array.Time32Builder](1, 86399999), []string{`"00:00:00.001"`, `"23:59:59.999"`}, "int32 _ (TIME(isAdjustedToUTC=false,unit=MILLIS))", nil},
		{"clock_us", lib.FixedWidthTypes.Time64us, numbers[lib.Time64, *array.Time64Builder](1, 86399999999), []string{`"00:00:00.000001"`, `"23:59:59.999999"`}, "int64 _ (TIME(isAdjustedToUTC=false,unit=MICROS))", nil},
		{"clock_ns", lib.FixedWidthTypes.Time64ns, numbers[lib.Time64, *array.Time64Builder](1, 86399999999999), []string{`"00:00:00.000000001"`, `"23:59:59.999999999"`}, "int64 _ (TIME(isAdjustedToUTC=false,unit=NANOS))", nil},
		{"seconds", seconds, numbers[lib.Timestamp, *array.TimestampBuilder](-1, 253402300799), []string{`"1969-12-31T23:59:59"`, `"9999-12-31T23:59:59"`}, "int64 _ (TIMESTAMP(isAdjustedToUTC=false,unit=MILLIS))", millis},
		{"at", lib.FixedWidthTypes.Timestamp_ms, numbers[lib.Timestamp, *array.TimestampBuilder](1767323045678, -1<<63), []string{`"2026-01-02T03:04:05.678Z"`, `"-292275055-05-16T16:47:04.192Z"`}, "int64 _ (TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS))", nil},
		{"local", &lib.TimestampType{Unit: lib.Microsecond}, numbers[lib.Timestamp, *array.TimestampBuilder](1, 1<<63-1), []string{`"1970-01-01T00:00:00.000001"`, `"294247-01-10T04:00:54.775807"`}, "int64 _ (TIMESTAMP(isAdjustedToUTC=false,unit=MICROS))", nil},
		{"zoned", nanos, numbers[lib.Timestamp, *array.TimestampBuilder](-1<<63, 1<<63-1), []string{`"1677-09-21T00:12:43.145224192Z"`, `"2262-04-11T23:47:16.854775807Z"`}, "int64 _ (TIMESTAMP(isAdjustedToUTC=true,unit=NANOS))", utc},
		{"small", &lib.Decimal128Type{Precision: 9, Scale: 9}, text("-0.999999999", "0.000000001"), []string{`"-0.999999999"`, `"0.000000001"`}, "int32 _ (DECIMAL(9,9))", nil},
		{"money", &lib.Decimal128Type{Precision: 18, Scale: 2}, text("-0.05", "9999999999999999.99"), []string{`"-0.05"`, `"9999999999999999.99"`}, "int64 _ (DECIMAL(18,2))", nil},
		{"wide", wide, text("-"+nines[:36]+".99", "1.00"), []string{`"-` + nines[:36] + `.99"`, `"1.00"`}, "fixed_len_byte_array(16) _ (DECIMAL(38,2))", nil},
		{"wider", wider, text("-"+nines, nines), []string{`"-` + nines + `"`, `"` + nines + `"`}, "fixed_len_byte_array(32) _ (DECIMAL(76,0))", nil},
	}
}

// arrowOf writes columns as a stream of Arrow: a null in each behind the first of their values.
func arrowOf(t *testing.T, columns []typedColumn) fixture {
	t.Helper()
	var fields []lib.Field
	var arrays []lib.Array
	for _, c := range columns {
		fields = append(fields, lib.Field{Name: c.name, Type: c.is, Nullable: true})
		values := array.NewBuilder(memory.DefaultAllocator, c.is)
		c.build(values)
		all, null := values.NewArray(), array.MakeArrayOfNull(memory.DefaultAllocator, c.is, 1)
		joined, err := array.Concatenate([]lib.Array{array.NewSlice(all, 0, 1), null, array.NewSlice(all, 1, 2)}, memory.DefaultAllocator)
		if err != nil {
			t.Fatal(err)
		}
		arrays = append(arrays, joined)
	}
	schema := lib.NewSchema(fields, nil)
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(schema))
	if err := errors.Join(w.Write(array.NewRecord(schema, arrays, 3)), w.Close()); err != nil {
		t.Fatal(err)
	}
	return fixture{name: "typed", data: out.Bytes()}
}

// through converts a fixture from format to format.
func through(t *testing.T, f fixture, way ...string) fixture {
	t.Helper()
	for _, to := range way {
		var out bytes.Buffer
		if err := convertedTo(f, to, &out, choice{keep: everyRow}); err != nil {
			t.Fatalf("%v: %v", way, err)
		}
		f = fixture{name: "typed", data: out.Bytes()}
	}
	return f
}

func TestTypesStayWhereBothFormatsHaveThem(t *testing.T) {
	columns := typedColumns()
	want := ""
	for row := range 3 {
		for i, c := range columns {
			cell := append(c.json[:1:1], "null", c.json[1])[row]
			want += fmt.Sprintf("%s%q:%s", map[bool]string{true: "{", false: ","}[i == 0], c.name, cell)
		}
		want += "}\n"
	}
	source := arrowOf(t, columns)
	for _, way := range [][]string{{"jsonl"}, {"parquet", "jsonl"}, {"parquet", "arrow", "parquet", "arrows", "jsonl"}} {
		if diff := cmp.Diff(want, string(through(t, source, way...).data)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", way, diff)
		}
	}
	asParquet := through(t, source, "parquet").data
	file, err := pq.OpenFile(bytes.NewReader(asParquet), int64(len(asParquet)))
	if err != nil {
		t.Fatal(err)
	}
	asArrow, err := ipc.NewReader(bytes.NewReader(through(t, source, "parquet", "arrows").data))
	if err != nil {
		t.Fatal(err)
	}
	schema := "message table {\n"
	for i, c := range columns {
		schema += "\toptional " + strings.Replace(c.parquet, " _", " "+c.name, 1) + ";\n"
		back := c.back
		if back == nil {
			back = c.is
		}
		if got := asArrow.Schema().Field(i).Type; !lib.TypeEqual(got, back) {
			t.Errorf("%s has become %s by way of Parquet, want %s", c.name, got, back)
		}
	}
	if diff := cmp.Diff(schema+"}", file.Schema().String()); diff != "" {
		t.Errorf("the schema of Parquet (-want +got):\n%s", diff)
	}
}

func TestAnInstantKeepsItsZoneFromStreamToStreamByCells(t *testing.T) {
	zoned := &lib.TimestampType{Unit: lib.Second, TimeZone: "Asia/Shanghai"}
	f := arrowOf(t, []typedColumn{{name: "at", is: zoned, build: numbers[lib.Timestamp, *array.TimestampBuilder](-1<<63, 1<<63-1)}})
	r, err := suite{open: Open}.opened(f, f.data)
	if err != nil {
		t.Fatal(err)
	}
	table, err := converterOf(r).Table(true)
	if err != nil || table.Columns[0].Zone != "Asia/Shanghai" || table.Columns[0].Unit != 1 {
		t.Fatalf("the columns are %+v: %v", table.Columns, err)
	}
	text := string(through(t, f, "csv").data)
	if want := bom + "at\r\n-292277022657-01-27T08:29:52Z\r\n\"\"\r\n292277026596-12-04T15:30:07Z\r\n"; strings.ReplaceAll(text, "\r\n\r\n", "\r\n\"\"\r\n") != want {
		t.Errorf("as CSV it is %q", text)
	}
}

func TestATypedColumnRefusesWhatItCannotHold(t *testing.T) {
	for _, c := range []struct {
		name, to, want string
		column         typedColumn
	}{
		{
			"a timestamp of seconds beyond milliseconds", "parquet", "typed, row 3, column x: the cell holds a value that the type of its column, TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS), cannot hold",
			typedColumn{is: lib.FixedWidthTypes.Timestamp_s, build: numbers[lib.Timestamp, *array.TimestampBuilder](0, 1<<62)},
		},
		{
			"a date of milliseconds that is no whole day", "parquet", "typed, row 1, column x: the cell holds a value that the type of its column, DATE, cannot hold",
			typedColumn{is: lib.FixedWidthTypes.Date64, build: numbers[lib.Date64, *array.Date64Builder](1, 0)},
		},
		{
			"a date of milliseconds beyond the days of 32 bits", "parquet", "typed, row 3, column x: the cell holds a value that the type of its column, DATE, cannot hold",
			typedColumn{is: lib.FixedWidthTypes.Date64, build: numbers[lib.Date64, *array.Date64Builder](0, (1<<31)*86400000)},
		},
		{
			"a time beyond its day", "csv", "typed, row 3, column x: the cell holds a value that its type does not allow",
			typedColumn{is: lib.FixedWidthTypes.Time32s, build: numbers[lib.Time32, *array.Time32Builder](0, 86400)},
		},
		{
			"a negative time", "parquet", "typed, row 1, column x: the cell holds a value that its type does not allow",
			typedColumn{is: lib.FixedWidthTypes.Time64us, build: numbers[lib.Time64, *array.Time64Builder](-1, 0)},
		},
		{
			"a decimal of more digits than it should have", "parquet", "typed, row 3, column x: the cell holds a value that the type of its column, DECIMAL(3,1), cannot hold",
			typedColumn{is: &lib.Decimal128Type{Precision: 3, Scale: 1}, build: func(b array.Builder) {
				b.(*array.Decimal128Builder).AppendValues([]decimal128.Num{decimal128.FromI64(999), decimal128.FromI64(1000)}, nil)
			}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.column.name = "x"
			err := convertedTo(arrowOf(t, []typedColumn{c.column}), c.to, io.Discard, choice{keep: everyRow})
			if fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
