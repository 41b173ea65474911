package consentload

import (
	"runtime/debug"

	"cpm/formats/fault"
)

// mapStart is below every map: whoever reads there follows a pointer to nothing, which is a fault of the program.
const mapStart = 4096

// WhileMapped runs what reads a mapped index in this goroutine. Should the file become shorter meanwhile, its map ends
// with it, and reading there would end the process: it is a fault of kind Input instead.
func WhileMapped(do func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		why := recover()
		if why == nil {
			return
		}
		if at, of := why.(interface{ Addr() uintptr }); !of || at.Addr() < mapStart {
			panic(why) //nolint:forbidigo // a fault of the program goes on as it was
		}
		err = fault.New(fault.Input, "", "the index was cut off while it was read").
			Hint("do not change an index under a run: build the new one with -o and --overwrite, which leaves the old one as it is")
	}()
	return do()
}
