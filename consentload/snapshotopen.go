package consentload

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"

	"github.com/zeebo/xxh3"

	"cpm/formats"
	"cpm/formats/fault"
)

// Snapshot is an open index file. Its header and what it tells of itself have been held to their checksums; the rest is
// when it is asked for. It is mapped, so nothing that came of it may be used after Close.
type Snapshot struct {
	About About

	name   string
	file   *formats.File
	data   []byte
	blocks *blockFile
	places map[sectionPlace][2]uint64
}

type sectionPlace struct {
	kind sectionKind
	of   uint32
}

// OpenSnapshot opens an index file; digest has its SHA-256 taken beside. What is no index, or not a whole one, is a
// fault of kind Input.
func OpenSnapshot(ctx context.Context, files formats.Files, path string, digest bool) (s *Snapshot, err error) {
	file, err := files.Open(ctx, path, digest)
	if err != nil {
		return nil, err
	}
	s = &Snapshot{name: file.Name, file: file}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	on, isFile := file.Reader.(*os.File)
	if !isFile || file.Info() == nil {
		return s, fault.New(fault.Usage, path, "an index is mapped, and this is no file").Hint("name the file itself")
	}
	if file.Info().Size() < headerSize {
		return s, s.notWhole(file.Info().Size(), headerSize)
	}
	if s.data, err = mapFile(on, file.Info().Size()); err != nil {
		return s, err
	}
	if err := s.readHeader(); err != nil {
		return s, err
	}
	return s, s.readAbout()
}

func (s *Snapshot) notWhole(is, due int64) error {
	what := "cut off"
	if is > due {
		what = "longer than it was written"
	}
	return fault.New(fault.Input, s.name, "the index is %s: it has %d bytes and should have %d", what, is, due).
		Hint("build it again, or copy it again from where it was built")
}

// readHeader holds the header and the table of sections to their checksums, and finds the sections.
func (s *Snapshot) readHeader() error {
	if !isSnapshot(s.data) {
		return fault.New(fault.Input, s.name, "this is no index: it does not begin as one").
			Hint("cpm index build makes one; consent exports are named with --consent")
	}
	field := func(i int) uint64 { return binary.LittleEndian.Uint64(s.data[8*i:]) }
	if version := field(1); version != snapshotVersion {
		return fault.New(fault.Input, s.name, "the index has version %d, and this cpm reads version %d", version, snapshotVersion).
			Hint("build it again")
	}
	if size := field(2); size != uint64(len(s.data)) && xxh3.Hash(s.data[:headerSize-8]) == field(7) {
		return s.notWhole(int64(len(s.data)), int64(size))
	}
	sections, start := field(3), field(4)
	if xxh3.Hash(s.data[:headerSize-8]) != field(7) || field(6) != blockSize || start < headerSize || start > uint64(len(s.data)) {
		return damaged(s.name, "its header is not what was written")
	}
	table, size := s.data[headerSize:start], uint64(len(s.data))-start
	sums := 8 * blocksIn(size)
	if xxh3.Hash(table) != field(5) || sections > uint64(len(table))/entrySize || sections*entrySize+sums > uint64(len(table)) {
		return damaged(s.name, "its table of sections is not what was written")
	}
	s.blocks = newBlockFile(s.name, s.data[start:], table[sections*entrySize:sections*entrySize+sums])
	s.places = map[sectionPlace][2]uint64{}
	for i := range sections {
		e := table[i*entrySize:]
		at, n := binary.LittleEndian.Uint64(e[8:]), binary.LittleEndian.Uint64(e[16:])
		if at > size || n > size-at {
			return damaged(s.name, "a section lies outside of it")
		}
		s.places[sectionPlace{sectionKind(binary.LittleEndian.Uint32(e)), binary.LittleEndian.Uint32(e[4:])}] = [2]uint64{at, n}
	}
	return nil
}

// at returns a section as it stands in the map, unchecked, and where.
func (s *Snapshot) at(kind sectionKind, of uint32) (text []byte, at uint64) {
	place := s.places[sectionPlace{kind, of}]
	return s.blocks.data[place[0] : place[0]+place[1] : place[0]+place[1]], place[0]
}

// section returns a section that holds; nothing of one that does not, which is noted.
func (s *Snapshot) section(kind sectionKind, of uint32) []byte {
	text, at := s.at(kind, of)
	if !s.blocks.ready(at, uint64(len(text))) {
		return nil
	}
	return text
}

func (s *Snapshot) readAbout() error {
	text := s.section(sectionAbout, 0)
	if err := s.blocks.err(); err != nil {
		return err
	}
	if err := json.Unmarshal(text, &s.About); err != nil {
		return damaged(s.name, "what it tells of itself cannot be read")
	}
	if s.About.Identifiers < 0 || uint64(s.About.Identifiers) >= uint64(NoOrdinal) {
		return damaged(s.name, "it counts %d identifiers", s.About.Identifiers)
	}
	return nil
}

// Verify holds every byte of the file to its checksum.
func (s *Snapshot) Verify(ctx context.Context) error { return s.blocks.verify(ctx) }

// Evidence returns path, size and digest of the file; a fault of kind Input when it was changed since it was opened.
func (s *Snapshot) Evidence() (formats.Evidence, error) { return s.file.Evidence() }

// Info returns what the file system says of the file.
func (s *Snapshot) Info() os.FileInfo { return s.file.Info() }

// Close lets go of the file and its map.
func (s *Snapshot) Close() error {
	var err error
	if s.data != nil {
		err = unmapFile(s.data)
		s.data = nil
	}
	return errors.Join(err, s.file.Close())
}

// Report returns what the file tells of the load that it was built by.
func (s *Snapshot) Report(catalog *Catalog) *Report {
	a := &s.About
	r := &Report{
		AsOf: a.AsOf, Total: a.Total, Newest: a.Newest, NextAct: a.Next, Identifiers: int64(a.Identifiers), Linked: a.Linked,
		SharedByKind: a.Shared, Forms: a.Forms, Unknown: catalog.unknown(a.Channels),
	}
	for _, source := range a.Sources {
		told := SourceReport{Name: cmp.Or(source.Name, "--consent"), Path: s.name, Tally: source.Tally, Newest: source.Newest}
		r.Sources = append(r.Sources, told)
	}
	return r
}

// Asking is under what an index file is asked.
type Asking struct {
	Catalog *Catalog
	AsOf    Instant
	Shaping map[string]string // of the configuration
	Unsaid  []string          // of those: what nobody said, and is as the index has it
	Sources []Source          // of the configuration, with the guards that hold for them
	Guards  Options           // MinRows and MaxAge alone
	Aliases *Aliases          // of the raw identifiers on the lists of the run
}

// Index returns the index, as of an instant for which it can answer. A file of another key or configuration is a fault
// of kind Input, an instant before its own one of kind Usage, and one behind the first act that it lacks, or consent that
// is too old or too little, one of kind Guard.
func (s *Snapshot) Index(a Asking) (*Index, *Report, error) {
	if s.About.KeyCheck != a.Catalog.Kinds.keyCheck() {
		return nil, nil, fault.New(fault.Input, s.name, "the index was built with another key").
			Hint("name the key of the installation that built it (key_file, --key-file), or build the index here")
	}
	if err := s.About.agree(s.name, a.Shaping, a.Unsaid); err != nil {
		return nil, nil, err
	}
	if a.AsOf < s.About.AsOf {
		return nil, nil, fault.New(fault.Usage, s.name, "the index holds from %s on, and as-of is %s", s.About.AsOf, a.AsOf).
			Hint("build one for that instant with index build --as-of, or ask the exports")
	}
	if a.AsOf >= s.About.Next {
		return nil, nil, fault.New(fault.Guard, s.name, "the index holds until %s, of when is the first act that it lacks, and as-of is %s", s.About.Next, a.AsOf).
			Hint("build it again")
	}
	report := s.Report(a.Catalog)
	report.AsOf = a.AsOf
	if err := s.guard(report, a); err != nil {
		return nil, nil, err
	}
	x := s.index(a)
	return x, report, x.Err()
}

// guard holds what the file tells of its sources to the guards of the configuration.
func (s *Snapshot) guard(report *Report, a Asking) error {
	a.Guards.AsOf = a.AsOf
	l := &loader{report: report, options: a.Guards}
	byName := map[string]int{}
	for i, source := range s.About.Sources {
		byName[source.Name] = i
	}
	for i := range a.Sources {
		at, read := byName[a.Sources[i].Name]
		if !read {
			continue // the build left it out, and said so
		}
		if err := l.due(&a.Sources[i], &report.Sources[at]); err != nil {
			return err
		}
	}
	return l.dueInAll()
}
