package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// refRun is one run of the product over a world, in a folder of its own.
type refRun struct {
	w    *refWorld
	dir  string
	want refOutcome
	args []string
	code int
	talk string
}

// refDifference runs the product over the world and says where it departs from the reference; empty when nowhere.
// The folder is made anew and left as the run left it.
func refDifference(ctx context.Context, w *refWorld, dir string) (*refRun, string) {
	r := &refRun{w: w, dir: dir, want: refExpect(w)}
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return r, err.Error()
	}
	var err error
	if r.args, err = w.write(dir); err != nil {
		return r, err.Error()
	}
	before := refFiles(dir)
	var out, talk bytes.Buffer
	r.code = run(ctx, r.args, streams{in: strings.NewReader(""), out: &out, err: &talk})
	r.talk = talk.String()
	if !slices.Contains(r.want.Codes, r.code) {
		return r, fmt.Sprintf("exit code %d, want %v", r.code, r.want.Codes)
	}
	if out.Len() > 0 {
		return r, fmt.Sprintf("standard output carries no data, but has %q", out.String())
	}
	if r.code != 0 {
		return r, r.nothingLeft(before)
	}
	for _, channel := range w.Channels {
		if d := r.channel(channel); d != "" {
			return r, "channel " + channel + ": " + d
		}
	}
	return r, r.besides()
}

func refFiles(dir string) []string {
	var files []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	return files
}

// nothingLeft holds a failed run to its word: no output, whole or partial, hidden or not.
func (r *refRun) nothingLeft(before []string) string {
	for _, path := range refFiles(r.dir) {
		if !slices.Contains(before, path) {
			return fmt.Sprintf("exit code %d, but the run left %s", r.code, filepath.Base(path))
		}
	}
	return ""
}

// channel compares the outputs of one channel with the reasons that the reference gives.
func (r *refRun) channel(channel string) string {
	permitted, rejected := r.w.outputs(r.dir, channel)
	if r.w.People.Parquet {
		return r.tables(channel, permitted, rejected)
	}
	wantPermitted, wantRejected, wantEnd := r.files(channel)
	got, err := os.ReadFile(permitted)
	if err != nil {
		return err.Error()
	}
	if string(got) != wantPermitted {
		return fmt.Sprintf("permitted rows\n--- want\n%s\n--- got\n%s", wantPermitted, got)
	}
	if got, err = os.ReadFile(rejected); err != nil {
		return err.Error()
	}
	if text := string(got); text != wantRejected && (wantEnd || refOpen(text) != refOpen(wantRejected)) {
		return fmt.Sprintf("rejected rows\n--- want\n%s\n--- got\n%s", wantRejected, got)
	}
	return ""
}

// refOpen is a text without its last line end: whether an output row whose input row has none gets one is open.
func refOpen(text string) string { return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r") }

// files are the bytes that the outputs must hold; end says that the last input row has a line end.
func (r *refRun) files(channel string) (permitted, rejected string, end bool) {
	t := r.w.People
	var p, s strings.Builder
	if t.BOM {
		p.WriteString("\ufeff")
		s.WriteString("\ufeff")
	}
	if !t.NoHeader {
		p.WriteString(t.header() + t.eol())
		s.WriteString(t.header() + ",cpm_reason" + t.eol())
	}
	lines := t.lines()
	for i, reason := range r.want.Reasons[channel] {
		eol := t.eol()
		if t.NoEnd && i == len(lines)-1 {
			eol = ""
		}
		if reason == refPermitted {
			p.WriteString(lines[i] + eol)
		} else {
			s.WriteString(lines[i] + "," + reason + t.eol())
		}
	}
	return p.String(), s.String(), !t.NoEnd
}

// tables compares Parquet outputs, value by value.
func (r *refRun) tables(channel, permitted, rejected string) string {
	var kept, dropped []string
	for i, row := range r.w.People.rows() {
		cells := map[string]string{}
		for _, c := range r.w.People.Columns {
			cells[c.Header] = row.Cells[c.Key]
		}
		if reason := r.want.Reasons[channel][i]; reason != refPermitted {
			cells["cpm_reason"] = reason
			dropped = append(dropped, refCells(cells))
		} else {
			kept = append(kept, refCells(cells))
		}
	}
	for _, out := range []struct {
		path string
		want []string
	}{{permitted, kept}, {rejected, dropped}} {
		got, err := refParquetRows(out.path)
		if err != nil {
			return filepath.Base(out.path) + ": " + err.Error()
		}
		if !slices.Equal(got, out.want) {
			return fmt.Sprintf("%s\n--- want\n%s\n--- got\n%s", filepath.Base(out.path), strings.Join(out.want, "\n"), strings.Join(got, "\n"))
		}
	}
	return ""
}

func refCells(cells map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(cells)) {
		parts = append(parts, name+"="+strconv.Quote(cells[name]))
	}
	return strings.Join(parts, " ")
}

// refParquetRows reads a flat Parquet file, a text a row.
func refParquetRows(path string) (texts []string, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	rows := make([]parquet.Row, f.NumRows())
	reader := parquet.NewReader(f)
	defer func() { err = errors.Join(err, reader.Close()) }()
	for n := 0; n < len(rows); {
		read, err := reader.ReadRows(rows[n:])
		if n += read; read == 0 {
			return nil, fmt.Errorf("%d of %d rows: %w", n, len(rows), err)
		}
	}
	columns := f.Schema().Columns()
	for _, row := range rows {
		cells := map[string]string{}
		for _, v := range row {
			text := ""
			if !v.IsNull() {
				text = v.String()
			}
			cells[columns[v.Column()][0]] = text
		}
		texts = append(texts, refCells(cells))
	}
	return texts, nil
}

// besides checks the outputs that go beside permitted and rejected rows.
func (r *refRun) besides() string {
	if r.w.Report {
		data, err := os.ReadFile(filepath.Join(r.dir, "report.json"))
		if err != nil || !json.Valid(data) {
			return fmt.Sprintf("the report is no JSON: %v", err)
		}
	}
	if info, err := os.Stat(filepath.Join(r.dir, "quarantine.csv")); r.w.QuarantineFile && r.want.Bad > 0 && (err != nil || info.Size() == 0) {
		return fmt.Sprintf("%d records in quarantine, but not in its file: %v", r.want.Bad, err)
	}
	return ""
}
