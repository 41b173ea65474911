package formats

import (
	"bytes"
	"slices"
	"strconv"

	"cpm/formats/fault"
)

// readHeader reads up to the end of the first row, takes the columns from it and leaves what follows in rest. Without
// a header the row stays in rest.
func (r *csvReader) readHeader() error {
	r.rest = make([]byte, 0, max(min(r.batch, peekSize), len(bom)))
	for {
		var err error
		if r.rest, err = r.fill(r.rest); err != nil {
			return err
		}
		complete, err := r.takeHeader()
		if err != nil || complete {
			return err
		}
		r.rest = append(make([]byte, 0, 2*cap(r.rest)), r.rest...)
	}
}

// takeHeader tries to find the first row in rest; it reports false when more of the input is needed.
func (r *csvReader) takeHeader() (bool, error) {
	text, isMarked := bytes.CutPrefix(r.rest, []byte(bom))
	start := pastEmptyLines(text)
	line := 1 + int64(bytes.Count(text[:start], []byte{'\n'}))
	row := headerRow{cursor: cursor{data: text, delim: r.delim, lf: -1}}
	row.split(start)
	if !r.ended && (row.open || row.stop >= len(text)) {
		if len(text)-start > r.limit {
			return false, r.tooLong(line)
		}
		return false, nil
	}
	if err := r.checkHeader(&row, start, line); err != nil {
		return false, err
	}
	r.eol = string(text[row.end:row.stop])
	if isMarked {
		r.mark = []byte(bom)
	}
	if r.noHeader {
		r.info.Columns = numbered(len(row.names))
		r.consume(len(r.mark))
		return true, nil
	}
	r.info.Columns = r.decoded(row.names)
	r.header = bytes.Clone(text[start:row.end])
	r.consume(len(r.mark) + row.stop)
	return true, nil
}

// consume drops n bytes from rest.
func (r *csvReader) consume(n int) {
	r.line += int64(bytes.Count(r.rest[:n], []byte{'\n'}))
	r.rest = r.rest[n:]
	r.done.Add(int64(n))
}

// checkHeader refuses a first row that cannot name the columns.
func (r *csvReader) checkHeader(row *headerRow, start int, line int64) error {
	text := row.data[start:row.stop]
	switch {
	case row.end == start:
		return noHeader(r.name)
	case len(text) > r.limit:
		return r.tooLong(line)
	case bytes.IndexByte(text, 0) >= 0:
		return r.holdsNUL(line)
	case row.open:
		return r.stillOpen(line)
	}
	if row.torn && !r.noHeader {
		return fault.New(fault.Input, r.at(line), "the header cannot be split: text follows a closing quote").
			Hint("write the header's quotes in pairs, at the beginning and the end of a name")
	}
	return nil
}

// noHeader refuses a file without any row.
func noHeader(name string) error {
	return fault.New(fault.Input, name, "the file is empty: no header, no rows").
		Hint("a file without rows still needs the line that names its columns")
}

// pastEmptyLines returns where the first line begins that holds something.
func pastEmptyLines(text []byte) int {
	at := 0
	for at < len(text) {
		end := contentEnd(text, at, index(text, at, '\n'))
		if end > at {
			break
		}
		at = lineStop(text, end)
	}
	return at
}

// headerRow splits one row into names.
type headerRow struct {
	cursor
	names      []string
	end, stop  int // where its content and its line end stop
	open, torn bool
}

func (h *headerRow) split(start int) {
	for at := start; ; {
		f := h.field(at)
		name := h.data[f.from:f.to]
		if f.doubled {
			name = unquote(nil, name)
		}
		h.names = append(h.names, string(name))
		h.open, h.torn = h.open || f.open, h.torn || f.torn
		h.end = f.next
		if f.next >= len(h.data) || h.data[f.next] != h.delim {
			break
		}
		at = f.next + 1
	}
	h.stop = lineStop(h.data, h.end)
}

// numbered returns the names of n columns without a header.
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "#" + strconv.Itoa(i+1)
	}
	return names
}

// decoded returns names in UTF-8.
func (r *csvReader) decoded(names []string) []string {
	if r.charset.encoding == nil {
		return names
	}
	decoder := r.charset.encoding.NewDecoder()
	for i, name := range names {
		names[i] = string(appendDecoded(nil, []byte(name), decoder))
	}
	return names
}

func sortPicks(plan []pick) {
	slices.SortStableFunc(plan, func(a, b pick) int { return a.column - b.column })
}
