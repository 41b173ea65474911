package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"cpm/consentload"
	"cpm/filter"
	"cpm/formats"
)

// account is an explanation as text for people: who it is about, a block for the cells of which anything is told, and a
// line for those of which nothing is. Cells of which the same is told share a block.
type account struct {
	*explaining
	width  int // columns to write in
	colour bool
	lines  []string
}

const (
	widestAccount   = 80 // prose is broken there even where there is more room
	mostEvents      = 40 // of one cell: a number that stands for nobody may have thousands; --json has them all
	mostIdentifiers = 20 // the same
)

func (a *account) write(w io.Writer) error {
	a.subject()
	a.records()
	a.blocks()
	a.silent()
	_, err := io.WriteString(w, strings.Join(a.lines, "\n")+"\n")
	return err
}

// noBreak stands for a blank at which no line is broken.
const noBreak = "\u00a0"

// add appends a paragraph, broken at the width; its further lines are indented by a little more.
func (a *account) add(indent int, format string, args ...any) {
	first, rest := strings.Repeat(" ", indent), strings.Repeat(" ", indent+2)
	line := first
	for i, word := range strings.Split(fmt.Sprintf(format, args...), " ") {
		word = strings.ReplaceAll(word, noBreak, " ")
		switch {
		case i == 0:
			line += word
		case text.StringWidthWithoutEscSequences(line)+1+text.StringWidthWithoutEscSequences(word) > a.width:
			a.lines = append(a.lines, line)
			line = rest + word
		default:
			line += " " + word
		}
	}
	a.lines = append(a.lines, line)
}

func (a *account) gap() { a.lines = append(a.lines, "") }

func (a *account) paint(words string, colours ...text.Color) string {
	if !a.colour {
		return words
	}
	return text.Colors(colours).Sprint(words)
}

// name tells an identifier with its kind, in one piece.
func (a *account) name(key consentload.Key) string {
	kind := a.identifierOf(key).kind
	if key == a.asked.key {
		kind = a.asked.kind
	}
	return string(kind) + noBreak + strings.ReplaceAll(a.names.value(key), " ", noBreak)
}

// subject tells who it is about.
func (a *account) subject() {
	me := a.paint(a.name(a.asked.key), text.Bold)
	switch {
	case !a.known():
		a.add(0, "%s: no record of the consent that counts as of then names it", me)
	case len(a.members) == 1:
		a.add(0, "%s: no other identifier belongs to it", me)
	default:
		a.add(0, "%s: a person of %s", me, counted(int64(len(a.members)), "identifier", "identifiers"))
	}
	for _, o := range a.otherKeys() {
		a.otherKey(o)
	}
	for i, p := range a.identifiers {
		if i == mostIdentifiers {
			a.add(2, "… and %s more", number(int64(len(a.identifiers)-i)))
			break
		}
		a.identifier(p)
	}
	a.add(0, "as of %s", localText(a.asOf, a.catalog.Zone))
}

// otherKey tells under which other key the consent knows what was asked for.
func (a *account) otherKey(o otherKey) {
	_, hashed := a.catalog.Kinds.Raw(a.asked.id)
	raw, _ := a.catalog.Kinds.RawKind(a.asked.kind)
	it, known := string(raw), o.kind != ""
	if known {
		it = a.name(o.Key)
	}
	switch {
	case hashed && o.Declared && known && o.kind != a.asked.kind:
		a.add(2, "%s gives it in the form %s: they are one", it, o.Form)
	case hashed && o.Declared:
		a.add(2, "an identifier that the run has read gives it in the form %s: they are one", o.Form)
	case hashed:
		a.add(2, "%s gives it in the form %s, which is not declared: of what is said of one, only what speaks against contacting counts for the other",
			it, o.Form)
	case o.Declared:
		a.add(2, "known by its digest %s, in the form %s: they are one", o.kind, o.Form)
	default:
		a.add(2, "%s is its digest in the form %s, which is not declared: of what is said there, only what speaks against contacting counts",
			it, o.Form)
	}
}

// identifier tells one identifier of the person, or beside it.
func (a *account) identifier(p identifier) {
	switch {
	case slices.ContainsFunc(a.otherKeys(), func(o otherKey) bool { return o.Key == p.key && p.key != a.main }): // told already
	case p.shared:
		a.add(2, "%s: shared, it stands beside more than %d values of another kind, and links nobody",
			a.name(p.key), a.catalog.MaxLinks(p.kind))
	case a.members[p.key] && len(a.members) > 1:
		a.add(2, "%s", a.name(p.key))
	case a.members[p.key]:
	case a.catalog.Link == consentload.LinkNone:
		a.add(2, "%s: stands beside it, and is not taken for the same person (link: none)", a.name(p.key))
	default:
		a.add(2, "%s: stands beside it, and is not taken for the same person", a.name(p.key))
	}
}

// records tells what names the person and is no act.
func (a *account) records() {
	for _, group := range []struct {
		fate  consentload.Fate
		title string
	}{
		{consentload.Quarantined, "consent records that cannot be read name the person, and suppress every cell (unreadable_consent):"},
		{consentload.Identities, "maps of identities name the person:"},
	} {
		first := true
		for i := range a.load.Watched {
			e := &a.load.Watched[i]
			if e.Fate != group.fate || e.Form != consentload.AsWritten {
				continue
			}
			if first {
				a.gap()
				a.add(0, "%s", group.title)
				first = false
			}
			problem := ""
			if e.Problem != "" {
				problem = ": " + e.Problem
				if e.Column != "" {
					problem = ", column " + e.Column + problem
				}
			}
			a.add(2, "%s%s; names %s", a.where(e), problem, a.namesOf(e))
		}
	}
}

// blocks tells the cells of which there is something to tell.
func (a *account) blocks() {
	var headings, body []string
	flush := func() {
		if len(headings) > 0 {
			a.gap()
			a.lines = append(append(a.lines, headings...), body...)
		}
		headings, body = nil, nil
	}
	for i := range a.cells {
		c := &a.cells[i]
		if a.tacit(c) {
			continue
		}
		one := &account{explaining: a.explaining, width: a.width, colour: a.colour}
		one.heading(c)
		cut := len(one.lines)
		one.cell(c)
		if !slices.Equal(one.lines[cut:], body) {
			flush()
		}
		headings, body = append(headings, one.lines[:cut]...), one.lines[cut:]
	}
	flush()
}

// tacit reports whether nothing but silence is told of a cell.
func (a *account) tacit(c *explained) bool { return len(c.Parts) == 0 && len(c.Lists) == 0 }

func (a *account) heading(c *explained) {
	by := "by " + a.name(c.by.key)
	switch {
	case c.channel.Contact == "":
		by += " (nobody has said which identifier the channel needs)"
	case !a.reaches(c):
		by += fmt.Sprintf(" (of this person the consent holds no %s)", c.channel.Contact)
	}
	a.add(0, "%s, %s", a.paint(a.cellName(c.channel.Name, c.purpose), text.Bold), by)
}

// reaches reports whether a cell is weighed for an identifier of the kind that its channel needs, or for a digest of one.
func (a *account) reaches(c *explained) bool {
	kind, _ := a.catalog.Kinds.RawKind(c.by.kind)
	return kind == c.channel.Contact
}

// cell tells the verdict, and the part of each event.
func (a *account) cell(c *explained) {
	word, colour := c.Verdict.String(), text.FgRed
	if c.Verdict == filter.Permitted {
		colour = text.FgGreen
	}
	a.add(2, "%s: %s", a.paint(word, colour), a.sentence(c))
	for _, list := range c.Lists {
		var named []string
		for _, p := range a.identifiers {
			if list.Has(p.key) && a.members[p.key] {
				named = append(named, a.name(p.key))
			}
		}
		if len(named) == 0 {
			named = append(named, a.name(c.by.key)+" under another key of it")
		}
		a.add(4, "%s lists %s", list.Path, strings.Join(named, ", "))
	}
	for i, part := range c.Parts {
		if i == mostEvents {
			a.add(2, "… and %s more (--json has them all)", counted(int64(len(c.Parts)-i), "event", "events"))
			break
		}
		a.event(part, c.by)
	}
}

// cellName names a cell, in one piece.
func (a *account) cellName(channel, purpose string) string {
	return strings.ReplaceAll(a.tellChannel(channel)+" × "+purpose, " ", noBreak)
}

// sentence is the verdict for people.
func (a *account) sentence(c *explained) string {
	ends := ""
	if c.Ends.Ends() {
		ends = a.time(c.Ends)
	}
	silent := !slices.ContainsFunc(c.Parts, func(p filter.Part) bool { return p.Role == filter.Decides })
	switch {
	case c.Verdict == filter.Permitted && silent:
		return "no act covers it, and where the basis is opt-out silence means yes"
	case c.Verdict == filter.Permitted && ends != "":
		return "the consent holds until " + ends
	case c.Verdict == filter.Permitted:
		return "the consent holds"
	case c.Verdict == filter.Expired:
		return "the consent has ended at " + ends
	case c.Verdict == filter.NoticeOutdated && c.Version == "":
		return c.Verdict.Sentence() + ": no version that the configuration lists"
	case c.Verdict == filter.NoticeOutdated:
		return fmt.Sprintf("%s: %s version %s", c.Verdict.Sentence(), c.Notice, c.Version)
	}
	return c.Verdict.Sentence()
}

// event tells one event in three lines: what was done, where it stands, what it comes to.
func (a *account) event(part filter.Part, by identifier) {
	e := &a.load.Watched[part.Event]
	mark, colours := "○", []text.Color{text.Faint}
	if part.Role == filter.Decides {
		mark, colours = "●", []text.Color{text.Bold}
	}
	more := ""
	if e.Status == consentload.Granted && e.Expires.Ends() {
		more += ", until " + a.time(e.Expires)
	}
	if e.Version != "" {
		more += ", under " + e.Notice + " version " + e.Version
	}
	if e.Future {
		more += ", dated after now, which counts at once"
	}
	a.add(2, "%s %s %s, %s%s", mark, a.time(e.When), a.paint(e.Status.String(), colours...),
		a.cellName(e.Channel, a.tellPurpose(e.Purpose, a.options.purposes)), more)
	under := ""
	if part.Form != consentload.AsWritten {
		under = " (under its digest, form " + part.Form.String() + ")"
		if _, hashed := a.catalog.Kinds.RawKind(by.kind); hashed {
			under = " (under what gives it, form " + part.Form.String() + ")"
		}
	}
	a.add(4, "%s; names %s%s", a.where(e), a.namesOf(e), under)
	a.add(4, "%s: %s%s", a.paint(strings.ReplaceAll(part.Role.String(), "_", " "), colours...), part.Cause, a.about(part))
}

// about tells the events and the identifiers of which a rule speaks.
func (a *account) about(part filter.Part) string {
	var of []string
	for _, by := range part.By {
		of = append(of, a.row(&a.load.Watched[by]))
	}
	told := ""
	if len(of) > 0 {
		told = " (" + strings.Join(of, ", ") + ")"
	}
	if len(part.Missing) > 0 && part.Cause == filter.OtherIdentifier {
		var names []string
		for _, key := range part.Missing {
			names = append(names, a.name(key))
		}
		told += "; missing: " + strings.Join(names, ", ")
	}
	return told
}

// silent tells the cells of which no event speaks, a line for each verdict.
func (a *account) silent() {
	cells := map[filter.Reason][]string{}
	for i := range a.cells {
		if c := &a.cells[i]; a.tacit(c) {
			name := a.cellName(c.channel.Name, c.purpose)
			if of := cells[c.Verdict]; !slices.Contains(of, name) {
				cells[c.Verdict] = append(of, name)
			}
		}
	}
	if len(cells) > 0 {
		a.gap()
	}
	for _, verdict := range append(filter.Reasons(), filter.Permitted) {
		if of := cells[verdict]; len(of) > 0 {
			a.add(0, "no act covers %s: %s", strings.Join(of, ", "), verdict)
		}
	}
}

// where tells in which row an event stands, and under which source where it has a name of its own.
func (a *account) where(e *consentload.WatchedEvent) string {
	told := a.row(e)
	for _, source := range a.sources {
		if source.Name == e.Source && source.Name != source.Path {
			told += ", source " + e.Source
			break
		}
	}
	if at := a.place(e).Touchpoint; at != "" {
		told += fmt.Sprintf(", recorded at %q", at)
	}
	return told
}

// row tells where an event stands.
func (a *account) row(e *consentload.WatchedEvent) string { return formats.At(e.File, e.Place) }

func (a *account) namesOf(e *consentload.WatchedEvent) string {
	var names []string
	for _, name := range e.Names {
		told := a.name(name.Key)
		if name.Kind != a.identifierOf(name.Key).kind && e.Form == consentload.AsWritten {
			told += noBreak + "(as" + noBreak + string(name.Kind) + ")"
		}
		names = append(names, told)
	}
	return strings.Join(names, ", ")
}

// time tells an instant in the declared zone, with the fraction of a second that may decide.
func (a *account) time(i consentload.Instant) string {
	if !i.Dated() {
		return "without a time"
	}
	at := i.Time()
	if a.catalog.Zone != nil {
		at = at.In(a.catalog.Zone)
	}
	return at.Format(time.RFC3339Nano)
}
