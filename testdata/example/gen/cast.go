package main

import (
	"fmt"
	"time"
)

// chenJing is the number to remember.
const chenJing = "16812345678"

// counter is the number that a store types for customers who give none.
const counter = castPrefix + "0000"

// member is one of the cast: who, how the segment writes the phone number, and what the gate must say about a
// promotion by SMS as of 2026-11-01. The verdict is stated here, not computed.
type member struct {
	person
	written string
	note    string
	verdict string
	acts    []act
}

// yes and no are acts about a promotion by SMS.
func yes(touchpoint string, at time.Time, ids map[string]string) act {
	return act{
		touchpoint: touchpoint, ids: ids, at: at, version: versionAt(at),
		channel: "sms", purpose: "promotion", status: "granted",
	}
}

func no(touchpoint string, at time.Time, ids map[string]string) act {
	a := yes(touchpoint, at, ids)
	a.status = "denied"
	return a
}

// cast returns the people of the README, in its order.
func cast() []member {
	members := []member{
		{person: person{name: "陈静", phone: chenJing}, written: chenJing, verdict: "withdrawn", note: "老客户, 喜欢\"经典款\""},
		{person: person{name: "李娜", phone: castPrefix + "0002"}, written: "168 0000 0002", verdict: "permitted"},
		{person: person{name: "Miller, David", phone: castPrefix + "0003"}, written: "+86 168-0000-0003", verdict: "denied"},
		{person: person{name: "赵磊", phone: castPrefix + "0004"}, written: "'16800000004", verdict: "notice_outdated"},
		{person: person{name: "Emma Wilson", phone: castPrefix + "0005"}, written: "16800000005.0", verdict: "expired"},
		{person: person{name: "孙丽", phone: castPrefix + "0006"}, written: fullWidth(castPrefix + "0006"), verdict: "suppression_list"},
		{person: person{name: "周敏", phone: castPrefix + "0007"}, written: "0086 16800000007", verdict: "pending"},
		{person: person{name: "吴强", phone: castPrefix + "0008"}, written: "16800000008", verdict: "permitted"},
		{person: person{name: "Sophie Brown", phone: castPrefix + "0009"}, written: "168-0000-0009", verdict: "permitted"},
		{person: person{name: "门店占位", phone: counter}, written: counter, verdict: "shared_identifier"},
		{person: person{name: "郑浩", phone: castPrefix + "0011"}, written: "16800000011", verdict: "no_consent"},
		{person: person{name: "韩梅", phone: castPrefix + "0012"}, written: "16800000012", verdict: "permitted", note: "送货地址:\n上海市示例路1号\n\"后门\""},
	}
	for i := range members {
		m := &members[i]
		m.id = fmt.Sprintf("C%06d", i+1)
		m.email = fmt.Sprintf("cast%d@example.com", i+1)
		m.acts = actsOf(m.person)
	}
	return members
}

// actsOf returns what one of the cast has said, and where.
func actsOf(p person) []act {
	noon := func(month time.Month, d int) time.Time { return day(2026, month, d).Add(12 * time.Hour) }
	phone := map[string]string{"phone": p.phone}
	account := map[string]string{"phone": p.phone, "customer_id": p.id}
	tablet := map[string]string{"phone": p.phone, "device_id": "tablet-nanjing-road"}
	switch p.name {
	case "陈静":
		chat := map[string]string{"phone": p.phone, "openid": "oChenJingExample000000000001"}
		out := no("app", noon(time.September, 12), account)
		out.status = "withdrawn"
		return []act{yes("mini-program", noon(time.March, 8), chat), out}
	case "李娜":
		all := no("website", noon(time.February, 2), account)
		all.channel, all.purpose = "*", "*"
		return []act{all, yes("store", noon(time.August, 20), tablet)}
	case "Miller, David":
		mail := no("website", noon(time.June, 18), map[string]string{"email": p.email, "customer_id": p.id})
		mail.channel = "*"
		return []act{yes("app", noon(time.January, 15), account), mail}
	case "赵磊":
		old := yes("h5", noon(time.May, 1), phone)
		old.version = "1"
		return []act{old}
	case "Emma Wilson":
		brief := yes("h5", noon(time.June, 1), phone)
		brief.expires = day(2026, time.October, 1)
		return []act{brief}
	case "周敏":
		sent := yes("website", noon(time.October, 10), account)
		sent.status = "pending"
		return []act{sent}
	case "吴强":
		return []act{yes("store", noon(time.July, 7), tablet)}
	case "Sophie Brown", "孙丽", "韩梅":
		return []act{yes("car", noon(time.July, 30), account)}
	default:
		return nil
	}
}

// counterActs are the consents of fourteen customers that a store filed under its own number.
func counterActs(people []person) []act {
	var acts []act
	for i, p := range people[:14] {
		at := day(2026, time.July, 1+i).Add(15 * time.Hour)
		acts = append(acts, yes("store", at, map[string]string{
			"phone": counter, "customer_id": p.id, "device_id": "tablet-xujiahui",
		}))
	}
	return acts
}
