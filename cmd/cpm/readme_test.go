package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// readmeCommands returns the lines of the README's code blocks that call cpm.
func readmeCommands(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside
		case inside && strings.HasPrefix(line, "cpm "):
			command, _, _ := strings.Cut(line, "  #")
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	return commands
}

// TestTheCommandsOfTheReadmeRun runs them one after the other, in a folder with what they name.
func TestTheCommandsOfTheReadmeRun(t *testing.T) {
	commands := readmeCommands(t)
	if len(commands) < 6 {
		t.Fatalf("only %d commands were found in the README", len(commands))
	}
	folder := t.TempDir()
	for name, text := range map[string]string{
		"phone.txt":                         "13800000001\n",
		"segment.csv":                       "phone,email\n13800000001,a@example.com\n13800000002,b@example.com\n",
		"segments/dt=2026-11-25/part-0.csv": "phone\n13800000001\n",
		"more/other.csv":                    "phone\n13800000002\n",
		"exports/app.csv": "phone,email,channel,purpose,status,occurred_at\n" +
			"13800000001,a@example.com,*,promotion,granted,2026-01-01T00:00:00Z\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range commands {
		if strings.Contains(command, "--channel") && !strings.Contains(command, "--consent") && !strings.Contains(command, "--index") {
			command += " --consent exports" // the sources of the reader's own configuration
		}
		run := exec.CommandContext(t.Context(), "sh", "-c", command)
		run.Dir = folder
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
		if err := os.RemoveAll(filepath.Join(folder, "segment.permitted.csv")); err != nil {
			t.Fatal(err)
		}
	}
}
