package arrow

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

func fromFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestFilesOfOtherWritersAreReadAndWritten(t *testing.T) {
	want := [][]string{
		{"user0@example.com", "user1@example.com", "user2@example.com", "-", "user4@example.com", "user5@example.com"},
		{"Aachen", "Bremen", "Köln", "Aachen", "Bremen", "Köln"},
	}
	keep := func(row int) bool { return row%3 != 1 }
	for _, name := range []string{"polars-lz4.arrow", "javascript.arrow"} {
		data := fromFile(t, name)
		out := copying{keep: keep}.copied(t, data)
		for column, texts := range want {
			if diff := cmp.Diff(texts, columnTexts(t, data, column)); diff != "" {
				t.Errorf("%s, column %d (-want +got):\n%s", name, column, diff)
			}
			if diff := cmp.Diff(chosen(texts, keep), columnTexts(t, out, column)); diff != "" {
				t.Errorf("the copy of %s, column %d (-want +got):\n%s", name, column, diff)
			}
		}
		if bytes.Contains(unpacked(t, out), []byte("Bremen")) {
			t.Errorf("the copy of %s holds a word of a row that is left out", name)
		}
		if rows := libraryRows(t, out); len(rows) != 4 {
			t.Errorf("the library reads %d rows of the copy of %s", len(rows), name)
		}
	}
}

func TestAFileWhoseSchemaStandsAtItsEndIsNotReadFromAPipe(t *testing.T) {
	in := input(fromFile(t, "javascript.arrow"))
	in.Reader, in.Size = io.MultiReader(in.Reader), -1
	_, err := Open(in)
	if fault.KindOf(err) != fault.Unsupported || !strings.Contains(err.Error(), "pipe") {
		t.Errorf("error %v", err)
	}
}

func TestEqualRowsGiveEqualBytes(t *testing.T) {
	data := ipcBytes(t, true, []arrow.Record{wordsRecord(t, words(false), []string{"a", "b"}, 0, 1, -1)})
	want := copying{keep: every}.copied(t, data)
	for range 50 {
		if got := (copying{keep: every}).copied(t, data); !bytes.Equal(got, want) {
			t.Fatalf("the same rows gave other bytes:\n%q\n%q", got, want)
		}
	}
}
