package main

import (
	"strconv"
	"strings"
	"time"
)

// touchpoint is a place where people say yes or no, with the habits of its export.
type touchpoint struct {
	name    string
	columns string            // the header
	always  string            // identifier kinds in every row, where the person has them
	often   string            // identifier kinds in most rows
	typed   bool              // phone numbers are typed by people, not read from an account
	spell   map[string]string // its words for channels and purposes, where they differ
	when    func(time.Time) string
}

// touchpoints returns the six of them: no two write times alike.
func touchpoints() []touchpoint {
	return []touchpoint{
		{
			name: "app", always: "customer_id device_id", often: "phone unionid",
			columns: "event_id,customer_id,phone,unionid,device_id,channel,purpose,status,occurred_at,expires_at,notice_version",
			when:    func(t time.Time) string { return t.Format(time.RFC3339) },
		},
		{
			name: "mini-program", always: "openid", often: "unionid phone",
			columns: "openid,unionid,phone,channel,purpose,status,occurred_at,notice_version",
			spell:   map[string]string{"sms": "短信", "wechat": "微信", "email": "邮件", "promotion": "营销", "service": "服务"},
			when:    func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) },
		},
		{
			name: "website", always: "customer_id email", often: "phone",
			columns: "event_id,occurred_at,customer_id,email,phone,channel,purpose,status,notice,notice_version,expires_at",
			when:    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		},
		{
			name: "h5", always: "phone", often: "email",
			columns: "phone,email,channel,purpose,status,occurred_at,expires_at,notice_version,source",
			spell:   map[string]string{"promotion": "Promotion", "sms": "SMS"},
			when:    func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) },
		},
		{
			name: "store", always: "phone device_id", often: "customer_id", typed: true,
			columns: "occurred_at,customer_id,phone,device_id,channel,purpose,status,notice_version",
			when:    func(t time.Time) string { return t.Format(time.DateTime) },
		},
		{
			name: "car", always: "customer_id device_id", often: "phone",
			columns: "device_id,customer_id,phone,channel,purpose,status,occurred_at,notice_version",
			spell:   map[string]string{"promotion": "marketing"},
			when:    func(t time.Time) string { return t.Format("2006-01-02T15:04:05.000") },
		},
	}
}

// identifiers returns what the touchpoint records of p, one value a kind.
func (t touchpoint) identifiers(d dice, p person) map[string]string {
	ids := make(map[string]string)
	for _, kind := range strings.Fields(t.always) {
		ids[kind] = t.value(d, p, kind)
	}
	for _, kind := range strings.Fields(t.often) {
		if d.percent(75) {
			ids[kind] = t.value(d, p, kind)
		}
	}
	return ids
}

func (t touchpoint) value(d dice, p person, kind string) string {
	switch kind {
	case "customer_id":
		return p.id
	case "email":
		return p.email
	case "openid":
		return p.openid
	case "unionid":
		return p.unionid
	case "device_id":
		switch t.name {
		case "store":
			return d.of(tablets)
		case "car":
			return p.car
		default:
			return p.handset
		}
	default:
		if t.typed && d.percent(25) {
			return noisy(d, p.phone)
		}
		return p.phone
	}
}

// row writes one act in the touchpoint's columns; number counts the rows of its file.
func (t touchpoint) row(a act, number int) []string {
	var row []string
	for _, column := range strings.Split(t.columns, ",") {
		row = append(row, t.cell(a, column, number))
	}
	return row
}

func (t touchpoint) cell(a act, column string, number int) string {
	switch column {
	case "event_id":
		return t.name + "-" + strconv.Itoa(number)
	case "channel":
		return t.word(a.channel)
	case "purpose":
		return t.word(a.purpose)
	case "status":
		return a.status
	case "occurred_at":
		return t.when(a.at)
	case "expires_at":
		if a.expires.IsZero() {
			return ""
		}
		return t.when(a.expires)
	case "notice":
		if a.version == "" {
			return ""
		}
		return "privacy-policy"
	case "notice_version":
		return a.version
	case "source":
		return "spring-campaign"
	default:
		return a.ids[column]
	}
}

func (t touchpoint) word(w string) string {
	if s, ok := t.spell[w]; ok {
		return s
	}
	return w
}
