package arrow

import (
	"bytes"
	"io"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"cpm/formats/fault"
)

// Selection says which rows go out, and the words of the extra columns.
type Selection struct {
	Keep  func(row int) bool
	Extra [][]uint8
	Words []string
}

// Part is what Encode made of one batch.
type Part struct {
	rows   int64
	words  [][]byte // the messages of the dictionaries
	record []byte   // the message of the record batch

	// Of a file with dictionaries, whose words are known at its end: record has the indices of the input.
	codec codec
	used  []*used
	from  []dictionary
}

// Writer writes rows of a Reader's batches as a stream or a file.
type Writer struct {
	reader  *Reader
	schema  *arrow.Schema
	flat    *arrow.Schema
	layouts []layout // of the columns of the source
	extra   int
	to      *sink
	last    [][]byte // the messages of the dictionaries that stand in the output
	spool   *spool   // of a file with dictionaries
	rows    int64
}

// Output is where a Writer writes, and what. A file that has dictionaries is written in two passes: Scratch opens the
// file that lies between them, which nobody else sees.
type Output struct {
	To      io.Writer
	IsFile  bool // or it is a stream
	Scratch func() (*os.File, error)
}

// NewWriter returns a writer with extra columns of text at the end. Of a stream that HasDictionaries it writes no file.
func (r *Reader) NewWriter(to Output, extra ...string) (*Writer, error) {
	out := &Writer{reader: r, extra: len(extra), to: &sink{to: to.To, isFile: to.IsFile}}
	flat := append([]arrow.Field{}, r.flat.Fields()...)
	fields := append([]arrow.Field{}, r.schema.Fields()...)
	for i, f := range fields {
		l := layoutOf(flat[i].Type)
		out.layouts = append(out.layouts, l)
		for _, leaf := range leavesOf(f.Type) {
			if layoutOf(leaf.ValueType).kind == unknown {
				l.kind = unknown
			}
		}
		if l.kind == unknown {
			return nil, fault.New(fault.Unsupported, r.name+", column "+f.Name, "values of type %s are not written yet", f.Type).
				Hint("leave the column out, or write it as plain text or as a list")
		}
	}
	for _, name := range extra {
		f := arrow.Field{Name: name, Type: arrow.BinaryTypes.String}
		fields, flat = append(fields, f), append(flat, f)
	}
	metadata := r.schema.Metadata()
	out.schema, out.flat = arrow.NewSchema(fields, &metadata), arrow.NewSchema(flat, nil)
	if to.IsFile && r.HasDictionaries() {
		if !r.IsFile() {
			return nil, errWriting
		}
		out.spool = &spool{open: to.Scratch, limit: maxHeld}
	}
	return out, nil
}

// Encode copies the kept rows of a decoded batch; on several goroutines at once, for different batches.
func (w *Writer) Encode(b *Batch, s Selection) (*Part, error) {
	p, err := w.encode(b, s)
	if err != nil {
		return nil, b.damaged(err)
	}
	return p, nil
}

func (w *Writer) encode(b *Batch, s Selection) (p *Part, err error) {
	defer caught(&err)
	p = &Part{codec: b.record.codec}
	rows := kept(b.Rows, s.Keep)
	for _, r := range rows {
		p.rows += int64(r.to - r.from)
	}
	if p.rows == 0 {
		return p, nil
	}
	if int(p.rows) == b.Rows && w.extra == 0 && w.passes(b) {
		p.record = b.record.frame.message()
		return p, nil
	}
	columns := make([]arrow.ArrayData, len(b.record.columns))
	for i, d := range b.record.columns {
		c := newColumn(d.DataType(), w.layouts[i])
		c.add(d, moved(rows, b.from))
		if columns[i], err = c.data(); err != nil {
			return nil, err
		}
	}
	if p.used, err = w.usedBy(columns, b.words); err != nil {
		return nil, err
	}
	codec := p.codec
	if w.spool != nil {
		p.from, codec = b.words, plain
	} else if p.words, err = w.words(b.words, p.used, codec); err == nil {
		err = w.renumber(columns, b.words, p.used)
	}
	if err != nil {
		return nil, err
	}
	for i := range w.extra {
		columns = append(columns, s.words(i, rows))
	}
	p.record, err = w.message(columns, p.rows, codec)
	return p, err
}

// kept returns the runs of rows that are kept.
func kept(rows int, keep func(row int) bool) (runs []run) {
	for i := 0; i < rows; i++ {
		from := i
		for i < rows && keep(i) {
			i++
		}
		if i > from {
			runs = append(runs, run{from: from, to: i})
		}
	}
	return runs
}

// moved returns runs of a piece as those of its record batch.
func moved(rows []run, by int) []run {
	if by == 0 {
		return rows
	}
	out := make([]run, len(rows))
	for i, r := range rows {
		out[i] = run{from: r.from + by, to: r.to + by}
	}
	return out
}

// words returns an extra column.
func (s Selection) words(column int, rows []run) arrow.ArrayData {
	c := newColumn(arrow.BinaryTypes.String, layoutOf(arrow.BinaryTypes.String))
	for _, r := range rows {
		for row := r.from; row < r.to; row++ {
			word := s.Words[s.Extra[column][row]]
			c.text, c.end = append(c.text, word...), c.end+uint64(len(word))
			c.values = appendNumber(c.values, c.layout.width, c.end)
			c.mark(1, true)
		}
	}
	d, _ := c.data() // a word for each of the rows is never too long
	return d
}

// usedBy returns the words that flat columns use, leaf by leaf.
func (w *Writer) usedBy(columns []arrow.ArrayData, words []dictionary) (all []*used, err error) {
	err = w.visit(columns, func(leaf int, d arrow.ArrayData) error {
		u, err := words[leaf].usedBy(d)
		all = append(all, u)
		return err
	})
	return all, err
}

// renumber puts the places of words where their indices were, in flat columns that nobody else sees.
func (w *Writer) renumber(columns []arrow.ArrayData, words []dictionary, u []*used) error {
	return w.visit(columns, func(leaf int, d arrow.ArrayData) error { return words[leaf].renumber(d, u[leaf]) })
}

func (w *Writer) visit(columns []arrow.ArrayData, do func(leaf int, d arrow.ArrayData) error) error {
	leaf := 0
	for i, d := range columns[:len(w.layouts)] {
		err := visitLeaves(w.schema.Field(i).Type, d, func(d arrow.ArrayData) error {
			leaf++
			return do(leaf-1, d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// words settles the places of the words that are used, and returns the messages of dictionaries of these alone. The
// library numbers dictionaries by their order, wherever they stand.
func (w *Writer) words(words []dictionary, u []*used, c codec) ([][]byte, error) {
	if len(words) == 0 {
		return nil, nil
	}
	var fields []arrow.Field
	var columns []arrow.Array
	for i, leaf := range w.reader.leaves {
		u[i].count()
		kept, err := words[i].kept(leaf.t.ValueType, u[i])
		if err != nil {
			return nil, err
		}
		none, err := newColumn(leaf.t.IndexType, layoutOf(leaf.t.IndexType)).data()
		if err != nil {
			return nil, err
		}
		fields = append(fields, arrow.Field{Name: "words", Type: leaf.t, Nullable: true})
		columns = append(columns, array.MakeFromData(array.NewDataWithDictionary(leaf.t, 0, none.Buffers(), 0, 0, kept)))
	}
	messages, err := write(arrow.NewSchema(fields, nil), c, columns, 0)
	if err != nil || len(messages) != len(words)+2 {
		return nil, errWriting
	}
	return messages[1 : len(words)+1], nil
}

// message returns the message of a record batch.
func (w *Writer) message(flat []arrow.ArrayData, rows int64, c codec) ([]byte, error) {
	columns := make([]arrow.Array, len(flat))
	for i, d := range flat {
		columns[i] = array.MakeFromData(d)
	}
	messages, err := write(w.flat, c, columns, rows)
	if err != nil {
		return nil, err
	}
	return messages[len(messages)-1], nil
}

// Append writes a part, or keeps it until the dictionaries of a file are known.
func (w *Writer) Append(p *Part) error {
	if p.rows == 0 {
		return nil
	}
	w.rows += p.rows
	if w.spool != nil {
		return w.spool.add(p)
	}
	return w.write(p.words, p.record)
}

// write writes a record batch behind the dictionaries that do not stand already.
func (w *Writer) write(words [][]byte, record []byte) error {
	if err := w.begin(); err != nil {
		return err
	}
	for i, m := range words {
		if bytes.Equal(m, w.last[i]) {
			continue
		}
		w.last[i] = m
		if err := w.to.message(m, &w.to.dictionaries); err != nil {
			return err
		}
	}
	return w.to.message(record, &w.to.records)
}

// begin writes the schema.
func (w *Writer) begin() error {
	if w.last != nil {
		return nil
	}
	w.last = make([][]byte, len(w.reader.leaves))
	head, err := write(w.schema, plain, nil, 0)
	if err != nil {
		return err
	}
	return w.to.begin(head[0])
}

// Rows is the number of rows appended.
func (w *Writer) Rows() int64 { return w.rows }

// Close writes what was kept and the end.
func (w *Writer) Close() error {
	if w.spool != nil {
		if err := w.unspool(); err != nil {
			return err
		}
	}
	if err := w.begin(); err != nil {
		return err
	}
	return w.to.end(w.schema)
}
