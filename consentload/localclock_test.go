package consentload

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func loadZone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestDoubtfulLocalTimesTakeTheSideThatIsAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		zone, local, earlier, later string
	}{
		"a repeated hour":           {"America/New_York", "2025-11-02 01:30:00", "2025-11-02T05:30:00Z", "2025-11-02T06:30:00Z"},
		"its first second":          {"America/New_York", "2025-11-02 01:00:00", "2025-11-02T05:00:00Z", "2025-11-02T06:00:00Z"},
		"the second before it":      {"America/New_York", "2025-11-02 00:59:59", "2025-11-02T04:59:59Z", "2025-11-02T04:59:59Z"},
		"the second after it":       {"America/New_York", "2025-11-02 02:00:00", "2025-11-02T07:00:00Z", "2025-11-02T07:00:00Z"},
		"a missing hour":            {"America/New_York", "2025-03-09 02:30:00", "2025-03-09T06:30:00Z", "2025-03-09T07:30:00Z"},
		"the second before it is":   {"America/New_York", "2025-03-09 01:59:59", "2025-03-09T06:59:59Z", "2025-03-09T06:59:59Z"},
		"the first second after":    {"America/New_York", "2025-03-09 03:00:00", "2025-03-09T07:00:00Z", "2025-03-09T07:00:00Z"},
		"a repeated half hour":      {"Australia/Lord_Howe", "2025-04-06 01:45:00", "2025-04-05T14:45:00Z", "2025-04-05T15:15:00Z"},
		"a missing half hour":       {"Australia/Lord_Howe", "2025-10-05 02:15:00", "2025-10-04T15:15:00Z", "2025-10-04T15:45:00Z"},
		"a missing day":             {"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"},
		"summer time in Shanghai":   {"Asia/Shanghai", "1988-07-01 12:00:00", "1988-07-01T03:00:00Z", "1988-07-01T03:00:00Z"},
		"its last repeated hour":    {"Asia/Shanghai", "1991-09-15 01:30:00", "1991-09-14T16:30:00Z", "1991-09-14T17:30:00Z"},
		"Istanbul's last change":    {"Europe/Istanbul", "2016-03-27 03:30:00", "2016-03-27T00:30:00Z", "2016-03-27T01:30:00Z"},
		"Istanbul since then":       {"Europe/Istanbul", "2016-10-30 03:30:00", "2016-10-30T00:30:00Z", "2016-10-30T00:30:00Z"},
		"far in the future":         {"America/New_York", "2240-07-01 12:00:00", "2240-07-01T16:00:00Z", "2240-07-01T16:00:00Z"},
		"before the first change":   {"America/New_York", "1700-01-01 00:00:00", "1700-01-01T04:56:02Z", "1700-01-01T04:56:02Z"},
		"a repeated leap second":    {"America/New_York", "2025-11-02 01:59:60", "2025-11-02T05:59:59.999999999Z", "2025-11-02T06:59:59.999999999Z"},
		"decimals in a gap":         {"America/New_York", "2025-03-09 02:30:00.25", "2025-03-09T06:30:00.25Z", "2025-03-09T07:30:00.25Z"},
		"the leap year's last day":  {"America/New_York", "2076-12-31 12:00:00", "2076-12-31T17:00:00Z", "2076-12-31T17:00:00Z"},
		"the evening before 2077":   {"America/New_York", "2076-12-31 23:00:00", "2077-01-01T04:00:00Z", "2077-01-01T04:00:00Z"},
		"a zone without a change":   {"UTC", "2025-03-09 02:30:00", "2025-03-09T02:30:00Z", "2025-03-09T02:30:00Z"},
		"a change of the name only": {"Asia/Shanghai", "2025-03-09 02:30:00", "2025-03-08T18:30:00Z", "2025-03-08T18:30:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			times := NewTimeReader(loadZone(t, c.zone))
			for side, want := range []string{c.earlier, c.later} {
				if got, fault := times.Read([]byte(c.local), Side(side)); fault != TimeOK || got.String() != want {
					t.Errorf("side %d: got %v, %v; want %s", side, got, fault, want)
				}
			}
		})
	}
}

// TestLocalTimesAroundEveryTransition lists, around each change of a zone from 1970 to 2037, which instants have a
// local time, by trying them all, and holds the clock to it.
func TestLocalTimesAroundEveryTransition(t *testing.T) {
	for _, name := range []string{
		"America/New_York", "Europe/Istanbul", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Apia",
		"Africa/Casablanca", "Africa/Monrovia", "America/St_Johns", "Asia/Pyongyang", "Antarctica/Troll", "Europe/Dublin",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone := loadZone(t, name)
			clock, changes := newLocalClock(zone), 0
			const hour = 3600
			offset := offsetAt(zone, 0)
			for at := int64(0); at < 68*365*86400; at += hour {
				next := offsetAt(zone, at+hour)
				if next == offset {
					continue
				}
				changes++
				transition{firstWith(zone, at, next), offset, next}.check(t, clock)
				offset = next
			}
			if changes == 0 || t.Failed() {
				t.Fatalf("%d changes", changes)
			}
		})
	}
}

func offsetAt(zone *time.Location, second int64) int64 {
	_, offset := time.Unix(second, 0).In(zone).Zone()
	return int64(offset)
}

// firstWith returns the first second after at in which the zone has the offset.
func firstWith(zone *time.Location, at, offset int64) int64 {
	for offsetAt(zone, at) != offset {
		at++
	}
	return at
}

// transition is a change of a zone's offset, in seconds.
type transition struct{ change, before, after int64 }

func (x transition) check(t *testing.T, clock *localClock) {
	t.Helper()
	change, before, after := x.change, x.before, x.after
	const margin = 2 * 3600
	jump := max(before-after, after-before)
	step := int64(60)
	if before%60 != 0 || after%60 != 0 {
		step = 1
	}
	instants := map[int64][]int64{} // by local time
	for at := change - margin - 2*jump; at <= change+margin+2*jump; at += step {
		local := at + offsetAt(clock.zone, at)
		instants[local] = append(instants[local], at)
	}
	for local := change + min(before, after) - margin; local <= change+max(before, after)+margin; local += step {
		earliest, latest := local-max(before, after), local-min(before, after)
		if found := instants[local]; len(found) > 0 {
			earliest, latest = found[0], found[len(found)-1]
		}
		if e, l := clock.utc(local, Earlier), clock.utc(local, Later); e != earliest || l != latest {
			t.Errorf("change at %d from %d to %d, local %d: got %d and %d, want %d and %d",
				change, before, after, local, e, l, earliest, latest)
			return
		}
	}
}

func TestLocalTimesOfAllYearsAreThoseOfTheStandardLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"America/New_York", "Asia/Shanghai", "Pacific/Apia", "Asia/Manila", "America/Juneau", "UTC"} {
		zone := loadZone(t, name)
		times := NewTimeReader(zone)
		for range 20000 {
			year := 1700 + random.IntN(560)
			text := fmt.Sprintf("%04d-%02d-%02d %02d:%02d:%02d", year, 1+random.IntN(12), 1+random.IntN(28),
				random.IntN(24), random.IntN(60), random.IntN(60))
			want, err := time.ParseInLocation(time.DateTime, text, zone)
			if err != nil {
				t.Fatal(err)
			}
			earlier, _ := times.Read([]byte(text), Earlier)
			later, _ := times.Read([]byte(text), Later)
			if at := InstantOf(want); at != earlier && at != later || earlier > later {
				t.Fatalf("%s in %s: %v and %v, the standard library says %v", text, name, earlier, later, at)
			}
		}
	}
}

func TestTimesAreReadWithoutAllocation(t *testing.T) {
	times := NewTimeReader(loadZone(t, "America/New_York"))
	for name, raw := range plainTimes() {
		if allocs := testing.AllocsPerRun(100, func() { times.Read(raw, Later) }); allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}

func plainTimes() map[string][]byte {
	return map[string][]byte{
		"RFC 3339":             []byte("2026-01-02T03:04:05.678+08:00"),
		"local":                []byte("2026-01-02 03:04:05"),
		"local near a change":  []byte("2025-11-02 01:30:00"),
		"Unix milliseconds":    []byte("1767323045678"),
		"no time in any form":  []byte("2026-01-02"),
		"local, a gap in 2077": []byte("2077-03-14 02:30:00"),
	}
}

func BenchmarkTimeReader(b *testing.B) {
	times := NewTimeReader(loadZone(b, "America/New_York"))
	for name, raw := range plainTimes() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				times.Read(raw, Later)
			}
		})
	}
}
