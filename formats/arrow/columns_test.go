package arrow

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

// kindOfColumn is a type, and the JSON of a value of it that tells the row, which stands in the output as one of tells.
type kindOfColumn struct {
	t     arrow.DataType
	json  string
	tells []string
}

// kindsOfColumns are types of every layout that is gathered; %[1]d is the row.
func kindsOfColumns() []kindOfColumn {
	p, b := arrow.PrimitiveTypes, arrow.BinaryTypes
	long := `"long text number %03[1]d"`
	longTells := []string{"long text number %03d"}
	words8 := &arrow.DictionaryType{IndexType: p.Uint8, ValueType: b.String}
	return []kindOfColumn{
		{arrow.Null, `null`, nil},
		{arrow.FixedWidthTypes.Boolean, `true`, nil},
		{p.Int8, `%[1]d`, nil},
		{p.Uint64, `1844674407370955%04[1]d`, nil},
		{p.Float64, `%[1]d.25`, nil},
		{arrow.FixedWidthTypes.Timestamp_us, `"2024-02-27 00:00:00.%06[1]d"`, nil},
		{arrow.FixedWidthTypes.Date32, `"2024-02-27"`, nil},
		{&arrow.Decimal128Type{Precision: 30, Scale: 2}, `"%[1]d.25"`, nil},
		{arrow.FixedWidthTypes.MonthDayNanoInterval, `{"months": %[1]d, "days": 1, "nanoseconds": 5}`, nil},
		{b.String, long, longTells},
		{b.LargeString, long, longTells},
		{b.StringView, long, longTells},
		{b.StringView, `"short%03[1]d"`, []string{"short%03d"}},
		{words8, long, longTells},
		{arrow.ListOf(b.String), `["a list %03[1]d", null, "and %03[1]d"]`, []string{"a list %03d", "and %03d"}},
		{arrow.ListOf(words8), `["a coded list %03[1]d", null]`, []string{"a coded list %03d"}},
		{arrow.LargeListOf(p.Int32), `[%[1]d, 7]`, nil},
		{arrow.LargeListOf(arrow.ListOf(b.StringView)), `[["deep text number %03[1]d"], []]`, []string{"deep text number %03d"}},
		{arrow.FixedSizeListOf(2, b.LargeString), `["a tuple %03[1]d", null]`, []string{"a tuple %03d"}},
		{
			arrow.StructOf(arrow.Field{Name: "a", Type: b.String, Nullable: true}, arrow.Field{Name: "b", Type: words8, Nullable: true}),
			`{"a": "group %03[1]d", "b": "coded %03[1]d"}`,
			[]string{"group %03d", "coded %03d"},
		},
		{arrow.MapOf(b.String, words8), `[{"key": "key %03[1]d", "value": "coded value %03[1]d"}]`, []string{"key %03d", "coded value %03d"}},
		{arrow.MapOf(b.String, p.Int64), `[{"key": "key %03[1]d", "value": %[1]d}]`, []string{"key %03d"}},
	}
}

// columnsRecord has a column of every kind, with nulls where isNull says so.
func columnsRecord(t testing.TB, first, rows int, isNull func(row, column int) bool) arrow.Record {
	t.Helper()
	var fields []arrow.Field
	for c, k := range kindsOfColumns() {
		fields = append(fields, arrow.Field{Name: fmt.Sprintf("c%d", c), Type: k.t, Nullable: true})
	}
	var all []string
	for row := first; row < first+rows; row++ {
		var values []string
		for c, k := range kindsOfColumns() {
			value := "null"
			if !isNull(row, c) {
				value = k.json
				if strings.Contains(value, "%") {
					value = fmt.Sprintf(value, row)
				}
			}
			values = append(values, fmt.Sprintf(`"c%d": %s`, c, value))
		}
		all = append(all, "{"+strings.Join(values, ",")+"}")
	}
	return recordOf(t, fields, "["+strings.Join(all, ",")+"]")
}

// runsOfLuck chooses rows, often several in a row.
func runsOfLuck(seed uint64) func(row int) bool {
	return func(row int) bool { return rand.New(rand.NewPCG(seed, uint64(row)/(1+seed%5))).IntN(3) > 0 }
}

func someNulls(row, column int) bool {
	return rand.New(rand.NewPCG(uint64(row), uint64(column))).IntN(4) == 0
}

func TestEveryKindOfColumnIsKeptValueByValue(t *testing.T) {
	records := []arrow.Record{columnsRecord(t, 0, 40, someNulls), columnsRecord(t, 40, 1, someNulls), columnsRecord(t, 41, 59, someNulls)}
	none := func(int, int) bool { return false }
	whole := []arrow.Record{columnsRecord(t, 0, 50, none)}
	for name, data := range map[string][]byte{
		"a stream": ipcBytes(t, false, records), "a stream of lz4": ipcBytes(t, false, records, ipc.WithLZ4()),
		"a stream of zstd": ipcBytes(t, false, records, ipc.WithZstd()), "a stream without nulls": ipcBytes(t, false, whole),
		"a file without nulls": ipcBytes(t, true, whole), "a file of zstd": ipcBytes(t, true, whole, ipc.WithZstd()),
	} {
		t.Run(name, func(t *testing.T) {
			want := libraryRows(t, data)
			for seed := range uint64(12) {
				keep := runsOfLuck(seed)
				if seed == 11 {
					keep = every
				}
				out := copying{keep: keep, limit: int(seed % 2)}.copied(t, data)
				if diff := cmp.Diff(chosen(want, keep), libraryRows(t, out)); diff != "" {
					t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
				}
				if got, want := codecsOf(t, out), codecsOf(t, data); got != want {
					t.Errorf("seed %d: compressed as %s, want %s", seed, got, want)
				}
			}
		})
	}
}

// codecsOf tells how the messages with rows are compressed, when all are the same.
func codecsOf(t *testing.T, data []byte) string {
	t.Helper()
	r, err := Open(input(data))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[codec]bool{}
	for m, err := r.framer.next(); err == nil; m, err = r.framer.next() {
		seen[m.codec] = true
	}
	return fmt.Sprint(seen)
}

// unpacked returns all bytes of an output: as they are, and what its buffers unpack to.
func unpacked(t *testing.T, data []byte) []byte {
	t.Helper()
	all := bytes.Clone(data)
	r, err := Open(input(data))
	if err != nil {
		t.Fatal(err)
	}
	var add func(d arrow.ArrayData)
	add = func(d arrow.ArrayData) {
		for _, b := range d.Buffers() {
			if b != nil {
				all = append(append(all, b.Buf()...), 0)
			}
		}
		for _, c := range d.Children() {
			add(c)
		}
	}
	for b, err := r.Next(); err == nil; b, err = r.Next() {
		if err := b.Decode(); err != nil {
			t.Fatal(err)
		}
		for _, d := range b.record.columns {
			add(d)
		}
		for _, d := range b.words {
			for _, c := range d.chunks {
				if err := c.decode(); err != nil {
					t.Fatal(err)
				}
				add(c.values)
			}
		}
	}
	return all
}

func TestAnOutputHoldsNothingOfASuppressedRow(t *testing.T) {
	records := []arrow.Record{columnsRecord(t, 0, 30, someNulls), columnsRecord(t, 30, 30, someNulls)}
	file := []arrow.Record{columnsRecord(t, 0, 60, someNulls)}
	for name, data := range map[string][]byte{
		"a stream": ipcBytes(t, false, records), "a stream of lz4": ipcBytes(t, false, records, ipc.WithLZ4()),
		"a file": ipcBytes(t, true, file), "a file of zstd": ipcBytes(t, true, file, ipc.WithZstd()),
	} {
		t.Run(name, func(t *testing.T) {
			keep := func(row int) bool { return row%7 < 3 }
			out := unpacked(t, copying{keep: keep, extra: []string{"cpm_reason"}}.copied(t, data))
			searched := 0
			for c, k := range kindsOfColumns() {
				for _, tell := range k.tells {
					for row := range 60 {
						if word := []byte(fmt.Sprintf(tell, row)); !keep(row) && bytes.Contains(out, word) {
							t.Errorf("column %d: %q of a row that is left out is in the output", c, word)
						} else if keep(row) && !someNulls(row, c) && !bytes.Contains(out, word) {
							t.Errorf("column %d: %q of a kept row is lost", c, word)
						}
						searched++
					}
				}
			}
			if searched < 900 {
				t.Errorf("%d words searched", searched)
			}
		})
	}
}

// hidden is a record of texts and numbers in which every second row is null, though a value stands under it.
func hidden(t *testing.T) arrow.Record {
	t.Helper()
	record := columnsRecord(t, 0, 20, func(int, int) bool { return false })
	var columns []arrow.Array
	for _, c := range record.Columns() {
		valid := bytes.Repeat([]byte{0x55}, 3)
		valid[2] = 0x05
		d := c.Data()
		buffers := slices.Clone(d.Buffers())
		if len(buffers) == 0 || c.DataType().ID() == arrow.NULL {
			columns = append(columns, c)
			continue
		}
		buffers[0] = memory.NewBufferBytes(valid)
		out := array.NewData(d.DataType(), d.Len(), buffers, d.Children(), 10, 0)
		if c.DataType().ID() == arrow.DICTIONARY {
			out = array.NewDataWithDictionary(d.DataType(), d.Len(), buffers, 10, 0, d.Dictionary().(*array.Data))
		}
		columns = append(columns, array.MakeFromData(out))
	}
	return array.NewRecord(record.Schema(), columns, 20)
}

func TestValuesUnderNullsAreLeftOutEvenWhereEveryRowIsKept(t *testing.T) {
	for _, isFile := range []bool{false, true} {
		data := ipcBytes(t, isFile, []arrow.Record{hidden(t)})
		copy := copying{keep: every}.copied(t, data)
		if diff := cmp.Diff(libraryRows(t, data), libraryRows(t, copy)); diff != "" {
			t.Fatalf("rows (-want +got):\n%s", diff)
		}
		in, out := unpacked(t, data), unpacked(t, copy)
		for c, k := range kindsOfColumns() {
			for _, tell := range k.tells {
				for row := 1; row < 20; row += 2 {
					word := []byte(fmt.Sprintf(tell, row))
					if !bytes.Contains(in, word) {
						t.Fatalf("column %d: %q does not stand under a null", c, word)
					}
					if bytes.Contains(out, word) {
						t.Errorf("column %d: %q is in the output", c, word)
					}
				}
			}
		}
	}
}

// exactFields are of columns that a library writes without anything beside their values.
var exactFields = []arrow.Field{
	{Name: "text", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "n", Type: arrow.PrimitiveTypes.Int64},
	{Name: "ok", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "list", Type: arrow.ListOf(arrow.PrimitiveTypes.Int16), Nullable: true},
}

func TestAWholeBatchWithNothingBesideItsValuesGoesOutAsItCame(t *testing.T) {
	record := recordOf(t, exactFields, `[{"text": "one", "n": 5, "ok": true, "list": [1, 2]}, {"text": null, "n": 6, "ok": null, "list": []}, {"text": "", "n": 7, "ok": false, "list": null}]`)
	for _, o := range [][]ipc.Option{nil, {ipc.WithZstd()}, {ipc.WithLZ4()}} {
		data := ipcBytes(t, false, []arrow.Record{record}, o...)
		r, w := opened(t, data)
		b := decoded(t, r)
		if !w.passes(b) {
			t.Error("the batch is gathered")
		}
		if out := (copying{keep: every}).copied(t, data); !bytes.Equal(data, out) {
			t.Errorf("the output differs:\n%x\n%x", data, out)
		}
	}
}

func opened(t *testing.T, data []byte) (*Reader, *Writer) {
	t.Helper()
	r, err := Open(input(data))
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.NewWriter(Output{To: &bytes.Buffer{}, IsFile: r.IsFile()})
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

func decoded(t *testing.T, r *Reader) *Batch {
	t.Helper()
	b, err := r.Next()
	if err == nil {
		err = b.Decode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAWholeBatchWithMoreThanItsValuesIsGathered(t *testing.T) {
	rows := recordOf(t, exactFields, `[{"text": "one", "n": 5, "ok": true, "list": [1, 2]}, {"text": null, "n": 6, "ok": null, "list": []}, {"text": "", "n": 7, "ok": false, "list": null}]`)
	whole := ipcBytes(t, false, []arrow.Record{rows})
	r, w := opened(t, whole)
	b := decoded(t, r)
	before, body := shown(b), b.record.frame.body
	values := 0
	for at := range body { // a byte that is changed is of a value, or the batch is gathered
		body[at] ^= 0x80
		again := &Batch{reader: r, Rows: b.Rows, record: &record{rows: b.Rows, frame: b.record.frame}}
		if again.Decode() == nil && w.passes(again) {
			if shown(again) == before {
				t.Errorf("byte %d of the body is of no value, and passes", at)
			}
			values++
		}
		body[at] ^= 0x80
	}
	if values == 0 {
		t.Error("no byte is of a value")
	}
}

// shown tells the values of a batch.
func shown(b *Batch) string {
	var out strings.Builder
	for _, d := range b.record.columns {
		fmt.Fprint(&out, array.MakeFromData(d))
	}
	return out.String()
}

func TestARecordBatchOfManyRowsIsWorkedOnInPieces(t *testing.T) {
	const rows = 2*maxBatch + 3
	n := array.NewInt64Builder(memory.DefaultAllocator)
	at := make([]int, rows)
	for i := range rows {
		n.Append(int64(i))
		at[i] = i % 5
	}
	words := wordsRecord(t, words(false), []string{"alpha", "beta", "gamma", "delta", "epsilon"}, at...)
	fields := []arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}, words.Schema().Field(0)}
	data := ipcBytes(t, true, []arrow.Record{array.NewRecord(arrow.NewSchema(fields, nil), []arrow.Array{n.NewArray(), words.Column(0)}, rows)})
	keep := func(row int) bool { return row%7 == 0 && row%5 != 1 }
	out := copying{keep: keep}.copied(t, data)
	for column := range 2 {
		if diff := cmp.Diff(chosen(columnTexts(t, data, column), keep), columnTexts(t, out, column)); diff != "" {
			t.Errorf("column %d (-want +got):\n%s", column, diff)
		}
	}
	r, _ := opened(t, data)
	for i, first := range []int64{1, maxBatch + 1, 2*maxBatch + 1} {
		if b := decoded(t, r); b.First != first || b.Rows != min(maxBatch, rows-i*maxBatch) {
			t.Errorf("piece %d has %d rows from %d on", i, b.Rows, b.First)
		}
	}
	if got := columnTexts(t, data, 0); len(got) != rows || got[rows-1] != strconv.Itoa(rows-1) {
		t.Errorf("%d rows, the last %s", len(got), got[rows-1])
	}
}

func TestTypesThatAreNotGatheredAreRefusedByTheWriterAlone(t *testing.T) {
	union := arrow.SparseUnionOf([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int8, Nullable: true}}, []int8{0})
	record := recordOf(t, []arrow.Field{{Name: "email", Type: arrow.BinaryTypes.String}, {Name: "u", Type: union}}, `[{"email": "a@example.com", "u": [0, 5]}]`)
	data := ipcBytes(t, false, []arrow.Record{record})
	if got := columnTexts(t, data, 0); !slices.Equal(got, []string{"a@example.com"}) {
		t.Errorf("the other column reads %q", got)
	}
	_, err := copying{keep: every}.copy(data)
	if fault.KindOf(err) != fault.Unsupported || !strings.Contains(err.Error(), "column u") {
		t.Errorf("error %v", err)
	}
}
