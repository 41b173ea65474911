package arrow

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
)

// maxHeld is how much of a file with dictionaries is held in memory; the rest goes to a scratch file.
const maxHeld = 64 << 20

// spool keeps the record batches of a file until its dictionaries are known: a file names each word once, before the
// first batch, and the order of words may mean something, so that none can have its place before the last is known.
type spool struct {
	open   func() (*os.File, error)
	limit  int // of what is held
	held   bytes.Buffer
	file   *os.File
	buffer *bufio.Writer
	parts  []spooled
	used   []*used
	words  []dictionary
}

type spooled struct {
	rows  int64
	codec codec
}

func (s *spool) add(p *Part) error {
	if s.used == nil {
		s.used = p.used
	} else {
		for i, u := range p.used {
			s.used[i].unite(u)
		}
	}
	s.words = p.from // the words of a file only become more
	s.parts = append(s.parts, spooled{p.rows, p.codec})
	if s.file == nil && s.held.Len()+len(p.record) <= s.limit {
		s.held.Write(p.record)
		return nil
	}
	if s.file == nil {
		var err error
		if s.file, err = s.open(); err != nil {
			return err
		}
		s.buffer = bufio.NewWriterSize(s.file, 1<<20)
	}
	_, err := s.buffer.Write(p.record)
	return err
}

// all reads what was kept, from its beginning.
func (s *spool) all() (io.Reader, error) {
	if s.file == nil {
		return &s.held, nil
	}
	if err := s.buffer.Flush(); err != nil {
		return nil, err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.MultiReader(&s.held, bufio.NewReaderSize(s.file, 1<<20)), nil
}

// unspool writes what was kept, with the words that all of it uses.
func (w *Writer) unspool() (err error) {
	defer caught(&err)
	s := w.spool
	if len(s.parts) == 0 {
		return nil
	}
	from, err := s.all()
	if err == nil {
		err = w.writeSpooled(from)
	}
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
	}
	return err
}

func (w *Writer) writeSpooled(from io.Reader) error {
	s := w.spool
	words, err := w.words(s.words, s.used, s.parts[0].codec)
	if err != nil {
		return w.reader.framer.damaged("a dictionary of the Arrow file cannot be read").Because(err)
	}
	head, err := headOf(w.flat)
	if err != nil {
		return err
	}
	kept := framer{name: w.reader.name, from: from}
	for _, p := range s.parts {
		f, err := kept.next()
		if err != nil {
			return err
		}
		record, err := readRecord(head, f)
		if err != nil {
			return err
		}
		columns := make([]arrow.ArrayData, record.NumCols())
		for i, c := range record.Columns() {
			columns[i] = c.Data()
		}
		if err := w.renumber(columns, s.words, s.used); err != nil {
			return err
		}
		m, err := w.message(columns, p.rows, p.codec)
		if err != nil {
			return err
		}
		if err := w.write(words, m); err != nil {
			return err
		}
	}
	return nil
}
