package arrow

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/apache/arrow/go/v17/arrow"
	flatbuffers "github.com/google/flatbuffers/go"
)

// Message headers, by their number in Message.fbs.
const (
	headerSchema     = 1
	headerDictionary = 2
	headerRecord     = 3
)

// currentVersion is that of messages since 1.0; what comes before lays out unions otherwise.
const currentVersion = 4

// codec is how the buffers of a record batch are compressed.
type codec uint8

const (
	plain codec = iota
	lz4
	zstd
)

var errCodec = errors.New("its buffers are compressed in a way that is not known")

// frame is one message: its metadata, without the length in front, and its body.
type frame struct {
	meta   []byte
	body   []byte
	header byte

	rows    int64    // of a record batch or a dictionary
	codec   codec    // of its buffers
	extents []extent // where they lie in the body
	nodes   int      // columns, and columns in them
	views   int      // columns of views
	pages   int      // of these, together
	custom  bool     // it has metadata of its own, or is of an old version

	ids     []int64 // of a schema: the numbers of its dictionaries
	id      int64   // of a dictionary
	isDelta bool    // it goes on with the dictionary of its number
}

// extent is a buffer's place in a body.
type extent struct{ from, to int64 }

// parse finds the header and returns the length of the body.
func (m *frame) parse() (length int64, err error) {
	defer caught(&err)
	t := root(m.meta)
	m.header = t.GetByteSlot(slotMessageKind, 0)
	m.custom = t.Offset(slotMessageMetadata) != 0 || t.GetInt16Slot(slotMessageVersion, 0) != currentVersion
	length = t.GetInt64Slot(slotMessageLength, 0)
	header, ok := child(t, slotMessageHeader)
	if !ok || length < 0 {
		return 0, errLengths
	}
	switch m.header {
	case headerSchema:
		m.ids, err = dictionaryIDs(header)
	case headerDictionary:
		m.id, m.isDelta = header.GetInt64Slot(slotDictionaryID, 0), header.GetBoolSlot(slotDictionaryDelta, false)
		if header, ok = child(header, slotDictionaryData); !ok {
			return 0, errLengths
		}
		err = m.parseRecord(header, length)
	case headerRecord:
		err = m.parseRecord(header, length)
	}
	return length, err
}

// parseRecord holds what the library allocates by to the bytes that there are.
func (m *frame) parseRecord(t flatbuffers.Table, length int64) error {
	m.rows = t.GetInt64Slot(slotRecordRows, 0)
	if m.rows < 0 || m.rows > maxRows {
		return errLengths
	}
	if c, ok := child(t, slotRecordCodec); ok {
		kind, method := c.GetByteSlot(4, 0), c.GetByteSlot(6, 0)
		if kind > 1 || method != 0 {
			return errCodec
		}
		m.codec = lz4 + codec(kind)
	}
	var err error
	if _, m.nodes, err = vector(t, slotRecordNodes, 16); err != nil {
		return err
	}
	if err = m.parseBuffers(t, length); err != nil {
		return err
	}
	return m.parseViews(t)
}

func (m *frame) parseBuffers(t flatbuffers.Table, length int64) error {
	start, n, err := vector(t, slotRecordBuffers, 16)
	if err != nil {
		return err
	}
	for i := range n {
		at := start + flatbuffers.UOffsetT(i)*16
		from, size := t.GetInt64(at), t.GetInt64(at+8)
		if from < 0 || size < 0 || from > length || size > length-from {
			return errLengths
		}
		m.extents = append(m.extents, extent{from, from + size})
	}
	return nil
}

func (m *frame) parseViews(t flatbuffers.Table) error {
	start, n, err := vector(t, slotRecordVariadic, 8)
	if err != nil {
		return err
	}
	for i := range n {
		count := t.GetInt64(start + flatbuffers.UOffsetT(i)*8)
		if count < 0 || count > int64(len(m.extents)) {
			return errLengths
		}
		m.pages += int(count)
	}
	m.views = n
	return nil
}

// fits holds the counts of a record batch to its schema: the library reads on behind the end of its lists.
func (m *frame) fits(s *arrow.Schema) error {
	var nodes, buffers, views int
	for _, f := range s.Fields() {
		count(f.Type, &nodes, &buffers, &views)
	}
	if m.nodes != nodes || m.views < views || len(m.extents) < buffers+m.pages {
		return errBuffers
	}
	return nil
}

// count adds the nodes, the buffers and the lists of pages that a column of a flat type has.
func count(t arrow.DataType, nodes, buffers, views *int) {
	*nodes++
	for _, b := range t.Layout().Buffers {
		if b.Kind != arrow.KindAlwaysNull {
			*buffers++
		}
	}
	if t.Layout().VariadicSpec != nil {
		*views++
	}
	for _, c := range children(t) {
		count(c, nodes, buffers, views)
	}
}

// record returns the record batch that is a dictionary's values.
func (m *frame) record() (out *frame, err error) {
	defer caught(&err)
	c := *m
	c.meta, c.header = bytes.Clone(m.meta), headerRecord
	t := root(c.meta)
	header, _ := child(t, slotMessageHeader)
	data, ok := child(header, slotDictionaryData)
	at := t.Pos + flatbuffers.UOffsetT(t.Offset(slotMessageHeader))
	if !ok || data.Pos <= at {
		return nil, errLengths
	}
	binary.LittleEndian.PutUint32(c.meta[at:], uint32(data.Pos-at))
	c.meta[t.Pos+flatbuffers.UOffsetT(t.Offset(slotMessageKind))] = headerRecord
	return &c, nil
}

// framed appends a message, whose metadata is padded so that its body begins at a multiple of 8.
func framed(to *bytes.Buffer, meta []byte) {
	size := (len(meta) + 7) &^ 7
	head := binary.LittleEndian.AppendUint32(nil, continuation)
	to.Write(binary.LittleEndian.AppendUint32(head, uint32(size)))
	to.Write(meta)
	to.Write(make([]byte, size-len(meta)))
}
