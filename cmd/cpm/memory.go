package main

import (
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"

	"cpm/formats/fault"
)

// usualMemory is what the acts of a load may take of memory where nobody says it.
const usualMemory = "512MiB"

// leastMemory is below which a load would be busy with its temporary file alone.
const leastMemory = 16 << 20

var sizePattern = regexp.MustCompile(`^(?i:([0-9]{1,9})\s*([KMGT])(i?B)?)$`)

// memorySize reads a size such as 512MiB or 2G; the units are powers of 1024.
func memorySize(text string) (int64, error) {
	found := sizePattern.FindStringSubmatch(text)
	if found == nil {
		return 0, fault.New(fault.Usage, "", "--memory %q is no size", text).Hint("write an integer with K, M, G or T, such as 512M or 2G")
	}
	n, err := strconv.ParseInt(found[1], 10, 64)
	if err != nil {
		return 0, err
	}
	shift := map[string]int{"K": 10, "k": 10, "M": 20, "m": 20, "G": 30, "g": 30, "T": 40, "t": 40}[found[2]]
	if n > 1<<(62-shift) || n<<shift < leastMemory {
		return 0, fault.New(fault.Usage, "", "--memory %q is out of range", text).Hint("write a size from 16M on, such as 512M or 2G")
	}
	return n << shift, nil
}

// collectOften has memory that nobody holds any longer collected early, until what it returns is called: what a load holds
// are a few large pieces without pointers, so that looking through them costs next to nothing, and half of it is saved.
// Not too often while there is little to collect: a piece that is never touched, and so takes no memory, counts for as
// much that is held. Whoever sets GOGC knows better.
func collectOften() (usual func()) {
	const percent = 25
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before, held := debug.SetGCPercent(percent), untouched()
	return func() {
		debug.SetGCPercent(before)
		runtime.KeepAlive(held)
	}
}

// untouched is made once: memory that was used before would have to be cleared.
var untouched = sync.OnceValue(func() []byte { return make([]byte, 32<<20) }) //nolint:gochecknoglobals // of the process, as its heap is
