package consentload

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"cpm/formats"
)

// heldRow is one event of a small world: three identifiers of which some may be empty.
type heldRow struct {
	ids              [3]string
	channel, purpose string
	status           string
	day              int
}

// heldWorld is what two builds read, one after the other.
type heldWorld struct {
	maxLinks          int
	link              string
	before, after     []heldRow
	strangersBefore   int // so that the keys of the two indexes are cut at different bits
	strangersAfter    int
	beforeAt, afterAt int
}

func heldKinds() []Kind { return []Kind{"phone", "email", "customer_id"} }
func heldCells() []cellName {
	return []cellName{{"sms", "promotion"}, {"sms", "survey"}, {"email", "promotion"}, {"email", "survey"}}
}

func drawHeldRow(t *rapid.T, last int) heldRow {
	r := heldRow{
		channel: rapid.SampledFrom([]string{"sms", "sms", "email", Star}).Draw(t, "channel"),
		purpose: rapid.SampledFrom([]string{"promotion", "promotion", "survey", Star}).Draw(t, "purpose"),
		status:  rapid.SampledFrom([]string{"granted", "granted", "withdrawn", "denied", "pending"}).Draw(t, "status"),
		day:     rapid.IntRange(1, last).Draw(t, "day"),
	}
	pools := [3][]string{{"13800000001", "13800000002", "13800000003"}, {"a@x.cn", "b@x.cn"}, {"1", "2"}}
	for i, pool := range pools {
		if rapid.IntRange(0, 2).Draw(t, "named") == 0 {
			r.ids[i] = rapid.SampledFrom(pool).Draw(t, "id")
		}
	}
	if r.ids == [3]string{} {
		r.ids[0] = pools[0][0]
	}
	return r
}

// drawHeldWorld draws the events of a build, and what became of them until the next: some rows are gone, some are dated
// anew or no longer name everybody, and others have come, dated late or not.
func drawHeldWorld(t *rapid.T, removing bool) heldWorld {
	w := heldWorld{
		link: rapid.SampledFrom([]string{"all", "all", "refusals", "none"}).Draw(t, "link"), beforeAt: 10, afterAt: 20, maxLinks: 10,
		strangersBefore: rapid.SampledFrom([]int{0, 0, 40, 300}).Draw(t, "strangers before"),
		strangersAfter:  rapid.SampledFrom([]int{0, 0, 40, 300}).Draw(t, "strangers after"),
	}
	if !removing {
		w.strangersAfter = w.strangersBefore
	}
	narrow := rapid.IntRange(0, 3).Draw(t, "narrow") == 0 // one person changes her mind again and again
	for range rapid.IntRange(1, 6).Draw(t, "rows") {
		r := drawHeldRow(t, 9)
		if narrow {
			r.ids, r.channel, r.purpose = [3]string{"13800000001"}, "sms", "promotion"
		}
		w.before = append(w.before, r)
	}
	for _, r := range w.before {
		fate := rapid.IntRange(0, 5).Draw(t, "fate")
		switch {
		case !removing || fate > 2:
		case fate == 0:
			continue
		case fate == 1:
			r.day = rapid.IntRange(1, 19).Draw(t, "new day")
		case fate == 2:
			r.ids[rapid.IntRange(0, 2).Draw(t, "unnamed")] = ""
			if r.ids == [3]string{} {
				continue
			}
		}
		w.after = append(w.after, r)
	}
	for range rapid.IntRange(0, 3).Draw(t, "new rows") {
		w.after = append(w.after, drawHeldRow(t, 19))
	}
	if len(w.after) == 0 {
		w.after = append(w.after, drawHeldRow(t, 19))
	}
	return w
}

func (w *heldWorld) catalog(t *rapid.T) *Catalog {
	text := "version: 1\nmax_links: " + strconv.Itoa(max(w.maxLinks, 1)) + "\nlink: " + w.link + "\nchannels: {sms: {contact: phone}, email: {contact: email}}\npurposes: {promotion: {}, survey: {}}\n"
	return catalogOf(t, text)
}

func heldInstant(day int) Instant {
	return InstantOf(time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC))
}

// build loads rows and writes an index file of them.
func (w *heldWorld) build(t *rapid.T, rows []heldRow, at int, previous *Previous) (string, *Report, error) {
	var text strings.Builder
	text.WriteString("phone,email,customer_id,channel,purpose,status,occurred_at\n")
	for _, r := range rows {
		fmt.Fprintf(&text, "%s,%s,%s,%s,%s,%s,2026-01-%02dT00:00:00Z\n", r.ids[0], r.ids[1], r.ids[2], r.channel, r.purpose, r.status, r.day)
	}
	strangers := w.strangersAfter
	if at == w.beforeAt {
		strangers = w.strangersBefore
	}
	for i := range strangers {
		fmt.Fprintf(&text, "139%08d,,,sms,promotion,granted,2026-01-01T00:00:00Z\n", i)
	}
	dir, err := os.MkdirTemp("", "held")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path, index := filepath.Join(dir, "rows.csv"), filepath.Join(dir, "index.cpmx")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	source := Source{Name: "app", Path: path, Files: []string{path}, Undeclared: true}
	x, report, err := Load(t.Context(), w.catalog(t), []Source{source}, Options{AsOf: heldInstant(at), Refusals: true, Previous: previous})
	if err != nil {
		return "", report, err
	}
	var file bytes.Buffer
	if err := x.Write(&file, Making{Report: report, Sources: []Source{source}, Shaping: map[string]string{}}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(index, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return index, report, nil
}

// openHeld opens an index file, and whatever follows is to be compared with it.
func openHeld(t *rapid.T, path string, lost LostRefusals) *Previous {
	s, err := OpenSnapshot(t.Context(), formats.Files{}, path, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &Previous{Snapshot: s, Lost: lost}
}

// heldName is one identifier.
type heldName struct {
	kind  int
	value string
}

func (r *heldRow) names() (names []heldName) {
	for kind, value := range r.ids {
		if value != "" {
			names = append(names, heldName{kind, value})
		}
	}
	return names
}

type heldRefusal struct {
	name heldName
	cell cellName
}

// refused asks an index file who is refused.
func (w *heldWorld) refused(t *rapid.T, path string, names []heldName) map[heldRefusal]bool {
	p := openHeld(t, path, StopAtLost)
	catalog := w.catalog(t)
	x := p.Snapshot.index(Asking{Catalog: catalog, AsOf: p.Snapshot.About.AsOf})
	keyer := NewKeyer(catalog.Kinds)
	all := map[heldRefusal]bool{}
	for _, name := range names {
		kind, _ := catalog.Kinds.Index(heldKinds()[name.kind])
		key, _ := keyer.Key(kind, []byte(name.value))
		ordinal, known := x.Find(key)
		for _, cell := range heldCells() {
			if known && x.Cell(cell.channel, cell.purpose).refused().Contains(ordinal) {
				all[heldRefusal{name, cell}] = true
			}
		}
	}
	if err := x.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func namesOf(rows ...[]heldRow) (names []heldName) {
	for _, r := range slices.Concat(rows...) {
		for _, name := range r.names() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
