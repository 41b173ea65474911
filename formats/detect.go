package formats

import (
	"bytes"
	"fmt"
	"strings"

	"cpm/formats/fault"
)

// format is a line of the table of formats: how its content is told, what extensions promise it, and who opens it or
// what its owner can do instead.
type format struct {
	name    string
	exts    string // extensions that promise it, parted by spaces
	is      func(peek) bool
	open    func(Input, Options) (Reader, error) // nil when it is not read
	mend    string
	damaged bool // a fault of the file, not of what this version reads
	isLayer bool // what it holds is opened in its turn; an extension may promise that
}

const (
	mendExport = "save it as CSV (UTF-8) or Parquet"
	mendUnpack = "unpack it and name the files in it"
)

// known is the table of formats. The first line that recognises an input decides; text in UTF-8 that nothing else
// recognises is CSV.
func known() []format {
	return []format{
		{name: "Parquet", exts: ".parquet .pq", is: magic("PAR1"), open: openParquet},
		{name: "Parquet with an encrypted footer", exts: ".parquet .pq", is: magic("PARE"), mend: "decrypt it first: write it without encryption"},
		{name: "XLSB (a binary workbook)", exts: ".xlsb", is: isXLSB, mend: "save it as XLSX or as CSV (UTF-8)"},
		{name: xlsxFormat, exts: ".xlsx .xlsm", is: isXLSX, open: openXLSX},
		{name: "a password-protected workbook", exts: ".xlsx .xlsm .xlsb .xls", is: isSealed, mend: "open it and save it without a password"},
		{name: "an OpenDocument sheet", exts: ".ods", is: isODS, mend: "save the sheet as CSV (UTF-8)"},
		{name: "a zip archive", exts: ".zip", is: magic("PK\x03\x04", "PK\x05\x06"), open: openArchive},
		{name: "XLS (Excel 97–2003)", exts: ".xls", is: magic("\xD0\xCF\x11\xE0"), mend: "open it and save the sheet as CSV (UTF-8)"},
		{name: nameGzip, exts: ".gz .tgz", is: magic("\x1F\x8B"), open: openGzip, isLayer: true},
		{name: nameZstd, exts: ".zst .zstd", is: isZstd, open: openZstd, isLayer: true},
		{name: nameBzip2, exts: ".bz2", is: isBzip2, open: openBzip2, isLayer: true},
		{name: nameXZ, exts: ".xz", is: magic("\xFD7zXZ\x00"), open: openXZ, isLayer: true},
		{name: "a tar archive", exts: ".tar", is: isTar, mend: mendUnpack},
		{name: "an Arrow IPC file", exts: ".arrow .feather .ipc", is: magic("ARROW1\x00\x00"), open: openArrowFile},
		{name: "an Arrow IPC stream", exts: ".arrow .arrows .ipc", is: isArrowStream, open: openArrowStream},
		{name: "Feather of version 1", exts: ".feather", is: magic("FEA1"), mend: "write it again as Feather version 2, which is the default of its writers"},
		{name: "PDF", exts: ".pdf", is: magic("%PDF-"), mend: "ask for the list as CSV (UTF-8)"},
		{name: "UTF-32 text", is: magic("\xFF\xFE\x00\x00", "\x00\x00\xFE\xFF"), mend: "convert it: iconv -f UTF-32 -t UTF-8 IN > OUT"},
		{name: "UTF-16 text", is: isUTF16, open: openUTF16, isLayer: true},
		{name: "binary data", is: isBinary, mend: mendExport},
		{name: "JSON", exts: ".json .jsonl .ndjson", is: isJSON, open: openJSON},
		{name: "HTML or XML", exts: ".html .htm .xml", is: isMarkup, mend: "if it should be a table, look for an error page in it; " + mendExport},
		{name: "text with old Mac line ends (CR alone)", is: isOldMac, mend: `convert it: tr '\r' '\n' < IN > OUT`, damaged: true},
		{name: "CSV text", is: func(peek) bool { return true }, open: openCSV},
	}
}

// detect finds the format of an input that is not empty.
func detect(p peek) format {
	for _, f := range known() {
		if f.is(p) {
			return f
		}
	}
	return format{name: "unknown data"}
}

// claims reports whether the extension promises this format.
func (f format) claims(ext string) bool {
	for _, e := range strings.Fields(f.exts) {
		if e == ext {
			return true
		}
	}
	return false
}

func (f format) kind() fault.Kind {
	if f.damaged {
		return fault.Input
	}
	return fault.Unsupported
}

func (f format) refusal() string {
	if f.damaged {
		return "the file is " + f.name
	}
	return fmt.Sprintf("%s is not read yet", f.name)
}

// magic recognises an input by its first bytes.
func magic(marks ...string) func(peek) bool {
	return func(p peek) bool {
		for _, m := range marks {
			if bytes.HasPrefix(p.head, []byte(m)) {
				return true
			}
		}
		return false
	}
}

// visible returns text without its byte order mark and leading white space.
func visible(text []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(text, []byte(bom)), " \t\r\n")
}

// isXLSX looks for the folder that a workbook has; the names of a zip archive's files stand before their content.
func isXLSX(p peek) bool {
	return bytes.HasPrefix(p.head, []byte("PK\x03\x04")) && bytes.Contains(p.head, []byte("xl/"))
}

// isXLSB looks for the main part of a workbook whose parts are no XML.
func isXLSB(p peek) bool {
	return isXLSX(p) && bytes.Contains(p.head, []byte("xl/workbook.bin"))
}

// isSealed looks for the stream of an encrypted package in the container that old workbooks use too.
func isSealed(p peek) bool {
	return magic("\xD0\xCF\x11\xE0")(p) && bytes.Contains(p.head, []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"))
}

// isODS looks for the type that such an archive states in its first file, uncompressed.
func isODS(p peek) bool {
	return bytes.HasPrefix(p.head, []byte("PK\x03\x04")) && bytes.Contains(p.head, []byte("opendocument.spreadsheet"))
}

// isMarkup asks for what can follow a bracket in markup, so that a header like "<none>,…" is the one thing mistaken.
func isMarkup(p peek) bool {
	text := visible(p.head)
	if len(text) < 2 || text[0] != '<' {
		return false
	}
	c := text[1]
	return c == '!' || c == '?' || c == '/' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// isZstd recognises a frame, or the empty one that parallel compressors put in front.
func isZstd(p peek) bool {
	return magic("\x28\xB5\x2F\xFD")(p) ||
		len(p.head) >= 4 && p.head[0]&0xF0 == 0x50 && bytes.HasPrefix(p.head[1:], []byte("\x2A\x4D\x18"))
}

// isBzip2 recognises the size of the blocks and what stands before the first one, or in its place where there is none;
// a header of a table could begin with the first letters too.
func isBzip2(p peek) bool {
	if len(p.head) < 4 || !bytes.HasPrefix(p.head, []byte("BZh")) || p.head[3] < '1' || p.head[3] > '9' {
		return false
	}
	begins := p.head[4:min(len(p.head), 10)]
	return bytes.HasPrefix([]byte("1AY&SY"), begins) || bytes.HasPrefix([]byte("\x17\x72\x45\x38\x50\x90"), begins)
}

// isTar recognises the header of the first file.
func isTar(p peek) bool {
	return len(p.head) >= 512 && bytes.HasPrefix(p.head[257:], []byte("ustar"))
}

// isBinary recognises data with NULs that is no text otherwise either. A text with a stray NUL is left to the reader
// of its format, which knows the line.
func isBinary(p peek) bool {
	if bytes.IndexByte(p.head, 0) < 0 {
		return false
	}
	return !validUTF8(p) || bytes.ContainsFunc(p.head, func(c rune) bool {
		return 0 < c && c < 0x20 && !strings.ContainsRune("\t\n\v\f\r\x1A\x1B", c)
	})
}

// isOldMac recognises text that breaks its lines with CR alone. A single CR at the very end is none of that: it ends
// the one line there is, whichever way it is read.
func isOldMac(p peek) bool {
	at := bytes.IndexByte(p.head, '\r')
	return at >= 0 && (at < len(p.head)-1 || p.cut) && bytes.IndexByte(p.head, '\n') < 0
}

// isArrowStream asks for what follows the mark of a message in a stream: a length, in eights, and a table's place.
func isArrowStream(p peek) bool {
	return magic("\xFF\xFF\xFF\xFF")(p) && len(p.head) >= 8 && p.head[7] < 0x10 && p.head[4]&7 == 0
}
