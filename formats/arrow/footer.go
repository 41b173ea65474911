package arrow

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	flatbuffers "github.com/google/flatbuffers/go"

	"cpm/formats/fault"
)

const (
	maxFooter = 256 << 20
	tailSize  = 4 + len(magic) // a footer's length and the mark behind it
	blockSize = 24
)

// footer reads the rest of a file, of which head is the beginning, and compares it with what was read: rows that the
// footer places otherwise would be other rows to other readers.
func (f *framer) footer(head []byte) error {
	rest, err := io.ReadAll(io.LimitReader(f.from, maxFooter))
	if err != nil {
		return f.failed(err)
	}
	f.done += int64(len(rest))
	rest = append(head, rest...)
	size := len(rest) - tailSize
	if size < 8 || string(rest[size+4:]) != magic || int(binary.LittleEndian.Uint32(rest[size:])) != size {
		return f.damaged("the Arrow file has no whole footer at its end")
	}
	for slot, want := range map[flatbuffers.VOffsetT][]int64{slotFooterRecords: f.records, slotFooterDictionaries: f.dictionaries} {
		got, err := blocks(rest[:size], slot)
		if err != nil || !slices.Equal(got, want) {
			return f.damaged("the footer of the Arrow file names %d batches, and %d others were read", len(got), len(want))
		}
	}
	return io.EOF
}

// blocks returns where the messages begin that a footer names.
func blocks(footer []byte, slot flatbuffers.VOffsetT) (at []int64, err error) {
	defer caught(&err)
	t := root(footer)
	start, n, err := vector(t, slot, blockSize)
	if err != nil {
		return nil, err
	}
	for i := range n {
		at = append(at, t.GetInt64(start+flatbuffers.UOffsetT(i*blockSize)))
	}
	return at, nil
}

// lateSchema reads the schema from the footer of a file that has it nowhere else, as apache-arrow for JavaScript writes it.
func (f *framer) lateSchema(in Input) (*frame, error) {
	at, ok := in.Reader.(io.ReaderAt)
	if !ok || in.Size < 0 {
		return nil, fault.New(fault.Unsupported, in.Name, "the schema of the Arrow file stands at its end alone, which a pipe does not reach").
			Hint("save the data to a file and name that, or write it as an Arrow stream")
	}
	end := max(in.Size-int64(tailSize), 0)
	tail := make([]byte, tailSize)
	if _, err := at.ReadAt(tail, end); err != nil && !errors.Is(err, io.EOF) {
		return nil, f.failed(err)
	}
	size := int64(binary.LittleEndian.Uint32(tail))
	if string(tail[4:]) != magic || size > min(end, maxFooter) {
		return nil, f.damaged("the Arrow file has no whole footer at its end")
	}
	footer := make([]byte, size)
	if _, err := at.ReadAt(footer, end-size); err != nil {
		return nil, f.failed(err)
	}
	head, err := schemaMessage(footer)
	if err != nil {
		return nil, f.damaged("the footer of the Arrow file cannot be read").Because(err)
	}
	return head, nil
}

// schemaMessage puts a message in front of a footer, whose header is the schema in the footer.
func schemaMessage(footer []byte) (m *frame, err error) {
	defer caught(&err)
	schema, ok := child(root(footer), slotFooterSchema)
	if !ok {
		return nil, errSchema
	}
	const table, behind = 16, 32 // the message, and the footer
	meta := binary.LittleEndian.AppendUint32(nil, table)
	for _, x := range []uint16{12, 12, 8, 10, 4, 0} { // where version, kind, header and length stand in the message
		meta = binary.LittleEndian.AppendUint16(meta, x)
	}
	meta = binary.LittleEndian.AppendUint32(meta, table-4)
	meta = binary.LittleEndian.AppendUint32(meta, uint32(behind-(table+4)+schema.Pos))
	meta = append(meta, currentVersion, 0, headerSchema, 0)
	meta = append(meta, make([]byte, behind-len(meta))...)
	m = &frame{meta: append(meta, footer...)}
	_, err = m.parse()
	return m, err
}

// block is a message as a footer names it.
type block struct{ at, meta, body int64 }

// footerOf returns what follows the messages of a file. The library writes it for a file without batches, and their
// blocks are added to it.
func footerOf(schema *arrow.Schema, dictionaries, records []block) ([]byte, error) {
	var whole seeker
	w, err := ipc.NewFileWriter(&whole, ipc.WithSchema(schema))
	if err == nil {
		err = w.Close()
	}
	b := whole.Bytes()
	if err != nil || len(b) < tailSize {
		return nil, errWriting
	}
	end := len(b) - tailSize
	size := int(binary.LittleEndian.Uint32(b[end:]))
	if size > end {
		return nil, errWriting
	}
	footer := bytes.Clone(b[end-size : end])
	if footer, err = withBlocks(footer, slotFooterDictionaries, dictionaries); err == nil {
		footer, err = withBlocks(footer, slotFooterRecords, records)
	}
	if err != nil {
		return nil, err
	}
	footer = append(footer, make([]byte, -len(footer)&7)...)
	return append(binary.LittleEndian.AppendUint32(footer, uint32(len(footer))), magic...), nil
}

// withBlocks adds a vector of blocks, and has the slot point to it.
func withBlocks(footer []byte, slot flatbuffers.VOffsetT, list []block) (out []byte, err error) {
	defer caught(&err)
	t := root(footer)
	field := t.Offset(slot)
	if field == 0 {
		return nil, errWriting
	}
	at := int(t.Pos) + int(field)
	footer = append(footer, make([]byte, (4-len(footer))&7)...) // blocks stand at multiples of 8, behind their number
	binary.LittleEndian.PutUint32(footer[at:], uint32(len(footer)-at))
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(list)))
	for _, b := range list {
		footer = binary.LittleEndian.AppendUint64(footer, uint64(b.at))
		footer = binary.LittleEndian.AppendUint64(footer, uint64(b.meta)) // 4 bytes, and 4 that fill
		footer = binary.LittleEndian.AppendUint64(footer, uint64(b.body))
	}
	return footer, nil
}

// seeker is a buffer that the library writes a file to.
type seeker struct{ bytes.Buffer }

// Seek implements io.Seeker, to tell the place alone.
func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return 0, errors.New("an Arrow file is written in one go")
	}
	return int64(s.Len()), nil
}
