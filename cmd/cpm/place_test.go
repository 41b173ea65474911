package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cpm/formats/storetest"
)

// placeTable serves as an audience, an export and a list. It is longer than what is looked at to tell a format.
func placeTable() string {
	var text strings.Builder
	text.WriteString(objectHeader)
	for i := range 5000 {
		fmt.Fprintf(&text, "138%08d,sms,promotion,granted,2026-01-01T00:00:00Z\n", i*79_193%100_000_000)
	}
	return text.String()
}

// placeFiles holds that table in the working folder's good.csv, and returns it in every format and compression, by name.
func placeFiles(t *testing.T, testdata string) map[string][]byte {
	t.Helper()
	good, files := []byte(placeTable()), map[string][]byte{}
	if err := os.WriteFile("good.csv", good, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, format := range map[string]string{
		"a.csv.gz": "csv", "a.csv.zst": "csv", "a.jsonl.gz": "jsonl", "a.xlsx": "xlsx", "a.parquet": "parquet", "a.arrow": "arrow", "a.arrows": "arrows",
	} {
		code, _, told := inObjects(t, &storetest.Store{}, "filter", "good.csv", "--consent", "good.csv", "--channel", "sms", "--purpose", "promotion", "--to", format, "-o", name)
		text, err := os.ReadFile(name)
		if code != 0 || err != nil {
			t.Fatalf("%s: exit code %d, %v\n%s", name, code, err, told)
		}
		files[name] = text
	}
	for _, ext := range []string{".bz2", ".xz"} { // nothing here writes them: a small stream many times, which is one file
		text, err := os.ReadFile(filepath.Join(testdata, "plain.csv"+ext))
		if err != nil {
			t.Fatal(err)
		}
		files["a.csv"+ext] = bytes.Repeat(text, 2000)
	}
	files["a.zip"] = placeArchive(t, "in.csv", good)
	files["a.gz.zip"] = placeArchive(t, "in.csv.gz", files["a.csv.gz"])
	return files
}

func placeArchive(t *testing.T, name string, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	entry, err := w.Create(name)
	if err == nil {
		_, err = entry.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// spoilt are what may have become of a file: it was cut, or a part of it is other bytes.
func spoilt(text []byte) [][]byte {
	var all [][]byte
	for _, at := range []int{len(text) / 5, len(text) / 2, len(text) - 1} {
		other := bytes.Clone(text)
		for i := at; i < min(at+40, len(other)); i++ {
			other[i] ^= 0x55
		}
		all = append(all, text[:at], other)
	}
	return all
}

func TestNoMessageNamesItsFileTwice(t *testing.T) {
	formatsData, err := filepath.Abs("../../formats/testdata/csv")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for name, text := range placeFiles(t, formatsData) {
		t.Run(name, func(t *testing.T) {
			errors := 0
			for _, bad := range spoilt(text) {
				store := &storetest.Store{}
				store.Put("s3://b/spoilt/"+name, string(bad))
				if err := os.WriteFile(name, bad, 0o600); err != nil {
					t.Fatal(err)
				}
				for _, path := range []string{name, "s3://b/spoilt/" + name} {
					for _, args := range [][]string{
						texted(path, "--consent", "good.csv"),
						texted("good.csv", "--consent", path),
						texted("good.csv", "--consent", "good.csv", "--suppress", path),
						{"inspect", "--full", path},
					} {
						code, out, told := inObjects(t, store, args...)
						if code != 0 {
							errors++
						}
						for line := range strings.Lines(out + told) {
							if strings.Count(line, name) > 1 {
								t.Errorf("%q: exit code %d\n%s", args, code, line)
							}
						}
					}
				}
			}
			if errors == 0 {
				t.Error("no file was spoilt enough to be refused")
			}
		})
	}
}
