package consentload

import (
	"math"
	"time"
)

// localClock turns the local time of one zone into UTC. It serves one goroutine.
//
// Looking up a zone's offset costs 100 ns and more, so the offset of a stretch of local time is kept where it is one
// and the same well beyond both ends; only the days around a transition are looked up each time.
type localClock struct {
	zone      *time.Location
	stretches [256]stretch // by the low bits of their number: four years
}

// stretch is 2¹⁹ s, six days, of local time.
type stretch struct {
	number int64 // local seconds since 1970, shifted; that of no stretch at first
	offset int64 // seconds east of UTC, or moving
}

const (
	stretchBits = 19
	moving      = math.MinInt64 // the offset changes within the stretch or near it

	// farthest is more than two offsets of any zone have ever differed: 24 hours, where a zone crossed the date line.
	farthest = 48 * 3600
)

func newLocalClock(zone *time.Location) *localClock {
	c := &localClock{zone: zone}
	for i := range c.stretches {
		c.stretches[i].number = math.MinInt64
	}
	return c
}

// utc returns the Unix second of a local time, told as if it were UTC. Of a time that the zone has twice the side
// chooses. A time that it skips would be one instant by the offset before and another by the one after; between
// these the side chooses.
func (c *localClock) utc(local int64, side Side) int64 {
	number := local >> stretchBits
	s := &c.stretches[uint64(number)%uint64(len(c.stretches))]
	if s.number != number {
		*s = stretch{number, c.offsetAround(number<<stretchBits, (number+1)<<stretchBits)}
	}
	if s.offset != moving {
		return local - s.offset
	}
	return c.search(local, side)
}

// offsetAround returns the offset that holds from farthest before the local time from to farthest after the local
// time to, or moving.
func (c *localClock) offsetAround(from, to int64) int64 {
	span := c.spanAt(from - farthest)
	if to+farthest < span.end {
		return span.offset
	}
	return moving
}

// search looks at each span of constant offset that the local time may fall into, and at the gaps between them.
func (c *localClock) search(local int64, side Side) int64 {
	var real, skipped candidates
	for span := c.spanAt(local - farthest); ; {
		at := local - span.offset
		if at >= span.start && at < span.end {
			real.add(at)
		}
		if span.end > local+farthest {
			break
		}
		next := c.spanAt(span.end)
		if after := local - next.offset; at >= span.end && after < span.end {
			skipped.add(at)
			skipped.add(after)
		}
		span = next
	}
	if real.any {
		return real.pick(side)
	}
	return skipped.pick(side)
}

// candidates keeps the earliest and the latest of some instants.
type candidates struct {
	any             bool
	earliest, later int64
}

func (c *candidates) add(at int64) {
	if !c.any {
		*c = candidates{true, at, at}
	}
	c.earliest, c.later = min(c.earliest, at), max(c.later, at)
}

func (c *candidates) pick(side Side) int64 {
	if side == Later {
		return c.later
	}
	return c.earliest
}

// span is a stretch of time with one offset, from start up to but not including end, in Unix seconds.
type span struct{ start, end, offset int64 }

// spanAt returns the span that holds a Unix second. Where a zone changes its name but not its offset one span ends
// and another begins.
func (c *localClock) spanAt(second int64) span {
	at := time.Unix(second, 0).In(c.zone)
	_, offset := at.Zone()
	s := span{math.MinInt64, math.MaxInt64, int64(offset)}
	start, end := at.ZoneBounds()
	if !start.IsZero() {
		s.start = start.Unix()
	}
	if !end.IsZero() {
		s.end = end.Unix()
	}
	if s.end <= second {
		// Beyond its table of changes the standard library ends every year after 365 days (time.tzset, Go 1.26), so
		// that on 31 December of a leap year the span ends before it. The offset holds until that UTC day is over.
		s.end = second - (second%86400+86400)%86400 + 86400
	}
	return s
}
