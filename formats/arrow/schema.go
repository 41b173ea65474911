package arrow

import (
	"errors"

	flatbuffers "github.com/google/flatbuffers/go"
)

const (
	maxFields = 100_000
	maxDepth  = 60
)

// Slots of the tables that are read here, by Schema.fbs, Message.fbs and File.fbs of the format.
const (
	slotMessageVersion  = 4
	slotMessageKind     = 6
	slotMessageHeader   = 8
	slotMessageLength   = 10
	slotMessageMetadata = 12

	slotSchemaEndianness = 4
	slotSchemaFields     = 6
	slotSchemaMetadata   = 8

	slotFieldDictionary = 12
	slotFieldChildren   = 14
	slotFieldMetadata   = 16

	slotRecordRows     = 4
	slotRecordNodes    = 6
	slotRecordBuffers  = 8
	slotRecordCodec    = 10
	slotRecordVariadic = 12

	slotDictionaryID    = 4
	slotDictionaryData  = 6
	slotDictionaryDelta = 8

	slotFooterSchema       = 6
	slotFooterDictionaries = 8
	slotFooterRecords      = 10
)

var (
	errSchema    = errors.New("the schema cannot be read")
	errBigEndian = errors.New("it is big-endian, which is not read yet")
)

func root(b []byte) flatbuffers.Table {
	return flatbuffers.Table{Bytes: b, Pos: flatbuffers.GetUOffsetT(b)}
}

// child returns the table in a slot.
func child(t flatbuffers.Table, slot flatbuffers.VOffsetT) (flatbuffers.Table, bool) {
	at := t.Offset(slot)
	if at == 0 {
		return flatbuffers.Table{}, false
	}
	return flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(t.Pos + flatbuffers.UOffsetT(at))}, true
}

// vector returns the place and the length of a vector of elements of so many bytes, which lies within the bytes.
func vector(t flatbuffers.Table, slot flatbuffers.VOffsetT, size int) (start flatbuffers.UOffsetT, n int, err error) {
	at := t.Offset(slot)
	if at == 0 {
		return 0, 0, nil
	}
	start, n = t.Vector(flatbuffers.UOffsetT(at)), t.VectorLen(flatbuffers.UOffsetT(at))
	if n < 0 || n > (len(t.Bytes)-int(start))/size {
		return 0, 0, errLengths
	}
	return start, n, nil
}

// schemaReader looks through a schema before the library allocates by it.
type schemaReader struct {
	left int     // fields that may still come
	ids  []int64 // of the dictionaries, in the order of their fields
}

// dictionaryIDs checks a schema and returns the number of the dictionary of each field that has one, parents first.
func dictionaryIDs(t flatbuffers.Table) ([]int64, error) {
	if t.GetInt16Slot(slotSchemaEndianness, 0) != 0 {
		return nil, errBigEndian
	}
	r := schemaReader{left: maxFields}
	if _, _, err := vector(t, slotSchemaMetadata, 4); err != nil {
		return nil, err
	}
	err := r.fields(t, slotSchemaFields, 0)
	return r.ids, err
}

func (r *schemaReader) fields(t flatbuffers.Table, slot flatbuffers.VOffsetT, depth int) error {
	start, n, err := vector(t, slot, 4)
	if err != nil {
		return err
	}
	if r.left -= n; r.left < 0 || depth > maxDepth {
		return errSchema
	}
	for i := range n {
		f := flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(start + flatbuffers.UOffsetT(i)*4)}
		if _, _, err := vector(f, slotFieldMetadata, 4); err != nil {
			return err
		}
		if d, ok := child(f, slotFieldDictionary); ok {
			r.ids = append(r.ids, d.GetInt64Slot(4, 0))
		}
		if err := r.fields(f, slotFieldChildren, depth+1); err != nil {
			return err
		}
	}
	return nil
}
