package formats

import (
	"io"
	"slices"
	"strings"

	"cpm/formats/fault"
)

// Lossy is a Writer whose output lacks something of its input that a user might miss.
type Lossy interface {
	Writer
	// LeftOut names what the output lacks; it is complete when the writer is closed.
	LeftOut() []string
}

// Converter is a Reader whose rows can be written in other formats than its own.
type Converter interface {
	Reader
	// ConvertsTo lists these formats, as words of --to.
	ConvertsTo() []string
	// NewWriterTo is NewWriter for one of these formats.
	NewWriterTo(format string, w io.Writer, extra ...string) (Writer, error)
}

// converted is a reader whose writers are of another format.
type converted struct {
	Converter
	to string
}

// NewWriter implements Reader.
func (c converted) NewWriter(w io.Writer, extra ...string) (Writer, error) {
	return c.NewWriterTo(c.to, w, extra...)
}

// ConvertTo returns a reader of the same rows whose writers are of the format to, such as csv. The reader's own format
// is one of them; a format that it cannot be written in is a fault of kind Usage.
func ConvertTo(r Reader, to string) (Reader, error) {
	own := strings.ToLower(r.Info().Format)
	if to == own {
		return r, nil
	}
	possible := []string{own}
	if c, ok := r.(Converter); ok {
		if slices.Contains(c.ConvertsTo(), to) {
			return converted{c, to}, nil
		}
		possible = append(possible, c.ConvertsTo()...)
	}
	return nil, fault.New(fault.Usage, "", "%s cannot be written as %q", r.Info().Format, to).
		Hint("it can be written as %s", strings.Join(possible, " or "))
}
