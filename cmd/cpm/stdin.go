package main

import (
	"context"
	"io"
)

// abandonable reads a stream that may never give anything more: when the run is interrupted it returns the reason at
// once, though the read underneath goes on until the process ends.
type abandonable struct {
	ctx    context.Context // io.Reader has no place for one
	blocks chan block
	left   block
}

// block is what one read gave.
type block struct {
	bytes []byte
	err   error
}

const blockSize = 256 << 10

func newAbandonable(ctx context.Context, r io.Reader) *abandonable {
	a := &abandonable{ctx: ctx, blocks: make(chan block, 1)}
	go func() {
		for {
			bytes := make([]byte, blockSize)
			n, err := r.Read(bytes)
			select {
			case a.blocks <- block{bytes[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return a
}

// Read implements io.Reader.
func (a *abandonable) Read(p []byte) (int, error) {
	for len(a.left.bytes) == 0 {
		if a.left.err != nil {
			return 0, a.left.err
		}
		select {
		case a.left = <-a.blocks:
		case <-a.ctx.Done():
			return 0, context.Cause(a.ctx)
		}
	}
	n := copy(p, a.left.bytes)
	a.left.bytes = a.left.bytes[n:]
	return n, nil
}
