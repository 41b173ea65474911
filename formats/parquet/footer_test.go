package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"pgregory.net/rapid"

	"cpm/formats/fault"
)

// metadata decodes the footer of a file.
func metadata(t testing.TB, data []byte) *format.FileMetaData {
	t.Helper()
	m := new(format.FileMetaData)
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), footerBytes(data), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func footerBytes(data []byte) []byte {
	n := int(binary.LittleEndian.Uint32(data[len(data)-8:]))
	return data[len(data)-8-n : len(data)-8]
}

// withFooter returns the file with other bytes for its footer.
func withFooter(data, footer []byte) []byte {
	out := bytes.Clone(data[:len(data)-8-len(footerBytes(data))])
	out = append(out, footer...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(footer)))
	return append(out, magic...)
}

// lying returns the file with a changed footer.
func lying(t testing.TB, data []byte, change func(*format.FileMetaData)) []byte {
	t.Helper()
	m := metadata(t, data)
	change(m)
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), m)
	if err != nil {
		t.Fatal(err)
	}
	return withFooter(data, footer)
}

func TestAFooterThatContradictsTheFileIsRefused(t *testing.T) {
	const name = "duckdb_groups"
	data := fixtures(t, name)[name]
	chunk := func(m *format.FileMetaData) *format.ColumnChunk { return &m.RowGroups[1].Columns[2] }
	for lie, change := range map[string]func(*format.FileMetaData){
		"rows of the file":          func(m *format.FileMetaData) { m.NumRows++ },
		"negative rows of the file": func(m *format.FileMetaData) { m.NumRows = -1 },
		"rows of a row group":       func(m *format.FileMetaData) { m.RowGroups[0].NumRows++; m.NumRows++ },
		"a flood of rows":           func(m *format.FileMetaData) { m.RowGroups[0].NumRows = 1 << 60; m.NumRows = 1 << 60 },
		"as many rows as may be": func(m *format.FileMetaData) {
			m.NumRows += maxGroupRows - m.RowGroups[0].NumRows
			m.RowGroups[0].NumRows = maxGroupRows
			for i := range m.RowGroups[0].Columns {
				m.RowGroups[0].Columns[i].MetaData.NumValues = maxGroupRows
			}
		},
		"negative rows":                func(m *format.FileMetaData) { m.RowGroups[0].NumRows = -5 },
		"a missing column":             func(m *format.FileMetaData) { m.RowGroups[1].Columns = m.RowGroups[1].Columns[1:] },
		"a flood of values":            func(m *format.FileMetaData) { chunk(m).MetaData.NumValues = 1 << 60 },
		"negative values":              func(m *format.FileMetaData) { chunk(m).MetaData.NumValues = -1 },
		"a size beyond the file":       func(m *format.FileMetaData) { chunk(m).MetaData.TotalCompressedSize = 1 << 40 },
		"the greatest size":            func(m *format.FileMetaData) { chunk(m).MetaData.TotalCompressedSize = 1<<63 - 1 },
		"a negative size":              func(m *format.FileMetaData) { chunk(m).MetaData.TotalCompressedSize = -4 },
		"a size of nothing":            func(m *format.FileMetaData) { chunk(m).MetaData.TotalCompressedSize = 0 },
		"an offset beyond the file":    func(m *format.FileMetaData) { chunk(m).MetaData.DataPageOffset = 1 << 40 },
		"a negative offset":            func(m *format.FileMetaData) { chunk(m).MetaData.DataPageOffset = -4 },
		"a dictionary behind the data": func(m *format.FileMetaData) { chunk(m).MetaData.DictionaryPageOffset = 1 << 30 },
		"a negative dictionary offset": func(m *format.FileMetaData) { chunk(m).MetaData.DictionaryPageOffset = -8 },
		"an offset into the footer":    func(m *format.FileMetaData) { chunk(m).MetaData.DataPageOffset = int64(len(data)) - 20 },
		"an unknown codec":             func(m *format.FileMetaData) { chunk(m).MetaData.Codec = 99 },
		"another type":                 func(m *format.FileMetaData) { chunk(m).MetaData.Type = format.Double },
		"another name":                 func(m *format.FileMetaData) { chunk(m).MetaData.PathInSchema = []string{"other"} },
		"too many children":            func(m *format.FileMetaData) { m.Schema[0].NumChildren.Set(1 << 30) },
		"negative children":            func(m *format.FileMetaData) { m.Schema[0].NumChildren.Set(-1) },
		"too few children":             func(m *format.FileMetaData) { m.Schema[0].NumChildren.Set(2) },
		"no schema":                    func(m *format.FileMetaData) { m.Schema = nil },
		"a text of numbers":            func(m *format.FileMetaData) { m.Schema[1].LogicalType.Value = &format.StringType{} },
		"an order by no column":        func(m *format.FileMetaData) { m.RowGroups[0].SortingColumns = []format.SortingColumn{{ColumnIdx: 77}} },
	} {
		t.Run(lie, func(t *testing.T) {
			err := survive(t, lie, lying(t, data, change))
			if kind := fault.KindOf(err); kind != fault.Input && kind != fault.Unsupported {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAFileThatIsNotWholeInItselfIsRefusedByName(t *testing.T) {
	const name = "duckdb_groups"
	data := fixtures(t, name)[name]
	chunk := func(m *format.FileMetaData) *format.ColumnChunk { return &m.RowGroups[1].Columns[2] }
	for want, change := range map[string]func(*format.FileMetaData){
		"column email: the values are in another file": func(m *format.FileMetaData) { chunk(m).FilePath = "part-0" },
		"column email: the column is encrypted":        func(m *format.FileMetaData) { chunk(m).CryptoMetadata.Value = &format.EncryptionWithFooterKey{} },
		"the Parquet file is encrypted":                func(m *format.FileMetaData) { m.EncryptionAlgorithm.Value = &format.AesGcmV1{} },
		"column email: compressed with LZ4,":           func(m *format.FileMetaData) { chunk(m).MetaData.Codec = format.Lz4 },
		"column email: compressed with LZO":            func(m *format.FileMetaData) { chunk(m).MetaData.Codec = format.LZO },
		"column email: more than 268435456 values":     func(m *format.FileMetaData) { chunk(m).MetaData.NumValues = maxChunkValues + 1 },
		"more than 67108864 rows":                      func(m *format.FileMetaData) { m.RowGroups[0].NumRows = maxGroupRows + 1 },
	} {
		_, err := openBytes(lying(t, data, change))
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Unsupported || f.Mend == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestAFooterWithSizesThatItHasNoBytesForIsRefused(t *testing.T) {
	const name = "duckdb_groups"
	data := fixtures(t, name)[name]
	huge := binary.AppendUvarint(nil, 1<<31-1)
	for lie, footer := range map[string][]byte{
		"empty":                      {},
		"a stop and nothing":         {0},
		"a schema of 2³¹ elements":   append([]byte{0x15, 2, 0x19, 0xFC}, huge...),
		"a list of 2³¹ row groups":   append([]byte{0x49, 0xFC}, huge...),
		"a million empty row groups": append(binary.AppendUvarint([]byte{0x49, 0xFC}, 1<<20), make([]byte, 1<<20+1)...),
		"a name of 2³¹ bytes":        append([]byte{0x68}, huge...),
		"a map of 2³¹ entries":       append(append([]byte{0xFB}, huge...), 0x55),
		"a number without end":       append([]byte{0x16}, bytes.Repeat([]byte{0x80}, 40)...),
		"structs without end":        bytes.Repeat([]byte{0x1C}, 1<<20),
		"lists without end":          append([]byte{0x19}, bytes.Repeat([]byte{0x19}, 1<<20)...),
		"bytes behind the end":       append(bytes.Clone(footerBytes(data)), 0, 0),
	} {
		if err := survive(t, lie, withFooter(data, footer)); fault.KindOf(err) != fault.Input {
			t.Errorf("%s: %v", lie, err)
		}
	}
	long := bytes.Clone(data)
	binary.LittleEndian.PutUint32(long[len(long)-8:], uint32(len(long)))
	if err := survive(t, "a footer longer than the file", long); fault.KindOf(err) != fault.Input {
		t.Errorf("%v", err)
	}
}

func TestWalkingBytesNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes")
		end, err := walkStruct(b, 0, 0, func(f field) error {
			if f.start > f.end || f.end > len(b) {
				t.Fatalf("field %d at %d:%d of %d bytes", f.id, f.start, f.end, len(b))
			}
			return nil
		})
		if err == nil && end > len(b) {
			t.Fatalf("ends at %d of %d", end, len(b))
		}
	})
}

func TestAFooterRewrittenFieldByFieldIsTheSame(t *testing.T) {
	for name, data := range fixtures(t, "") {
		b := footerBytes(data)
		var out structWriter
		if _, err := walkStruct(b, 0, 0, func(f field) error {
			out.field(f.id, f.kind, b[f.start:f.end])
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.stop(), b) {
			t.Errorf("%s: the footer has changed", name)
		}
	}
}

func TestTheSchemaAndMetadataOfACopyAreTheBytesOfTheSource(t *testing.T) {
	for name, data := range fixtures(t, "") {
		var out bytes.Buffer
		if err := useAll(data, &out); err != nil {
			t.Fatal(err)
		}
		source, copied := partsOf(t, data), partsOf(t, out.Bytes())
		for _, id := range []int{fieldVersion, fieldSchema, fieldKeyValues, fieldColumnOrders} {
			if !bytes.Equal(source[id], copied[id]) {
				t.Errorf("%s: field %d of the footer has changed", name, id)
			}
		}
		m := metadata(t, out.Bytes())
		if m.CreatedBy != "cpm" {
			t.Errorf("%s: created by %q", name, m.CreatedBy)
		}
	}
}

// partsOf returns the fields of a footer as bytes.
func partsOf(t testing.TB, data []byte) map[int][]byte {
	t.Helper()
	b, parts := footerBytes(data), map[int][]byte{}
	if _, err := walkStruct(b, 0, 0, func(f field) error {
		parts[f.id] = slices.Clone(b[f.start:f.end])
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestRowGroupsBeyondTheGreatestNumberHaveNone(t *testing.T) {
	const name = "duckdb_field_ids"
	f, err := openBytes(fixtures(t, name)[name])
	if err != nil {
		t.Fatal(err)
	}
	for groups, want := range map[int]int{maxOrdinals: maxOrdinals, maxOrdinals + 1: 0} {
		m := &format.FileMetaData{RowGroups: make([]format.RowGroup, groups)}
		for i := range m.RowGroups {
			m.RowGroups[i] = format.RowGroup{NumRows: 1, Columns: []format.ColumnChunk{{}}, Ordinal: int16(i)}
		}
		b, err := f.footer.end(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		read, numbered := new(format.FileMetaData), 0
		if err := thrift.Unmarshal(new(thrift.CompactProtocol), b[:len(b)-8], read); err != nil || len(read.RowGroups) != groups {
			t.Fatalf("%d of %d row groups, %v", len(read.RowGroups), groups, err)
		}
		for id, list := range partsOf(t, append([]byte(magic), b...)) {
			if id != fieldRowGroups {
				continue
			}
			if _, err := walkList(list, 0, 0, func(start, _ int) error {
				_, err := walkStruct(list, start, 0, func(v field) error {
					if v.id == fieldOrdinal {
						numbered++
					}
					return nil
				})
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if numbered != want {
			t.Errorf("%d of %d row groups have a number, want %d", numbered, groups, want)
		}
	}
}
