package main

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// refMaker draws a world. Its domains are small, so that people share identifiers, acts share instants, and every
// rule is met by chance.
type refMaker struct {
	*rand.Rand
	w        *refWorld
	pools    map[string][]string
	people   []map[string]string
	instants []time.Time
	bad      bool // some consent records cannot be read
}

func (m *refMaker) one(percent int) bool { return m.IntN(100) < percent }

func (m *refMaker) pick(texts ...string) string { return texts[m.IntN(len(texts))] }

// refGenerate draws the world of a seed.
func refGenerate(seed uint64) *refWorld {
	m := &refMaker{Rand: refRand(seed), w: &refWorld{Seed: seed}}
	m.w.Focus = m.one(10)
	m.population()
	m.calendar()
	m.rules()
	m.flags()
	m.bad = m.one(12)
	m.w.Quarantine = m.bad && m.one(75) || m.one(4)
	m.w.QuarantineFile = m.w.Quarantine && m.one(30)
	for i := range 1 + min(m.IntN(4), m.IntN(4)) {
		m.w.Exports = append(m.w.Exports, m.export(i))
	}
	m.anchor()
	m.w.By = m.pick("files", "files", "folder", "glob", "twice")
	if m.w.Config != nil && m.one(15) {
		m.w.By = "sources"
	}
	for i := range max(0, m.IntN(5)-2) {
		m.w.Lists = append(m.w.Lists, m.list(i))
	}
	m.audience()
	return m.w
}

func (m *refMaker) population() {
	m.pools = map[string][]string{
		"phone":       {"13800138000", "13900139001", "15912345678", "17912345678", "19987654321", "18600001111"},
		"email":       {"ann@x.cn", "bob@x.cn", "c.d+e@y.com.cn", "eve@z.org", "fay_1@x.cn"},
		"customer_id": {"1001", "1002", "1003", "1004"},
		"device_id":   {"dev-a", "dev-b", "dev-c"},
	}
	if m.one(40) {
		m.pools["customer_id"] = []string{"C1", "c1", "C-2", "007"}
	}
	for range 2 + m.IntN(4) {
		person := map[string]string{}
		for i, kind := range refKinds {
			if m.w.Focus || m.one([]int{85, 70, 50, 30}[i]) {
				person[kind] = m.pick(m.pools[kind]...)
			}
		}
		m.people = append(m.people, person)
	}
}

// spell writes an identifier the way a careless system does.
func (m *refMaker) spell(kind, value string) string {
	if value == "" || m.one(45) {
		return value
	}
	switch kind {
	case "phone":
		wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, value)
		parts := value[:3] + "-" + value[3:7] + "-" + value[7:]
		return m.pick(value, " "+value+" ", "+86"+value, "+86 "+parts, "0086-"+value, "'"+value, "tel:+86-"+parts,
			value+".0", wide, "("+value[:3]+") "+value[3:], strings.ReplaceAll(parts, "-", "."), strings.ReplaceAll(parts, "-", "/"))
	case "email", "device_id":
		return m.pick(strings.ToUpper(value), " "+value, value+"  ", strings.ToUpper(value[:1])+value[1:])
	}
	return m.pick(value, " "+value, value+" ")
}

// unreadable is a text without a normal form; of free kinds there is none but the empty one.
func (m *refMaker) unreadable(kind string) string {
	switch kind {
	case "phone":
		return m.pick("n/a", "1.38E+10", "13800138000/13900139001", "12345678901234567890", "13800138000 ext 5", "")
	case "email":
		return m.pick("nobody", "a@@x.cn", "a b@x.cn", "@x.cn", "ann@", "")
	}
	return m.pick("", "", " ")
}

// calendar draws the few instants at which everything happens, the zone and as-of.
func (m *refMaker) calendar() {
	step := []time.Duration{time.Hour, 24 * time.Hour}[m.IntN(2)]
	zone := m.pick("", "Asia/Shanghai", "Asia/Shanghai", "America/New_York", "UTC")
	start := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	m.w.Now = m.one(15)
	switch {
	case m.w.Now: // half an hour away from every boundary, so that the run may take its time
		start, step = time.Now().UTC().Truncate(time.Second).Add(-4*24*time.Hour-30*time.Minute), 24*time.Hour
	case zone == "America/New_York" && m.one(60):
		step = time.Hour // around the hour that the clock has twice, or never
		start = time.Date(2025, 11, 2, 3, 30, 0, 0, time.UTC)
		if m.one(50) {
			start = time.Date(2025, 3, 9, 4, 30, 0, 0, time.UTC)
		}
	}
	for i := range 6 {
		m.instants = append(m.instants, start.Add(time.Duration(i)*step))
	}
	m.w.Zone = zone
	m.w.AsOf = m.instants[3+m.IntN(3)]
	if m.one(20) {
		m.w.AsOf = m.instants[5].Add(time.Hour)
	} else if step == time.Hour && zone == "America/New_York" && m.one(60) {
		m.w.AsOf = m.instants[2] // between the two readings of such a wall clock
	}
	if m.w.Now {
		m.w.AsOf = time.Now().UTC()
	}
}

func (m *refMaker) instant() time.Time {
	t := m.instants[min(m.IntN(6), m.IntN(8))]
	if !m.w.Now && m.one(8) {
		t = t.Add([]time.Duration{time.Millisecond, time.Nanosecond, -time.Nanosecond}[m.IntN(3)])
	}
	return t
}

// when writes an instant in one of the forms.
func (m *refMaker) when(t time.Time) string {
	shanghai, york := time.FixedZone("", 8*3600), time.FixedZone("", -5*3600)
	forms := []string{t.Format(time.RFC3339Nano), t.In(shanghai).Format(time.RFC3339Nano), t.In(york).Format(time.RFC3339Nano)}
	if t.Nanosecond()%1e6 == 0 {
		forms = append(forms, refMillis(t))
		if loc := refZones[m.w.zone()]; loc != nil {
			local := t.In(loc).Format(m.pick("2006-01-02 15:04:05", "2006-01-02T15:04:05"))
			if t.Nanosecond() != 0 || m.one(20) {
				local += t.Format(".000")
			}
			forms = append(forms, local, local)
		}
	}
	if t.Nanosecond() == 0 {
		forms = append(forms, refSeconds(t))
	}
	if m.w.zone() == "America/New_York" && m.instants[0].Month() == time.March && m.one(15) {
		return m.pick("2025-03-09 02:30:00", "2025-03-09T02:00:00", "2025-03-09 02:59:59.500")
	}
	return m.pick(forms...)
}

func (m *refMaker) export(i int) *refTable {
	t := &refTable{Quotes: m.one(20), CRLF: m.one(20), BOM: m.one(10), NoEnd: m.one(15), Parquet: m.one(15)}
	t.Native = m.one(50)
	t.Name = "e" + string(rune('1'+i)) + ".csv"
	if t.Parquet {
		t.Name = "e" + string(rune('1'+i)) + ".parquet"
	}
	keys := m.exportKeys(i)
	for _, key := range keys {
		t.Columns = append(t.Columns, refColumn{key, m.headerName(key)})
	}
	records := min(m.IntN(26), m.IntN(26), m.IntN(26))
	switch {
	case m.w.Focus:
		records = 5 + m.IntN(20)
	case m.one(97):
		records = max(1, records)
	default:
		records, m.w.MinRowsZero = 0, m.one(50)
	}
	for range records {
		r := &refRow{Cells: map[string]string{}}
		m.record(t, r)
		if m.bad && m.one(20) {
			m.spoil(t, r)
		}
		t.Rows = append(t.Rows, r)
		if m.one(5) { // the same event twice
			t.Rows = append(t.Rows, r.clone())
		}
		if m.one(3) && !t.Parquet {
			t.Rows = append(t.Rows, &refRow{Damage: "blank"})
		}
	}
	return t
}

// exportKeys are the columns of an export; the first has the contact that the anchor needs.
func (m *refMaker) exportKeys(i int) []string {
	var keys []string
	for _, kind := range refKinds {
		if m.w.Focus || m.one(60) || kind == m.w.contact(m.w.Channels[0]) && (i == 0 || m.one(70)) {
			keys = append(keys, kind)
		}
	}
	if len(keys) == 0 {
		keys = []string{"phone"}
	}
	keys = append(keys, "channel", "purpose", "status", "occurred_at")
	for _, optional := range []string{"expires_at", "notice_version", "notice", "event_id"} {
		if m.one(50) {
			keys = append(keys, optional)
		}
	}
	if m.one(30) {
		m.Shuffle(len(keys), func(a, b int) { keys[a], keys[b] = keys[b], keys[a] })
	}
	if m.one(60) {
		keys = append(keys, "source")
	}
	return keys
}

func (m *refMaker) headerName(key string) string {
	switch key {
	case "phone":
		return m.pick("phone", "phone", "Mobile", "手机号", "Phone Number", "MSISDN", "联系电话", "cell")
	case "email":
		return m.pick("email", "email", "E-Mail", "邮箱", "Email Address")
	case "customer_id":
		return m.pick("customer_id", "Customer ID", "会员号", "user-id")
	case "device_id":
		return m.pick("device_id", "Device ID")
	case "occurred_at", "channel", "purpose", "status":
		if m.one(8) {
			return strings.ToUpper(strings.ReplaceAll(key, "_", " "))
		}
	}
	return key
}

// record fills in one event.
func (m *refMaker) record(t *refTable, r *refRow) {
	m.holders(t, r)
	channel, purpose := m.target()
	r.Cells["channel"], r.Cells["purpose"] = m.word(channel), m.word(purpose)
	status := m.pick("granted", "granted", "granted", "granted", "granted", "withdrawn", "withdrawn", "denied", "pending")
	r.Cells["status"] = status
	if m.one(15) {
		r.Cells["status"] = strings.ToUpper(status)
	}
	r.Cells["occurred_at"] = m.when(m.instant())
	if m.w.Focus {
		r.Cells["status"] = m.pick("granted", "granted", "granted", "granted", "withdrawn")
		r.Cells["notice_version"], r.Cells["notice"] = "3", "policy"
		return
	}
	if m.one(35) {
		r.Cells["expires_at"] = m.when(m.instants[m.IntN(6)])
		if m.w.zone() == "America/New_York" && m.one(40) { // a wall clock that it has twice, or never
			r.Cells["expires_at"] = map[bool]string{true: "2025-03-09 02:30:00", false: "2025-11-02T01:30:00"}[m.instants[0].Month() == time.March]
		}
	}
	if m.one(70) {
		r.Cells["notice_version"] = m.pick("1", "2", "3", "3", "4", "9")
	}
	if m.one(40) {
		r.Cells["notice"] = m.pick("policy", "policy", "terms", "unheard")
	}
	r.Cells["source"] = m.pick("app", "store, east", `the "shop"`, "")
	r.Cells["event_id"] = m.pick("1", "2", "")
}

// holders puts identifiers into a record: some of one person, now and then of anybody.
func (m *refMaker) holders(t *refTable, r *refRow) {
	person := m.people[m.IntN(len(m.people))]
	var kinds []string
	for _, kind := range refKinds {
		if t.has(kind) {
			kinds = append(kinds, kind)
		}
	}
	readable, likely := false, 75
	if m.w.Focus {
		likely = 40
	}
	for _, kind := range kinds {
		value := person[kind]
		if m.one(6) {
			value = m.pick(m.pools[kind]...)
		}
		if value != "" && m.one(likely) {
			r.Cells[kind], readable = m.spell(kind, value), true
		} else if m.one(12) {
			r.Cells[kind] = m.unreadable(kind)
		}
	}
	if !readable {
		kind := m.pick(kinds...)
		r.Cells[kind] = m.spell(kind, m.pick(m.pools[kind]...))
	}
}

// target draws the cell of an event, mostly the one that the run asks about.
func (m *refMaker) target() (channel, purpose string) {
	c := m.w.settings()
	channel, purpose = m.pick(m.w.Channels...), m.w.Purpose
	if m.w.Focus && m.one(90) {
		return channel, purpose
	}
	if m.one(35) {
		channel = m.pick("*", "*", "sms", "email")
	}
	if m.one(35) {
		purpose = m.pick("*", "*", "promotion", "service")
	}
	if d := c.Channels[channel]; d != nil {
		channel = m.alias(channel, d.Aliases)
	}
	if d := c.Purposes[purpose]; d != nil {
		purpose = m.alias(purpose, d.Aliases)
	}
	if len(c.IgnoreChannels) > 0 && m.one(10) || len(c.Channels) == 0 && m.one(2) {
		channel = "fax"
	}
	if len(c.IgnorePurposes) > 0 && m.one(10) {
		purpose = m.pick(c.IgnorePurposes...)
	}
	return channel, purpose
}

func (m *refMaker) alias(name string, aliases []string) string {
	if len(aliases) == 0 || m.one(70) {
		return name
	}
	return m.pick(aliases...)
}

func (m *refMaker) word(name string) string {
	if m.one(80) {
		return name
	}
	return m.pick(strings.ToUpper(name), " "+name, name+" ")
}

// spoil makes a record unreadable in one way.
func (m *refMaker) spoil(t *refTable, r *refRow) {
	damage := []string{"long", "short"}
	if last := t.Columns[len(t.Columns)-1].Key; !refIsKind(last) {
		damage = append(damage, "quote")
	}
	c := m.w.settings()
	switch m.IntN(8) {
	case 0:
		r.Cells["status"] = m.pick("maybe", "", "yes")
	case 1:
		r.Cells["occurred_at"] = m.pick("yesterday", "", "2025-13-01T00:00:00Z", "2025-06-01", "12345", "2025-02-30T00:00:00Z")
		if !m.w.Quarantine && m.one(30) { // bad only where no zone is declared
			r.Cells["occurred_at"] = "2025-06-01 08:00:00"
		}
	case 2:
		r.Cells["expires_at"] = m.pick("never", "2025-06-01")
	case 3:
		r.Cells[m.pick("channel", "purpose")] = m.pick("", " ")
	case 4:
		if len(c.Channels) > 0 && !slices.Contains(c.IgnoreChannels, "fax") {
			r.Cells["channel"] = "fax"
		}
		if len(c.Purposes) > 0 {
			r.Cells["purpose"] = m.pick("lottery", r.Cells["purpose"])
		}
	case 5:
		for _, kind := range refKinds {
			r.Cells[kind] = m.unreadable(kind)
		}
		r.Cells["status"] = m.pick("granted", "pending", r.Cells["status"])
	default:
		if !t.Parquet {
			r.Damage, r.Cut = m.pick(damage...), 2+m.IntN(len(t.Columns)-2)
		}
	}
}
