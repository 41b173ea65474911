package formats

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"cpm/formats/fault"
)

// peekSize is how much of an input is looked at to tell its format.
const peekSize = 64 << 10

// Open tells the format of an input, by its content and then by the extension of its name, and reads as much of it as
// is needed to know its columns. Formats that are known but not read are refused by name.
func Open(in Input, o Options) (Reader, error) {
	if m, ok := in.Reader.(*member); ok {
		return m.open(in, o)
	}
	p, err := peekAt(in)
	if err != nil {
		return nil, err
	}
	if len(p.head) == 0 {
		return nil, noHeader(in.Name)
	}
	if o.Encoding != "" {
		named, err := charsetNamed(o.Encoding)
		if err != nil {
			return nil, err
		}
		p.wide = named.wide
	}
	found := detect(p)
	ext := extension(in.contentName())
	if wants := promised(ext); wants != "" && !found.claims(ext) && !found.isLayer {
		return nil, fault.New(fault.Input, in.Name, "named %s but holds %s", ext, found.name).
			Hint("export it again as %s, or give it the name of what it holds", wants)
	}
	if found.open == nil {
		return nil, fault.New(found.kind(), in.Name, "%s", found.refusal()).Hint("%s", found.mend)
	}
	in.Reader = p.rewound(in.Reader)
	return found.open(in, o)
}

// peek is the beginning of an input.
type peek struct {
	head []byte
	cut  bool // the input goes on behind head
	wide bool // it was named as UTF-16
}

func peekAt(in Input) (peek, error) {
	head := make([]byte, peekSize)
	n, err := io.ReadFull(in.Reader, head)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return peek{head: head[:n]}, nil
	case err != nil:
		return peek{}, fault.At(in.Name, err)
	}
	return peek{head: head, cut: true}, nil
}

// rewound returns a reader from the start of the input. It is an io.ReaderAt if the original is one.
func (p peek) rewound(original io.Reader) io.Reader {
	rest := io.MultiReader(bytes.NewReader(p.head), original)
	if at, ok := original.(io.ReaderAt); ok {
		return struct {
			io.Reader
			io.ReaderAt
		}{rest, at}
	}
	return rest
}

// extension returns the last extension of a name, in lower case, with its dot.
func extension(name string) string { return strings.ToLower(filepath.Ext(name)) }

// withoutExtension returns a name without its last extension, when that promises this format.
func withoutExtension(name, format string) string {
	if ext := extension(name); promised(ext) == format {
		return name[:len(name)-len(ext)]
	}
	return name
}

// promised returns the name of the format that an extension promises. Names of text promise nothing: a table is called
// .csv, .txt, .dat or whatever its sender likes.
func promised(ext string) string {
	for _, f := range known() {
		if f.claims(ext) {
			return f.name
		}
	}
	return ""
}
