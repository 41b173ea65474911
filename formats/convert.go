package formats

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// Lossy is a Writer whose output lacks something of its input that a user might miss.
type Lossy interface {
	Writer
	// LeftOut names what the output lacks; it is complete when the writer is closed.
	LeftOut() []string
}

// Converter is a Reader that gives the cells of its rows as text, by which they are written in other formats than its
// own. A row that could not be split is one cell, the first: its text as it stands.
type Converter interface {
	Reader
	// Table tells the columns of the cells; it comes before Next. A structure is one cell, a JSON object, if it is to stay
	// whole, else a column for each member. A column that no text can hold is a fault of kind Usage.
	Table(whole bool) (cells.Table, error)
	// Cells gives the kept rows of a decoded batch, block after block. It may run on several goroutines at once, for
	// different batches. A cell that cannot be made, as a value that its own type does not allow, is a *cells.Error.
	Cells(b Batch, keep Bits, give func(*cells.Block) error) error
}

// cellTarget is a format that cells are written in.
type cellTarget interface {
	// Add puts a block behind those that a part holds, on any goroutine; of a batch's first block the part is nil. A cell
	// that the format cannot hold is a *cells.Error.
	Add(p Part, b *cells.Block) (Part, error)
	// Append writes a part behind those before. A part of a batch without rows is nil.
	Append(p Part) error
	// Close writes the end, and what stands before the rows when there were none.
	Close() error
}

// conversion is a format that cells can be written in, by its word of --to.
type conversion struct {
	word   string
	format string // as Info().Format has it
	unique bool   // names of columns must differ
	nests  bool   // a cell may be an object
	packed bool   // it compresses by itself
	open   func(w io.Writer, t cells.Table) (cellTarget, error)
}

// conversions is the table of them.
func conversions() []conversion {
	return []conversion{
		{word: "csv", format: "CSV", open: newCSVTarget},
		{word: "jsonl", format: "JSON", unique: true, nests: true, open: newJSONTarget},
		{word: "parquet", format: parquetFormat, unique: true, packed: true, open: newParquetTarget},
		{word: "arrow", format: arrowFormat, unique: true, packed: true, open: newArrowFileTarget},
		{word: "arrows", format: arrowFormat, unique: true, packed: true, open: newArrowStreamTarget},
		{word: "xlsx", format: xlsxFormat, packed: true, open: newXLSXTarget},
	}
}

// ConvertTo returns a reader of the same rows whose writers are of the format to, such as csv. The reader's own format
// is one of them; a format that it cannot be written in is a fault of kind Usage.
func ConvertTo(r Reader, to string) (Reader, error) {
	own, from := r.Info().Format, converterOf(r)
	switch source := from.(type) {
	case *jsonReader:
		if to == "jsonl" {
			return jsonLines{r, source}, nil
		}
	case *arrowReader:
		if to == "arrow" || to == "arrows" {
			return source.as(r, to == "arrow")
		}
	}
	if to == strings.ToLower(own) {
		return r, nil
	}
	possible := []string{strings.ToLower(own)}
	for _, c := range conversions() {
		if from == nil || c.word == possible[0] {
			continue
		}
		possible = append(possible, c.word)
		if c.word == to {
			return newConverted(r, from, c)
		}
	}
	return nil, fault.New(fault.Usage, "", "%s cannot be written as %q", own, to).
		Hint("it can be written as %s", strings.Join(possible, ", "))
}

// converterOf returns the reader that cells come from, within the layers around it; nil when there is none.
func converterOf(r Reader) Converter {
	switch r := r.(type) {
	case *layered:
		return converterOf(r.Reader)
	case *layeredPaths:
		return converterOf(r.Reader)
	case Converter:
		return r
	}
	return nil
}

// converted is a reader whose writers are of another format.
type converted struct {
	Reader
	from  Converter
	table cells.Table
	to    conversion
}

func newConverted(r Reader, from Converter, to conversion) (Reader, error) {
	c := &converted{Reader: r, from: from, to: to}
	return c, c.plan()
}

// plan settles the columns.
func (c *converted) plan() (err error) {
	if c.table, err = c.from.Table(c.to.nests); err != nil {
		return err
	}
	return c.checkNames(c.table.Columns)
}

// Select implements Reader. What serves as an identifier is a text, which may change the columns.
func (c *converted) Select(columns []int) error {
	if err := c.Reader.Select(columns); err != nil {
		return err
	}
	return c.plan()
}

// checkNames refuses columns that could not be told apart.
func (c *converted) checkNames(columns []cells.Column) error {
	seen := map[string]bool{}
	for _, column := range columns {
		if seen[column.Name] && c.to.unique {
			return fault.New(fault.Usage, c.table.Name, "two columns are named %q, and in %s each has a name of its own", column.Name, c.to.word).
				Hint("rename one of them, or convert to csv, which can hold both")
		}
		seen[column.Name] = true
	}
	return nil
}

// Info implements Reader: the format is that of the rows as they are read.
func (c *converted) Info() Info {
	info := c.Reader.Info()
	info.Packed = c.to.packed
	return info
}

// NewWriter implements Reader.
func (c *converted) NewWriter(w io.Writer, extra ...string) (Writer, error) {
	table := c.table
	table.Columns = slices.Clone(table.Columns)
	for _, name := range extra {
		table.Columns = append(table.Columns, cells.Column{Name: name})
	}
	if err := c.checkNames(table.Columns); err != nil {
		return nil, err
	}
	to, err := c.to.open(w, table)
	if err != nil {
		return nil, err
	}
	return &convertedWriter{from: c.from, table: table, to: to, extra: len(extra)}, nil
}

// convertedWriter writes the cells of one format in another.
type convertedWriter struct {
	from  Converter
	table cells.Table
	to    cellTarget
	extra int
	rows  int64
}

// convertedPart is what a batch becomes.
type convertedPart struct {
	part Part
	rows int64
}

// Encode implements Writer.
func (w *convertedWriter) Encode(b Batch, s Selection) (Part, error) {
	if !s.fits(b.Rows(), w.extra) {
		return nil, fmt.Errorf("the selection is shorter than the %d rows of its batch", b.Rows())
	}
	words := make([][]byte, len(s.Words))
	for i, word := range s.Words {
		words[i] = []byte(word)
	}
	p := &convertedPart{}
	err := w.from.Cells(b, s.Keep, func(block *cells.Block) error {
		for _, column := range s.Extra[:w.extra] {
			var texts [][]byte
			for _, row := range block.Rows {
				if int(column[row]) >= len(words) {
					return fmt.Errorf("row %d of the batch has word %d of %d", row, column[row], len(words))
				}
				texts = append(texts, words[column[row]])
			}
			block.Columns = append(block.Columns, texts)
		}
		err := checkTexts(block)
		if err == nil {
			p.part, err = w.to.Add(p.part, block)
			p.rows += int64(len(block.Rows))
		}
		return err
	})
	return p, w.placed(b, err)
}

// checkTexts refuses what is no text: no other format could hold it as it stands.
func checkTexts(block *cells.Block) error {
	for column, texts := range block.Columns {
		for row, text := range texts {
			if !utf8.Valid(text) {
				return &cells.Error{
					Row: block.Rows[row], Column: column, What: "holds bytes that are no text in the encoding of the file",
					Mend: "check the encoding, or leave out --to: kept rows then stay as they are",
				}
			}
		}
	}
	return nil
}

// placed makes a fault of a cell that cannot be written.
func (w *convertedWriter) placed(b Batch, err error) error {
	var e *cells.Error
	if !errors.As(err, &e) {
		return err
	}
	where := fmt.Sprintf("%s, column %s", At(w.table.Name, b.Place(e.Row)), w.table.Columns[e.Column].Name)
	return fault.New(fault.Input, where, "the cell %s", e.What).Hint("%s", e.Mend)
}

// Append implements Writer.
func (w *convertedWriter) Append(part Part) error {
	p, ok := part.(*convertedPart)
	if !ok {
		return fmt.Errorf("a part of another format: %T", part)
	}
	if p.part == nil {
		return nil
	}
	err := w.to.Append(p.part)
	if err == nil {
		w.rows += p.rows
	}
	return err
}

// Rows implements Writer.
func (w *convertedWriter) Rows() int64 { return w.rows }

// LeftOut implements Lossy.
func (w *convertedWriter) LeftOut() []string {
	if book, ok := w.from.(*xlsxReader); ok {
		return book.file.LeftOutOfCells()
	}
	return nil
}

// Close implements Writer.
func (w *convertedWriter) Close() error { return w.to.Close() }

// errForeign is what Cells answers to a batch that is not its own or is not decoded.
var errForeign = errors.New("a batch of another reader, or one that is not decoded, or released")
