package consentload

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests need zones; the command brings its own
)

func TestTimesAreRead(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		raw, want string
		fault     TimeFault
	}{
		"RFC 3339 in UTC":                      {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", 0},
		"with an offset":                       {"2026-01-02T03:04:05+08:00", "2026-01-01T19:04:05Z", 0},
		"with a negative offset":               {"2026-01-02T03:04:05-05:30", "2026-01-02T08:34:05Z", 0},
		"small letters":                        {"2026-01-02t03:04:05z", "2026-01-02T03:04:05Z", 0},
		"a space and an offset":                {"2026-01-02 03:04:05+00:00", "2026-01-02T03:04:05Z", 0},
		"decimals":                             {"2026-01-02T03:04:05.12Z", "2026-01-02T03:04:05.12Z", 0},
		"decimals beyond nanoseconds are cut":  {"2026-01-02T03:04:05.9999999999999Z", "2026-01-02T03:04:05.999999999Z", 0},
		"a leap second":                        {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999999Z", 0},
		"a leap second with decimals":          {"2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.999999999Z", 0},
		"local":                                {"2026-01-02 03:04:05", "2026-01-01T19:04:05Z", 0},
		"local with T and decimals":            {"2026-01-02T03:04:05.678", "2026-01-01T19:04:05.678Z", 0},
		"white space around it":                {" \u30002026-01-02 03:04:05\t", "2026-01-01T19:04:05Z", 0},
		"Unix seconds":                         {"1767323045", "2026-01-02T03:04:05Z", 0},
		"Unix milliseconds":                    {"1767323045678", "2026-01-02T03:04:05.678Z", 0},
		"the leap day of a leap century":       {"2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z", 0},
		"beyond the last instant":              {"9999-12-31T23:59:59Z", "2262-04-11T23:47:16.854775807Z", 0},
		"local beyond the last instant":        {"9999-12-31 23:59:59", "2262-04-11T23:47:16.854775807Z", 0},
		"before the first instant":             {"0000-01-01T00:00:00Z", "1677-09-21T00:12:43.145224194Z", 0},
		"Unix seconds beyond the last instant": {"9999999999", "2262-04-11T23:47:16.854775807Z", 0},
		"nothing":                              {" ", "none", TimeEmpty},
		"a date alone":                         {"2026-01-02", "none", TimeUnreadable},
		"no such day":                          {"2026-02-29T00:00:00Z", "none", TimeUnreadable},
		"no leap day in 1900":                  {"1900-02-29T00:00:00Z", "none", TimeUnreadable},
		"no such month":                        {"2026-13-01T00:00:00Z", "none", TimeUnreadable},
		"month zero":                           {"2026-00-01T00:00:00Z", "none", TimeUnreadable},
		"day zero":                             {"2026-01-00T00:00:00Z", "none", TimeUnreadable},
		"hour 24":                              {"2026-01-02T24:00:00Z", "none", TimeUnreadable},
		"minute 60":                            {"2026-01-02T03:60:00Z", "none", TimeUnreadable},
		"second 61":                            {"2026-01-02T03:04:61Z", "none", TimeUnreadable},
		"a point without decimals":             {"2026-01-02T03:04:05.Z", "none", TimeUnreadable},
		"a comma for the point":                {"2026-01-02T03:04:05,5Z", "none", TimeUnreadable},
		"an offset of 24 hours":                {"2026-01-02T03:04:05+24:00", "none", TimeUnreadable},
		"an offset without a colon":            {"2026-01-02T03:04:05+0800", "none", TimeUnreadable},
		"an offset after a space":              {"2026-01-02T03:04:05 +08:00", "none", TimeUnreadable},
		"a zone's name":                        {"2026-01-02T03:04:05 CST", "none", TimeUnreadable},
		"two spaces":                           {"2026-01-02  03:04:05", "none", TimeUnreadable},
		"without seconds":                      {"2026-01-02 03:04", "none", TimeUnreadable},
		"slashes":                              {"2026/01/02 03:04:05", "none", TimeUnreadable},
		"eleven digits":                        {"17673230450", "none", TimeUnreadable},
		"a sign before ten digits":             {"+176732304", "none", TimeUnreadable},
		"13 signs that are no digits":          {"176732304567.", "none", TimeUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			got, fault := NewTimeReader(shanghai).Read([]byte(c.raw), Earlier)
			if got.String() != c.want || fault != c.fault {
				t.Errorf("got %v, %v; want %s, %v", got, fault, c.want, c.fault)
			}
		})
	}
}

func TestALocalTimeWithoutADeclaredZoneIsAFault(t *testing.T) {
	if at, fault := NewTimeReader(nil).Read([]byte("2026-01-02 03:04:05"), Later); at != None || fault != TimeWithoutZone {
		t.Errorf("got %v, %v", at, fault)
	}
	if at, fault := NewTimeReader(nil).Read([]byte("2026-02-30 03:04:05"), Later); at != None || fault != TimeUnreadable {
		t.Errorf("got %v, %v", at, fault)
	}
}

func TestInstantsAreOrderedAndSaturated(t *testing.T) {
	year := 365 * 24 * time.Hour
	far := InstantOf(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	old := InstantOf(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC))
	now := InstantOf(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))
	if order := []Instant{None, Undated, old, now, far}; !slices.IsSorted(order) || old == Undated || now == far {
		t.Error(order)
	}
	for name, c := range map[string]struct{ got, want Instant }{
		"a later moment":                 {now.Add(time.Nanosecond), now + 1},
		"an earlier moment":              {now.Add(-time.Nanosecond), now - 1},
		"beyond the last":                {far.Add(year), far},
		"a sum beyond the last":          {now.Add(290 * year), far},
		"before the first":               {old.Add(-year), old},
		"a sum just before the first":    {(old + 1).Add(-2), old},
		"a sum far before the first":     {(-now).Add(-290 * year), old},
		"none stays none":                {None.Add(year), None},
		"undated stays undated":          {Undated.Add(year), Undated},
		"undated stays undated, earlier": {Undated.Add(-year), Undated},
		"and back":                       {InstantOf(now.Time()), now},
		"back from the last":             {InstantOf(far.Time()), far},
		"back from the first":            {InstantOf(old.Time()), old},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
	if None.Dated() || Undated.Dated() || !old.Dated() || !far.Dated() {
		t.Error("Dated is wrong")
	}
	if None.String() != "none" || Undated.String() != "undated" {
		t.Error(None, Undated)
	}
}

func TestEveryDayOfTheCalendarIsRead(t *testing.T) {
	times := NewTimeReader(nil)
	for day := time.Date(1670, 1, 1, 12, 0, 0, 1, time.UTC); day.Year() < 2270; day = day.AddDate(0, 0, 1) {
		got, fault := times.Read([]byte(day.Format(time.RFC3339Nano)), Earlier)
		if fault != TimeOK || got != InstantOf(day) {
			t.Fatalf("%v: got %v, %v", day, got, fault)
		}
	}
}

// checkTime holds one value to time.Parse.
func checkTime(t *testing.T, raw string) {
	t.Helper()
	rfc3339 := regexp.MustCompile(`^[\d-]{10}T[\d:]{8}(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)
	got, fault := NewTimeReader(nil).Read([]byte(raw), Earlier)
	text := strings.TrimSpace(raw)
	if (fault == TimeOK) != (got != None) || (fault == TimeEmpty) != (text == "") {
		t.Fatalf("%q: %v, %v", raw, got, fault)
	}
	if len(text) == 10 || len(text) == 13 {
		n, err := strconv.ParseUint(text, 10, 64)
		unit := map[int]time.Duration{10: time.Second, 13: time.Millisecond}[len(text)]
		if (err == nil) != (fault == TimeOK) || err == nil && n < 9e9 && got != Instant(n)*Instant(unit) {
			t.Fatalf("%q: %v, %v", raw, got, fault)
		}
		return
	}
	leap := len(text) > 19 && text[17:19] == "60"
	if len(text) > 19 {
		text = text[:10] + strings.NewReplacer("t", "T", " ", "T").Replace(text[10:11]) + text[11:]
		text = strings.TrimSuffix(text, "z") + strings.Repeat("Z", strings.Count(text[len(text)-1:], "z"))
	}
	if leap {
		text = text[:17] + "59" + text[19:]
	}
	want, err := time.Parse(time.RFC3339, text)
	if !rfc3339.MatchString(text) { // the standard library also reads a comma, and offsets of 24 hours and 60 minutes
		err = errors.New("not RFC 3339")
	}
	if (err == nil) != (fault == TimeOK) {
		t.Fatalf("%q: %v, %v; the standard library says %v", raw, got, fault, err)
	}
	if err != nil {
		return
	}
	if leap {
		want = want.Truncate(time.Second).Add(time.Second - 1)
	}
	if got != InstantOf(want) {
		t.Fatalf("%q: %v; the standard library says %v", raw, got, want)
	}
}

func TestTimesEqualTheStandardLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const form = "2024-02-29T23:59:59.123456789+08:00"
	for range 100000 {
		text := []byte(form[:19+random.IntN(len(form)-18)])
		if random.IntN(2) == 0 {
			text = append(text, []string{"Z", "z", "-07:30", "+23:59"}[random.IntN(4)]...)
		}
		for range random.IntN(4) {
			text[random.IntN(len(text))] = "0123456789 TtZz:.,+-"[random.IntN(20)]
		}
		checkTime(t, string(text))
	}
}

func FuzzTime(f *testing.F) {
	for _, seed := range []string{
		"2026-01-02T03:04:05Z", "2026-01-02t03:04:05.123456789012z", "2016-12-31 23:59:60+08:00", "0000-02-29T00:00:00-23:59",
		"9999-12-31T23:59:59Z", "1767323045", "1767323045678", "2026-01-02 03:04:05", " ", "2026-01-02",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		checkTime(t, raw)
		checkTimestamp(t, []byte(raw))
		zone, err := time.LoadLocation("America/New_York")
		if err != nil {
			t.Fatal(err)
		}
		times := NewTimeReader(zone)
		earlier, fault := times.Read([]byte(raw), Earlier)
		later, again := times.Read([]byte(raw), Later)
		if fault != again || fault == TimeWithoutZone || earlier > later || later > earlier.Add(time.Hour) {
			t.Fatalf("%q: %v, %v and %v, %v", raw, earlier, fault, later, again)
		}
	})
}
