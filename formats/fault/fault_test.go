package fault

import (
	"errors"
	"io/fs"
	"testing"
)

func TestAnErrorNamesItsFileOnce(t *testing.T) {
	onDisk := &fs.PathError{Op: "read", Path: "a.csv", Err: fs.ErrPermission}
	damaged := New(Input, "a.zip/b.csv", "damaged")
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"an error without a place":                 {At("a.csv", fs.ErrClosed), "a.csv: file already closed"},
		"an error of the file system":              {At("a.csv", onDisk), "a.csv: read: permission denied"},
		"a fault":                                  {At("a.zip", damaged), "a.zip/b.csv: damaged"},
		"a fault without a place":                  {At("a.csv", New(Input, "", "no time")), "a.csv: no time"},
		"what comes through two readers":           {At("a.csv", At("a.csv", fs.ErrClosed)), "a.csv: file already closed"},
		"the cause of a fault":                     {New(Usage, "a.csv", "it cannot be read").Because(onDisk), "a.csv: it cannot be read: permission denied"},
		"a fault for a cause with the same place":  {New(Input, "a.csv", "damaged").Because(At("a.csv", fs.ErrClosed)), "a.csv: damaged: file already closed"},
		"a fault for a cause with another place":   {New(Input, "a.csv", "damaged").Because(At("b.csv", fs.ErrClosed)), "a.csv: damaged: b.csv: file already closed"},
		"a fault without a place that has a cause": {New(Usage, "", "no share").Because(fs.ErrClosed), "no share: file already closed"},
	} {
		if test.err.Error() != test.want {
			t.Errorf("%s: %s", name, test.err)
		}
	}
	if err := At("a.csv", onDisk); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("what happened is lost: %v", err)
	}
	if err := At("a.csv", nil); err != nil {
		t.Errorf("nothing becomes %v", err)
	}
}
