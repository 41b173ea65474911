package formats

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strings"
)

// csvWriter copies the bytes of chosen rows. Its header is the reader's, byte for byte.
type csvWriter struct {
	textOutput // its head: mark, header, the names of the extra columns, line end
	shape      csvShape
	eol        string // the line end of the file, which completes a row without one when another follows
	extra      int    // how many extra columns
	due        string // what must stand before the next row: the rest of a line end
	parts      pool[csvPart]
}

// csvPart is the text of the kept rows of one batch.
type csvPart struct {
	text  []byte
	rows  int64
	due   string   // what the last row lacks for its line end to be one amid a file
	words [][]byte // the delimiter and each word, as they are appended
}

// NewWriter implements Reader.
func (r *csvReader) NewWriter(w io.Writer, extra ...string) (Writer, error) {
	out := &csvWriter{textOutput: textOutput{w: w}, shape: r.csvShape, eol: r.eol + missing(r.eol, "\n"), extra: len(extra)}
	out.head = append(bytes.Clone(r.mark), r.header...)
	if r.noHeader {
		return out, nil
	}
	for _, name := range extra {
		encoded, err := r.charset.encoded(name)
		if err != nil {
			return nil, fmt.Errorf("the name of a column in %s: %w", r.charset.name, err)
		}
		out.head = appendField(append(out.head, r.delim), encoded, r.delim)
	}
	out.head = append(out.head, r.eol...)
	out.due = missing(r.eol, out.eol)
	return out, nil
}

// appendField appends a field, in quotes only where it would not read back without them.
func appendField(dst []byte, text string, delim byte) []byte {
	if !strings.ContainsAny(text, "\"\r\n"+string(rune(delim))) {
		return append(dst, text...)
	}
	return appendQuoted(dst, []byte(text))
}

// appendQuoted appends a field in quotes.
func appendQuoted(dst, text []byte) []byte {
	dst = append(dst, quote)
	dst = append(dst, bytes.ReplaceAll(text, []byte{quote}, []byte(`""`))...)
	return append(dst, quote)
}

// Encode implements Writer.
func (w *csvWriter) Encode(b Batch, s Selection) (Part, error) {
	from, ok := b.(*csvBatch)
	if !ok {
		return nil, fmt.Errorf("a batch of another format: %T", b)
	}
	if !from.isReady {
		return nil, errors.New("a batch that is not decoded, or released")
	}
	if !s.fits(from.Rows(), w.extra) {
		return nil, fmt.Errorf("the selection is shorter than the %d rows of its batch", from.Rows())
	}
	p := w.parts.take()
	p.text, p.rows, p.due = p.text[:0], 0, ""
	if w.extra > 0 {
		if err := p.widen(from, s, w.shape); err != nil {
			return nil, err
		}
	} else {
		p.copyRuns(from, s.Keep)
	}
	if n := len(from.rows); n > 0 && s.Keep.Has(n-1) {
		last := from.rows[n-1]
		p.due = missing(string(from.data[last.end:last.stop]), w.eol)
	}
	return p, nil
}

// copyRuns appends the kept rows, those that touch in one copy.
func (p *csvPart) copyRuns(b *csvBatch, keep Bits) {
	for at, end := keep.run(0, len(b.rows)); at < end; at, end = keep.run(end, len(b.rows)) {
		p.rows += int64(end - at)
		for at < end {
			last := end - 1
			if b.gaps {
				last = at
				for last+1 < end && b.rows[last].stop == b.rows[last+1].start {
					last++
				}
			}
			p.text = append(p.text, b.data[b.rows[at].start:b.rows[last].stop]...)
			at = last + 1
		}
	}
}

// widen appends the kept rows, each with its words before its line end.
func (p *csvPart) widen(b *csvBatch, s Selection, shape csvShape) error {
	if err := p.quoteWords(s.Words, shape); err != nil {
		return err
	}
	for at, end := s.Keep.run(0, len(b.rows)); at < end; at, end = s.Keep.run(end, len(b.rows)) {
		p.rows += int64(end - at)
		for i := at; i < end; i++ {
			row := b.rows[i]
			p.text = append(p.text, b.data[row.start:row.end]...)
			for _, column := range s.Extra {
				if int(column[i]) >= len(p.words) {
					return fmt.Errorf("row %d of the batch has word %d of %d", i, column[i], len(p.words))
				}
				p.text = append(p.text, p.words[column[i]]...)
			}
			p.text = append(p.text, b.data[row.end:row.stop]...)
		}
	}
	return nil
}

func (p *csvPart) quoteWords(words []string, shape csvShape) error {
	for len(p.words) < len(words) {
		p.words = append(p.words, nil)
	}
	p.words = p.words[:len(words)]
	for i, word := range words {
		encoded, err := shape.charset.encoded(word)
		if err != nil {
			return fmt.Errorf("a word in %s: %w", shape.charset.name, err)
		}
		p.words[i] = appendField(append(p.words[i][:0], shape.delim), encoded, shape.delim)
	}
	return nil
}

// Append implements Writer.
func (w *csvWriter) Append(part Part) error {
	p, ok := part.(*csvPart)
	if !ok {
		return fmt.Errorf("a part of another format: %T", part)
	}
	defer w.recycle(p)
	err := w.appendRows([]byte(w.due), p.text, p.rows)
	if p.rows > 0 {
		w.due = p.due
	}
	return err
}

// recycle keeps a part for a later batch, unless a very long row has blown it up.
func (w *csvWriter) recycle(p *csvPart) {
	if cap(p.text) > 4*w.shape.batch {
		p.text = nil
	}
	w.parts.give(p)
}

// Close implements Writer.
func (w *csvWriter) Close() error {
	w.begin()
	w.parts.drop()
	return w.err
}

// run returns the first run of set bits from at on, below n; at the end both are n.
func (b Bits) run(at, n int) (start, end int) {
	start = b.seek(at, n, 0)
	return start, b.seek(start, n, ^uint64(0))
}

// seek returns the first position from at on, below n, whose bit is set in b XOR flip; n when there is none.
func (b Bits) seek(at, n int, flip uint64) int {
	if at >= n {
		return n
	}
	word := (b[at>>6] ^ flip) >> (at & 63)
	if word != 0 {
		return min(at+bits.TrailingZeros64(word), n)
	}
	for i := at>>6 + 1; i<<6 < n; i++ {
		if word = b[i] ^ flip; word != 0 {
			return min(i<<6+bits.TrailingZeros64(word), n)
		}
	}
	return n
}
