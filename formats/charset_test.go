package formats

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/transform"

	"cpm/formats/fault"
)

// textFixture reads a file of testdata/csv; keeping every row must give what it holds.
func textFixture(t *testing.T, name string, o Options) fixture {
	t.Helper()
	data, err := os.ReadFile("testdata/csv/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return fixture{name: name, data: data, copied: data, options: o}
}

func TestTextInOtherEncodingsAndWithOtherDelimitersConforms(t *testing.T) {
	var fixtures []fixture
	for name, o := range map[string]Options{ // without a header the few rows that are kept need not show what they are
		"gbk.txt": {Encoding: "GBK"}, "big5.txt": {Encoding: "big5"}, "shift-jis.txt": {Encoding: "sjis"},
		"utf-16le.txt": {Encoding: "utf-16"}, "utf-16be.txt": {Encoding: "utf-16be"}, "utf-16le-no-mark.txt": {Encoding: "utf-16le"},
		"tab.txt": {Encoding: "utf-8", Delimiter: '\t'}, "semicolon.txt": {Delimiter: ';'}, "pipe.txt": {Delimiter: '|'},
	} {
		fixtures = append(fixtures, textFixture(t, name, Options{}))
		o.NoHeader = true
		bare := textFixture(t, name, o)
		bare.name += " without header"
		fixtures = append(fixtures, bare)
	}
	conform(t, suite{open: Open, fixtures: fixtures, verbatim: true})
}

func TestInfoTellsEncodingAndDelimiterAndColumns(t *testing.T) {
	for _, c := range []struct {
		file, detail, columns string
		o                     Options
	}{
		{file: "gbk.txt", detail: "GB18030 (not UTF-8; 48 Chinese characters, no bad byte), comma, CRLF", columns: "客户编号 手机号 姓名 城市"},
		{file: "gbk.txt", o: Options{Encoding: "gb2312"}, detail: "GB18030, comma, CRLF", columns: "客户编号 手机号 姓名 城市"},
		{file: "big5.txt", detail: "Big5 (not UTF-8; 33 Chinese characters, no bad byte), comma, CRLF", columns: "客戶編號 手機號碼 姓名 城市"},
		{file: "shift-jis.txt", detail: "Shift-JIS (not UTF-8; 38 Japanese characters, no bad byte), comma, CRLF", columns: "顧客番号 電話番号 お名前 ご住所"},
		{file: "utf-16le.txt", detail: "UTF-16LE with BOM, comma, CRLF", columns: "客户编号 手机号 姓名 城市"},
		{file: "utf-16be.txt", detail: "UTF-16BE with BOM, comma, LF", columns: "客户编号 手机号 姓名 城市"},
		{file: "utf-16le-no-mark.txt", detail: "UTF-16LE (no byte order mark; by its zero bytes), comma, LF", columns: "phone name"},
		{file: "tab.txt", detail: "UTF-8, tab, LF", columns: "id phone name"},
		{file: "semicolon.txt", detail: "UTF-8, semicolon, CRLF", columns: "id phone na;me"},
		{file: "pipe.txt", detail: "UTF-8, pipe, LF", columns: "编号 手机 姓名"},
	} {
		f := textFixture(t, c.file, c.o)
		r, err := suite{open: Open}.opened(f, f.data)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		want := Info{Format: "CSV", Detail: c.detail, Rows: -1, Size: int64(len(f.data))}
		got := r.Info()
		columns := strings.Join(got.Columns, " ")
		got.Columns = nil
		if diff := cmp.Diff(want, got); diff != "" || columns != c.columns {
			t.Errorf("%s (-want +got):\n%scolumns %q", c.file, diff, columns)
		}
	}
}

// in writes a text in an encoding.
func in(t testing.TB, e encoding.Encoding, text string) string {
	t.Helper()
	out, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func gb18030(t testing.TB, text string) string {
	t.Helper()
	return in(t, simplifiedchinese.GB18030, text)
}

func TestEncodingIsToldOrAskedFor(t *testing.T) {
	gb, big5, jis := simplifiedchinese.GB18030, traditionalchinese.Big5, japanese.ShiftJIS
	for _, c := range []struct {
		name, text string
		in         encoding.Encoding
		want       string // empty: asked for
	}{
		{"a Chinese header alone", "姓名,手机号\n", gb, "GB18030"},
		{"one Chinese name among ASCII", "name,phone\n李小龙,1\n", gb, "GB18030"},
		{"a header that reads as Big5 too", "电话,name\n", gb, "GB18030"},
		{"a header that reads as half-width katakana", "城市,phone\n", gb, ""},
		{"Chinese with rare characters", "姓名,城市,备注\n王喆,北京市,㐂\n李昊,上海市浦东新区,无\n", gb, "GB18030"},
		{"traditional Chinese in GB18030", "編號,電話號碼,姓名\n1,2,陳建國\n", gb, ""},
		{"traditional Chinese in Big5", "編號,電話號碼,姓名\n1,2,陳建國\n", big5, "Big5"},
		{"characters that hold a backslash in Big5", "許,功,蓋\n", big5, "Big5"},
		{"a single Chinese character", "name,city\n王,x\n", gb, ""},
		{"Japanese", "番号,電話番号,なまえ\n1,2,カタカナ\n", jis, "Shift-JIS"},
		{"Japanese without kana", "番号,電話番号\n1,2\n", jis, ""},
		{"half-width katakana of even lengths", "ID,NAME\n1,ﾔﾏﾀﾛ\n2,ｽｽﾞｷ\n", jis, ""},
		{"Korean", "이름,전화번호\n김철수,1\n서울특별시 강남구 역삼동,2\n", korean.EUCKR, ""},
		{"Japanese in EUC", "番号,電話番号,なまえ\n1,2,カタカナ\n", japanese.EUCJP, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			told, _, err := findCharset("list.csv", peek{head: []byte(in(t, c.in, c.text))}, "")
			if c.want == "" {
				var f *fault.Error
				if !errors.As(err, &f) || f.Kind != fault.Usage || !strings.Contains(f.Mend, "--encoding") {
					t.Errorf("%s and %v, want a fault that asks", told.name, err)
				}
				return
			}
			if err != nil || told.name != c.want {
				t.Errorf("%s and %v, want %s", told.name, err, c.want)
			}
		})
	}
}

// TestEncodingIsNeverMistaken draws everyday characters of each encoding: what comes out is the encoding, or a question.
func TestEncodingIsNeverMistaken(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	draw := func(leads, trails string) []byte {
		text := []byte("h,i\n")
		for range 12 + random.IntN(200) {
			text = append(text, leads[random.IntN(len(leads))], trails[random.IntN(len(trails))])
			if random.IntN(4) == 0 {
				text = append(text, ',')
			}
		}
		return text
	}
	span := func(from, to byte) (s string) {
		for c := int(from); c <= int(to); c++ {
			s += string([]byte{byte(c)})
		}
		return s
	}
	for _, c := range []struct{ name, leads, trails string }{
		{"GB18030", span(0xB0, 0xD6), span(0xA1, 0xFE)},
		{"Big5", span(0xA4, 0xC5), span(0x40, 0x7E) + span(0xA1, 0xFE)},
		{"Shift-JIS", "\x82\x82\x82" + span(0x88, 0x97), span(0x9F, 0xEF)},
		{"EUC-KR", span(0xB0, 0xC8), span(0xA1, 0xFE)},
	} {
		told := map[string]int{}
		for range 2000 {
			found, _, err := findCharset("list.csv", peek{head: draw(c.leads, c.trails)}, "")
			if err != nil {
				told["asked"]++
				continue
			}
			told[found.name]++
		}
		delete(told, "asked")
		right := told[c.name]
		delete(told, c.name)
		if c.name == "EUC-KR" { // fewer than sixteen characters do not show it
			if told["GB18030"] > 100 {
				t.Errorf("EUC-KR was taken for GB18030 %d times of 2000", told["GB18030"])
			}
			continue
		}
		if len(told) > 0 || right < 1900 {
			t.Errorf("%s was told %d times of 2000, and mistaken: %v", c.name, right, told)
		}
	}
}

func TestNamedEncodings(t *testing.T) {
	for spelling, want := range map[string]string{
		"gbk": "GB18030", "GB2312": "GB18030", "gb18030": "GB18030", "big5": "Big5", "Shift_JIS": "Shift-JIS", "sjis": "Shift-JIS",
		"cp932": "Shift-JIS", "UTF-8": "UTF-8", "utf8": "UTF-8", "utf-16": "UTF-16", "utf_16le": "UTF-16LE", "UTF-16BE": "UTF-16BE",
		"windows-1252": "Windows-1252", "latin1": "Latin-1", "ISO-8859-1": "Latin-1",
	} {
		if c, err := charsetNamed(spelling); err != nil || c.name != want {
			t.Errorf("%s is %s and %v, want %s", spelling, c.name, err, want)
		}
	}
	for _, spelling := range []string{"", "klingon", "utf", "-"} {
		if c, err := charsetNamed(spelling); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q is %s and %v, want a usage fault", spelling, c.name, err)
		}
	}
}

func TestEncodingOrDelimiterThatCannotBeIsRefused(t *testing.T) {
	gbk := gb18030(t, "姓名|手机号\n李小龙|1\n")
	wide := "\xFF\xFE" + utf16Text("phone,name\n1,a\n", true)
	for _, c := range []struct {
		name, text string
		o          Options
		kind       fault.Kind
		what       string
	}{
		{"an unknown encoding", "a,b\n", Options{Encoding: "klingon"}, fault.Usage, "klingon"},
		{"GBK that begins with the mark of UTF-8", bom + "a,b\n", Options{Encoding: "gbk"}, fault.Usage, "byte order mark of UTF-8"},
		{"UTF-8 that begins with the mark of UTF-16", wide, Options{Encoding: "utf-8"}, fault.Usage, "byte order mark of UTF-16LE"},
		{"UTF-16 with the other mark", wide, Options{Encoding: "utf-16be"}, fault.Usage, "byte order mark of UTF-16LE"},
		{"UTF-16 that begins with the mark of UTF-8", bom + "a,b\n", Options{Encoding: "utf-16"}, fault.Usage, "byte order mark of UTF-8"},
		{"UTF-16 by its zero bytes, named as GBK", utf16Text("phone,name\n1,a\n", true), Options{Encoding: "gbk"}, fault.Usage, "zero bytes"},
		{"UTF-16 of an order that nothing shows", utf16Text("手机号,姓名", true), Options{Encoding: "utf-16"}, fault.Usage, "which byte comes first"},
		{"a header that is not in the named encoding", "\xFD,b\n1,a\n", Options{Encoding: "sjis"}, fault.Input, "is no Shift-JIS"},
		{"a header that is not in the named UTF-8", gbk, Options{Encoding: "utf-8"}, fault.Input, "is no UTF-8"},
		{"Latin-1 that nobody named", "name,city\n手机,a\nJos\xE9,K\n", Options{}, fault.Usage, "cannot be told"},
		{"a cut character at the end of a whole file", "a,b\n1,\xE4\xB8", Options{}, fault.Usage, "cannot be told"},
		{"half a character at the end of UTF-16", wide + "x", Options{}, fault.Input, "within a character"},
		{"half a pair at the end of UTF-16", wide + "\x3D\xD8", Options{}, fault.Input, "within a character"},
		{"half a pair within UTF-16", wide + "\x3D\xD8a\x00", Options{}, fault.Input, "half a surrogate pair"},
		{"a second half alone in UTF-16", wide + "\x00\xDE", Options{}, fault.Input, "half a surrogate pair"},
		{"a NUL in UTF-16", wide + "\x00\x00,\x00", Options{}, fault.Input, "NUL"},
		{"pipes in GBK", gbk, Options{}, fault.Usage, "half of a character"},
		{"pipes named for GBK", gbk, Options{Delimiter: '|'}, fault.Usage, "half of a character"},
		{"a digit as delimiter", "a1b\n", Options{Delimiter: '1'}, fault.Usage, "cannot part fields"},
		{"a quote as delimiter", "a,b\n", Options{Delimiter: '"'}, fault.Usage, "cannot part fields"},
		{"a sheet", "a,b\n", Options{Sheet: "x"}, fault.Usage, "CSV has no sheet"},
		{"records", "a,b\n", Options{Records: "x"}, fault.Usage, "CSV has no records"},
		{"a sheet in UTF-16", wide, Options{Sheet: "x"}, fault.Usage, "CSV has no sheet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readTable(suite{open: Open}, fixture{name: "list.csv", options: c.o}, []byte(c.text))
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != c.kind || !strings.Contains(f.What, c.what) || f.Mend == "" {
				t.Errorf("%v, want a fault about %q", err, c.what)
			}
		})
	}
}

func TestFaultsOfTextInOtherEncodingsTellTheLine(t *testing.T) {
	for text, where := range map[string]string{
		"\xFF\xFE" + utf16Text("a,b\n1,2\n", true) + "\x00\xDC1\x00": "list.csv:3",
		"a,b\n1,2\n\nJos\xE9,2\n":                                    "list.csv:4",
		"\nphone;a,b\n1;2,3\n1;2,3\n":                                "list.csv:2",
	} {
		_, err := readTable(suite{open: Open}, fixture{name: "list.csv"}, []byte(text))
		var f *fault.Error
		if !errors.As(err, &f) || f.Where != where {
			t.Errorf("%q: %v, want %s", text, err, where)
		}
	}
}

func TestValueWithABadByteIsNoText(t *testing.T) {
	for _, c := range []struct {
		name, value string
		encoding    encoding.Encoding
	}{
		{"a lead byte at the end", "1\xE6", simplifiedchinese.GB18030},
		{"a byte that begins nothing", "\xFF", simplifiedchinese.GB18030},
		{"a replacement character that was written as such", "\x84\x31\xA4\x37", simplifiedchinese.GB18030},
		{"a pair that Big5 does not have", "\xFE\xFE\x81\x40", traditionalchinese.Big5},
		{"a pair that Shift-JIS does not have", "\x85\x20\x80", japanese.ShiftJIS},
	} {
		got := appendDecoded([]byte("kept"), []byte(c.value), c.encoding.NewDecoder())
		if utf8.Valid(got) || !bytes.HasPrefix(got, []byte("kept"+c.value)) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestBadByteBehindThePeekMakesItsValueNoText(t *testing.T) {
	text := gb18030(t, "姓名,手机号\n"+strings.Repeat("李小龙,1\n", peekSize/4)) + "\xC0\xEE\xD0,2\n"
	table, err := readTable(suite{open: Open}, fixture{name: "list.csv"}, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	first, last := table.Rows[0].Values[0], table.Rows[len(table.Rows)-1].Values[0]
	if string(first) != "李小龙" || utf8.Valid(last) {
		t.Errorf("the first name is %q, the last %q", first, last)
	}
}

func TestPeekMayEndWithinACharacter(t *testing.T) {
	for pad := range 4 {
		body := "号码,姓名,a" + strings.Repeat("x", pad) + "\n" + strings.Repeat("1,上海😀,\n", peekSize/6)
		for name, text := range map[string]string{
			"GB18030":  gb18030(t, body),
			"UTF-16LE": "\xFF\xFE" + utf16Text(body, true),
			"UTF-16BE": utf16Text(body, false),
			"UTF-8":    body,
		} {
			table, err := readTable(suite{open: Open}, fixture{name: "list.csv"}, []byte(text))
			if err != nil || len(table.Rows) != peekSize/6 {
				t.Fatalf("%s, %d bytes further: %d rows and %v", name, pad, len(table.Rows), err)
			}
			for i, row := range table.Rows {
				if string(row.Values[1]) != "上海😀" {
					t.Fatalf("%s, %d bytes further: row %d holds %q", name, pad, i, row.Values[1])
				}
			}
		}
	}
}

func TestExtraColumnsAreInTheEncodingOfTheFile(t *testing.T) {
	c := choice{keep: everyRow, extra: []string{"原因"}, words: []string{"退订"}, word: func(int) uint8 { return 0 }}
	for name, encode := range map[string]func(string) string{
		"GB18030": func(s string) string { return gb18030(t, s) },
		"UTF-16":  func(s string) string { return "\xFF\xFE" + utf16Text(s, true) },
	} {
		f := fixture{name: "list.csv", data: []byte(encode("姓名,手机号\n李小龙,1\n"))}
		got := suite{open: Open}.rewritten(t, f, c)
		if want := encode("姓名,手机号,原因\n李小龙,1,退订\n"); string(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	r, err := openNamed("list.csv", in(t, traditionalchinese.Big5, "姓名,手機號\n許功蓋,1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.NewWriter(io.Discard, "😀"); err == nil {
		t.Error("a name that has no form in the encoding was written")
	}
}

// FuzzDecoded: the values are what the decoder makes of the whole, or no text; every kept row is its bytes.
func FuzzDecoded(f *testing.F) {
	f.Add([]byte("a,b\n1,\xCA\xD6\xBB\xFA\n\xCA,\"\"\"\x81\x30\x81\x30\"\n"), uint8(0), uint64(1))
	f.Add([]byte("a,b\n\xB3\x5C,\xA5\x5C\n"), uint8(1), uint64(2))
	f.Add([]byte("a,b\n\x83\x5C,\xD4\xCF\n"), uint8(2), uint64(3))
	f.Add([]byte("a,b\n\xE9,\x80\n"), uint8(3), uint64(4))
	f.Fuzz(func(t *testing.T, data []byte, which uint8, seed uint64) {
		names := []string{"gbk", "big5", "sjis", "windows-1252"}
		c, err := charsetNamed(names[int(which)%len(names)])
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Encoding: c.name, Delimiter: ',', BatchSize: 1 + int(seed%64)}
		plain, encoded := fixture{name: "list.csv", data: data, options: o}, suite{open: openCSV}
		all, err := readTable(encoded, plain, data)
		if fault.KindOf(err) == fault.Input || fault.KindOf(err) == fault.Usage {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		o.Encoding = "utf-8" // the same bytes, split by the same rules and not decoded
		raw, err := readTable(suite{open: openRaw}, fixture{name: "list.csv", options: o}, data)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range raw.Rows {
			for k, value := range row.Values {
				want, _, err := transform.Bytes(c.encoding.NewDecoder(), value)
				if err != nil || bytes.ContainsRune(want, utf8.RuneError) {
					want = append(bytes.Clone(value), notText)
				}
				if got := all.Rows[i].Values[k]; !bytes.Equal(got, want) {
					t.Fatalf("row %d, column %d: %q becomes %q, want %q", i, k, value, got, want)
				}
			}
		}
		got, err := encoded.rewrittenOrNot(plain, choice{keep: coin(seed)})
		if err != nil {
			t.Fatal(err)
		}
		if want := naiveCopy(string(data), coin(seed)); !bytes.Equal(got, want) {
			t.Fatalf("%q becomes %q, want %q", data, got, want)
		}
	})
}

// openRaw opens a text as UTF-8, whatever it is.
func openRaw(in Input, o Options) (Reader, error) {
	return newCSVReader(in, csvShape{delim: ',', batch: o.BatchSize, limit: csvRowLimit})
}

// rewrittenOrNot is rewritten for texts that may be refused.
func (s suite) rewrittenOrNot(f fixture, c choice) ([]byte, error) {
	var out bytes.Buffer
	err := s.rewrite(f, &out, c)
	return out.Bytes(), err
}

// FuzzUTF16: what can be read comes out as it was, byte for byte, and says what the standard library reads.
func FuzzUTF16(f *testing.F) {
	f.Add([]byte(utf16Text("a,b\n1,\"x\n😀\"\n", true)), true, uint8(3))
	f.Add([]byte(utf16Text("手机,号\r\n1,2", false)), false, uint8(64))
	f.Add([]byte("a\x00\n\x00\x3D\xD8"), true, uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, little bool, step uint8) {
		order, mark := "utf-16be", markUTF16BE
		if little {
			order, mark = "utf-16le", markUTF16LE
		}
		for _, data := range [][]byte{data, append([]byte(mark), data...)} {
			o := Options{Encoding: order, Delimiter: ',', BatchSize: 1 + int(step)}
			src := fixture{name: "list.csv", data: data, options: o}
			got, err := suite{open: Open}.rewrittenOrNot(src, choice{keep: everyRow})
			if fault.KindOf(err) != 0 {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			plain, err := utf8Of(data, little)
			if err != nil {
				t.Fatalf("%q was read, and is %v", data, err)
			}
			back := utf16Text(string(naiveCopy(plain, nil)), little)
			if string(got) != back || !hasEmptyLine(plain) && !bytes.Equal(got, data) {
				t.Fatalf("%q becomes %q, want %q", data, got, back)
			}
		}
	})
}

// utf8Of decodes UTF-16 by the way there and back of the standard library.
func utf8Of(data []byte, little bool) (string, error) {
	text := ""
	for at := 0; at+1 < len(data); at += 2 {
		unit := rune(data[at])<<8 | rune(data[at+1])
		if little {
			unit = rune(data[at+1])<<8 | rune(data[at])
		}
		if 0xD800 <= unit && unit < 0xDC00 && at+3 < len(data) {
			low := rune(data[at+2])<<8 | rune(data[at+3])
			if little {
				low = rune(data[at+3])<<8 | rune(data[at+2])
			}
			unit = 0x10000 + (unit-0xD800)<<10 + low - 0xDC00
			at += 2
		}
		text += string(unit)
	}
	if utf16Text(text, little) != string(data) {
		return "", errors.New("no UTF-16")
	}
	return text, nil
}
