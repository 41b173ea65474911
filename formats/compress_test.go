package formats

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/xi2/xz"

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
	fixtures := []fixture{textFixture(t, "utf-16le.txt", Options{})}
	fixtures[0].data, fixtures[0].name = compressed(t, ".zst", fixtures[0].data), "zstd of UTF-16"
	for ext, name := range map[string]string{
		".gz": "gzip of two members", ".zst": "zstd of two frames", ".bz2": "bzip2 of two streams", ".xz": "xz of two streams, padding between",
	} {
		f := textFixture(t, "plain.csv"+ext, Options{})
		f.name, f.copied = name, plain.data
		fixtures = append(fixtures, f)
	}
	conform(t, suite{open: Open, fixtures: fixtures, verbatim: true})
}

// streamsOfTwo are fixtures of two compressed streams, and where the first one ends: a file cut there, or within what may
// stand between the streams, is whole as far as anybody can tell.
func streamsOfTwo(t *testing.T) map[string][]int {
	t.Helper()
	borders := map[string][]int{}
	for _, ext := range []string{".gz", ".zst", ".bz2", ".xz"} {
		data := textFixture(t, "plain.csv"+ext, Options{}).data
		second := bytes.LastIndex(data, data[:4])
		borders[ext] = append(borders[ext], second)
		if ext == ".xz" { // eight zeros, of which four are padding too
			borders[ext] = []int{second - 8, second - 4, second}
		}
	}
	return borders
}

func TestCompressedFixturesAreRefusedAtEveryCutThatIsNoBorder(t *testing.T) {
	plain := textFixture(t, "plain.csv", Options{}).data
	for ext, borders := range streamsOfTwo(t) {
		f := textFixture(t, "plain.csv"+ext, Options{})
		for n := 1; n < len(f.data); n++ {
			_, err := readTable(suite{open: Open}, f, f.data[:n])
			if slices.Contains(borders, n) {
				text, unpackErr := unpacked(f.data[:n])
				if unpackErr != nil || !bytes.HasPrefix(plain, []byte(text)) || len(text) != len(plain)/2 {
					t.Errorf("%s cut after %d bytes: %d bytes of text and %v", ext, n, len(text), unpackErr)
				}
				continue
			}
			if fault.KindOf(err) != fault.Input {
				t.Errorf("%s cut after %d bytes of %d: %v, want a fault of the input", ext, n, len(f.data), err)
			}
		}
	}
}

func TestCompressedFixturesWithAFlippedBitGiveNothingElse(t *testing.T) {
	for ext := range streamsOfTwo(t) {
		f := textFixture(t, "plain.csv"+ext, Options{})
		whole, err := readTable(suite{open: Open}, f, f.data)
		if err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * len(f.data) {
			flipped := bytes.Clone(f.data)
			flipped[bit/8] ^= 1 << (bit % 8)
			table, err := readTable(suite{open: Open}, f, flipped)
			switch {
			case err != nil && fault.KindOf(err) == 0:
				t.Errorf("%s with bit %d flipped: %v, which is no fault", ext, bit, err)
			case err == nil && !cmp.Equal(whole, table):
				t.Errorf("%s with bit %d flipped: %d rows that are not those of the file", ext, bit, len(table.Rows))
			}
		}
	}
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

func TestGzipMemberThatIsCutInItsHeaderIsRefused(t *testing.T) {
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		w := gzip.NewWriter(out)
		w.Name, w.Comment, w.Extra = "list.csv", "of the night", []byte("more")
		_, err := io.WriteString(w, "phone\n13800138000\n")
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	whole := append(bytes.Clone(first.Bytes()), second.Bytes()...)
	for n := range whole {
		table, err := readTable(suite{open: Open}, fixture{name: "list.csv.gz"}, whole[:n])
		if n == first.Len() {
			if err != nil || len(table.Rows) != 1 {
				t.Errorf("cut between its members: %d rows and %v", len(table.Rows), err)
			}
		} else if fault.KindOf(err) != fault.Input {
			t.Errorf("cut after %d bytes of %d: %v", n, len(whole), err)
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

func TestXZThatAsksForMuchMemoryOrIsOfAnotherKindIsRefused(t *testing.T) {
	for name, want := range map[string]string{
		"dictionary-1gib.csv.xz": "dictionary of more than 64 MiB", "arm64.csv.xz": "a filter of xz that is not read",
	} {
		f := textFixture(t, name, Options{})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := openNamed("list.csv.xz", string(f.data))
		runtime.ReadMemStats(&after)
		if fault.KindOf(err) == 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", name, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
			t.Errorf("%s: %d MiB were allocated", name, grown>>20)
		}
	}
}

func TestHeaderThatBeginsAsBzip2DoesIsText(t *testing.T) {
	for _, text := range []string{"BZh,phone\n1,2\n", "BZh9,phone\n1,2\n", "BZh1AY,phone\n1,2\n"} {
		if r, err := openNamed("list.csv", text); err != nil || r.Info().Format != "CSV" || r.Info().Detail != "UTF-8, comma, LF" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCompressedBytesDoNotDependOnProcessorsNorOnWrites(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 5<<20)
	for i := range text {
		text[i] = "0123456789,\n"[random.IntN(12)]
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, ext := range []string{".gz", ".zst"} {
		var first []byte
		for _, processors := range []int{1, 2, 7} {
			runtime.GOMAXPROCS(processors)
			var out bytes.Buffer
			w, err := Compress(&out, "list.csv"+ext)
			for at := 0; err == nil && at < len(text); {
				n := min(1+random.IntN(1<<20), len(text)-at)
				_, err = w.Write(text[at : at+n])
				at += n
			}
			if err = errors.Join(err, w.Close()); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = out.Bytes()
			}
			if back, err := unpacked(out.Bytes()); err != nil || back != string(text) || !bytes.Equal(first, out.Bytes()) {
				t.Errorf("%s on %d processors: %d bytes, want %d; unpacked to %d bytes and %v", ext, processors, out.Len(), len(first), len(back), err)
			}
		}
	}
}

func TestNothingCompressedIsAValidFile(t *testing.T) {
	for _, ext := range []string{".gz", ".zst"} {
		if text, err := unpacked(compressed(t, ext, nil)); err != nil || text != "" {
			t.Errorf("%s: %q and %v", ext, text, err)
		}
	}
}

// guardedWriter notes what is written after it was closed to writers.
type guardedWriter struct {
	closed, late atomic.Bool
}

func (g *guardedWriter) Write(p []byte) (int, error) {
	if g.closed.Load() {
		g.late.Store(true)
	}
	return len(p), nil
}

// The bubble of synctest ends only when every goroutine of an abandoned output has ended.
func TestAbandonedCompressionWritesNothingMore(t *testing.T) {
	text := bytes.Repeat([]byte("13800138000,x,2026-11-25\n"), 1<<18)
	for _, ext := range []string{".gz", ".zst", ""} {
		synctest.Test(t, func(t *testing.T) {
			var under guardedWriter
			w, err := Compress(&under, "list.csv"+ext)
			if err == nil {
				_, err = w.Write(text)
			}
			if err != nil {
				t.Fatal(err)
			}
			w.Abandon()
			under.closed.Store(true)
			synctest.Wait()
			if under.late.Load() {
				t.Errorf("%q: something was written after the end", ext)
			}
		})
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
	short := []byte(strings.Repeat("13800138000,x\n", 10_000))
	long := bytes.Repeat(short, 40) // several blocks, written beside the one who writes
	for _, ext := range []string{".gz", ".zst"} {
		for left := range len(compressed(t, ext, short)) {
			checkFullDisk(t, ext, short, left)
		}
		size := len(compressed(t, ext, long))
		for _, left := range []int{0, 1, size / 3, size / 2, size - 9, size - 4, size - 1} {
			checkFullDisk(t, ext, long, left)
		}
	}
}

func checkFullDisk(t *testing.T, ext string, text []byte, left int) {
	t.Helper()
	w, err := Compress(&fullDisk{left: left}, "list"+ext)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(text)
	err = errors.Join(err, w.Close())
	w.Abandon()
	if !errors.Is(err, errFull) {
		t.Fatalf("%s: the disk was full after %d bytes: %v", ext, left, err)
	}
}

// FuzzCompressed: whatever stands behind the magic bytes, the answer is rows or a fault; a stream that is read whole
// says what the library makes of it.
func FuzzCompressed(f *testing.F) {
	for _, name := range []string{"plain.csv.gz", "plain.csv.zst", "plain.csv.bz2", "plain.csv.xz"} {
		data, err := os.ReadFile("testdata/csv/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(compressed(f, ".gz", []byte(markUTF16LE+utf16Text("a,b\n1,2\n", true))))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 4 || !slices.Contains([]string{nameGzip, nameZstd, nameBzip2, nameXZ}, detect(peek{head: data}).name) {
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
	var r io.Reader
	var err error
	switch detect(peek{head: data}).name {
	case nameZstd:
		d, err := zstd.NewReader(nil)
		if err != nil {
			return "", err
		}
		defer d.Close()
		text, err := d.DecodeAll(data, nil)
		return string(text), err
	case nameBzip2:
		r = bzip2.NewReader(bytes.NewReader(data))
	case nameXZ:
		r, err = xz.NewReader(bytes.NewReader(data), 0)
	default:
		r, err = gzip.NewReader(bytes.NewReader(data))
	}
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}
