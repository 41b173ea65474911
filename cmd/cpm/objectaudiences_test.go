package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAudiencesOfAStoreWhoseOutputsHaveNoPlaceAreRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	store := sampleStore()
	store.Put("s3://b/twins/a//one.csv", objectSegment)
	store.Put("s3://b/twins/a/one.csv", objectSegment)
	before := store.Paths()
	for name, test := range map[string]struct {
		args []string
		told string
	}{
		"those of a bucket, beside which is that of somebody else":    {[]string{"s3://b/"}, "a bucket has no name for its outputs"},
		"two objects of which the file system would say they are one": {[]string{"s3://b/twins/", "-o", "s3://b/out/"}, "would go to one output"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"filter", "--channel", "sms", "--purpose", "promotion", "--consent", "s3://b/exports/"}, test.args...)
			code, _, told := inObjects(t, store, args...)
			if code != exitUsage || !strings.Contains(told, test.told) {
				t.Errorf("exit code %d\n%s", code, told)
			}
			if diff := cmp.Diff(before, store.Paths()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
