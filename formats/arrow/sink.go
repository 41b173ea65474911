package arrow

import (
	"encoding/binary"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
)

// sink is the output, and where in it the messages stand.
type sink struct {
	to           io.Writer
	isFile       bool
	at           int64
	dictionaries []block
	records      []block
}

func (s *sink) write(b []byte) error {
	n, err := s.to.Write(b)
	s.at += int64(n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}

func (s *sink) begin(head []byte) error {
	if s.isFile {
		if err := s.write([]byte(magic + "\x00\x00")); err != nil {
			return err
		}
	}
	return s.write(head)
}

func (s *sink) message(m []byte, list *[]block) error {
	meta := int64(binary.LittleEndian.Uint32(m[4:])) + 8
	*list = append(*list, block{s.at, meta, int64(len(m)) - meta})
	return s.write(m)
}

func (s *sink) end(schema *arrow.Schema) error {
	if err := s.write([]byte{0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0}); err != nil || !s.isFile {
		return err
	}
	footer, err := footerOf(schema, s.dictionaries, s.records)
	if err != nil {
		return err
	}
	return s.write(footer)
}
