package parquet

import (
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// decoder brings the values of pages into the encoding PLAIN. What it returns has slack behind it and is valid until
// the next call.
type decoder struct {
	schema  *format.SchemaElement
	width   int // of a value, as plainWidth has it
	memory  []byte
	numbers [2][]int64
}

// plainWidth returns how many bytes a value takes: 0 when that differs, -1 for booleans.
func plainWidth(s *format.SchemaElement) int {
	switch s.Type.V {
	case format.Boolean:
		return -1
	case format.Int32, format.Float:
		return 4
	case format.Int64, format.Double:
		return 8
	case format.Int96:
		return 12
	case format.FixedLenByteArray:
		return int(s.TypeLength.V)
	}
	return 0
}

// plain returns the values of a page, of which so many are present. Those of booleans and of one width are checked to
// be there; texts are not walked.
func (d *decoder) plain(p *page, present int) ([]byte, error) {
	if present == 0 && len(p.values) == 0 {
		return p.values, nil
	}
	switch p.encoding {
	case format.Plain:
		if len(p.values) < d.least(present) {
			return nil, errShort
		}
		return p.values, nil
	case format.ByteStreamSplit:
		if d.width > 0 {
			return d.join(p.values, present)
		}
	case format.RLE:
		if d.width < 0 {
			return readBooleans(p.values, present)
		}
	case format.DeltaBinaryPacked:
		if d.schema.Type.V == format.Int32 || d.schema.Type.V == format.Int64 {
			return d.integers(p.values, present)
		}
	default:
		return d.texts(p, present)
	}
	return nil, errEncoding(p.encoding)
}

// texts returns the values of a page in one of the encodings that are of texts alone.
func (d *decoder) texts(p *page, present int) ([]byte, error) {
	switch {
	case p.encoding == format.DeltaLengthByteArray && d.width == 0:
		return d.lengths(p.values, present)
	case p.encoding == format.DeltaByteArray && (d.width == 0 || d.schema.Type.V == format.FixedLenByteArray):
		return d.shared(p.values, present)
	}
	return nil, errEncoding(p.encoding)
}

// least returns how many bytes the values take at least.
func (d *decoder) least(present int) int {
	switch {
	case d.width < 0:
		return (present + 7) / 8
	case d.width == 0:
		return 4 * present
	}
	return d.width * present
}

// room returns n bytes of memory.
func (d *decoder) room(n int) []byte {
	if cap(d.memory) < n+slack {
		d.memory = make([]byte, 0, n+slack)
	}
	d.memory = d.memory[:n]
	return d.memory
}

// join puts together what BYTE_STREAM_SPLIT has apart: the first bytes of all values, then the second ones, and so on.
func (d *decoder) join(b []byte, present int) ([]byte, error) {
	if len(b) != present*d.width {
		return nil, errCounts
	}
	out := d.room(len(b))
	for i := range d.width {
		for j, value := range b[i*present : (i+1)*present] {
			out[j*d.width+i] = value
		}
	}
	return out, nil
}

// readBooleans reads booleans that stand in hybrid runs, behind their length, and returns them as PLAIN has them. A run
// is one of true when it says 1, or 255, which is what parquet-go writes.
func readBooleans(b []byte, present int) ([]byte, error) {
	if present == 0 {
		return nil, nil
	}
	if len(b) < 4 {
		return nil, errShort
	}
	n := binary.LittleEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, errShort
	}
	var set bitset
	if err := set.readRuns(b[4:4+n], present, 255); err != nil {
		return nil, err
	}
	return set.bytes(), nil
}

// integers reads DELTA_BINARY_PACKED.
func (d *decoder) integers(b []byte, present int) (out []byte, err error) {
	most := 8 * d.width
	if d.numbers[0], _, err = readDeltas(d.numbers[0][:0], b, present, most); err != nil {
		return nil, err
	}
	out = d.room(d.width * present)[:0]
	for _, n := range d.numbers[0] {
		if d.width == 4 {
			out = binary.LittleEndian.AppendUint32(out, uint32(n))
		} else {
			out = binary.LittleEndian.AppendUint64(out, uint64(n))
		}
	}
	return out, nil
}

// lengths reads DELTA_LENGTH_BYTE_ARRAY: all lengths, then all texts.
func (d *decoder) lengths(b []byte, present int) (out []byte, err error) {
	if d.numbers[0], b, err = readDeltas(d.numbers[0][:0], b, present, 64); err != nil {
		return nil, err
	}
	out = d.room(len(b) + 4*present)[:0]
	for _, n := range d.numbers[0] {
		if n < 0 || n > int64(len(b)) {
			return nil, errShort
		}
		out = append(binary.LittleEndian.AppendUint32(out, uint32(n)), b[:n]...)
		b = b[n:]
	}
	return out, nil
}

// shared reads DELTA_BYTE_ARRAY: how many bytes each value has of the one before, how many of its own, and those.
func (d *decoder) shared(b []byte, present int) (out []byte, err error) {
	if d.numbers[0], b, err = readDeltas(d.numbers[0][:0], b, present, 64); err != nil {
		return nil, err
	}
	if d.numbers[1], b, err = readDeltas(d.numbers[1][:0], b, present, 64); err != nil {
		return nil, err
	}
	if err := verifyShared(d.numbers[0], d.numbers[1]); err != nil {
		return nil, err
	}
	out = d.room(0)
	last := 0 // where the value before begins in out
	for i, shared := range d.numbers[0] {
		own := d.numbers[1][i]
		if own > int64(len(b)) || d.width > 0 && shared+own != int64(d.width) {
			return nil, errShort
		}
		if d.width == 0 {
			out = binary.LittleEndian.AppendUint32(out, uint32(shared+own))
		}
		start := len(out)
		out = append(append(out, out[last:last+int(shared)]...), b[:own]...)
		last, b = start, b[own:]
	}
	out, _ = grown(out, 0)
	d.memory = out
	return out, nil
}

// encodeValues brings the values of the page from PLAIN into its encoding.
func (e *chunkEncoder) encodeValues() ([]byte, error) {
	if e.column.width < 0 {
		values := e.bits.bytes()
		if e.encoding == format.RLE {
			runs := append(binary.AppendUvarint(make([]byte, 4), uint64(len(values))<<1|1), values...)
			binary.LittleEndian.PutUint32(runs, uint32(len(runs)-4))
			return runs, nil
		}
		return values, nil
	}
	switch e.encoding {
	case format.ByteStreamSplit:
		return splitBytes(e.plain, e.column.width), nil
	case format.DeltaBinaryPacked:
		return encodeIntegers(e.plain, e.column.width)
	case format.DeltaLengthByteArray:
		texts, ends := cutTexts(e.plain)
		return new(delta.LengthByteArrayEncoding).EncodeByteArray(nil, texts, ends)
	case format.DeltaByteArray:
		if e.column.width > 0 {
			return new(delta.ByteArrayEncoding).EncodeFixedLenByteArray(nil, e.plain, e.column.width)
		}
		texts, ends := cutTexts(e.plain)
		return new(delta.ByteArrayEncoding).EncodeByteArray(nil, texts, ends)
	}
	return e.plain, nil
}

// splitBytes is the reverse of join.
func splitBytes(b []byte, width int) []byte {
	out, n := make([]byte, len(b)), len(b)/width
	for i := range width {
		for j := range n {
			out[i*n+j] = b[j*width+i]
		}
	}
	return out
}

// encodeIntegers writes DELTA_BINARY_PACKED.
func encodeIntegers(b []byte, width int) ([]byte, error) {
	if width == 4 {
		numbers := make([]int32, 0, len(b)/4)
		for ; len(b) > 0; b = b[4:] {
			numbers = append(numbers, int32(binary.LittleEndian.Uint32(b)))
		}
		return new(delta.BinaryPackedEncoding).EncodeInt32(nil, numbers)
	}
	numbers := make([]int64, 0, len(b)/8)
	for ; len(b) > 0; b = b[8:] {
		numbers = append(numbers, int64(binary.LittleEndian.Uint64(b)))
	}
	return new(delta.BinaryPackedEncoding).EncodeInt64(nil, numbers)
}

// cutTexts takes texts apart that have their lengths before them: the bytes of all, and where each begins and ends.
func cutTexts(b []byte) (texts []byte, ends []uint32) {
	texts, ends = make([]byte, 0, len(b)), []uint32{0}
	for len(b) > 0 {
		end := 4 + int(binary.LittleEndian.Uint32(b))
		texts = append(texts, b[4:end]...)
		ends = append(ends, uint32(min(len(texts), math.MaxUint32)))
		b = b[end:]
	}
	return texts, ends
}
