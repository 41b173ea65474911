package formats

import (
	"strconv"
	"unicode/utf8"
)

// jsonBatch is a stretch of records. A warm one decodes without an allocation.
type jsonBatch struct {
	from   *jsonReader
	data   []byte
	line   int64 // the line at which data begins
	closed bool  // data ends with the bracket of the array
	isLast bool  // data ends with the input

	isReady bool // decoded and not released
	rows    []span
	values  [][][]byte
	torn    int
	isTorn  Bits
	row     jsonRow

	lines lineCount
	leaf  []byte // the path that is being minded
}

// Decode implements Batch. One pass checks the grammar of each record and finds its values.
func (b *jsonBatch) Decode() error {
	b.reset()
	for at := jsonSpace(b.data, 0); at < len(b.data); {
		row := span{start: uint32(at)}
		end, err := b.record(at)
		if err != nil {
			return err
		}
		row.end, row.stop = uint32(end), uint32(end)
		if b.from.form == formLines {
			row.stop = uint32(lineEndBehind(b.data, end))
		}
		if at = b.behind(end); at < 0 {
			return b.from.noObject(b.lineOf(jsonSpace(b.data, end)))
		}
		b.keep(row)
		if err := b.mind(int(row.start)); err != nil {
			return err
		}
	}
	b.isReady = true
	return nil
}

func (b *jsonBatch) reset() {
	b.rows, b.torn, b.isReady = b.rows[:0], 0, false
	b.isTorn = b.isTorn[:0]
	b.lines.reset()
	n := len(b.from.paths)
	b.row.paths, b.row.strict, b.row.arena = b.from.paths, b.from.strict, b.row.arena[:0]
	if cap(b.values) < n {
		b.values, b.row.found, b.row.ranks = make([][][]byte, n), make([][]byte, n), make([]uint64, n)
	}
	b.values, b.row.found, b.row.ranks = b.values[:n], b.row.found[:n], b.row.ranks[:n]
	for i := range b.values {
		b.values[i] = b.values[i][:0]
	}
}

// record reads the record at at and returns the position behind it.
func (b *jsonBatch) record(at int) (int, error) {
	if b.data[at] != '{' {
		return 0, b.from.noObject(b.lineOf(at))
	}
	end := b.row.record(b.data, at)
	switch {
	case end == jsonCut && b.isLast:
		return 0, b.from.endsInside(b.lineOf(at))
	case end < 0:
		return 0, b.from.noJSON(b.lineOf(at), end)
	case end-at > b.from.limit:
		return 0, b.from.tooLong(b.lineOf(at))
	case !utf8.Valid(b.data[at:end]):
		return 0, b.from.noUTF8(b.lineOf(at))
	}
	return end, nil
}

// behind returns where the record begins that follows one that ends at at, the length of data when none does, and -1
// when what stands between is wrong.
func (b *jsonBatch) behind(at int) int {
	at = jsonSpace(b.data, at)
	switch {
	case b.from.form == formLines:
		return at
	case at == len(b.data):
		return -1
	case b.data[at] == ']' && b.closed && at+1 == len(b.data):
		return at + 1
	case b.data[at] != ',':
		return -1
	}
	at = jsonSpace(b.data, at+1)
	if at == len(b.data) && b.closed {
		return -1
	}
	return at
}

// keep adds the row just read.
func (b *jsonBatch) keep(row span) {
	torn := b.row.torn
	for i, value := range b.row.found {
		text, whole := b.row.text(value)
		b.values[i] = append(b.values[i], text)
		torn = torn || !whole
	}
	n := len(b.rows)
	b.rows = append(b.rows, row)
	if n&63 == 0 {
		b.isTorn = append(b.isTorn, 0)
	}
	if torn {
		b.isTorn.Set(n)
		b.torn++
	}
}

// lineEndBehind returns the position behind the line feed that ends the line, when only white space stands before it;
// else at.
func lineEndBehind(data []byte, at int) int {
	lf := at
	for lf < len(data) && (data[lf] == ' ' || data[lf] == '\t' || data[lf] == '\r') {
		lf++
	}
	if lf < len(data) && data[lf] == '\n' {
		return lf + 1
	}
	return at
}

// lineOf returns the line in which a position of data stands.
func (b *jsonBatch) lineOf(at int) int64 { return b.lines.of(b.data, b.line, at) }

// Rows implements Batch.
func (b *jsonBatch) Rows() int { return len(b.rows) }

// Values implements Batch.
func (b *jsonBatch) Values(i int) [][]byte { return b.values[i] }

// Malformed implements Batch.
func (b *jsonBatch) Malformed(row int) bool { return b.torn > 0 && b.isTorn.Has(row) }

// MalformedRows implements Batch.
func (b *jsonBatch) MalformedRows() int { return b.torn }

// Place implements Batch.
func (b *jsonBatch) Place(row int) string {
	return "line " + strconv.FormatInt(b.lineOf(int(b.rows[row].start)), 10)
}

// Release implements Batch. A buffer that a very long record has blown up is not kept.
func (b *jsonBatch) Release() {
	b.isReady = false
	if cap(b.data) > 4*b.from.batch {
		b.data = nil
	}
	b.from.spare.give(b)
}
