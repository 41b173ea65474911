package arrow

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"cpm/formats/fault"
)

const (
	magic        = "ARROW1"
	maxMeta      = 64 << 20
	maxSpace     = 64 // some writers align the first message of a file to so many bytes
	continuation = 0xFFFFFFFF
)

// framer cuts an input into frames.
type framer struct {
	name         string
	from         io.Reader
	isFile       bool
	size         int64   // of the input, when it is known
	done         int64   // bytes read
	dictionaries []int64 // where they began
	records      []int64
}

func (f *framer) damaged(format string, args ...any) *fault.Error {
	return fault.New(fault.Input, f.name, format, args...).Hint("write the data again; the file is damaged or was cut")
}

// failed tells a cut input from a disk that fails.
func (f *framer) failed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return f.damaged("the Arrow data ends early")
	}
	return fault.At(f.name, err)
}

// read reads n bytes. It takes memory at once for what the input can hold, and for more as the bytes come.
func (f *framer) read(n int64) ([]byte, error) {
	const step = 16 << 20
	if n <= max(step, f.size-f.done) {
		b := make([]byte, n)
		got, err := io.ReadFull(f.from, b)
		f.done += int64(got)
		if err != nil {
			return nil, f.failed(err)
		}
		return b, nil
	}
	var b bytes.Buffer
	got, err := io.CopyN(&b, f.from, n)
	f.done += got
	if err != nil {
		return nil, f.failed(err)
	}
	return b.Bytes(), nil
}

func (f *framer) word() (uint32, error) {
	b, err := f.read(4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b), nil
}

// begin reads the mark of a file, and what fills up to its first message.
func (f *framer) begin() (*frame, error) {
	if f.isFile {
		head, err := f.read(8)
		if err != nil {
			return nil, err
		}
		if string(head[:len(magic)]) != magic {
			return nil, f.damaged("the mark of an Arrow file is not there")
		}
	}
	mark, err := f.word()
	for skipped := 0; err == nil && f.isFile && mark == 0 && skipped < maxSpace; skipped += 4 {
		mark, err = f.word()
	}
	if err != nil {
		return nil, err
	}
	if mark != continuation {
		return nil, f.damaged("the Arrow data does not begin with a message, as it does since Arrow 0.15")
	}
	return f.message()
}

// next returns the next frame, or io.EOF after a whole input.
func (f *framer) next() (*frame, error) {
	mark, err := f.word()
	if err != nil {
		return nil, err
	}
	if mark != continuation {
		if f.isFile { // a file may do without the mark of its end
			return nil, f.footer(binary.LittleEndian.AppendUint32(nil, mark))
		}
		return nil, f.damaged("a message of the Arrow stream does not begin as one")
	}
	return f.message()
}

// message returns the frame behind the mark of a message.
func (f *framer) message() (*frame, error) {
	at := f.done - 4
	word, err := f.word()
	if err != nil {
		return nil, err
	}
	size := int64(int32(word))
	switch {
	case size == 0:
		return nil, f.end()
	case size < 8 || size > maxMeta:
		return nil, f.damaged("a message of %d bytes of metadata cannot be", size)
	}
	m := &frame{}
	if m.meta, err = f.read(size); err != nil {
		return nil, err
	}
	length, err := m.parse()
	if err != nil {
		return nil, f.damaged("a message of the Arrow data cannot be read").Because(err)
	}
	if m.body, err = f.read(length); err != nil {
		return nil, err
	}
	switch m.header {
	case headerDictionary:
		f.dictionaries = append(f.dictionaries, at)
	case headerRecord:
		f.records = append(f.records, at)
	}
	return m, nil
}

// end reads what follows the end of the messages.
func (f *framer) end() error {
	if f.isFile {
		return f.footer(nil)
	}
	var one [1]byte
	switch _, err := io.ReadFull(f.from, one[:]); {
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil:
		return f.failed(err)
	}
	return f.damaged("data follows the end of the Arrow stream")
}
