package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"cpm/formats"
	"cpm/formats/storetest"
)

func TestALongFetchIsShown(t *testing.T) {
	for name, bar := range map[string]bool{"on a terminal": true, "elsewhere not": false} {
		t.Run(name, func(t *testing.T) {
			store := &storetest.Store{}
			store.Put("s3://b/1.csv", objectSegment)
			store.Put("s3://b/2.csv", objectSegment)
			store.Around = func(op, path string, run func() error) error {
				if op == "read" && path == "s3://b/2.csv" {
					time.Sleep(progressAfter + 2*progressEvery)
				}
				return run()
			}
			var told bytes.Buffer
			files := formats.NewFiles(store)
			c := &consent{places: files}
			if err := c.fetch(context.Background(), &talk{w: &told, bar: bar}, []string{"s3://b/1.csv", "a.csv", "s3://b/2.csv"}); err != nil {
				t.Fatal(err)
			}
			if err := files.Close(); err != nil {
				t.Error(err)
			}
			if strings.Contains(told.String(), "fetching 1 objects") != bar {
				t.Errorf("%q", told.String())
			}
		})
	}
}
