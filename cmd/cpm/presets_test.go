package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cpm/consentload"
)

// presetAsOf is the instant of the expected verdicts.
const presetAsOf = "2026-06-01T00:00:00Z"

// expectation is a row of verdicts.csv: what must become of an identifier in a cell.
type expectation struct{ name, kind, value, channel, purpose, verdict string }

// TestPresetsGiveTheVerdictsOfTheirTables filters, for every folder of testdata/presets, the identifiers of its
// verdicts.csv by its cpm.yaml. The names of the rows are the traps that the platform lays.
func TestPresetsGiveTheVerdictsOfTheirTables(t *testing.T) {
	folders, err := filepath.Glob("../../testdata/presets/*/verdicts.csv")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no tables of verdicts: %v", err)
	}
	for _, path := range folders {
		folder := filepath.Dir(path)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			wanted := readExpectations(t, path)
			for len(wanted) > 0 {
				first := wanted[0]
				alike := func(e expectation) bool {
					return e.kind == first.kind && e.channel == first.channel && e.purpose == first.purpose
				}
				var cell []expectation
				for _, e := range wanted {
					if alike(e) {
						cell = append(cell, e)
					}
				}
				wanted = slices.DeleteFunc(wanted, alike)
				judge(t, folder, cell)
			}
		})
	}
}

// TestEveryPresetHasATableOfVerdicts: a preset that nothing holds to its platform's words is none.
func TestEveryPresetHasATableOfVerdicts(t *testing.T) {
	for _, name := range consentload.PresetNames() {
		if _, err := os.Stat(filepath.Join("../../testdata/presets", name, "verdicts.csv")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheTableOfPresetsInTheReadmeHolds runs each preset of the README's table on its fixture, with the flags of its row
// and without a configuration, and counts whom it permits of all whom the fixture's verdicts name.
func TestTheTableOfPresetsInTheReadmeHolds(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| [^|]+ \\| `(--consent [^|]+)` \\| ([^|]+) \\|$")
	shown := map[string]bool{}
	for _, found := range row.FindAllStringSubmatch(string(readme), -1) {
		name, flags, want := found[1], found[2], found[3]
		shown[name] = true
		t.Run(name, func(t *testing.T) {
			if got := permittedBy(t, name, flags); got != want {
				t.Errorf("%s permitted, the README says %s", got, want)
			}
		})
	}
	for _, name := range consentload.PresetNames() {
		if !shown[name] {
			t.Errorf("the README's table lacks %s", name)
		}
	}
}

// permittedBy filters everybody whom the fixture's verdicts name by the contact of the channel.
func permittedBy(t *testing.T, name, flags string) string {
	t.Helper()
	fixture, err := filepath.Abs(filepath.Join("../../testdata/presets", name))
	if err != nil {
		t.Fatal(err)
	}
	args := words(flags)
	channel := args[slices.Index(args, "--channel")+1]
	for i, flag := range args {
		if flag == "--consent" || flag == "--config" {
			args[i+1] = filepath.Join(fixture, args[i+1])
		}
	}
	work := t.TempDir()
	t.Chdir(work)
	text, rows := "value\n", 0
	for _, e := range readExpectations(t, filepath.Join(fixture, "verdicts.csv")) {
		if e.channel == channel && !strings.Contains(text, e.value+"\n") {
			text, rows = text+e.value+"\n", rows+1
		}
	}
	contact := map[string]string{"email": "email", "sms": "phone", "phone": "phone", "post": "customer_id", "push": "device_id"}[channel]
	if err := os.WriteFile("segment.csv", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	command := append([]string{"filter", "segment.csv", "--preset", name, "--id", contact + "=value", "--as-of", presetAsOf}, args...)
	if code := run(t.Context(), command, streams{in: strings.NewReader(""), out: &told, err: &told}); code != 0 {
		t.Fatalf("exit code %d\n%s", code, told.String())
	}
	kept, err := os.ReadFile("segment.permitted.csv")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d of %d", strings.Count(string(kept), "\n")-1, rows)
}

// words takes a line apart as a shell does, with double quotes alone.
func words(line string) []string {
	var all []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}

func readExpectations(t *testing.T, path string) []expectation {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []expectation
	for _, row := range rows[1:] {
		all = append(all, expectation{row[0], row[1], row[2], row[3], row[4], row[5]})
	}
	return all
}

// judge filters the identifiers of one cell and holds each verdict to what is expected.
func judge(t *testing.T, folder string, cell []expectation) {
	t.Helper()
	work := t.TempDir()
	audience, rejected := filepath.Join(work, "audience.csv"), filepath.Join(work, "rejected.csv")
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	rows := [][]string{{"value", "row"}}
	for _, e := range cell {
		rows = append(rows, []string{e.value, e.name})
	}
	if err := out.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(audience, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	code := run(t.Context(), []string{
		"filter", audience, "--config", filepath.Join(folder, "cpm.yaml"), "--channel", cell[0].channel, "--purpose", cell[0].purpose,
		"--id", cell[0].kind + "=value", "--as-of", presetAsOf, "--rejected", rejected,
	}, streams{in: strings.NewReader(""), out: &told, err: &told})
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, told.String())
	}
	got, err := os.ReadFile(rejected)
	if err != nil {
		t.Fatal(err)
	}
	suppressed, err := csv.NewReader(bytes.NewReader(got)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[string]string{}
	for _, row := range suppressed[1:] {
		verdicts[row[1]] = row[2]
	}
	for _, e := range cell {
		t.Run(e.name, func(t *testing.T) {
			verdict := verdicts[e.name]
			if verdict == "" {
				verdict = "permitted"
			}
			if verdict != e.verdict {
				t.Errorf("%s, want %s", verdict, e.verdict)
			}
		})
	}
}
