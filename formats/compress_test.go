package formats

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"cpm/formats/fault"
)

// compressed returns data as an output of that extension holds it.
func compressed(t testing.TB, ext string, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := Compress(&out, "list.csv"+ext)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestCompressedTextConforms(t *testing.T) {
	plain := textFixture(t, "plain.csv", Options{})
	members, frames, wide := textFixture(t, "plain.csv.gz", Options{}), textFixture(t, "plain.csv.zst", Options{}), textFixture(t, "utf-16le.txt", Options{})
	members.name, members.copied = "gzip of two members", plain.data
	frames.name, frames.copied = "zstd of two frames", plain.data
	wide.data, wide.name = compressed(t, ".zst", wide.data), "zstd of UTF-16"
	conform(t, suite{open: Open, fixtures: []fixture{members, frames, wide}, verbatim: true})
}

func TestInfoTellsTheCompressionAndCountsItsBytes(t *testing.T) {
	plain := textFixture(t, "plain.csv", Options{})
	for _, c := range []struct{ ext, detail string }{
		{".gz", "gzip; UTF-8, comma, LF"}, {".zst", "zstd; UTF-8, comma, LF"}, {".csv", "UTF-8, comma, LF"},
	} {
		data := compressed(t, c.ext, plain.data)
		f := fixture{name: "list" + c.ext, data: data}
		r, err := suite{open: Open}.opened(f, data)
		if err != nil {
			t.Fatal(err)
		}
		if info := r.Info(); info.Detail != c.detail || info.Size != int64(len(data)) {
			t.Errorf("%q of %d bytes, want %q of %d", info.Detail, info.Size, c.detail, len(data))
		}
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, io.EOF) || r.Done() != int64(len(data)) {
			t.Errorf("%v after %d bytes of %d", err, r.Done(), len(data))
		}
	}
}

func TestCompressedStreamThatIsCutOrDamagedIsRefused(t *testing.T) {
	text := []byte("phone,name\n" + strings.Repeat("13800138000,x\n13900139000,y\n", 40))
	for _, ext := range []string{".gz", ".zst"} {
		f := fixture{name: "list.csv" + ext}
		whole := compressed(t, ext, text)
		for n := range whole {
			if _, err := readTable(suite{open: Open}, f, whole[:n]); fault.KindOf(err) != fault.Input {
				t.Errorf("%s cut after %d bytes of %d: %v", ext, n, len(whole), err)
			}
			flipped := bytes.Clone(whole)
			flipped[n] ^= 0x10
			table, err := readTable(suite{open: Open}, f, flipped)
			if err == nil && len(table.Rows) != 80 {
				t.Errorf("%s with byte %d flipped: %d rows", ext, n, len(table.Rows))
			}
			if err != nil && fault.KindOf(err) == 0 {
				t.Errorf("%s with byte %d flipped: %v, which is no fault", ext, n, err)
			}
		}
		if _, err := readTable(suite{open: Open}, f, append(bytes.Clone(whole), "more"...)); fault.KindOf(err) != fault.Input {
			t.Errorf("%s with something behind it: %v", ext, err)
		}
	}
}

func TestCompressedFileIsNamedForWhatItHolds(t *testing.T) {
	text := []byte("phone,name\n1,a\n")
	wide := append([]byte(markUTF16LE), utf16Text(string(text), true)...)
	for _, c := range []struct {
		name string
		data []byte
		what string // empty: it is read
	}{
		{"list.csv.gz", compressed(t, ".gz", text), ""},
		{"list.gz", compressed(t, ".gz", text), ""},
		{"list", compressed(t, ".zst", wide), ""},
		{"list.csv", compressed(t, ".zst", text), ""},
		{"list.parquet.gz", compressed(t, ".gz", text), "named .parquet but holds CSV text"},
		{"list.parquet", compressed(t, ".gz", text), "named .parquet but holds CSV text"},
		{"list.zst", compressed(t, ".gz", text), "named .zst but holds CSV text"},
		{"list.csv.gz", compressed(t, ".gz", compressed(t, ".gz", text)), "gzip within a compressed file"},
		{"list.csv.gz", compressed(t, ".gz", compressed(t, ".zst", text)), "zstd within a compressed file"},
		{"list.zip.gz", compressed(t, ".gz", zipped(t, entry{name: "a.csv", text: "a\n"})), "a zip archive cannot be read here"},
		{"list.parquet.gz", compressed(t, ".gz", []byte("PAR1")), "Parquet needs a file"},
		{"list.csv.gz", compressed(t, ".gz", nil), "the file is empty"},
	} {
		_, err := openNamed(c.name, string(c.data))
		var f *fault.Error
		if c.what == "" && err != nil || c.what != "" && (!errors.As(err, &f) || !strings.Contains(f.What, c.what) || f.Mend == "") {
			t.Errorf("%s: %v, want %q", c.name, err, c.what)
		}
	}
}

func TestReadErrorBeneathACompressionIsNoDamage(t *testing.T) {
	broken := errors.New("the cable was pulled")
	for _, ext := range []string{".gz", ".zst"} {
		whole := compressed(t, ext, []byte(strings.Repeat("phone,name\n", 10_000)))
		src := io.MultiReader(bytes.NewReader(whole[:len(whole)-5]), iotest.ErrReader(broken))
		r, err := Open(Input{Name: "list.csv" + ext, Reader: src, Size: -1}, Options{})
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, broken) || fault.KindOf(err) != 0 || strings.Count(err.Error(), "list.csv") != 1 {
			t.Errorf("%s: error %v", ext, err)
		}
	}
}

func TestZstdThatAsksForALargeWindowIsRefused(t *testing.T) {
	_, err := openNamed("list.csv.zst", "\x28\xB5\x2F\xFD\x00\x98\x01\x00\x00") // a frame of 512 MiB with nothing in it
	if fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), "window") {
		t.Errorf("error %v", err)
	}
}

func TestOutputIsCompressedAsItsNameAsks(t *testing.T) {
	for path, want := range map[string]string{
		"a.csv": "", "a.csv.gz": nameGzip, "a.GZ": nameGzip, "a.zst": nameZstd, "a.csv.zstd": nameZstd, "-": "", "gz": "", "a.gz/b": "",
	} {
		if how, err := Compression(path); how != want || err != nil {
			t.Errorf("%s: %q and %v, want %q", path, how, err, want)
		}
	}
	for _, path := range []string{"a.csv.bz2", "a.xz", "a.zip"} {
		if _, err := Compress(io.Discard, path); fault.KindOf(err) != fault.Usage {
			t.Errorf("%s: %v, want a usage fault", path, err)
		}
	}
}

func TestFullDiskBeneathACompressionIsReported(t *testing.T) {
	text := []byte(strings.Repeat("13800138000,x\n", 10_000))
	for _, ext := range []string{".gz", ".zst"} {
		for left := range len(compressed(t, ext, text)) {
			w, err := Compress(&fullDisk{left: left}, "list"+ext)
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Write(text)
			if err = errors.Join(err, w.Close()); !errors.Is(err, errFull) {
				t.Fatalf("%s: the disk was full after %d bytes: %v", ext, left, err)
			}
		}
	}
}

// FuzzCompressed: whatever stands behind the magic bytes, the answer is rows or a fault; a stream that is read whole
// says what the library makes of it.
func FuzzCompressed(f *testing.F) {
	for _, name := range []string{"plain.csv.gz", "plain.csv.zst"} {
		data, err := os.ReadFile("testdata/csv/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(compressed(f, ".gz", []byte(markUTF16LE+utf16Text("a,b\n1,2\n", true))))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 4 || detect(peek{head: data}).name != nameGzip && !isZstd(peek{head: data}) {
			return
		}
		o := Options{Encoding: "utf-8", Delimiter: ','}
		got, err := suite{open: Open}.rewrittenOrNot(fixture{name: "list", data: data, options: o}, choice{keep: everyRow})
		if err != nil && fault.KindOf(err) == 0 {
			t.Fatalf("%v is no fault", err)
		}
		if err != nil {
			return
		}
		text, err := unpacked(data)
		if err != nil {
			t.Fatalf("read, and the library says %v", err)
		}
		if want := naiveCopy(text, nil); !bytes.Equal(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

// unpacked is what the standard tools make of a compressed file.
func unpacked(data []byte) (string, error) {
	if isZstd(peek{head: data}) {
		d, err := zstd.NewReader(nil)
		if err != nil {
			return "", err
		}
		defer d.Close()
		text, err := d.DecodeAll(data, nil)
		return string(text), err
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}
