//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package formats

import (
	"errors"
	"os"
	"runtime"
)

const (
	// canSweep: without locks nobody can tell the remains of a dead run from the files of a live one, so the remains
	// of a killed run stay until a person removes them.
	canSweep = false
	// renamesOpen: Windows refuses to rename a file that is open.
	renamesOpen  = runtime.GOOS != "windows"
	openNoFollow = 0
)

func tryLock(*os.File) error { return errors.ErrUnsupported }

// syncFolder does nothing: a folder cannot be opened for that on Windows.
func syncFolder(*os.File) error { return nil }
