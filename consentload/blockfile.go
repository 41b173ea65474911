package consentload

import (
	"context"
	"encoding/binary"
	"sync/atomic"

	"github.com/zeebo/xxh3"

	"cpm/formats/fault"
)

// blockSize is how many bytes share a checksum: few enough that a small audience asks for little of a large index, and
// enough that the checksums take next to nothing.
const blockSize = 16 << 10

// blockFile is what stands behind the header of an index file, cut into blocks, each of which is held to its checksum
// once before it is first used. Any number of goroutines may ask; two that come at once both look. What does not hold
// is noted for good, and from then on whatever is asked of the file is not there.
type blockFile struct {
	name string
	data []byte // all blocks
	sums []byte // their checksums, 8 bytes each
	held []atomic.Uint64
	bad  atomic.Pointer[fault.Error]
}

func newBlockFile(name string, data, sums []byte) *blockFile {
	return &blockFile{name: name, data: data, sums: sums, held: make([]atomic.Uint64, (len(sums)/8+63)/64)}
}

// blocksIn returns how many blocks some bytes take.
func blocksIn(n uint64) uint64 { return (n + blockSize - 1) / blockSize }

// ready reports whether the blocks under some bytes hold; false is noted.
func (f *blockFile) ready(at, n uint64) bool {
	if n == 0 {
		return true
	}
	for block := at / blockSize; block <= (at+n-1)/blockSize; block++ {
		if f.held[block/64].Load()>>(block%64)&1 == 0 && !f.check(block) {
			return false
		}
	}
	return true
}

func (f *blockFile) check(block uint64) bool {
	from := block * blockSize
	of := f.data[from:min(from+blockSize, uint64(len(f.data)))]
	if xxh3.Hash(of) != binary.LittleEndian.Uint64(f.sums[8*block:]) {
		f.fail("a part of it (at byte %d of %d) is not what was written", from, len(f.data))
		return false
	}
	f.held[block/64].Or(1 << (block % 64))
	return true
}

// fail notes what is wrong, unless something was before.
func (f *blockFile) fail(format string, args ...any) {
	f.bad.CompareAndSwap(nil, damaged(f.name, format, args...))
}

// err returns what is wrong; nil when nothing is known to be.
func (f *blockFile) err() error {
	if bad := f.bad.Load(); bad != nil {
		return bad
	}
	return nil
}

// verify holds every block to its checksum.
func (f *blockFile) verify(ctx context.Context) error {
	for block := range uint64(len(f.sums) / 8) {
		if block%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !f.check(block) {
			break
		}
	}
	return f.err()
}

func damaged(name, format string, args ...any) *fault.Error {
	return fault.New(fault.Input, name, "the index is damaged: "+format, args...).
		Hint("build it again, or copy it again from where it was built")
}
