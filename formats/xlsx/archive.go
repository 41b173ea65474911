package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/flate"

	"cpm/formats/fault"
)

const (
	maxEntries  = 1 << 14
	maxPart     = 16 << 20 // bytes of a part that is held whole; workbooks of a hundred sheets have 100 KiB
	maxDepth    = 64       // of elements
	ratioFloor  = 1 << 20  // below this many bytes a part may be as well compressed as it likes
	maxRatio    = 500      // of a part's bytes to those it takes in the file; sheets of one value reach 100
	mendDamaged = "copy or export the file again"
)

// archive is the zip package of a workbook.
type archive struct {
	name   string
	source *fault.Source
	parts  map[string]*zip.File // by name, in lower case
}

func openArchive(name string, r io.ReaderAt, size int64) (*archive, error) {
	a := &archive{name: name, source: &fault.Source{From: r}, parts: map[string]*zip.File{}}
	z, err := zip.NewReader(a.source, size)
	if err != nil {
		return nil, a.damaged("", err)
	}
	z.RegisterDecompressor(zip.Deflate, flate.NewReader)
	if len(z.File) > maxEntries {
		return nil, fault.New(fault.Input, name, "the workbook holds %d parts, more than %d", len(z.File), maxEntries)
	}
	for _, f := range z.File {
		key := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		if _, twice := a.parts[key]; twice {
			return nil, fault.New(fault.Input, name, "the workbook holds a part twice").Hint(mendDamaged)
		}
		a.parts[key] = f
	}
	return a, nil
}

// find returns a part, nil when there is none.
func (a *archive) find(part string) *zip.File { return a.parts[strings.ToLower(part)] }

// open opens a part that must be there, as a stream.
func (a *archive) open(part string) (io.ReadCloser, error) {
	f := a.find(part)
	if f == nil {
		return nil, fault.New(fault.Input, a.name, "the workbook lacks the part %s", partName(part)).Hint(mendDamaged)
	}
	if f.Flags&1 != 0 {
		return nil, fault.New(fault.Unsupported, a.name, "the workbook is encrypted").Hint("save it without a password")
	}
	if f.UncompressedSize64 > ratioFloor && f.UncompressedSize64/maxRatio > f.CompressedSize64 {
		return nil, fault.New(fault.Input, a.name, "the part %s claims to be %d times its size in the file", partName(part),
			f.UncompressedSize64/max(f.CompressedSize64, 1)).Hint("it is no sheet that a program has written: export it again")
	}
	r, err := f.Open()
	if err != nil {
		return nil, a.damaged(part, err)
	}
	return r, nil
}

// read reads a part that is held whole.
func (a *archive) read(part string) (data []byte, err error) {
	r, err := a.open(part)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	data, err = io.ReadAll(io.LimitReader(r, maxPart+1))
	if err != nil {
		return nil, a.damaged(part, err)
	}
	if len(data) > maxPart {
		return nil, fault.New(fault.Unsupported, a.name, "the part %s is larger than %d MiB", partName(part), maxPart>>20).
			Hint("save the sheet as CSV (UTF-8)")
	}
	if err := checkXML(data); err != nil {
		return nil, a.damaged(part, err)
	}
	return data, nil
}

// decode reads a part into a struct.
func (a *archive) decode(part string, into any) error {
	data, err := a.read(part)
	if err != nil {
		return err
	}
	if err := xml.NewDecoder(bytes.NewReader(data)).Decode(into); err != nil {
		return a.damaged(part, err)
	}
	return nil
}

// damaged makes a fault of an error of reading, unless it comes from a source that could not be read. What the error
// says is left out: it may quote the file.
func (a *archive) damaged(part string, err error) error {
	if cause := a.source.Failure(); cause != nil {
		return fault.At(a.name, cause)
	}
	if part == "" {
		return fault.New(fault.Input, a.name, "the workbook is cut short or no zip package").Hint(mendDamaged)
	}
	return fault.New(fault.Input, a.name, "the part %s cannot be read%s", partName(part), reason(err)).Hint(mendDamaged)
}

// reason is what may be told of an error: nothing of the file stands in it.
func reason(err error) string {
	for _, known := range []error{
		errCut, errTag, errDoctype, errText, errEntity, errNested, errEncoding, errNamespace, errMatch, errHead,
		errChild, errStrings, io.ErrUnexpectedEOF, zip.ErrChecksum, zip.ErrAlgorithm,
	} {
		if errors.Is(err, known) {
			return ": " + strings.TrimPrefix(known.Error(), "zip: ")
		}
	}
	return ""
}

// partName is the last part of a part's name, cut to what a message can hold.
func partName(part string) string {
	name := path.Base(part)
	if len(name) > 40 {
		name = name[:40] + "…"
	}
	return name
}

// relation is one line of a .rels part.
type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
	Mode   string `xml:"TargetMode,attr"`
}

// kind is the last word of the type, the same in both dialects.
func (r relation) kind() string { return path.Base(r.Type) }

// relations reads what a part refers to, with the targets as names of parts; a part may refer to nothing.
func (a *archive) relations(part string) ([]relation, error) {
	folder, file := path.Split(part)
	rels := path.Join(folder, "_rels", file+".rels")
	if a.find(rels) == nil {
		return nil, nil
	}
	var list struct {
		Relations []relation `xml:"Relationship"`
	}
	if err := a.decode(rels, &list); err != nil {
		return nil, err
	}
	for i := range list.Relations {
		r := &list.Relations[i]
		switch target := strings.ReplaceAll(r.Target, `\`, "/"); {
		case r.Mode == "External":
		case strings.HasPrefix(target, "/"):
			r.Target = strings.TrimPrefix(path.Clean(target), "/")
		default:
			r.Target = strings.TrimPrefix(path.Join("/", folder, target), "/")
		}
	}
	return list.Relations, nil
}

var (
	errNested    = errors.New("its elements are nested too deeply")
	errEncoding  = errors.New("it is not in UTF-8")
	errNamespace = errors.New("it is no part of a workbook")
	errMatch     = errors.New("its tags do not match")
)

// checkXML refuses a part with a document type, in another encoding, or nested without end.
func checkXML(data []byte) error {
	if err := checkProlog(data); err != nil {
		return err
	}
	if err := checkText(data); err != nil {
		return err
	}
	s := scanner{data: bytes.TrimPrefix(data, []byte(mark))}
	var open nesting
	for {
		if err := s.next(); err != nil {
			return err
		}
		if s.kind == tokenEnd {
			if len(open) > 0 {
				return errCut
			}
			return nil
		}
		if err := open.follow(&s); err != nil {
			return err
		}
	}
}

// nesting is the names of the elements that are open.
type nesting [][]byte

// follow takes a token into account.
func (n *nesting) follow(s *scanner) error {
	switch s.kind {
	case tokenOpen:
		if *n = append(*n, s.name); len(*n) > maxDepth {
			return errNested
		}
	case tokenClose:
		last := len(*n) - 1
		if last < 0 || !bytes.Equal((*n)[last], s.name) {
			return errMatch
		}
		*n = (*n)[:last]
	case tokenEnd, tokenText, tokenEmpty:
	}
	return nil
}

// mark is the byte order mark of UTF-8.
const mark = "\uFEFF"

// checkProlog refuses XML that says it is in another encoding than UTF-8.
func checkProlog(data []byte) error {
	data = bytes.TrimPrefix(data, []byte(mark))
	if !bytes.HasPrefix(data, []byte("<?xml")) {
		return nil
	}
	end := bytes.Index(data, []byte("?>"))
	if end < 0 {
		return errCut
	}
	_, said, found := bytes.Cut(data[:end], []byte("encoding"))
	if !found {
		return nil
	}
	said = bytes.TrimLeft(said, whiteSpace+"=")
	if len(said) < 7 || !strings.EqualFold(string(said[1:6]), "utf-8") || said[6] != said[0] {
		return errEncoding
	}
	return nil
}
