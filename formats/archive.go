package formats

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
	"golang.org/x/text/encoding/simplifiedchinese"

	"cpm/formats/fault"
)

// What an archive may ask for. Nothing of it is written to a disk, and memory in use is that of one batch; so these
// bound time, and the list of what it holds.
const (
	archiveEntries   = 10_000
	archiveDirectory = 4 << 20   // bytes read to list it
	archiveTotal     = 256 << 30 // bytes of all tables
	archiveRatio     = 200       // a table to its compressed bytes …
	archiveFree      = 16 << 20  // … from this size on
)

// Tables returns the tables of a file: of a zip archive one for each file in it, named like "export.zip/list.csv", in
// the order of their names; of any other file the one that it is. Each is opened when it is first read, and can be read
// once; the File stays open until all are read.
func (f *File) Tables() ([]Input, error) {
	if f.info == nil {
		return []Input{f.Input}, nil
	}
	head := make([]byte, 4)
	if n, err := f.file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.At(f.Name, err)
	} else if !isArchive(peek{head: head[:n]}) {
		return []Input{f.Input}, nil
	}
	from := &listing{from: f.file, left: archiveDirectory}
	archive, err := zip.NewReader(from, f.info.Size())
	switch {
	case from.err != nil:
		return nil, fault.At(f.Name, from.err)
	case from.isOver:
		return nil, tooLargeArchive(f.Name, "its list of files is longer than %d MiB", archiveDirectory>>20)
	case err != nil:
		return nil, fault.New(fault.Input, f.Name, "the zip archive is damaged or cut short").Because(err).Hint("fetch it again")
	case isDocument(archive):
		return []Input{f.Input}, nil
	}
	if alone, err := f.isAlone(); err != nil || !alone {
		return nil, errors.Join(err, fault.New(fault.Input, f.Name, "something stands in front of the zip archive: perhaps another archive").
			Hint("pack all tables into one archive, or name the archives apart"))
	}
	from.isOpen = true
	return f.members(archive)
}

// isAlone reports whether the list of files stands where the end of the archive says, counted from the beginning of the
// file. Of two archives one behind the other only one is listed. (One of 4 GiB and more says it elsewhere; its list has
// to begin the same.)
func (f *File) isAlone() (bool, error) {
	const record, longest, beyond = 22, 22 + math.MaxUint16, math.MaxUint32
	tail := make([]byte, min(f.info.Size(), longest))
	from := f.info.Size() - int64(len(tail))
	if _, err := f.file.ReadAt(tail, from); err != nil && !errors.Is(err, io.EOF) {
		return false, fault.At(f.Name, err)
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || at+record > len(tail) {
		return false, nil
	}
	size, offset := binary.LittleEndian.Uint32(tail[at+12:]), binary.LittleEndian.Uint32(tail[at+16:])
	return size == beyond || offset == beyond || int64(size)+int64(offset) == from+int64(at), nil
}

// PassedOver lists what Tables passed over in an archive: hidden files, and the folder that macOS adds.
func (f *File) PassedOver() []string { return f.passedOver }

func isArchive(p peek) bool { return magic("PK\x03\x04", "PK\x05\x06")(p) }

// isDocument recognises a workbook and other documents that are zip archives: each has a list of its parts.
func isDocument(archive *zip.Reader) bool {
	return slices.ContainsFunc(archive.File, func(e *zip.File) bool { return e.Name == "[Content_Types].xml" || e.Name == "mimetype" })
}

// openArchive refuses an archive where one table is needed.
func openArchive(in Input, _ Options) (Reader, error) {
	return nil, fault.New(fault.Unsupported, in.Name, "a zip archive cannot be read here").Hint(mendUnpack)
}

func tooLargeArchive(where, what string, args ...any) error {
	return fault.New(fault.Input, where, "the archive is refused: "+what, args...).Hint("if it is meant to be so, unpack it and name the files in it")
}

// members makes an Input of each table in the archive.
func (f *File) members(archive *zip.Reader) ([]Input, error) {
	if len(archive.File) > archiveEntries {
		return nil, tooLargeArchive(f.Name, "it holds more than %d files", archiveEntries)
	}
	slices.SortFunc(archive.File, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	f.passedOver = nil
	var tables []Input
	var total uint64
	left := uint64(f.info.Size())
	seen := map[string]bool{}
	for _, e := range archive.File {
		where := f.Name + "/" + shownName(e)
		switch {
		case seen[where]:
			return nil, fault.New(fault.Input, where, "the archive holds two files of this name").Hint("make it anew")
		case e.Mode().IsDir() || strings.HasSuffix(e.Name, "/"):
			continue
		case isHidden(e.Name):
			f.passedOver = append(f.passedOver, where)
			continue
		}
		seen[where] = true
		if err := check(e, where); err != nil {
			return nil, err
		}
		if e.CompressedSize64 > left {
			return nil, tooLargeArchive(where, "its files overlap")
		}
		left -= e.CompressedSize64
		if total += e.UncompressedSize64; total > archiveTotal {
			return nil, tooLargeArchive(where, "its files have more than %d GiB together", archiveTotal>>30)
		}
		tables = append(tables, Input{Name: where, Reader: &member{entry: e, where: where}, Size: int64(e.CompressedSize64)})
	}
	return tables, nil
}

// isHidden reports whether a file is none of the tables that were packed.
func isHidden(name string) bool {
	return slices.ContainsFunc(strings.Split(strings.ReplaceAll(name, `\`, "/"), "/"), func(part string) bool {
		return part == "__MACOSX" || strings.HasPrefix(part, ".") && part != "." && part != ".."
	})
}

// shownName returns the name of an entry for a message. Names that are not UTF-8 are Chinese more often than not;
// control characters have no business on a terminal.
func shownName(e *zip.File) string {
	name := path.Clean(strings.ReplaceAll(e.Name, `\`, "/"))
	if !utf8.ValidString(name) {
		name = string(appendDecoded(nil, []byte(name), simplifiedchinese.GB18030.NewDecoder()))
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return strconv.QuoteToASCII(name)
	}
	return name
}

// check refuses an entry that is not read, or claims to be what it can hardly be.
func check(e *zip.File, where string) error {
	const encrypted = 1
	switch {
	case e.Flags&encrypted != 0:
		return fault.New(fault.Input, where, "it is encrypted").Hint("unpack it with its password, and name the files")
	case e.Method != zip.Store && e.Method != zip.Deflate:
		return fault.New(fault.Input, where, "it is compressed by a method that is not read (%d)", e.Method).Hint(mendUnpack)
	case e.Mode()&fs.ModeType != 0:
		return fault.New(fault.Input, where, "it is a link or a device, and no file").Hint(mendUnpack)
	case e.UncompressedSize64 > archiveFree && e.UncompressedSize64/archiveRatio >= e.CompressedSize64:
		return tooLargeArchive(where, "it is %d times as large as its compressed form or more", archiveRatio)
	}
	return nil
}

// member reads one file of an archive, which must be as long as the archive says and have its checksum.
type member struct {
	entry *zip.File
	where string
	raw   *counted
	text  io.Reader
	sum   uint32
	n     uint64
	err   error
}

// open opens the table that a member is.
func (m *member) open(in Input, o Options) (Reader, error) {
	body, err := m.entry.OpenRaw()
	if err != nil {
		return nil, m.damaged(err)
	}
	m.raw = &counted{from: body}
	m.text = io.Reader(m.raw)
	if m.entry.Method == zip.Deflate {
		m.text = flate.NewReader(m.raw)
	}
	l := layer{name: "zip", size: in.Size, in: in, read: m.raw}
	l.in.Reader = struct{ io.Reader }{m}
	return l.open(o)
}

// Read implements io.Reader.
func (m *member) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.text.Read(p)
	m.sum, m.n = crc32.Update(m.sum, crc32.IEEETable, p[:n]), m.n+uint64(n)
	switch {
	case m.raw.err != nil:
		m.err = m.raw.err
	case m.n > m.entry.UncompressedSize64:
		m.err = m.damaged(errors.New("it is longer than the archive says"))
	case errors.Is(err, io.EOF) && m.n < m.entry.UncompressedSize64:
		m.err = m.damaged(errors.New("it is shorter than the archive says"))
	case errors.Is(err, io.EOF) && m.sum != m.entry.CRC32:
		m.err = m.damaged(zip.ErrChecksum)
	case errors.Is(err, io.EOF):
		m.err = io.EOF
	case err != nil:
		m.err = m.damaged(err)
	}
	return n, m.err
}

func (m *member) damaged(cause error) error {
	return fault.New(fault.Input, m.where, "the file is damaged within the archive").Because(cause).Hint("fetch the archive again")
}

// listing is what an archive is read through. Until it is open, only so much of it may be read.
type listing struct {
	from   io.ReaderAt
	left   int64
	isOpen bool
	isOver bool
	err    error // of the disk
}

// ReadAt implements io.ReaderAt.
func (l *listing) ReadAt(p []byte, at int64) (int, error) {
	if l.isOpen {
		return l.from.ReadAt(p, at)
	}
	if l.left -= int64(len(p)); l.left < 0 {
		l.isOver = true
		return 0, io.ErrUnexpectedEOF
	}
	n, err := l.from.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
	}
	return n, err
}
