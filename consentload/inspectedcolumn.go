package consentload

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"unicode/utf8"
)

// InspectedColumn is what is made of one column.
type InspectedColumn struct {
	Position int    `json:"position"` // from 1
	Name     string `json:"name"`     // empty: it may be an identifier
	// Kind is the identifier kind that a usual name stands for; Second says that the name is a less specific one.
	Kind   Kind `json:"kind,omitempty"`
	Second bool `json:"less_specific,omitempty"`
	// ReadAs says what the forms of consent exports read in it: "mailchimp: email".
	ReadAs []string `json:"read_as"`
	// Looks is what its values look like, though its name does not say so: phone, email, md5, sha1 or sha256.
	Looks  string           `json:"values_look_like,omitempty"`
	Vague  bool             `json:"digest_without_algorithm,omitempty"` // its name speaks of digests, and not of which
	NoText bool             `json:"no_text,omitempty"`                  // binary, or several values a row
	Unseen bool             `json:"not_looked_at,omitempty"`            // its values
	Values *InspectedValues `json:"values,omitempty"`                   // of identifiers and times
	Words  []InspectedWord  `json:"words,omitempty"`                    // of channels, purposes and statuses
	// Unknown counts the rows whose word nobody declared, so that it would stop a load; Untold those whose word is not
	// told, because there are too many or they may be identifiers.
	Unknown int64 `json:"unknown_words,omitempty"`
	Untold  int64 `json:"untold_words,omitempty"`
}

// InspectedValues counts the rows of a column by whether their values can be read. Rows that do not split are not
// among them.
type InspectedValues struct {
	Of         string           `json:"of"` // an identifier kind, or "time"
	Readable   int64            `json:"readable"`
	Empty      int64            `json:"empty"`
	Unreadable int64            `json:"unreadable"`
	Causes     []InspectedCause `json:"causes"` // of the unreadable ones, the most frequent first
}

// InspectedCause is why values cannot be read.
type InspectedCause struct {
	Cause string   `json:"cause"`
	Rows  int64    `json:"rows"`
	First []string `json:"first"` // places; all causes of a column together have mostPlaces of them
}

// InspectedWord is a word of consent, as written.
type InspectedWord struct {
	Word    string `json:"word"` // empty: the cell is
	Rows    int64  `json:"rows"`
	Unknown bool   `json:"unknown,omitempty"` // nobody declared it
}

// inspectedColumn is a column under inspection.
type inspectedColumn struct {
	InspectedColumn
	task   columnTask
	id     idColumn   // of identifiers: how they are written
	times  TimeReader // of times
	known  func(word string) bool
	closed bool // only known words are told: the column may hold anything
	noText bool
	looked bool

	causes map[string]*InspectedCause
	placed int
	words  map[string]*int64
	looks  valueLooks
}

// columnTask is what the values of a column are read as.
type columnTask uint8

const (
	readHints columnTask = iota // for what they look like
	readNothing
	readWords
	readTimes
	readIdentifiers
)

// describe says of each column what its name stands for, and what is to be read in it.
func (run *inspecting) describe(header []string) []*inspectedColumn {
	kinds := run.Catalog.Kinds
	all := make([]*inspectedColumn, len(header))
	for at, name := range header {
		c := &inspectedColumn{causes: map[string]*InspectedCause{}, words: map[string]*int64{}}
		c.Position, c.ReadAs = at+1, []string{}
		if usual, ok := kinds.usualColumn(name); ok {
			c.Kind, c.Second = kinds.All()[usual.kind], usual.rank > 0
			c.task, c.id = readIdentifiers, idColumn{kind: c.Kind, id: usual.kind}
		}
		_, _, c.Vague = kinds.hashedColumn(foldColumn(name))
		all[at] = c
	}
	for _, form := range run.forms {
		form.describe(all)
	}
	for at, c := range all {
		if name := header[at]; !looksLikeData(name) && (!run.told.Headless || c.Kind != "" || len(c.ReadAs) > 0) {
			c.Name = printable(name)
		}
		switch c.task {
		case readIdentifiers:
			c.Values = &InspectedValues{Of: string(c.id.kind)}
		case readTimes:
			c.Values = &InspectedValues{Of: "time"}
		case readHints, readNothing, readWords:
		}
	}
	return all
}

// take looks at one value and reports whether it is a readable identifier.
func (c *inspectedColumn) take(run *inspecting, value []byte, place func() string) bool {
	switch c.task {
	case readIdentifiers:
		return c.identifier(run, value, place)
	case readTimes:
		at, bad := c.times.Read(value, Earlier)
		switch bad {
		case TimeOK:
			c.Values.Readable++
			if run.told.Oldest == None || at < run.told.Oldest {
				run.told.Oldest = at
			}
			run.told.Newest = max(run.told.Newest, at)
		case TimeEmpty:
			c.Values.Empty++
		default:
			c.bad(bad.String(), place)
		}
	case readWords:
		c.word(value)
	case readHints:
		c.looks.take(run.normal, value)
	case readNothing:
	}
	return false
}

// identifier looks at the identifiers of a cell. The worst of several is told, as none of them may be passed over.
func (c *inspectedColumn) identifier(run *inspecting, value []byte, place func() string) bool {
	normal := run.normalOf(c.id.region)
	why, readable := Empty, false
	parts := [][]byte{value}
	if c.id.split != "" {
		parts = bytes.Split(value, []byte(c.id.split))
	}
	for _, part := range parts {
		if c.id.prefix != "" {
			part = bytes.TrimPrefix(bytes.TrimFunc(part, isBlank), []byte(c.id.prefix))
		}
		form, one := normal.Append(run.buf[:0], c.id.id, part)
		run.buf = form[:0]
		readable = readable || one == Readable
		if one != Readable && one != Empty {
			why = one
		}
	}
	switch {
	case why != Empty:
		c.bad(why.String(), place)
	case readable:
		c.Values.Readable++
	default:
		c.Values.Empty++
	}
	return readable
}

// normalOf returns the normalizer for phone numbers of a region; that of the configuration for none.
func (run *inspecting) normalOf(region string) *Normalizer {
	if region == "" {
		return run.normal
	}
	normal := run.regions[region]
	if normal == nil {
		normal = &Normalizer{kinds: run.normal.kinds, phone: newPhoneReader(region), digest: run.normal.digest}
		run.regions[region] = normal
	}
	return normal
}

// bad counts a value that cannot be read.
func (c *inspectedColumn) bad(why string, place func() string) {
	c.Values.Unreadable++
	cause := c.causes[why]
	if cause == nil {
		cause = &InspectedCause{Cause: why, First: []string{}}
		c.causes[why] = cause
	}
	if cause.Rows++; c.placed < mostPlaces {
		c.placed++
		cause.First = append(cause.First, place())
	}
}

const (
	mostWords  = 20  // different ones, that are told; more are no vocabulary
	wordsInUse = 512 // different ones that are counted
)

// word counts a word.
func (c *inspectedColumn) word(value []byte) {
	value = bytes.TrimFunc(value, isBlank)
	rows := c.words[string(value)]
	if rows == nil {
		if len(c.words) == wordsInUse || len(value) > quotedRunes {
			c.Untold++
			return
		}
		rows = new(int64)
		c.words[string(value)] = rows
	}
	*rows++
}

// tell says what was found.
func (c *inspectedColumn) tell() InspectedColumn {
	c.NoText, c.Unseen = c.noText, !c.looked && !c.noText
	if c.noText {
		c.Values = nil
	}
	if c.Values != nil {
		c.Values.Causes = []InspectedCause{}
		for _, cause := range c.causes {
			c.Values.Causes = append(c.Values.Causes, *cause)
		}
		slices.SortFunc(c.Values.Causes, func(a, b InspectedCause) int {
			return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Cause, b.Cause))
		})
	}
	if c.task == readHints {
		c.Looks = c.looks.name()
	}
	c.tellWords()
	return c.InspectedColumn
}

// tellWords tells the words of consent. Where one of them may be an identifier, the column is not what it should be,
// and only the words that are known are told.
func (c *inspectedColumn) tellWords() {
	told := !c.closed && c.Untold == 0 && len(c.words) <= mostWords
	for word := range c.words {
		told = told && (c.isKnown(word) || isWord(word))
	}
	for _, word := range slices.Sorted(maps.Keys(c.words)) {
		rows, known := *c.words[word], c.isKnown(word)
		if !known {
			c.Unknown += rows
		}
		if !known && !told {
			c.Untold += rows
			continue
		}
		c.Words = append(c.Words, InspectedWord{Word: printable(word), Rows: rows, Unknown: !known})
	}
	slices.SortStableFunc(c.Words, func(a, b InspectedWord) int { return cmp.Compare(b.Rows, a.Rows) })
}

func (c *inspectedColumn) isKnown(word string) bool { return c.known != nil && c.known(word) }

// isWord reports whether a word may be told.
func isWord(word string) bool { return utf8.ValidString(word) && Tell(word) == word }
