package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"cpm/consentload"
	"cpm/filter"
)

// talk is what a run says to its user, on standard error.
type talk struct {
	w      io.Writer
	json   io.Writer // where the JSON object goes; nil: text
	quiet  bool
	bar    bool
	colour bool
	width  int // columns of the terminal; wideEnough when it is none
}

// newTalk makes the talk of a run; dataOut says that standard output carries the data.
func newTalk(std streams, o *consentFlags, dataOut bool) *talk {
	terminal := onTerminal(std.err)
	t := &talk{
		w: std.err, quiet: o.quiet || o.json,
		bar:    terminal && !o.noProgress && !o.quiet && !o.json,
		colour: terminal && os.Getenv("NO_COLOR") == "",
		width:  widthOf(std.err),
	}
	if o.json {
		t.json = std.out
		if dataOut {
			t.json = std.err
		}
	}
	return t
}

// number writes a count with separators.
func number(n int64) string { return message.NewPrinter(language.English).Sprintf("%d", n) }

// counted writes a count with its noun.
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

func rowsOf(n int64) string { return counted(n, "row", "rows") }

// say writes one line under a heading; an empty heading continues the one before.
func (t *talk) say(heading, format string, args ...any) {
	if !t.quiet {
		_, _ = fmt.Fprintf(t.w, "%-10s %s\n", heading, fmt.Sprintf(format, args...))
	}
}

// understood tells what was understood before the first row is decided.
func (t *talk) understood(r *filtering) {
	if r.many {
		t.audiences(r)
	} else {
		t.alone(r.passages[0])
	}
	for i, gate := range r.gates {
		heading := "cell"
		if i > 0 {
			heading = ""
		}
		t.say(heading, "%s × %s, %s", gate.Channel, gate.Purpose, policyText(gate.Policy()))
	}
	t.consent(r.consent)
	r.toldOf = len(r.warnings)
}

// audience tells what was understood of an audience; more is what else is known of a column.
func (t *talk) audience(a *audience, more func(column int) string) {
	t.say("audience", "%s: %s, %s", a.table, a.info.Format, a.info.Detail)
	for i, column := range a.columns {
		t.say("", "%s ← column %d %q%s", column.Kind, column.At+1, column.Name, more(i))
	}
	for _, passed := range a.passed {
		t.say("", "column %q could hold it too; the more specific name was taken (--id settles it)", passed)
	}
}

// consent tells what the verdicts are taken from, and what to look at before they are used.
func (t *talk) consent(c *consent) {
	if c.indexed != nil {
		t.index(c)
	}
	t.say("as of", "%s%s", localText(c.asOf, c.catalog.Zone), map[bool]string{true: " (now)"}[c.isNow])
	t.sources(c)
	t.rules(c)
	for _, warning := range c.warnings {
		t.warn(warning)
	}
}

func (t *talk) sources(c *consent) {
	load := c.load
	files, width := int64(0), 0
	for _, source := range load.Sources {
		files += int64(len(source.Files))
		width = max(width, text.StringWidthWithoutEscSequences(source.Name))
	}
	t.say("consent", "%s in %s, %s, newest act %s", rowsOf(load.Total.Rows), c.heldIn(files),
		counted(load.Identifiers, "identifier", "identifiers"), newestText(load.Newest, c))
	for _, source := range load.Sources {
		if len(load.Sources) == 1 && source.Name == source.Path {
			t.say("", "%s", source.Name)
			continue
		}
		t.say("", "  %s  %s, newest act %s", text.Pad(source.Name, width, ' '), rowsOf(source.Tally.Rows),
			newestText(source.Newest, c))
	}
	for _, word := range sortedKeys(load.Forms.Words()) {
		t.say("", "%s under digests that known identifiers give in the form %s", counted(load.Forms.Words()[word], "act", "acts"), word)
	}
	for _, mapping := range load.Mappings() {
		found := "as its source says"
		if len(mapping.Detected) > 0 {
			found = "found by its columns " + strings.Join(mapping.Detected, ", ")
		}
		t.say("", "%s read as %s, %s", counted(mapping.Files, "file", "files"), mapping.Name, found)
	}
	if len(c.leftOut) > 0 {
		t.say("", "left out, because --consent names others: %s", strings.Join(c.leftOut, ", "))
	}
	passed := int64(0)
	for _, source := range load.Sources {
		passed += int64(source.PassedOver)
	}
	if passed > 0 {
		t.say("", "%s passed over by name", counted(passed, "file", "files"))
	}
	if columns := load.PassedColumns(); len(columns) > 0 {
		t.say("", "columns passed over: %s", strings.Join(columns, ", "))
	}
	for _, kind := range c.catalog.Kinds.Names() {
		if n := load.SharedByKind[kind]; n > 0 {
			t.say("", "%s beside more than %d values of another kind: linking nobody, not contacted",
				counted(n, string(kind), string(kind)+" values"), c.catalog.MaxLinks(kind))
		}
	}
}

// rules tells the configuration and lists in use.
func (t *talk) rules(c *consent) {
	if c.found.path == "" {
		none := "no suppression lists, no notice or validity rule"
		if len(c.lists) > 0 {
			none = "no notice or validity rule"
		}
		t.say("config", "no configuration: %s", none)
	} else {
		t.say("config", "%s", c.found.path)
	}
	for _, list := range c.lists {
		holds := "every cell"
		if len(list.Channels)+len(list.Purposes) > 0 {
			holds = strings.Join(append(append([]string{}, list.Channels...), list.Purposes...), ", ")
		}
		t.say("", "suppression list %s: %s, for %s (%s)", list.Path, counted(list.Rows, "entry", "entries"), holds,
			strings.Join(list.Columns, ", "))
		if len(list.Passed) > 0 {
			t.say("", "  columns passed over: %s", strings.Join(list.Passed, ", "))
		}
	}
	t.say("region", "%s", c.catalog.Kinds.Region())
}

func (t *talk) warn(warning string) {
	if t.quiet {
		return
	}
	mark := "warning"
	if t.colour {
		mark = text.FgYellow.Sprint(mark)
	}
	_, _ = fmt.Fprintf(t.w, "%s    %s\n", mark, warning)
}

// object writes the one JSON object, when it is asked for. It comes before the outputs appear: a run that cannot tell
// what it did has failed, and leaves none.
func (t *talk) object(report *filter.Report) error {
	if t.json == nil {
		return nil
	}
	return newEncoder(t.json).Encode(report)
}

// done tells the counts.
func (t *talk) done(r *filtering) {
	if t.quiet {
		return
	}
	for i := range r.summary.Cells {
		t.counts(r, &r.summary.Cells[i])
	}
	for _, warning := range r.warnings[r.toldOf:] {
		t.warn(warning)
	}
	t.files(r)
	t.wrote(r)
	for _, path := range []string{r.targets.report, r.targets.quarantine} {
		if path != "" && !r.options.dryRun {
			t.say("wrote", "%s", path)
		}
	}
	t.say("took", "%s, %s rows/s", (time.Duration(r.report.Milliseconds) * time.Millisecond).String(),
		number(r.report.RowsPerSecond))
	t.say("next", "%s", nextFlag(r))
}

const (
	barWidth   = 24
	wideEnough = 120 // for the sentences of the reasons
)

// counts draws the rows by reason, the most important figure first.
func (t *talk) counts(r *filtering, cell *filter.CellSummary) {
	w := table.NewWriter()
	w.SetStyle(table.StyleLight)
	w.Style().Options = table.OptionsNoBordersAndSeparators
	w.Style().Box.PaddingLeft, w.Style().Box.PaddingRight = "  ", ""
	w.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}})
	for _, reason := range append([]filter.Reason{filter.Permitted}, filter.Reasons()...) {
		n := cell.Counts[reason]
		if n == 0 && reason != filter.Permitted {
			continue
		}
		word, bar := reason.String(), strings.Repeat("█", int(barWidth*n/max(r.summary.Rows, 1)))
		if t.colour {
			colour := text.FgRed
			if reason == filter.Permitted {
				colour = text.FgGreen
			}
			word, bar = colour.Sprint(word), colour.Sprint(bar)
		}
		row := table.Row{word, number(n), share(n, r.summary.Rows), text.Pad(bar, barWidth, ' ')}
		if t.width >= wideEnough {
			row = append(row, reason.Sentence())
		}
		w.AppendRow(row)
	}
	_, _ = fmt.Fprintf(t.w, "\n%s × %s: %s\n%s\n\n", cell.Channel, cell.Purpose, rowsOf(r.summary.Rows), trimLines(w.Render()))
	t.say("known", "%s in the consent (%s), whose newest act is of %s", rowsOf(cell.Known),
		share(cell.Known, r.summary.Rows), newestText(r.load.Newest, r.consent))
	if cell.Fallback > 0 {
		t.say("", "%s permitted by another identifier than the contact", rowsOf(cell.Fallback))
	}
}

// trimLines drops the blanks that a table leaves at the ends of lines.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func share(n, of int64) string {
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(max(of, 1)))
}

// nextFlag is the next thing that is worth trying.
func nextFlag(r *filtering) string {
	switch o := r.options; {
	case o.dryRun:
		return "nothing was written; leave out --dry-run to write the permitted rows"
	case o.annotate != "" && o.output == "":
		return "every row was written, whatever its verdict: cut by the new column before sending, or take the permitted rows with -o FILE"
	case o.rejected == "" && o.annotate == "":
		return "--rejected FILE keeps the suppressed rows, each with its reason"
	case o.report == "":
		return "--report FILE.json keeps the evidence of a run for an audit"
	}
	return "send to the permitted rows only, and filter again before the next message"
}

func policyText(p consentload.Policy) string {
	words := "opt-in"
	if p.OptOut {
		words = "opt-out: silence means yes"
	}
	if p.ValidFor > 0 {
		words += fmt.Sprintf(", valid for %d days", int(p.ValidFor.Hours()/24))
	}
	if p.MinVersion > 0 {
		words += fmt.Sprintf(", under %s version %s or later", p.Notice, p.MinName)
	}
	return words
}

func localText(i consentload.Instant, zone *time.Location) string {
	at := i.Time().Truncate(time.Second)
	if zone != nil {
		at = at.In(zone)
	}
	return at.Format(time.RFC3339)
}

func newestText(newest consentload.Instant, c *consent) string {
	if newest == consentload.None {
		return "unknown"
	}
	return localText(newest, c.catalog.Zone) + " (" + ageText(c.asOf.Time().Sub(newest.Time())) + " before as-of)"
}

func ageText(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}
