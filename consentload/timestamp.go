package consentload

import "encoding/binary"

// readTimestamp reads the form in which nearly all times are written, YYYY-MM-DDTHH:MM:SS with up to eight decimals and Z or
// ±HH:MM, on the day that was read last: eight characters at once, where one by one they were a tenth of a load. What it does
// not read may be a time in another form, or none; of what it reads, readDateTime would say the same.
func (d *knownDay) readTimestamp(text []byte) (Instant, bool) {
	end, offset, ok := zoneOf(text)
	if !ok {
		return None, false
	}
	if d == nil || d.year == 0 || d.year != binary.LittleEndian.Uint64(text) || d.day != binary.LittleEndian.Uint16(text[8:]) {
		return None, false
	}
	if c := text[10]; c != 'T' && c != ' ' && c != 't' {
		return None, false
	}
	second, ok := secondOfDay(binary.LittleEndian.Uint64(text[11:]))
	if !ok {
		return None, false
	}
	nanos := int64(0)
	if end > len(dateTime) {
		nanos, ok = decimals(binary.LittleEndian.Uint64(text[end-8:]), end-len(dateTime)-1)
		if !ok || text[len(dateTime)] != '.' {
			return None, false
		}
	}
	return instantAt(d.since*86400+second-offset, nanos), true
}

// zoneOf returns where Z or ±HH:MM begins behind a date and a time, and how many seconds east of UTC it is.
func zoneOf(text []byte) (at int, offset int64, ok bool) {
	if at = len(text) - 1; at >= len(dateTime) && text[at] == 'Z' {
		return at, 0, true
	}
	if at = len(text) - len("+00:00"); at < len(dateTime) {
		return 0, 0, false
	}
	offset, ok = readOffset(text[at:])
	return at, offset, ok
}

// secondOfDay reads HH:MM:SS. A leap second is left to readDateTime.
func secondOfDay(text uint64) (second int64, ok bool) {
	const colons, digits = 0x0000FF_0000FF0000, 0xFFFF00_FFFF00FFFF
	if text&colons != 0x00003A_00003A0000 || !allDigitsIn(text, digits) {
		return 0, false
	}
	numbers := text & 0x0F0F00_0F0F000F0F
	numbers = numbers*10 + numbers>>8 // of each two digits, where the first one was
	hour, minute, sec := int64(numbers&0xFF), int64(numbers>>24&0xFF), int64(numbers>>48&0xFF)
	return hour*3600 + minute*60 + sec, hour < 24 && minute < 60 && sec < 60
}

// decimals reads the decimals of a second behind its point, of which there are n, from eight characters that end with them.
func decimals(text uint64, n int) (nanos int64, ok bool) {
	const zeros, pairs, all = 0x3030303030303030, 0x000000FF_000000FF, 0xFFFFFFFFFFFFFFFF
	if n < 1 || n > 8 {
		return 0, false
	}
	text = text>>(64-8*n) | zeros<<(8*n) // as if there were eight
	if !allDigitsIn(text, all) {
		return 0, false
	}
	text -= zeros
	text = text*10 + text>>8
	hundredMillionths := (text&pairs*(100+1000000<<32) + text>>16&pairs*(1+10000<<32)) >> 32
	return int64(hundredMillionths) * 10, true
}
