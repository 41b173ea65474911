package formats

import (
	"errors"
	"io"

	"cpm/formats/fault"
)

// mostIdle is how often a reader may give nothing before it counts as broken.
const mostIdle = 100

// fill reads from src behind what buf holds, until its capacity is used or the input ends. name is the input's, for
// messages.
func fill(src io.Reader, buf []byte, name string) (filled []byte, ended bool, err error) {
	for idle := 0; len(buf) < cap(buf); idle++ {
		n, err := src.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case errors.Is(err, io.EOF):
			return buf, true, nil
		case err != nil:
			return buf, false, fault.At(name, err)
		case n > 0:
			idle = 0
		case idle == mostIdle:
			return buf, false, fault.At(name, io.ErrNoProgress)
		}
	}
	return buf, false, nil
}
