package main

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // worlds use zones whatever the machine has
)

// refNormal is the normal form of an identifier, for the few shapes that worlds hold: Chinese mobile numbers,
// ASCII e-mail addresses, free texts.
func refNormal(kind, text string) (string, bool) {
	text = strings.TrimSpace(text)
	switch kind {
	case "phone":
		return refPhone(text)
	case "email":
		text = strings.ToLower(text)
		name, domain, _ := strings.Cut(text, "@")
		ok := name != "" && domain != "" && strings.Count(text, "@") == 1 && !strings.ContainsAny(text, " \t")
		return text, ok
	case "device_id":
		text = strings.ToLower(text)
	}
	return text, text != ""
}

func refPhone(text string) (string, bool) {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "'"), "tel:")
	text = strings.TrimSuffix(text, ".0")
	digits := ""
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits += string(r)
		case r >= '０' && r <= '９':
			digits += string(r - '０' + '0')
		case r == '+' && digits == "":
			digits = "+"
		case strings.ContainsRune(" -.()/", r):
		default:
			return "", false
		}
	}
	for _, prefix := range []string{"+86", "0086"} {
		digits = strings.TrimPrefix(digits, prefix)
	}
	if len(digits) != 11 || digits[0] != '1' || digits[1] < '3' {
		return "", false
	}
	return "+86" + digits, true
}

// refZones are the zones that worlds use, loaded once.
var refZones = refLoadZones("UTC", "Asia/Shanghai", "America/New_York", "Europe/London")

func refLoadZones(names ...string) map[string]*time.Location {
	zones := map[string]*time.Location{}
	for _, name := range names {
		if loc, err := time.LoadLocation(name); err == nil {
			zones[name] = loc
		}
	}
	return zones
}

// refInstants reads a time. A wall clock that the zone has twice, or never, gives two instants.
func refInstants(text, zone string) (earlier, later time.Time, ok bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		t := time.Unix(n, 0)
		if len(text) == 13 {
			t = time.UnixMilli(n)
		}
		return t, t, len(text) == 10 || len(text) == 13
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, t, true
	}
	wall, err := time.Parse("2006-01-02 15:04:05.999", strings.Replace(text, "T", " ", 1))
	if err != nil || refZones[zone] == nil {
		return time.Time{}, time.Time{}, false
	}
	loc := refZones[zone]
	var all, right []time.Time
	for _, near := range []time.Time{wall.AddDate(0, 0, -1), wall.AddDate(0, 0, 1)} {
		_, offset := near.In(loc).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second)
		all = append(all, t)
		if t.In(loc).Format(time.DateTime) == wall.Format(time.DateTime) {
			right = append(right, t)
		}
	}
	if len(right) == 0 {
		right = all
	}
	earlier, later = right[0], right[len(right)-1]
	if later.Before(earlier) {
		earlier, later = later, earlier
	}
	return earlier, later, true
}

// refZoneless says whether the text is a good time but for its missing zone.
func refZoneless(text, zone string) bool {
	_, _, ok := refInstants(text, zone)
	_, _, utc := refInstants(text, "UTC")
	return utc && !ok
}

// refEvent is one consent event, read.
type refEvent struct {
	IDs              map[refID]bool // of the kinds that the run reads
	Channel, Purpose string
	Status           string
	At               time.Time
	Expires          time.Time // zero: never
	Version, Notice  string
}

func (e refEvent) refusal() bool { return e.Status == "denied" || e.Status == "withdrawn" }

// refConsent is what a run knows after it has read the exports.
type refConsent struct {
	w           *refWorld
	Events      []refEvent
	Quarantined map[refID]bool
	Bad, Unread int
	Stop        bool // a record that not even quarantine passes
	Empty       bool // an export path without a row
	subjects    map[refID]int
	shared      map[refID]bool
}

func refRead(w *refWorld) *refConsent {
	c := &refConsent{w: w, Quarantined: map[refID]bool{}}
	total := 0
	for _, t := range w.Exports {
		rows := t.rows()
		for _, r := range rows {
			c.record(t, r)
		}
		total += len(rows)
		if len(rows) == 0 && (w.By == "files" || w.By == "twice") {
			c.Empty = true
		}
	}
	c.Empty = (c.Empty || total == 0) && !w.MinRowsZero
	c.findShared()
	c.findSubjects()
	return c
}

// record reads one record into an event, a quarantine mark or a reason to stop.
func (c *refConsent) record(t *refTable, r *refRow) {
	e := refEvent{IDs: map[refID]bool{}, Status: strings.ToLower(t.text(r, "status"))}
	readable := false
	for _, kind := range refKinds {
		if value, ok := refNormal(kind, t.text(r, kind)); ok {
			readable = true
			if c.w.reads(kind) {
				e.IDs[refID{kind, value}] = true
			}
		}
	}
	passed, ok := c.fields(&e, t, r)
	if passed && r.Damage == "" {
		return // whatever else it holds
	}
	if !ok || !readable || r.Damage != "" {
		c.bad(e, t, r)
		return
	}
	late := e.At.After(c.w.AsOf) && (!c.w.Now || !e.refusal())
	switch {
	case late:
	case len(e.IDs) > 0:
		c.Events = append(c.Events, e)
	case e.refusal():
		c.Unread++
	}
}

// fields reads what is no identifier; passed says that the configuration ignores a name of the record.
func (c *refConsent) fields(e *refEvent, t *refTable, r *refRow) (passed, ok bool) {
	var ignoredChannel, ignoredPurpose, okChannel, okPurpose bool
	e.Channel, ignoredChannel, okChannel = c.w.channelName(t.text(r, "channel"))
	e.Purpose, ignoredPurpose, okPurpose = c.w.purposeName(t.text(r, "purpose"))
	e.Version, e.Notice = t.text(r, "notice_version"), t.text(r, "notice")
	earlier, later, okTime := refInstants(t.text(r, "occurred_at"), c.w.zone())
	okStatus := e.refusal()
	e.At = later
	if e.Status == "granted" {
		e.At = earlier
	}
	if e.Status == "granted" || e.Status == "pending" {
		okStatus = true
		if text := t.text(r, "expires_at"); text != "" { // of a refusal it is ignored
			expires, _, okExpiry := refInstants(text, c.w.zone())
			e.Expires, okTime = expires, okTime && okExpiry
		}
	}
	return ignoredChannel || ignoredPurpose, okChannel && okPurpose && okTime && okStatus
}

// bad stops the load, or quarantines every readable identifier of the record.
func (c *refConsent) bad(e refEvent, t *refTable, r *refRow) {
	c.Bad++
	for id := range e.IDs {
		c.Quarantined[id] = true
	}
	harmless := r.Damage == "" && (e.Status == "granted" || e.Status == "pending")
	nobody := len(e.IDs) == 0 && !harmless
	if !c.w.Quarantine || nobody || refZoneless(t.text(r, "occurred_at"), c.w.zone()) {
		c.Stop = true
	}
}

// code is the exit code that the consent alone gives.
func (c *refConsent) code() int {
	switch {
	case c.Stop:
		return 11
	case c.Empty, c.Unread > 0 && !c.w.AcceptUnread:
		return 12
	}
	return 0
}

// findShared finds the values that stand beside too many values of one other kind.
func (c *refConsent) findShared() {
	beside := map[refID]map[string]map[string]bool{}
	for _, e := range c.Events {
		for a := range e.IDs {
			for b := range e.IDs {
				if a.Kind == b.Kind {
					continue
				}
				if beside[a] == nil {
					beside[a] = map[string]map[string]bool{}
				}
				if beside[a][b.Kind] == nil {
					beside[a][b.Kind] = map[string]bool{}
				}
				beside[a][b.Kind][b.Value] = true
			}
		}
	}
	c.shared = map[refID]bool{}
	for id, kinds := range beside {
		for _, values := range kinds {
			if len(values) > c.w.maxLinks(id.Kind) {
				c.shared[id] = true
			}
		}
	}
}

// findSubjects numbers the identifiers that belong together, by spreading the lowest number until nothing changes.
func (c *refConsent) findSubjects() {
	c.subjects = map[refID]int{}
	for _, e := range c.Events {
		for id := range e.IDs {
			if _, ok := c.subjects[id]; !ok {
				c.subjects[id] = len(c.subjects)
			}
		}
	}
	for changed := c.w.link() != "none"; changed; {
		changed = false
		for _, e := range c.Events {
			for a := range e.IDs {
				for b := range e.IDs {
					if !c.shared[a] && !c.shared[b] && c.subjects[a] > c.subjects[b] {
						c.subjects[a], changed = c.subjects[b], true
					}
				}
			}
		}
	}
}
