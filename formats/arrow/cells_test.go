package arrow

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// allCells reads the cells of the rows that are kept, as "name=cell" by row; a null is <null>.
func allCells(data []byte, whole bool, keep func(row int) bool) (rows []string, err error) {
	r, err := Open(input(data))
	if err != nil {
		return nil, err
	}
	table, err := r.Table(whole)
	if err != nil {
		return nil, err
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err == nil {
			err = b.Decode()
		}
		if err == nil {
			err = b.Cells(func(row int) bool { return keep(int(b.First) - 1 + row) }, func(block *cells.Block) error {
				for i := range block.Rows {
					var row []string
					for c, texts := range block.Columns {
						text := "<null>"
						if texts[i] != nil {
							text = string(texts[i])
						}
						row = append(row, table.Columns[c].Name+"="+text)
					}
					rows = append(rows, strings.Join(row, "; "))
				}
				return nil
			})
		}
		if err != nil {
			return rows, err
		}
	}
}

func TestNestedAndBinaryValuesBecomeCells(t *testing.T) {
	p, b := arrow.PrimitiveTypes, arrow.BinaryTypes
	words := words(false)
	inner := arrow.StructOf(arrow.Field{Name: "w", Type: words, Nullable: true}, arrow.Field{Name: "n", Type: p.Float64, Nullable: true})
	for _, c := range []struct {
		t    arrow.DataType
		rows []string
		want []string // of a structure that stays whole; one that does not, behind a bar
	}{
		{arrow.ListOf(p.Int8), []string{`[1, null, -3]`, `[]`, `null`}, []string{"x=[1,null,-3]", "x=[]", "x=<null>"}},
		{arrow.LargeListOf(arrow.ListOf(b.StringView)), []string{`[["a\"b", "a text that is longer"], [], null]`, `[]`}, []string{`x=[["a\"b","a text that is longer"],[],null]`, "x=[]"}},
		{arrow.FixedSizeListOf(2, p.Uint64), []string{`[9223372036854775808, null]`, `null`, `[1, 2]`}, []string{`x=[9223372036854775808,null]`, "x=<null>", `x=[1,2]`}},
		{arrow.ListOf(words), []string{`["b", null, "a", "b"]`, `["c"]`}, []string{`x=["b",null,"a","b"]`, `x=["c"]`}},
		{arrow.MapOf(b.String, p.Float32), []string{`[{"key": "k", "value": 0.1}, {"key": "l", "value": null}]`, `[]`, `null`}, []string{`x={"k":0.1,"l":null}`, "x={}", "x=<null>"}},
		{arrow.MapOf(p.Int16, words), []string{`[{"key": 7, "value": "b"}, {"key": 8, "value": "b"}]`}, []string{`x={"7":"b","8":"b"}`}},
		{inner, []string{`{"w": "a", "n": 1.5}`, `null`, `{"w": null, "n": null}`}, []string{`x={"w":"a","n":1.5}|x.w=a; x.n=1.5`, "x=<null>|x.w=<null>; x.n=<null>", `x={"w":null,"n":null}|x.w=<null>; x.n=<null>`}},
		{
			arrow.StructOf(arrow.Field{Name: "a", Type: arrow.ListOf(inner), Nullable: true}, arrow.Field{Name: "w", Type: words, Nullable: true}),
			[]string{`{"a": [{"w": "q", "n": 1}, null], "w": "r"}`, `{"a": null, "w": null}`},
			[]string{`x={"a":[{"w":"q","n":1},null],"w":"r"}|x.a=[{"w":"q","n":1},null]; x.w=r`, `x={"a":null,"w":null}|x.a=<null>; x.w=<null>`},
		},
		{arrow.ListOf(&arrow.Decimal128Type{Precision: 9, Scale: 2}), []string{`["1.50"]`}, []string{`x=["1.50"]`}},
		{arrow.ListOf(arrow.FixedWidthTypes.Boolean), []string{`[true, false]`}, []string{`x=[true,false]`}},
		{arrow.ListOf(arrow.Null), []string{`[null, null]`, `null`}, []string{`x=[null,null]`, "x=<null>"}},
		{arrow.ListOf(arrow.FixedWidthTypes.Timestamp_s), []string{`["2026-01-02 03:04:05"]`}, []string{`x=["2026-01-02T03:04:05Z"]`}},
		{b.Binary, []string{`"AP8="`, `null`, `""`}, []string{"x=AP8=", "x=<null>", "x="}},
		{b.LargeBinary, []string{`"AP8="`}, []string{"x=AP8="}},
		{&arrow.FixedSizeBinaryType{ByteWidth: 3}, []string{`"AP8B"`, `null`}, []string{"x=AP8B", "x=<null>"}},
		{arrow.ListOf(b.Binary), []string{`["AP8=", null]`}, []string{`x=["AP8=",null]`}},
	} {
		record := recordOf(t, []arrow.Field{{Name: "x", Type: c.t, Nullable: true}}, `[{"x": `+strings.Join(c.rows, `}, {"x": `)+`}]`)
		for _, isFile := range []bool{true, false} {
			for _, whole := range []bool{true, false} {
				var want []string
				for _, row := range c.want {
					kept, parted, both := strings.Cut(row, "|")
					if both && !whole {
						kept = parted
					}
					want = append(want, kept)
				}
				got, err := allCells(ipcBytes(t, isFile, []arrow.Record{record}), whole, every)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s: %v\ngot  %q\nwant %q", c.t, err, got, want)
				}
			}
		}
	}
}

func TestWhatStandsUnderANullIsNoCell(t *testing.T) {
	text := array.NewStringBuilder(memory.DefaultAllocator)
	text.AppendValues([]string{"kept", "hidden"}, nil)
	index := array.NewInt8Builder(memory.DefaultAllocator)
	index.AppendValues([]int8{0, 100}, nil) // a word that is not there
	word := array.NewStringBuilder(memory.DefaultAllocator)
	word.Append("word")
	words := array.NewDictionaryArray(words(false), index.NewArray(), word.NewArray())
	members := []arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "w", Type: words.DataType(), Nullable: true}}
	d := array.NewData(arrow.StructOf(members...), 2, []*memory.Buffer{memory.NewBufferBytes([]byte{0b01})},
		[]arrow.ArrayData{text.NewArray().Data(), words.Data()}, 1, 0)
	record := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "x", Type: d.DataType(), Nullable: true}}, nil), []arrow.Array{array.NewStructData(d)}, 2)
	data := ipcBytes(t, true, []arrow.Record{record})
	for whole, want := range map[bool][]string{true: {`x={"a":"kept","w":"word"}`, "x=<null>"}, false: {"x.a=kept; x.w=word", "x.a=<null>; x.w=<null>"}} {
		if got, err := allCells(data, whole, every); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v\ngot  %q\nwant %q", err, got, want)
		}
	}
}

func TestAMapThatNoObjectHoldsAndARowThatIsTooLongAreErrorsOfTheirCell(t *testing.T) {
	b := arrow.BinaryTypes
	long := `"` + strings.Repeat("x", 1<<20) + `"`
	for want, c := range map[string]struct {
		t    arrow.DataType
		rows string
	}{
		"a map with a key twice":     {arrow.MapOf(b.String, b.String), `[{"x": []}, {"x": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}]`},
		"longer than 16 MiB as JSON": {arrow.ListOf(b.String), `[{"x": []}, {"x": [` + strings.Repeat(long+",", 16) + `"y"]}]`},
	} {
		record := recordOf(t, []arrow.Field{{Name: "x", Type: c.t, Nullable: true}}, c.rows)
		_, err := allCells(ipcBytes(t, true, []arrow.Record{record}), true, every)
		var e *cells.Error
		if !errors.As(err, &e) || e.Row != 1 || e.Column != 0 || !strings.Contains(e.What, want) {
			t.Errorf("got %v, want %s of row 1", err, want)
		}
	}
}

func TestTypesWithoutATextAreRefusedByColumn(t *testing.T) {
	p := arrow.PrimitiveTypes
	for _, c := range []struct {
		t    arrow.DataType
		want string
	}{
		{arrow.FixedWidthTypes.Duration_s, "type duration"},
		{arrow.ListOf(arrow.StructOf(arrow.Field{Name: "d", Type: arrow.FixedWidthTypes.MonthInterval})), "type month_interval"},
		{arrow.StructOf(arrow.Field{Name: "a", Type: p.Int8}, arrow.Field{Name: "a", Type: p.Int8}), `two members of a structure are named "a"`},
		{arrow.ListViewOf(p.Int8), "type list_view"},
	} {
		r := &Reader{name: "in", schema: arrow.NewSchema([]arrow.Field{{Name: "x", Type: c.t}}, nil)}
		if _, err := r.Table(true); fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), "in, column x") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestDamageOfCellsIsAFaultAndNeverAPanic(t *testing.T) {
	all := columnsRecord(t, 0, 12, someNulls)
	var fields []arrow.Field
	var columns []arrow.Array
	for i, f := range all.Schema().Fields() {
		if f.Type.ID() != arrow.INTERVAL_MONTH_DAY_NANO {
			fields, columns = append(fields, f), append(columns, all.Column(i))
		}
	}
	record := []arrow.Record{array.NewRecord(arrow.NewSchema(fields, nil), columns, all.NumRows())}
	random := rand.New(rand.NewPCG(3, 4))
	refused := 0
	for _, whole := range [][]byte{ipcBytes(t, false, record), ipcBytes(t, true, record, ipc.WithZstd())} {
		if rows, err := allCells(whole, true, every); err != nil || len(rows) != 12 {
			t.Fatalf("%d rows: %v", len(rows), err)
		}
		for run := range 1500 {
			data := bytes.Clone(whole)
			for range 1 + random.IntN(3) {
				data[random.IntN(len(data))] = byte(random.Uint32())
			}
			_, err := allCells(data, run%2 == 0, every)
			if err == nil {
				continue
			}
			refused++
			var e *cells.Error
			if fault.KindOf(err) == 0 && !errors.As(err, &e) || strings.Contains(err.Error(), "text number") {
				t.Fatalf("%v, which is no fault or tells a value", err)
			}
		}
	}
	if refused < 300 {
		t.Errorf("%d of 3000 damaged inputs were refused", refused)
	}
}
