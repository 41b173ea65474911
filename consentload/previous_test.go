package consentload

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cpm/formats/fault"
)

// The reference looks at rows alone, one by one, and folds nothing.

func (r *heldRow) covers(c cellName) bool {
	return (r.channel == Star || r.channel == c.channel) && (r.purpose == Star || r.purpose == c.purpose)
}

func (r *heldRow) refuses() bool { return r.status == "withdrawn" || r.status == "denied" }

// answers reports whether a grant of an identifier that comes after a refusal's day answers it in a cell.
func answers(rows []heldRow, name heldName, like heldRow, cell cellName) bool {
	return slices.ContainsFunc(rows, func(g heldRow) bool {
		return g.status == "granted" && g.day > like.day && g.covers(cell) && slices.Contains(g.names(), name) &&
			(like.channel == Star || g.channel == like.channel) && (like.purpose == Star || g.purpose == like.purpose)
	})
}

// together returns who belongs to the subject of an identifier.
func (w *heldWorld) together(rows []heldRow, name heldName) []heldName {
	all := []heldName{name}
	for i := 0; i < len(all) && w.link != "none"; i++ {
		for _, r := range rows {
			if names := r.names(); slices.Contains(names, all[i]) {
				for _, n := range names {
					if !slices.Contains(all, n) {
						all = append(all, n)
					}
				}
			}
		}
	}
	return all
}

// standing returns the refusals, each the latest of its scope, that an identifier made in a cell and that nothing of the
// same scope answers.
func (w *heldWorld) standing(name heldName, cell cellName) (all []heldRow) {
	for _, r := range w.before {
		later := func(o heldRow) bool {
			return slices.Contains(o.names(), name) && o.channel == r.channel && o.purpose == r.purpose && o.day > r.day &&
				(o.refuses() || o.status == "granted" && w.link != "refusals")
		}
		if r.refuses() && r.covers(cell) && slices.Contains(r.names(), name) && !slices.ContainsFunc(w.before, later) {
			all = append(all, r)
		}
	}
	return all
}

// newest is the last day of which the build before had read anything.
func (w *heldWorld) newest() (day int) {
	if w.strangersBefore > 0 {
		day = 1
	}
	for _, r := range w.before {
		day = max(day, r.day)
	}
	return day
}

func (w *heldWorld) weighed(name heldName, r heldRow) bool {
	return slices.ContainsFunc(w.after, func(o heldRow) bool {
		return o.refuses() && o.day >= r.day && o.channel == r.channel && o.purpose == r.purpose && slices.Contains(o.names(), name)
	})
}

// lost returns the refusals that have vanished.
func (w *heldWorld) lost(before, after map[heldRefusal]bool) map[heldRefusal]bool {
	all := map[heldRefusal]bool{}
	for one := range before {
		if !after[one] && w.isLost(one, before, after) {
			all[one] = true
		}
	}
	return all
}

func (w *heldWorld) isLost(one heldRefusal, before, after map[heldRefusal]bool) bool {
	for _, r := range w.standing(one.name, one.cell) {
		gone := !w.weighed(one.name, r)
		if r.day = max(r.day, w.newest()); gone && !answers(w.after, one.name, r, one.cell) {
			return true
		}
	}
	still := w.together(w.after, one.name)
	for _, member := range w.together(w.before, one.name) {
		there := heldRefusal{member, one.cell}
		if member == one.name || !before[there] && w.link != "refusals" {
			continue
		}
		for _, r := range w.standing(member, one.cell) {
			gone := !w.weighed(member, r)
			if r.day = max(r.day, w.newest()); answers(w.after, one.name, r, one.cell) {
				continue
			}
			if w.link != "refusals" {
				gone = gone && !answers(w.after, member, r, one.cell)
			}
			if gone || !slices.Contains(still, member) && (after[there] || w.link == "refusals") {
				return true
			}
		}
	}
	return false
}

func TestABuildIsHeldToTheOneBefore(t *testing.T) {
	stopped, kept := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawHeldWorld(t, true)
		names := namesOf(w.before, w.after)
		old, _, err := w.build(t, w.before, w.beforeAt, nil)
		if err != nil {
			t.Fatal(err)
		}
		free, _, err := w.build(t, w.after, w.afterAt, nil)
		if err != nil {
			t.Fatal(err)
		}
		before, after := w.refused(t, old, names), w.refused(t, free, names)
		want := w.lost(before, after)

		_, _, err = w.build(t, w.after, w.afterAt, openHeld(t, old, StopAtLost))
		if (fault.KindOf(err) == fault.Guard) != (len(want) > 0) || err != nil && fault.KindOf(err) != fault.Guard {
			t.Fatalf("%d have vanished (%v), and the build ends with %v", len(want), want, err)
		}
		if err != nil {
			stopped++
		}
		accepted, report, err := w.build(t, w.after, w.afterAt, openHeld(t, old, AcceptLost))
		if err != nil || report.Previous.Total() != int64(len(want)) || report.Previous.Refusals != int64(len(before)) {
			t.Fatalf("%d of %d have vanished, and counted are %+v (%v)", len(want), len(before), report.Previous, err)
		}
		sameFile(t, accepted, free)

		carried, _, err := w.build(t, w.after, w.afterAt, openHeld(t, old, KeepLost))
		if err != nil {
			t.Fatal(err)
		}
		now := w.refused(t, carried, names)
		checkStill(t, after, now, "is refused, and not where others were carried over")
		checkStill(t, want, now, "has vanished and is not refused again")
		kept += len(want)
		all := slices.Concat(w.before, w.after)
		for one := range now {
			lostToo := func(name heldName) bool { return want[heldRefusal{name, one.cell}] }
			if !after[one] && !slices.ContainsFunc(w.together(all, one.name), lostToo) {
				t.Fatalf("%v is refused, and no refusal of the person has vanished", one)
			}
		}
		// The same events and the same index before give the same bytes, and the next build keeps what this one kept.
		again, _, err := w.build(t, w.after, w.afterAt, openHeld(t, old, KeepLost))
		if err != nil {
			t.Fatal(err)
		}
		sameFile(t, carried, again)
		next, _, err := w.build(t, w.after, w.afterAt+1, openHeld(t, carried, KeepLost))
		if err != nil {
			t.Fatal(err)
		}
		for one := range now {
			if !w.refused(t, next, names)[one] {
				t.Fatalf("%v was carried over, and the next build has lost it", one)
			}
		}
	})
	t.Logf("%d builds stopped, %d refusals carried over", stopped, kept)
}

func TestNothingVanishesWhereRowsOnlyCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawHeldWorld(t, false)
		old, _, err := w.build(t, w.before, w.beforeAt, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, report, err := w.build(t, w.after, w.afterAt, openHeld(t, old, StopAtLost)); err != nil {
			t.Fatalf("%v (%+v)", err, report)
		}
	})
}

// TestWhatIsCarriedOverStandsBesideSharedIdentifiers holds no reference to it, but laws: who is refused anyway stays so,
// and the next build keeps what this one kept.
func TestWhatIsCarriedOverStandsBesideSharedIdentifiers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawHeldWorld(t, true)
		w.maxLinks = 1
		names := namesOf(w.before, w.after)
		old, _, err := w.build(t, w.before, w.beforeAt, nil)
		if err != nil {
			t.Fatal(err)
		}
		accepted, report, err := w.build(t, w.after, w.afterAt, openHeld(t, old, AcceptLost))
		if err != nil {
			t.Fatal(err)
		}
		carried, again, err := w.build(t, w.after, w.afterAt, openHeld(t, old, KeepLost))
		if err != nil {
			t.Fatal(err)
		}
		if again.Previous.Total() != report.Previous.Total() {
			t.Fatalf("%d and %d have vanished", again.Previous.Total(), report.Previous.Total())
		}
		after, now := w.refused(t, accepted, names), w.refused(t, carried, names)
		next, _, err := w.build(t, w.after, w.afterAt+1, openHeld(t, carried, KeepLost))
		if err != nil {
			t.Fatal(err)
		}
		then := w.refused(t, next, names)
		checkStill(t, after, now, "is refused, and not where others were carried over")
		checkStill(t, now, then, "was carried over, and the next build has lost it")
	})
}

// checkStill checks that whoever was refused is refused still.
func checkStill(t *rapid.T, refused, now map[heldRefusal]bool, otherwise string) {
	t.Helper()
	for one := range refused {
		if !now[one] {
			t.Fatalf("%v %s", one, otherwise)
		}
	}
}

// TestWhatPassesIsNoMoreThanAllRowsTogetherPermit holds a build that was not stopped to one of the rows of both: who is
// not refused any more, and was not granted anew, would not be refused if nothing had gone.
func TestWhatPassesIsNoMoreThanAllRowsTogetherPermit(t *testing.T) {
	passed := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawHeldWorld(t, true)
		w.link = rapid.SampledFrom([]string{"all", "none"}).Draw(t, "link, again")
		names := namesOf(w.before, w.after)
		old, _, err := w.build(t, w.before, w.beforeAt, nil)
		if err != nil {
			t.Fatal(err)
		}
		held, _, err := w.build(t, w.after, w.afterAt, openHeld(t, old, StopAtLost))
		if err != nil {
			return
		}
		both, _, err := w.build(t, slices.Concat(w.before, w.after), w.afterAt, nil)
		if err != nil {
			t.Fatal(err)
		}
		before, after, all := w.refused(t, old, names), w.refused(t, held, names), w.refused(t, both, names)
		for one := range before {
			passed++
			if !after[one] && all[one] {
				t.Fatalf("%v is not refused any more, and would be by all rows together", one)
			}
		}
	})
	t.Logf("%d refusals passed", passed)
}

func sameFile(t *rapid.T, a, b string) {
	x, err := os.ReadFile(a)
	y, other := os.ReadFile(b)
	if err := errors.Join(err, other); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		t.Fatal("the same events give two different files")
	}
}
