package consentload

import (
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
