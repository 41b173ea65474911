package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// refNumber reads a number from the environment.
func refNumber(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is no number: %v", name, err)
	}
	return n
}

// refFolder is a folder in memory where the machine has one: a world is a dozen small files.
func refFolder(t *testing.T) string {
	t.Helper()
	if info, err := os.Stat("/dev/shm"); err != nil || !info.IsDir() {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("/dev/shm", "cpm-worlds-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// refSeed mixes the seed of a world, so that neighbouring seeds share nothing.
func refSeed(seed, i uint64) uint64 {
	x := seed + (i+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// TestFilterAgreesWithTheReference runs the product over random worlds. CPM_SEED and CPM_WORLDS choose them, and
// CPM_WORLD replays the one whose seed a failure has told.
func TestFilterAgreesWithTheReference(t *testing.T) {
	if os.Getenv("CPM_WORLD") != "" {
		refAgrees(t, refNumber(t, "CPM_WORLD", 0), filepath.Join(refFolder(t), "world"))
		return
	}
	worlds := uint64(20_000)
	if testing.Short() {
		worlds = 1_000
	}
	worlds = refNumber(t, "CPM_WORLDS", worlds)
	seed := refNumber(t, "CPM_SEED", uint64(time.Now().UnixNano()))
	t.Logf("CPM_SEED=%d CPM_WORLDS=%d", seed, worlds)
	shards := uint64(runtime.GOMAXPROCS(0))
	var tally refTally
	t.Run("worlds", func(t *testing.T) {
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(refFolder(t), "world")
				for i := shard; i < worlds && !t.Failed(); i += shards {
					tally.add(refAgrees(t, refSeed(seed, i), dir))
				}
			})
		}
	})
	t.Log(tally.words())
	if worlds >= 5_000 && !t.Failed() {
		tally.complete(t)
	}
}

// refAgrees judges one world; a difference is shrunk before it is told.
func refAgrees(t *testing.T, seed uint64, dir string) refOutcome {
	t.Helper()
	w := refGenerate(seed)
	if !w.sound() {
		return refOutcome{}
	}
	r, difference := refDifference(t.Context(), w, dir)
	if difference == "" {
		return r.want
	}
	deadline := time.Now().Add(20 * time.Second)
	small := refShrink(w, 600, func(w *refWorld) bool {
		_, d := refDifference(t.Context(), w, dir)
		return d != "" && time.Now().Before(deadline)
	})
	least, smallest := refDifference(t.Context(), small, dir)
	if smallest == "" { // what shrinking found has gone: tell the world as it was
		least, smallest = r, difference
	}
	t.Errorf("CPM_WORLD=%d (before shrinking: %.300s)\n%s\n%s", seed, difference, smallest, least.tell())
	return r.want
}

// refTally counts what the worlds have been about, so that a generator gone stale is seen.
type refTally struct {
	sync.Mutex
	worlds, unsound int
	codes           map[int]int
	reasons         map[string]int
}

func (c *refTally) add(out refOutcome) {
	c.Lock()
	defer c.Unlock()
	if c.codes == nil {
		c.codes, c.reasons = map[int]int{}, map[string]int{}
	}
	c.worlds++
	if len(out.Codes) == 0 {
		c.unsound++
		return
	}
	c.codes[out.Codes[0]]++
	for _, rows := range out.Reasons {
		for _, reason := range rows {
			c.reasons[reason]++
		}
	}
}

func (c *refTally) words() string {
	return fmt.Sprintf("%d worlds, %d left out as undecided; exit codes %v; rows %v", c.worlds, c.unsound, c.codes, c.reasons)
}

// complete fails when the worlds have missed a reason or an exit code, or when too many were undecided.
func (c *refTally) complete(t *testing.T) {
	t.Helper()
	for _, reason := range []string{
		refPermitted, "malformed_row", "invalid_identifier", "suppression_list", "unreadable_consent", "shared_identifier",
		"withdrawn", "denied", "pending", "notice_outdated", "expired", "no_consent", "duplicate",
	} {
		if c.reasons[reason] < c.worlds/50 {
			t.Errorf("only %d rows in %d worlds are %s", c.reasons[reason], c.worlds, reason)
		}
	}
	for _, code := range []int{0, 11, 12} {
		if c.codes[code] < c.worlds/100 {
			t.Errorf("only %d of %d worlds end with exit code %d", c.codes[code], c.worlds, code)
		}
	}
	if c.unsound > c.worlds/20 {
		t.Errorf("%d of %d worlds were left out as undecided", c.unsound, c.worlds)
	}
}
