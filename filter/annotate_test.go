package filter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

const annotateConsent = "phone,email,channel,purpose,status,occurred_at\n" +
	"13800000001,,sms,promotion,granted,2026-01-01T00:00:00Z\n" +
	"13800000002,,sms,promotion,denied,2026-01-01T00:00:00Z\n" +
	",a@example.com,email,promotion,granted,2026-01-01T00:00:00Z\n"

// annotateJob makes a job over sms and, with both, e-mail; the audience has the columns phone and, with both, email.
func annotateJob(t *testing.T, audience []byte, both bool, o formats.Options) *Job {
	t.Helper()
	catalog := testCatalog(t)
	index := loadText(t, catalog, annotateConsent, [2]int{1, 0})
	reader, err := formats.Open(formats.Input{Name: "audience", Reader: bytes.NewReader(audience), Size: int64(len(audience))}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	job := &Job{Name: "audience", Reader: reader, Kinds: catalog.Kinds, Workers: 3}
	names := []string{"sms", "email"}
	if !both {
		names = names[:1]
	}
	for _, name := range names {
		channel, _ := catalog.Channel(name)
		job.Gates = append(job.Gates, NewGate(index, channel, "promotion", nil))
		kind := map[string]consentload.Kind{"sms": "phone", "email": "email"}[name]
		at := slices.Index(reader.Info().Columns, string(kind))
		job.Columns = append(job.Columns, Column{Kind: kind, At: max(at, 0)})
	}
	job.Sinks = make([]Sink, len(job.Gates))
	return job
}

// annotate runs a job and returns what it annotated.
func annotate(t *testing.T, job *Job) (string, *Summary, error) {
	t.Helper()
	var out bytes.Buffer
	job.Annotated = &out
	if _, err := job.Understand(t.Context()); err != nil {
		return "", nil, err
	}
	summary, err := job.Run(t.Context())
	return out.String(), summary, err
}

func TestAnAnnotatedFileHoldsEveryRowWithItsVerdict(t *testing.T) {
	for _, c := range []struct {
		name, audience, want string
		both                 bool
		dedupe               Dedupe
		options              formats.Options
	}{
		{
			name:     "one channel gives one column, behind quotes and before CRLF",
			audience: "name,phone\r\n\"a, \"\"b\"\"\",13800000001\r\n\"two\r\nlines\",13800000002\r\nc,13800000009\r\nd,",
			want: "name,phone,cpm_verdict\r\n\"a, \"\"b\"\"\",13800000001,permitted\r\n\"two\r\nlines\",13800000002,denied\r\n" +
				"c,13800000009,no_consent\r\nd,,invalid_identifier",
		},
		{
			name: "several channels give a column each", both: true,
			audience: "phone,email\n13800000001,b@example.com\n13800000002,A@example.com\n",
			want: "phone,email,cpm_sms_promotion,cpm_email_promotion\n13800000001,b@example.com,permitted,no_consent\n" +
				"13800000002,A@example.com,denied,permitted\n",
		},
		{
			name:     "a row that does not split stands as it is",
			audience: "phone,name\n13800000001\n13800000001,a,b\n13800000001,a\n",
			want:     "phone,name,cpm_verdict\n13800000001,malformed_row\n13800000001,a,b,malformed_row\n13800000001,a,permitted\n",
		},
		{
			name: "a duplicate is told", dedupe: DedupeIdentifier,
			audience: "phone\n13800000001\n+86 138 0000 0001\n",
			want:     "phone,cpm_verdict\n13800000001,permitted\n+86 138 0000 0001,duplicate\n",
		},
		{
			name: "without a header there is none", options: formats.Options{NoHeader: true},
			audience: "13800000001\n13800000002\n", want: "13800000001,permitted\n13800000002,denied\n",
		},
		{
			name: "an empty audience keeps its header", audience: "phone\n", want: "phone,cpm_verdict\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := annotateJob(t, []byte(c.audience), c.both, c.options)
			job.Dedupe = c.dedupe
			got, summary, err := annotate(t, job)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got\n%q\nwant\n%q", got, c.want)
			}
			if job.annotated.Rows() != summary.Rows {
				t.Errorf("%d rows were read and %d annotated", summary.Rows, job.annotated.Rows())
			}
		})
	}
}

func TestRowsKeepTheirOrderAndVerdictHoweverTheyAreCut(t *testing.T) {
	var audience, want strings.Builder
	audience.WriteString("phone,n\n")
	want.WriteString("phone,n,cpm_verdict\n")
	words := []string{"no_consent", "permitted", "denied"}
	for i := range 5000 {
		fmt.Fprintf(&audience, "1380000000%d,%d\n", i%3, i)
		fmt.Fprintf(&want, "1380000000%d,%d,%s\n", i%3, i, words[i%3])
	}
	for _, size := range []int{64, 1000, 0} {
		got, _, err := annotate(t, annotateJob(t, []byte(audience.String()), false, formats.Options{BatchSize: size}))
		if err != nil {
			t.Fatal(err)
		}
		if got != want.String() {
			t.Errorf("in batches of %d bytes the annotated rows are others", size)
		}
	}
}

func TestAColumnThatWouldStandTwiceIsRefused(t *testing.T) {
	for header, both := range map[string]bool{
		"phone,cpm_verdict": false, "phone, CPM_Verdict ": false, "phone,email,cpm_email_promotion": true,
	} {
		row := strings.Repeat(",", strings.Count(header, ","))
		_, _, err := annotate(t, annotateJob(t, []byte(header+"\n13800000001"+row+"\n"), both, formats.Options{}))
		if fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v", header, err)
		}
	}
	if _, _, err := annotate(t, annotateJob(t, []byte("phone,email,cpm_verdict\n1,b,permitted\n"), true, formats.Options{})); err != nil {
		t.Errorf("a column of another name was refused: %v", err)
	}
}

func TestAnAnnotatedParquetFileReadsBack(t *testing.T) {
	type recipient struct {
		Phone string  `parquet:"phone"`
		Email *string `parquet:"email,optional"`
	}
	email := "a@example.com"
	var file bytes.Buffer
	writer := parquet.NewGenericWriter[recipient](&file, parquet.MaxRowsPerRowGroup(2))
	if _, err := writer.Write([]recipient{{"13800000001", nil}, {"13800000002", &email}, {"x", nil}}); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	annotated, _, err := annotate(t, annotateJob(t, file.Bytes(), true, formats.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := formats.Open(formats.Input{
		Name: "annotated", Reader: strings.NewReader(annotated), Size: int64(len(annotated)),
	}, formats.Options{})
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"phone", "email", "cpm_sms_promotion", "cpm_email_promotion"}
	if got := reader.Info().Columns; !slices.Equal(got, columns) {
		t.Fatalf("columns %v", got)
	}
	want := "13800000001||permitted|invalid_identifier\n13800000002|a@example.com|denied|permitted\nx||invalid_identifier|invalid_identifier\n"
	if got := table(t, reader, len(columns)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// table returns the values of the first columns, a line a row.
func table(t *testing.T, reader formats.Reader, columns int) string {
	t.Helper()
	var places []int
	for at := range columns {
		places = append(places, at)
	}
	if err := reader.Select(places); err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for {
		batch, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return lines.String()
		}
		if err == nil {
			err = batch.Decode()
		}
		if err != nil {
			t.Fatal(err)
		}
		for row := range batch.Rows() {
			var values []string
			for column := range columns {
				values = append(values, string(batch.Values(column)[row]))
			}
			lines.WriteString(strings.Join(values, "|") + "\n")
		}
		batch.Release()
	}
}
