package parquet

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// allCells reads the cells of the rows that are kept, as "name=cell" by row; a null is <null>.
func allCells(f *File, whole bool, keep func(row int) bool) (rows []string, err error) {
	r, err := f.CellReader(whole, nil)
	if err != nil {
		return nil, err
	}
	for group := range f.Groups() {
		kept := make([]uint64, (f.GroupRows(group)+63)/64)
		for row := range f.GroupRows(group) {
			if keep(row) {
				kept[row/64] |= 1 << (row % 64)
			}
		}
		err := r.Read(group, kept, func(b *cells.Block) error {
			for i := range b.Rows {
				var row []string
				for c, texts := range b.Columns {
					text := "<null>"
					if texts[i] != nil {
						text = string(texts[i])
					}
					row = append(row, r.Table().Columns[c].Name+"="+text)
				}
				rows = append(rows, strings.Join(row, "; "))
			}
			return nil
		})
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func everyRow(int) bool { return true }

func checkCells(t *testing.T, what string, data []byte, want ...string) {
	t.Helper()
	f, err := openBytes(data)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	got, err := allCells(f, true, everyRow)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: %v\ngot\n%s\nwant\n%s", what, err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	half, err := allCells(f, true, func(row int) bool { return row%2 == 1 })
	for i := range half {
		if err != nil || half[i] != want[2*i+1] {
			t.Errorf("%s, every other row: %v\ngot  %s\nwant %s", what, err, half[i], want[2*i+1])
		}
	}
}

func TestNestedValuesOfRealFilesBecomeJSON(t *testing.T) {
	for name, want := range map[string][]string{
		"apache_nullable.impala": { // as DuckDB reads them too
			`id=1; int_array=[1,2,3]; int_array_Array=[[1,2],[3,4]]; int_map={"k1":1,"k2":100}; int_Map_Array=[{"k1":1}]; nested_struct={"A":1,"b":[1],"C":{"d":[[{"E":10,"F":"aaa"},{"E":-10,"F":"bbb"}],[{"E":11,"F":"c"}]]},"g":{"foo":{"H":{"i":[1.1]}}}}`,
			`id=2; int_array=[null,1,2,null,3,null]; int_array_Array=[[null,1,2,null],[3,null,4],[],null]; int_map={"k1":2,"k2":null}; int_Map_Array=[{"k3":null,"k1":1},null,{}]; nested_struct={"A":null,"b":[null],"C":{"d":[[{"E":null,"F":null},{"E":10,"F":"aaa"},{"E":null,"F":null},{"E":-10,"F":"bbb"},{"E":null,"F":null}],[{"E":11,"F":"c"},null],[],null]},"g":{"g1":{"H":{"i":[2.2,null]}},"g2":{"H":{"i":[]}},"g3":null,"g4":{"H":{"i":null}},"g5":{"H":null}}}`,
			`id=3; int_array=[]; int_array_Array=[null]; int_map={}; int_Map_Array=[null,null]; nested_struct={"A":null,"b":null,"C":{"d":[]},"g":{}}`,
			`id=4; int_array=<null>; int_array_Array=[]; int_map={}; int_Map_Array=[]; nested_struct={"A":null,"b":null,"C":{"d":null},"g":null}`,
			`id=5; int_array=<null>; int_array_Array=<null>; int_map={}; int_Map_Array=<null>; nested_struct={"A":null,"b":null,"C":null,"g":{"foo":{"H":{"i":[2.2,3.3]}}}}`,
			`id=6; int_array=<null>; int_array_Array=<null>; int_map=<null>; int_Map_Array=<null>; nested_struct=<null>`,
			`id=7; int_array=<null>; int_array_Array=[null,[5,6]]; int_map={"k1":null,"k3":null}; int_Map_Array=<null>; nested_struct={"A":7,"b":[2,3,null],"C":{"d":[[],[null],null]},"g":null}`,
		},
		"apache_null_list": {`emptylist=[]`},
		"apache_nested_lists.snappy": {
			`a=[[["a","b"],["c"]],[null,["d"]]]; b=1`,
			`a=[[["a","b"],["c","d"]],[null,["e"]]]; b=1`,
			`a=[[["a","b"],["c","d"],["e"]],[null,["f"]]]; b=1`,
		},
	} {
		checkCells(t, name, fixtures(t, name)[name], want...)
	}
}

func TestAStructureIsAColumnForEachMember(t *testing.T) {
	f, err := openBytes(fixtures(t, "apache_nullable.impala")["apache_nullable.impala"])
	if err != nil {
		t.Fatal(err)
	}
	rows, err := allCells(f, false, func(row int) bool { return row == 2 || row == 5 })
	want := []string{
		`id=3; int_array=[]; int_array_Array=[null]; int_map={}; int_Map_Array=[null,null]; nested_struct.A=<null>; nested_struct.b=<null>; nested_struct.C.d=[]; nested_struct.g={}`,
		`id=6; int_array=<null>; int_array_Array=<null>; int_map=<null>; int_Map_Array=<null>; nested_struct.A=<null>; nested_struct.b=<null>; nested_struct.C.d=<null>; nested_struct.g=<null>`,
	}
	if err != nil || !slices.Equal(rows, want) {
		t.Errorf("%v\ngot\n%s\nwant\n%s", err, strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
}

// leveled is a value at its levels: repetition, definition.
type leveled struct {
	value any
	r, d  int
}

// made is a file of one row group, column by column; the schema is changed before it is read.
func made(t *testing.T, schema pq.Group, change func(m *format.FileMetaData), columns ...[]leveled) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pq.NewGenericWriter[any](&out, pq.NewSchema("made", schema))
	for i, column := range columns {
		var values []pq.Value
		for _, v := range column {
			values = append(values, pq.ValueOf(v.value).Level(v.r, v.d, i))
		}
		if _, err := w.ColumnWriters()[i].WriteRowValues(values); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return lying(t, out.Bytes(), change)
}

// annotated marks elements of the schema, as old writers did.
func annotated(marks map[string]deprecated.ConvertedType) func(m *format.FileMetaData) {
	return func(m *format.FileMetaData) {
		for i := range m.Schema {
			if mark, ok := marks[m.Schema[i].Name]; ok {
				m.Schema[i].ConvertedType.Set(mark)
			}
		}
	}
}

func TestListsAndMapsAreReadAsOldWritersHadThem(t *testing.T) {
	list := map[string]deprecated.ConvertedType{"x": deprecated.List}
	number := pq.Leaf(pq.Int64Type)
	// A row of two elements, one of none, one that is null where it can be.
	repeated := []leveled{{int64(1), 0, 1}, {int64(2), 1, 1}, {nil, 0, 0}}
	optional := []leveled{{int64(1), 0, 2}, {int64(2), 1, 2}, {nil, 0, 1}, {nil, 0, 0}}
	deeper := []leveled{{int64(1), 0, 3}, {nil, 1, 2}, {nil, 0, 1}, {nil, 0, 0}}
	pair := pq.Group{"key": number, "value": pq.Optional(number)}
	keys := []leveled{{int64(7), 0, 2}, {int64(8), 1, 2}, {nil, 0, 1}, {nil, 0, 0}}
	for _, c := range []struct {
		what    string
		schema  pq.Group
		marks   map[string]deprecated.ConvertedType
		columns [][]leveled
		want    []string
	}{
		{"bare", pq.Group{"x": pq.Repeated(number)}, nil, [][]leveled{repeated}, []string{"[1,2]", "[]"}},
		{"two levels", pq.Group{"x": pq.Optional(pq.Group{"array": pq.Repeated(number)})}, list, [][]leveled{optional}, []string{"[1,2]", "[]", "<null>"}},
		{"two levels without a mark", pq.Group{"x": pq.Optional(pq.Group{"array": pq.Repeated(number)})}, nil, [][]leveled{optional}, []string{`{"array":[1,2]}`, `{"array":[]}`, "<null>"}},
		{"three levels", pq.Group{"x": pq.Optional(pq.Group{"bag": pq.Repeated(pq.Group{"e": pq.Optional(number)})})}, list, [][]leveled{deeper}, []string{"[1,null]", "[]", "<null>"}},
		{"structures of one member, by Avro", pq.Group{"x": pq.Optional(pq.Group{"array": pq.Repeated(pq.Group{"e": pq.Optional(number)})})}, list, [][]leveled{deeper}, []string{`[{"e":1},{"e":null}]`, "[]", "<null>"}},
		{"structures of one member, by Thrift", pq.Group{"x": pq.Optional(pq.Group{"x_tuple": pq.Repeated(pq.Group{"e": pq.Optional(number)})})}, list, [][]leveled{deeper}, []string{`[{"e":1},{"e":null}]`, "[]", "<null>"}},
		{"structures of two members", pq.Group{"x": pq.Optional(pq.Group{"bag": pq.Repeated(pair)})}, list, [][]leveled{keys, deeper}, []string{`[{"key":7,"value":1},{"key":8,"value":null}]`, "[]", "<null>"}},
		{"a map", pq.Group{"x": pq.Optional(pq.Group{"map": pq.Repeated(pair)})}, map[string]deprecated.ConvertedType{"x": deprecated.Map, "map": deprecated.MapKeyValue}, [][]leveled{keys, deeper}, []string{`{"7":1,"8":null}`, "{}", "<null>"}},
		{"a map, by Hive", pq.Group{"x": pq.Optional(pq.Group{"map": pq.Repeated(pair)})}, map[string]deprecated.ConvertedType{"x": deprecated.MapKeyValue}, [][]leveled{keys, deeper}, []string{`{"7":1,"8":null}`, "{}", "<null>"}},
		{"a set", pq.Group{"x": pq.Optional(pq.Group{"map": pq.Repeated(pq.Group{"key": number})})}, map[string]deprecated.ConvertedType{"x": deprecated.Map}, [][]leveled{keys}, []string{"[7,8]", "[]", "<null>"}},
	} {
		var want []string
		for _, cell := range c.want {
			want = append(want, "x="+cell)
		}
		checkCells(t, c.what, made(t, c.schema, annotated(c.marks), c.columns...), want...)
	}
}

func TestLevelsThatContradictEachOtherAreAFault(t *testing.T) {
	number := pq.Leaf(pq.Int64Type)
	pairs := pq.Group{"x": pq.Repeated(pq.Group{"a": number, "b": number})}
	lists := pq.Group{"x": pq.Optional(pq.Group{"list": pq.Repeated(pq.Group{"element": pq.Optional(pq.Group{"list": pq.Repeated(number)})})})}
	whole := pq.Group{"x": pq.Optional(pq.Group{"a": number, "b": number})}
	one := int64(1)
	for what, c := range map[string]struct {
		schema  pq.Group
		columns [][]leveled
	}{
		"one member has more elements": {pairs, [][]leveled{{{one, 0, 1}, {one, 1, 1}}, {{one, 0, 1}}}},
		"the other has":                {pairs, [][]leveled{{{one, 0, 1}}, {{one, 0, 1}, {one, 1, 1}}}},
		"an empty array goes on":       {pairs, [][]leveled{{{nil, 0, 0}, {one, 1, 1}}, {{nil, 0, 0}, {one, 1, 1}}}},
		"an array is empty behind":     {pairs, [][]leveled{{{one, 0, 1}, {nil, 1, 0}}, {{one, 0, 1}, {nil, 1, 0}}}},
		"one member is there alone":    {pairs, [][]leveled{{{one, 0, 1}}, {{nil, 0, 0}}}},
		"half a structure":             {whole, [][]leveled{{{one, 0, 1}}, {{nil, 0, 0}}}},
		"a null that goes on within":   {lists, [][]leveled{{{nil, 0, 2}, {one, 2, 4}}}},
		"no array that goes on within": {lists, [][]leveled{{{nil, 0, 0}, {one, 2, 4}}}},
	} {
		f, err := openBytes(made(t, c.schema, annotated(nil), c.columns...))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if rows, err := allCells(f, true, everyRow); fault.KindOf(err) != fault.Input {
			t.Errorf("%s: read %q, and the error is %v", what, rows, err)
		}
	}
}

func TestAMapThatNoObjectHoldsAndARowThatIsTooLongAreErrorsOfTheirCell(t *testing.T) {
	number := pq.Leaf(pq.Int64Type)
	pair := pq.Group{"x": pq.Group{"map": pq.Repeated(pq.Group{"key": pq.Optional(number), "value": number})}}
	marks := annotated(map[string]deprecated.ConvertedType{"x": deprecated.Map})
	ok := []leveled{{int64(1), 0, 2}}
	flood := []leveled{{nil, 0, 1}}
	for range cells.MaxNested / len("null,") {
		flood = append(flood, leveled{nil, 1, 1})
	}
	for want, data := range map[string][]byte{
		"a map with a key twice": made(t, pair, marks, append(ok, []leveled{{int64(7), 0, 2}, {int64(7), 1, 2}}...),
			[]leveled{{int64(1), 0, 1}, {int64(1), 0, 1}, {int64(1), 1, 1}}),
		"a map with a key that is null": made(t, pair, marks, append(ok, leveled{nil, 0, 1}), []leveled{{int64(1), 0, 1}, {int64(1), 0, 1}}),
		"longer than 16 MiB as JSON": made(t, pq.Group{"x": pq.Repeated(pq.Group{"e": pq.Optional(number)})}, annotated(nil),
			append([]leveled{{int64(1), 0, 2}}, flood...)),
	} {
		f, err := openBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		_, err = allCells(f, true, everyRow)
		var e *cells.Error
		if !errors.As(err, &e) || e.Row != 1 || e.Column != 0 || !strings.Contains(e.What, want) {
			t.Errorf("got %v, want %s of row 1", err, want)
		}
	}
}

func TestBytesAreTextWhereAFileDeclaresNone(t *testing.T) {
	bytesOnly := pq.Group{"a": pq.Leaf(pq.ByteArrayType), "b": pq.Leaf(pq.FixedLenByteArrayType(3))}
	both := pq.Group{"a": pq.Leaf(pq.ByteArrayType), "b": pq.Leaf(pq.FixedLenByteArrayType(3)), "c": pq.String()}
	column := []leveled{{"abc", 0, 0}}
	checkCells(t, "no text", made(t, bytesOnly, annotated(nil), column, column), "a=abc; b=abc")
	data := made(t, both, annotated(nil), column, column, column)
	checkCells(t, "text beside", data, "a=YWJj; b=YWJj; c=abc")
	f, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.CellReader(true, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []cells.Kind
	for _, c := range r.Table().Columns {
		kinds = append(kinds, c.Kind)
	}
	if want := []cells.Kind{cells.Binary, cells.Text, cells.Text}; !slices.Equal(kinds, want) {
		t.Errorf("an identifier among bytes: %v, want %v", kinds, want)
	}
}
