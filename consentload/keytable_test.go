package consentload

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func randomKeys(seed uint64, n int) []Key {
	r := rand.New(rand.NewPCG(seed, 9))
	keys := make([]Key, n)
	for i := range keys {
		keys[i] = Key{r.Uint64(), r.Uint64()}
	}
	slices.SortFunc(keys, Key.Compare)
	return slices.Compact(keys)
}

func TestEveryKeyIsFoundAtItsRankAndNoOtherOneIs(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 5, 8, 31, 32, 33, 1000, 70_000} {
		keys, strangers := randomKeys(uint64(n), n), randomKeys(uint64(n)+1, 1000)
		for pieces := range 4 {
			table, err := newKeyTable(piecesOf(keys, pieces), widest, 1+pieces)
			if err != nil {
				t.Fatal(err)
			}
			checkFinds(t, table, keys, strangers)
		}
	}
}

// piecesOf cuts keys into runs, of which the first and the last are empty.
func piecesOf(keys []Key, pieces int) keyRuns {
	runs := keyRuns{nil}
	for i := range pieces {
		runs = append(runs, keys[len(keys)*i*i/(pieces*pieces):len(keys)*(i+1)*(i+1)/(pieces*pieces)])
	}
	if pieces == 0 {
		runs = append(runs, keys)
	}
	return append(runs, nil)
}

// made is for keys that are there.
func made(int, int) {}

// checkFinds checks that a table finds its keys at their ranks, one by one and together, and no stranger.
func checkFinds(t *testing.T, table *keyTable, keys, strangers []Key) {
	t.Helper()
	asked := slices.Concat(keys, strangers)
	got := make([]uint32, len(asked))
	late := make([]Key, len(asked))
	table.findAll(late, got, func(from, to int) { copy(late[from:to], asked[from:to]) })
	for i, key := range asked {
		want := NoOrdinal
		if i < len(keys) {
			want = uint32(i)
		}
		one, found := table.find(key)
		if one != want || found != (i < len(keys)) || got[i] != want {
			t.Fatalf("of %d keys at %d leading bits, the one at %d is found at %d (%v), in a batch at %d", len(keys), table.width, i, one, found, got[i])
		}
	}
}

func TestALookupAllocatesNothing(t *testing.T) {
	keys := randomKeys(5, 1000)
	table, err := newKeyTable(keyRuns{keys}, widest, 1)
	if err != nil {
		t.Fatal(err)
	}
	ordinals := make([]uint32, len(keys))
	if n := testing.AllocsPerRun(10, func() {
		table.findAll(keys, ordinals, made)
		ordinals[0], _ = table.find(keys[7])
	}); n > 0 {
		t.Errorf("looking up %d keys allocates %g times", len(keys), n)
	}
}

func TestANeighbourInTheSameBucketIsNobodyKnown(t *testing.T) {
	keys := randomKeys(3, 1000)
	table, err := newKeyTable(keyRuns{keys}, widest, 1)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range uint(128) {
		for _, key := range keys[:50] {
			if bit < 64 {
				key.Hi ^= 1 << (63 - bit)
			} else {
				key.Lo ^= 1 << (127 - bit)
			}
			_, found := table.find(key)
			if want := bit >= table.width+64; found != want {
				t.Fatalf("with bit %d flipped the key is found: %v, and the table compares %d bits", bit, found, table.width+64)
			}
		}
	}
}

func TestTheChanceOfAFalseMatchIsBelowOneIn2To60AtAnySize(t *testing.T) {
	for _, n := range []int{1, 3, 4, 5, 7, 8, 1000, 1 << 20, 20_000_000, 1 << 30, 1<<32 - 1} {
		perBucket := float64(n) / math.Exp2(float64(widthFor(n)))
		if perBucket > mostPerBucket {
			t.Errorf("%d keys stand %g to a bucket", n, perBucket)
		}
		if chance := math.Log2(perBucket) - 64; chance > -60 {
			t.Errorf("with %d keys the chance is 2^%g a lookup", n, chance)
		}
	}
}

func TestATableThatIsHeldNarrowFindsTheSame(t *testing.T) {
	for _, most := range []uint{1, 3, 7} {
		keys, strangers := randomKeys(uint64(most), 5000), randomKeys(uint64(most)+1, 1000)
		table, err := newKeyTable(keyRuns{keys}, most, 1)
		if err != nil {
			t.Fatal(err)
		}
		checkFinds(t, table, keys, strangers)
	}
}

func TestTwoIdentifiersThatCannotBeToldApartStopTheBuild(t *testing.T) {
	keys := randomKeys(4, 1000)
	width := widthFor(len(keys) + 1)
	twin := keys[500]
	twin.Lo ^= 1 << (63 - width) // the first bit that is not stored
	keys = append(keys, twin)
	slices.SortFunc(keys, Key.Compare)
	at := slices.Index(keys, twin)
	for _, runs := range []keyRuns{{keys}, {keys[:at], keys[at:]}, {keys[:at+1], nil, keys[at+1:]}} {
		if _, err := newKeyTable(runs, widest, 2); !errors.Is(err, errTwins) {
			t.Fatalf("two keys that share all stored bits give %v", err)
		}
	}
}

// slots is the structure that lost: lines of memory with eight tails each, two thirds full, and what does not fit in the
// next line. Its ordinals have holes.
type slots struct {
	shift uint
	lines [][8]uint64
}

func newSlots(keys []Key) *slots {
	width := uint(1)
	for 8<<width*2 < 3*len(keys) {
		width++
	}
	s := &slots{shift: 64 - width, lines: make([][8]uint64, 1<<width)}
	for _, key := range keys {
		tail := key.Hi<<width | key.Lo>>(64-width) | 1
		for line := key.Hi >> s.shift; ; line = (line + 1) % uint64(len(s.lines)) {
			if at := slices.Index(s.lines[line][:], 0); at >= 0 {
				s.lines[line][at] = tail
				break
			}
		}
	}
	return s
}

func (s *slots) findAll(keys []Key, ordinals []uint32) {
	var touched uint64
	for len(keys) > 0 {
		n := min(len(keys), inFlight)
		for _, key := range keys[:n] {
			touched += s.lines[key.Hi>>s.shift][0]
		}
		for i, key := range keys[:n] {
			ordinals[i] = s.find(key)
		}
		keys, ordinals = keys[n:], ordinals[n:]
	}
	if touched == 1 {
		ordinals = append(ordinals, 0)
	}
	_ = ordinals
}

func (s *slots) find(key Key) uint32 {
	width := 64 - s.shift
	tail := key.Hi<<width | key.Lo>>(64-width) | 1
	for line := key.Hi >> s.shift; ; line = (line + 1) % uint64(len(s.lines)) {
		l := &s.lines[line]
		for i := range l {
			if l[i] == tail {
				return uint32(line<<3) + uint32(i)
			}
		}
		if l[7] == 0 {
			return NoOrdinal
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"1M", 1_000_000}, {"20M", 20_000_000}} {
		b.Run(size.name, func(b *testing.B) {
			if size.n > 1_000_000 && testing.Short() {
				b.Skip("20 M keys take a while to make")
			}
			keys := randomKeys(1, size.n)
			table, err := newKeyTable(keyRuns{keys}, widest, 1)
			if err != nil {
				b.Fatal(err)
			}
			asked := make([]Key, 1<<20)
			r := rand.New(rand.NewPCG(2, 2))
			for i := range asked {
				asked[i] = keys[r.IntN(len(keys))]
				if i%3 == 0 {
					asked[i].Lo, asked[i].Hi = r.Uint64(), r.Uint64()
				}
			}
			lines := newSlots(keys)
			ordinals := make([]uint32, len(asked))
			perKey := func(b *testing.B, bytes float64, look func()) {
				b.ReportAllocs()
				for b.Loop() {
					look()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(asked)), "ns/key")
				b.ReportMetric(bytes/float64(len(keys)), "B/key")
			}
			size := float64(len(table.starts) + len(table.tails))
			b.Run("one", func(b *testing.B) {
				perKey(b, size, func() {
					for i, key := range asked {
						ordinals[i], _ = table.find(key)
					}
				})
			})
			b.Run("batch", func(b *testing.B) { perKey(b, size, func() { table.findAll(asked, ordinals, made) }) })
			b.Run("slots-one", func(b *testing.B) {
				perKey(b, float64(64*len(lines.lines)), func() {
					for i, key := range asked {
						ordinals[i] = lines.find(key)
					}
				})
			})
			b.Run("slots-batch", func(b *testing.B) {
				perKey(b, float64(64*len(lines.lines)), func() { lines.findAll(asked, ordinals) })
			})
		})
	}
}
