package parquet

import (
	"io"

	"cpm/formats/fault"
)

// windowSize is how many bytes of a column chunk are read at once.
const windowSize = 1 << 20

// slack stands behind the pages in memory: numbers are read eight bytes and texts are copied thirty-two bytes at a time,
// beyond their ends too.
const slack = 64

// window reads a column chunk from its begin to its end. It never holds more than the file has of it, whatever a page
// claims.
type window struct {
	source  *fault.Source
	at, end int64 // what of the chunk has not been read from the file
	memory  []byte
	held    []byte // what has been read and not been taken; it lies in memory
}

// left returns how many bytes of the chunk have not been taken.
func (w *window) left() int64 { return w.end - w.at + int64(len(w.held)) }

// peek returns the next n bytes, or all when fewer are left. They are valid until the next call.
func (w *window) peek(n int) ([]byte, error) {
	n = int(min(int64(n), w.left()))
	if len(w.held) >= n {
		return w.held[:n], nil
	}
	size := int(min(max(int64(n), windowSize), w.left()))
	if cap(w.memory) < size {
		w.memory = append(make([]byte, 0, size), w.held...)
	} else {
		w.memory = append(w.memory[:0], w.held...)
	}
	have := len(w.held)
	w.memory = w.memory[:size]
	w.held = w.memory[:have]
	if err := readAt(w.source, w.memory[have:], w.at); err != nil {
		return nil, err
	}
	w.at += int64(size - have)
	w.held = w.memory
	return w.held[:n], nil
}

// take returns the next n bytes and passes them. They are valid until the next call.
func (w *window) take(n int) ([]byte, error) {
	b, err := w.peek(n)
	if err != nil {
		return nil, err
	}
	if len(b) < n {
		return nil, io.ErrUnexpectedEOF
	}
	w.held = w.held[n:]
	return b, nil
}
