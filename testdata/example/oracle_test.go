package example

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// This file decides the example a second time, by brute force: it reads every event for every question, with maps and
// loops, and shares no code with the product. Slow and plain, so that it can be checked by eye.

// event is one consent event; an identifier is written kind:value.
type event struct {
	ids                               []string
	channel, purpose, status, version string
	at, expires                       time.Time
}

// settings are the keys of cpm.yaml that the oracle obeys.
type settings struct {
	Timezone string
	Channels map[string]struct{ Aliases []string }
	Notices  map[string]struct{ Versions []string }
	Purposes map[string]struct {
		Aliases          []string
		ValidFor         string `yaml:"valid_for"`
		MinNoticeVersion string `yaml:"min_notice_version"`
	}
	MaxLinks int `yaml:"max_links"`
	Sources  []struct{ Name, Path string }
}

// oracle answers for a promotion by SMS.
type oracle struct {
	settings settings
	asOf     time.Time
	valid    int // days that a consent holds
	events   []event
	listed   map[string]bool
	shared   map[string]bool  // stand beside too many values of another kind
	subject  map[string]int   // identifier to subject
	lives    map[int][]*event // subject to its events
}

// newOracle reads the example, but for the files whose name contains without; "" leaves out none.
func newOracle(t *testing.T, without string) *oracle {
	t.Helper()
	left := func(path string) bool { return without != "" && strings.Contains(path, without) }
	o := &oracle{asOf: time.Date(2026, time.November, 1, 0, 0, 0, 0, time.FixedZone("", 8*3600))}
	text, err := os.ReadFile("cpm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &o.settings); err != nil {
		t.Fatal(err)
	}
	if o.settings.Timezone != "Asia/Shanghai" {
		t.Fatalf("the oracle reads local times in Asia/Shanghai, not %s", o.settings.Timezone)
	}
	if o.valid, err = strconv.Atoi(strings.TrimSuffix(o.settings.Purposes["promotion"].ValidFor, "d")); err != nil {
		t.Fatal(err)
	}
	for _, source := range o.settings.Sources {
		if !left(source.Path) {
			o.readExport(t, source.Path)
		}
	}
	o.listed = map[string]bool{}
	if !left("stop.csv") {
		o.readStopList(t)
	}
	o.findShared()
	o.link()
	return o
}

func (o *oracle) readStopList(t *testing.T) {
	t.Helper()
	for i, row := range readTable(t, "stop.csv") {
		phone, ok := normalPhone(row["手机号"])
		switch {
		case ok:
			o.listed["phone:"+phone] = true
		case row["手机号"] != "" || row["email"] == "":
			t.Errorf("stop.csv: row %d lists nobody", i+1)
		}
		if row["email"] != "" {
			o.listed["email:"+strings.ToLower(row["email"])] = true
		}
	}
}

// readTable reads a well-formed CSV file into one map a row.
func readTable(t *testing.T, path string) []map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var table []map[string]string
	for _, row := range rows[1:] {
		entry := map[string]string{}
		for i, name := range rows[0] {
			entry[name] = row[i]
		}
		table = append(table, entry)
	}
	return table
}

func (o *oracle) readExport(t *testing.T, path string) {
	t.Helper()
	for i, row := range readTable(t, path) {
		e := event{
			channel: o.channel(row["channel"]), purpose: o.purpose(row["purpose"]),
			status: row["status"], version: row["notice_version"],
			ids: identifiers(row), at: instant(t, row["occurred_at"]),
		}
		if e.channel == "" || e.purpose == "" || !slices.Contains(strings.Fields("granted denied withdrawn pending"), e.status) {
			t.Errorf("%s: row %d has a word that cpm.yaml does not know", path, i+1)
		}
		if row["expires_at"] != "" {
			e.expires = instant(t, row["expires_at"])
		}
		if len(e.ids) == 0 {
			t.Errorf("%s: row %d names nobody", path, i+1)
		}
		if !e.at.Before(o.asOf) {
			t.Errorf("%s: row %d is not before the as-of of the example", path, i+1)
		}
		o.events = append(o.events, e)
	}
}

func identifiers(row map[string]string) []string {
	var ids []string
	for _, kind := range []string{"phone", "email", "customer_id", "openid", "unionid", "device_id"} {
		value := row[kind]
		switch kind {
		case "phone":
			value, _ = normalPhone(value)
		case "email", "device_id":
			value = strings.ToLower(value)
		}
		if value != "" {
			ids = append(ids, kind+":"+value)
		}
	}
	return ids
}

// channel and purpose return the name that cpm.yaml gives to a word, "" when it knows none.
func (o *oracle) channel(word string) string {
	if word == "*" {
		return word
	}
	for name, c := range o.settings.Channels {
		if strings.EqualFold(word, name) || slices.Contains(c.Aliases, word) {
			return name
		}
	}
	return ""
}

func (o *oracle) purpose(word string) string {
	if word == "*" {
		return word
	}
	for name, p := range o.settings.Purposes {
		if strings.EqualFold(word, name) || slices.Contains(p.Aliases, word) {
			return name
		}
	}
	return ""
}

// instant reads the five time forms of the example.
func instant(t *testing.T, text string) time.Time {
	t.Helper()
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if len(text) == 13 {
			return time.UnixMilli(n)
		}
		return time.Unix(n, 0)
	}
	for _, form := range []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(form, text, time.FixedZone("", 8*3600)); err == nil {
			return at
		}
	}
	t.Fatalf("%q is no time", text)
	return time.Time{}
}

// normalPhone returns the eleven digits of a Chinese mobile number, however it is written.
func normalPhone(text string) (string, bool) {
	text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "'"), ".0")
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case strings.ContainsRune(" -/", r):
			return -1
		}
		return r
	}, text)
	text = strings.TrimPrefix(strings.TrimPrefix(text, "0086"), "+86")
	_, err := strconv.ParseUint(text, 10, 64)
	if err != nil || len(text) != 11 || text[0] != '1' || text[1] < '3' {
		return "", false
	}
	return text, true
}

func kindOf(id string) string { return id[:strings.Index(id, ":")] }

func (o *oracle) findShared() {
	beside := map[string]map[string]bool{} // value and kind to the different values of that kind beside it
	for _, e := range o.events {
		for _, a := range e.ids {
			for _, b := range e.ids {
				pair := a + " " + kindOf(b)
				if beside[pair] == nil {
					beside[pair] = map[string]bool{}
				}
				beside[pair][b] = true
			}
		}
	}
	o.shared = map[string]bool{}
	for pair, values := range beside {
		if len(values) > o.settings.MaxLinks {
			o.shared[strings.Fields(pair)[0]] = true
		}
	}
}

// link gives every identifier the number of its subject, by painting over until nothing changes.
func (o *oracle) link() {
	o.subject = map[string]int{}
	for i, e := range o.events {
		for _, id := range e.ids {
			o.subject[id] = i
		}
	}
	for changed := true; changed; {
		changed = false
		for _, e := range o.events {
			ids := o.own(e)
			for _, id := range ids {
				if o.subject[id] > o.subject[ids[0]] {
					o.subject[id], changed = o.subject[ids[0]], true
				}
				if o.subject[id] < o.subject[ids[0]] {
					o.subject[ids[0]], changed = o.subject[id], true
				}
			}
		}
	}
	o.lives = map[int][]*event{}
	for i := range o.events {
		if ids := o.own(o.events[i]); len(ids) > 0 {
			s := o.subject[ids[0]]
			o.lives[s] = append(o.lives[s], &o.events[i])
		}
	}
}

// own returns the identifiers of an event that are somebody's.
func (o *oracle) own(e event) []string {
	return slices.DeleteFunc(slices.Clone(e.ids), func(id string) bool { return o.shared[id] })
}

// verdict decides a promotion by SMS to one phone number, eleven digits.
func (o *oracle) verdict(phone string) string {
	id := "phone:" + phone
	subject, known := o.subject[id]
	if o.listed[id] {
		return "suppression_list"
	}
	if o.shared[id] {
		return "shared_identifier"
	}
	if !known {
		return "no_consent"
	}
	for listed := range o.listed {
		if s, ok := o.subject[listed]; ok && s == subject {
			return "suppression_list"
		}
	}
	var life []*event
	for _, e := range o.lives[subject] {
		if (e.channel == "sms" || e.channel == "*") && (e.purpose == "promotion" || e.purpose == "*") {
			life = append(life, e)
		}
	}
	if reason := standing(life, id); reason != "" {
		return reason
	}
	return o.latest(life)
}

// standing returns the status of the latest refusal that no grant answers; "" when there is none.
func standing(life []*event, id string) string {
	var last *event
	for _, e := range life {
		if e.status != "denied" && e.status != "withdrawn" || answered(e, life, id) {
			continue
		}
		if last == nil || e.at.After(last.at) || e.at.Equal(last.at) && e.status == "withdrawn" {
			last = e
		}
	}
	if last == nil {
		return ""
	}
	return last.status
}

func answered(refusal *event, life []*event, id string) bool {
	answers := func(at string) bool {
		return slices.ContainsFunc(life, func(g *event) bool {
			return g.status == "granted" && g.at.After(refusal.at) && slices.Contains(g.ids, at) &&
				(refusal.channel == "*" || g.channel == refusal.channel) &&
				(refusal.purpose == "*" || g.purpose == refusal.purpose)
		})
	}
	if answers(id) {
		return true
	}
	if slices.Contains(refusal.ids, id) {
		return false
	}
	return !slices.ContainsFunc(refusal.ids, func(at string) bool { return !answers(at) })
}

// latest returns what the last grant or pending act means at the as-of; of several at one instant the worst.
func (o *oracle) latest(life []*event) string {
	var at time.Time
	for _, e := range life {
		if o.meaning(e) != "" && e.at.After(at) {
			at = e.at
		}
	}
	worst := "no_consent"
	for _, e := range life {
		rank := []string{"no_consent", "permitted", "expired", "notice_outdated", "pending"}
		if meaning := o.meaning(e); e.at.Equal(at) && slices.Index(rank, meaning) > slices.Index(rank, worst) {
			worst = meaning
		}
	}
	return worst
}

// meaning is what an act alone amounts to; "" for a refusal.
func (o *oracle) meaning(e *event) string {
	oldest := o.settings.Purposes["promotion"].MinNoticeVersion
	versions := o.settings.Notices["privacy-policy"].Versions
	switch {
	case e.status == "pending":
		return "pending"
	case e.status != "granted":
		return ""
	case slices.Index(versions, e.version) < slices.Index(versions, oldest):
		return "notice_outdated"
	case !o.asOf.Before(e.at.AddDate(0, 0, o.valid)), !e.expires.IsZero() && !o.asOf.Before(e.expires):
		return "expired"
	default:
		return "permitted"
	}
}
