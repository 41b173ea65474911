package consentload

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"cpm/formats/fault"
)

// Words of snapshot_at beside a time.
const (
	snapshotByName     = "filename"
	snapshotByManifest = "manifest"
)

// readSnapshot reads the time of a snapshot: what a TimeReader reads, or a date alone, which stands for its end, or for
// as-of when that lies within it. Its fault is of kind Usage.
func readSnapshot(text string, zone *time.Location, asOf Instant) (Instant, error) {
	at, bad := NewTimeReader(zone).withDates().upTo([]byte(text), asOf)
	switch bad {
	case TimeOK:
		return at, nil
	case TimeWithoutZone:
		return None, fault.New(fault.Usage, "", "the time of the snapshot has no zone, and none is declared").
			Hint("write it with one, such as 2026-11-01T06:00:00+08:00, or declare a timezone")
	}
	return None, fault.New(fault.Usage, "", "the time of the snapshot cannot be read").
		Hint("write a time such as 2026-11-01T06:00:00+08:00, a date, or one of the words %s and %s", snapshotByName, snapshotByManifest)
}

// standsFor returns the instant of which an export without times is, as its source says. The time of the file in the
// file system proves nothing, and is never taken.
func (t *table) standsFor(snapshot string) (Instant, error) {
	switch snapshot {
	case snapshotByName:
		return t.instantInName()
	case snapshotByManifest:
		if t.sidecar == nil || t.sidecar.SnapshotAt == nil {
			return None, fault.New(fault.Input, t.name, "the export has no %s that says snapshot_at", manifestSuffix).
				Hint(`have its writer add it: {"snapshot_at": "2026-11-01T06:00:00+08:00", …}`)
		}
		snapshot = *t.sidecar.SnapshotAt
	}
	at, err := readSnapshot(snapshot, t.zone, t.asOf)
	if err != nil {
		return None, fault.At(t.name, err)
	}
	return at, nil
}

// instantInName reads the one date, with a time or without, that the name of the file holds.
func (t *table) instantInName() (Instant, error) {
	name := baseName(t.name)
	found := datesIn(name)
	if len(found) == 0 && t.path != t.name { // a table in an archive
		found = datesIn(filepath.Base(t.path))
	}
	if len(found) == 1 {
		at, err := readSnapshot(found[0], t.zone, t.asOf)
		if err != nil {
			return None, fault.At(t.name, err)
		}
		return at, nil
	}
	what := "the name of the file holds no date"
	if len(found) > 1 {
		what = "the name of the file holds more than one date"
	}
	return None, fault.New(fault.Input, t.name, "%s, and by its source that is the date of the snapshot", what).
		Hint("name it such as contacts-2026-11-01.csv, or say snapshot_at: TIME")
}

// datesIn returns the dates of a name, in the form that readSnapshot reads: 2026-11-01, 20261101, and either with a
// time behind it, as in 2026-11-01T06-30-00Z. What may be another date is no time: 2026-01-01_2026-03 is two dates, not
// one at 20:26.
func datesIn(name string) []string {
	clock := regexp.MustCompile(`^[T_ -]?([01]\d|2[0-3])[-_:.]?([0-5]\d)(?:[-_:.]?([0-5]\d))?(Z)?(?:[^0-9]|$)`)
	month := regexp.MustCompile(`^[T_ -]?((?:19|20)\d\d[-_.](?:0[1-9]|1[0-2]))(?:[^0-9]|$)`)
	var dates []string
	for at := range len(name) {
		text, rest, ok := cutDate(name[at:])
		if !ok || at > 0 && isDigit(name[at-1]) {
			continue
		}
		_, _, another := cutDate(strings.TrimLeft(rest, "T_ -")) // it is read when its turn comes
		if m := month.FindStringSubmatch(rest); m != nil && !another {
			dates, another = append(dates, m[1]), true
		}
		if m := clock.FindStringSubmatch(rest); m != nil && !another {
			text += "T" + m[1] + ":" + m[2] + ":" + cmp.Or(m[3], "00") + m[4]
			rest = ""
		}
		if rest == "" || !isDigit(rest[0]) {
			dates = append(dates, text)
		}
	}
	slices.Sort(dates)
	return slices.Compact(dates)
}

// cutDate reads the date with which a text begins.
func cutDate(text string) (date, rest string, ok bool) {
	m := regexp.MustCompile(`^((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])([-_.]?)(0[1-9]|[12]\d|3[01])`).FindStringSubmatch(text)
	if m == nil || m[2] != m[4] { // 2026-1101 is no date
		return "", text, false
	}
	return m[1] + "-" + m[3] + "-" + m[5], text[len(m[0]):], true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
