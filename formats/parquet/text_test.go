package parquet

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"cpm/formats/fault"
)

// duckdbText tells the text of row i of the columns that make.py lets DuckDB write.
func duckdbText() map[string]func(i int) string {
	return map[string]func(i int) string{
		"id":           func(i int) string { return fmt.Sprint(i) },
		"phone":        func(i int) string { return fmt.Sprintf("1%d%08d", 38+i%3, i*7919%100000000) },
		"email":        func(i int) string { return orNull(i%11 == 0, fmt.Sprintf("user%d@example.com", i)) },
		"tiny":         func(i int) string { return fmt.Sprint(i % 7) },
		"utiny":        func(i int) string { return fmt.Sprint(i % 7) },
		"small":        func(i int) string { return fmt.Sprint(i * 3) },
		"medium":       func(i int) string { return fmt.Sprint(i * 100000) },
		"umedium":      func(i int) string { return fmt.Sprint(math.MaxUint32 - uint32(i)) },
		"ubig":         func(i int) string { return fmt.Sprint(math.MaxUint64 - uint64(i)) },
		"flag":         func(i int) string { return fmt.Sprint(i%2 == 0) },
		"phone_double": func(i int) string { return fmt.Sprint(13800138000 + i) },
		"whole":        func(i int) string { return fmt.Sprint(i - 350) },
		"day":          func(i int) string { return time.Date(2024, 2, 27+i%900, 0, 0, 0, 0, time.UTC).Format("2006-01-02") },
		"seen":         func(i int) string { return seen(i).Format(localTime) },
		"seen_z":       func(i int) string { return seen(i).Format("2006-01-02T15:04:05.999Z") },
		"seen_ns":      func(i int) string { return seen(i).Format(localTime) },
		"seen_ms":      func(i int) string { return seen(i).Format(localTime) },
		"bytes":        func(i int) string { return fmt.Sprint("blob", i) },
		"nothing":      func(int) string { return "<null>" },
		"city":         func(i int) string { return orNull(i%13 == 0, fmt.Sprint("city", i%5)) },
		"color":        func(i int) string { return []string{"red", "green", "blue"}[i%3] },
	}
}

func orNull(null bool, text string) string {
	if null {
		return "<null>"
	}
	return text
}

func seen(i int) time.Time {
	return time.Date(2024, 2, 27, 23, 59, 59, 0, time.UTC).Add(time.Duration(i) * 1001 * time.Millisecond)
}

func TestValuesOfDuckDBBecomeTheTextThatWasMeant(t *testing.T) {
	for _, name := range []string{"duckdb_v1_snappy", "duckdb_v1_gzip", "duckdb_v1_brotli", "duckdb_v2_zstd"} {
		data := fixtures(t, name)[name]
		f, err := openBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, column := range f.Columns() {
			text := duckdbText()[column]
			if text == nil {
				continue
			}
			for i, got := range columnOf(t, f, column) {
				if want := text(i); got != want {
					t.Errorf("%s, %s, row %d: %q, want %q", name, column, i, got, want)
					break
				}
			}
		}
		if device := columnOf(t, f, "device")[1]; device != "c4ca4238-a0b9-2382-0dcc-509a6f75849b" { // the MD5 of "1"
			t.Errorf("%s: a UUID became %q", name, device)
		}
		if ratio := columnOf(t, f, "ratio"); ratio[1] != "2.5e-01" || ratio[4] != "1" {
			t.Errorf("%s: fractions became %q and %q", name, ratio[1], ratio[4])
		}
		for _, column := range []string{"d9", "d18", "d38", "at", "span"} {
			err := f.CanText(slices.Index(f.Columns(), column))
			if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), "column "+column) {
				t.Errorf("%s: %s: %v", name, column, err)
			}
		}
	}
}

func columnOf(t testing.TB, f *File, name string) []string {
	t.Helper()
	var values []string
	for group := range f.Groups() {
		v, err := f.Values(group, slices.Index(f.Columns(), name))
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range v.Rows {
			values = append(values, orNull(value == nil, string(value)))
		}
		v.Release()
	}
	return values
}

func TestValuesOfOtherWritersBecomeTheTextThatWasMeant(t *testing.T) {
	for _, c := range []struct{ file, column, row0, row7 string }{
		{"arrow_v1_small_pages", "mobile", "<null>", "13800138007"},
		{"arrow_v2_small_pages", "seen", "2024-02-27T00:00:00Z", "2024-02-27T00:00:07Z"},
		{"arrow_v1_small_pages", "seen_local", "2024-02-27T00:00:00", "2024-02-27T00:00:07"},
		{"arrow_v1_small_pages", "fixed", "00000000", "00000007"},
		{"arrow_v1_small_pages", "large", "large0", "large7"},
		{"arrow_v1_small_pages", "city", "city0", "city2"},
		{"arrow_v1_small_pages", "void", "<null>", "<null>"},
		{"arrow_v2_small_pages", "small_price", "-350", "-343"},
		{"arrow_page_index", "small_price", "-350", "-343"},
		{"arrow_v1_small_pages", "nan", "NaN", "7"},
		{"arrow_v1_small_pages", "person.email", "user0@example.com", "user7@example.com"},
		{"arrow_v2_small_pages", "person.age", "<null>", "7"},
		{"arrow_int96", "seen_local", "2024-02-27T00:00:00", "2024-02-27T00:00:07"},
		{"arrow_delta", "phone", "13800000000", "13900055433"},
		{"arrow_split", "id", "0", "7"},
		{"pandas_index", "手机号", "13800000000", "13900055433"},
		{"polars", "when", "2024-02-27T00:00:00Z", "2024-02-27T00:00:07Z"},
		{"polars", "city", "city0", "city2"},
		{"duckdb_nested_v1", "person.phone", "13800000000", "13900055433"},
		{"duckdb_nested_v2", "person.inner.email", "<null>", "user7@example.com"},
		{"apache_alltypes_plain.snappy", "timestamp_col", "2009-04-01T00:00:00", ""},
	} {
		got := column(t, fixtures(t, c.file)[c.file], c.column)
		if got[0] != c.row0 || c.row7 != "" && got[7] != c.row7 {
			t.Errorf("%s, %s: %q and %q", c.file, c.column, got[0], got[min(7, len(got)-1)])
		}
	}
}

// odd has values at the edges of their types.
type odd struct {
	Double  float64          `parquet:"double"`
	Float   float32          `parquet:"float"`
	Millis  int64            `parquet:"millis,timestamp(millisecond)"`
	Micros  int64            `parquet:"micros,timestamp(microsecond)"`
	Nanos   int64            `parquet:"nanos,timestamp(nanosecond:local)"`
	Old     deprecated.Int96 `parquet:"old"`
	Signed  int64            `parquet:"signed"`
	Big     [4]byte          `parquet:"big,decimal(0:9)"`
	Unicode string           `parquet:"unicode,enum"`
	JSON    string           `parquet:"json,json"`
}

func TestValuesAtTheEdgesOfTheirTypes(t *testing.T) {
	rows := []odd{
		{
			Double: 1<<53 - 1, Float: 1<<24 - 1, Millis: -1, Micros: -1, Nanos: -1, Signed: math.MinInt64, Big: [4]byte{0xFF, 0xFF, 0xFF, 0xFE}, JSON: `{"a": 1}`,
			Old: deprecated.Int96{0, 0, 2440588},
		},
		{
			Double: 1 << 53, Float: 1 << 24, Millis: 1709081999001, Micros: 1709081999000001, Nanos: 1709081999000000001, Signed: math.MaxInt64, Big: [4]byte{0, 0, 1, 0}, Unicode: "客户",
			Old: deprecated.Int96{0x4E94914F, 0x00000001, 2440587},
		},
		{Double: math.Inf(-1), Float: float32(math.NaN()), Old: deprecated.Int96{1, 0, 0}},
		{Double: math.Copysign(0, -1), Float: 1.5},
		{Double: 13800138000.5, Float: 13800138000},
		{Double: 138001.5, Float: -3},
	}
	var in bytes.Buffer
	if err := pq.Write(&in, rows); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"double":  {"9007199254740991", "9.007199254740992e+15", "-Inf", "0", "1.38001380005e+10", "1.380015e+05"},
		"float":   {"16777215", "1.6777216e+07", "NaN", "1.5e+00", "1.3800137728e+10", "-3"},
		"millis":  {"1969-12-31T23:59:59.999Z", "2024-02-28T00:59:59.001Z"},
		"micros":  {"1969-12-31T23:59:59.999999Z", "2024-02-28T00:59:59.000001Z"},
		"nanos":   {"1969-12-31T23:59:59.999999999", "2024-02-28T00:59:59.000000001"},
		"old":     {"1970-01-01T00:00:00", "1969-12-31T00:00:05.613326671"},
		"signed":  {"-9223372036854775808", "9223372036854775807"},
		"big":     {"-2", "256"},
		"unicode": {"", "客户"},
		"json":    {`{"a": 1}`, ""},
	} {
		if got := column(t, in.Bytes(), name)[:len(want)]; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestColumnsThatHoldManyValuesARowOrNoTextAreRefused(t *testing.T) {
	const name = "arrow_v1_small_pages"
	f, err := openBytes(fixtures(t, name)[name])
	if err != nil {
		t.Fatal(err)
	}
	for column, what := range map[string]string{
		"tags.list.element": "nested in a list", "props.key_value.key": "nested in a list", "half": "FLOAT16", "price": "DECIMAL(20,2)",
	} {
		err := f.CanText(slices.Index(f.Columns(), column))
		if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", column, err)
		}
	}
	if err := f.CanText(len(f.Columns())); fault.KindOf(err) != fault.Usage {
		t.Errorf("%v", err)
	}
}
