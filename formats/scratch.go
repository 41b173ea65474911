package formats

import (
	"errors"
	"os"
)

// Scratch returns an empty file for what memory does not hold, in the folder for temporary files (TMPDIR). It is of mode
// 0600 and has no name, so that nothing is left of it once it is closed.
func Scratch() (*os.File, error) {
	file, err := openScratch(os.TempDir())
	if err == nil || !errors.Is(err, errors.ErrUnsupported) {
		return file, err
	}
	if file, err = os.CreateTemp("", tmpPrefix+"*"); err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
