package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"cpm/consentload"
)

// inspectionText tells files to people.
type inspectionText struct {
	w      io.Writer
	zone   *time.Location // nil: none is declared
	width  int
	colour bool
	lines  []string
}

// headingWidth is where what is said begins, as in the talk.
const headingWidth = 11

// file writes what is told of one file.
func (p *inspectionText) file(f *inspectedFile, first bool) error {
	p.lines = nil
	if !first {
		p.lines = append(p.lines, "")
	}
	size := ""
	if f.Size >= 0 {
		size = ", " + counted(f.Size, "byte", "bytes")
	}
	p.lines = append(p.lines, p.paint(text.Bold, f.Path)+size)
	for _, one := range f.Tables {
		if len(f.Tables) > 1 || one.Name != f.Path {
			p.lines = append(p.lines, "", p.paint(text.Bold, one.Name))
		}
		p.table(one)
	}
	for _, name := range f.PassedOver {
		p.say("passed", "%s", name)
	}
	if f.Fault != nil && (len(f.Tables) == 0 || f.Tables[0].Fault == nil) {
		p.fault(f.Fault)
	}
	_, err := io.WriteString(p.w, strings.Join(p.lines, "\n")+"\n")
	return err
}

func (p *inspectionText) table(t *inspectedTable) {
	if t.Format != "" {
		p.say("format", "%s, %s", t.Format, t.Detail)
	}
	if t.Inspection != nil {
		p.rows(t)
		p.columns(t)
		p.hints(t)
		p.uses(t)
		p.words(t)
		p.unreadable(t)
	}
	if t.Fault != nil {
		p.fault(t.Fault)
	}
}

func (p *inspectionText) fault(f *toldFault) {
	p.say("fault", "%s", p.paint(text.FgRed, f.What))
	if f.Mend != "" {
		p.say("", "→ %s", f.Mend)
	}
}

func (p *inspectionText) paint(colour text.Color, s string) string {
	if !p.colour {
		return s
	}
	return colour.Sprint(s)
}

// say adds a line under a heading, broken at blanks to the width. What it begins with that is blank, all its lines do.
func (p *inspectionText) say(heading, format string, args ...any) {
	said := fmt.Sprintf(format, args...)
	rest := strings.TrimLeft(said, " ")
	indent := strings.Repeat(" ", len(said)-len(rest))
	line, begun := text.Pad(heading, headingWidth, ' ')+indent, false
	for word := range strings.SplitSeq(rest, " ") {
		if begun && text.StringWidthWithoutEscSequences(line)+1+text.StringWidthWithoutEscSequences(word) > p.width {
			p.lines = append(p.lines, line)
			line, begun = strings.Repeat(" ", headingWidth)+indent, false
		}
		if begun {
			line += " "
		}
		line, begun = line+word, true
	}
	p.lines = append(p.lines, strings.TrimRight(line, " "))
}

func (p *inspectionText) rows(t *inspectedTable) {
	said := number(t.Rows)
	switch {
	case t.Fault != nil:
		said += ", up to the fault"
	case t.Whole:
		said += ", all of them"
	case t.RowsSaid >= 0:
		said = fmt.Sprintf("%s of %s, the first (--full looks at all)", said, number(t.RowsSaid))
	default:
		said += ", the first (--full looks at all)"
	}
	p.say("rows", "%s", said)
	if t.Bad.Rows > 0 {
		p.say("", "malformed: %s, which do not split into the columns of the header (%s)",
			p.paint(text.FgRed, number(t.Bad.Rows)), places(t.Bad.First, t.Bad.Rows))
	}
	if t.Nameless > 0 {
		p.say("", "without any readable identifier: %s", number(t.Nameless))
	}
}

// places lists some places of n rows.
func places(first []string, n int64) string {
	told := strings.Join(first, ", ")
	if n > int64(len(first)) && told != "" {
		told += ", …"
	}
	return told
}

// columns draws a line for each column.
func (p *inspectionText) columns(t *inspectedTable) {
	w := table.NewWriter()
	w.SetStyle(table.StyleLight)
	w.Style().Options = table.OptionsNoBordersAndSeparators
	w.Style().Box.PaddingLeft, w.Style().Box.PaddingRight = "", "  "
	longest := max(p.width/4, 20) // of a name, and of what a column is taken for
	w.SetColumnConfigs([]table.ColumnConfig{{Number: 1, Align: text.AlignRight}})
	for i := range t.Columns {
		c := &t.Columns[i]
		name := c.Name
		if name == "" {
			name = "(not told)"
		}
		w.AppendRow(table.Row{"#" + strconv.Itoa(c.Position), text.Snip(name, longest, "…"), text.Snip(meaning(t, c), longest+8, "…"), p.values(c)})
	}
	for i, line := range strings.Split(trimLines(w.Render()), "\n") {
		heading := ""
		if i == 0 {
			heading = "columns"
		}
		p.lines = append(p.lines, text.Pad(heading, headingWidth, ' ')+text.Snip(line, p.width-headingWidth, "…"))
	}
}

// meaning says what a column is taken for.
func meaning(t *inspectedTable, c *consentload.InspectedColumn) string {
	var words []string
	if c.Kind != "" {
		word := string(c.Kind)
		if c.Second {
			word += " (a less specific name)"
		}
		words = append(words, word)
	}
	for _, reads := range c.ReadAs {
		if len(t.Exports) == 1 { // which it is stands below
			_, reads, _ = strings.Cut(reads, ": ")
		}
		if reads != string(c.Kind) {
			words = append(words, reads)
		}
	}
	switch {
	case c.Vague:
		words = append(words, "digests of an untold algorithm")
	case c.NoText:
		words = append(words, "no text")
	case c.Looks != "":
		words = append(words, "looks like "+c.Looks)
	case len(words) == 0:
		words = append(words, "-")
	}
	return strings.Join(words, "; ")
}

// hints says how columns are named whose values look like identifiers though their names do not say so.
func (p *inspectionText) hints(t *inspectedTable) {
	heading := "hint"
	hint := func(format string, args ...any) {
		p.say(heading, format, args...)
		heading = ""
	}
	if t.Headless {
		hint("the first row looks like a recipient: for a file without a header say --no-header; names without a meaning are not told")
	}
	for i := range t.Columns {
		switch c := &t.Columns[i]; c.Looks {
		case "":
		case "phone", "email":
			hint("#%d looks like %s: --id %s=#%d where it is one", c.Position, c.Looks, c.Looks, c.Position)
		default:
			hint("#%d looks like digests: --id phone_%s=#%d where they are of phone numbers", c.Position, c.Looks, c.Position)
		}
	}
}

// values says how many values of a column can be read.
func (p *inspectionText) values(c *consentload.InspectedColumn) string {
	v := c.Values
	if v == nil {
		return ""
	}
	filled := v.Readable + v.Unreadable
	if filled == 0 {
		return "empty"
	}
	said := share(v.Readable, filled) + " readable"
	if v.Empty > 0 {
		said += ", " + number(v.Empty) + " empty"
	}
	if v.Unreadable > 0 {
		said += ", " + p.paint(text.FgRed, number(v.Unreadable)+" not")
	}
	return said
}

// uses says what the table could be, and what is missing for it.
func (p *inspectionText) uses(t *inspectedTable) {
	heading := "could be"
	could := func(format string, args ...any) {
		p.say(heading, format, args...)
		heading = ""
	}
	var audience []string
	for _, use := range t.Audiences {
		from := fmt.Sprintf("%s in #%d", use.Kind, use.Column)
		if use.Column == 0 {
			from = fmt.Sprintf("several columns may hold it: --id %s=COLUMN says which", use.Contact)
		}
		audience = append(audience, fmt.Sprintf("%s (%s)", strings.Join(use.Channels, ", "), from))
	}
	if len(audience) > 0 {
		could("an audience for %s", strings.Join(audience, "; "))
	} else {
		could("no audience as it stands: no column has a usual name of a contact; --id KIND=COLUMN names one")
	}
	for _, export := range t.Exports {
		could("a consent export: %s, found by the columns %s", export.Name, strings.Join(export.Detected, ", "))
		p.needs(export.Needs)
		for _, caveat := range export.Caveats {
			p.say("", "  note: %s", caveat)
		}
	}
	if len(t.Exports) == 0 {
		could("no consent export that its columns show; --preset or a mapping of one's own may read it")
	}
	if len(t.List.Columns) > 0 {
		could("a suppression list (%s)", strings.Join(t.List.Columns, ", "))
		p.needs(t.List.Needs)
	}
}

func (p *inspectionText) needs(needs []consentload.Need) {
	for _, need := range needs {
		p.say("", "  %s %s", p.paint(text.FgYellow, "needs:"), need.What)
		if need.Mend != "" {
			p.say("", "  → %s", need.Mend)
		}
	}
}

// words tells the words of consent, and from when to when its times are.
func (p *inspectionText) words(t *inspectedTable) {
	heading := "words"
	for i := range t.Columns {
		c := &t.Columns[i]
		var words []string
		for _, word := range c.Words {
			said := word.Word
			if said == "" {
				said = "(empty)"
			}
			said += " " + number(word.Rows)
			if word.Unknown {
				said = p.paint(text.FgRed, said+" (unknown)")
			}
			words = append(words, said)
		}
		if c.Untold > 0 {
			words = append(words, number(c.Untold)+" in words that are not told: too many, or they may be identifiers")
		}
		if len(words) > 0 {
			p.say(heading, "#%d: %s", c.Position, strings.Join(words, ", "))
			heading = ""
		}
	}
	if t.Inspection.Newest.Dated() {
		p.say("times", "%s to %s", localText(t.Inspection.Oldest, p.zone), localText(t.Inspection.Newest, p.zone))
	}
}

// unreadable tells why values cannot be read, and where the first ones stand.
func (p *inspectionText) unreadable(t *inspectedTable) {
	heading := "unreadable"
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Values == nil {
			continue
		}
		for _, cause := range c.Values.Causes {
			first := places(cause.First, cause.Rows)
			if first != "" {
				first = " (" + first + ")"
			}
			p.say(heading, "#%d %s, %s: %s%s", c.Position, c.Values.Of, counted(cause.Rows, "row", "rows"), cause.Cause, first)
			heading = ""
		}
	}
}
