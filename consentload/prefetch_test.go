package consentload

import (
	"math"
	"testing"
)

func TestAskingForMemoryThatIsNotThereDoesNoHarm(t *testing.T) {
	words := []uint64{1, 2, 3}
	for _, at := range [][]uint64{nil, {0, 1, 2}, {3, 1 << 20, 1 << 40, math.MaxUint64}} {
		Prefetch(words, at)
		Prefetch(nil, at)
		prefetchBytes([]byte("abc"), at)
		prefetchBytes(nil, at)
	}
	if words[0] != 1 || words[1] != 2 || words[2] != 3 {
		t.Errorf("the words are now %v", words)
	}
}
