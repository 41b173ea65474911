package xlsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"cpm/formats/fault"
)

// The limits of a sheet: ECMA-376 has none, Excel and all others have these.
const (
	maxRows    = 1 << 20
	maxColumns = 1 << 14
)

// pieceSize is how many bytes of the sheet a batch aims at.
const pieceSize = 1 << 20

// Options says what the bytes of a workbook do not.
type Options struct {
	Sheet     string // by name; empty: the first that is visible
	NoHeader  bool   // the first row is data; columns are named #1, #2, …
	Strict    bool   // merged cells are a fault
	BatchSize int    // bytes of the sheet that a batch aims at; 0 means 1 MiB
}

// File is an open workbook of which one sheet is read. Next belongs to one goroutine, as does all before it.
type File struct {
	*workbook
	size    int64
	options Options

	strings *stringTable
	part    io.ReadCloser
	pieces  *pieces
	look    look // of the sheet's columns
	header  *Batch
	columns []string
	width   int // how many columns there are
	plan    []pick
	slots   int

	rest    []byte // what stands behind the header in its piece
	row     int    // the number of the last row that was handed out
	left    leftOut
	done    atomic.Int64
	batches sync.Pool
}

// pick says that the values of a column are to become Values(slot).
type pick struct{ column, slot int }

// Open opens the workbook of the given size and reads its sheet up to the header. Name is for messages.
func Open(name string, r io.ReaderAt, size int64, o Options) (*File, error) {
	a, err := openArchive(name, r, size)
	if err != nil {
		return nil, err
	}
	w, err := openWorkbook(a, o.Sheet)
	if err != nil {
		return nil, err
	}
	if o.BatchSize <= 0 {
		o.BatchSize = pieceSize
	}
	f := &File{workbook: w, size: size, options: o, look: look{styles: w.styles}}
	if f.strings, err = w.stringTable(); err != nil {
		return nil, err
	}
	if err := f.left.find(w); err != nil {
		return nil, err
	}
	if f.part, err = w.open(w.sheet.part); err != nil {
		return nil, err
	}
	whole := int(min(w.find(w.sheet.part).UncompressedSize64, pieceSize)) // a small sheet needs no large buffers
	f.pieces = &pieces{
		src: f.part, size: min(o.BatchSize, whole+1), dialect: w.dialect, parent: "sheetData", child: "row", visit: f.look.visit,
	}
	if err := f.start(); err != nil {
		return nil, closed(f.part, w.refused(w.sheet.part, err))
	}
	return f, nil
}

// start reads up to the first row that holds something, and takes the columns from it.
func (f *File) start() error {
	if err := f.pieces.start(); err != nil {
		return err
	}
	f.width = maxColumns // until they are known no row is too wide
	for {
		b, err := f.Next()
		if errors.Is(err, io.EOF) {
			return fault.New(fault.Input, f.where(), "the sheet is empty: no header, no rows").
				Hint("a sheet without rows still needs the row that names its columns")
		}
		if err == nil {
			err = b.Decode()
		}
		if err != nil {
			return err
		}
		if len(b.rows) > 0 {
			return f.takeHeader(b)
		}
	}
}

// takeHeader names the columns by the first row of a batch, whose other rows are read anew.
func (f *File) takeHeader(b *Batch) error {
	first := b.rows[0]
	var names []string
	for i := first.cells; i < first.cellsEnd; i++ {
		c := &b.cells[i]
		text := b.value(c)
		if text == nil {
			continue
		}
		for len(names) < int(c.column) {
			names = append(names, "")
		}
		names[c.column-1] = string(text)
	}
	f.row, f.rest = first.number, append([]byte{}, b.source[first.end:]...)
	if f.options.NoHeader {
		f.row, f.rest = first.number-1, append([]byte{}, b.source[first.at:]...)
		for i := range names {
			names[i] = "#" + strconv.Itoa(i+1)
		}
	} else {
		f.header = &Batch{file: f, data: append([]byte{}, b.source[first.at:first.end]...), before: first.number - 1, after: first.number}
	}
	if f.columns, f.width = names, len(names); f.width == 0 { // errors alone
		return fault.New(fault.Input, f.where(), "the first row with cells names no column").Hint("give the columns names")
	}
	if f.header != nil {
		return f.header.Decode()
	}
	return nil
}

// where names the sheet for a message.
func (f *File) where() string { return fmt.Sprintf("%s, sheet %q", f.name, f.sheet.name) }

// Columns returns the names of the columns.
func (f *File) Columns() []string { return f.columns }

// Detail tells which sheet is read: `sheet "名单" (first of 3)`.
func (f *File) Detail() string { return f.detail() }

// Filled lists the names of the sheets that hold cells, hidden ones too. One that cannot be read counts among them.
func (f *File) Filled() []string {
	var names []string
	for _, s := range f.sheets {
		if filled, err := f.isFilled(s.part); filled || err != nil {
			names = append(names, s.name)
		}
	}
	return names
}

// Select names the columns whose values will be asked for.
func (f *File) Select(columns []int) error {
	var plan []pick
	for slot, c := range columns {
		if c < 0 || c >= len(f.columns) {
			return fault.New(fault.Usage, f.where(), "there is no column #%d, the sheet has %d", c+1, len(f.columns))
		}
		plan = append(plan, pick{column: c + 1, slot: slot})
	}
	f.plan, f.slots = plan, len(columns)
	return nil
}

// Next cuts the next batch; io.EOF at the end, when the workbook ended as it should.
func (f *File) Next() (*Batch, error) {
	b, _ := f.batches.Get().(*Batch)
	if b == nil {
		b = &Batch{file: f}
	}
	if err := f.cut(b); err != nil {
		return nil, err
	}
	return b, nil
}

func (f *File) cut(b *Batch) (err error) {
	if len(f.rest) > 0 {
		b.data, f.rest = f.rest, nil
	} else if b.data, err = f.pieces.next(b.data[:0]); errors.Is(err, io.EOF) {
		return f.finish()
	}
	if err != nil {
		return f.refused(f.sheet.part, err)
	}
	b.before = f.row
	if f.row, err = f.lastNumber(b.data); err != nil {
		return err
	}
	b.after = f.row
	f.tell(f.pieces.read)
	return nil
}

// lastNumber returns the number of the last row of a piece. It is written there as a rule; where it is not, the rows
// are counted. Decode finds out when it is wrong.
func (f *File) lastNumber(piece []byte) (int, error) {
	if !hasDeclarations(piece) {
		s := scanner{data: piece, at: max(bytes.LastIndex(piece, f.pieces.open), 0)}
		if s.next() == nil && s.isTag() {
			if n, ok := s.number("r"); ok && f.pieces.isNamed(s.name, "row") {
				return n, nil
			}
		}
	}
	last, depth := f.row, 0
	s := scanner{data: piece}
	for {
		if err := s.next(); err != nil {
			return 0, f.refusedRow(last, 0, err)
		}
		if s.isTag() && depth == 0 {
			last++
			if n, ok := s.number("r"); ok {
				last = n
			}
		}
		switch s.kind {
		case tokenEnd:
			return last, nil
		case tokenOpen:
			depth++
		case tokenClose:
			depth--
		case tokenEmpty, tokenText:
		}
	}
}

// finish reads what stands behind the rows.
func (f *File) finish() error {
	merged := false
	err := f.pieces.finish(func(element string) {
		f.left.sheetHolds(element)
		merged = merged || element == "mergeCells"
	})
	if err != nil {
		return f.refused(f.sheet.part, err)
	}
	if merged && f.options.Strict {
		return fault.New(fault.Input, f.where(), "cells are merged, and what is written over several would count for the first alone").
			Hint("unmerge them in the workbook, and write into every cell what holds for it")
	}
	f.done.Store(f.size)
	return io.EOF
}

// tell notes how far the sheet has been read, as a share of the file: the sheet is most of it.
func (f *File) tell(read int64) {
	whole := max(int64(f.find(f.sheet.part).UncompressedSize64), 1)
	f.done.Store(int64(float64(f.size) * min(float64(read)/float64(whole), 1)))
}

// Done tells how many bytes of the file have been read, in effect; safe beside Next.
func (f *File) Done() int64 { return f.done.Load() }

// Close closes the workbook.
func (f *File) Close() error {
	_ = f.part.Close() // a part that is read is closed: there is nothing to lose
	f.strings, f.rest = nil, nil
	return nil
}
