//go:build unix

package formats

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a power cut may take is what was not synchronised: every file before the first name, each name before the next.
func TestEachStepIsDurableBeforeTheNext(t *testing.T) {
	for _, c := range scenes() {
		dir, _, _ := c.prepare(t)
		s, _ := c.failAt(false)
		around := s.disk.around
		written, named := 0, 0 // outputs whose bytes and whose names are durable
		naming := false
		last, lastPath := "", ""
		s.disk.around = func(op, path string, run func() error) error {
			err := around(op, path, run)
			before, beforePath := last, lastPath
			last, lastPath = op, path
			switch {
			case before == "chmod" && op != "sync" && !strings.HasPrefix(filepath.Base(beforePath), "out"): // not of the old
				t.Errorf("%s: the mode of an output is not durable before %s", c.name, op)
			case op == "sync" && before == "write":
				written++
			case op == "syncFolder" && naming:
				named++
				naming = false
			case err == nil && strings.HasPrefix(filepath.Base(path), "out") && slices.Contains(namingOps, op):
				if naming || written < c.outputs {
					t.Errorf("%s: %s of %s with %d outputs written, %d named", c.name, op, path, written, named)
				}
				naming = true
			}
			return err
		}
		if _, err := c.run(s, dir); err != nil {
			t.Fatal(err)
		}
		if named != c.outputs || naming {
			t.Errorf("%s: %d of %d names are durable", c.name, named, c.outputs)
		}
	}
}

// namingOps give an output its name.
var namingOps = []string{"link", "linkUnnamed", "rename", "renameNew"}
