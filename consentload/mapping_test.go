package consentload

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cpm/formats/fault"
)

// Each testdata/mapping/SENTENCE.yaml has its faults in SENTENCE.err, with the mends; an empty one is in order.
func TestMappingsHaveTheFaultsOfTheirGoldenFiles(t *testing.T) {
	paths, err := filepath.Glob("testdata/mapping/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no mappings: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			told := ""
			if _, err := ReadMapping("my.yaml", text); err != nil {
				told = err.Error() + "\n"
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".err", told)
		})
	}
}

func TestEveryPresetIsInOrderAndTellsWhatItIs(t *testing.T) {
	names := PresetNames()
	if len(names) < 3 {
		t.Fatalf("only %d presets", len(names))
	}
	for _, name := range names {
		m, err := Preset(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m.Name != name || m.Title == "" {
			t.Errorf("%s is called %q and has the title %q", name, m.Name, m.Title)
		}
		if len(m.ID) == 0 && !m.DeclareID {
			t.Errorf("%s names no identifier, and does not ask for one", name)
		}
	}
	if _, err := Preset("mailchump"); fault.KindOf(err) != fault.Usage || !strings.Contains(err.(*fault.Error).Mend, "mailchimp") { //nolint:errorlint // the fault itself
		t.Errorf("an unknown preset: %v", err)
	}
}

func TestNoPresetIsTakenForAnother(t *testing.T) {
	all, err := ReadPresets()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if len(m.Detect) == 0 {
			continue
		}
		if found, err := all.Detect("export", m.Detect); err != nil || found != m {
			t.Errorf("the columns of %s are taken for %v (%v)", m.Name, found, err)
		}
	}
}

func TestDatesInTheNameOfAFile(t *testing.T) {
	for name, want := range map[string]string{
		"contacts-2026-11-01.csv":            "2026-11-01",
		"contacts_20261101.csv":              "2026-11-01",
		"20261101T063000Z-contacts.csv":      "2026-11-01T06:30:00Z",
		"contacts-2026-11-01T06-30.csv":      "2026-11-01T06:30:00",
		"contacts.csv":                       "",
		"contacts-13800000001.csv":           "",
		"contacts-2026-13-01.csv":            "",
		"contacts-2026-1101.csv":             "",
		"from-2026-10-01-to-2026-11-01.csv":  "2026-10-01 2026-11-01",
		"2026-11-01/same-2026-11-01.csv":     "2026-11-01",
		"segment-2026.11.01.csv":             "2026-11-01",
		"export_2026-11-01_235959.csv":       "2026-11-01T23:59:59",
		"cust_2026-01-01_2026-03-01.csv":     "2026-01-01 2026-03-01",
		"cust_20260101_20260301.csv":         "2026-01-01 2026-03-01",
		"cust-20260101-20260301T0910.csv":    "2026-01-01 2026-03-01T09:10:00",
		"cust_2026-01-01_2026-03.csv":        "2026-01-01 2026-03",
		"cust_20260101_202603.csv":           "2026-01-01T20:26:03",
		"no-year-01-11-2026.csv":             "",
		"members_export_a1b2c3d4e5_2026.csv": "",
	} {
		if got := strings.Join(datesIn(name), " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestTimesOfPlatformsAreReadInEveryFormThatIsKnown(t *testing.T) {
	zone, err := LoadZone("Europe/Istanbul")
	if err != nil {
		t.Fatal(err)
	}
	strict := NewTimeReader(zone)
	reader := strict.forPlatforms()
	for raw, want := range map[string]string{
		"2020-01-09T16:35:26.277+0000":                "2020-01-09T16:35:26.277Z",
		"2025-03-21 10:49:21.192000000 -07:00":        "2025-03-21T17:49:21.192Z",
		"2025-03-21 10:49:21 -0700":                   "2025-03-21T17:49:21Z",
		"2020-04-08 21:55:20 +0000 UTC":               "2020-04-08T21:55:20Z",
		"2020-04-08 21:55:20.5 +0300 +03":             "2020-04-08T18:55:20.5Z",
		"2020-04-08 21:55:20.5 +0300 +03 m=+0.000012": "2020-04-08T18:55:20.5Z",
		"2020-04-08 21:55:20 UTC":                     "2020-04-08T21:55:20Z",
		"20110122T111244":                             "2011-01-22T09:12:44Z",
		"20110122T111244Z":                            "2011-01-22T11:12:44Z",
		"2021-09-04 19:46:56":                         "2021-09-04T16:46:56Z",
		"1618411276":                                  "2021-04-14T14:41:16Z",
		"2019-06-05T12:02:07Z":                        "2019-06-05T12:02:07Z",
	} {
		got, bad := reader.Read([]byte(raw), Later)
		if bad != TimeOK || got.String() != want {
			t.Errorf("%s: %s (%s), want %s", raw, got, bad, want)
		}
	}
	for _, raw := range []string{
		"2020-04-08 21:55:20 CST", "2020-04-08 21:55:20 +0000 UTC x", "2020-04-08 21:55:20 +00000", "2020-04-08", "20110122", "2020-04-08 21:55:20 +0000 ; drop",
		"2020-04-08 21:55:20 +2500",
	} {
		if got, bad := reader.Read([]byte(raw), Later); bad == TimeOK {
			t.Errorf("%s is read as %s", raw, got)
		}
	}
	for _, raw := range []string{"2020-01-09T16:35:26.277+0000", "2025-03-21 10:49:21 -07:00", "20110122T111244"} {
		if got, bad := strict.Read([]byte(raw), Later); bad == TimeOK {
			t.Errorf("the canonical form reads %s as %s", raw, got)
		}
	}
}

func TestADateAloneCountsFromItsStartForAGrantAndFromItsEndForARefusal(t *testing.T) {
	zone, err := LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	reader := NewTimeReader(zone).withDates()
	grant, _ := reader.Read([]byte("2026-11-01"), Earlier)
	refusal, _ := reader.Read([]byte("2026-11-01"), Later)
	if grant.String() != "2026-10-31T16:00:00Z" || refusal.String() != "2026-11-01T15:59:59.999999999Z" {
		t.Errorf("from %s to %s", grant, refusal)
	}
	if _, bad := NewTimeReader(nil).withDates().Read([]byte("2026-11-01"), Later); bad != TimeWithoutZone {
		t.Errorf("a date without a zone: %s", bad)
	}
	if _, bad := reader.Read([]byte("2026-02-30"), Later); bad != TimeUnreadable {
		t.Errorf("30 February: %s", bad)
	}
}
