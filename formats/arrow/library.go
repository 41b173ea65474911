package arrow

import (
	"bytes"
	"errors"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

var (
	errBuffers = errors.New("its buffers do not fit its schema")
	errWriting = errors.New("arrow writer: the rows cannot be written")
)

// readSchema reads a schema with the library.
func readSchema(head *frame) (s *arrow.Schema, err error) {
	defer caught(&err)
	in, err := ipc.NewReaderFromMessageReader(&messages{[]*frame{head}})
	if err != nil {
		return nil, errSchema
	}
	return in.Schema(), nil
}

// readRecord reads a record batch of a flat schema with the library.
func readRecord(head, f *frame) (record arrow.Record, err error) {
	defer caught(&err)
	memory := &bounded{GoAllocator: memory.NewGoAllocator(), left: maxDecoded + maxRatio*int64(len(f.body))}
	in, err := ipc.NewReaderFromMessageReader(&messages{[]*frame{head, f}}, ipc.WithAllocator(memory))
	if err != nil {
		return nil, errSchema
	}
	if err := f.fits(in.Schema()); err != nil {
		return nil, err
	}
	if !in.Next() {
		return nil, errBuffers
	}
	record = in.Record()
	if record.NumRows() != f.rows {
		return nil, errLengths
	}
	for _, c := range record.Columns() {
		if c.Len() != int(f.rows) {
			return nil, errLengths
		}
		if err := layoutOf(c.DataType()).check(c.Data()); err != nil {
			return nil, err
		}
	}
	record.Retain()
	return record, nil
}

// caught turns a panic over bytes that lie into an error. Its text is left out: it could hold a value.
func caught(err *error) {
	if recover() != nil {
		*err = errLengths
	}
}

// messages hands frames to the library.
type messages struct{ left []*frame }

// Message implements ipc.MessageReader.
func (m *messages) Message() (*ipc.Message, error) {
	if len(m.left) == 0 {
		return nil, io.EOF
	}
	f := m.left[0]
	m.left = m.left[1:]
	return ipc.NewMessage(memory.NewBufferBytes(f.meta), memory.NewBufferBytes(f.body)), nil
}

// Retain implements ipc.MessageReader.
func (*messages) Retain() {}

// Release implements ipc.MessageReader.
func (*messages) Release() {}

// What the buffers of one message may unpack to: the length of a compressed buffer is only claimed.
const (
	maxDecoded = 1 << 30
	maxRatio   = 64
)

// bounded refuses what is more than that.
type bounded struct {
	*memory.GoAllocator
	left int64
}

// Allocate implements memory.Allocator.
func (b *bounded) Allocate(size int) []byte {
	b.take(size)
	return b.GoAllocator.Allocate(size)
}

// Reallocate implements memory.Allocator.
func (b *bounded) Reallocate(size int, old []byte) []byte {
	b.take(size - len(old))
	return b.GoAllocator.Reallocate(size, old)
}

func (b *bounded) take(size int) {
	if b.left -= int64(size); b.left < 0 {
		panic(errLengths) //nolint:forbidigo // an allocator has no other way out; readRecord recovers
	}
}

// written is what the library writes of a record: the schema, the dictionaries and the record batch, a message each.
type written struct {
	messages [][]byte
	room     int // for one with values
}

// Start implements ipc.PayloadWriter.
func (*written) Start() error { return nil }

// Close implements ipc.PayloadWriter.
func (*written) Close() error { return nil }

// WritePayload implements ipc.PayloadWriter.
func (w *written) WritePayload(p ipc.Payload) error {
	meta := p.Meta()
	defer meta.Release()
	b := new(bytes.Buffer)
	if len(w.messages) > 0 { // the first is the schema
		b.Grow(w.room)
	}
	framed(b, meta.Bytes())
	err := p.SerializeBody(b)
	w.messages = append(w.messages, b.Bytes())
	return err
}

// write has the library write columns of so many rows, or the schema alone when there are none.
func write(schema *arrow.Schema, c codec, columns []arrow.Array, rows int64) (messages [][]byte, err error) {
	defer func() {
		if recover() != nil {
			err = errWriting
		}
	}()
	options := []ipc.Option{ipc.WithSchema(schema)}
	switch c {
	case lz4:
		options = append(options, ipc.WithLZ4())
	case zstd:
		options = append(options, ipc.WithZstd())
	}
	out := written{room: roomOf(columns)}
	w := ipc.NewWriterWithPayloadWriter(&out, options...)
	if columns != nil {
		if err := w.Write(array.NewRecord(schema, columns, rows)); err != nil {
			return nil, errWriting
		}
	}
	if err := w.Close(); err != nil || len(out.messages) == 0 {
		return nil, errWriting
	}
	return out.messages, nil
}

// roomOf returns about how many bytes columns take that hold no others.
func roomOf(columns []arrow.Array) (size int) {
	for _, c := range columns {
		for _, b := range c.Data().Buffers() {
			if b != nil {
				size += (b.Len() + 63) &^ 63
			}
		}
	}
	return size + 1<<10*len(columns) // the metadata
}

// headOf returns the message of a schema, as a frame.
func headOf(schema *arrow.Schema) (*frame, error) {
	messages, err := write(schema, plain, nil, 0)
	if err != nil {
		return nil, err
	}
	f := &frame{meta: messages[0][8:]}
	_, err = f.parse()
	return f, err
}
