package main

import (
	"encoding/json"
	"io"
)

// newEncoder returns an encoder of JSON that leaves <, > and & as they are: no browser reads what cpm tells.
func newEncoder(w io.Writer) *json.Encoder {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder
}
