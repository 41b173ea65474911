package formats

import (
	"bytes"
	"io"
	"sync/atomic"
)

// jsonWindow is the stretch of an input that is being looked at. What has been taken from its beginning is forgotten.
type jsonWindow struct {
	name  string
	src   io.Reader
	buf   []byte
	pos   int   // buf[pos:] is what has not been taken
	line  int64 // the line in which pos stands
	ended bool  // src is at its end
	done  atomic.Int64
}

// ahead returns the next n bytes, or as many as there are in the window.
func (w *jsonWindow) ahead(n int) []byte { return w.buf[w.pos:min(w.pos+n, len(w.buf))] }

// has reports whether n more bytes are in the window, or all that the input still has.
func (w *jsonWindow) has(n int) bool { return w.ended || len(w.buf)-w.pos >= n }

// ensure reads until has(n).
func (w *jsonWindow) ensure(n int) error {
	if w.has(n) {
		return nil
	}
	if w.pos+n > cap(w.buf) {
		rest := w.buf[w.pos:]
		if n > cap(w.buf) {
			w.buf = make([]byte, 0, n)
		}
		w.buf = append(w.buf[:0], rest...)
		w.pos = 0
	}
	var err error
	w.buf, w.ended, err = fill(w.src, w.buf, w.name)
	return err
}

// take forgets the next n bytes.
func (w *jsonWindow) take(n int) {
	w.line += int64(bytes.Count(w.ahead(n), []byte{'\n'}))
	w.pos += n
	w.done.Add(int64(n))
}

// space takes all white space that comes next, and returns the byte behind it; io.EOF at the end of the input.
func (w *jsonWindow) space() (byte, error) {
	for {
		text := w.ahead(len(w.buf))
		at := jsonSpace(text, 0)
		w.take(at)
		if at < len(text) {
			return text[at], nil
		}
		if w.ended {
			return 0, io.EOF
		}
		if err := w.ensure(1); err != nil {
			return 0, err
		}
	}
}

// lineAt returns the line of the byte n behind the next one.
func (w *jsonWindow) lineAt(n int) int64 {
	return w.line + int64(bytes.Count(w.ahead(n), []byte{'\n'}))
}
