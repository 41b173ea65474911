package formats

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// jsonText is a document of about 8 MB.
func jsonText(form string) string {
	const rows = 30_000
	var text strings.Builder
	for i := range rows {
		if i > 0 && form == "array" {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"id":%d,"phone":"+86138%08d","email":"user%d@example.com","name":"张三","city":"上海市浦东新区",`+
			`"consents":{"sms":{"val":"y","time":"2026-01-02T03:04:05Z"},"email":{"val":"n","time":"2026-01-02T03:04:05Z"}},"tags":["a","b"],"score":%d.5}`+"\n", i, i, i, i%100)
	}
	if form == "array" {
		return "[" + text.String() + "]"
	}
	return text.String()
}

func openBench(b *testing.B, text string) *jsonReader {
	b.Helper()
	r := newJSONReader(Input{Name: "list", Reader: strings.NewReader(text), Size: int64(len(text))}, 0)
	err := r.begin(Options{})
	if err == nil {
		_, _, err = selectPaths(r, []string{"phone", "consents.sms.val", "consents.sms.time"})
	}
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func BenchmarkJSONCut(b *testing.B) {
	for _, form := range []string{"lines", "array"} {
		b.Run(form, func(b *testing.B) {
			text := jsonText(form)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r := openBench(b, text)
				for {
					batch, err := r.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					batch.Release()
				}
			}
		})
	}
}

func BenchmarkJSONDecode(b *testing.B) {
	for _, form := range []string{"lines", "array"} {
		b.Run(form, func(b *testing.B) {
			batch, err := openBench(b, jsonText(form)).Next()
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(batch.(*jsonBatch).data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := batch.Decode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
