package consentload

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Whatever the text: no panic, and every fault has its line and column.
func FuzzAConfigurationIsReadOrItsFaultsHaveTheirLines(f *testing.F) {
	paths, err := filepath.Glob("testdata/config/*.yaml")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no configurations: %v", err)
	}
	for _, path := range append(paths, "cpm.yaml") {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	placed := regexp.MustCompile(`^cpm\.yaml:[1-9][0-9]*:[1-9][0-9]*: \S`)
	f.Fuzz(func(t *testing.T, text []byte) {
		config, err := ReadConfig("cpm.yaml", text)
		if err == nil {
			if config.Version != 1 {
				t.Errorf("a configuration of version %d was read", config.Version)
			}
			return
		}
		var all ConfigErrors
		if !errors.As(err, &all) || len(all) == 0 || config != nil {
			t.Fatalf("got %v and %v, want the list of faults alone", config, err)
		}
		for _, one := range all {
			if !placed.MatchString(one.Error()) {
				t.Errorf("a fault without its place: %q", one)
			}
		}
	})
}
