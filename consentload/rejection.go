package consentload

import (
	"bytes"
	"fmt"
)

// reject says why a row cannot be read.
func (r *record) reject(column, what, mend string) outcome {
	r.problem = problem{column: column, what: what, mend: mend}
	return rejected
}

// rejectWord rejects a row for a word that nobody declared. The word is told unless it may be an identifier.
func (r *record) rejectWord(f *ref, what string) outcome {
	value := bytes.TrimSpace(r.value(f))
	told := tellable(value)
	if f.mixed || f.free() && Nearest(string(value), r.namesOf(what)) == "" {
		told = untold(value)
	}
	mend := fmt.Sprintf("declare it in the configuration, as a name or alias, or list it under ignore: %ss", what)
	switch {
	case what == "status" && r.shape.mapping == canonical:
		mend = "a status is granted, denied, withdrawn or pending"
	case f.mixed:
		mend = "name the column under id in the source if it holds identifiers, under ignore if it tells nothing of consent, " +
			"or read it by a mapping of your own (cpm presets show " + r.shape.mapping + ")"
	case what == "status":
		mend = "say in a mapping of your own what it means, or that it is unknown (cpm presets show " + r.shape.mapping + ")"
	case f.from == ofMatch:
		mend += "; a column that holds identifiers goes under id in its source, one that tells nothing of consent under ignore"
	}
	if len(value) == 0 {
		return r.reject(f.name, "the "+what+" is empty", mend)
	}
	return r.reject(f.name, fmt.Sprintf("%s is no known %s", told, what), mend)
}

// namesOf lists what is declared where a channel or a purpose is expected.
func (r *record) namesOf(what string) []string {
	switch what {
	case "channel":
		names := make([]string, len(r.catalog.channels))
		for i := range names {
			names[i] = r.catalog.channels[i].Name
		}
		return names
	case "purpose":
		return r.catalog.purposes
	}
	return nil
}

func (r *record) rejectTime(column string, raw []byte, bad TimeFault) {
	const forms = "write RFC 3339, YYYY-MM-DD HH:MM:SS, or Unix seconds or milliseconds"
	switch bad {
	case TimeWithoutZone:
		r.reject(column, "the time has no zone, and none is declared",
			"add --timezone Asia/Shanghai (or the zone of the export), or timezone: to the configuration")
		r.problem.always = true
	case TimeEmpty:
		r.reject(column, "the time is empty", forms)
	default:
		r.reject(column, "a time of the form "+pattern(raw)+" cannot be read", forms)
	}
}

// idNames lists the identifier columns for a message.
func (s *shape) idNames() string {
	var names []byte
	for i, column := range append(s.ids[:len(s.ids):len(s.ids)], s.unread...) {
		if i > 0 {
			names = append(names, ", "...)
		}
		names = append(names, column.of.name...)
	}
	return string(names)
}
