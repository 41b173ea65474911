package xlsx

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"cpm/formats/fault"
)

// dialect is one of the two families of names that workbooks are written in.
type dialect struct{ main, relations string }

func (d dialect) strict() bool { return d == strict() }

func transitional() dialect {
	return dialect{
		main:      "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
		relations: "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
	}
}

func strict() dialect {
	return dialect{
		main:      "http://purl.oclc.org/ooxml/spreadsheetml/main",
		relations: "http://purl.oclc.org/ooxml/officeDocument/relationships",
	}
}

// sheetEntry is a sheet as the workbook lists it.
type sheetEntry struct {
	name   string
	hidden bool
	part   string
}

// workbook is what the small parts of a package say.
type workbook struct {
	*archive
	part        string // the name of its main part
	contentType string
	dialect     dialect
	sheets      []sheetEntry // worksheets alone
	sheet       sheetEntry   // the one that is read
	is1904      bool
	definedName bool
	styles      *styles
	strings     string // the part of the shared strings; empty when there is none
	theme       string
	themeCopied []byte // for an output; nil when there is none
	relations   []relation
}

// content types of a workbook's main part. The output has the type of the input: Excel refuses a file whose name and
// type differ.
const (
	typeWorkbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
	typeTemplate = "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml"
	typeMacros   = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
	typeBinary   = "application/vnd.ms-excel.sheet.binary.macroEnabled.main"
)

func openWorkbook(a *archive, sheet string) (*workbook, error) {
	w := &workbook{archive: a}
	for _, step := range []func() error{w.findMain, w.checkType, w.readMain, w.findParts} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if err := w.choose(sheet); err != nil {
		return nil, err
	}
	return w, nil
}

// findMain finds the main part by the relations of the package.
func (w *workbook) findMain() error {
	relations, err := w.archive.relations("")
	if err != nil {
		return err
	}
	for _, r := range relations {
		if r.kind() == "officeDocument" && r.Mode != "External" {
			w.part = r.Target
			return nil
		}
	}
	return fault.New(fault.Input, w.name, "the zip package holds no workbook").Hint("check that it is an Excel file, and " + mendDamaged)
}

func (w *workbook) checkType() error {
	var types struct {
		Overrides []struct {
			Part string `xml:"PartName,attr"`
			Type string `xml:"ContentType,attr"`
		} `xml:"Override"`
		Defaults []struct {
			Type string `xml:"ContentType,attr"`
		} `xml:"Default"`
	}
	if err := w.decode("[Content_Types].xml", &types); err != nil {
		return err
	}
	for _, o := range types.Overrides {
		if strings.EqualFold(strings.TrimPrefix(o.Part, "/"), w.part) {
			w.contentType = o.Type
		}
	}
	for _, d := range types.Defaults {
		if w.contentType == "" && strings.HasSuffix(d.Type, ".main+xml") {
			w.contentType = d.Type
		}
	}
	switch w.contentType {
	case typeWorkbook, typeTemplate, typeMacros:
		return nil
	case typeBinary:
		return fault.New(fault.Unsupported, w.name, "a binary workbook (XLSB) is not read").Hint("save it as XLSX or as CSV (UTF-8)")
	}
	return fault.New(fault.Unsupported, w.name, "the package holds no Excel workbook").Hint("save the sheet as XLSX or as CSV (UTF-8)")
}

// readMain reads the list of sheets.
func (w *workbook) readMain() error {
	var main struct {
		XMLName    xml.Name
		Properties struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name       string     `xml:"name,attr"`
			State      string     `xml:"state,attr"`
			Attributes []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
		DefinedNames []struct{} `xml:"definedNames>definedName"`
	}
	if err := w.decode(w.part, &main); err != nil {
		return err
	}
	switch main.XMLName {
	case xml.Name{Space: transitional().main, Local: "workbook"}:
		w.dialect = transitional()
	case xml.Name{Space: strict().main, Local: "workbook"}:
		w.dialect = strict()
	default:
		return w.damaged(w.part, errNamespace)
	}
	w.is1904 = isTrue(main.Properties.Date1904)
	w.definedName = len(main.DefinedNames) > 0
	var err error
	if w.relations, err = w.archive.relations(w.part); err != nil {
		return err
	}
	for _, s := range main.Sheets {
		entry := sheetEntry{name: s.Name, hidden: s.State != "" && s.State != "visible"}
		for _, a := range s.Attributes {
			if a.Name == (xml.Name{Space: w.dialect.relations, Local: "id"}) {
				entry.part = w.worksheet(a.Value)
			}
		}
		if entry.part != "" { // charts and dialogs are sheets without cells
			w.sheets = append(w.sheets, entry)
		}
	}
	return nil
}

// worksheet returns the part that a relation leads to, when that is a worksheet.
func (w *workbook) worksheet(id string) string {
	for _, r := range w.relations {
		if r.ID == id && r.kind() == "worksheet" && r.Mode != "External" {
			return r.Target
		}
	}
	return ""
}

// findParts finds the parts that all sheets share, and reads the styles.
func (w *workbook) findParts() (err error) {
	stylesPart := ""
	for _, r := range w.relations {
		if r.Mode == "External" {
			continue
		}
		switch r.kind() {
		case "styles":
			stylesPart = r.Target
		case "sharedStrings":
			w.strings = r.Target
		case "theme":
			w.theme = r.Target
		}
	}
	if err := w.readTheme(); err != nil {
		return err
	}
	w.styles = &styles{}
	if stylesPart == "" {
		return nil
	}
	data, err := w.read(stylesPart)
	if err != nil {
		return err
	}
	if w.styles, err = readStyles(data); err != nil {
		return w.damaged(stylesPart, err)
	}
	return nil
}

// readTheme reads the theme, unless it refers to pictures.
func (w *workbook) readTheme() error {
	if w.theme == "" || w.find(w.theme) == nil {
		return nil
	}
	relations, err := w.archive.relations(w.theme)
	if err != nil || len(relations) > 0 {
		return err
	}
	data, err := w.read(w.theme)
	if err != nil {
		return err
	}
	if w.themeCopied, err = looks(data, nil); err != nil {
		return w.damaged(w.theme, err)
	}
	return nil
}

// choose chooses the sheet of a name, or the first that is visible.
func (w *workbook) choose(name string) error {
	if len(w.sheets) == 0 {
		return fault.New(fault.Input, w.name, "the workbook holds no sheet with cells")
	}
	matches := []func(s sheetEntry) bool{
		func(s sheetEntry) bool { return s.name == name },
		func(s sheetEntry) bool { return strings.EqualFold(strings.TrimSpace(s.name), strings.TrimSpace(name)) },
	}
	if name == "" {
		matches = []func(s sheetEntry) bool{func(s sheetEntry) bool { return !s.hidden }}
	}
	for _, match := range matches {
		for _, s := range w.sheets {
			if match(s) {
				w.sheet = s
				return nil
			}
		}
	}
	if name == "" {
		return fault.New(fault.Usage, w.name, "all sheets are hidden").Hint("name one with --sheet: %s", w.sheetNames())
	}
	return fault.New(fault.Usage, w.name, "there is no sheet %q", name).Hint("the sheets are %s", w.sheetNames())
}

// isFilled reports whether a cell of a sheet holds anything.
func (w *workbook) isFilled(part string) (filled bool, err error) {
	in, err := w.open(part)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	for d := xml.NewDecoder(in); ; {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if start, ok := t.(xml.StartElement); ok && slices.Contains([]string{"v", "is", "f"}, start.Name.Local) {
			return true, nil
		}
	}
}

// sheetNames lists the sheets for a message.
func (w *workbook) sheetNames() string {
	const most = 20
	var names []string
	for _, s := range w.sheets {
		names = append(names, fmt.Sprintf("%q", s.name))
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(w.sheets)-most))
	}
	return strings.Join(names, ", ")
}

// detail tells which sheet is read: `sheet "名单" (first of 3)`.
func (w *workbook) detail() string {
	text := fmt.Sprintf("sheet %q", w.sheet.name)
	if len(w.sheets) == 1 {
		return text
	}
	for i, s := range w.sheets {
		switch {
		case s != w.sheet:
		case i == 0:
			return fmt.Sprintf("%s (first of %d)", text, len(w.sheets))
		default:
			return fmt.Sprintf("%s (%d of %d)", text, i+1, len(w.sheets))
		}
	}
	return text
}

// stringTable reads the shared strings.
func (w *workbook) stringTable() (table *stringTable, err error) {
	if w.strings == "" {
		return &stringTable{}, nil
	}
	r, err := w.open(w.strings)
	if err != nil {
		return nil, err
	}
	defer func() { err = closed(r, err) }()
	table, err = readStrings(r, int64(w.find(w.strings).UncompressedSize64), w.dialect)
	if err != nil {
		return nil, w.refused(w.strings, err)
	}
	return table, nil
}

// refused makes a fault of an error, unless it is one already.
func (w *workbook) refused(part string, err error) error {
	if fault.KindOf(err) != 0 {
		return err
	}
	return w.damaged(part, err)
}

// closed closes a part after an error or without one. A part that was given up midway has nothing more to say.
func closed(r io.Closer, err error) error {
	if cause := r.Close(); err == nil {
		return cause
	}
	return err
}

func isTrue(word string) bool { return word == "1" || word == "true" || word == "on" }
