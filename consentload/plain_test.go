package consentload

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The words of a row are remembered by their bytes: as many as fit, their length, and beyond that the whole. Whatever is
// alike in part must not be taken for one another.
func TestWordsThatBeginAlikeAreNotTakenForOneAnother(t *testing.T) {
	purposes := []string{
		"p", "pp", "pppppppp", "ppppppppp", "pppppppppppppppp", "ppppppppppppppppp", "ppppppppppppppppq",
		strings.Repeat("p", 40), strings.Repeat("p", 40) + "q", "pppppppq", "pppppppppppppppq",
	}
	var text strings.Builder
	text.WriteString("phone,channel,purpose,status,occurred_at\n")
	for i := range 4 * len(purposes) { // each more than once, so that it is remembered
		p := i % len(purposes)
		status := [...]string{"granted", "denied"}[p%2]
		fmt.Fprintf(&text, "138000000%02d,sms,%s,%s,2026-01-01T00:00:%02dZ\n", p, purposes[p], status, i)
	}
	path := filepath.Join(t.TempDir(), "app.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	catalog := catalogOf(t, "version: 1\n")
	asOf, _ := NewTimeReader(nil).Read([]byte("2026-06-01T00:00:00Z"), Later)
	x, report, err := Load(t.Context(), catalog, []Source{{Path: path, Files: []string{path}}}, Options{AsOf: asOf})
	if err != nil || report.Total.Events != int64(4*len(purposes)) {
		t.Fatal(report, err)
	}
	for p, purpose := range purposes {
		ordinal, known := x.Find(keyOfValue(t, catalog.Kinds, "phone", fmt.Sprintf("138000000%02d", p)))
		cell := x.Cell("sms", purpose)
		if !known || cell == nil {
			t.Fatalf("%s: known %v", purpose, known)
		}
		want := State(IsGranted)
		if p%2 == 1 {
			want = IsDenied
		}
		if got := x.Evidence(cell, ordinal).State; got != want {
			t.Errorf("%s: state %v, want %v", purpose, got, want)
		}
		if n := cell.Granted.GetCardinality() + cell.Denied.GetCardinality(); n != 1 {
			t.Errorf("%s: %d people", purpose, n)
		}
	}
}
