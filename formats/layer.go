package formats

import (
	"errors"
	"io"
	"sync/atomic"
)

// layer is what lies around a table: a compression, an archive, UTF-16. What it holds is opened as if it were the
// input, as a stream, so that no format knows of layers.
type layer struct {
	name string
	in   Input                     // what it holds
	size int64                     // bytes of the layer
	read *counted                  // what was read of them
	back func(io.Writer) io.Writer // how rows are written in it; nil: as they are
	// tell joins what was understood of the layer and of the table in it.
	tell func(detail string) string
}

// open opens what the layer holds.
func (l layer) open(o Options) (Reader, error) {
	l.in.Size = -1
	inner, err := Open(l.in, o)
	if err != nil {
		return nil, err
	}
	r := layered{Reader: inner, layer: l}
	if paths, ok := inner.(PathReader); ok {
		return &layeredPaths{layered: r, paths: paths}, nil
	}
	return &r, nil
}

// layered is the reader of what a layer holds. It counts the bytes of the layer, because their number is known.
type layered struct {
	Reader
	layer layer
}

// Info implements Reader.
func (r *layered) Info() Info {
	info := r.Reader.Info()
	info.Size = r.layer.size
	if r.layer.tell != nil {
		info.Detail = r.layer.tell(info.Detail)
	} else {
		info.Detail = r.layer.name + "; " + info.Detail
	}
	return info
}

// Done implements Reader.
func (r *layered) Done() int64 { return r.layer.read.n.Load() }

// NewWriter implements Reader.
func (r *layered) NewWriter(w io.Writer, extra ...string) (Writer, error) {
	if r.layer.back != nil {
		w = r.layer.back(w)
	}
	return r.Reader.NewWriter(w, extra...)
}

// layeredPaths is layered around a reader of nested rows.
type layeredPaths struct {
	layered
	paths PathReader
}

// Path implements PathReader.
func (r *layeredPaths) Path(path string) (int, error) { return r.paths.Path(path) }

// Mind implements PathReader.
func (r *layeredPaths) Mind(meaning func(path string) bool) { r.paths.Mind(meaning) }

// Around implements PathReader.
func (r *layeredPaths) Around() []string { return r.paths.Around() }

// counted counts what passes through it and keeps the error that is not an end: what a decoder makes of a failing disk
// must not be taken for damaged data.
type counted struct {
	from io.Reader
	n    atomic.Int64
	err  error
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}
