package xlsx

import (
	"bytes"
	"io"
)

// CSVWriter writes the kept rows as CSV in UTF-8: with a byte order mark, by which Excel knows it, commas and CRLF.
// Encode may run on several goroutines; Append and Close belong to one.
type CSVWriter struct {
	file  *File
	extra []string
	w     io.Writer
	begun bool
	rows  int64
	err   error
}

// CSVPart is the text of the kept rows of one batch.
type CSVPart struct {
	text []byte
	rows int64
}

// NewCSVWriter returns a writer of the values of all columns. Rows get one more at the end for each name in extra.
func (f *File) NewCSVWriter(w io.Writer, extra ...string) *CSVWriter {
	return &CSVWriter{file: f, extra: extra, w: w}
}

// Encode makes the lines of the rows that are kept. A malformed row has as many fields as it has in the sheet.
func (w *CSVWriter) Encode(b *Batch, s Selection) (*CSVPart, error) {
	if err := check(b, s, len(w.extra)); err != nil {
		return nil, err
	}
	p := &CSVPart{}
	var text []byte
	for i := range b.rows {
		if !s.keeps(i) {
			continue
		}
		r := &b.rows[i]
		at := r.cells
		for column := range b.width(r) {
			if column > 0 {
				p.text = append(p.text, ',')
			}
			if at < r.cellsEnd && int(b.cells[at].column) == column+1 {
				text = b.appendText(text[:0], &b.cells[at])
				p.text = appendField(p.text, text)
				at++
			}
		}
		for k := range w.extra {
			p.text = appendField(append(p.text, ','), []byte(s.Words[s.Extra[k][i]]))
		}
		p.text = append(p.text, '\r', '\n')
		p.rows++
	}
	return p, nil
}

// appendField appends a field, in quotes where it would not read back without them.
func appendField(dst, text []byte) []byte {
	if !bytes.ContainsAny(text, "\",\r\n") {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	dst = append(dst, bytes.ReplaceAll(text, []byte{'"'}, []byte(`""`))...)
	return append(dst, '"')
}

// Append writes the lines of a part behind those before.
func (w *CSVWriter) Append(p *CSVPart) error {
	w.begin()
	w.write(p.text)
	if w.err == nil {
		w.rows += p.rows
	}
	return w.err
}

func (w *CSVWriter) begin() {
	if w.begun {
		return
	}
	w.begun = true
	text := []byte(mark)
	if w.file.header != nil {
		for i, name := range append(append([]string{}, w.file.columns...), w.extra...) {
			if i > 0 {
				text = append(text, ',')
			}
			text = appendField(text, []byte(name))
		}
		text = append(text, '\r', '\n')
	}
	w.write(text)
}

func (w *CSVWriter) write(text []byte) {
	if w.err != nil || len(text) == 0 {
		return
	}
	n, err := w.w.Write(text)
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	w.err = err
}

// Rows returns the number of rows appended.
func (w *CSVWriter) Rows() int64 { return w.rows }

// LeftOut names what the values of one sheet are not.
func (w *CSVWriter) LeftOut() []string {
	if w.file.left.sheets == "" {
		return nil
	}
	return []string{w.file.left.sheets}
}

// Close writes the header when no part was appended.
func (w *CSVWriter) Close() error {
	w.begin()
	return w.err
}
