package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"cpm/filter"
)

// reachOf makes a cell: permitted, refused, otherwise suppressed, unknown.
func reachOf(channel, purpose string, counts [4]int64) filter.Reach {
	r := filter.Reach{Channel: channel, Purpose: purpose, Contact: "phone"}
	for i, reason := range []filter.Reason{filter.Permitted, filter.Denied, filter.Pending, filter.NoConsent} {
		r.Counts[reason] = counts[i]
		r.Identifiers += counts[i]
	}
	return r
}

func TestAMatrixFitsItsTerminal(t *testing.T) {
	cells := []filter.Reach{
		reachOf("短信", "会员生日优惠通知", [4]int64{12_345_678, 1, 0, 0}),
		reachOf("短信", "promotion", [4]int64{0, 0, 0, 12_345_679}),
		reachOf("sms", "a purpose with a rather long name, as some have", [4]int64{0, 0, 0, 0}),
		reachOf("sms", "service", [4]int64{4_000_000, 3_000_000, 2_000_000, 1_000_000}),
	}
	for _, width := range []int{70, 80, 120, 200} {
		var out strings.Builder
		if err := (matrix{asOf: "2026-06-01T00:00:00Z", width: width}).write(&out, cells); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if got := text.StringWidthWithoutEscSequences(strings.TrimRight(line, "\n")); got > width {
				t.Errorf("a line of %d columns in %d:\n%s", got, width, line)
			}
		}
		if drawn := strings.Contains(out.String(), "████"); drawn != (width >= 120) {
			t.Errorf("at %d columns bars are drawn: %v", width, drawn)
		}
	}
}

func TestABarHasTheSharesOfItsCell(t *testing.T) {
	for want, counts := range map[string][4]int64{
		"██████████": {7, 0, 0, 0},
		"████▓▓▓▒▒░": {4, 3, 2, 1},
		"░░░░░░░░░░": {0, 0, 0, 1},
		"▓▓▓▓▓░░░░░": {0, 1, 0, 1},
		"█████████▓": {999, 1, 0, 0},
		"":           {0, 0, 0, 0},
	} {
		cell := reachOf("sms", "promotion", counts)
		if got := (matrix{}).bar(&cell, 10); got != want {
			t.Errorf("%v: %s, want %s", counts, got, want)
		}
	}
}

func TestAMatrixIsInColourOnlyWhenAsked(t *testing.T) {
	text.EnableColors()
	cells := []filter.Reach{reachOf("sms", "promotion", [4]int64{1, 1, 1, 1})}
	for _, colour := range []bool{true, false} {
		var out strings.Builder
		if err := (matrix{width: 120, colour: colour}).write(&out, cells); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "\x1b["); got != colour {
			t.Error(fmt.Sprintf("colour %v: ", colour), out.String())
		}
	}
}
