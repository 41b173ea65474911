package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/uncompressed"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// A world is a made-up file that has a column for each type, encoding and shape.
type world struct {
	random  *rand.Rand
	codec   compress.Codec
	version int
	columns []worldColumn
}

type worldColumn struct {
	shape    []format.FieldRepetitionType // from the root to the leaf
	kind     pq.Kind
	distinct int // of the values; 0: hardly any stands twice
}

// shapes are the ways in which the values of a column stand in its rows.
func shapes() map[string][]format.FieldRepetitionType {
	const required, optional, repeated = format.Required, format.Optional, format.Repeated
	return map[string][]format.FieldRepetitionType{
		"required": {required}, "optional": {optional}, "nested": {optional, required, optional}, "repeated": {repeated},
		"list": {optional, repeated, optional}, "lists": {repeated, repeated, optional},
	}
}

// coded is a type in an encoding.
type coded struct {
	name     string
	leaf     pq.Node
	encoding encoding.Encoding
	distinct int
}

func codings() []coded {
	text, fixed := pq.Leaf(pq.ByteArrayType), pq.Leaf(pq.FixedLenByteArrayType(5))
	all := []coded{
		{"flag", pq.Leaf(pq.BooleanType), &pq.Plain, 0},
		{"flag_runs", pq.Leaf(pq.BooleanType), &pq.RLE, 0},
		{"int96", pq.Leaf(pq.Int96Type), &pq.Plain, 0},
		{"text_old", text, &pq.PlainDictionary, 12},
		{"text_lengths", text, &pq.DeltaLengthByteArray, 0},
		{"text_prefixes", text, &pq.DeltaByteArray, 0},
		{"fixed_prefixes", fixed, &pq.DeltaByteArray, 0},
		{"text_spilt", text, &pq.RLEDictionary, 0},
	}
	for name, leaf := range map[string]pq.Node{
		"int32": pq.Leaf(pq.Int32Type), "int64": pq.Leaf(pq.Int64Type), "float": pq.Leaf(pq.FloatType),
		"double": pq.Leaf(pq.DoubleType), "text": text, "fixed": fixed,
	} {
		all = append(all, coded{name, leaf, &pq.Plain, 0}, coded{name + "_words", leaf, &pq.RLEDictionary, 30},
			coded{name + "_word", leaf, &pq.RLEDictionary, 1})
		if name[:3] == "int" {
			all = append(all, coded{name + "_deltas", leaf, &pq.DeltaBinaryPacked, 0})
		}
		if name != "text" {
			all = append(all, coded{name + "_split", leaf, &pq.ByteStreamSplit, 0})
		}
	}
	return all
}

// schema returns the schema of the world. The names of its columns are not in order of the maps: a group sorts them.
func (w *world) schema() *pq.Schema {
	root := pq.Group{}
	for _, c := range codings() {
		for name, shape := range shapes() {
			node := pq.Encoded(pq.Compressed(c.leaf, w.codec), c.encoding)
			for i := len(shape) - 1; i >= 0; i-- {
				switch shape[i] {
				case format.Optional:
					node = pq.Optional(node)
				case format.Repeated:
					node = pq.Repeated(node)
				}
				if i > 0 {
					node = pq.Group{"in": node}
				}
			}
			root[c.name+"_"+name] = node
		}
	}
	schema := pq.NewSchema("world", root)
	for _, path := range schema.Columns() {
		for _, c := range codings() {
			for name, shape := range shapes() {
				if path[0] == c.name+"_"+name {
					w.columns = append(w.columns, worldColumn{shape, c.leaf.Type().Kind(), c.distinct})
				}
			}
		}
	}
	return schema
}

// rows makes rows of the world.
func (w *world) rows(n int) []pq.Row {
	rows := make([]pq.Row, n)
	for i := range rows {
		for j := range w.columns {
			rows[i] = w.values(rows[i], j, w.columns[j].shape, worldLevel{})
		}
	}
	return rows
}

type worldLevel struct{ repetition, lists, definition int }

// values appends the values of a row in a column, from the given place of its shape on.
func (w *world) values(row pq.Row, column int, shape []format.FieldRepetitionType, at worldLevel) pq.Row {
	if len(shape) == 0 {
		return append(row, w.value(column).Level(at.repetition, at.definition, column))
	}
	switch shape[0] {
	case format.Optional:
		if w.random.IntN(4) == 0 {
			return append(row, pq.NullValue().Level(at.repetition, at.definition, column))
		}
		at.definition++
	case format.Repeated:
		n := w.random.IntN(4)
		if n == 0 {
			return append(row, pq.NullValue().Level(at.repetition, at.definition, column))
		}
		at.lists++
		at.definition++
		for range n {
			row = w.values(row, column, shape[1:], at)
			at.repetition = at.lists
		}
		return row
	}
	return w.values(row, column, shape[1:], at)
}

// value makes a value of a column.
func (w *world) value(column int) pq.Value {
	c := w.columns[column]
	n := w.random.Uint64()
	if c.distinct > 0 {
		n = uint64(column)<<32 + n%uint64(c.distinct)*0x10001
	}
	switch c.kind {
	case pq.Boolean:
		return pq.BooleanValue(n&1 != 0)
	case pq.Int32:
		return pq.Int32Value(int32(n))
	case pq.Int64:
		return pq.Int64Value(int64(n) >> (n & 31))
	case pq.Int96:
		return pq.Int96Value([3]uint32{uint32(n), uint32(n >> 32), uint32(n >> 16)})
	case pq.Float:
		return pq.FloatValue(float32(n))
	case pq.Double:
		return pq.DoubleValue(float64(n))
	case pq.FixedLenByteArray:
		return pq.FixedLenByteArrayValue(binary.LittleEndian.AppendUint64(nil, n)[:5])
	}
	// Some texts are empty, most are short, a few are longer than what is copied at once.
	text := fmt.Appendf(nil, "%x", n)
	switch n >> 8 & 15 {
	case 0:
		text = nil
	case 1:
		text = bytes.Repeat(text, 4)
	}
	return pq.ByteArrayValue(text)
}

// file returns a file of small pages, of row groups of the given sizes.
func (w *world) file(t *testing.T, schema *pq.Schema, groups ...[]pq.Row) []byte {
	t.Helper()
	var out bytes.Buffer
	to := pq.NewGenericWriter[any](&out, schema, pq.DataPageVersion(w.version), pq.PageBufferSize(300),
		pq.DictionaryMaxBytes(1500))
	for _, rows := range groups {
		if _, err := to.WriteRows(rows); err != nil {
			t.Fatal(err)
		}
		if err := to.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// columnsOf reads every column of a file, row group by row group, through our own pages, which are held against those of
// the library elsewhere.
func columnsOf(t *testing.T, data []byte) [][]pq.Value {
	t.Helper()
	f, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	columns := make([][]pq.Value, len(f.leaves))
	for group := range f.Groups() {
		for i, l := range f.leaves {
			if err := f.scan(group, l, func(values []pq.Value) error {
				for _, v := range values {
					columns[i] = append(columns[i], v.Clone())
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return columns
}

// libraryColumnsOf reads every column of a file with the library alone.
func libraryColumnsOf(t *testing.T, data []byte) [][]pq.Value {
	t.Helper()
	f, err := pq.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	columns := make([][]pq.Value, len(f.Schema().Columns()))
	for _, group := range f.RowGroups() {
		for i, chunk := range group.ColumnChunks() {
			columns[i] = append(columns[i], chunkValues(t, chunk)...)
		}
	}
	return columns
}

func chunkValues(t *testing.T, chunk pq.ColumnChunk) (values []pq.Value) {
	t.Helper()
	pages := chunk.Pages()
	defer pages.Close() //nolint:errcheck // what is read from memory has nothing to lose
	buffer := make([]pq.Value, 500)
	for {
		page, err := pages.ReadPage()
		if err == io.EOF { //nolint:errorlint // the library returns it bare
			return values
		}
		if err != nil {
			t.Fatal(err)
		}
		for reader := page.Values(); ; {
			n, err := reader.ReadValues(buffer)
			for _, v := range buffer[:n] {
				values = append(values, v.Clone())
			}
			if err == io.EOF { //nolint:errorlint // as above
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		pq.Release(page)
	}
}

// selections are the ways to choose among rows.
func selections(random *rand.Rand, rows int) map[string]func(int) bool {
	share := func(percent int) func(int) bool {
		chosen := make([]bool, rows)
		for i := range chosen {
			chosen[i] = random.IntN(100) < percent
		}
		return func(row int) bool { return chosen[row] }
	}
	some := random.IntN(rows)
	return map[string]func(int) bool{
		"none": func(int) bool { return false }, "all": func(int) bool { return true },
		"one": func(row int) bool { return row == some }, "first": func(row int) bool { return row == 0 },
		"last": func(row int) bool { return row == rows-1 }, "run": func(row int) bool { return row/97%2 == 0 },
		"1 %": share(1), "37 %": share(37), "99 %": share(99),
	}
}

func TestTheGatheredRowsAreThoseOfTheSourceValueForValue(t *testing.T) {
	seed := uint64(0)
	for _, codec := range []compress.Codec{
		&pq.Snappy, &pq.Zstd, &pq.Gzip, &pq.Brotli, &uncompressed.Codec{}, &pq.Lz4Raw,
	} {
		for version := 1; version <= 2; version++ {
			seed++
			w := &world{random: newRandom(seed), codec: codec, version: version}
			t.Run(fmt.Sprintf("%s v%d seed %d", codec, version, seed), w.check)
		}
	}
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// check holds copies of the world to what was put into it.
func (w *world) check(t *testing.T) {
	schema := w.schema()
	groups := [][]pq.Row{w.rows(1 + w.random.IntN(150)), w.rows(200), w.rows(1 + w.random.IntN(70))}
	data := w.file(t, schema, groups...)
	rows := slices.Concat(groups...)
	for name, keep := range selections(w.random, len(rows)) {
		want := make([][]pq.Value, len(w.columns))
		for i, row := range rows {
			if keep(i) {
				for _, v := range row {
					want[v.Column()] = append(want[v.Column()], v)
				}
			}
		}
		// No row group is merged, or all, or what is in the way and a few more.
		out := []copying{{"", 0, 0}, {"", draftRows, fullRows}, {"", 60, 80}}[w.random.IntN(3)].rows(t, data, keep)
		w.compare(t, name, columnsOf(t, out), want)
		w.search(t, name, plainBytes(t, out), suppressed(rows, keep))
		if w.codec.CompressionCodec() != format.Lz4Raw { // of which the library reads wrong values
			w.compare(t, name+", by the library", libraryColumnsOf(t, out), want)
		}
	}
}

// secretSize is how many bytes of a text tell it from all others.
const secretSize = 12

// suppressed returns the begins of the texts that stand in no kept row, longer ones alone.
func suppressed(rows []pq.Row, keep func(int) bool) map[string]bool {
	secret := map[string]bool{}
	for _, kept := range []bool{false, true} {
		for i, row := range rows {
			if keep(i) != kept {
				continue
			}
			for _, v := range row {
				if v.Kind() == pq.ByteArray && len(v.ByteArray()) >= secretSize {
					secret[string(v.ByteArray()[:secretSize])] = !kept
				}
			}
		}
	}
	return secret
}

// search fails the test when one of the secrets stands in what an output holds.
func (w *world) search(t *testing.T, selection string, output []byte, secret map[string]bool) {
	t.Helper()
	for i := range max(0, len(output)-secretSize) {
		if secret[string(output[i:i+secretSize])] {
			t.Fatalf("%s: at %d of its pages and footer the output holds a text that was in suppressed rows alone", selection, i)
		}
	}
}

func (w *world) compare(t *testing.T, selection string, got, want [][]pq.Value) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d columns, want %d", selection, len(got), len(want))
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Fatalf("%s, column %d: %d values, want %d", selection, i, len(got[i]), len(want[i]))
		}
		for j, v := range want[i] {
			if g := got[i][j]; !pq.DeepEqual(g, v) {
				t.Fatalf("%s, column %d %v, value %d: %+v, want %+v", selection, i, w.columns[i], j, g, v)
			}
		}
	}
}
