package xlsx

import (
	"archive/zip"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"

	"github.com/klauspost/compress/flate"

	"cpm/formats/fault"
)

// Selection says which rows of a batch go to a writer, and what stands in its extra columns. It must say so of each row
// of the batch: package formats, the one caller, refuses one that is shorter for all its writers.
type Selection struct {
	Keep  []uint64  // bit i set: row i is kept
	Extra [][]uint8 // for each extra column the word of each row, as an index into Words
	Words []string
}

func (s Selection) keeps(row int) bool { return s.Keep[row>>6]>>(row&63)&1 != 0 }

// Writer writes a workbook of the kept rows. Encode may run on several goroutines; Append and Close belong to one.
type Writer struct {
	file  *File
	extra []string
	zip   *zip.Writer
	sheet io.Writer // the part that the rows go to; nil before the first

	row     int      // of the sheet: the last one that was written
	digits  []byte   // its number
	rows    int64    // appended, the header not among them
	numbers []uint32 // the new number of each shared string, from 1 on; 0: not used
	used    []uint32 // the shared strings in use, by their new numbers
	uses    int64
	out     []byte
	err     error // the first one; nothing is written after it

	formulas, plainer atomic.Bool
}

// NewWriter returns a writer of a workbook with the one sheet. Rows get one more column at the end for each name in extra.
func (f *File) NewWriter(w io.Writer, extra ...string) (*Writer, error) {
	if len(f.columns)+len(extra) > maxColumns {
		return nil, fault.New(fault.Usage, f.where(), "the sheet has no room for another column").Hint("delete columns that nobody needs")
	}
	out := &Writer{file: f, extra: extra, zip: zip.NewWriter(w), numbers: make([]uint32, f.strings.len())}
	out.zip.RegisterCompressor(zip.Deflate, f.deflater())
	return out, nil
}

const (
	level     = 3        // of the compression
	fewerRows = 64 << 10 // bytes of a sheet that is not worth the tables of a compression that looks far back
)

// deflater returns what makes the compressors of an output: one for all its parts, each of which is closed before the
// next begins.
func (f *File) deflater() zip.Compressor {
	var deflater *flate.Writer
	return func(w io.Writer) (io.WriteCloser, error) {
		if f.find(f.sheet.part).UncompressedSize64 < fewerRows {
			return flate.NewStatelessWriter(w), nil
		}
		if deflater != nil {
			deflater.Reset(w)
			return deflater, nil
		}
		var err error
		deflater, err = flate.NewWriter(w, level)
		return deflater, err
	}
}

// Append writes the rows of a part behind those before.
func (w *Writer) Append(p *Part) error {
	w.begin()
	w.write(p)
	if w.err == nil {
		w.rows += p.rows
	}
	return w.err
}

// write fills in the numbers of a part and writes it.
func (w *Writer) write(p *Part) {
	if w.err != nil {
		return
	}
	w.out = w.out[:0]
	at := uint32(0)
	for _, g := range p.gaps {
		w.out = append(w.out, p.text[at:g.at]...)
		at = g.at
		switch g.what {
		case gapRow:
			w.row++
			w.digits = strconv.AppendInt(w.digits[:0], int64(w.row), 10)
			w.out = append(w.out, w.digits...)
		case gapSameRow:
			w.out = append(w.out, w.digits...)
		default:
			w.out = strconv.AppendUint(w.out, uint64(w.number(g.what)), 10)
		}
	}
	w.out = append(w.out, p.text[at:]...)
	_, w.err = w.sheet.Write(w.out)
}

// number returns the number that a shared string has in the output.
func (w *Writer) number(shared uint32) uint32 {
	w.uses++
	if w.numbers[shared] == 0 {
		w.used = append(w.used, shared)
		w.numbers[shared] = uint32(len(w.used))
	}
	return w.numbers[shared] - 1
}

// Rows returns the number of rows appended.
func (w *Writer) Rows() int64 { return w.rows }

// LeftOut names what the output does not have of its workbook; it is complete when all rows have been read.
func (w *Writer) LeftOut() []string {
	var words []string
	if w.formulas.Load() {
		words = append(words, "formulas (their values stand there)")
	}
	if w.plainer.Load() || w.file.strings != nil && w.file.strings.plainer {
		words = append(words, "looks of parts of a text")
	}
	return w.file.left.with(words...)
}

// Close writes the end of the workbook.
func (w *Writer) Close() error {
	w.begin()
	if w.err == nil {
		_, w.err = io.WriteString(w.sheet, "</sheetData></worksheet>")
	}
	if w.file.workbook.strings != "" {
		w.writeStrings()
	}
	if w.err == nil {
		w.err = w.zip.Close()
	}
	return w.err
}

// writeStrings writes the shared strings that are in use.
func (w *Writer) writeStrings() {
	out := w.create("xl/sharedStrings.xml")
	if w.err != nil {
		return
	}
	text := fmt.Appendf(nil, `%s<sst xmlns="%s" count="%d" uniqueCount="%d">`, declaration, w.file.dialect.main, w.uses, len(w.used))
	for _, shared := range w.used {
		text = append(append(append(text, "<si>"...), w.file.strings.inner(shared)...), "</si>"...)
		if len(text) > 64<<10 {
			if _, w.err = out.Write(text); w.err != nil {
				return
			}
			text = text[:0]
		}
	}
	_, w.err = out.Write(append(text, "</sst>"...))
}
