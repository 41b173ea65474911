package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cpm/consentload"
	"cpm/formats"
)

// TestAnIndexAnswersAsTheExportsDo runs random worlds twice: by their exports, and by an index built of them. Both must
// write the same rows. CPM_SEED and CPM_WORLDS choose the worlds, and CPM_WORLD replays one.
func TestAnIndexAnswersAsTheExportsDo(t *testing.T) {
	dir := filepath.Join(refFolder(t), "world")
	if os.Getenv("CPM_WORLD") != "" {
		if _, difference := refIndexed(t.Context(), refGenerate(refNumber(t, "CPM_WORLD", 0)), dir); difference != "" {
			t.Fatal(difference)
		}
		return
	}
	worlds := min(refNumber(t, "CPM_WORLDS", 300), 5_000)
	seed := refNumber(t, "CPM_SEED", uint64(time.Now().UnixNano()))
	t.Logf("CPM_SEED=%d CPM_WORLDS=%d", seed, worlds)
	asked := 0
	for i := range worlds {
		w := refGenerate(refSeed(seed, i))
		if !w.sound() {
			continue
		}
		done, difference := refIndexed(t.Context(), w, dir)
		if difference != "" {
			t.Fatalf("CPM_WORLD=%d: %s", refSeed(seed, i), difference)
		}
		if done {
			asked++
		}
	}
	if asked < int(worlds)/10 {
		t.Errorf("only %d of %d worlds were asked of an index", asked, worlds)
	}
}

// refIndexed filters a world by its exports and by an index; done is false when the exports gave no output.
func refIndexed(ctx context.Context, w *refWorld, dir string) (done bool, difference string) {
	r, difference := refDifference(ctx, w, dir)
	if difference != "" || r.code != 0 {
		return false, difference
	}
	file := filepath.Join(dir, "world.cpmx")
	build, ask := refSplit(r.args)
	if code, talk := refCode(ctx, append([]string{"index", "build", "-o", file}, build...)); code != 0 {
		return false, fmt.Sprintf("%q: exit code %d\n%s", build, code, talk)
	}
	index := append(slices.Clone(ask), "--index", file, "--overwrite")
	if difference = refSame(ctx, w, dir, [2][]string{append(slices.Clone(r.args), "--overwrite"), index}); difference != "" || w.Now {
		return true, difference
	}
	later, difference := refLater(ctx, w, file)
	if difference != "" {
		return true, difference
	}
	at := []string{"--as-of", later.Format(time.RFC3339Nano)}
	return true, refSame(ctx, w, dir, [2][]string{slices.Concat(r.args, []string{"--overwrite"}, at), append(index, at...)})
}

// refLater is an instant at which an index still answers, perhaps the last.
func refLater(ctx context.Context, w *refWorld, file string) (at time.Time, difference string) {
	at = w.AsOf.Add(time.Duration(w.Seed%400) * 26 * time.Hour)
	s, err := consentload.OpenSnapshot(ctx, formats.Files{}, file, false)
	if err != nil {
		return at, err.Error()
	}
	if next := s.About.Next; next.Ends() && !at.Before(next.Time()) {
		at = next.Time().Add(-1)
	}
	if err := s.Close(); err != nil {
		return at, err.Error()
	}
	return at, ""
}

// refSame runs two command lines, the first by exports and the second by an index, and says where their codes or outputs
// differ.
func refSame(ctx context.Context, w *refWorld, dir string, args [2][]string) string {
	var codes [2]int
	var talks [2]string
	var outputs [2]map[string]string
	for i := range args {
		codes[i], talks[i] = refCode(ctx, args[i])
		outputs[i] = map[string]string{}
		for _, channel := range w.Channels {
			permitted, rejected := w.outputs(dir, channel)
			for _, path := range []string{permitted, rejected} {
				text, err := os.ReadFile(path)
				if err != nil {
					return err.Error()
				}
				outputs[i][path] = string(text)
			}
		}
	}
	if codes[0] != codes[1] || codes[0] == 0 && !maps.Equal(outputs[0], outputs[1]) {
		return fmt.Sprintf("%q\nby the exports: exit code %d\n%q\n%s\nby the index: exit code %d\n%q\n%s",
			args[1], codes[0], outputs[0], talks[0], codes[1], outputs[1], talks[1])
	}
	return ""
}

func refCode(ctx context.Context, args []string) (code int, talk string) {
	var out, err bytes.Buffer
	code = run(ctx, args, streams{in: strings.NewReader(""), out: &out, err: &err})
	return code, err.String()
}

// refSplit parts the flags of a run into those of index build and those of a run that asks the index.
func refSplit(args []string) (build, ask []string) {
	for i := 0; i < len(args); i++ {
		flag := []string{args[i]}
		if strings.HasPrefix(args[i], "-") && !slices.Contains([]string{"--accept-unread-refusals", "--no-header", "--quiet"}, args[i]) {
			i++
			flag = append(flag, args[i])
		}
		switch flag[0] {
		case "--consent", "--accept-unread-refusals", "--on-bad-consent":
			build = append(build, flag...)
		case "--quarantine":
		case "--config", "--timezone", "--as-of", "--kinds", "--min-consent-rows":
			build = append(build, flag...)
			ask = append(ask, flag...)
		default:
			ask = append(ask, flag...)
		}
	}
	return build, ask
}
