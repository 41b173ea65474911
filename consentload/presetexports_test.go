package consentload

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats"
	"cpm/formats/fault"
)

// presetExport is one export of testdata/presets with the preset of its folder.
type presetExport struct {
	preset *Mapping
	name   string
	data   []byte
}

// presetExports returns the exports of every preset's fixture: what lies in its folder beside the tables of the test and
// the canonical exports.
func presetExports(t testing.TB) []presetExport {
	t.Helper()
	var all []presetExport
	for _, name := range PresetNames() {
		m, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(filepath.Join("../testdata/presets", name), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) == ".yaml" || entry.Name() == "verdicts.csv" {
				return err
			}
			data, err := os.ReadFile(path)
			if canonicalFixture := bytes.Contains(data, []byte("occurred_at")); canonicalFixture && name != canonical {
				return err
			}
			all = append(all, presetExport{m, entry.Name(), data})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// load reads data as if the export held it.
func (e presetExport) load(t testing.TB, data []byte, batch int) (Tally, error) {
	t.Helper()
	catalog, err := NewCatalog(&Config{Timezone: "UTC", Kinds: map[string]KindConfig{"braze_id": {}, "mautic_id": {}}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLoader(catalog, Options{AsOf: lastDated, Workers: 2, BatchSize: batch})
	if err != nil {
		t.Fatal(err)
	}
	source := &Source{
		Name: "test", Path: e.name, Mapping: e.preset, Snapshot: "2026-01-01", IDs: map[Kind]string{},
		Ignore: []string{"SalesCommunications", "Company", "Marketing_Frequency"},
	}
	if e.preset.DeclareID {
		source.IDs["customer_id"] = declaredColumn(e.preset.Name, data)
	}
	told := FileReport{}
	input := formats.Input{Name: e.name, Reader: bytes.NewReader(data), Size: int64(len(data))}
	err = l.table(t.Context(), &table{source: source, path: e.name, name: e.name, asOf: lastDated}, input, &told)
	return told.Tally, err
}

// declaredColumn is the key of a platform that writes JSON, or the first column of a table, for a preset that leaves
// identifiers to be declared.
func declaredColumn(preset string, data []byte) string {
	switch preset {
	case "onetrust-api":
		return "Identifier"
	case "segment-event":
		return "userId?"
	case "didomi":
		return "organization_user_id"
	case "kantara":
		return "piiPrincipalId"
	}
	header, _, _ := bytes.Cut(data, []byte("\n"))
	first, _, _ := bytes.Cut(header, []byte(","))
	return strings.Trim(string(first), "\"\r ")
}

func TestEveryPrefixOfEveryPresetsExportIsReadOrRefusedWithoutAWordOfAnybody(t *testing.T) {
	whole := 0
	for _, e := range presetExports(t) {
		secrets := regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.]+|\d{8,}`).FindAllString(string(e.data), -1)
		for n := 0; n <= len(e.data); n++ {
			if rest := len(e.data) - n; n%5 != 0 && rest > 3 && e.data[n] != '\n' { // every fifth byte, and every line end
				continue
			}
			_, err := e.load(t, e.data[:n], 0)
			if err == nil {
				if n == len(e.data) {
					whole++
				}
				continue
			}
			var f *fault.Error
			if !errors.As(err, &f) {
				t.Fatalf("%s, %d bytes: %v is no fault", e.name, n, err)
			}
			for _, secret := range secrets {
				if told := f.Error() + f.Mend; strings.Contains(told, secret) && !strings.Contains(e.name, secret) {
					t.Fatalf("%s, %d bytes: %s", e.name, n, "an identifier of the export stands in the message")
				}
			}
		}
	}
	if whole < len(PresetNames())/2 {
		t.Errorf("only %d exports were read whole", whole)
	}
}

// FuzzAnExportCountsTheSameHoweverItIsCut holds the reading of any text by any preset to its law: however it is cut into batches, the same is
// counted, or it is refused.
func FuzzAnExportCountsTheSameHoweverItIsCut(f *testing.F) {
	exports := presetExports(f)
	for i, e := range exports {
		f.Add(uint8(i), e.data)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		e := exports[int(which)%len(exports)]
		one, err := e.load(t, data, 0)
		cut, again := e.load(t, data, 16)
		if (err == nil) != (again == nil) {
			t.Fatalf("%s: %v, in small batches %v", e.name, err, again)
		}
		if diff := cmp.Diff(one, cut); err == nil && diff != "" {
			t.Fatalf("%s: the counts differ in small batches: %s", e.name, diff)
		}
	})
}

// FuzzAMappingIsReadOrItsFaultsHaveTheirPlaces holds the reading of a mapping to what a user needs: no panic, and a place for everything that is wrong.
func FuzzAMappingIsReadOrItsFaultsHaveTheirPlaces(f *testing.F) {
	for _, name := range PresetNames() {
		text, err := PresetText(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	paths, _ := filepath.Glob("testdata/mapping/*.yaml")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ReadMapping("my.yaml", text)
		if err == nil {
			if len(m.Acts) == 0 || m.Title == "" {
				t.Fatal("a mapping without acts or title is in order")
			}
			return
		}
		var all ConfigErrors
		if !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("%v lists no faults", err)
		}
		for _, one := range all {
			if !strings.HasPrefix(one.Where, "my.yaml:") {
				t.Fatalf("%v has no place", one)
			}
		}
	})
}
