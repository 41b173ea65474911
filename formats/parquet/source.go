package parquet

import (
	"errors"
	"io"
	"sync"
)

// source reads the file and remembers the first failure that is not its end. By the time such an error has come
// through the library it cannot be told from a damaged file, and a disk that fails is nobody's bad input.
type source struct {
	r     io.ReaderAt
	mutex sync.Mutex
	err   error
}

// ReadAt implements io.ReaderAt.
func (s *source) ReadAt(b []byte, at int64) (int, error) {
	n, err := s.r.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if s.err == nil {
			s.err = err
		}
	}
	return n, err
}

// failure returns the first failure, or nil.
func (s *source) failure() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.err
}
