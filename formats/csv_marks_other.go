//go:build !amd64

package formats

func markBlocks(into []marks, text []byte, delim byte) (quotes, zeros bool) {
	return markEach(into, text, delim)
}

func putEnds(into []uint32, blocks []marks, at uint32) int { return putEach(into, blocks, at) }
