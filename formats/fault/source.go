package fault

import (
	"errors"
	"io"
	"sync"
)

// Source reads a file and remembers the first failure that is not its end. By the time such an error has come through
// a library it cannot be told from a damaged file, and a disk that fails is nobody's bad input. It may be read by
// several goroutines at once.
type Source struct {
	From io.ReaderAt

	mutex sync.Mutex
	err   error
}

// ReadAt implements io.ReaderAt. A place before the file, to which damaged files refer, is their end.
func (s *Source) ReadAt(b []byte, at int64) (int, error) {
	if at < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := s.From.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if s.err == nil {
			s.err = err
		}
	}
	return n, err
}

// Failure returns the first failure, or nil.
func (s *Source) Failure() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.err
}
