package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"cpm/filter"
)

// matrix draws what each channel reaches for each purpose.
type matrix struct {
	asOf   string
	within string // the audience; empty: everybody in the consent
	width  int    // columns to draw in
	colour bool
}

const (
	widestBar   = 40
	narrowstBar = 8 // a shorter one says nothing
	leastName   = 6 // columns of a purpose's name that are kept whatever the width
)

// write draws a line a cell under a heading a channel. Cells of a channel stand together.
func (m matrix) write(w io.Writer, cells []filter.Reach) error {
	lines := m.lines(cells)
	title := "as of " + m.asOf
	if m.within != "" {
		title += ", within " + m.within
	}
	out := []string{title, "", lines[0]}
	channel := ""
	for i := range cells {
		cell := &cells[i]
		if cell.Channel != channel {
			if channel != "" {
				out = append(out, "")
			}
			channel = cell.Channel
			out = append(out, fmt.Sprintf("%s, by %s: %s", channel, cell.Contact, counted(cell.Identifiers, "identifier", "identifiers")))
		}
		out = append(out, lines[i+1])
		if cell.OptOut {
			out = append(out, fmt.Sprintf("    opt-out: %s of the permitted by silence alone", number(cell.Silent)))
		}
	}
	_, err := fmt.Fprintf(w, "%s\n\n%s\n", strings.Join(out, "\n"), m.legend())
	return err
}

// lines returns the heading and a line for each cell, all of one width; the bars take what room is left.
func (m matrix) lines(cells []filter.Reach) []string {
	longest := 0
	for i := range cells {
		longest = max(longest, text.StringWidthWithoutEscSequences(cells[i].Purpose))
	}
	lines := m.columns(cells, longest)
	if over := text.LongestLineLen(strings.Join(lines, "\n")) - m.width; over > 0 {
		lines = m.columns(cells, max(longest-over, leastName)) // --csv and --json have the whole names
	}
	width := text.LongestLineLen(strings.Join(lines, "\n"))
	bar := min(m.width-width-2, widestBar)
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
		if i > 0 && bar >= narrowstBar {
			lines[i] = text.Pad(lines[i], width, ' ') + "  " + m.bar(&cells[i-1], bar)
		}
	}
	return lines
}

// columns returns the lines without their bars; names of purposes are cut to a width.
func (m matrix) columns(cells []filter.Reach, name int) []string {
	w := table.NewWriter()
	w.SetStyle(table.StyleLight)
	w.Style().Options = table.OptionsNoBordersAndSeparators
	w.Style().Box.PaddingLeft, w.Style().Box.PaddingRight = "  ", ""
	w.Style().Format.Header = text.FormatDefault
	var right []table.ColumnConfig
	for column := 2; column <= 6; column++ {
		right = append(right, table.ColumnConfig{Number: column, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	w.SetColumnConfigs(right)
	w.AppendHeader(table.Row{"", "permitted", "", "refused", "otherwise", "unknown"})
	for i := range cells {
		cell := &cells[i]
		w.AppendRow(table.Row{
			text.Snip(cell.Purpose, name, "…"), number(cell.Permitted()), share(cell.Permitted(), cell.Identifiers),
			number(cell.Refused()), number(cell.Otherwise()), number(cell.Unknown()),
		})
	}
	return strings.Split(w.Render(), "\n")
}

// head is one of the four heads of a cell as it is drawn.
type head struct {
	mark    string
	colours text.Colors
	meaning string
	count   func(*filter.Reach) int64
}

func heads() []head {
	return []head{
		{"█", text.Colors{text.FgGreen}, "permitted", (*filter.Reach).Permitted},
		{"▓", text.Colors{text.FgRed}, "refused or listed", (*filter.Reach).Refused},
		{"▒", text.Colors{text.FgYellow}, "suppressed otherwise", (*filter.Reach).Otherwise},
		{"░", text.Colors{text.Faint}, "unknown", (*filter.Reach).Unknown},
	}
}

// bar draws the heads of a cell side by side.
func (m matrix) bar(cell *filter.Reach, width int) string {
	var b strings.Builder
	drawn, sum := 0, int64(0)
	for _, head := range heads() {
		sum += head.count(cell)
		until := int(int64(width) * sum / max(cell.Identifiers, 1))
		b.WriteString(m.paint(head, strings.Repeat(head.mark, until-drawn)))
		drawn = until
	}
	return b.String()
}

func (m matrix) paint(h head, mark string) string {
	if !m.colour || mark == "" {
		return mark
	}
	return h.colours.Sprint(mark)
}

// legend says what the marks mean.
func (m matrix) legend() string {
	var words []string
	for _, head := range heads() {
		words = append(words, m.paint(head, head.mark)+" "+head.meaning)
	}
	return strings.Join(words, "   ")
}
