package formats

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"
	"runtime"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/pgzip"
	"github.com/xi2/xz"

	"cpm/formats/fault"
)

const (
	nameGzip  = "gzip"
	nameZstd  = "zstd"
	nameBzip2 = "bzip2"
	nameXZ    = "xz"

	// What the commands zstd and xz take without being asked for more; it is memory that a file asks for.
	zstdWindow   = 128 << 20
	xzDictionary = 64 << 20
)

func openGzip(in Input, o Options) (Reader, error) {
	return openCompressed(in, o, nameGzip, func(r *bufio.Reader) (io.Reader, error) {
		first, err := gzip.NewReader(r)
		return &gzipMembers{first, r}, cutShort(err)
	})
}

// gzipMembers reads members one behind the other. Where each ends is seen here, because the library takes a header that
// is cut short within a name for the end.
type gzipMembers struct {
	member *gzip.Reader
	from   *bufio.Reader
}

// Read implements io.Reader.
func (m *gzipMembers) Read(p []byte) (n int, err error) {
	for n == 0 && err == nil && len(p) > 0 {
		m.member.Multistream(false)
		n, err = m.member.Read(p)
		if err != io.EOF { //nolint:errorlint // a wrapped end is no end
			continue
		}
		if _, err = m.from.Peek(1); err == nil {
			err = cutShort(m.member.Reset(m.from))
		}
	}
	return n, err
}

// cutShort turns an end where there should be more into what it is.
func cutShort(err error) error {
	if err == io.EOF { //nolint:errorlint // as above
		return io.ErrUnexpectedEOF
	}
	return err
}

// openZstd decodes on the goroutine that reads: the batches are decoded beside it anyhow.
func openZstd(in Input, o Options) (Reader, error) {
	return openCompressed(in, o, nameZstd, func(r *bufio.Reader) (io.Reader, error) {
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderLowmem(true))
	})
}

func openBzip2(in Input, o Options) (Reader, error) {
	return openCompressed(in, o, nameBzip2, func(r *bufio.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil })
}

func openXZ(in Input, o Options) (Reader, error) {
	return openCompressed(in, o, nameXZ, func(r *bufio.Reader) (io.Reader, error) { return xz.NewReader(r, xzDictionary) })
}

// openCompressed opens what a stream holds, whose parts may be several, one behind the other.
func openCompressed(in Input, o Options, name string, start func(*bufio.Reader) (io.Reader, error)) (Reader, error) {
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
	start     func(*bufio.Reader) (io.Reader, error)
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
	case errors.Is(err, xz.ErrMemlimit):
		return fault.New(fault.Input, f.name, "it was compressed with a dictionary of more than 64 MiB").Hint(mendXZ)
	case errors.Is(err, xz.ErrOptions), errors.Is(err, xz.ErrUnsupportedCheck):
		return fault.New(fault.Unsupported, f.name, "it was compressed by a filter of xz that is not read").Hint(mendXZ)
	}
	return fault.New(fault.Input, f.name, "the %s data are damaged or cut short", f.how).Because(err).
		Hint("fetch the file again; check it with %s -t", f.how)
}

const mendXZ = "unpack it first: xz -dk IN"

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

// Compressor is what compresses an output. One of Close and Abandon ends it: what works beside the writer ends only
// then.
type Compressor interface {
	io.Writer
	// Close completes the data, and leaves the writer beneath open.
	Close() error
	// Abandon leaves the data incomplete, after an error of any kind. Nothing is written to the writer beneath any more.
	Abandon()
}

const (
	// What is compressed as one, of gzip a block, of zstd four windows. The bytes of an output depend on it, so it does not
	// depend on the machine.
	gzipBlock       = 512 << 10
	zstdBlockWindow = 512 << 10
	mostCompressing = 8 // blocks at once: they are the memory of an output
)

// Compress returns a writer to w that compresses as the name of the output asks, on all processors. The bytes are the
// same whatever their number.
func Compress(w io.Writer, path string) (Compressor, error) {
	how, err := Compression(path)
	if err != nil {
		return nil, err
	}
	// With one, zstd would cut the data otherwise.
	atOnce := min(max(2, runtime.GOMAXPROCS(0)), mostCompressing)
	switch how {
	case nameGzip:
		to := pgzip.NewWriter(w)
		to.ModTime = time.Unix(0, 0) // which stands for none
		return abandonable{to}, to.SetConcurrency(gzipBlock, atOnce)
	case nameZstd:
		to, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(atOnce), zstd.WithConcurrentBlocks(true),
			zstd.WithWindowSize(zstdBlockWindow), zstd.WithZeroFrames(true)) // without it nothing would be no zstd file
		return abandonable{to}, err
	}
	return asItStands{w}, nil
}

// abandonable is a writer that compresses beside the one who writes.
type abandonable struct {
	resettable
}

type resettable interface {
	io.WriteCloser
	// Reset waits for the work at hand, forgets what it came to, and begins anew.
	Reset(w io.Writer)
}

// Abandon implements Compressor.
func (a abandonable) Abandon() { a.Reset(io.Discard) }

// asItStands is a writer that compresses nothing.
type asItStands struct{ io.Writer }

// Close implements Compressor.
func (asItStands) Close() error { return nil }

// Abandon implements Compressor.
func (asItStands) Abandon() {}
