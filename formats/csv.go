package formats

import (
	"cmp"
	"fmt"
	"io"
	"sync/atomic"
	"unicode/utf8"

	"cpm/formats/fault"
)

const (
	csvBatchSize = 128 << 10 // bytes a batch aims at: what is decoded of it stays in the cache of its core until it is used; 64 KiB to 256 KiB measured alike, 1 MiB a quarter slower
	csvRowLimit  = 16 << 20  // bytes of the longest row, its line end among them
	csvMaxBatch  = 1 << 30   // row spans are 32 bits wide
	bom          = "\xEF\xBB\xBF"
)

// csvShape is what openCSV has decided.
type csvShape struct {
	charset  charset
	why      string // what the charset was told by; empty when that is plain
	delim    byte
	noHeader bool
	batch    int // bytes
	limit    int // bytes of a row
}

// csvReader cuts a delimited text into batches that end at a row end. The cutting looks at nothing but quotes and line
// ends; rows and fields are found by csvBatch.Decode, elsewhere.
type csvReader struct {
	csvShape
	name string
	src  io.Reader
	info Info

	mark   []byte // the byte order mark, or nothing
	header []byte // the header's content, without mark and line end; empty without a header
	eol    string // the header's (or first row's) line end; empty when it has none
	plan   []pick // the columns asked for, by position
	picks  int    // how many were asked for

	rest     []byte // read, not handed out: the beginning of the next row
	segments []segment
	line     int64 // the line at which rest begins
	ended    bool  // src is at its end
	err      error // what Next has answered last, when that was an error
	done     atomic.Int64
	batches  pool[csvBatch]
}

// pick says that the values of a column are to become Values(slot).
type pick struct{ column, slot int }

// openCSV settles what parts the fields and how they are encoded, and reads the header.
func openCSV(in Input, o Options) (Reader, error) {
	if err := o.refuse(in.Name, "CSV", "sheet", "records"); err != nil {
		return nil, err
	}
	p, err := peekAt(in)
	if err != nil {
		return nil, err
	}
	in.Reader = p.rewound(in.Reader)
	batch := o.BatchSize
	if batch <= 0 {
		batch = csvBatchSize
	}
	if in.Size >= 0 { // a folder of small files needs no large buffers
		batch = min(batch, max(int(min(in.Size, csvBatchSize))+1, peekSize))
	}
	shape := csvShape{noHeader: o.NoHeader, batch: min(batch, csvMaxBatch), limit: csvRowLimit}
	if shape.charset, shape.why, err = findCharset(in.Name, p, o.Encoding); err != nil {
		return nil, err
	}
	if shape.delim, err = findDelimiter(in.Name, p, shape.charset, o.Delimiter); err != nil {
		return nil, err
	}
	r, err := newCSVReader(in, shape)
	if err != nil {
		return nil, err
	}
	for i, name := range r.info.Columns {
		if !utf8.ValidString(name) {
			return nil, fault.New(fault.Input, in.Name, "the name of column #%d is no %s", i+1, shape.charset.name).
				Hint("check --encoding, or export the file again")
		}
	}
	return r, nil
}

func newCSVReader(in Input, shape csvShape) (*csvReader, error) {
	r := &csvReader{csvShape: shape, name: in.Name, src: in.Reader, line: 1}
	r.info = Info{Format: "CSV", Rows: -1, Size: in.Size}
	if err := r.readHeader(); err != nil {
		return nil, err
	}
	r.info.Detail = r.detail()
	return r, nil
}

func (r *csvReader) detail() string {
	text := cmp.Or(r.charset.name, "UTF-8")
	if r.why != "" {
		text += " (" + r.why + ")"
	}
	if len(r.mark) > 0 {
		text += " with BOM"
	}
	if len(r.info.Columns) == 1 {
		text += ", one column"
	} else {
		text += ", " + delimiterName(r.delim)
	}
	switch r.eol {
	case "\r\n":
		return text + ", CRLF"
	case "\n":
		return text + ", LF"
	case "\r":
		return text + ", CR"
	}
	return text + ", no line end"
}

// Info implements Reader.
func (r *csvReader) Info() Info { return r.info }

// Done implements Reader.
func (r *csvReader) Done() int64 { return r.done.Load() }

// Close implements Reader.
func (r *csvReader) Close() error {
	r.rest, r.segments = nil, nil
	r.batches.drop()
	return nil
}

// Select implements Reader.
func (r *csvReader) Select(columns []int) error {
	plan := make([]pick, 0, len(columns))
	for slot, c := range columns {
		if c < 0 || c >= len(r.info.Columns) {
			return fault.New(fault.Usage, r.name, "there is no column #%d, the file has %d", c+1, len(r.info.Columns))
		}
		plan = append(plan, pick{column: c, slot: slot})
	}
	sortPicks(plan)
	r.plan, r.picks = plan, len(columns)
	return nil
}

// Next implements Reader.
func (r *csvReader) Next() (Batch, error) {
	if r.err != nil {
		return nil, r.err
	}
	b := r.batches.take()
	b.from = r
	if r.err = r.cut(b); r.err != nil {
		b.Release()
		return nil, r.err
	}
	return b, nil
}

// cut fills the batch with what is left of the last read and what comes next, up to the last row end in it.
func (r *csvReader) cut(b *csvBatch) error {
	if need := max(r.batch, 2*len(r.rest)); cap(b.data) < need {
		b.data = make([]byte, 0, need)
	}
	b.data = append(b.data[:0], r.rest...)
	r.rest = r.rest[:0]
	end := 0
	for {
		var err error
		if b.data, err = r.fill(b.data); err != nil {
			return err
		}
		if r.ended {
			end = len(b.data)
			break
		}
		if end, r.segments = lastRowEnd(b.data, r.delim, r.segments); end > 0 {
			break
		}
		if len(b.data) > r.limit {
			return r.tooLong(r.line)
		}
		b.data = append(make([]byte, 0, 2*cap(b.data)), b.data...)
	}
	if end == 0 {
		return io.EOF
	}
	r.rest = append(r.rest, b.data[end:]...)
	b.data = b.data[:end]
	b.line = r.line
	b.feeds = countByte(b.data, '\n')
	r.line += int64(b.feeds)
	r.done.Add(int64(end))
	return nil
}

// fill reads until the capacity of buf is used or the input ends.
func (r *csvReader) fill(buf []byte) (filled []byte, err error) {
	if r.ended {
		return buf, nil
	}
	filled, r.ended, err = fill(r.src, buf, r.name)
	return filled, err
}

// at returns the place of a fault: the line at which a row begins.
func (r *csvReader) at(line int64) string { return fmt.Sprintf("%s:%d", r.name, line) }

func (r *csvReader) tooLong(line int64) error {
	return fault.New(fault.Input, r.at(line), "the row that begins here is longer than %s", sizeName(r.limit)).
		Hint("look for a quote that opens a field here and is never closed")
}

func (r *csvReader) stillOpen(line int64) error {
	return fault.New(fault.Input, r.at(line), "a quoted field of the row that begins here is still open at the end of the file").
		Hint("close the quote, or fetch the file again if it was cut short")
}

func (r *csvReader) holdsNUL(line int64) error {
	return fault.New(fault.Input, r.at(line), "the row that begins here holds a NUL byte").
		Hint("the file is damaged or no text: export it again")
}

func sizeName(n int) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// missing returns what a line with this line end lacks before another may follow. A CR alone ends a line only at the
// end of a file; an LF behind it makes it a line end anywhere. whole is the line end of the file.
func missing(eol, whole string) string {
	switch eol {
	case "":
		return whole
	case "\r":
		return "\n"
	}
	return ""
}
