//go:build !cloud

package main

import "cpm/formats"

// allFiles are the files that a command may name: those of the file system. A build with the tag cloud knows of object
// stores too.
func allFiles() formats.Files { return formats.Files{} }
