package main

import "time"

// tablets stand in the stores; hundreds of customers sign on each of them.
const tablets = "tablet-nanjing-road tablet-xujiahui tablet-sanlitun tablet-tianhe tablet-taikoo tablet-hubin"

// act is one consent event before a touchpoint writes it down.
type act struct {
	touchpoint string
	ids        map[string]string // kind to value
	channel    string
	purpose    string
	status     string
	at         time.Time
	version    string
	expires    time.Time // zero: none
}

// shanghai is the zone of all local times; China has had no summer time since 1991.
func shanghai() *time.Location { return time.FixedZone("CST", 8*60*60) }

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, shanghai())
}

// versionAt is the version of the privacy policy that was shown at t.
func versionAt(t time.Time) string {
	switch {
	case t.Before(day(2025, time.July, 1)):
		return "1"
	case t.Before(day(2026, time.April, 1)):
		return "2"
	default:
		return "3"
	}
}

// chronicle collects the acts of the crowd.
type chronicle struct {
	dice
	places []touchpoint
	acts   []act
}

// chapters are the lives that the crowd leads, with their shares in percent. The rest speaks of other cells only.
func chapters() []chapter {
	return []chapter{
		{51, (*chronicle).agrees},
		{12, (*chronicle).agreesThenRefuses},
		{4, (*chronicle).refusesThenAgrees},
		{6, (*chronicle).refuses},
		{5, (*chronicle).isPending},
		{5, (*chronicle).agreedLongAgo},
		{5, (*chronicle).agreedUnderOldNotice},
	}
}

type chapter struct {
	share int
	tell  func(*chronicle, person)
}

// live tells the life of one person: one chapter, and often an act about another cell.
func (c *chronicle) live(p person) {
	n := c.IntN(100)
	for _, chapter := range chapters() {
		if n -= chapter.share; n < 0 {
			chapter.tell(c, p)
			break
		}
	}
	if n >= 0 || c.percent(45) {
		c.elsewhere(p)
	}
}

func (c *chronicle) agrees(p person) {
	at := c.recent()
	c.grant(p, at)
	if c.percent(25) {
		c.grant(p, c.after(at))
	}
}

func (c *chronicle) agreesThenRefuses(p person) {
	at := c.recent()
	c.grant(p, at)
	c.refuse(p, c.after(at))
}

func (c *chronicle) refusesThenAgrees(p person) {
	at := c.recent()
	c.refuse(p, at)
	c.grant(p, c.after(at))
}

func (c *chronicle) refuses(p person) { c.refuse(p, c.recent()) }

// isPending: the code was sent and never entered; every third one confirmed later.
func (c *chronicle) isPending(p person) {
	at := c.recent()
	a := c.at(p, at)
	a.channel, a.purpose, a.status = "sms", "promotion", "pending"
	c.add(a)
	if c.percent(33) {
		c.grant(p, at.Add(time.Duration(1+c.IntN(50))*time.Minute))
	}
}

// agreedLongAgo: older than the year that a consent holds, or a campaign's consent that named its own end.
func (c *chronicle) agreedLongAgo(p person) {
	if c.percent(60) {
		c.grant(p, c.between(day(2025, time.July, 2), day(2025, time.October, 30)))
		return
	}
	a := c.at(p, c.between(day(2026, time.January, 5), day(2026, time.June, 30)))
	a.touchpoint, a.channel, a.purpose, a.status = "h5", "sms", "promotion", "granted"
	a.ids = map[string]string{"phone": p.phone}
	a.expires = day(2026, time.October, 1)
	c.add(a)
}

// agreedUnderOldNotice: a page that still showed version 1, or a touchpoint that recorded none.
func (c *chronicle) agreedUnderOldNotice(p person) {
	a := c.at(p, c.recent())
	a.channel, a.purpose, a.status, a.version = "sms", "promotion", "granted", "1"
	if c.percent(25) {
		a.version = ""
	}
	c.add(a)
}

// elsewhere is an act about e-mail, WeChat, push or service: nothing that a promotion by SMS could rest on.
func (c *chronicle) elsewhere(p person) {
	a := c.at(p, c.recent())
	a.channel, a.purpose = c.of("email wechat push"), "promotion"
	if c.percent(35) {
		a.channel, a.purpose = c.of("sms email *"), "service"
	}
	a.status = "granted"
	if c.percent(25) {
		a.status = c.of("denied withdrawn")
	}
	c.add(a)
}

func (c *chronicle) grant(p person, at time.Time) {
	a := c.at(p, at)
	a.status = "granted"
	switch n := c.IntN(10); {
	case n < 7:
		a.channel, a.purpose = "sms", "promotion"
	case n < 9:
		a.channel, a.purpose = "*", "promotion"
	default:
		a.channel, a.purpose = "*", "*"
	}
	c.add(a)
}

func (c *chronicle) refuse(p person, at time.Time) {
	a := c.at(p, at)
	a.status = c.of("denied withdrawn")
	switch n := c.IntN(10); {
	case n < 5:
		a.channel, a.purpose = "sms", "promotion"
	case n < 7:
		a.channel, a.purpose = "*", "promotion"
	case n < 8:
		a.channel, a.purpose = "sms", "*"
	default:
		a.channel, a.purpose = "*", "*"
	}
	c.add(a)
}

// at begins an act of p at some touchpoint.
func (c *chronicle) at(p person, at time.Time) act {
	place := c.places[c.IntN(len(c.places))]
	return act{touchpoint: place.name, ids: place.identifiers(c.dice, p), at: at, version: versionAt(at)}
}

// add records an act; now and then the line is sent twice, as queues do.
func (c *chronicle) add(a act) {
	c.acts = append(c.acts, a)
	if c.IntN(500) == 0 {
		c.acts = append(c.acts, a)
	}
}

// recent is a moment within the year before the as-of of the example, 2026-11-01.
func (c *chronicle) recent() time.Time {
	return c.between(day(2025, time.November, 10), day(2026, time.October, 25))
}

// after is a moment up to ninety days later, but within the exports.
func (c *chronicle) after(t time.Time) time.Time {
	end := day(2026, time.October, 31)
	if latest := t.AddDate(0, 0, 90); latest.Before(end) {
		end = latest
	}
	return c.between(t.Add(time.Minute), end)
}

func (c *chronicle) between(from, to time.Time) time.Time {
	return from.Add(time.Duration(c.Int64N(to.Sub(from).Milliseconds())) * time.Millisecond)
}
