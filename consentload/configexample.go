package consentload

import (
	_ "embed"
	"slices"
)

//go:embed cpm.yaml
var exampleConfig []byte

// ExampleConfig returns a commented cpm.yaml to start from: what nearly everybody needs is set, every other key
// stands in a comment.
func ExampleConfig() []byte { return slices.Clone(exampleConfig) }
