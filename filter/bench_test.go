package filter

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	"cpm/consentload"
	"cpm/formats"
)

// benchSubjects is how many people the consent of the benchmarks knows; as many again are strangers to it.
const benchSubjects = 20_000

func benchIndex(b testing.TB, catalog *consentload.Catalog) *consentload.Index {
	b.Helper()
	var text bytes.Buffer
	text.WriteString("phone,email,channel,purpose,status,occurred_at\n")
	for i := range benchSubjects {
		status := []string{"granted", "denied", "withdrawn"}[i%3]
		fmt.Fprintf(&text, "138%08d,,sms,promotion,%s,2026-01-01T00:00:00Z\n", i, status)
	}
	return loadText(b, catalog, text.String(), [2]int{2, 0})
}

// benchAudience has twelve columns, and numbers of which a tenth is written otherwise.
func benchAudience(rows int) []byte {
	var text bytes.Buffer
	text.WriteString("customer_id,phone,email,name,city,level,score,last_order_at,orders,tags,store_id,note\n")
	for i := range rows {
		number := fmt.Sprintf("138%08d", i*7919%(2*benchSubjects))
		if i%10 == 0 {
			number = "+86 " + number[:3] + "-" + number[3:7] + "-" + number[7:]
		}
		fmt.Fprintf(&text, "C%08d,%s,u%d@example.com,陈强,南京,gold,73.5,2024-08-15T09:58:55Z,15,churn|risk,S179,\n", i, number, i)
	}
	return text.Bytes()
}

func benchGate(b testing.TB) (*consentload.Catalog, *Gate) {
	b.Helper()
	catalog := testCatalog(b)
	channel, _ := catalog.Channel("sms")
	return catalog, NewGate(benchIndex(b, catalog), channel, "promotion", nil)
}

// runOnce filters an audience by one worker and throws away what is permitted.
func runOnce(b testing.TB, catalog *consentload.Catalog, gate *Gate, audience []byte) {
	b.Helper()
	reader, err := formats.Open(formats.Input{Name: "audience", Reader: bytes.NewReader(audience), Size: int64(len(audience))}, formats.Options{})
	if err != nil {
		b.Fatal(err)
	}
	job := &Job{
		Name: "audience", Reader: reader, Kinds: catalog.Kinds, Gates: []*Gate{gate}, Workers: 1,
		Columns: []Column{{Kind: "phone", At: 1}}, Sinks: []Sink{{Permitted: io.Discard}},
	}
	if _, err := job.Understand(b.Context()); err != nil {
		b.Fatal(err)
	}
	if _, err := job.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkCompile(b *testing.B) {
	catalog, gate := benchGate(b)
	channel, _ := catalog.Channel("sms")
	b.ReportAllocs()
	for b.Loop() {
		NewGate(gate.index, channel, "promotion", nil).all()
	}
}

func BenchmarkVerdict(b *testing.B) {
	catalog, gate := benchGate(b)
	keyer := consentload.NewKeyer(catalog.Kinds)
	gate.all()
	keys := make([]consentload.Key, 1024)
	ordinals := make([]uint32, len(keys))
	for i := range keys {
		keys[i], _ = keyer.Key(0, fmt.Appendf(nil, "138%08d", i*7919%(2*benchSubjects)))
	}
	b.ReportAllocs()
	for b.Loop() {
		gate.index.FindAll(keys, ordinals, func(int, int) {})
		for i, key := range keys {
			gate.verdictAt(key, ordinals[i])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(keys)), "ns/identifier")
}

func BenchmarkRun(b *testing.B) {
	const rows = 100_000
	catalog, gate := benchGate(b)
	audience := benchAudience(rows)
	b.SetBytes(int64(len(audience)))
	b.ReportAllocs()
	for b.Loop() {
		runOnce(b, catalog, gate, audience)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

func TestARunMakesNoGarbageByTheRow(t *testing.T) {
	catalog, gate := benchGate(t)
	allocations := func(audience []byte) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		runOnce(t, catalog, gate, audience)
		runtime.ReadMemStats(&after)
		return after.Mallocs - before.Mallocs
	}
	const few, many = 100_000, 400_000
	small, large := benchAudience(few), benchAudience(many)
	allocations(small)
	base, more := allocations(small), allocations(large)
	if perRow := (float64(more) - float64(base)) / (many - few); perRow > 0.01 {
		t.Errorf("%g allocations a row: %d for %d rows, %d for %d", perRow, base, few, more, many)
	}
}
