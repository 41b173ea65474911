package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cpm/formats/fault"
)

const (
	typesPart = `<Types><Override PartName="/xl/workbook.xml" ContentType="` + typeWorkbook + `"/></Types>`
	relsPart  = `<Relationships><Relationship Id="a" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	bookPart  = `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="s"/></sheets></workbook>`
	linksPart = `<Relationships><Relationship Id="s" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="t" Type="x/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="u" Type="x/styles" Target="styles.xml"/></Relationships>`
	stylePart = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs><xf numFmtId="0"/></cellXfs></styleSheet>`
	sstHead   = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="2" uniqueCount="1">`
	sstPart   = sstHead + `<si><t>phone</t></si></sst>`
	sheetHead = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`
	sheetTail = `</sheetData></worksheet>`
	headerRow = `<row r="1"><c r="A1" t="s"><v>0</v></c></row>`
)

// parts are a workbook that can be read: one column, one row.
func parts() map[string]string {
	return map[string]string{
		"[Content_Types].xml": typesPart, "_rels/.rels": relsPart, "xl/workbook.xml": bookPart, "xl/_rels/workbook.xml.rels": linksPart,
		"xl/styles.xml": stylePart, "xl/sharedStrings.xml": sstPart,
		"xl/worksheets/sheet1.xml": sheetHead + headerRow + `<row r="2"><c r="A2"><v>13800000001</v></c></row>` + sheetTail,
	}
}

// pack makes a package.
func pack(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readAll reads all rows and returns the values of the first column.
func readAll(data []byte, o Options) (values []string, err error) {
	f, err := Open("list.xlsx", bytes.NewReader(data), int64(len(data)), o)
	if err != nil {
		return nil, err
	}
	if err := f.Select([]int{0}); err != nil {
		return nil, err
	}
	for {
		b, err := f.Next()
		if errors.Is(err, io.EOF) {
			return values, f.Close()
		}
		if err == nil {
			err = b.Decode()
		}
		if err != nil {
			return values, errors.Join(err, f.Close())
		}
		for _, v := range b.Values(0) {
			values = append(values, string(v))
		}
		b.Release()
	}
}

func TestAWorkbookThatCannotBeTrustedIsRefused(t *testing.T) {
	sheet := func(rows string) map[string]string {
		return map[string]string{"xl/worksheets/sheet1.xml": sheetHead + headerRow + rows + sheetTail}
	}
	deep := strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200)
	for _, c := range []struct {
		name  string
		parts map[string]string // that differ; an empty text: left out
		says  string
	}{
		{"an entity that unfolds", map[string]string{"xl/sharedStrings.xml": `<!DOCTYPE sst [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + sstHead + `<si><t>&b;</t></si></sst>`}, "document type"},
		{"an entity of a file", map[string]string{"xl/workbook.xml": `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + bookPart}, "document type"},
		{"a document type in the sheet", map[string]string{"xl/worksheets/sheet1.xml": `<!DOCTYPE x>` + sheetHead + sheetTail}, "document type"},
		{"a document type amid the rows", sheet(`<!DOCTYPE x><row r="2"/>`), "document type"},
		{"a document type behind the rows", map[string]string{"xl/worksheets/sheet1.xml": sheetHead + headerRow + `</sheetData><!DOCTYPE x></worksheet>`}, "document type"},
		{"an entity that nobody knows", sheet(`<row r="2"><c r="A2" t="str"><v>&x;</v></c></row>`), "entity"},
		{"a character that XML has not", sheet(`<row r="2"><c r="A2" t="str"><v>&#0;</v></c></row>`), "entity"},
		{"another encoding", map[string]string{"xl/worksheets/sheet1.xml": `<?xml version="1.0" encoding="UTF-16"?>` + sheetHead + sheetTail}, "UTF-8"},
		{"bytes that are no UTF-8", sheet("<row r=\"2\"><c r=\"A2\" t=\"str\"><v>\xFF</v></c></row>"), "escaped"},
		{"no content types", map[string]string{"[Content_Types].xml": ""}, "lacks the part [Content_Types].xml"},
		{"no relations", map[string]string{"_rels/.rels": ""}, "holds no workbook"},
		{"no workbook", map[string]string{"xl/workbook.xml": ""}, "lacks the part workbook.xml"},
		{"no sheet", map[string]string{"xl/worksheets/sheet1.xml": ""}, "lacks the part sheet1.xml"},
		{"no shared strings", map[string]string{"xl/sharedStrings.xml": ""}, "lacks the part sharedStrings.xml"},
		{"no styles", map[string]string{"xl/styles.xml": ""}, "lacks the part styles.xml"},
		{"another kind of package", map[string]string{"[Content_Types].xml": "<Types/>"}, "no Excel workbook"},
		{"a binary workbook", map[string]string{"[Content_Types].xml": strings.ReplaceAll(typesPart, typeWorkbook, typeBinary)}, "XLSB"},
		{"a workbook of another namespace", map[string]string{"xl/workbook.xml": `<workbook xmlns="x"/>`}, "no part of a workbook"},
		{"a sheet of another namespace", map[string]string{"xl/worksheets/sheet1.xml": `<worksheet xmlns="x"><sheetData/></worksheet>`}, "no part of a workbook"},
		{"names that change their meaning", sheet(`<row r="2" xmlns="x"><c r="A2"><v>1</v></c></row>`), "something else"},
		{"an empty sheet", map[string]string{"xl/worksheets/sheet1.xml": sheetHead + sheetTail}, "empty"},
		{"a sheet without an end", map[string]string{"xl/worksheets/sheet1.xml": sheetHead + headerRow}, "cut"},
		{"a sheet that is followed by another", map[string]string{"xl/worksheets/sheet1.xml": sheetHead + headerRow + sheetTail + sheetHead + sheetTail}, "cannot be read"},
		{"elements nested without end", map[string]string{"xl/worksheets/sheet1.xml": strings.Replace(sheetHead, "<sheetData>", deep+"<sheetData>", 1) + sheetTail}, "nested"},
		{"elements nested without end in a cell", sheet(`<row r="2"><c r="A2"><f>` + deep + `</f></c></row>`), "nested"},
		{"elements nested without end in a string", map[string]string{"xl/sharedStrings.xml": sstHead + `<si>` + deep + `</si></sst>`}, "nested"},
		{"a column beyond XFD", sheet(`<row r="2"><c r="XFE2"><v>1</v></c></row>`), "reference"},
		{"a column of four letters", sheet(`<row r="2"><c r="AAAA2"><v>1</v></c></row>`), "reference"},
		{"a row beyond 1048576", sheet(`<row r="1048577"><c r="A1048577"><v>1</v></c></row>`), "out of order"},
		{"a row number beyond all numbers", sheet(`<row r="99999999999999999999"/>`), "reference"},
		{"rows out of order", sheet(`<row r="3"><c r="A3"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>`), "out of order"},
		{"a row repeated", sheet(`<row r="2"><c r="A2"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>`), "out of order"},
		{"the header repeated", sheet(`<row r="1"><c r="A1"><v>1</v></c></row>`), "out of order"},
		{"a cell of another row", sheet(`<row r="2"><c r="A3"><v>1</v></c></row>`), "reference"},
		{"cells out of order", sheet(`<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row>`), "out of order"},
		{"a cell repeated", sheet(`<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>`), "out of order"},
		{"two values in a cell", sheet(`<row r="2"><c r="A2"><v>1</v><v>2</v></c></row>`), "something else"},
		{"an attribute twice", sheet(`<row r="2"><c r="A2" r="A2"><v>1</v></c></row>`), "tag"},
		{"a shared string that is not there", sheet(`<row r="2"><c r="A2" t="s"><v>1</v></c></row>`), "shared string"},
		{"a style that is not there", sheet(`<row r="2"><c r="A2" s="9"><v>1</v></c></row>`), "style"},
		{"a number that is none", sheet(`<row r="2"><c r="A2"><v>13800000001x</v></c></row>`), "value"},
		{"a hexadecimal number", sheet(`<row r="2"><c r="A2"><v>0x10</v></c></row>`), "value"},
		{"a kind of cell that nobody knows", sheet(`<row r="2"><c r="A2" t="z"><v>1</v></c></row>`), "type"},
		{"something else than rows", sheet(`<p/>`), "something else"},
		{"tags that do not match", sheet(`<row r="2"><c r="A2"><v>1</c></v></row>`), "something else"},
		{"a row in a comment that does not end", sheet(`<!-- <row r="2"/>`), "cut"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := parts()
			for part, text := range c.parts {
				if all[part] = text; text == "" {
					delete(all, part)
				}
			}
			values, err := readAll(pack(t, all), Options{})
			if k := fault.KindOf(err); k != fault.Input && k != fault.Unsupported || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, %q: want a fault of the input that says %q", err, values, c.says)
			}
			if err != nil && strings.Contains(err.Error(), "1380000") {
				t.Errorf("%v holds a phone", err)
			}
		})
	}
	if values, err := readAll(pack(t, parts()), Options{}); err != nil || len(values) != 1 || values[0] != "13800000001" {
		t.Errorf("the workbook that these differ from: %q, %v", values, err)
	}
}

func TestABillionSharedStringsThatAreNotThereCostNothing(t *testing.T) {
	all := parts()
	all["xl/sharedStrings.xml"] = strings.ReplaceAll(sstPart, `count="2" uniqueCount="1"`, `count="4000000000" uniqueCount="4000000000"`)
	if values, err := readAll(pack(t, all), Options{}); err != nil || len(values) != 1 {
		t.Errorf("%q, %v", values, err)
	}
}

func TestAPartThatUnfoldsIsRefused(t *testing.T) {
	all := parts()
	all["xl/worksheets/sheet1.xml"] = sheetHead + headerRow + strings.Repeat(" ", 8<<20) + sheetTail
	_, err := readAll(pack(t, all), Options{})
	if fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), "times its size") {
		t.Errorf("%v, want a fault about the size", err)
	}
}

func TestAPartThatHoldsMoreThanItClaimsIsRefused(t *testing.T) {
	text := []byte(sheetHead + headerRow + strings.Repeat("<row/>", 1<<20) + sheetTail)
	all := parts()
	delete(all, "xl/worksheets/sheet1.xml")
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, part := range all {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, part)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: "xl/worksheets/sheet1.xml", Method: zip.Store, CRC32: crc32.ChecksumIEEE(text),
		CompressedSize64: uint64(len(text)), UncompressedSize64: 1000,
	})
	if err == nil {
		_, err = w.Write(text)
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(out.Bytes(), Options{}); fault.KindOf(err) != fault.Input {
		t.Errorf("%v, want a fault of the input", err)
	}
}

func TestAPartThatStandsThereTwiceIsRefused(t *testing.T) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range []string{"xl/workbook.xml", "XL/Workbook.xml"} {
		if _, err := z.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(out.Bytes(), Options{}); fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), "twice") {
		t.Errorf("%v, want a refusal", err)
	}
}

var errDisk = errors.New("the disk fails")

// failing fails to read beyond a place.
type failing struct {
	*bytes.Reader
	from int64
}

func (f failing) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > f.from && at < f.from+100 {
		return 0, errDisk
	}
	return f.Reader.ReadAt(p, at)
}

func TestADiskThatFailsIsNotTheWorkbooksFault(t *testing.T) {
	data := pack(t, parts())
	for from := int64(0); from < int64(len(data)); from += 50 {
		_, err := Open("list.xlsx", failing{bytes.NewReader(data), from}, int64(len(data)), Options{})
		if err != nil && (!errors.Is(err, errDisk) || fault.KindOf(err) != 0) {
			t.Errorf("a failure at %d: %v", from, err)
		}
	}
}

// FuzzSheet: whatever stands among the rows, the sheet is refused or its rows are those that encoding/xml finds, and a
// copy of them reads the same.
func FuzzSheet(f *testing.F) {
	f.Add(`<row r="2"><c r="A2" t="str"><v>a&amp;b</v></c></row>`, 7)
	f.Add(`<!-- <row> --><row><c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c></row><row r="9"/>`, 1)
	f.Add(`<row r="2"><c r="A2" t="str"><v><![CDATA[</row><row>]]></v></c></row><row><c><v>1.5E3</v></c></row>`, 3)
	f.Add(`<row r="2" ht="3"><c t='b'><f>x</f><v>1</v></c><extLst><a/></extLst></row>`, 100)
	f.Fuzz(func(t *testing.T, rows string, size int) {
		all := parts()
		sheet := sheetHead + headerRow + rows + sheetTail
		all["xl/worksheets/sheet1.xml"] = sheet
		data := pack(t, all)
		whole, err := readAll(data, Options{})
		if err != nil {
			if fault.KindOf(err) == 0 {
				t.Fatalf("%v is no fault", err)
			}
			return
		}
		if err := xml.Unmarshal([]byte(sheet), new(struct{})); err != nil {
			t.Fatalf("read, though it is no XML: %v", err)
		}
		cut, err := readAll(data, Options{BatchSize: 1 + (size&0xFFF+0x1000)%0x1000})
		if err != nil || fmt.Sprint(cut) != fmt.Sprint(whole) {
			t.Fatalf("in small pieces %q, %v; want %q", cut, err, whole)
		}
		out := copyAll(t, data)
		copied, err := readAll(out, Options{})
		if err != nil || fmt.Sprint(copied) != fmt.Sprint(whole) {
			t.Fatalf("a copy has %q, %v; want %q", copied, err, whole)
		}
	})
}

// copyAll copies a workbook that can be read.
func copyAll(t testing.TB, data []byte) []byte {
	t.Helper()
	f, err := Open("list.xlsx", bytes.NewReader(data), int64(len(data)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := f.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	for {
		b, err := f.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = b.Decode()
		}
		if err != nil {
			t.Fatal(err)
		}
		keep := make([]uint64, len(b.rows)/64+1)
		for i := range keep {
			keep[i] = ^uint64(0)
		}
		p, err := w.Encode(b, Selection{Keep: keep})
		if err == nil {
			err = w.Append(p)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// FuzzWorkbook: whatever the bytes, a workbook is read or refused with a fault.
func FuzzWorkbook(f *testing.F) {
	paths, err := filepath.Glob("../../testdata/xlsx/*.xlsx")
	if err != nil || len(paths) == 0 {
		f.Fatal("no fixtures")
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := readAll(data, Options{}); err != nil && fault.KindOf(err) == 0 {
			t.Fatalf("%v is no fault", err)
		}
	})
}
