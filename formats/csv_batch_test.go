package formats

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMissingFieldsOfAMalformedRowAreNull(t *testing.T) {
	r, err := openText("a,b,c,d\n1,2\n\"1\",\"2\"x\n", csvShape{batch: 100})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Select([]int{3, 1, 1, 0}); err != nil {
		t.Fatal(err)
	}
	b := firstBatch(t, r)
	for i, want := range [][][]byte{{nil, nil}, {[]byte("2"), []byte("2")}, {[]byte("2"), []byte("2")}, {[]byte("1"), []byte("1")}} {
		if diff := cmp.Diff(want, b.Values(i)); diff != "" {
			t.Errorf("values %d (-want +got):\n%s", i, diff)
		}
	}
	if b.MalformedRows() != 2 || !b.Malformed(0) || !b.Malformed(1) {
		t.Errorf("%d malformed rows, want both", b.MalformedRows())
	}
	if place := b.Place(1); place != "line 3" {
		t.Errorf("the second row stands at %q", place)
	}
}

func TestWarmBatchIsDecodedAndEncodedWithoutAllocations(t *testing.T) {
	text := "a,b,c\n" + strings.Repeat("1,2,3\n\"4\",\"5\"\"5\",6\n7,8\n\n", 1000)
	r, batches := readyBatches(t, text, []int{0, 1, 2})
	checkNoAllocations(t, r, batches[0])
}

func TestReleasedBuffersAreUsedAgain(t *testing.T) {
	text := "a,b\n" + strings.Repeat("1,2\n", 10_000)
	r, err := openText(text, csvShape{batch: 4000})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[Batch]int{}
	for b, err := range batchesOf(r) {
		if err != nil {
			t.Fatal(err)
		}
		seen[b]++
		b.Release()
	}
	if len(seen) != 1 {
		t.Errorf("%d batches were made, one would do", len(seen))
	}
}

func TestPlaceIsTheSameInWhateverOrderItIsAskedFor(t *testing.T) {
	r, batches := readyBatches(t, "a,b\n1,2\n\n\"3\n\",4\r\n5\n6,7", nil)
	b := batches[0]
	want := []string{"line 2", "line 4", "line 6", "line 7"}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 2, 0, 3, 1}} {
		for _, row := range order {
			if got := b.Place(row); got != want[row] {
				t.Errorf("in the order %v row %d of %s stands at %q, want %q", order, row, r.Info().Format, got, want[row])
			}
		}
	}
}
