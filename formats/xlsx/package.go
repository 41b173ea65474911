package xlsx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
)

// begin writes all that stands before the rows, once.
func (w *Writer) begin() {
	if w.sheet != nil || w.err != nil {
		return
	}
	d := w.file.dialect
	w.part("[Content_Types].xml", w.contentTypes())
	w.part("_rels/.rels", relationships(link{d.relations + "/officeDocument", "xl/workbook.xml"}))
	w.part("xl/workbook.xml", w.main())
	links := []link{{d.relations + "/worksheet", "worksheets/sheet1.xml"}}
	if w.file.styles.copied != nil {
		links = append(links, link{d.relations + "/styles", "styles.xml"})
	}
	if w.file.themeCopied != nil {
		links = append(links, link{d.relations + "/theme", "theme/theme1.xml"})
	}
	if w.file.workbook.strings != "" {
		links = append(links, link{d.relations + "/sharedStrings", "sharedStrings.xml"})
	}
	w.part("xl/_rels/workbook.xml.rels", relationships(links...))
	if w.file.styles.copied != nil {
		w.part("xl/styles.xml", w.file.styles.copied)
	}
	if w.file.themeCopied != nil {
		w.part("xl/theme/theme1.xml", w.file.themeCopied)
	}
	if w.sheet = w.create("xl/worksheets/sheet1.xml"); w.err != nil {
		return
	}
	if _, w.err = w.sheet.Write(w.sheetHead()); w.err != nil || w.file.header == nil {
		return
	}
	header := Selection{Keep: []uint64{1}, Words: w.extra}
	for i := range w.extra {
		header.Extra = append(header.Extra, []uint8{uint8(i)})
	}
	var p *Part
	if p, w.err = w.Encode(w.file.header, header); w.err == nil {
		w.write(p)
	}
}

// create begins a part. It bears no time, so equal rows give equal bytes.
func (w *Writer) create(name string) io.Writer {
	if w.err != nil {
		return io.Discard
	}
	out, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		w.err = err
		return io.Discard
	}
	return out
}

// part writes a whole part.
func (w *Writer) part(name string, text []byte) {
	out := w.create(name)
	if w.err == nil {
		_, w.err = out.Write(text)
	}
}

func (w *Writer) contentTypes() []byte {
	const spreadsheet = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	out := []byte(declaration + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>`)
	types := []link{{w.file.contentType, "workbook.xml"}, {spreadsheet + "worksheet+xml", "worksheets/sheet1.xml"}}
	if w.file.styles.copied != nil {
		types = append(types, link{spreadsheet + "styles+xml", "styles.xml"})
	}
	if w.file.themeCopied != nil {
		types = append(types, link{"application/vnd.openxmlformats-officedocument.theme+xml", "theme/theme1.xml"})
	}
	if w.file.workbook.strings != "" {
		types = append(types, link{spreadsheet + "sharedStrings+xml", "sharedStrings.xml"})
	}
	for _, t := range types {
		out = fmt.Appendf(out, `<Override PartName="/xl/%s" ContentType="%s"/>`, t.target, t.kind)
	}
	return append(out, "</Types>"...)
}

// link is what one part says of another.
type link struct{ kind, target string }

func relationships(links ...link) []byte {
	out := []byte(declaration + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for i, l := range links {
		out = fmt.Appendf(out, `<Relationship Id="rId%d" Type="%s" Target="%s"/>`, i+1, l.kind, l.target)
	}
	return append(out, "</Relationships>"...)
}

// main is the part that lists the one sheet.
func (w *Writer) main() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `%s<workbook xmlns="%s" xmlns:r="%s"`, declaration, w.file.dialect.main, w.file.dialect.relations)
	if w.file.dialect.strict() {
		out.WriteString(` conformance="strict"`)
	}
	out.WriteString(">")
	if w.file.is1904 {
		out.WriteString(`<workbookPr date1904="1"/>`)
	}
	out.WriteString(`<sheets><sheet name="`)
	out.Write(appendEscaped(nil, []byte(w.file.sheet.name)))
	out.WriteString(`" sheetId="1" r:id="rId1"/></sheets></workbook>`)
	return out.Bytes()
}

// sheetHead is what stands before the first row.
func (w *Writer) sheetHead() []byte {
	out := fmt.Appendf(nil, `%s<worksheet xmlns="%s">`, declaration, w.file.dialect.main)
	if format := w.file.look.format; len(format) > 0 {
		out = append(append(append(out, "<sheetFormatPr"...), format...), "/>"...)
	}
	begun := false
	for _, c := range w.file.look.columns {
		last := min(c.last, len(w.file.columns)) // what lies beyond may be hidden, and extra columns must not be
		if c.first > last {
			continue
		}
		if !begun {
			begun = true
			out = append(out, "<cols>"...)
		}
		out = fmt.Appendf(out, `<col min="%d" max="%d"%s/>`, c.first, last, c.attributes)
	}
	if begun {
		out = append(out, "</cols>"...)
	}
	return append(out, "<sheetData>"...)
}
