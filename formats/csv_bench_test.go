package formats

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// benchmarkTables are tables of 112-byte rows, as a segment export has them: plain, and with every field in quotes.
func benchmarkTables() map[string]string {
	var plain, quoted strings.Builder
	header := "customer_id,phone,email,name,city,birthday,level,score\n"
	plain.WriteString(header)
	quoted.WriteString(header)
	for i := 0; plain.Len() < 8<<20; i++ {
		row := fmt.Sprintf("C%010d,1380%07d,name.%08d@example.com,姓名%02d,上海市浦东新区,1980-01-%02d,gold,%08d.%d", i, i%10_000_000, i, i%100, i%28+1, i, i%10)
		plain.WriteString(row + strings.Repeat("0", max(0, 111-len(row))) + "\n")
		quoted.WriteString(`"` + strings.ReplaceAll(row, ",", `","`) + "\"\n")
	}
	return map[string]string{"plain": plain.String(), "quoted": quoted.String()}
}

// readyBatches cuts a text and keeps every batch.
func readyBatches(b testing.TB, text string, columns []int) (*csvReader, []*csvBatch) {
	r, err := openText(text, csvShape{batch: csvBatchSize})
	if err == nil {
		err = r.Select(columns)
	}
	if err != nil {
		b.Fatal(err)
	}
	var batches []*csvBatch
	for next, err := range batchesOf(r) {
		if err != nil {
			b.Fatal(err)
		}
		batches = append(batches, next.(*csvBatch))
	}
	return r, batches
}

func rowsPerSecond(b *testing.B, batches []*csvBatch, bytes int) {
	rows := 0
	for _, batch := range batches {
		rows += batch.Rows()
	}
	b.SetBytes(int64(bytes))
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkCut(b *testing.B) {
	for name, text := range benchmarkTables() {
		b.Run(name, func(b *testing.B) {
			_, batches := readyBatches(b, text, []int{1})
			var pool pool[csvBatch]
			for b.Loop() {
				r, err := openText(text, csvShape{batch: csvBatchSize})
				if err != nil {
					b.Fatal(err)
				}
				r.batches.free, pool.free = pool.free, nil
				for err == nil {
					var next Batch
					if next, err = r.Next(); err == nil {
						next.Release()
					}
				}
				pool.free = r.batches.free
			}
			rowsPerSecond(b, batches, len(text))
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, text := range benchmarkTables() {
		for _, columns := range [][]int{{1}, {0, 1, 2}} {
			b.Run(fmt.Sprintf("%s/columns=%d", name, len(columns)), func(b *testing.B) {
				_, batches := readyBatches(b, text, columns)
				b.ReportAllocs()
				for b.Loop() {
					for _, batch := range batches {
						if err := batch.Decode(); err != nil {
							b.Fatal(err)
						}
					}
				}
				rowsPerSecond(b, batches, len(text))
			})
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	text := benchmarkTables()["plain"]
	r, batches := readyBatches(b, text, []int{1})
	for _, kept := range []int{100, 90, 50, 10} {
		for _, extra := range [][]string{nil, {"cpm_reason"}} {
			b.Run(fmt.Sprintf("kept=%d%%/extra=%t", kept, extra != nil), func(b *testing.B) {
				w, err := r.NewWriter(io.Discard, extra...)
				if err != nil {
					b.Fatal(err)
				}
				var reasons []uint8
				s := Selection{Words: []string{"withdrawn", "no_consent"}}
				for i := range batches[0].Rows() + 64 {
					reasons = append(reasons, uint8(i&1))
				}
				s.Extra = [][]uint8{reasons}
				s.Keep = s.Keep.Reset(len(reasons))
				for i := range reasons {
					if i*7919%100 < kept {
						s.Keep.Set(i)
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					for _, batch := range batches {
						p, err := w.Encode(batch, s)
						if err == nil {
							err = w.Append(p)
						}
						if err != nil {
							b.Fatal(err)
						}
					}
				}
				rowsPerSecond(b, batches, len(text))
			})
		}
	}
}
