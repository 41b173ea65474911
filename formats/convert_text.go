package formats

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"cpm/formats/cells"
)

// textTarget writes cells as lines of text.
type textTarget struct {
	textOutput
	line func(dst []byte, b *cells.Block, row int) ([]byte, error)
}

// Add implements cellTarget.
func (t *textTarget) Add(p Part, b *cells.Block) (Part, error) {
	text, _ := p.([]byte)
	var err error
	for row := range b.Rows {
		if text, err = t.line(text, b, row); err != nil {
			return nil, err
		}
	}
	if len(text) == 0 {
		return nil, nil //nolint:nilnil // a block without rows
	}
	return text, nil
}

// Append implements cellTarget.
func (t *textTarget) Append(p Part) error {
	text, ok := p.([]byte)
	if !ok {
		return fmt.Errorf("a part of another format: %T", p)
	}
	t.begin()
	t.write(text)
	return t.err
}

// Close implements cellTarget.
func (t *textTarget) Close() error {
	t.begin()
	return t.err
}

// newCSVTarget returns a writer of CSV in UTF-8: with a byte order mark, by which Excel knows it, commas and CRLF. A
// null is an empty field.
func newCSVTarget(w io.Writer, t cells.Table) (cellTarget, error) {
	out := &textTarget{textOutput: textOutput{w: w, head: []byte(bom)}, line: csvLine}
	if t.Headless {
		return out, nil
	}
	for i, column := range t.Columns {
		if i > 0 {
			out.head = append(out.head, ',')
		}
		out.head = appendName(out.head, column.Name)
	}
	out.head = append(out.head, '\r', '\n')
	return out, nil
}

// appendName appends a name of the header, in quotes also where a reader that looks for the delimiter could take one of
// its signs for it.
func appendName(dst []byte, name string) []byte {
	if strings.ContainsAny(name, ";\t|") {
		return appendQuoted(dst, []byte(name))
	}
	return appendField(dst, name, ',')
}

func csvLine(dst []byte, b *cells.Block, row int) ([]byte, error) {
	for column, texts := range b.Columns {
		text := texts[row]
		if column > 0 {
			dst = append(dst, ',')
		}
		isPlain, hasNUL := plainField(text)
		if hasNUL {
			return nil, &cells.Error{
				Row: b.Rows[row], Column: column, What: "holds a NUL, which a CSV cannot hold",
				Mend: "take it out in the file, or convert to another format",
			}
		}
		if isPlain {
			dst = append(dst, text...)
			continue
		}
		dst = appendQuoted(dst, text)
	}
	return append(dst, '\r', '\n'), nil
}

// plainField reports whether a text needs no quotes, and whether it has a NUL.
func plainField(text []byte) (isPlain, hasNUL bool) {
	isPlain = true
	for _, c := range text {
		if c <= ',' {
			isPlain = isPlain && c != quote && c != ',' && c != '\r' && c != '\n'
			hasNUL = hasNUL || c == 0
		}
	}
	return isPlain, hasNUL
}

// newJSONTarget returns a writer of JSON Lines. A cell is a string, a null is null; numbers, truths, objects and arrays
// of columns that hold nothing else stay such.
func newJSONTarget(w io.Writer, t cells.Table) (cellTarget, error) {
	var keys [][]byte
	for i, column := range t.Columns {
		open := []byte{','}
		if i == 0 {
			open = []byte{'{'}
		}
		keys = append(keys, append(cells.AppendString(open, []byte(column.Name)), ':'))
	}
	line := func(dst []byte, b *cells.Block, row int) ([]byte, error) {
		for column, texts := range b.Columns {
			dst = append(dst, keys[column]...)
			if text, kind := texts[row], t.Columns[column].Kind; kind == cells.JSON && isNested(text) {
				dst = append(dst, text...)
			} else {
				dst = cells.AppendJSON(dst, kind, text)
			}
		}
		return append(dst, '}', '\n'), nil
	}
	return &textTarget{textOutput: textOutput{w: w}, line: line}, nil
}

// isNested reports whether a text is an object or array of JSON on one line, and so a cell that is written as such is read
// as the same text.
func isNested(text []byte) bool {
	return len(text) > 0 && (text[0] == '{' || text[0] == '[') && jsonValue(text, 0, 0) == len(text) && !bytes.ContainsAny(text, "\r\n")
}
