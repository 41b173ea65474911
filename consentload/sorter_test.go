package consentload

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestEntriesAreSortedHoweverTheirKeysAreSpread(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	spreads := map[string]func() Key{
		"evenly":               func() Key { return Key{random.Uint64() >> partitionBits, random.Uint64()} },
		"one for all":          func() Key { return Key{7, 7} },
		"alike in their first": func() Key { return Key{7, random.Uint64()} },
		"in a narrow range":    func() Key { return Key{random.Uint64N(1000), random.Uint64N(3)} },
		"falling":              func() func() Key { n := uint64(1 << 20); return func() Key { n--; return Key{3, n} } }(),
	}
	var s sorter
	for name, key := range spreads {
		for _, n := range []int{0, 1, 2, 3, 100, 5000, 200000} {
			var lists [][]entry
			var want []Key
			for len(want) < n {
				list := make([]entry, min(1+random.IntN(1024), n-len(want)))
				for i := range list {
					list[i] = entry{key: key(), when: Instant(len(want))}
					want = append(want, list[i].key)
				}
				lists = append(lists, list)
			}
			slices.SortFunc(want, Key.Compare)
			seen := make([]bool, n)
			for i, e := range s.sort(lists) {
				if e.key != want[i] || seen[e.when] {
					t.Fatalf("%s, %d: entry %d has key %x, want %x; seen before: %v", name, n, i, e.key, want[i], seen[e.when])
				}
				seen[e.when] = true
			}
		}
	}
}
