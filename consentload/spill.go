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
	var room [factBytes]byte
	facts.brief.drain(func(e *entry) { _, _ = out.Write(appendEntry(room[:0], e)) })
	facts.whole.drain(func(f *fact) {
		brief := f.entry()
		_, _ = out.Write(binary.LittleEndian.AppendUint64(appendEntry(room[:0], &brief), uint64(f.expires)))
	})
	events.drainPieces(func(events []byte) { _, _ = out.Write(events) })
}

func (r *spillRun) factsSize() int { return r.brief*entryBytes + r.whole*factBytes }
func (r *spillRun) size() int      { return r.factsSize() + r.joint }

// facts calls brief and whole with what was written of a partition. It returns the buffer that it used.
func (s *spill) facts(buf []byte, p int, brief func(entry), whole func(*fact)) ([]byte, error) {
	for _, run := range s.runs[p] {
		buf = slices.Grow(buf[:0], run.factsSize())[:run.factsSize()]
		if _, err := s.file.ReadAt(buf, run.at); err != nil {
			return nil, fmt.Errorf("the temporary file of acts that memory does not hold: %w", err)
		}
		rest := buf
		for range run.brief {
			brief(entryOf(rest))
			rest = rest[entryBytes:]
		}
		for range run.whole {
			begins := entryOf(rest)
			f := begins.fact()
			f.expires = Instant(binary.LittleEndian.Uint64(rest[entryBytes:]))
			whole(&f)
			rest = rest[factBytes:]
		}
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

func appendEntry(b []byte, f *entry) []byte {
	b = appendKey(b, f.key)
	b = binary.LittleEndian.AppendUint64(b, uint64(f.when))
	b = binary.LittleEndian.AppendUint16(b, f.scope.channel)
	b = binary.LittleEndian.AppendUint16(b, f.scope.purpose)
	b = binary.LittleEndian.AppendUint16(b, f.version)
	return append(b, byte(f.status), byte(f.kind))
}

func entryOf(b []byte) entry {
	return entry{
		key: keyAt(b), when: Instant(binary.LittleEndian.Uint64(b[16:])),
		scope:   scope{binary.LittleEndian.Uint16(b[24:]), binary.LittleEndian.Uint16(b[26:])},
		version: binary.LittleEndian.Uint16(b[28:]), status: Status(b[30]), kind: KindID(b[31]),
	}
}
