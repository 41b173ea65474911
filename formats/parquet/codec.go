package parquet

import (
	"errors"
	"slices"
	"sync"

	"github.com/golang/snappy"
	"github.com/parquet-go/parquet-go/compress/brotli"
	"github.com/parquet-go/parquet-go/compress/gzip"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// codec compresses pages. It may be used by several goroutines at once, and keeps its memory. What encode returns is
// in dst where that has room.
type codec struct {
	kind   format.CompressionCodec
	encode func(dst, src []byte) ([]byte, error)
}

// newCodec returns what compresses pages as a source has them. No file records a level; these are the levels at which
// the size of the output comes nearest to that of DuckDB's and Arrow's files for the time spent. The encoder of Snappy
// is Google's, because the fast one of s2 makes files that are 4 % larger for 3 % of the time.
func newCodec(kind format.CompressionCodec) *codec {
	switch kind {
	case format.Snappy:
		return &codec{kind, func(dst, src []byte) ([]byte, error) { return snappy.Encode(dst[:cap(dst)], src), nil }}
	case format.Gzip:
		return &codec{kind, (&gzip.Codec{Level: gzip.DefaultCompression}).Encode}
	case format.Brotli:
		return &codec{kind, (&brotli.Codec{Quality: 5}).Encode}
	case format.Zstd:
		return &codec{kind, (&zstd.Codec{Level: zstd.SpeedFastest}).Encode}
	case format.Lz4Raw:
		return &codec{kind, new(lz4Encoder).encode}
	}
	return &codec{format.Uncompressed, func(dst, src []byte) ([]byte, error) { return append(dst[:0], src...), nil }}
}

// lz4Encoder makes blocks of LZ4 without a frame, which the format calls LZ4_RAW.
type lz4Encoder struct{ pool sync.Pool }

func (e *lz4Encoder) encode(dst, src []byte) ([]byte, error) {
	if len(src) == 0 {
		return append(dst[:0], 0), nil // a block of one empty literal
	}
	c, _ := e.pool.Get().(*lz4.Compressor)
	if c == nil {
		c = new(lz4.Compressor)
	}
	defer e.pool.Put(c)
	dst = slices.Grow(dst[:0], lz4.CompressBlockBound(len(src)))
	n, err := c.CompressBlock(src, dst[:cap(dst)])
	if err == nil && n == 0 {
		err = errors.New("a page could not be compressed with LZ4")
	}
	return dst[:n], err
}
