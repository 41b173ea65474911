package formats

import (
	"bytes"
	"math"
	"sync/atomic"
)

// lineCount finds the lines of positions in a stretch of text. It remembers where its last count ended, a position and
// the line feeds before it, 32 bits each: places asked for in order, as a load of consent does for every row, cost one
// pass in all.
type lineCount struct{ counted atomic.Uint64 }

// reset forgets the last count, for another stretch.
func (c *lineCount) reset() { c.counted.Store(0) }

// of returns the line in which a position of data stands, which begins at line first.
func (c *lineCount) of(data []byte, first int64, at int) int64 {
	counted := c.counted.Load()
	from, lines := int(counted>>32), counted&math.MaxUint32
	if from > at {
		from, lines = 0, 0
	}
	lines += uint64(bytes.Count(data[from:at], []byte{'\n'}))
	c.counted.Store(uint64(at)<<32 | lines)
	return first + int64(lines)
}
