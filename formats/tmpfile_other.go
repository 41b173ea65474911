//go:build !linux

package formats

import (
	"errors"
	"os"
)

// openUnnamed is offered by Linux alone; elsewhere temporary files have names from the start.
func openUnnamed(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func linkUnnamed(*os.File, string) error { return errors.ErrUnsupported }

func renameNew(string, string) error { return errors.ErrUnsupported }

// beginWriting does nothing: the Sync at the end does all.
func beginWriting(*os.File, int64, int64) {}

func openScratch(string) (*os.File, error) { return nil, errors.ErrUnsupported }
