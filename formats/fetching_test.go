package formats_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cpm/formats"
	"cpm/formats/storetest"
)

func TestObjectsAreFetchedFourAtOnceAndEachOnce(t *testing.T) {
	store := &storetest.Store{}
	var paths []string
	for i := range 10 {
		paths = append(paths, fmt.Sprintf("s3://b/%d.csv", i))
		store.Put(paths[i], strings.Repeat("x", 100))
	}
	synctest.Test(t, func(t *testing.T) {
		var now, most, reads atomic.Int64
		store.Around = func(op, _ string, run func() error) error {
			if op != "read" {
				return run()
			}
			reads.Add(1)
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			defer now.Add(-1)
			return run()
		}
		files, progress := formats.NewFiles(store), &formats.Fetching{}
		began := time.Now()
		if err := files.Fetch(t.Context(), append(paths, paths[0], "none.csv"), progress); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 3*time.Second || most.Load() != 4 {
			t.Errorf("it took %v, %d at once", took, most.Load())
		}
		if progress.Objects.Load() != 10 || progress.Bytes.Load() != 1000 {
			t.Errorf("%d objects, %d bytes", progress.Objects.Load(), progress.Bytes.Load())
		}
		for _, path := range paths {
			file, err := files.Open(t.Context(), path, false)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(file.Reader); err != nil || len(text) != 100 {
				t.Errorf("%s: %d bytes, %v", path, len(text), err)
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		}
		if reads.Load() != 10 {
			t.Errorf("%d reads", reads.Load())
		}
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestOfObjectsThatCannotBeFetchedTheFirstIsTold(t *testing.T) {
	store := &storetest.Store{}
	var paths []string
	for i := range 10 {
		paths = append(paths, fmt.Sprintf("s3://b/%d.csv", i))
		store.Put(paths[i], "x")
	}
	synctest.Test(t, func(t *testing.T) {
		var mutex sync.Mutex
		var began []string
		store.Around = func(op, path string, run func() error) error {
			if op != "read" {
				return run()
			}
			mutex.Lock()
			began = append(began, path)
			mutex.Unlock()
			switch path {
			case paths[1]: // fails last
				time.Sleep(time.Minute)
				return errors.New("one is broken")
			case paths[3]:
				time.Sleep(time.Second)
				return errors.New("three is broken")
			}
			time.Sleep(2 * time.Second)
			return run()
		}
		files := formats.NewFiles(store)
		err := files.Fetch(t.Context(), paths, &formats.Fetching{})
		if err == nil || err.Error() != "s3://b/1.csv: cannot fetch it: one is broken" {
			t.Errorf("%v", err)
		}
		if len(began) > 5 {
			t.Errorf("after a failure others begin: %q", began)
		}
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
}
