//go:build !unix

package consentload

import (
	"io"
	"os"
)

// mapFile reads a whole file, where files are not mapped.
func mapFile(file *os.File, size int64) ([]byte, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(file, 0, size), data)
	return data, err
}

func unmapFile([]byte) error { return nil }
