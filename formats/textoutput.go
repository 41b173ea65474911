package formats

import "io"

// textOutput is what the writers of text formats append to: a head before everything else, and nothing after an error.
type textOutput struct {
	w     io.Writer
	head  []byte
	begun bool
	rows  int64
	err   error // the first error of w
}

// begin writes the head, once.
func (o *textOutput) begin() {
	if !o.begun {
		o.begun = true
		o.write(o.head)
	}
}

// write writes text unless an earlier write has failed.
func (o *textOutput) write(text []byte) {
	if o.err != nil || len(text) == 0 {
		return
	}
	n, err := o.w.Write(text)
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	o.err = err
}

// appendRows writes the text of rows behind what is due before them, and counts them.
func (o *textOutput) appendRows(due, text []byte, rows int64) error {
	o.begin()
	if rows == 0 {
		return o.err
	}
	o.write(due)
	o.write(text)
	if o.err == nil {
		o.rows += rows
	}
	return o.err
}

// Rows implements Writer.
func (o *textOutput) Rows() int64 { return o.rows }
