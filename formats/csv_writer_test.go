package formats

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestWriter(t *testing.T) {
	for _, c := range []struct {
		name, in, extra, want string
		noHeader              bool
		keep                  string // rows by number; empty keeps all
	}{
		{name: "a last row without line end stays as it is when it is last", in: "a,b\r\n1,2\r\n3,4", want: "a,b\r\n1,2\r\n3,4"},
		{name: "a dropped last row leaves the line end of the one before", in: "a,b\n1,2\n3,4", keep: "0", want: "a,b\n1,2\n"},
		{name: "each row keeps its own line end", in: "a,b\r\n1,2\n3,4\r\n5,6\r", want: "a,b\r\n1,2\n3,4\r\n5,6\r"},
		{name: "the mark is kept and the header is extended before its line end", in: bom + "a,b\r\n1,2\n3,4", extra: "cpm_reason", want: bom + "a,b,cpm_reason\r\n1,2,word\n3,4,wo\"\"rd"},
		{name: "a header that a CR ends at the end of the file keeps it", in: "a,b\r", extra: "why", want: "a,b,why\r"},
		{name: "a header alone is extended without a line end", in: "a,b", extra: "cpm_reason", want: "a,b,cpm_reason"},
		{name: "without a header only rows are extended", in: bom + "1,2\r\n3,4\r", extra: "cpm_reason", noHeader: true, want: bom + "1,2,word\r\n3,4,\"wo\"\"rd\"\r"},
		{name: "several columns are added in their order", in: "a,b\n1,2\n3,4\n", extra: "why how", want: "a,b,why,how\n1,2,word,word\n3,4,wo\"\"rd,wo\"\"rd\n"},
		{name: "a malformed row goes as it stands", in: "a,b\n1\n\"2\"x,3\n", extra: "why", want: "a,b,why\n1,word\n\"2\"x,3,\"wo\"\"rd\"\n"},
		{name: "an empty recipient gets its word", in: "a\n\n1\n", extra: "why", want: "a,why\n,word\n1,\"wo\"\"rd\"\n"},
		{name: "empty lines are dropped between rows that are kept", in: "\n\na,b\n1,2\n\n\r\n3,4\n\n", want: "a,b\n1,2\n3,4\n"},
		{name: "a name that needs quotes gets them", in: "a\n1\n", extra: "x,\"y", want: "a,\"x,\"\"y\"\n1,word\n"},
		{name: "a quoted line break is no line end", in: "a,b\n\"1\n2\",3\n4,5\n", keep: "0", want: "a,b\n\"1\n2\",3\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			how := choice{keep: everyRow, extra: strings.Fields(c.extra), words: []string{"word", `wo"rd`}, word: func(row int) uint8 { return uint8(row & 1) }}
			if c.keep != "" {
				how.keep = func(row int) bool { return strings.Contains(c.keep, string(rune('0'+row))) }
			}
			for _, batch := range []int{0, 1, 5} {
				got, err := copyRows(c.in, Options{NoHeader: c.noHeader, BatchSize: batch}, how)
				if err != nil {
					t.Fatal(err)
				}
				if want := strings.ReplaceAll(c.want, `,wo""rd`, `,"wo""rd"`); got != want {
					t.Errorf("batches of %d bytes: %q, want %q", batch, got, want)
				}
			}
		})
	}
}

// encodeAll decodes and encodes every row of a text in one batch, to be appended by hand.
func encodeAll(t *testing.T, r *csvReader, w Writer) Part {
	t.Helper()
	b := firstBatch(t, r)
	p, err := w.Encode(b, choice{keep: everyRow}.selection(0, b.Rows()))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRowBehindOneWithoutLineEndStandsOnItsOwnLine(t *testing.T) {
	for _, c := range []struct{ name, header, last, want string }{
		{"the header's line end completes a row without one", "a,b\r\n", "1,2", "a,b\r\n1,2\r\n1,2"},
		{"an LF completes a CR that only the end made a line end", "a,b\n", "1,2\r", "a,b\n1,2\r\n1,2\r"},
		{"a whole row needs nothing", "a,b\r\n", "1,2\n", "a,b\r\n1,2\n1,2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			first, err := openText(c.header+c.last, csvShape{batch: 100})
			if err != nil {
				t.Fatal(err)
			}
			second, err := openText(c.header+c.last, csvShape{batch: 100})
			if err != nil {
				t.Fatal(err)
			}
			w, err := first.NewWriter(&out)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []Part{encodeAll(t, first, w), encodeAll(t, second, w)} {
				if err := w.Append(p); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil || out.String() != c.want {
				t.Errorf("%q and %v, want %q", out.String(), err, c.want)
			}
		})
	}
}

func TestRowBehindAHeaderWithoutLineEndStandsOnItsOwnLine(t *testing.T) {
	for header, want := range map[string]string{"a,b": "a,b\n1,2\n", "a,b\r": "a,b\r\n1,2\n"} {
		bare, err := openText(header, csvShape{batch: 100})
		if err != nil {
			t.Fatal(err)
		}
		other, err := openText("a,b\n1,2\n", csvShape{batch: 100})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w, err := bare.NewWriter(&out)
		if err == nil {
			err = w.Append(encodeAll(t, other, w))
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil || out.String() != want {
			t.Errorf("%q becomes %q and %v", header, out.String(), err)
		}
	}
}

func TestSelectionThatDoesNotFitItsBatchIsRefused(t *testing.T) {
	r, err := openText("a,b\n1,2\n3,4\n", csvShape{batch: 100})
	if err != nil {
		t.Fatal(err)
	}
	b := firstBatch(t, r)
	w, err := r.NewWriter(io.Discard, "why")
	if err != nil {
		t.Fatal(err)
	}
	keep := Bits{3}
	for name, s := range map[string]Selection{
		"no bits":        {Extra: [][]uint8{{0, 0}}, Words: []string{"w"}},
		"too few words":  {Keep: keep, Extra: [][]uint8{{0, 1}}, Words: []string{"w"}},
		"too short":      {Keep: keep, Extra: [][]uint8{{0}}, Words: []string{"w"}},
		"nothing at all": {},
	} {
		if _, err := w.Encode(b, s); err == nil {
			t.Errorf("%s: encoded without an error", name)
		}
	}
	if err := w.Append("a part of something else"); err == nil {
		t.Error("a foreign part was appended")
	}
}

func TestBatchThatIsNotDecodedOrIsReleasedIsNotEncoded(t *testing.T) {
	r, err := openText("a,b\n1,2\n3,\x004\n5,6\n", csvShape{batch: 8})
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.NewWriter(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s := Selection{Keep: Bits{^uint64(0)}}
	b, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Encode(b, s); err == nil {
		t.Error("a batch was encoded that nobody had decoded")
	}
	if err := b.Decode(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Encode(b, s); err != nil {
		t.Error(err)
	}
	b.Release()
	if _, err := w.Encode(b, s); err == nil {
		t.Error("a batch was encoded after its release")
	}
	if b, err = r.Next(); err != nil {
		t.Fatal(err)
	}
	if err := b.Decode(); err == nil {
		t.Error("a NUL byte was decoded")
	}
	if _, err := w.Encode(b, s); err == nil {
		t.Error("a batch was encoded that could not be decoded")
	}
}

// shortWriter takes less than it is given and does not say why.
type shortWriter struct{}

func (shortWriter) Write(p []byte) (int, error) { return len(p) / 2, nil }

func TestShortWriteIsAnErrorThatStays(t *testing.T) {
	r, err := openText("a,b\n1,2\n", csvShape{batch: 100})
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.NewWriter(shortWriter{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(encodeAll(t, r, w)); !errors.Is(err, io.ErrShortWrite) || w.Rows() != 0 {
		t.Errorf("error %v, %d rows", err, w.Rows())
	}
	if err := w.Close(); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("the writer closes with %v", err)
	}
}

func TestBatchOfAnotherFormatIsRefused(t *testing.T) {
	r, err := openText("a,b\n", csvShape{batch: 100})
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.NewWriter(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Encode(nil, Selection{}); err == nil {
		t.Error("no batch at all was encoded")
	}
}
