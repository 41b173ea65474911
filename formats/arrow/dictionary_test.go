package arrow

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

// dictionaryInputs are inputs of three batches whose dictionaries come in each way that there is.
func dictionaryInputs(t *testing.T) map[string][]byte {
	t.Helper()
	abc := []string{"alpha", "beta", "gamma"}
	one := []arrow.Record{wordsRecord(t, words(false), abc, 2, 0, -1), wordsRecord(t, words(false), abc, 1, 1), wordsRecord(t, words(false), abc, 2, -1)}
	more := []arrow.Record{
		wordsRecord(t, words(true), abc[:1], 0, -1, 0), wordsRecord(t, words(true), abc[:2], 1, 0), wordsRecord(t, words(true), abc, 2, 1),
	}
	other := []arrow.Record{
		wordsRecord(t, words(false), abc, 2, 1, -1), wordsRecord(t, words(false), []string{"delta", "epsilon"}, 1, 1), wordsRecord(t, words(false), abc[2:], 0, -1),
	}
	return map[string][]byte{
		"one for all, a stream":     ipcBytes(t, false, one),
		"one for all, a file":       ipcBytes(t, true, one),
		"one that goes on":          ipcBytes(t, false, more, ipc.WithDictionaryDeltas(true)),
		"one that goes on, of zstd": ipcBytes(t, false, more, ipc.WithDictionaryDeltas(true), ipc.WithZstd()),
		"one that goes on, a file":  fileOf(t, ipcBytes(t, false, more, ipc.WithDictionaryDeltas(true))),
		"another for each batch":    ipcBytes(t, false, other),
	}
}

// fileOf writes the messages of a stream as a file, whatever they are.
func fileOf(t *testing.T, stream []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	to := sink{to: &out, isFile: true}
	f := framer{name: "stream", from: bytes.NewReader(stream)}
	head, err := f.begin()
	if err == nil {
		err = to.begin(head.message())
	}
	for err == nil {
		var m *frame
		if m, err = f.next(); err != nil {
			break
		}
		list := &to.records
		if m.header == headerDictionary {
			list = &to.dictionaries
		}
		err = to.message(m.message(), list)
	}
	schema, schemaErr := readSchema(head)
	if schemaErr != nil {
		t.Fatal(schemaErr)
	}
	if err := to.end(schema); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWordsAreThoseOfTheirBatch(t *testing.T) {
	for name, data := range dictionaryInputs(t) {
		t.Run(name, func(t *testing.T) {
			want := columnTexts(t, data, 0)
			if rows := libraryRows(t, data); name != "one that goes on, a file" && len(rows) != len(want) {
				t.Fatalf("%d rows, the library reads %d", len(want), len(rows))
			} else if name != "one that goes on, a file" {
				for i, row := range rows {
					word := fmt.Sprintf(`{"word":%q}`, want[i])
					if want[i] == "-" {
						word = `{"word":null}`
					}
					if row != word {
						t.Fatalf("row %d is %s, the library reads %s", i, word, row)
					}
				}
			}
			for pattern := range 1 << len(want) {
				keep := func(row int) bool { return pattern>>row&1 != 0 }
				for _, limit := range []int{0, 1} {
					out := copying{keep: keep, limit: limit}.copied(t, data)
					if diff := cmp.Diff(chosen(want, keep), columnTexts(t, out, 0)); diff != "" {
						t.Fatalf("pattern %b (-want +got):\n%s", pattern, diff)
					}
					if n := len(libraryRows(t, out)); n != len(chosen(want, keep)) {
						t.Fatalf("pattern %b: the library reads %d rows", pattern, n)
					}
				}
			}
		})
	}
}

func TestWordsThatNoKeptRowUsesAreLeftOutAndTheOthersStayInOrder(t *testing.T) {
	abc := []string{"alpha", "beta", "gamma", "delta"}
	records := []arrow.Record{wordsRecord(t, words(true), abc, 3, 1), wordsRecord(t, words(true), abc, 0, 2, 1)}
	out := copying{keep: func(row int) bool { return row != 1 && row != 4 }}.copied(t, ipcBytes(t, true, records))
	in, err := ipc.NewFileReader(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if !in.Schema().Field(0).Type.(*arrow.DictionaryType).Ordered {
		t.Error("the order of words means nothing any more")
	}
	for i := range in.NumRecords() {
		r, err := in.Record(i)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(r.Column(0).(*array.Dictionary).Dictionary()); got != `["alpha" "gamma" "delta"]` {
			t.Errorf("batch %d has the words %s", i, got)
		}
	}
}

func TestADictionaryIsReadOnceForAllBatches(t *testing.T) {
	abc := []string{"alpha", "beta"}
	data := ipcBytes(t, false, []arrow.Record{wordsRecord(t, words(false), abc, 0), wordsRecord(t, words(false), abc, 1)})
	r, err := Open(input(data))
	if err != nil {
		t.Fatal(err)
	}
	var seen []*chunk
	for range 2 {
		b, err := r.Next()
		if err == nil {
			err = b.Decode()
		}
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, b.words[0].chunks...)
	}
	if len(seen) != 2 || seen[0] != seen[1] {
		t.Errorf("%d messages of words for two batches, the same: %v", len(seen), seen[0] == seen[1])
	}
}

func TestADictionaryThatStaysIsWrittenOnce(t *testing.T) {
	abc := []string{"alpha", "beta"}
	records := []arrow.Record{wordsRecord(t, words(false), abc, 0, 1), wordsRecord(t, words(false), abc, 1, 0), wordsRecord(t, words(false), abc, 1)}
	out := copying{keep: every}.copied(t, ipcBytes(t, false, records))
	if n := bytes.Count(out, []byte("alpha")); n != 1 {
		t.Errorf("the words stand %d times in the output", n)
	}
	if n := bytes.Count(out, []byte("beta")); n != 2 {
		t.Errorf("the second word stands %d times in the output, want once with the first and once alone", n)
	}
}

func TestAnIndexOfOneByteDoesNotNameWordsBeyondIts(t *testing.T) {
	var many []string
	for i := range 256 {
		many = append(many, fmt.Sprintf("word %d", i))
	}
	record := wordsRecord(t, words(false), many, 5)
	record.Column(0).Data().Buffers()[1].Bytes()[0] = 0xFF // -1, which is no 255
	_, err := copying{keep: every}.copy(ipcBytes(t, false, []arrow.Record{record}))
	if fault.KindOf(err) != fault.Input {
		t.Errorf("error %v, want a fault of the input", err)
	}
}

func TestDictionariesThatCannotBeAreRefused(t *testing.T) {
	abc := []string{"alpha", "beta", "gamma"}
	other := ipcBytes(t, false, []arrow.Record{wordsRecord(t, words(false), abc, 2), wordsRecord(t, words(false), abc[1:], 1)})
	deltas := ipcBytes(t, false, []arrow.Record{wordsRecord(t, words(false), abc[:1], 0), wordsRecord(t, words(false), abc, 1)}, ipc.WithDictionaryDeltas(true))
	plainText := ipcBytes(t, false, []arrow.Record{recordOf(t, []arrow.Field{{Name: "word", Type: arrow.BinaryTypes.String}}, `[{"word":"x"}]`)})
	for want, data := range map[string][]byte{
		"replaces a dictionary":             fileOf(t, other),
		"dictionary that has not begun":     without(t, without(t, deltas, 1), 1),
		"word that its dictionary does not": without(t, other, 1),
		"belongs to no column":              append(append(messagesOf(t, plainText)[0], messagesOf(t, other)[1]...), messagesOf(t, plainText)[1]...),
	} {
		_, err := copying{keep: every}.copy(data)
		if fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want that one %s", err, want)
		}
	}
}

// messagesOf returns the messages of a stream.
func messagesOf(t *testing.T, stream []byte) (all [][]byte) {
	t.Helper()
	f := framer{name: "stream", from: bytes.NewReader(stream)}
	m, err := f.begin()
	for ; err == nil; m, err = f.next() {
		all = append(all, m.message())
	}
	return all
}

// without returns a stream without one of its messages.
func without(t *testing.T, stream []byte, at int) []byte {
	t.Helper()
	all := messagesOf(t, stream)
	return bytes.Join(append(all[:at:at], all[at+1:]...), nil)
}
