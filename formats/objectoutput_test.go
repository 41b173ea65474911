package formats_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats"
	"cpm/formats/fault"
	"cpm/formats/storetest"
)

// everything returns what stands in a store and in a folder, by path.
func everything(t *testing.T, store *storetest.Store, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, path := range store.Paths() {
		all[path], _ = store.Get(path)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Name()] = string(text)
	}
	return all
}

// writeAll writes a set of outputs, each holding its path, and commits it.
func writeAll(ctx context.Context, files formats.Files, overwrite bool, paths ...string) (err error) {
	outputs := files.NewOutputs(ctx, formats.OutputOptions{Overwrite: overwrite})
	defer func() { err = errors.Join(err, outputs.Abort()) }()
	for _, path := range paths {
		out, err := outputs.Create(path)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, "new "+filepath.Base(path)); err != nil {
			return err
		}
	}
	return outputs.Commit()
}

func TestOutputsAppearAllOrNoneWhateverAStoreAnswers(t *testing.T) {
	lost := errors.New("the answer was lost")
	ways := map[string]func(run func() error) error{
		"the operation fails": func(func() error) error { return lost },
		"the answer is lost":  func(run func() error) error { return errors.Join(run(), lost) },
		"another attempt is made": func(run func() error) error {
			_ = run()
			return run()
		},
	}
	for way, meet := range ways {
		for _, overwrite := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, overwrite %v", way, overwrite), func(t *testing.T) {
				for at := 0; ; at++ {
					store, folder := &storetest.Store{}, t.TempDir()
					store.Put("s3://b/other.csv", "other")
					if overwrite {
						store.Put("s3://b/one.csv", "old")
					}
					before := everything(t, store, folder)
					done := 0
					store.Around = func(_, _ string, run func() error) error {
						done++
						if done == at+1 {
							return meet(run)
						}
						return run()
					}
					err := writeAll(t.Context(), formats.NewFiles(store), overwrite,
						"s3://b/one.csv", filepath.Join(folder, "two.csv"), "s3://b/three.csv", "gs://c/four.csv")
					want := before
					if err == nil {
						want = map[string]string{
							"s3://b/other.csv": "other", "s3://b/one.csv": "new one.csv", "two.csv": "new two.csv",
							"s3://b/three.csv": "new three.csv", "gs://c/four.csv": "new four.csv",
						}
					}
					if diff := cmp.Diff(want, everything(t, store, folder)); diff != "" {
						t.Errorf("at operation %d, with %v (-want +got):\n%s", at+1, err, diff)
					}
					if done <= at {
						return
					}
				}
			})
		}
	}
}

func TestAStoreThatAnswersNoMoreIsTold(t *testing.T) {
	store := &storetest.Store{}
	gone := errors.New("network is unreachable")
	writes := 0
	store.Around = func(op, _ string, run func() error) error {
		if op == "write" {
			writes++
		}
		if writes > 1 {
			return gone
		}
		return run()
	}
	err := writeAll(t.Context(), formats.NewFiles(store), false, "s3://b/one.csv", "s3://b/two.csv")
	if !errors.Is(err, gone) || !strings.Contains(err.Error(), "s3://b/two.csv: cannot write it") {
		t.Errorf("%v", err)
	}
}

func TestAnInterruptedRunRemovesWhatItWrote(t *testing.T) {
	store := &storetest.Store{}
	store.Put("s3://b/two.csv", "old")
	ctx, cancel := context.WithCancel(t.Context())
	store.Around = func(op, path string, run func() error) error {
		err := run()
		if op == "write" && path == "s3://b/two.csv" {
			cancel()
		}
		return err
	}
	err := writeAll(ctx, formats.NewFiles(store), true, "s3://b/one.csv", "s3://b/two.csv", "s3://b/three.csv")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(map[string]string{"s3://b/two.csv": "old"}, everything(t, store, t.TempDir())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatSomebodyElseWroteMeanwhileStays(t *testing.T) {
	for _, overwrite := range []bool{false, true} {
		store := &storetest.Store{}
		store.Around = func(op, path string, run func() error) error {
			if op == "write" && path == "s3://b/two.csv" {
				store.Put("s3://b/one.csv", "theirs") // after ours was written
				store.Put("s3://b/two.csv", "theirs too")
				if overwrite {
					return errors.New("no space")
				}
			}
			return run()
		}
		err := writeAll(t.Context(), formats.NewFiles(store), overwrite, "s3://b/one.csv", "s3://b/two.csv")
		if err == nil || !overwrite && fault.KindOf(err) != fault.Usage {
			t.Errorf("overwrite %v: %v", overwrite, err)
		}
		want := map[string]string{"s3://b/one.csv": "theirs", "s3://b/two.csv": "theirs too"}
		if diff := cmp.Diff(want, everything(t, store, t.TempDir())); diff != "" {
			t.Errorf("overwrite %v (-want +got):\n%s", overwrite, diff)
		}
	}
}

func TestAStoreThatHoldsOtherBytesIsNotBelieved(t *testing.T) {
	store := &storetest.Store{}
	store.Around = func(op, path string, run func() error) error {
		err := run()
		if op == "write" {
			store.Put(path, "shorter")
		}
		return err
	}
	err := writeAll(t.Context(), formats.NewFiles(store), false, "s3://b/one.csv")
	if err == nil || !strings.Contains(err.Error(), "not what was written") {
		t.Errorf("%v", err)
	}
}

func TestAnObjectThatCannotBeAnOutputIsRefusedAtOnce(t *testing.T) {
	store := &storetest.Store{}
	store.Put("s3://b/in.csv", "phone\n")
	files := formats.NewFiles(store)
	input, err := files.Stat(t.Context(), "s3://b/in.csv")
	if err != nil {
		t.Fatal(err)
	}
	inputs := []os.FileInfo{input}
	tests := map[string]struct {
		path    string
		options formats.OutputOptions
		want    string
	}{
		"it exists":              {"s3://b/in.csv", formats.OutputOptions{}, "the output exists"},
		"it is an input":         {"S3://b/in.csv?region=x", formats.OutputOptions{Overwrite: true, Inputs: inputs}, "also an input"},
		"it is a folder":         {"s3://b/out/", formats.OutputOptions{}, "is a folder"},
		"it is a bucket":         {"s3://b", formats.OutputOptions{}, "is a folder"},
		"it is to have a mode":   {"s3://b/out.csv", formats.OutputOptions{Mode: 0o640}, "no mode"},
		"nobody knows of stores": {"s3://b/out.csv", formats.OutputOptions{}, "reads files alone"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := files
			if test.want == "reads files alone" {
				files = formats.Files{}
			}
			_, made := files.NewOutputs(t.Context(), test.options).Create(test.path)
			for _, err := range []error{made, files.Check(t.Context(), test.path, test.options)} {
				if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v", err)
				}
			}
		})
	}
	if err := writeAll(t.Context(), files, false, "s3://b/out.csv", "S3://b/out.csv"); fault.KindOf(err) != fault.Usage {
		t.Errorf("one object twice: %v", err)
	}
	store.Around = func(string, string, func() error) error { return fs.ErrPermission }
	if err := files.Check(t.Context(), "s3://b/out.csv", formats.OutputOptions{}); fault.KindOf(err) != fault.Usage {
		t.Errorf("no permission: %v", err)
	}
}
