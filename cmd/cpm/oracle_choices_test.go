package main

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

func refSeconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func refMillis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

func (r *refRow) clone() *refRow {
	twin := &refRow{Cells: map[string]string{}, Damage: r.Damage, Cut: r.Cut, Anchor: r.Anchor}
	for k, v := range r.Cells {
		twin.Cells[k] = v
	}
	return twin
}

// rules draws the configuration, or none.
func (m *refMaker) rules() {
	if !m.w.Focus && m.one(25) {
		return
	}
	c := &refConfig{Link: m.pick("", "all", "refusals", "none"), Stars: m.pick("", "", "fill", "lift")}
	m.w.Config = c
	if m.one(75) {
		c.Timezone, m.w.Zone = m.w.Zone, ""
		if c.Timezone != "" && m.one(10) { // the flag goes before the file
			c.Timezone, m.w.Zone = "Europe/London", c.Timezone
		}
	}
	m.names(c)
	if m.one(75) {
		m.purposes(c)
	}
	if m.w.Focus {
		c.Link, c.MaxLinksBy = m.pick("", "", "", "refusals"), map[string]int{m.pick("email", "customer_id", "device_id"): 1}
		return
	}
	switch m.IntN(4) {
	case 0:
		c.MaxLinks = 1 + m.IntN(3)
	case 1:
		c.MaxLinksBy = map[string]int{m.pick(refKinds[:]...): 1 + m.IntN(3), "phone": 1 + m.IntN(3)}
	}
	if m.one(20) {
		c.IgnoreChannels = []string{"fax"}
	}
	if _, declared := c.Purposes["survey"]; !declared && m.one(50) {
		c.IgnorePurposes = []string{"survey"}
	}
}

// names draws the channels and notices that the configuration declares.
func (m *refMaker) names(c *refConfig) {
	if m.one(60) {
		c.Channels = map[string]*refChannel{"sms": {Contact: "phone"}, "email": {Contact: "email"}}
		if m.one(50) {
			c.Channels["sms"].Aliases = []string{"text", "短信"}
		}
		if m.one(40) {
			c.Channels["push"] = &refChannel{Contact: m.pick("device_id", "customer_id")}
		}
	}
	if m.one(60) {
		c.Notices = map[string][]string{"policy": {"1", "2", "3"}}
		if m.one(50) {
			c.Notices["terms"] = []string{m.pick("3", "0"), "4", "9"}
		}
	}
}

func (m *refMaker) purposes(c *refConfig) {
	c.Purposes = map[string]*refPurpose{"promotion": {}, "service": {}}
	if m.one(60) {
		c.Purposes["survey"] = &refPurpose{}
	}
	if m.one(50) {
		c.Purposes["promotion"].Aliases = []string{"marketing", "营销"}
	}
	for _, name := range []string{"promotion", "service", "survey"} {
		p := c.Purposes[name]
		if p == nil {
			continue
		}
		p.refPolicy = m.policy(c)
		if m.one(15) {
			p.MinVersion = ""
		}
		p.StarOff = m.one(15)
		for _, channel := range []string{"sms", "email"} {
			if m.one(25) {
				o := m.policy(c)
				if p.Channels == nil {
					p.Channels = map[string]*refPolicy{}
				}
				o.Basis = refFirst(o.Basis, m.pick("", "opt_out"))
				if o.Notice == p.Notice && m.one(50) { // another minimum of the same notice
					o.Notice = ""
				}
				p.Channels[channel] = &o
			}
		}
	}
}

// policy draws a policy whose minimum version stands in its notice.
func (m *refMaker) policy(c *refConfig) refPolicy {
	p := refPolicy{Basis: m.pick("", "opt_in", "opt_in", "opt_out"), ValidFor: m.pick("", "", "", "1d", "48h", "3d", "2h", "1w", "60m")}
	if len(c.Notices) == 0 || m.one(40) {
		return p
	}
	p.Notice = "policy"
	if len(c.Notices) > 1 && m.one(40) {
		p.Notice = "terms"
	}
	p.MinVersion = m.pick(c.Notices[p.Notice]...)
	return p
}

// flags draws what the run is asked.
func (m *refMaker) flags() {
	w := m.w
	_, push := w.settings().Channels["push"]
	switch n := m.IntN(100); {
	case n < 45:
		w.Channels = []string{"sms"}
	case n < 65:
		w.Channels = []string{"email"}
	case n < 80:
		w.Channels = []string{"sms", "email"}
	case n < 85:
		w.Channels = []string{"email", "sms"}
	case push:
		w.Channels = []string{"push"}
	default:
		w.Channels = []string{"sms"}
	}
	w.Purpose = m.pick("promotion", "promotion", "promotion", "service")
	if _, ok := w.settings().Purposes["survey"]; ok && m.one(15) {
		w.Purpose = "survey"
	}
	w.Match = m.pick("contact", "contact", "all", "any")
	w.Dedupe = m.pick("", "", "", "identifier", "subject")
	if w.Match == "any" {
		w.Dedupe = m.pick("", "identifier", "subject", "subject")
	}
	m.identifiers()
	w.Report, w.Quiet, w.DefaultOutput = m.one(8), m.one(50), m.one(8)
}

// identifiers draws --id and --kinds. What a contact kind outside --kinds means is open, so there is none.
func (m *refMaker) identifiers() {
	w := m.w
	for _, channel := range w.Channels {
		w.IDs = append(w.IDs, w.contact(channel))
	}
	contacts := slices.Clone(w.IDs)
	if w.Match != "contact" {
		for _, kind := range refKinds {
			if !slices.Contains(w.IDs, kind) && len(w.IDs) < 3 && m.one(60) {
				w.IDs = append(w.IDs, kind)
			}
		}
		m.Shuffle(len(w.IDs), func(a, b int) { w.IDs[a], w.IDs[b] = w.IDs[b], w.IDs[a] })
	} else if m.one(60) {
		w.IDs = nil
	}
	if !m.one(18) {
		return
	}
	for _, kind := range refKinds {
		if slices.Contains(w.IDs, kind) || slices.Contains(contacts, kind) || m.one(30) {
			w.Kinds = append(w.Kinds, kind)
		}
	}
	w.AcceptUnread = m.one(60)
}

// anchor adds an act of somebody else that names the purpose, where only the exports make it known.
func (m *refMaker) anchor() {
	if len(m.w.settings().Purposes) > 0 {
		return
	}
	kind := m.w.contact(m.w.Channels[0])
	value := map[string]string{"phone": "13100000000", "email": "anchor@x.cn"}[kind]
	if value == "" {
		value = "anchor"
	}
	first := m.w.Exports[0]
	first.Rows = append(first.Rows, &refRow{Anchor: true, Cells: map[string]string{
		kind: value, "channel": m.w.Channels[0], "purpose": m.w.Purpose, "status": "granted",
		"occurred_at": m.instants[0].Format(time.RFC3339),
	}})
}

func (m *refMaker) list(i int) *refList {
	l := &refList{Table: &refTable{CRLF: m.one(20), Parquet: m.one(10), Quotes: m.one(20)}, Scope: m.pick("", "subject", "identifier")}
	l.Table.Name = "list" + string(rune('1'+i)) + ".csv"
	if l.Table.Parquet {
		l.Table.Name = "list" + string(rune('1'+i)) + ".parquet"
	}
	if m.one(35) {
		l.Channels = []string{m.pick("sms", "email", m.w.Channels[0])}
	}
	l.Flag = m.w.Config == nil || m.one(25)
	if l.Flag {
		l.Scope = ""
	} else {
		if m.one(35) {
			l.Purposes = []string{m.w.Purpose}
			if m.one(30) && m.w.settings().Purposes != nil {
				l.Purposes = []string{"promotion", "service"}[:1+m.IntN(2)]
			}
		}
		l.Table.Custom = m.one(25)
	}
	kinds := []string{m.pick(m.w.contact(m.w.Channels[0]), m.pick(refKinds[:]...))}
	if other := m.pick(refKinds[:]...); other != kinds[0] && m.one(40) {
		kinds = append(kinds, other)
	}
	for j, kind := range kinds {
		col := refColumn{kind, m.headerName(kind)}
		if l.Table.Custom {
			col.Header = "col_" + string(rune('a'+j))
		}
		l.Table.Columns = append(l.Table.Columns, col)
	}
	l.Table.Columns = append(l.Table.Columns, refColumn{"why", "why"})
	for range 1 + m.IntN(3) {
		l.Table.Rows = append(l.Table.Rows, m.entry(kinds))
	}
	m.spoilList(l)
	return l
}

func (m *refMaker) entry(kinds []string) *refRow {
	r := &refRow{Cells: map[string]string{"why": m.pick("asked", "", "a, b")}}
	for j, kind := range kinds {
		if j == 0 || m.one(70) {
			r.Cells[kind] = m.spell(kind, m.pick(m.pools[kind]...))
		}
	}
	return r
}

// spoilList makes a few lists empty or unreadable; such a list then holds for every cell, so that every run reads it.
func (m *refMaker) spoilList(l *refList) {
	switch n := m.IntN(100); {
	case n < 5:
		l.Table.Rows = nil
		l.AllowEmpty = !l.Flag && m.one(70)
	case n < 6 && l.Table.Columns[0].Key == "phone":
		l.Table.Rows[0].Cells["phone"] = "n/a"
	case n < 7 && !l.Table.Parquet:
		l.Table.Rows[0].Damage = "long"
	default:
		return
	}
	l.Channels, l.Purposes = nil, nil
}

// audience draws the recipients. The first row is a good one: a column without a readable identifier is a fault of
// its own.
func (m *refMaker) audience() {
	t := &refTable{Name: "audience.csv", CRLF: m.one(25), BOM: m.one(10), NoEnd: m.one(20), Quotes: m.one(25)}
	m.w.People = t
	if m.one(15) {
		t.Parquet, t.Native, t.Name = true, m.one(50), "audience.parquet"
	}
	kinds := slices.Clone(m.w.IDs)
	for _, channel := range m.w.Channels {
		if kind := m.w.contact(channel); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	m.Shuffle(len(kinds), func(a, b int) { kinds[a], kinds[b] = kinds[b], kinds[a] })
	m.columns(kinds)
	if len(m.w.IDs) > 0 && !t.Parquet && m.one(15) {
		m.w.Position, t.NoHeader = true, m.one(40)
	}
	if t.NoHeader {
		t.BOM, t.NoEnd = false, false
	}
	m.recipients(kinds)
	last := len(t.Rows) - 1
	if last < 0 || len(t.Columns) == 1 || t.Rows[last].Damage == "blank" {
		t.NoEnd = false // the file ends with a line end, or with nothing
	}
}

func (m *refMaker) columns(kinds []string) {
	t := m.w.People
	keys := slices.Concat([]string{"rid"}, kinds, []string{"note"})
	if len(kinds) == 1 && !t.Parquet && m.one(8) {
		keys = kinds
	}
	t.Custom = len(m.w.IDs) > 0 && m.one(40)
	for i, key := range keys {
		col := refColumn{key, key}
		if refIsKind(key) {
			col.Header = m.headerName(key)
			if t.Custom {
				col.Header = "column " + string(rune('A'+i))
			}
		}
		t.Columns = append(t.Columns, col)
	}
}

func (m *refMaker) recipients(kinds []string) {
	t := m.w.People
	rows := 1 + min(m.IntN(40), m.IntN(40))
	if m.one(3) && !t.NoHeader {
		rows = 0
	}
	for i := range rows {
		r := m.recipient(kinds, i == 0)
		r.Cells["rid"] = "r" + strconv.Itoa(i+1)
		if i > 0 && !t.Parquet {
			switch n := m.IntN(100); {
			case n < 4:
				r.Damage = "long"
			case n < 6 && len(t.Columns) > 2:
				r.Damage, r.Cut = "short", 2+m.IntN(len(t.Columns)-2)
			case n < 8 && len(t.Columns) > 2:
				r.Damage = "quote"
			case n < 11:
				r.Damage = "blank"
			}
		}
		t.Rows = append(t.Rows, r)
	}
}

func (m *refMaker) recipient(kinds []string, good bool) *refRow {
	r := &refRow{Cells: map[string]string{"note": m.pick("", "plain", "a, b", `say "hi"`, "two\nlines", "中文")}}
	person := m.people[m.IntN(len(m.people))]
	stranger := map[string]string{"phone": "13712345678", "email": "zoe@x.cn", "customer_id": "9999", "device_id": "dev-z"}
	unknown := m.w.Match == "any" && m.one(30)
	for i, kind := range kinds {
		value := person[kind]
		switch {
		case value == "" && m.one(70), m.one(12):
			value = m.pick(m.pools[kind]...)
		case unknown && i == 0, m.one(3):
			value = stranger[kind]
		}
		if good && value == "" {
			value = m.pools[kind][0]
		}
		r.Cells[kind] = m.spell(kind, value)
		if !good && m.one(6) {
			r.Cells[kind] = m.unreadable(kind)
		}
		if t := m.w.People; t.Native && t.Parquet && kind == "phone" && refIsMobile(value) {
			r.Cells[kind] = value
		}
	}
	return r
}

func refIsMobile(text string) bool {
	return len(strings.Trim(text, "0123456789")) == 0 && len(text) == 11
}
