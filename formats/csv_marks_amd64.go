package formats

import "golang.org/x/sys/cpu"

// byVector reports whether the processor marks 32 bytes at once, as those of the last ten years do.
func byVector() bool { return cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT }

// markBlocks marks blocks of text, and reports whether quotes and whether NUL bytes are among them.
func markBlocks(into []marks, text []byte, delim byte) (quotes, zeros bool) {
	if byVector() && len(into)*blockBytes <= len(text) {
		return markBlocksAVX2(into, text, delim)
	}
	return markEach(into, text, delim)
}

// putEnds writes the places at which fields end, counted from at, and returns how many there are. There must be room for
// as many as the blocks have bytes.
func putEnds(into []uint32, blocks []marks, at uint32) int {
	if byVector() && len(blocks)*blockBytes <= len(into) {
		return putEndsAVX2(into, blocks, at)
	}
	return putEach(into, blocks, at)
}

//go:noescape
func markBlocksAVX2(into []marks, text []byte, delim byte) (quotes, zeros bool)

// putEndsAVX2 writes eight places at once, whether there are as many or not: how many come next no processor can foresee.
//
//go:noescape
func putEndsAVX2(into []uint32, blocks []marks, at uint32) (n int)
