//go:build cloud

package main

import (
	"cpm/formats"
	"cpm/formats/cloud"
)

// allFiles are the files that a command may name: those of the file system and of object stores.
func allFiles() formats.Files { return formats.NewFiles(cloud.New()) }
