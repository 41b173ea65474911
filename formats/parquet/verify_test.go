package parquet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"math/bits"
	"runtime"
	"slices"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
	"pgregory.net/rapid"
)

func TestARunLongerThanItsPageIsFoundOut(t *testing.T) {
	for name, run := range map[string][]byte{
		"one value, a thousand million times": append(binary.AppendUvarint(nil, 1<<30<<1), 1),
		"packed in no bits":                   binary.AppendUvarint(nil, 1<<29<<1|1),
		"too few":                             append(binary.AppendUvarint(nil, 99<<1), 1),
		"packed and cut":                      append(binary.AppendUvarint(nil, 13<<1|1), make([]byte, 12)...),
		"a length without end":                bytes.Repeat([]byte{0xFF}, 12),
		"a length and no value":               binary.AppendUvarint(nil, 100<<1),
		"nothing":                             {},
	} {
		width := 1
		if name == "packed in no bits" {
			width = 0
		}
		if err := walkRuns(run, width, 100, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := walkRuns(append(binary.AppendUvarint(nil, 100<<1), 1), 1, 100, nil); err != nil {
		t.Errorf("a run as long as its page: %v", err)
	}
}

func TestLevelsAreCountedAsTheLibraryWroteThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 200).Draw(t, "most")
		levels := rapid.SliceOfN(rapid.ByteRange(0, byte(most)), 1, 300).Draw(t, "levels")
		want := 0
		for _, level := range levels {
			if int(level) == most {
				want++
			}
		}
		b, err := (&rle.Encoding{BitWidth: bits.Len(uint(most))}).EncodeLevels(nil, levels)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := countLevels(b, most, len(levels)); err != nil || got != want {
			t.Fatalf("%d of %v, %v", got, levels, err)
		}
		if _, err := countLevels(b, most, len(levels)+8); err == nil {
			t.Fatal("more levels than there are")
		}
		// A smaller limit is told from the levels only where it packs them in as many bits as they were written with.
		if above := int(slices.Max(levels)); above > 1 && bits.Len(uint(above-1)) == bits.Len(uint(most)) {
			if _, err := countLevels(b, above-1, len(levels)); err == nil {
				t.Fatal("a level above the greatest")
			}
		}
	})
}

func TestNumbersAreReadFromDifferencesAsTheLibraryWroteThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.Int64(), 1, 400).Draw(t, "numbers")
		b, err := new(delta.BinaryPackedEncoding).EncodeInt64(nil, numbers)
		if err != nil {
			t.Fatal(err)
		}
		got, rest, err := readDeltas(nil, append(slices.Clip(b), "rest"...), len(numbers), 64)
		if err != nil || !slices.Equal(got, numbers) || string(rest) != "rest" {
			t.Fatalf("%v became %v and %q, %v", numbers, got, rest, err)
		}
		if _, _, err := readDeltas(nil, b, len(numbers)+1, 64); err == nil {
			t.Fatal("more numbers than there are")
		}
	})
}

func TestLengthsThatTheBytesDoNotHoldAreFoundOut(t *testing.T) {
	lengths := func(numbers ...int32) []byte {
		b, err := new(delta.BinaryPackedEncoding).EncodeInt32(nil, numbers)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clip(b)
	}
	long := int32(64 << 20)
	for name, c := range map[string]struct {
		e format.Encoding
		b []byte
		n int
	}{
		"a text longer than the page":   {format.DeltaLengthByteArray, append(lengths(2, 9), "abcd"...), 2},
		"a text of negative length":     {format.DeltaLengthByteArray, append(lengths(2, -1), "abcd"...), 2},
		"more shared than there is":     {format.DeltaByteArray, append(append(lengths(0, 5), lengths(2, 0)...), "ab"...), 2},
		"the same text without end":     {format.DeltaByteArray, append(append(lengths(0, long, long, long, long, long), lengths(long, 0, 0, 0, 0, 0)...), make([]byte, long)...), 6},
		"another number of differences": {format.DeltaBinaryPacked, lengths(1, 2, 3), 4},
	} {
		if err := verifyDelta(c.e, c.b, c.n); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := verifyDelta(format.DeltaByteArray, append(append(lengths(0, 2), lengths(2, 1)...), "abc"...), 2); err != nil {
		t.Error(err)
	}
}

func TestAPageIsDecompressedToTheSizeThatItClaims(t *testing.T) {
	text := bytes.Repeat([]byte("abcdefgh"), 1<<17)
	for name, c := range packed(t, text) {
		var d inflater
		for _, size := range []int{len(text), len(text) - 1, len(text) + 1, 0, 100, len(text)} {
			out, err := d.inflate([]byte("head"), c.codec, c.bytes, size)
			if (err == nil) != (size == len(text)) {
				t.Errorf("%s, %d bytes claimed: %v", name, size, err)
			}
			if err == nil && string(out) != "head"+string(text) {
				t.Errorf("%s: the page has changed", name)
			}
		}
		if _, err := d.inflate(nil, c.codec, c.bytes[:len(c.bytes)/2], len(text)); err == nil {
			t.Errorf("%s: half a page is whole", name)
		}
	}
}

type packedPage struct {
	codec format.CompressionCodec
	bytes []byte
}

// packed compresses text in every way that is read.
func packed(t *testing.T, text []byte) map[string]packedPage {
	t.Helper()
	var zipped, stream bytes.Buffer
	zipper := gzip.NewWriter(&zipped)
	streamer, err := zstd.NewWriter(&stream)
	if err != nil {
		t.Fatal(err)
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, zipFailed := zipper.Write(text)
	_, streamFailed := streamer.Write(text[:1000])
	streamFailed = errors.Join(streamFailed, streamer.Flush())
	_, restFailed := streamer.Write(text[1000:])
	block := make([]byte, lz4.CompressBlockBound(len(text)))
	blockSize, blockFailed := lz4.CompressBlock(text, block, nil)
	br, brotliFailed := pq.Brotli.Encode(nil, text)
	if err := errors.Join(zipFailed, zipper.Close(), streamFailed, restFailed, streamer.Close(), blockFailed, brotliFailed); err != nil {
		t.Fatal(err)
	}
	return map[string]packedPage{
		"none":                {format.Uncompressed, text},
		"snappy":              {format.Snappy, s2.EncodeSnappy(nil, text)},
		"gzip":                {format.Gzip, zipped.Bytes()},
		"zstd":                {format.Zstd, encoder.EncodeAll(text, nil)},
		"zstd, size not told": {format.Zstd, stream.Bytes()},
		"brotli":              {format.Brotli, br},
		"lz4":                 {format.Lz4Raw, block[:blockSize]},
	}
}

func TestAPageThatClaimsGigabytesTakesNoMemoryForThem(t *testing.T) {
	const claim = 1<<31 - 1
	huge := func(b ...byte) []byte { return append(binary.AppendUvarint(nil, claim), b...) }
	frame := []byte{0x28, 0xB5, 0x2F, 0xFD, 0xA0, 0xFF, 0xFF, 0xFF, 0x7F, 0x03, 0, 0, 'a'} // of one block that ends it
	small := packed(t, make([]byte, 2000))
	for name, c := range map[string]packedPage{
		"none": {format.Uncompressed, []byte("abc")}, "snappy": {format.Snappy, huge(0xFE, 1, 0)},
		"zstd": {format.Zstd, frame}, "lz4": {format.Lz4Raw, []byte{0x10, 'a', 1, 0, 0xFF}},
		"gzip": small["gzip"], "brotli": small["brotli"],
	} {
		var d inflater
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := d.inflate(nil, c.codec, c.bytes, claim)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; err == nil || n > 64<<20 {
			t.Errorf("%s: %d MB for %d bytes, %v", name, n>>20, len(c.bytes), err)
		}
	}
}
