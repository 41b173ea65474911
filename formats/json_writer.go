package formats

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// jsonWriter copies the bytes of chosen records, from brace to brace. In JSON Lines a record keeps what ends its line;
// one that does not end a line gets the line end of the document before another follows it. An array is written anew
// around its records, one a line when the document has line ends.
type jsonWriter struct {
	textOutput // its head: what stands before the first record
	from       *jsonReader
	names      [][]byte // of the extra columns: a comma, the key and its colon
	keys       []string // the same, plain
	sep        string   // what stands between two records, unless the first has its own line end
	tail       string   // what stands behind the last
	due        bool     // sep must stand before the next record
	lines      bool     // one record a line, whatever the form of the document
	parts      pool[jsonPart]
}

// jsonPart is the text of the kept records of one batch.
type jsonPart struct {
	text  []byte
	rows  int64
	due   bool
	words [][]byte // as JSON strings
}

// NewWriter implements Reader.
func (r *jsonReader) NewWriter(w io.Writer, extra ...string) (Writer, error) {
	out := &jsonWriter{textOutput: textOutput{w: w, head: bytes.Clone(r.mark)}, from: r, sep: r.eol}
	switch r.form {
	case formPages:
		return nil, r.noCopy()
	case formArray:
		out.head, out.sep, out.tail = append(append(out.head, '['), r.eol...), ","+r.eol, "]"+r.eol
	case formLines:
		if r.eol == "" {
			out.sep = "\n"
		}
	}
	out.addKeys(extra)
	return out, nil
}

// jsonLines is a reader of records, whatever the form of their document, whose writers write one a line.
type jsonLines struct {
	Reader
	from *jsonReader
}

// NewWriter implements Reader.
func (r jsonLines) NewWriter(w io.Writer, extra ...string) (Writer, error) {
	out := &jsonWriter{textOutput: textOutput{w: w}, from: r.from, sep: "\n", lines: true}
	out.addKeys(extra)
	return out, nil
}

func (w *jsonWriter) addKeys(names []string) {
	w.keys = names
	for _, name := range names {
		w.names = append(w.names, append(cells.AppendString([]byte{','}, []byte(name)), ':'))
	}
}

// Encode implements Writer.
func (w *jsonWriter) Encode(b Batch, s Selection) (Part, error) {
	from, ok := b.(*jsonBatch)
	if !ok {
		return nil, fmt.Errorf("a batch of another format: %T", b)
	}
	if !from.isReady {
		return nil, errors.New("a batch that is not decoded, or released")
	}
	if !s.fits(from.Rows(), len(w.names)) {
		return nil, fmt.Errorf("the selection is shorter than the %d rows of its batch", from.Rows())
	}
	p := w.parts.take()
	p.text, p.rows, p.due = p.text[:0], 0, false
	if len(w.names) == 0 && !w.lines {
		w.copyRuns(p, from, s.Keep)
		return p, nil
	}
	return p, w.widen(p, from, s)
}

// copyRuns appends the kept records, those that touch in one copy.
func (w *jsonWriter) copyRuns(p *jsonPart, b *jsonBatch, keep Bits) {
	for at, end := keep.run(0, len(b.rows)); at < end; at, end = keep.run(end, len(b.rows)) {
		p.rows += int64(end - at)
		for at < end {
			last := at
			for last+1 < end && b.rows[last].stop > b.rows[last].end && b.rows[last].stop == b.rows[last+1].start {
				last++
			}
			w.part(p)
			p.text = append(p.text, b.data[b.rows[at].start:b.rows[last].stop]...)
			p.due = b.rows[last].stop == b.rows[last].end
			at = last + 1
		}
	}
}

// part appends what must stand between the last record of the part and the next.
func (w *jsonWriter) part(p *jsonPart) {
	if p.due {
		p.text = append(p.text, w.sep...)
	}
}

// widen appends the kept records, each with its words before its closing brace.
func (w *jsonWriter) widen(p *jsonPart, b *jsonBatch, s Selection) error {
	p.quoteWords(s.Words)
	for at, end := s.Keep.run(0, len(b.rows)); at < end; at, end = s.Keep.run(end, len(b.rows)) {
		p.rows += int64(end - at)
		for i := at; i < end; i++ {
			if err := w.refuseKeys(b, i); err != nil {
				return err
			}
			row := b.rows[i]
			w.part(p)
			p.text = w.record(p.text, b.data[row.start:row.end])
			p.text = p.text[:len(p.text)-1]
			isEmpty := jsonSpace(b.data, int(row.start)+1) == int(row.end)-1
			for x, name := range w.names {
				word := int(s.Extra[x][i])
				if word >= len(p.words) {
					return fmt.Errorf("row %d of the batch has word %d of %d", i, word, len(p.words))
				}
				if isEmpty && x == 0 {
					name = name[1:]
				}
				p.text = append(append(p.text, name...), p.words[word]...)
			}
			if p.text = append(p.text, '}'); w.lines {
				p.text = append(p.text, '\n')
				continue
			}
			p.text = append(p.text, b.data[row.end:row.stop]...)
			p.due = row.stop == row.end
		}
	}
	return nil
}

// record appends a record. What is to stand in one line gives up the white space between its tokens, if it has lines.
func (w *jsonWriter) record(dst, record []byte) []byte {
	if !w.lines || !bytes.ContainsAny(record, "\r\n") {
		return append(dst, record...)
	}
	for at := 0; at < len(record); {
		end := at + 1
		switch c := record[at]; {
		case c == quote:
			end = stringEnd(record, end) + 1
		case c <= ' ':
			at++
			continue
		}
		dst = append(dst, record[at:end]...)
		at = end
	}
	return dst
}

func (p *jsonPart) quoteWords(words []string) {
	for len(p.words) < len(words) {
		p.words = append(p.words, nil)
	}
	p.words = p.words[:len(words)]
	for i, word := range words {
		p.words[i] = cells.AppendString(p.words[i][:0], []byte(word))
	}
}

// refuseKeys refuses a record that has a key of an extra column already: it would stand twice.
func (w *jsonWriter) refuseKeys(b *jsonBatch, i int) error {
	record := b.data[b.rows[i].start:b.rows[i].end]
	for x, key := range w.keys {
		quoted := w.names[x][1 : len(w.names[x])-1]
		if !bytes.Contains(record, quoted) && bytes.IndexByte(record, '\\') < 0 {
			continue
		}
		m := membersOf(record, 0, 0)
		for m.next() {
			if m.is(key) {
				return fault.New(fault.Usage, w.from.at(b.lineOf(int(b.rows[i].start))), "the record has a key %s already", key).
					Hint("take it out first: jq -c 'del(.%s)' IN > OUT", key)
			}
			m.pass()
		}
	}
	return nil
}

// Append implements Writer.
func (w *jsonWriter) Append(part Part) error {
	p, ok := part.(*jsonPart)
	if !ok {
		return fmt.Errorf("a part of another format: %T", part)
	}
	defer w.recycle(p)
	var due []byte
	if w.due {
		due = []byte(w.sep)
	}
	err := w.appendRows(due, p.text, p.rows)
	if p.rows > 0 {
		w.due = p.due
	}
	return err
}

// recycle keeps a part for a later batch, unless a very long record has blown it up.
func (w *jsonWriter) recycle(p *jsonPart) {
	if cap(p.text) > 4*w.from.batch {
		p.text = nil
	}
	w.parts.give(p)
}

// Close implements Writer.
func (w *jsonWriter) Close() error {
	w.begin()
	if w.tail != "" && w.rows > 0 {
		w.write([]byte(w.from.eol))
	}
	w.write([]byte(w.tail))
	w.parts.drop()
	return w.err
}
