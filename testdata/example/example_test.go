package example

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheGeneratorMakesTheCommittedBytes(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("go", "run", "./gen", dir).CombinedOutput(); err != nil {
		t.Fatalf("go run ./gen: %v\n%s", err, out)
	}
	made := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		made++
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator makes; run go run ./testdata/example/gen", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if made != 9 {
		t.Errorf("the generator made %d files, not 6 exports, a stop list, a segment and the cast", made)
	}
}

func TestTheEmbeddedFilesAreTheWholeExample(t *testing.T) {
	var names []string
	size := 0
	err := fs.WalkDir(Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := Files.ReadFile(name)
		names, size = append(names, name), size+len(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"README.md", "consent/app.csv", "consent/car.csv", "consent/h5.csv", "consent/mini-program.csv",
		"consent/store.csv", "consent/website.csv", "cpm.yaml", "segment.csv", "stop.csv",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if size > 3<<20 {
		t.Errorf("the example has %d bytes; it is meant to be written in a blink", size)
	}
}

// TestEachOfTheCastHasOneFactThatDecides tells the story by name: the verdict, and what it would be without the file
// that holds the deciding fact.
func TestEachOfTheCastHasOneFactThatDecides(t *testing.T) {
	story := []struct{ name, verdict, without, then, because string }{
		{"陈静", "withdrawn", "app.csv", "permitted", "withdrew in the app what the mini-program still calls granted"},
		{"李娜", "permitted", "store.csv", "denied", "refused everything on the website and later agreed to this in the store"},
		{"Miller, David", "denied", "website.csv", "permitted", "refused by e-mail under the customer_id that his phone has too"},
		{"赵磊", "notice_outdated", "h5.csv", "no_consent", "agreed under version 1 of the privacy policy"},
		{"Emma Wilson", "expired", "h5.csv", "no_consent", "agreed to a campaign that is over"},
		{"孙丽", "suppression_list", "stop.csv", "permitted", "agreed, and then complained"},
		{"周敏", "pending", "website.csv", "no_consent", "never confirmed"},
		{"吴强", "permitted", "store.csv", "no_consent", "agreed on a tablet on which others refused"},
		{"Sophie Brown", "permitted", "car.csv", "no_consent", "agreed, and stands in the segment twice"},
		{"门店占位", "shared_identifier", "store.csv", "no_consent", "is a number under which the store filed fourteen customers"},
		{"郑浩", "no_consent", "", "no_consent", "is in no export"},
		{"韩梅", "permitted", "car.csv", "no_consent", "agreed"},
	}
	cast := readTable(t, "cast.csv")
	if len(cast) != len(story) {
		t.Fatalf("cast.csv has %d people, the story %d", len(cast), len(story))
	}
	oracles := map[string]*oracle{}
	ask := func(phone, without string) string {
		if oracles[without] == nil {
			oracles[without] = newOracle(t, without)
		}
		return oracles[without].verdict(phone)
	}
	for i, s := range story {
		t.Run(s.name+" "+s.because, func(t *testing.T) {
			want := map[string]string{"name": s.name, "phone": cast[i]["phone"], "verdict": s.verdict}
			if diff := cmp.Diff(want, cast[i]); diff != "" {
				t.Errorf("cast.csv:\n%s", diff)
			}
			if got := ask(cast[i]["phone"], ""); got != s.verdict {
				t.Errorf("the verdict is %s, not %s", got, s.verdict)
			}
			if got := ask(cast[i]["phone"], s.without); got != s.then {
				t.Errorf("without %s the verdict is %s, not %s", s.without, got, s.then)
			}
		})
	}
}

func TestTheTabletStandsBesideManyPhonesAndLinksNone(t *testing.T) {
	o := newOracle(t, "stop.csv")
	const tablet = "device_id:tablet-nanjing-road"
	if !o.shared[tablet] {
		t.Error("the tablet does not stand beside more phones than max_links")
	}
	const wuQiang = "16800000008"
	if got := o.verdict(wuQiang); got != "permitted" {
		t.Errorf("the verdict is %s, not permitted", got)
	}
	o.settings.MaxLinks = len(o.events)
	o.findShared()
	o.link()
	if got := o.verdict(wuQiang); got != "withdrawn" && got != "denied" {
		t.Errorf("were the tablet somebody, the refusals on it would be his too, but the verdict is %s", got)
	}
}

func TestTheSegmentBeginsWithTheCast(t *testing.T) {
	rows := readSegment(t)
	var phones []string
	for _, row := range rows[:13] {
		phone, _ := normalPhone(row.fields[1])
		phones = append(phones, phone)
	}
	var want []string
	for _, member := range readTable(t, "cast.csv") {
		want = append(want, member["phone"])
		if member["name"] == "Sophie Brown" {
			want = append(want, member["phone"])
		}
	}
	if diff := cmp.Diff(want, phones); diff != "" {
		t.Error(diff)
	}
}

func TestTheCountsOfTheReadmeAreThoseOfTheOracle(t *testing.T) {
	o := newOracle(t, "")
	counts, known, duplicates := o.tally(readSegment(t))
	sum := 0
	for _, n := range counts {
		sum += n
	}
	if sum != 10_000 {
		t.Errorf("the segment has %d rows, not 10,000", sum)
	}
	if n := counts["permitted"]; n < 3500 || n > 4500 {
		t.Errorf("%d of 10,000 rows are permitted; the example is meant to be balanced", n)
	}
	if n := counts["malformed_row"]; n == 0 || n >= 50 {
		t.Errorf("%d rows are malformed; a handful is meant", n)
	}
	var table strings.Builder
	for _, reason := range strings.Fields("permitted malformed_row invalid_identifier suppression_list " +
		"shared_identifier withdrawn denied pending notice_outdated expired no_consent") {
		if counts[reason] == 0 {
			t.Errorf("no row is %s", reason)
		}
		fmt.Fprintf(&table, "| `%s` | %d |\n", reason, counts[reason])
	}
	readme, err := Files.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		table.String(),
		fmt.Sprintf("%d rows hold a phone number that stands in the consent", known),
		fmt.Sprintf("%d of the permitted rows are duplicates", duplicates),
		fmt.Sprintf("%d consent events", len(o.events)),
	} {
		if !bytes.Contains(readme, []byte(want)) {
			t.Errorf("README.md does not say:\n%s", want)
		}
	}
}

// tally decides every row. Known rows hold a phone number that stands in the consent; duplicates are permitted rows
// whose number a permitted row before them has.
func (o *oracle) tally(rows []segmentRow) (counts map[string]int, known, duplicates int) {
	counts = map[string]int{}
	seen := map[string]bool{}
	for _, row := range rows {
		phone, ok := normalPhone(row.fields[1])
		switch {
		case row.malformed:
			counts["malformed_row"]++
			continue
		case !ok:
			counts["invalid_identifier"]++
			continue
		}
		if _, ok := o.subject["phone:"+phone]; ok {
			known++
		}
		verdict := o.verdict(phone)
		counts[verdict]++
		if verdict == "permitted" && seen[phone] {
			duplicates++
		}
		seen[phone] = true
	}
	return counts, known, duplicates
}

// segmentRow is one row of the segment; a malformed one has whatever could be split.
type segmentRow struct {
	fields    []string
	malformed bool
}

// readSegment splits the segment by hand: a quote opens only as the first byte of a field, elsewhere it is data.
func readSegment(t *testing.T) []segmentRow {
	t.Helper()
	text, err := Files.ReadFile("segment.csv")
	if err != nil {
		t.Fatal(err)
	}
	var rows []segmentRow
	row, field := segmentRow{}, ""
	rest := string(text)
	for rest != "" {
		if strings.HasPrefix(rest, `"`) {
			field, rest = unquote(rest)
			row.malformed = row.malformed || rest[0] != ',' && rest[0] != '\n'
		} else {
			field = ""
		}
		end := strings.IndexAny(rest, ",\n")
		row.fields = append(row.fields, field+rest[:end])
		if rest[end] == '\n' {
			row.malformed = row.malformed || len(rows) > 0 && len(row.fields) != len(rows[0].fields)
			rows, row = append(rows, row), segmentRow{}
		}
		rest = rest[end+1:]
	}
	return rows[1:]
}

// unquote returns the quoted field at the start of text, and what follows its closing quote.
func unquote(text string) (field, rest string) {
	for rest = text[1:]; ; {
		end := strings.IndexByte(rest, '"')
		field, rest = field+rest[:end], rest[end+1:]
		if !strings.HasPrefix(rest, `"`) {
			return field, rest
		}
		field, rest = field+`"`, rest[1:]
	}
}
