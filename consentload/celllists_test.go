package consentload

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestManyCellsTakeNoMemoryOfEachPartition: 56,000 cells, of which 1,000 have acts.
func TestManyCellsTakeNoMemoryOfEachPartition(t *testing.T) {
	const rows, channels, purposes = 4000, 50, 1000
	var text strings.Builder
	text.WriteString(sumHeader)
	for i := range rows {
		fmt.Fprintf(&text, "138%08d,,channel%d,purpose%d,granted,2026-01-01T00:00:00Z,\n", i, i%channels, i%purposes)
	}
	catalog := catalogOf(t, "version: 1\n")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	report := watchLoad(t, catalog, Options{}, map[string]string{"acts.csv": text.String()})
	runtime.ReadMemStats(&after)
	if report.Identifiers != rows {
		t.Fatalf("%d identifiers, want %d", report.Identifiers, rows)
	}
	if most, taken := uint64(512<<20), after.TotalAlloc-before.TotalAlloc; taken > most {
		t.Errorf("the load took %d MB in all, more than %d", taken>>20, most>>20)
	}
}
