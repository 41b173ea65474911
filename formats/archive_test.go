package formats

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

// entry is a file of an archive.
type entry struct {
	name, text string
	stored     bool
	mode       fs.FileMode
}

func zipped(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.stored {
			h.Method = zip.Store
		}
		h.SetMode(e.mode)
		to, err := w.CreateHeader(h)
		if err == nil {
			_, err = to.Write([]byte(e.text))
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

// opened opens data as a file on disk.
func openedFile(t testing.TB, name string, data []byte) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	f.Name = name
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// readInput reads an Input into a table.
func readInput(in Input) (table, Info, error) {
	var info Info
	s := suite{open: func(Input, Options) (Reader, error) {
		r, err := Open(in, Options{})
		if err == nil {
			info = r.Info()
		}
		return r, err
	}}
	all, err := readTable(s, fixture{}, nil)
	return all, info, err
}

func TestTablesOfAnArchiveAreReadInTheOrderOfTheirNames(t *testing.T) {
	gbk := gb18030(t, "姓名,手机号\n李小龙,1\n")
	f := openedFile(t, "export.zip", zipped(t,
		entry{name: "__MACOSX/._a.csv", text: "junk"}, entry{name: "unsubscribed.csv", text: "phone\n1\n"}, entry{name: "sub/"},
		entry{name: "sub/.DS_Store", text: "junk"}, entry{name: "sub/gbk.txt", text: gbk, stored: true},
		entry{name: "cleaned.csv.gz", text: string(compressed(t, ".gz", []byte("email;name\nx;y\n")))}))
	tables, err := f.Tables()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range tables {
		all, info, err := readInput(in)
		if err != nil || len(all.Rows) != 1 {
			t.Errorf("%s: %d rows and %v", in.Name, len(all.Rows), err)
		}
		got = append(got, in.Name+": "+info.Detail+": "+strings.Join(all.Columns, " "))
		if info.Size != in.Size || in.Size <= 0 {
			t.Errorf("%s: %d bytes, want %d", in.Name, info.Size, in.Size)
		}
		if _, _, err := readInput(in); err == nil {
			t.Errorf("%s was read twice", in.Name)
		}
	}
	want := []string{
		"export.zip/cleaned.csv.gz: zip; gzip; UTF-8, semicolon, LF: email name",
		"export.zip/sub/gbk.txt: zip; GB18030 (not UTF-8; 8 Chinese characters, no bad byte), comma, LF: 姓名 手机号",
		"export.zip/unsubscribed.csv: zip; UTF-8, one column, LF: phone",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"export.zip/__MACOSX/._a.csv", "export.zip/sub/.DS_Store"}, f.PassedOver()); diff != "" {
		t.Errorf("passed over (-want +got):\n%s", diff)
	}
}

func TestFileThatIsNoArchiveIsTheOneTableItIs(t *testing.T) {
	workbook := zipped(t, entry{name: "[Content_Types].xml", text: "x"}, entry{name: "xl/workbook.xml", text: "x"})
	for name, data := range map[string][]byte{"a.csv": []byte("a\n"), "empty": nil, "a.xlsx": workbook, "a.gz": compressed(t, ".gz", []byte("a\n"))} {
		f := openedFile(t, name, data)
		tables, err := f.Tables()
		if err != nil || len(tables) != 1 || tables[0] != f.Input || f.PassedOver() != nil {
			t.Errorf("%s: %v and %v", name, tables, err)
		}
	}
	stream := Standard("standard input", bytes.NewReader(zipped(t, entry{name: "a.csv", text: "a\n"})))
	tables, err := stream.Tables()
	if err != nil || len(tables) != 1 {
		t.Fatalf("%v and %v", tables, err)
	}
	if _, err := Open(tables[0], Options{}); fault.KindOf(err) != fault.Unsupported || !strings.Contains(err.Error(), "zip archive") {
		t.Errorf("an archive from a pipe: %v", err)
	}
}

// patched changes a number in what the list of an archive says of its one file.
func patched(data []byte, at int, value []byte) []byte {
	data = bytes.Clone(data)
	copy(data[bytes.Index(data, []byte("PK\x01\x02"))+at:], value)
	return data
}

func TestArchiveThatCannotBeTrustedIsRefused(t *testing.T) {
	text := "phone,name\n" + strings.Repeat("13800138000,abc\n", 50)
	whole := zipped(t, entry{name: "a.csv", text: text})
	u32 := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	u16 := func(n uint16) []byte { return binary.LittleEndian.AppendUint16(nil, n) }
	var many []entry
	for range archiveEntries + 1 {
		many = append(many, entry{name: strings.Repeat("a", len(many)%100+1) + ".csv"})
	}
	var long []entry
	for range 100 {
		long = append(long, entry{name: strings.Repeat("a", 60_000)})
	}
	for _, c := range []struct {
		name  string
		data  []byte
		where string
		what  string
	}{
		{"cut", whole[:len(whole)-10], "x.zip", "damaged or cut short"},
		{"encrypted", patched(whole, 8, u16(9)), "x.zip/a.csv", "encrypted"},
		{"a method that is not read", patched(whole, 10, u16(12)), "x.zip/a.csv", "method that is not read (12)"},
		{"another checksum", patched(whole, 16, u32(1)), "x.zip/a.csv", "checksum"},
		{"no checksum", patched(whole, 16, u32(0)), "x.zip/a.csv", "checksum"},
		{"longer than it says", patched(whole, 24, u32(100)), "x.zip/a.csv", "longer than"},
		{"shorter than it says", patched(whole, 24, u32(10_000)), "x.zip/a.csv", "shorter than"},
		{"cut within", patched(whole, 20, u32(20)), "x.zip/a.csv", "damaged within"},
		{"more than the archive", patched(whole, 20, u32(10_000)), "x.zip/a.csv", "overlap"},
		{"a bomb by what it says", patched(whole, 24, u32(4e9)), "x.zip/a.csv", "200 times"},
		{"a bomb", zipped(t, entry{name: "a.csv", text: strings.Repeat("\n", 20<<20)}), "x.zip/a.csv", "200 times"},
		{"two of a name", zipped(t, entry{name: "b/../a.csv", text: "a\n"}, entry{name: "a.csv", text: "b\n"}), "x.zip/a.csv", "two files of this name"},
		{"a link", zipped(t, entry{name: "a.csv", text: "/etc/passwd", mode: fs.ModeSymlink | 0o777}), "x.zip/a.csv", "link"},
		{"an archive within", zipped(t, entry{name: "b.zip", text: string(whole)}), "x.zip/b.zip", "cannot be read here"},
		{"too many files", zipped(t, many...), "x.zip", "more than 10000 files"},
		{"too long a list", zipped(t, long...), "x.zip", "longer than 4 MiB"},
		{"a name for the terminal", zipped(t, entry{name: "\x1b[2J.csv", text: ""}), `x.zip/"\x1b[2J.csv"`, "empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := openedFile(t, "x.zip", c.data)
			tables, err := f.Tables()
			for _, in := range tables {
				if err == nil {
					_, _, err = readInput(in)
				}
			}
			var fault *fault.Error
			if !errors.As(err, &fault) || fault.Where != c.where || !strings.Contains(fault.Error(), c.what) || fault.Mend == "" {
				t.Errorf("%v, want a fault of %s about %q", err, c.where, c.what)
			}
		})
	}
}

// FuzzArchive: whatever the bytes, the answer is tables or a fault; a table that is read whole is what the standard
// library finds under its name.
func FuzzArchive(f *testing.F) {
	f.Add(zipped(f, entry{name: "a.csv", text: "a,b\n1,2\n"}, entry{name: "b.csv", text: "a\n1\n", stored: true}))
	f.Add(zipped(f, entry{name: ".hidden"}, entry{name: "c/"}, entry{name: "d.gz", text: string(compressed(f, ".gz", []byte("a\n")))}))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := openedFile(t, "x.zip", data)
		tables, err := file.Tables()
		if err != nil && fault.KindOf(err) == 0 {
			t.Fatalf("%v is no fault", err)
		}
		if len(tables) == 0 || tables[0] == file.Input {
			return
		}
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range tables {
			m := in.Reader.(*member)
			_, _, err := readInput(in)
			if err != nil && fault.KindOf(err) == 0 {
				t.Fatalf("%s: %v is no fault", in.Name, err)
			}
			if err != nil {
				continue
			}
			text, err := fs.ReadFile(archive, m.entry.Name)
			if err == nil && uint64(len(text)) != m.n {
				t.Fatalf("%s: %d bytes were read of %d", in.Name, m.n, len(text))
			}
		}
	})
}

func TestTwoArchivesOneBehindTheOtherAreRefused(t *testing.T) {
	var both []byte
	for _, name := range []string{"a.csv", "b.csv"} {
		var one bytes.Buffer
		w := zip.NewWriter(&one)
		entry, err := w.Create(name)
		if err == nil {
			_, err = entry.Write([]byte("phone\n1\n"))
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		both = append(both, one.Bytes()...)
	}
	path := filepath.Join(t.TempDir(), "lists.zip")
	if err := os.WriteFile(path, both, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Tables(); fault.KindOf(err) != fault.Input {
		t.Errorf("%v, want a fault of the input", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
