package formats_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"cpm/formats"
	"cpm/formats/fault"
	"cpm/formats/storetest"
)

func TestAStoreInMemoryKeepsTheLawsOfAStore(t *testing.T) {
	store := &storetest.Store{}
	if err := storetest.Check(t.Context(), store, formats.Location{Scheme: "s3", Bucket: "b", Key: "laws/"}); err != nil {
		t.Error(err)
	}
	if left := store.Paths(); len(left) > 0 {
		t.Errorf("the laws left %q", left)
	}
}

func TestAPathOfAnObjectStoreIsToldFromOneOfTheFileSystem(t *testing.T) {
	for path, want := range map[string]bool{
		"s3://bucket/key": true, "S3://bucket/key": true, "gs://bucket/key": true, "azblob://box/key": true, "s3://": true,
		"s3:/bucket/key": false, "./s3://bucket/key": false, "file.csv": false, "https://host/key": false, "": false,
	} {
		if got := formats.IsObject(path); got != want {
			t.Errorf("%q: %v, want %v", path, got, want)
		}
	}
}

func TestTheOptionsOfABucketAreCutOffAndHoldForItsPaths(t *testing.T) {
	for path, want := range map[string]string{
		"s3://b/k.csv?endpoint=http://127.0.0.1:7070&region=x": "s3://b/k.csv",
		"s3://b?region=x":                     "s3://b/",
		"S3://b/k":                            "s3://b/k",
		"s3://c/app-?.csv":                    "s3://c/app-?.csv",
		"s3://d/app-?.csv?region=y":           "s3://d/app-?.csv",
		"gs://b/50%25 + more&x=1/名单.csv":      "gs://b/50%25 + more&x=1/名单.csv",
		"folder/k.csv?region=x":               "folder/k.csv?region=x",
		"azblob://box/a//b?storage_account=z": "azblob://box/a//b",
	} {
		got, err := formats.NewFiles(&storetest.Store{}).Learn(path)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", path, got, err, want)
		}
	}
	files := formats.NewFiles(&storetest.Store{})
	for _, path := range []string{"s3://b/a", "s3://b/a?region=x", "s3://b/b", "s3://b/c?region=x", "s3://other/c?region=y"} {
		if _, err := files.Learn(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	_, err := files.Learn("s3://b/d?region=secret")
	if fault.KindOf(err) != fault.Usage || strings.Contains(err.Error(), "secret") {
		t.Errorf("other options of one bucket: %v", err)
	}
}

func TestATextIsToldWithoutOptions(t *testing.T) {
	for text, want := range map[string]string{
		"--consent=s3://b/k?endpoint=http://u:p@h": "--consent=s3://b/k",
		"sms:gs://b/k?access_id=x":                 "sms:gs://b/k",
		"--id=phone=a?b=c":                         "--id=phone=a?b=c",
	} {
		if got := formats.WithoutOptions(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestWithoutAStoreAnObjectIsAFaultOfUsage(t *testing.T) {
	var files formats.Files
	_, err := files.Open(t.Context(), "s3://b/k?secret=x", false)
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Usage || !strings.Contains(f.What, "this build reads files alone") ||
		!strings.Contains(f.Mend, "go build -tags cloud ./cmd/cpm") || strings.Contains(f.Error(), "secret") {
		t.Errorf("open: %v", err)
	}
	if _, err := files.Stat(t.Context(), "gs://b/k"); fault.KindOf(err) != fault.Usage {
		t.Errorf("stat: %v", err)
	}
}

// openObject opens an object in a store and returns its file.
func openObject(t *testing.T, files formats.Files, path string) *formats.File {
	t.Helper()
	file, err := files.Open(t.Context(), path, true)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAnObjectIsReadLikeAFile(t *testing.T) {
	store := &storetest.Store{}
	store.Put("s3://b/a.csv", "phone\n1\n")
	files := formats.NewFiles(store)
	file := openObject(t, files, "s3://b/a.csv?region=x")
	text, err := io.ReadAll(file.Reader)
	if err != nil || string(text) != "phone\n1\n" || file.Name != "s3://b/a.csv" || file.Size != 8 {
		t.Errorf("%q %q %d %v", text, file.Name, file.Size, err)
	}
	evidence, err := file.Evidence()
	want := formats.Evidence{Path: "s3://b/a.csv", Size: 8, SHA256: fmt.Sprintf("%x", sha256.Sum256(text))}
	if err != nil || evidence != want {
		t.Errorf("%+v %v", evidence, err)
	}
	if _, mapped := file.Reader.(*os.File); !mapped {
		t.Error("an index could not be mapped")
	}
	info, err := files.Stat(t.Context(), "s3://b/a.csv")
	if err != nil || !formats.SameFile(info, file.Info()) || !info.Mode().IsRegular() || info.Size() != 8 || info.Name() != "a.csv" {
		t.Errorf("%v %v", info, err)
	}
	local, err := os.Stat(".")
	if err != nil || formats.SameFile(info, local) || formats.SameFile(local, info) || !formats.SameFile(local, local) {
		t.Errorf("an object is taken for a file: %v", err)
	}
	if err := errors.Join(file.Close(), file.Close(), files.Close()); err != nil {
		t.Error(err)
	}
}

func TestAnObjectIsFetchedOnceInARunAndSeenInOneVersion(t *testing.T) {
	store := &storetest.Store{}
	store.Put("s3://b/a.csv", "one")
	reads := 0
	store.Around = func(op, _ string, run func() error) error {
		if op == "read" {
			reads++
		}
		return run()
	}
	files := formats.NewFiles(store)
	for range 3 {
		file := openObject(t, files, "s3://b/a.csv")
		text, err := io.ReadAll(file.Reader)
		if err != nil || string(text) != "one" {
			t.Fatalf("%q %v", text, err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		store.Put("s3://b/a.csv", "two of them")
	}
	if reads != 1 {
		t.Errorf("it was fetched %d times", reads)
	}
	if err := files.Close(); err != nil {
		t.Error(err)
	}
}

func TestTwoWhoReadAnObjectAtOnceDoNotShareAFile(t *testing.T) {
	store := &storetest.Store{}
	store.Put("s3://b/a.csv", "0123456789")
	files := formats.NewFiles(store)
	one, other := openObject(t, files, "s3://b/a.csv"), openObject(t, files, "s3://b/a.csv")
	for _, file := range []*formats.File{one, other} {
		if text, err := io.ReadAll(file.Reader); err != nil || string(text) != "0123456789" {
			t.Errorf("%q %v", text, err)
		}
	}
	if err := errors.Join(one.Close(), other.Close(), other.Close(), files.Close()); err != nil {
		t.Error(err)
	}
}

func TestAnObjectThatDoesNotComeWholeOrChangesIsRefused(t *testing.T) {
	tests := map[string]struct {
		spoil func(s *storetest.Store)
		want  fault.Kind
		text  string
	}{
		"a download that is cut": {func(s *storetest.Store) {
			s.Cut = func(_ string, size int) int { return size - 1 }
		}, fault.Input, "9 bytes of it came, and it has 10"},
		"an object that is replaced meanwhile": {func(s *storetest.Store) {
			s.Around = func(op, path string, run func() error) error {
				err := run()
				if op == "read" {
					s.Put(path, "abcdefghij")
				}
				return err
			}
		}, fault.Input, "changed while it was read"},
		"an object that is removed meanwhile": {func(s *storetest.Store) {
			s.Around = func(op, _ string, run func() error) error {
				if op == "look" {
					return fs.ErrNotExist
				}
				return run()
			}
		}, fault.Input, "changed while it was read"},
		"an object that is not there": {func(s *storetest.Store) {
			s.Around = func(string, string, func() error) error { return fs.ErrNotExist }
		}, fault.Usage, "no such object"},
		"an object that may not be read": {func(s *storetest.Store) {
			s.Around = func(string, string, func() error) error { return fs.ErrPermission }
		}, fault.Usage, "no permission to fetch it"},
		"a network that fails": {func(s *storetest.Store) {
			s.Around = func(string, string, func() error) error { return errors.New("connection reset") }
		}, 0, "cannot fetch it: connection reset"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			store := &storetest.Store{}
			store.Put("s3://b/a.csv", "0123456789")
			test.spoil(store)
			_, err := formats.NewFiles(store).Open(t.Context(), "s3://b/a.csv", false)
			if err == nil || fault.KindOf(err) != test.want || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestObjectsAreListedWithoutWhatStandsForAFolder(t *testing.T) {
	store := &storetest.Store{}
	for _, path := range []string{"s3://b/x/", "s3://b/x/1", "s3://b/x/y/2", "s3://b/z", "s3://other/x/3"} {
		store.Put(path, strings.Repeat("a", len(path)%12))
	}
	store.Put("s3://b/x/", "")
	var got []string
	err := formats.NewFiles(store).List(t.Context(), "s3://b/x", func(path string) error {
		got = append(got, path)
		return nil
	})
	if want := []string{"s3://b/x/1", "s3://b/x/y/2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v, want %q", got, err, want)
	}
}
