package formats

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"cpm/formats/fault"
)

// utf16Text encodes a text, the little end first or the big one.
func utf16Text(text string, little bool) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		if little {
			out = append(out, byte(u), byte(u>>8))
		} else {
			out = append(out, byte(u>>8), byte(u))
		}
	}
	return string(out)
}

// openNamed opens content under a name.
func openNamed(name, content string) (Reader, error) {
	return Open(textInput(name, content), Options{})
}

func textInput(name, content string) Input {
	return Input{Name: name, Reader: strings.NewReader(content), Size: int64(len(content))}
}

func TestOpenRefusesByNameWhatItDoesNotRead(t *testing.T) {
	for _, c := range []struct{ name, content, what, mend string }{
		{"Parquet with an encrypted footer", "PARE\x00\x01\x02", "Parquet with an encrypted footer", "decrypt"},
		{"a binary workbook", "PK\x03\x04\x14\x00\x06\x00[Content_Types].xml\x00xl/workbook.bin\x00", "XLSB", "CSV"},
		{"a workbook with a password", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + utf16Text("EncryptedPackage", true), "password", "password"},
		{"an OpenDocument sheet", "PK\x03\x04\x14\x00\x00\x00mimetypeapplication/vnd.oasis.opendocument.spreadsheetPK", "an OpenDocument sheet", "CSV"},
		{"another zip archive", "PK\x03\x04\x14\x00\x00\x00list.csv", "a zip archive", "unpack"},
		{"an old workbook", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "XLS (", "CSV"},
		{"Feather of version 1", "FEA1\x00\x00\x00\x00", "Feather of version 1", "version 2"},
		{"PDF", "%PDF-1.7\n", "PDF", "CSV"},
		{"HTML", "\n<!DOCTYPE html><html>", "HTML or XML", "error page"},
		{"XML", bom + "<?xml version=\"1.0\"?>", "HTML or XML", "error page"},
		{"UTF-32", "\xFF\xFE\x00\x00p\x00\x00\x00", "UTF-32", "iconv -f UTF-32"},
		{"binary data", "\x7FELF\x02\x01\x01\x00\x00", "binary data", "CSV"},
		{"a tar archive", "list.csv" + strings.Repeat("\x00", 249) + "ustar" + strings.Repeat("\x00", 300), "a tar archive", "unpack"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openNamed("list", c.content)
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Unsupported || !strings.HasPrefix(f.Where, "list") || !strings.Contains(f.What, c.what) || !strings.Contains(f.Mend, c.mend) {
				t.Errorf("%#v, want a refusal of %s with the mend %q", err, c.what, c.mend)
			}
		})
	}
}

func TestOpenRefusesAsDamaged(t *testing.T) {
	for _, c := range []struct{ name, content, where, what string }{
		{"an empty file", "", "list", "no header"},
		{"a file of a mark alone", bom, "list", "no header"},
		{"a file of empty lines", "\n\r\n\n", "list", "no header"},
		{"old Mac line ends", "phone,name\r1,a\r2,b\r", "list", "old Mac"},
		{"a long file with old Mac line ends", strings.Repeat("phone,name\r", 10_000) + "\n", "list", "old Mac"},
		{"a table with a stray NUL in its first line", "phone,\x00name\n1,a\n", "list:1", "NUL"},
		{"zeros where a file should be", strings.Repeat("\x00", 100), "list:1", "NUL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openNamed("list", c.content)
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Input || f.Where != c.where || !strings.Contains(f.What, c.what) || f.Mend == "" {
				t.Errorf("%#v, want a fault at %s about %q", err, c.where, c.what)
			}
		})
	}
}

func TestOpenReadsAsCSV(t *testing.T) {
	edge := "phone,name\n" + strings.Repeat("x", peekSize-12)
	for _, c := range []struct{ name, file, content string }{
		{"a table whose header has a comma in quotes beside others", "list.csv", "\"a;b\",c\n1,2\n"},
		{"one column without any delimiter", "list.txt", "phone\n1\n"},
		{"one column whose quoted name holds a semicolon", "list", "\"a;b\"\n1\n"},
		{"a header that looks a little like markup", "list", "<5,>5\n1,2\n"},
		{"a name that promises nothing", "list.dat", "a,b\n"},
		{"a name without extension", "parquet", "a,b\n"},
		{"a stray NUL further on, which the reader will find", "list.csv", "a,b\n1,2\n3,\x004\n"},
		{"a lone CR beside line ends", "list.csv", "a,b\n1,\r2\n"},
		{"a header that a CR ends at the end of the file", "list.csv", "a,b\r"},
		{"a character cut by the end of the peek after one byte", "list.csv", edge + "上,\n"},
		{"a character cut by the end of the peek after two bytes", "list.csv", edge[:len(edge)-1] + "上,\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := openNamed(c.file, c.content)
			if err != nil {
				t.Fatal(err)
			}
			if format := r.Info().Format; format != "CSV" {
				t.Errorf("read as %s", format)
			}
		})
	}
}

func TestNameThatPromisesAnotherFormatIsRefused(t *testing.T) {
	for _, c := range []struct{ file, content, what string }{
		{"a.parquet", "a,b\n1,2\n", "named .parquet but holds CSV text"},
		{"dir.csv/a.PARQUET", "{}", "named .parquet but holds JSON"},
		{"a.xlsx", "a,b\n", "named .xlsx but holds CSV text"},
		{"a.xls", "<html>", "named .xls but holds HTML or XML"},
		{"a.json", "a,b\n", "named .json but holds CSV text"},
		{"a.csv.gz", "a,b\n", "named .gz but holds CSV text"},
	} {
		_, err := openNamed(c.file, c.content)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Input || f.What != c.what || f.Mend == "" {
			t.Errorf("%s: %v, want %q", c.file, err, c.what)
		}
	}
}

func TestPeekIsReadAgain(t *testing.T) {
	const rows = peekSize / 4
	stream := iotest.HalfReader(strings.NewReader("a,b\n" + strings.Repeat("1,\"2\n\"\n", rows)))
	r, err := Open(Input{Name: "standard input", Reader: stream, Size: -1}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := readNaively(r.(*csvReader))
	if err != nil || len(got) != rows || got[rows-1].Line != 2*rows {
		t.Errorf("%d rows and %v, want %d", len(got), err, rows)
	}
}

func TestPeekKeepsRandomAccess(t *testing.T) {
	in := Input{Name: "list", Reader: bytes.NewReader([]byte("a,b\n1,2\n"))}
	p, err := peekAt(in)
	if err != nil {
		t.Fatal(err)
	}
	again := p.rewound(in.Reader)
	at, ok := again.(io.ReaderAt)
	if !ok {
		t.Fatal("random access is lost")
	}
	two := make([]byte, 2)
	if _, err := at.ReadAt(two, 4); err != nil || string(two) != "1," {
		t.Errorf("%q and %v at 4", two, err)
	}
	if all, err := io.ReadAll(again); err != nil || string(all) != "a,b\n1,2\n" {
		t.Errorf("%q and %v from the start", all, err)
	}
	if _, ok := p.rewound(iotest.DataErrReader(in.Reader)).(io.ReaderAt); ok {
		t.Error("a stream claims random access")
	}
}

func TestReadErrorWhileLookingIsReportedWithTheName(t *testing.T) {
	broken := errors.New("the cable was pulled")
	_, err := Open(Input{Name: "list.csv", Reader: iotest.ErrReader(broken), Size: -1}, Options{})
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "list.csv: ") {
		t.Errorf("error %v", err)
	}
}

// FuzzOpen: whatever the content and the name, Open answers with a reader or with a fault.
func FuzzOpen(f *testing.F) {
	for _, text := range scannerSeeds() {
		f.Add("list.csv", []byte(text))
	}
	f.Add("a.parquet", []byte("PAR1"))
	f.Add("a", []byte("\xFF\xFEa\x00"))
	f.Add("a", []byte("\xCA\xD6\xBB\xFA"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		r, err := Open(Input{Name: name, Reader: bytes.NewReader(data), Size: int64(len(data))}, Options{})
		if (err == nil) == (r == nil) || err != nil && fault.KindOf(err) == 0 {
			t.Fatalf("reader %v, error %v", r, err)
		}
	})
}
