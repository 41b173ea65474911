package consentload

import (
	"strings"
	"time"

	"cpm/formats/fault"
)

// canonical is the name of the form that this package defines: one row an act.
const canonical = "canonical"

// shape is how one file is read: where its rows keep what acts need, by places in the selection of columns. It does not
// change once it stands; several goroutines read by it.
type shape struct {
	mapping string     // the name of the mapping by which it was found
	ids     []idColumn // of the kinds that are read
	unread  []idColumn // of the kinds that --kinds leaves out
	acts    []act
	nested  bool // of records of keys, not rows of a table
	links   bool // its rows say only which identifiers belong together

	drop, noGrant []condition
	mustEmpty     []ref
	snapshot      Instant        // of which the whole file is; None when its acts have times
	zone          *time.Location // of times without one; nil: none is declared
	dates         bool           // a time may be a date alone
	namings       int            // how many namings its acts have
	watched       []string       // columns that must hold something somewhere
	touchpoint    int            // the place of the column that tells where an act was recorded, from 1; 0: unread

	columns []int    // the selection: positions in the file
	names   []string // their names as written
	passed  []string // columns that nothing reads
}

// idColumn is a column of identifiers.
type idColumn struct {
	kind   Kind
	id     KindID
	of     ref
	parts  []ref  // the columns whose values stand behind that of the first
	split  string // what parts several values in one cell; empty: one stands in it
	prefix string // what may stand before a value and is no part of it
	region string // of phone numbers without a country code; empty: that of the configuration
	when   []condition
	plain  bool // one value stands in it as it is, whatever else the row holds
}

// canonicalShape finds the columns of the canonical form. keep says which kinds are read. Its fault is of kind Input:
// a file that is no consent export cannot be trusted.
func canonicalShape(file string, header []string, kinds *Kinds, keep func(Kind) bool) (*shape, error) {
	s := &shape{mapping: canonical, snapshot: None}
	used, err := s.usualIDs(file, header, kinds, keep)
	if err != nil {
		return nil, err
	}
	if err := s.fields(file, header, used); err != nil {
		return nil, err
	}
	return s, s.check(file, header, kinds, used)
}

// isCanonical reports whether a header has the columns that make an export canonical.
func isCanonical(header []string) bool {
	for _, wanted := range [...]string{"channel", "purpose", "status", "occurred_at"} {
		if len(placesOf(header, func(name string) bool { return foldColumn(name) == foldColumn(wanted) })) == 0 {
			return false
		}
	}
	return true
}

// usualIDs finds the identifier columns that have usual names.
func (s *shape) usualIDs(file string, header []string, kinds *Kinds, keep func(Kind) bool) (map[int]bool, error) {
	used := map[int]bool{}
	for id, kind := range kinds.All() {
		matches := kinds.MatchColumns(header, kind)
		if len(matches) == 0 {
			continue
		}
		at := matches[0].Index
		if len(matches) > 1 { // none may be passed over: a refusal may name its person in it
			return nil, fault.New(fault.Input, file, "the columns %s and %s could both hold the %s",
				header[at], header[matches[1].Index], kind).
				Hint("leave one of them in the export, or give the other a name of its own")
		}
		used[at] = true
		of := ref{from: ofColumn, place: s.add(header, at), name: header[at]}
		s.addID(idColumn{kind: kind, id: KindID(id), of: of}, keep)
	}
	return used, nil
}

func (s *shape) addID(column idColumn, keep func(Kind) bool) {
	of := column.of
	column.plain = of.from == ofColumn && len(of.path) == 0 && of.watch == 0 && column.split == "" && len(column.when) == 0 && len(column.parts) == 0 && column.prefix == "" && column.region == ""
	if keep(column.kind) {
		s.ids = append(s.ids, column)
	} else {
		s.unread = append(s.unread, column)
	}
}

func (s *shape) add(header []string, at int) int {
	s.columns = append(s.columns, at)
	s.names = append(s.names, header[at])
	return len(s.columns) - 1
}

// fields finds the columns that are not identifiers.
func (s *shape) fields(file string, header []string, used map[int]bool) error {
	a := act{
		channel: naming{what: "channel", slot: 0}, purpose: naming{what: "purpose", slot: 1}, at: make([]ref, 1),
	}
	s.namings = 2
	wanted := []struct {
		name     string
		of       *ref
		required bool
	}{
		{"channel", &a.channel.from, true},
		{"purpose", &a.purpose.from, true},
		{"status", &a.column, true},
		{"occurred_at", &a.at[0], true},
		{"expires_at", &a.expires, false},
		{"notice_version", &a.version, false},
		{"notice", &a.notice, false},
	}
	var missing []string
	for _, field := range wanted {
		for at, name := range header {
			if foldColumn(name) != foldColumn(field.name) {
				continue
			}
			if field.of.set() {
				return fault.New(fault.Input, file, "two columns are called %s", field.name).
					Hint("leave one of them in the export")
			}
			*field.of = ref{from: ofColumn, place: s.add(header, at), name: name}
			used[at] = true
		}
		if field.required && !field.of.set() {
			missing = append(missing, field.name)
		}
	}
	s.acts = []act{a}
	if len(missing) == 0 {
		return nil
	}
	return fault.New(fault.Input, file, "this is no consent export: it has no column %s", strings.Join(missing, ", ")).
		Hint("a consent export has one row an act, with an identifier column and channel, purpose, status, occurred_at; " +
			"cpm presets list names the platforms whose exports are read too")
}

// check refuses an export without identifiers, or with some in a form that nobody can read: a refusal must not be lost
// because of how its person is written.
func (s *shape) check(file string, header []string, kinds *Kinds, used map[int]bool) error {
	for at, name := range header {
		if used[at] {
			continue
		}
		if err := kinds.readable(file, name); err != nil {
			return err
		}
		if folded := foldColumn(name); folded != "source" && folded != "eventid" {
			s.passed = append(s.passed, name)
		}
	}
	if len(s.ids)+len(s.unread) > 0 {
		return nil
	}
	return fault.New(fault.Input, file, "this is no consent export: no column holds an identifier").
		Hint("name a column after the identifier kind that it holds, such as phone, email or customer_id")
}

// readable refuses a column whose name says that it holds identifiers in a form that nobody can read: digests of an
// algorithm or of values that are not told, or several in one cell. To pass it over would lose whoever stands in it alone.
func (k *Kinds) readable(file, name string) error {
	if _, usual := k.usualColumn(name); usual {
		return nil
	}
	if _, _, vague := k.hashedColumn(foldColumn(name)); vague {
		return fault.New(fault.Usage, file, "column %s holds digests, and its name does not say of which algorithm", name).
			Hint("call it phone_sha256, say; a list may name it in the configuration: id: {phone_sha256: COLUMN}")
	}
	if namesDigests(name) {
		return fault.New(fault.Usage, file, "column %s holds digests, and its name does not say of what", name).
			Hint("call it phone_sha256, say; a list may name it in the configuration: id: {phone_sha256: COLUMN}; leave it out if it is of no identifier")
	}
	outer, _, nested := strings.Cut(name, ".")
	inner, _ := lastKey(name)
	_, known := k.columns[foldColumn(outer)]
	if nested && (known || k.isUsual(inner)) {
		return fault.New(fault.Unsupported, file, "column %s holds identifiers in a nested form, which are not read", name).
			Hint("export one identifier a row and column")
	}
	return nil
}

// cutHash cuts off what makes the name of a hashed kind from that of the raw one. hash is empty when there is none.
func cutHash(name string) (raw, hash string) {
	for _, hash := range [...]string{"_md5", "_sha1", "_sha256"} {
		if raw, ok := strings.CutSuffix(name, hash); ok {
			return raw, hash
		}
	}
	return name, ""
}
