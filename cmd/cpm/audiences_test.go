package main

import "testing"

func TestOutputsAreNamedAfterTheirAudience(t *testing.T) {
	for _, c := range []struct{ path, to, name, beside string }{
		{"a/segment.csv", "", "segment", "a/segment.permitted.csv"},
		{"segment.csv.gz", "", "segment", "segment.permitted.csv.gz"},
		{"segment.csv.XZ", "", "segment", "segment.permitted.csv"},
		{"segment.bz2", "", "segment", "segment.permitted"},
		{"segment.zip", "", "segment", "segment.permitted.csv"},
		{"segment.xlsx", "csv", "segment", "segment.permitted.csv"},
		{"segment.csv.gz", "csv", "segment", "segment.permitted.csv.gz"},
		{"2026.11.csv", "", "2026.11", "2026.11.permitted.csv"},
		{"a/.hidden", "", ".hidden", "a/.hidden.permitted"},
		{"segment", "", "segment", "segment.permitted"},
		{"dt=2026-11-25/part-0.parquet", "", "part-0", "dt=2026-11-25/part-0.permitted.parquet"},
	} {
		o := filterOptions{to: c.to}
		if name, beside := nameOf(c.path), o.beside(c.path, ".permitted"); name != c.name || beside != c.beside {
			t.Errorf("%s --to %q: %q and %q, want %q and %q", c.path, c.to, name, beside, c.name, c.beside)
		}
	}
}

func TestAPatternLeavesOpenWhatStandsBehindItsFirstWildcard(t *testing.T) {
	for pattern, want := range map[string]string{
		"*.csv": ".", "seg/*.csv": "seg", "seg/dt=*/part-*.csv": "seg", "/a/b/part[12].csv": "/a/b", "a/b?/c.csv": "a", "/*": "/",
	} {
		if got := beforeWildcard(pattern); got != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}

func TestKeysOfPartitionsAreThoseOfTheFoldersAlone(t *testing.T) {
	for _, c := range []struct {
		path, word string
		is         bool
	}{
		{"seg/dt=2026-11-25/part-0.csv", "dt", true},
		{"seg/dt=2026-11-25/part-0.csv", " DT", true},
		{"seg/region=eu/dt=1/part-0.csv", "region", true},
		{"seg/dt=1/part-0.csv", "d", false},
		{"seg/dt=1.csv", "dt", false},
		{"seg/dt/part-0.csv", "dt", false},
	} {
		if got := partitionKey(c.path, c.word); got != c.is {
			t.Errorf("%q in %s: %v", c.word, c.path, got)
		}
	}
}
