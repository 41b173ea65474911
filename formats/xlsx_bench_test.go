package formats

import (
	"bytes"
	"io"
	"testing"
)

const xlsxBenchRows = 50_000

// BenchmarkXLSXReads reads seven columns and takes the values of one.
func BenchmarkXLSXReads(b *testing.B) {
	data := manyKinds(b, xlsxBenchRows)
	b.ReportAllocs()
	for b.Loop() {
		benchXLSX(b, data, nil)
	}
	b.ReportMetric(float64(b.N)*xlsxBenchRows/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkXLSXCopies reads them, keeps two rows of three and writes these.
func BenchmarkXLSXCopies(b *testing.B) {
	data := manyKinds(b, xlsxBenchRows)
	b.ReportAllocs()
	for b.Loop() {
		benchXLSX(b, data, func(r Reader) (Writer, error) { return r.NewWriter(io.Discard) })
	}
	b.ReportMetric(float64(b.N)*xlsxBenchRows/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkXLSXBecomesCSV does so to CSV.
func BenchmarkXLSXBecomesCSV(b *testing.B) {
	data := manyKinds(b, xlsxBenchRows)
	for b.Loop() {
		benchXLSX(b, data, func(r Reader) (Writer, error) {
			to, err := ConvertTo(r, "csv")
			if err != nil {
				return nil, err
			}
			return to.NewWriter(io.Discard)
		})
	}
	b.ReportMetric(float64(b.N)*xlsxBenchRows/b.Elapsed().Seconds(), "rows/s")
}

// benchXLSX goes through a workbook on one goroutine.
func benchXLSX(b *testing.B, data []byte, writer func(Reader) (Writer, error)) {
	b.Helper()
	r, err := openXLSX(Input{Name: "list.xlsx", Reader: bytes.NewReader(data), Size: int64(len(data))}, Options{})
	if err == nil {
		err = r.Select([]int{1})
	}
	var w Writer
	if err == nil && writer != nil {
		w, err = writer(r)
	}
	if err != nil {
		b.Fatal(err)
	}
	rows := 0
	for batch, err := range batchesOf(r) {
		if err == nil && w != nil {
			s := choice{keep: func(row int) bool { return row%3 > 0 }}.selection(rows, batch.Rows())
			var p Part
			if p, err = w.Encode(batch, s); err == nil {
				err = w.Append(p)
			}
		}
		if err != nil {
			b.Fatal(err)
		}
		rows += batch.Rows()
		batch.Release()
	}
	if w != nil {
		err = w.Close()
	}
	if err != nil || rows != xlsxBenchRows {
		b.Fatalf("%d rows, %v", rows, err)
	}
}
