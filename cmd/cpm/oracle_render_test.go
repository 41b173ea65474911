package main

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

func (t *refTable) eol() string {
	if t.CRLF {
		return "\r\n"
	}
	return "\n"
}

// header is the first line without its end; empty with --no-header.
func (t *refTable) header() string {
	if t.NoHeader {
		return ""
	}
	var names []string
	for _, c := range t.Columns {
		names = append(names, refQuote(c.Header, false))
	}
	return strings.Join(names, ",")
}

// lines are the rows that count, as they stand, without their ends.
func (t *refTable) lines() []string {
	var lines []string
	for i, r := range t.rows() {
		lines = append(lines, t.line(r, i))
	}
	return lines
}

func (t *refTable) line(r *refRow, i int) string {
	var fields []string
	for j, c := range t.Columns {
		fields = append(fields, refQuote(r.Cells[c.Key], t.Quotes && (i+j)%3 == 0))
	}
	switch r.Damage {
	case "blank":
		return ""
	case "short":
		fields = fields[:min(r.Cut, len(fields)-1)]
	case "long":
		fields = append(fields, "x")
	case "quote":
		fields[len(fields)-1] = `"shut"x`
	}
	return strings.Join(fields, ",")
}

func refQuote(text string, always bool) string {
	if always || strings.ContainsAny(text, ",\"\r\n") {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

// csv is the whole file. Blank lines stand where the rows say so, though they are no rows.
func (t *refTable) csv() []byte {
	var out []string
	if !t.NoHeader {
		out = append(out, t.header())
	}
	at := 0
	for _, r := range t.Rows {
		out = append(out, t.line(r, at))
		if r.Damage != "blank" || len(t.Columns) == 1 {
			at++
		}
	}
	text := strings.Join(out, t.eol())
	if len(out) > 0 && !t.NoEnd {
		text += t.eol()
	}
	if t.BOM {
		text = "\ufeff" + text
	}
	return []byte(text)
}

// refLeaf is how a Parquet column is written: as text or, where every value allows it, in a type of its own.
type refLeaf struct {
	node  parquet.Node
	value func(text string) parquet.Value
}

func (t *refTable) leaf(key string) refLeaf {
	ints, times := t.Native, t.Native
	for _, r := range t.Rows {
		text := r.Cells[key]
		n, err := strconv.ParseInt(text, 10, 64)
		ints = ints && (text == "" || err == nil && strconv.FormatInt(n, 10) == text)
		_, err = time.Parse(time.RFC3339Nano, text)
		times = times && (text == "" || err == nil)
	}
	switch {
	case ints && refIsKind(key):
		return refLeaf{parquet.Int(64), func(text string) parquet.Value {
			n, _ := strconv.ParseInt(text, 10, 64)
			return parquet.Int64Value(n)
		}}
	case times && strings.HasSuffix(key, "_at"):
		return refLeaf{parquet.Timestamp(parquet.Nanosecond), func(text string) parquet.Value {
			at, _ := time.Parse(time.RFC3339Nano, text)
			return parquet.Int64Value(at.UnixNano())
		}}
	}
	return refLeaf{parquet.String(), func(text string) parquet.Value { return parquet.ByteArrayValue([]byte(text)) }}
}

// parquet is the whole file; an empty cell is a null.
func (t *refTable) parquet() ([]byte, error) {
	group, leaves := parquet.Group{}, map[string]refLeaf{}
	for _, c := range t.Columns {
		leaf := t.leaf(c.Key)
		group[c.Header], leaves[c.Header] = parquet.Optional(leaf.node), leaf
	}
	keys := map[string]string{}
	for _, c := range t.Columns {
		keys[c.Header] = c.Key
	}
	var out bytes.Buffer
	w := parquet.NewWriter(&out, parquet.NewSchema("rows", group))
	for i, r := range t.Rows {
		var row parquet.Row
		for j, name := range slices.Sorted(maps.Keys(leaves)) {
			text, value := r.Cells[keys[name]], parquet.NullValue().Level(0, 0, j)
			if text != "" {
				value = leaves[name].value(text).Level(0, 1, j)
			}
			row = append(row, value)
		}
		if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
			return nil, err
		}
		if t.Quotes && i%5 == 4 { // several row groups now and then
			if err := w.Flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// write puts the file into a folder.
func (t *refTable) write(dir string) error {
	data := t.csv()
	if t.Parquet {
		var err error
		if data, err = t.parquet(); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, t.Name), data, 0o600)
}

// write puts the world into a folder and gives the arguments of the run.
func (w *refWorld) write(dir string) ([]string, error) {
	exports := filepath.Join(dir, "exports")
	if err := os.MkdirAll(exports, 0o700); err != nil {
		return nil, err
	}
	for _, t := range w.Exports {
		if err := t.write(exports); err != nil {
			return nil, err
		}
	}
	for _, l := range w.Lists {
		if err := l.Table.write(dir); err != nil {
			return nil, err
		}
	}
	if w.By == "folder" { // names that are passed over
		for _, name := range []string{".hidden.csv", "_SUCCESS", "~$open.csv"} {
			if err := os.WriteFile(filepath.Join(exports, name), []byte("no export\n"), 0o600); err != nil {
				return nil, err
			}
		}
	}
	if w.Config != nil {
		if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte(w.yaml()), 0o600); err != nil {
			return nil, err
		}
	}
	if err := w.People.write(dir); err != nil {
		return nil, err
	}
	return w.args(dir), nil
}

// args is the command line.
func (w *refWorld) args(dir string) []string {
	args := []string{"filter", filepath.Join(dir, w.People.Name), "--channel", strings.Join(w.Channels, ","), "--purpose", w.Purpose}
	add := func(when bool, more ...string) {
		if when {
			args = append(args, more...)
		}
	}
	args = append(args, w.consentArgs(dir)...)
	for _, l := range w.Lists {
		prefix := ""
		if len(l.Channels) > 0 {
			prefix = l.Channels[0] + ":"
		}
		add(l.Flag, "--suppress", prefix+filepath.Join(dir, l.Table.Name))
	}
	add(!w.DefaultOutput, "-o", filepath.Join(dir, w.output("out")))
	add(true, "--rejected", filepath.Join(dir, w.output("rejected")))
	add(w.Report, "--report", filepath.Join(dir, "report.json"))
	add(w.Config != nil, "--config", filepath.Join(dir, "rules.yaml"))
	add(w.Zone != "", "--timezone", w.Zone)
	add(!w.Now, "--as-of", w.AsOf.Format(time.RFC3339Nano))
	add(w.Kinds != nil, "--kinds", strings.Join(w.Kinds, ","))
	add(w.AcceptUnread, "--accept-unread-refusals")
	add(w.Quarantine, "--on-bad-consent", "quarantine")
	add(w.QuarantineFile, "--quarantine", filepath.Join(dir, "quarantine.csv"))
	add(w.MinRowsZero && w.By != "sources", "--min-consent-rows", "0")
	add(w.Match != "contact" || w.Seed%2 == 0, "--match", w.Match)
	add(w.Dedupe != "", "--dedupe", w.Dedupe)
	add(w.People.NoHeader, "--no-header")
	add(w.Quiet, "--quiet")
	for _, kind := range w.IDs {
		for i, c := range w.People.Columns {
			name := c.Header
			if w.Position {
				name = "#" + strconv.Itoa(i+1)
			}
			add(c.Key == kind, "--id", kind+"="+name)
		}
	}
	return args
}

func (w *refWorld) consentArgs(dir string) []string {
	var args []string
	switch w.By {
	case "sources":
	case "folder":
		args = append(args, "--consent", filepath.Join(dir, "exports"))
	case "glob":
		args = append(args, "--consent", filepath.Join(dir, "exports", "e*"))
	default:
		for _, t := range w.Exports {
			args = append(args, "--consent", filepath.Join(dir, "exports", t.Name))
		}
		if w.By == "twice" {
			args = append(args, "--consent", filepath.Join(dir, "exports"))
		}
	}
	return args
}

// output names an output for all channels.
func (w *refWorld) output(name string) string {
	if len(w.Channels) > 1 {
		name += ".{channel}"
	}
	return name + filepath.Ext(w.People.Name)
}

// outputs are the paths of a channel's permitted and rejected rows.
func (w *refWorld) outputs(dir, channel string) (permitted, rejected string) {
	permitted = w.output("out")
	if w.DefaultOutput {
		permitted = strings.TrimSuffix(w.output("audience"), filepath.Ext(w.People.Name)) + ".permitted" + filepath.Ext(w.People.Name)
	}
	name := strings.NewReplacer("{channel}", channel)
	return filepath.Join(dir, name.Replace(permitted)), filepath.Join(dir, name.Replace(w.output("rejected")))
}

// refRand is the randomness of a world.
func refRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x63706d)) }
