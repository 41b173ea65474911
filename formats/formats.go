package formats

import (
	"cmp"
	"io"
	"strings"

	"cpm/formats/fault"
)

// Input is one opened file. Reader is read from its start; formats that keep their table of contents at the end
// (Parquet) need it to be an io.ReaderAt too, and say so when it is not.
type Input struct {
	Name   string // for messages: the path as the user wrote it, or "standard input"
	Reader io.Reader
	Size   int64 // bytes; -1 when unknown (a pipe)

	content    string // the name that what it holds goes by, such as list.csv of list.csv.gz; empty: Name
	compressed bool   // it was unpacked from gzip, zstd, bzip2 or xz
}

func (in Input) contentName() string { return cmp.Or(in.content, in.Name) }

// PathReader is a Reader of nested rows, whose columns are no closed list: what Info().Columns names is what the first
// rows showed. Path returns the place of a column for Select, and adds it to the columns when it was not there; it comes
// before Select. A path is keys joined by dots; a key with a dot in it is written as it stands and found whole.
type PathReader interface {
	Reader
	Path(path string) (column int, err error)
	// Mind has every record looked through for paths that are none of the columns yet: one that has a meaning is a fault of
	// kind Input, at the record where it stands. It comes after the last Path and before Next.
	Mind(meaning func(path string) bool)
	// Around returns the keys beside the records of a page that nobody has named: what was seen of them before the
	// records began. Nothing reads what stands under them.
	Around() []string
}

// SheetReader is a Reader of one sheet of a workbook. Sheets names those that hold cells, hidden ones too, whichever is
// read; one that cannot be looked into counts among them.
type SheetReader interface {
	Reader
	Sheets() []string
}

// Options says what cannot be seen from the bytes. The zero value detects everything. What is set is used or refused,
// never dropped: an encoding of a format that has none is a fault of kind Usage.
type Options struct {
	NoHeader  bool   // the first row of a text table is data; columns are named #1, #2, …
	Encoding  string // of a delimited text, such as GB18030 or UTF-16; empty: detected
	Delimiter byte   // of a delimited text; 0: detected
	Sheet     string // of a workbook, by name; empty: the first
	Records   string // of a JSON document: the path of the array whose elements are the rows, such as content, or . for the document itself; empty: detected
	Strict    bool   // what could be lost unseen is a fault: merged cells of a workbook; a nested row is malformed when a path leads into what is no object, or its key stands there in another case
	BatchSize int    // bytes a batch of a text format aims at; 0 means 1 MiB. Results never depend on it
}

// refuse returns a fault of kind Usage when an option is set that a format does not use.
func (o Options) refuse(name, format string, unused ...string) error {
	set := map[string]bool{"encoding": o.Encoding != "", "delimiter": o.Delimiter != 0, "sheet": o.Sheet != "", "records": o.Records != ""}
	for _, option := range unused {
		if set[option] {
			return fault.New(fault.Usage, name, "%s has no %s that could be named", format, option).Hint("leave out --%s", option)
		}
	}
	return nil
}

// Info is what was understood of an input before its first row.
type Info struct {
	Format  string   // "CSV", "Parquet": also what errors call it
	Detail  string   // "UTF-8 with BOM, comma, CRLF"; "14 row groups, snappy"
	Columns []string // names as written, in order; nested Parquet leaves are joined by dots
	Rows    int64    // -1 when the format does not tell before the end
	Size    int64    // bytes of the input; -1 when unknown
	Packed  bool     // the format compresses by itself: no output of it is compressed again
}

// Reader yields the rows of one input in order, in batches.
//
// Select comes before the first Next. Next belongs to one goroutine; the batches that it returns may be decoded and
// encoded on others, several at once. Next returns io.EOF after the last batch, and only when the input ended as its
// format demands: a cut or damaged input is a fault, never an early end. Memory in use is that of the batches alive.
type Reader interface {
	// Info tells what was understood; it is valid from Open on.
	Info() Info
	// Select names, by position in Info().Columns, the columns whose values will be asked for. A column that cannot
	// serve as text (nested in a list, binary) is a fault of kind Usage.
	Select(columns []int) error
	// Next cuts the next batch. It must not be called again after an error.
	Next() (Batch, error)
	// Done tells how many of Info().Size bytes have been consumed; safe beside Next, for progress.
	Done() int64
	// NewWriter returns a writer of the same format and shape to w. For each name in extra, rows get one more column
	// at the end (the values come with each Selection).
	NewWriter(w io.Writer, extra ...string) (Writer, error)
	// Close releases the reader; the Input stays open.
	Close() error
}

// Batch is a run of consecutive rows. Decode comes first, on any goroutine, and once; after it the other methods may
// be called, and only until Release. What Values returns belongs to the batch: copy what must outlive Release.
type Batch interface {
	// Decode finds the rows and the selected values. It returns a fault when the bytes cannot be trusted.
	Decode() error
	// Rows is the number of rows, the malformed ones among them.
	Rows() int
	// Values returns the values of the i-th selected column, one a row, unquoted, in UTF-8 or as the input has them;
	// nil for a null. Integers are in decimal, doubles that hold a whole number below 2⁵³ too; a timestamp with a
	// zone is RFC 3339 in UTC, one without is YYYY-MM-DDTHH:MM:SS[.fff], a date is YYYY-MM-DD. Malformed rows hold
	// the fields that could be split, by position.
	Values(i int) [][]byte
	// Malformed reports whether the row could not be split into the columns of the header.
	Malformed(row int) bool
	// MalformedRows is the number of such rows in the batch.
	MalformedRows() int
	// Place names a row for a message: "line 12" in text formats (of the row's first byte), "row 12" in others.
	Place(row int) string
	// Release gives the batch's memory back to its reader.
	Release()
}

// Selection says which rows of a batch go to a writer.
type Selection struct {
	Keep Bits // bit i set: row i is kept
	// Extra holds, for each extra column of the writer, the word of each row as an index into Words.
	Extra [][]uint8
	Words []string
}

// fits reports whether the selection says something of each of the rows, for a writer of so many extra columns.
func (s Selection) fits(rows, extra int) bool {
	if len(s.Keep)*64 < rows || len(s.Extra) < extra {
		return false
	}
	for _, column := range s.Extra {
		if len(column) < rows {
			return false
		}
	}
	return true
}

// Writer emits chosen rows of the batches of the reader that made it. Encode may be called on several goroutines at
// once, for different batches; the parts are appended by one goroutine, in the order in which the rows are to stand.
// The batch may be released once Encode has returned. Close writes what the format needs at its end (and, when no
// part was appended, a valid empty file with the header); it does not close the underlying writer.
type Writer interface {
	Encode(b Batch, s Selection) (Part, error)
	Append(p Part) error
	Rows() int64 // rows appended
	Close() error
}

// Part is what Encode made of one batch: opaque outside its format.
type Part interface{}

// Bits is a bitmap of rows, 64 a word, the lowest bit first.
type Bits []uint64

// Reset returns a bitmap of n zero bits, reusing the memory of b when it is large enough.
func (b Bits) Reset(n int) Bits {
	words := (n + 63) / 64
	if cap(b) < words {
		return make(Bits, words)
	}
	b = b[:words]
	clear(b)
	return b
}

// Set sets bit i.
func (b Bits) Set(i int) { b[i>>6] |= 1 << (i & 63) }

// Has reports whether bit i is set.
func (b Bits) Has(i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

// At names a row of a file for a message: "app.csv:12" where Place gives a line, "app.parquet, row 12" elsewhere.
func At(name, place string) string {
	if line, ok := strings.CutPrefix(place, "line "); ok {
		return name + ":" + line
	}
	return name + ", " + place
}
