package consentload

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"slices"

	"cpm/formats"
)

// spill is what a shard wrote to a file because memory was to be kept free: facts by partition, in runs. The file has no
// name, holds keys and no identifiers, and is gone with the process.
type spill struct {
	file *os.File
	end  int64
	runs [partitions][]spillRun
	room []byte
}

// spillRun is one run of facts of a partition in the file.
type spillRun struct {
	at           int64
	brief, whole int
	joint        int // bytes
}

// spillBuffer is what is gathered for a write.
const spillBuffer = 1 << 20

// spillOver writes the facts of a shard to its file when they are more than it may hold.
func (s *shard) spillOver(most int) error {
	if most <= 0 || s.held <= most {
		return nil
	}
	if s.spilled.file == nil {
		file, err := formats.Scratch()
		if err != nil {
			return fmt.Errorf("a temporary file for acts that memory does not hold: %w", err)
		}
		s.spilled.file = file
	}
	out := bufio.NewWriterSize(s.spilled.file, spillBuffer)
	for p := range s.facts {
		s.spilled.write(out, p, &s.facts[p], &s.joint[p])
	}
	s.held = 0
	if err := out.Flush(); err != nil {
		return fmt.Errorf("the temporary file of acts that memory does not hold: %w", err)
	}
	return nil
}

// write empties a partition into the file. An error is the writer's, and told when it is flushed.
func (s *spill) write(out *bufio.Writer, p int, facts *blocks, events *jointLog) {
	run := spillRun{at: s.end, brief: facts.brief.n, whole: facts.whole.n, joint: events.n}
	if run.size() == 0 {
		return
	}
	s.runs[p] = append(s.runs[p], run)
	s.end += int64(run.size())
	facts.brief.drainPieces(func(page []entry) {
		s.room = s.room[:0]
		for i := range page {
			s.room = appendEntry(s.room, &page[i])
		}
		_, _ = out.Write(s.room)
	})
	facts.whole.drainPieces(func(page []fact) {
		s.room = s.room[:0]
		for i := range page {
			brief := page[i].entry()
			s.room = binary.LittleEndian.AppendUint64(appendEntry(s.room, &brief), uint64(page[i].expires))
		}
		_, _ = out.Write(s.room)
	})
	events.drainPieces(func(events []byte) { _, _ = out.Write(events) })
}

func (r *spillRun) factsSize() int { return r.brief*entryBytes + r.whole*factBytes }
func (r *spillRun) size() int      { return r.factsSize() + r.joint }

// facts reads the facts of a run, the brief ones first. It may use a buffer.
func (s *spill) facts(buf []byte, run spillRun) ([]byte, error) {
	buf = slices.Grow(buf[:0], run.factsSize())[:run.factsSize()]
	if _, err := s.file.ReadAt(buf, run.at); err != nil {
		return nil, fmt.Errorf("the temporary file of acts that memory does not hold: %w", err)
	}
	return buf, nil
}

// joint appends the events that were written of a partition to a slice.
func (s *spill) joint(to []byte, p int) ([]byte, error) {
	for _, run := range s.runs[p] {
		from := len(to)
		to = slices.Grow(to, run.joint)[:from+run.joint]
		if _, err := s.file.ReadAt(to[from:], run.at+int64(run.factsSize())); err != nil {
			return nil, fmt.Errorf("the temporary file of acts that memory does not hold: %w", err)
		}
	}
	return to, nil
}

func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

func appendEntry(b []byte, e *entry) []byte {
	at := len(b)
	b = slices.Grow(b, entryBytes)[:at+entryBytes]
	to := (*[entryBytes]byte)(b[at:])
	binary.LittleEndian.PutUint64(to[0:], e.key.Hi)
	binary.LittleEndian.PutUint64(to[8:], e.key.Lo)
	binary.LittleEndian.PutUint64(to[16:], uint64(e.when))
	binary.LittleEndian.PutUint64(to[24:], uint64(e.scope.channel)|uint64(e.scope.purpose)<<16|
		uint64(e.version)<<32|uint64(e.status)<<48|uint64(e.kind)<<56)
	return b
}

func entryOf(b []byte) entry {
	from := (*[entryBytes]byte)(b)
	rest := binary.LittleEndian.Uint64(from[24:])
	return entry{
		key:   Key{binary.LittleEndian.Uint64(from[0:]), binary.LittleEndian.Uint64(from[8:])},
		when:  Instant(binary.LittleEndian.Uint64(from[16:])),
		scope: scope{uint16(rest), uint16(rest >> 16)}, version: uint16(rest >> 32), status: Status(rest >> 48 & 0xFF), kind: KindID(rest >> 56),
	}
}
