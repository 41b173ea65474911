package formats

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"cpm/formats/fault"
)

const (
	nameGzip = "gzip"
	nameZstd = "zstd"
	// zstdWindow is what the zstd command takes without being asked for more; it is memory that a file asks for.
	zstdWindow = 128 << 20
)

func openGzip(in Input, o Options) (Reader, error) {
	return openCompressed(in, o, nameGzip, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
}

// openZstd decodes on the goroutine that reads: the batches are decoded beside it anyhow.
func openZstd(in Input, o Options) (Reader, error) {
	return openCompressed(in, o, nameZstd, func(r io.Reader) (io.Reader, error) {
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderLowmem(true))
	})
}

// openCompressed opens what a stream holds, whose parts may be several, one behind the other.
func openCompressed(in Input, o Options, name string, start func(io.Reader) (io.Reader, error)) (Reader, error) {
	if in.compressed {
		return nil, fault.New(fault.Unsupported, in.Name, "%s within a compressed file is not read", name).Hint("unpack it once")
	}
	l := layer{name: name, size: in.Size, in: in, read: &counted{from: in.Reader}}
	l.in.compressed, l.in.content = true, withoutExtension(in.contentName(), name)
	l.in.Reader = &inflater{name: in.Name, how: name, from: l.read, start: start}
	return l.open(o)
}

// inflater reads what a compressed stream holds. A stream that is damaged or cut short is a fault, never an end.
type inflater struct {
	name, how string
	from      *counted
	start     func(io.Reader) (io.Reader, error)
	text      io.Reader
	err       error
}

// Read implements io.Reader.
func (f *inflater) Read(p []byte) (n int, err error) {
	if f.err != nil {
		return 0, f.err
	}
	if f.text == nil {
		f.text, err = f.start(bufio.NewReaderSize(f.from, peekSize))
	}
	if err == nil {
		n, err = f.text.Read(p)
	}
	f.err = f.judge(err)
	return n, f.err
}

func (f *inflater) judge(err error) error {
	switch {
	case f.from.err != nil:
		return f.from.err
	case err == nil || err == io.EOF && f.text != nil: //nolint:errorlint // a wrapped end is no end
		return err
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fault.New(fault.Input, f.name, "it was compressed with a window of more than 128 MiB").
			Hint("unpack it first: zstd -d --long=31 IN")
	}
	return fault.New(fault.Input, f.name, "the %s data are damaged or cut short", f.how).Because(err).
		Hint("fetch the file again; check it with %s -t", f.how)
}

// Compression returns the compression that the name of an output asks for, "" for none. One that is not written is a
// fault of kind Usage.
func Compression(path string) (string, error) {
	switch ext := extension(path); ext {
	case ".gz", ".tgz":
		return nameGzip, nil
	case ".zst", ".zstd":
		return nameZstd, nil
	case ".bz2", ".xz", ".zip":
		return "", fault.New(fault.Usage, path, "%s is not written", ext).Hint("name the output .gz or .zst, or leave it uncompressed")
	}
	return "", nil
}

// Compress returns a writer to w that compresses as the name of the output asks. Close completes the data and leaves w
// open.
func Compress(w io.Writer, path string) (io.WriteCloser, error) {
	how, err := Compression(path)
	if err != nil {
		return nil, err
	}
	switch how {
	case nameGzip:
		return gzip.NewWriter(w), nil
	case nameZstd:
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return asItStands{w}, nil
}

// asItStands is a writer that compresses nothing.
type asItStands struct{ io.Writer }

// Close implements io.Closer.
func (asItStands) Close() error { return nil }
