// Package example is the example that cpm ships: six touchpoints that contradict each other, a stop list, a
// configuration, and a segment that marketing would like to reach. README.md tells its story and names its cast.
//
// The data are invented by the command in gen, from one seed; the test of this package holds every file to it, and
// every number in the README to a second, naive reading of the rules.
package example

import "embed"

// Files holds the example as it is written to a user's folder: README.md, cpm.yaml, stop.csv, segment.csv and
// consent/*.csv. It is only ever read.
//
//go:embed README.md cpm.yaml stop.csv segment.csv consent/*.csv
var Files embed.FS
