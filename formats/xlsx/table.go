package xlsx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"

	"cpm/formats/cells"
	"cpm/formats/fault"
)

// maxUnits is how many units of UTF-16 a cell holds: Excel calls a workbook damaged that has more in one.
const maxUnits = 32767

// Table writes a workbook of one sheet whose cells are all texts, so that no number loses a digit. Add may run on several
// goroutines; Append and Close belong to one.
type Table struct {
	of    cells.Table
	zip   *zip.Writer
	sheet io.Writer // the part that the rows go to; nil before the first
	row   int
	out   []byte
	err   error // the first one; nothing is written after it
}

// NewTable returns a writer of a table to w.
func NewTable(w io.Writer, t cells.Table) (*Table, error) {
	if len(t.Columns) > maxColumns {
		return nil, fault.New(fault.Usage, t.Name, "a sheet has room for %d columns", maxColumns).Hint("convert to another format")
	}
	if last := len(t.Columns) - 1; !t.Headless && t.Columns[last].Name == "" {
		return nil, fault.New(fault.Usage, t.Name, "the last column has no name, and in a sheet it would stand beyond the header").
			Hint("give it a name, or convert to another format")
	}
	out := &Table{of: t, zip: zip.NewWriter(w)}
	out.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, level) })
	return out, nil
}

// Add puts the rows of a block behind those of a part, which may be nil.
func (t *Table) Add(p *Part, b *cells.Block) (*Part, error) {
	if p == nil {
		p = &Part{}
	}
	for i := range b.Rows {
		p.text = append(p.text, `<row r="`...)
		p.gap(gapRow)
		p.text = append(p.text, `">`...)
		for column, texts := range b.Columns {
			if len(texts[i]) == 0 {
				continue
			}
			p.beginCell(column + 1)
			p.text = append(p.text, ` s="1" t="inlineStr"><is>`...)
			var what string
			if p.text, what = appendCell(p.text, texts[i]); what != "" {
				return nil, &cells.Error{Row: b.Rows[i], Column: column, What: what, Mend: "change it in the file, or convert to another format"}
			}
			p.text = append(p.text, "</is></c>"...)
		}
		p.text = append(p.text, "</row>"...)
		p.rows++
	}
	return p, nil
}

// appendCell appends a text as the inner XML of a cell's string, or says why no cell holds it.
func appendCell(dst, text []byte) (_ []byte, what string) {
	if len(text) > maxUnits {
		units := 0
		for _, c := range string(text) {
			units += utf16.RuneLen(c)
		}
		if units > maxUnits {
			return dst, "holds more than the " + strconv.Itoa(maxUnits) + " characters that a cell of a workbook holds"
		}
	}
	for at := 0; at < len(text); {
		c, size := utf8.DecodeRune(text[at:])
		if !isChar(c) {
			return dst, "holds a character that a workbook cannot hold"
		}
		at += size
	}
	return appendPlain(dst, escapeUnits(text)), ""
}

// escapeUnits writes what would read as _x0041_ and its like so that it reads as it stands.
func escapeUnits(text []byte) []byte {
	if !bytes.Contains(text, []byte("_x")) {
		return text
	}
	var out []byte
	for at := range text {
		if rest := text[at:]; len(rest) >= 7 && rest[0] == '_' && rest[1] == 'x' && rest[6] == '_' {
			if _, err := strconv.ParseUint(string(rest[2:6]), 16, 16); err == nil {
				out = append(out, "_x005F"...)
			}
		}
		out = append(out, text[at])
	}
	return out
}

// Append writes the rows of a part behind those before.
func (t *Table) Append(p *Part) error {
	t.begin()
	if t.err != nil {
		return t.err
	}
	t.out = t.out[:0]
	at := uint32(0)
	for _, g := range p.gaps {
		t.out = append(t.out, p.text[at:g.at]...)
		if at = g.at; g.what == gapRow {
			t.row++
		}
		t.out = strconv.AppendInt(t.out, int64(t.row), 10)
	}
	if t.row > maxRows {
		t.err = fault.New(fault.Unsupported, t.of.Name, "a sheet has room for %d rows, and there are more", maxRows).
			Hint("convert to another format, such as csv, or part the file")
		return t.err
	}
	_, t.err = t.sheet.Write(append(t.out, p.text[at:]...))
	return t.err
}

// begin writes all that stands before the rows, once.
func (t *Table) begin() {
	if t.sheet != nil || t.err != nil {
		return
	}
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	main := transitional().main
	for _, part := range []struct{ name, text string }{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + typeWorkbook + `"/>` +
			`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`},
		{"_rels/.rels", string(relationships(link{office + "/officeDocument", "xl/workbook.xml"}))},
		{"xl/workbook.xml", fmt.Sprintf(`<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`, main, office)},
		{"xl/_rels/workbook.xml.rels", string(relationships(link{office + "/worksheet", "worksheets/sheet1.xml"}, link{office + "/styles", "styles.xml"}))},
		{"xl/styles.xml", `<styleSheet xmlns="` + main + `"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>` +
			`<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
			`<cellXfs count="2"><xf/><xf numFmtId="49" applyNumberFormat="1"/></cellXfs></styleSheet>`}, // 49: text, also once it is edited
	} {
		if text := part.text; bytes.HasPrefix([]byte(text), []byte("<?xml")) {
			t.part(part.name, text)
		} else {
			t.part(part.name, declaration+text)
		}
	}
	t.sheet = t.create("xl/worksheets/sheet1.xml")
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.sheet, `%s<worksheet xmlns="%s"><sheetData>`, declaration, main)
	}
	if t.err == nil && !t.of.Headless {
		t.err = t.header()
	}
}

// header writes the names of the columns.
func (t *Table) header() error {
	var b cells.Block
	b.Reset(len(t.of.Columns))
	b.Add(0)
	for i, column := range t.of.Columns {
		b.Set(i, []byte(column.Name))
	}
	p, err := t.Add(nil, &b)
	if err != nil {
		return fault.New(fault.Usage, t.of.Name, "the name of a column %s", err).Hint("rename it, or convert to another format")
	}
	return t.Append(p)
}

// create begins a part. It bears no time, so equal rows give equal bytes.
func (t *Table) create(name string) io.Writer {
	out, err := t.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil && t.err == nil {
		t.err = err
	}
	return out
}

func (t *Table) part(name, text string) {
	if out := t.create(name); t.err == nil {
		_, t.err = io.WriteString(out, text)
	}
}

// Close writes the end of the workbook.
func (t *Table) Close() error {
	t.begin()
	if t.err == nil {
		_, t.err = io.WriteString(t.sheet, "</sheetData></worksheet>")
	}
	if t.err == nil {
		t.err = t.zip.Close()
	}
	return t.err
}
