package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestExplainGivesTheVerdictsOfThePresetsTables asks for everybody of the tables by which filter is tested. What is told
// must bear the verdict out, and holds no identifier in clear.
func TestExplainGivesTheVerdictsOfThePresetsTables(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/presets/*/verdicts.csv")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no tables of verdicts: %v", err)
	}
	for _, path := range paths {
		folder := filepath.Dir(path)
		for _, e := range readExpectations(t, path) {
			t.Run(filepath.Base(folder)+"/"+e.name, func(t *testing.T) {
				if e.verdict == "invalid_identifier" {
					if told, code := explainOf(t, folder, e); code != exitUsage || strings.Contains(told, e.value) {
						t.Errorf("exit code %d, want %d", code, exitUsage)
					}
					return
				}
				told, code := explainOf(t, folder, e, "--json")
				if code != exitDone {
					t.Fatalf("exit code %d\n%s", code, told)
				}
				explainBears(t, e, told)
				text, code := explainOf(t, folder, e)
				if code != exitDone || e.verdict != "permitted" && !strings.Contains(text, e.verdict) {
					t.Errorf("exit code %d, and the text does not tell %s\n%s", code, e.verdict, text)
				}
				if len(e.value) > 5 && strings.Contains(told+text, e.value) {
					t.Errorf("the identifier is told in clear:\n%s", text)
				}
			})
		}
	}
}

// explainOf runs explain for one row of a table, and returns what it says on both streams.
func explainOf(t *testing.T, folder string, e expectation, more ...string) (string, int) {
	t.Helper()
	var told bytes.Buffer
	code := run(t.Context(), append([]string{
		"explain", e.kind, "--config", filepath.Join(folder, "cpm.yaml"), "--channel", e.channel, "--purpose", e.purpose,
		"--as-of", presetAsOf,
	}, more...), streams{in: strings.NewReader(e.value + "\r\n"), out: &told, err: &told})
	return told.String(), code
}

// explainBears holds the object to the verdict that is expected of the identifier that was asked for.
func explainBears(t *testing.T, e expectation, told string) {
	t.Helper()
	var report explainReport
	if err := json.Unmarshal([]byte(told), &report); err != nil {
		t.Fatal(err)
	}
	for _, cell := range report.Cells {
		if cell.Identifier != report.Asked {
			continue
		}
		got := cell.Reason
		if got == "" {
			got = cell.Verdict
		}
		if got != e.verdict {
			t.Errorf("%s, want %s", got, e.verdict)
		}
		decides := false
		for _, event := range cell.Events {
			decides = decides || event.Part == "decides"
			if event.File == "" || event.Place == "" || event.Time == "" || event.Because == "" {
				t.Errorf("something is missing of an event: %+v", event)
			}
		}
		if byAct := strings.Contains(" withdrawn denied pending notice_outdated expired ", " "+got+" "); byAct && !decides {
			t.Errorf("%s, and no event decides", got)
		}
		return
	}
	t.Error("the identifier that was asked for has no cell")
}

// TestTheTextOfAnExplanationKeepsToItsWidth: what is told of people and places in wide characters too.
func TestTheTextOfAnExplanationKeepsToItsWidth(t *testing.T) {
	a := &account{width: 40}
	a.add(2, "%s", strings.Repeat("手机号 电话 ", 12))
	if len(a.lines) < 3 {
		t.Fatalf("%d lines", len(a.lines))
	}
	for _, line := range a.lines {
		if width := 2*len([]rune(strings.ReplaceAll(line, " ", ""))) + strings.Count(line, " "); width > 40 {
			t.Errorf("%d columns: %q", width, line)
		}
	}
}
