package consentload

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/zeebo/xxh3"
)

// An index file is, with all numbers lowest byte first:
//
//	header    64 bytes: magic, version, length of the file, number of sections, where the data begins, checksums
//	sections  24 bytes each: what it is, of which cell or kind, where it begins in the data, how long it is
//	sums      8 bytes for each block of the data
//	data      the sections, each at a multiple of 64, zeros between them
//
// The header has a checksum over itself, and one over sections and sums; the sums cover the data. So every byte of the
// file is covered by exactly one checksum, and its length by the header's.
const (
	snapshotMagic   = "CPMX\r\n\x1a\n"
	snapshotVersion = 2
	headerSize      = 64
	entrySize       = 24
	alignment       = 64
)

// sectionKind is what a section holds.
type sectionKind uint32

const (
	sectionAbout sectionKind = iota + 1 // JSON
	sectionStarts
	sectionTails
	sectionLinked
	sectionCounts
	sectionRings
	sectionShared // a bitmap, as are those that follow
	sectionUnreadable
	sectionDormant
	sectionOfKind // one for each kind
	sectionGranted
	sectionOutdated
	sectionPending
	sectionDenied
	sectionWithdrawn
	sectionEnding
	sectionEnds // a head, and the values of an endTable
	sectionAliases
	sectionRaws
	sectionKinds
	sectionRefused // of a scope: a bitmap, as sectionEnding is
	sectionRefusedAt
	sectionRefusedWithdrawn // a bitmap
)

// section is a part of the data. One that would be empty is left out.
type section struct {
	kind  sectionKind
	of    uint32 // the number of the cell, scope or identifier kind
	bytes []byte
}

// sections returns all that an index holds, in the order of the file.
func (x *Index) sections(about []byte) ([]section, error) {
	all := []section{
		{sectionAbout, 0, about},
		{sectionStarts, 0, x.keys.starts},
		{sectionTails, 0, x.keys.tails},
		{sectionLinked, 0, x.subjects.linked},
		{sectionCounts, 0, x.subjects.counts},
		{sectionRings, 0, x.subjects.rings},
		{sectionAliases, 0, x.aliases.entryBytes()},
		{sectionRaws, 0, x.aliases.rawBytes()},
	}
	add := func(kind sectionKind, of int, b *roaring.Bitmap) error {
		if b.IsEmpty() {
			return nil
		}
		text, err := b.ToBytes()
		all = append(all, section{kind, uint32(of), text})
		return err
	}
	if err := cmp.Or(add(sectionShared, 0, x.shared), add(sectionUnreadable, 0, x.unreadable), add(sectionDormant, 0, x.dormant.bitmap())); err != nil {
		return nil, err
	}
	for i, kind := range sortedKeys(x.kinds) {
		if err := add(sectionOfKind, i, x.kinds[kind]); err != nil {
			return nil, err
		}
	}
	number := 0
	for _, channel := range x.channels {
		for _, purpose := range x.purposes {
			cell := x.cells[cellName{channel, purpose}]
			err := cmp.Or(
				add(sectionGranted, number, cell.Granted), add(sectionOutdated, number, cell.Outdated),
				add(sectionPending, number, cell.Pending), add(sectionDenied, number, cell.Denied),
				add(sectionWithdrawn, number, cell.Withdrawn), add(sectionEnding, number, cell.ends.of),
			)
			if err != nil {
				return nil, err
			}
			all = append(all, section{sectionEnds, uint32(number), cell.ends.bytes()})
			number++
		}
	}
	return x.refusalSections(all)
}

// writeSnapshot writes the file of some sections.
func writeSnapshot(w io.Writer, all []section) error {
	table, size := []byte{}, uint64(0)
	count := 0
	blocks := &blockSummer{}
	for _, s := range all {
		if len(s.bytes) == 0 {
			continue
		}
		size = aligned(size)
		blocks.pad(size)
		table = binary.LittleEndian.AppendUint32(table, uint32(s.kind))
		table = binary.LittleEndian.AppendUint32(table, s.of)
		table = binary.LittleEndian.AppendUint64(table, size)
		table = binary.LittleEndian.AppendUint64(table, uint64(len(s.bytes)))
		blocks.add(s.bytes)
		size += uint64(len(s.bytes))
		count++
	}
	table = append(table, blocks.end()...)
	start := aligned(headerSize + uint64(len(table)))
	table = append(table, make([]byte, start-headerSize-uint64(len(table)))...)
	if _, err := w.Write(append(header(start, size, count, xxh3.Hash(table)), table...)); err != nil {
		return err
	}
	written := uint64(0)
	for _, s := range all {
		if len(s.bytes) == 0 {
			continue
		}
		if _, err := w.Write(make([]byte, aligned(written)-written)); err != nil {
			return err
		}
		if _, err := w.Write(s.bytes); err != nil {
			return err
		}
		written = aligned(written) + uint64(len(s.bytes))
	}
	return nil
}

func header(start, size uint64, sections int, table uint64) []byte {
	h := append(make([]byte, 0, headerSize), snapshotMagic...)
	h = binary.LittleEndian.AppendUint64(h, snapshotVersion)
	h = binary.LittleEndian.AppendUint64(h, start+size)
	h = binary.LittleEndian.AppendUint64(h, uint64(sections))
	h = binary.LittleEndian.AppendUint64(h, start)
	h = binary.LittleEndian.AppendUint64(h, table)
	h = binary.LittleEndian.AppendUint64(h, blockSize)
	return binary.LittleEndian.AppendUint64(h, xxh3.Hash(h))
}

func aligned(n uint64) uint64 { return (n + alignment - 1) / alignment * alignment }

// blockSummer makes the checksums of the data while it passes.
type blockSummer struct {
	block []byte
	size  uint64
	sums  []byte
}

func (s *blockSummer) add(p []byte) {
	s.size += uint64(len(p))
	for len(p) > 0 {
		n := min(len(p), blockSize-len(s.block))
		s.block = append(s.block, p[:n]...)
		if p = p[n:]; len(s.block) == blockSize {
			s.end()
		}
	}
}

func (s *blockSummer) pad(to uint64) { s.add(make([]byte, to-s.size)) }

// end closes a block and returns all sums.
func (s *blockSummer) end() []byte {
	if len(s.block) > 0 {
		s.sums = binary.LittleEndian.AppendUint64(s.sums, xxh3.Hash(s.block))
		s.block = s.block[:0]
	}
	return s.sums
}

// The head of a section of ends: the first end, the unit, and how many bytes a value takes.
const endsHead = 24

func (t *endTable) bytes() []byte {
	if len(t.ends) == 0 {
		return nil
	}
	head := binary.LittleEndian.AppendUint64(nil, uint64(t.first))
	head = binary.LittleEndian.AppendUint64(head, t.unit)
	head = binary.LittleEndian.AppendUint64(head, uint64(t.size()))
	return append(head, t.ends...)
}

// Of an alias the file holds the digest, the place of its raw identifier, and the form; 24 bytes.
const (
	aliasBytes = 24
	keyBytes   = 16
)

func (a *Aliases) entryBytes() (b []byte) {
	if a == nil {
		return nil
	}
	for _, e := range a.entries {
		b = appendKey(b, e.digest)
		b = binary.LittleEndian.AppendUint32(b, e.raw)
		declared := byte(0)
		if e.declared {
			declared = 1
		}
		b = append(b, byte(e.form), declared, 0, 0)
	}
	return b
}

func (a *Aliases) rawBytes() (b []byte) {
	if a == nil {
		return nil
	}
	for _, raw := range a.raws {
		b = appendKey(b, raw)
	}
	return b
}

func appendKey(b []byte, k Key) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, k.Hi), k.Lo)
}

func keyAt(b []byte) Key {
	return Key{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}
}

// isSnapshot reports whether a file begins as an index does.
func isSnapshot(head []byte) bool { return bytes.HasPrefix(head, []byte(snapshotMagic)) }
