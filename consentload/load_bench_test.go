package consentload

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// benchExport has the columns and words of an export as platforms write them, two acts a person and more.
func benchExport(rows int) []byte {
	var text bytes.Buffer
	text.WriteString("event_id,phone,email,openid,channel,purpose,status,occurred_at,source,notice_version\n")
	channels, purposes := [...]string{"sms", "email", "push"}, [...]string{"promotion", "survey", "service"}
	statuses := [...]string{"granted", "denied", "withdrawn", "granted"}
	for i := range rows {
		person := i * 7919 % (rows/2 + 1)
		fmt.Fprintf(&text, "e%010d,138%08d,u%d_%x@example.com,o6_%022d,%s,%s,%s,2023-%02d-%02dT%02d:%02d:%02d.%06dZ,app,v%d\n",
			i, person, person, person, person, channels[i%3], purposes[i/3%3], statuses[i/7%4],
			i*12/rows+1, i%28+1, i%24, i%60, i/60%60, i%1000000, i%5)
	}
	return text.Bytes()
}

// BenchmarkLoad loads an export by one worker, once by phone alone and once with three kinds that link its people.
func BenchmarkLoad(b *testing.B) {
	const rows = 200_000
	path := filepath.Join(b.TempDir(), "app.csv")
	if err := os.WriteFile(path, benchExport(rows), 0o600); err != nil {
		b.Fatal(err)
	}
	asOf, _ := NewTimeReader(nil).Read([]byte("2026-01-01T00:00:00Z"), Later)
	for name, kinds := range map[string][]Kind{"phone": {"phone"}, "linked": {"phone", "email", "openid"}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, report, err := Load(b.Context(), catalogOf(b, "version: 1\n"), []Source{{Path: path, Files: []string{path}}},
					Options{AsOf: asOf, Kinds: kinds, Workers: 1, Refusals: true})
				if err != nil || report.Total.Rows != rows {
					b.Fatal(report, err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/rows, "ns/row")
		})
	}
}
