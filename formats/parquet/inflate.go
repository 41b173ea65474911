package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// inflater decompresses pages. It gives back exactly the bytes that a page claims to hold, and allocates no more.
type inflater struct {
	gzip   *gzip.Reader
	brotli *brotli.Reader
	zstd   *zstd.Decoder
	packed bytes.Reader
}

// trusted is how many bytes a page may claim before its content has shown them: the codecs expand a few bytes to any
// number, so that no smaller bound can be told from the packed size.
const trusted = 64 << 20

// inflate appends to dst the size bytes that src holds, compressed by codec, and leaves slack behind them.
func (d *inflater) inflate(dst []byte, codec format.CompressionCodec, src []byte, size int) ([]byte, error) {
	start, err := len(dst), error(nil)
	switch codec {
	case format.Uncompressed:
		dst, _ = grown(dst, len(src))
		dst = append(dst, src...)
	case format.Snappy:
		dst, err = inflateSnappy(dst, src, size)
	case format.Lz4Raw:
		dst, err = inflateLz4(dst, src, size)
	case format.Zstd:
		dst, err = d.inflateZstd(dst, src, size)
	case format.Gzip, format.Brotli:
		if len(src) > 0 || size > 0 {
			dst, err = d.inflateStream(dst, codec, src, size)
		}
	default:
		return nil, fmt.Errorf("compressed with %s", codec)
	}
	if err == nil && len(dst)-start != size {
		err = fmt.Errorf("a page claims %d bytes but holds %d", size, len(dst)-start)
	}
	dst, _ = grown(dst, 0)
	return dst, err
}

// snappyRatio is more than a block of Snappy can expand: three bytes stand for 64 at most.
const snappyRatio = 22

// inflateSnappy appends a block of Snappy, which begins with its length.
func inflateSnappy(dst, src []byte, size int) ([]byte, error) {
	if len(src) == 0 {
		return dst, nil
	}
	n, length := binary.Uvarint(src)
	if length <= 0 || n != uint64(size) {
		return dst, fmt.Errorf("a page claims %d bytes but holds %d", size, n)
	}
	if int64(size) > snappyRatio*int64(len(src)) {
		return dst, fmt.Errorf("a page claims %d bytes in %d", size, len(src))
	}
	dst, room := grown(dst, size)
	out, err := s2.Decode(room, src)
	if err != nil {
		return dst, err
	}
	return dst[:len(dst)+len(out)], nil
}

// lz4Ratio is more than a block of LZ4 can expand: a byte of a length stands for 255 at most.
const lz4Ratio = 256

// inflateLz4 appends a block of LZ4 without a frame. The library's own decoder gives wrong values (parquet-go#608).
func inflateLz4(dst, src []byte, size int) ([]byte, error) {
	if len(src) == 0 {
		return dst, nil
	}
	if int64(size) > lz4Ratio*int64(len(src)) {
		return dst, fmt.Errorf("a page claims %d bytes in %d", size, len(src))
	}
	dst, room := grown(dst, size)
	n, err := lz4.UncompressBlock(src, room)
	if err != nil {
		return dst, err
	}
	return dst[:len(dst)+n], nil
}

// inflateZstd appends frames of Zstandard. A frame that does not tell its size, or tells a large one, is read as a stream, so that memory
// grows with what is there and not with what is claimed.
func (d *inflater) inflateZstd(dst, src []byte, size int) ([]byte, error) {
	if len(src) == 0 {
		return dst, nil
	}
	if d.zstd == nil {
		var err error
		if d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true)); err != nil {
			return dst, err
		}
	}
	var h zstd.Header
	if err := h.Decode(src); err != nil {
		return dst, err
	}
	if !h.HasFCS || size > trusted {
		return d.inflateStream(dst, format.Zstd, src, size)
	}
	if h.FrameContentSize > uint64(size) {
		return dst, fmt.Errorf("a page claims %d bytes but holds %d", size, h.FrameContentSize)
	}
	dst, room := grown(dst, size)
	out, err := d.zstd.DecodeAll(src, room[:0:size])
	if err != nil {
		return dst, err
	}
	return dst[:len(dst)+len(out)], nil
}

// inflateStream appends what a stream holds, a byte more than size at most.
func (d *inflater) inflateStream(dst []byte, codec format.CompressionCodec, src []byte, size int) ([]byte, error) {
	d.packed.Reset(src)
	stream, err := d.stream(codec)
	if err != nil {
		return dst, err
	}
	buffer := bytes.NewBuffer(dst)
	if _, err := buffer.ReadFrom(io.LimitReader(stream, int64(size)+1)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return dst, err
	}
	return buffer.Bytes(), nil
}

// stream returns the reader of a codec, set to the packed bytes.
func (d *inflater) stream(codec format.CompressionCodec) (r io.Reader, err error) {
	switch {
	case codec == format.Zstd:
		return d.zstd, d.zstd.Reset(&d.packed)
	case codec == format.Brotli && d.brotli == nil:
		d.brotli = brotli.NewReader(&d.packed)
		return d.brotli, nil
	case codec == format.Brotli:
		return d.brotli, d.brotli.Reset(&d.packed)
	case d.gzip == nil:
		if d.gzip, err = gzip.NewReader(&d.packed); err != nil {
			d.gzip = nil
			return nil, err
		}
		return d.gzip, nil
	}
	return d.gzip, d.gzip.Reset(&d.packed)
}

// grown returns dst with room for n more bytes and slack, and the room without it.
func grown(dst []byte, n int) (grown, room []byte) {
	if cap(dst)-len(dst) < n+slack {
		dst = append(make([]byte, 0, len(dst)+n+slack), dst...)
	}
	return dst, dst[len(dst) : len(dst)+n]
}
