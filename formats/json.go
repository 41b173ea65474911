package formats

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"cpm/formats/fault"
)

const (
	jsonBatchSize = 1 << 20
	jsonRowLimit  = 16 << 20
	jsonPeek      = 64 << 10 // what is looked at to tell the form and the columns, whatever a batch aims at
	jsonMaxDots   = 63       // of a path: they are bits of a word
	recordsRoot   = "."      // Options.Records: the values of the document themselves
)

// jsonForm says where in a document the records stand.
type jsonForm uint8

const (
	formLines jsonForm = iota // one behind another: JSON Lines, or objects over several lines
	formArray                 // in one array
	formPages                 // in an array in an object, as an API sends pages, and in those of the objects behind it
)

// jsonReader cuts a document into batches that end where a record does.
type jsonReader struct {
	in    jsonWindow
	info  Info
	form  jsonForm
	batch int // bytes
	limit int // bytes of a record
	mark  []byte
	eol   string         // the line end of the document; empty when it has none
	paths []string       // of the columns asked for
	keys  map[string]int // the columns of a table made of the records; nil: there is none

	records string                 // of pages: the path of their records
	guessed bool                   // nobody has named it
	around  []string               // the keys beside guessed records
	meaning func(path string) bool // nil: nobody minds paths that are no columns
	known   map[string]bool        // the columns, for that
	strict  bool                   // a path that may be lost makes a row malformed
	page    page

	inside bool  // the next byte stands in an array of records
	fresh  bool  // nothing of that array has been cut
	err    error // what Next has answered last, when that was an error
	spare  pool[jsonBatch]
}

// openJSON tells the form of a document, and the columns from its first records.
func openJSON(in Input, o Options) (Reader, error) {
	r := newJSONReader(in, o.BatchSize)
	r.strict = o.Strict
	if err := r.begin(o); err != nil {
		return nil, err
	}
	return r, nil
}

func newJSONReader(in Input, batch int) *jsonReader {
	if batch <= 0 {
		batch = jsonBatchSize
	}
	if in.Size >= 0 { // a folder of small files needs no large buffers
		batch = min(batch, max(int(min(in.Size, jsonBatchSize))+1, jsonPeek))
	}
	r := &jsonReader{batch: min(batch, csvMaxBatch), limit: jsonRowLimit}
	r.in = jsonWindow{name: in.Name, src: in.Reader, line: 1, buf: make([]byte, 0, max(r.batch, jsonPeek))}
	r.info = Info{Format: "JSON", Rows: -1, Size: in.Size}
	return r
}

// begin reads what stands before the first record.
func (r *jsonReader) begin(o Options) error {
	if err := refuseTableOptions(r.in.name, o); err != nil {
		return err
	}
	if err := r.in.ensure(jsonPeek); err != nil {
		return err
	}
	if bytes.HasPrefix(r.in.ahead(len(bom)), []byte(bom)) {
		r.mark = []byte(bom)
		r.in.take(len(bom))
	}
	head := r.in.ahead(jsonPeek)
	if err := r.refuseForeign(head); err != nil {
		return err
	}
	if lf := bytes.IndexByte(head, '\n'); lf >= 0 {
		r.eol = string(head[contentEnd(head, 0, lf) : lf+1])
	}
	if err := r.tellForm(o.Records); err != nil {
		return err
	}
	r.info.Detail = r.detail()
	return r.nameColumns()
}

// refuseTableOptions refuses what is said of tables alone.
func refuseTableOptions(name string, o Options) error {
	switch utf8 := strings.EqualFold(strings.ReplaceAll(o.Encoding, "-", ""), "utf8"); {
	case o.NoHeader:
		return fault.New(fault.Usage, name, "JSON has no header to be without: its keys name the columns").Hint("leave out --no-header")
	case utf8:
		o.Encoding = ""
	}
	return o.refuse(name, "JSON", "encoding", "delimiter", "sheet")
}

// refuseForeign refuses a document whose beginning is not UTF-8; what comes later is refused with its record.
func (r *jsonReader) refuseForeign(head []byte) error {
	p := peek{head: head, cut: !r.in.ended || len(head) == jsonPeek}
	at := foreignAt(p)
	if at < 0 {
		return nil
	}
	what := "text that is not UTF-8"
	if c, _, ok := tellCharset(p); ok {
		what = "text that looks like " + c.name + ", not UTF-8"
	}
	return fault.New(fault.Unsupported, r.at(r.in.lineAt(at)), "JSON is read in UTF-8, and this is %s", what).
		Hint("convert it to UTF-8, if it is Chinese: iconv -f GB18030 -t UTF-8 IN > OUT")
}

func (r *jsonReader) detail() string {
	text := "UTF-8, "
	if len(r.mark) > 0 {
		text = "UTF-8 with BOM, "
	}
	switch r.form {
	case formArray:
		return text + "an array"
	case formPages:
		return text + "records in " + r.records + "[]"
	}
	return text + "JSON Lines"
}

// Info implements Reader.
func (r *jsonReader) Info() Info { return r.info }

// Done implements Reader.
func (r *jsonReader) Done() int64 { return r.in.done.Load() }

// Path implements PathReader.
func (r *jsonReader) Path(path string) (int, error) {
	if column := slices.Index(r.info.Columns, path); column >= 0 {
		return column, nil
	}
	if err := r.checkPath(path); err != nil {
		return 0, err
	}
	r.info.Columns = append(r.info.Columns, path)
	return len(r.info.Columns) - 1, nil
}

func (r *jsonReader) checkPath(path string) error {
	if dots := strings.Count(path, "."); dots > jsonMaxDots {
		return fault.New(fault.Usage, r.in.name, "a path of %d dots; at most %d are followed", dots, jsonMaxDots).
			Hint("name a path that begins the same and is shorter")
	}
	return nil
}

// Select implements Reader.
func (r *jsonReader) Select(columns []int) error {
	paths := make([]string, 0, len(columns))
	for _, c := range columns {
		if c < 0 || c >= len(r.info.Columns) {
			return fault.New(fault.Usage, r.in.name, "there is no column #%d, the first records have %d", c+1, len(r.info.Columns))
		}
		if err := r.checkPath(r.info.Columns[c]); err != nil {
			return err
		}
		paths = append(paths, r.info.Columns[c])
	}
	r.paths = paths
	return nil
}

// Close implements Reader.
func (r *jsonReader) Close() error {
	r.in.buf, r.in.pos = nil, 0
	r.spare.drop()
	return nil
}

// Next implements Reader.
func (r *jsonReader) Next() (Batch, error) {
	if r.err != nil {
		return nil, r.err
	}
	b := r.spare.take()
	b.from = r
	if r.err = r.cut(b); r.err != nil {
		b.Release()
		return nil, r.err
	}
	return b, nil
}

// cut fills the batch with the records that come next.
func (r *jsonReader) cut(b *jsonBatch) error {
	if r.form == formLines {
		return r.cutRecords(b)
	}
	for {
		if r.inside {
			if cut, err := r.cutElements(b); cut || err != nil {
				return err
			}
		}
		if r.form == formArray {
			return r.expectEnd()
		}
		if err := r.nextPage(); err != nil {
			return err
		}
	}
}

// cutRecords cuts records that stand outside any array.
func (r *jsonReader) cutRecords(b *jsonBatch) error {
	if _, err := r.in.space(); err != nil {
		return err
	}
	for want := r.batch; ; want *= 2 {
		if err := r.in.ensure(want); err != nil {
			return err
		}
		part := r.in.ahead(want)
		end := len(part)
		if !r.isAll(part) {
			end = lastRecordStart(part)
		}
		if end > 0 {
			r.hand(b, end)
			return nil
		}
		if len(part) > 2*r.limit {
			return r.tooLong(r.in.line)
		}
	}
}

// cutElements cuts elements of the array in which the next byte stands. It reports false when the array has none left.
func (r *jsonReader) cutElements(b *jsonBatch) (bool, error) {
	for want := r.batch; ; {
		part := r.in.ahead(want)
		end, closed := lastElementEnd(part)
		switch {
		case closed && r.fresh && jsonSpace(part, 0) == end-1 && part[end-1] == ']':
			r.in.take(end)
			r.inside, r.fresh = false, false
			return false, nil
		case closed, end > 0 && (len(part) == want || r.in.ended):
			r.hand(b, end)
			b.closed, r.inside, r.fresh = closed, !closed, false
			return true, nil
		case r.isAll(part):
			return false, r.unclosed(part)
		case len(part) < want: // what was left in the window did not do
		case len(part) > 2*r.limit:
			return false, r.tooLong(r.in.lineAt(jsonSpace(part, 0)))
		default:
			want *= 2
		}
		if err := r.in.ensure(want); err != nil {
			return false, err
		}
	}
}

// isAll reports whether part, which begins at the next byte, is all that the input still has.
func (r *jsonReader) isAll(part []byte) bool {
	return r.in.ended && r.in.pos+len(part) == len(r.in.buf)
}

// hand copies the next n bytes to a batch.
func (r *jsonReader) hand(b *jsonBatch, n int) {
	b.data = append(b.data[:0], r.in.ahead(n)...)
	b.line, b.closed = r.in.line, false
	r.in.take(n)
	b.isLast = r.in.ended && r.in.pos == len(r.in.buf)
}

// expectEnd returns io.EOF when nothing but white space is left.
func (r *jsonReader) expectEnd() error {
	if _, err := r.in.space(); err != nil {
		return err
	}
	return fault.New(fault.Input, r.at(r.in.line), "the array has ended, and something follows it").
		Hint("put all records into one array, or write one record a line without any")
}

// at returns the place of a fault: the line at which a record begins.
func (r *jsonReader) at(line int64) string { return fmt.Sprintf("%s:%d", r.in.name, line) }

func (r *jsonReader) tooLong(line int64) error {
	return fault.New(fault.Input, r.at(line), "the record that begins here is longer than %s", sizeName(r.limit)).
		Hint("look for a quote or bracket that is never closed; when it is an object around the records, name their path")
}

// endsInside is the fault of a file whose last record is cut.
func (r *jsonReader) endsInside(line int64) error {
	return fault.New(fault.Input, r.at(line), "the file ends inside the record that begins here").
		Hint("fetch the file again: it was cut short")
}

// unclosed is the fault of an array that rest begins and the end of the file does not.
func (r *jsonReader) unclosed(rest []byte) error {
	if at := jsonSpace(rest, 0); at < len(rest) {
		return r.endsInside(r.in.lineAt(at))
	}
	return fault.New(fault.Input, r.at(r.in.lineAt(len(rest))), "the file ends before the array of records does").
		Hint("fetch the file again: it was cut short")
}

// noJSON is the fault of a value that cannot be read, for the reason that its reading gave.
func (r *jsonReader) noJSON(line int64, reason int) error {
	if reason == jsonDeep {
		return fault.New(fault.Input, r.at(line), "the record that begins here is nested more than %d deep", jsonDepth).
			Hint("export it flatter: no record needs that")
	}
	return fault.New(fault.Input, r.at(line), "the record that begins here is not valid JSON").
		Hint("export the file again, or look at the record with a JSON tool such as jq")
}

func (r *jsonReader) noObject(line int64) error {
	return fault.New(fault.Input, r.at(line), "a record should begin here, an object in braces").
		Hint("write every record as an object, {\"phone\": …}, and one comma between those of an array")
}

func (r *jsonReader) noUTF8(line int64) error {
	return fault.New(fault.Input, r.at(line), "the record that begins here holds bytes that are not UTF-8").
		Hint("export the file again in UTF-8")
}
