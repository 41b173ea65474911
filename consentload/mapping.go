package consentload

import (
	"slices"
	"strings"
)

// Mapping says how a platform's export is to be read: which columns hold identifiers, and which acts a record tells.
// It is data, a YAML file; the struct tags are its one definition, as those of Config are.
//
// A column is named as in the header, or for JSON by its path (keys joined by dots). A name that ends in "?" is that of
// a column that an export may lack. In an act with each, a name that begins with a dot is a path within the element,
// "@key" is its key and "@value" its value; in an act with columns, "@match" is what the star stood for. A path through
// an array is written with [], one through the elements that have a certain value with [Name=Email].
type Mapping struct {
	Version   int                 `yaml:"version" enum:"1" doc:"the version of this file's form; 1" required:"true"`
	Title     string              `yaml:"title" doc:"what it reads, in one line" required:"true"`
	Source    string              `yaml:"source" doc:"where the shape is documented"`
	Caveats   []string            `yaml:"caveats" doc:"what is not sure about it; told wherever it is used"`
	Records   string              `yaml:"records" doc:"of a JSON document: the path of the array whose elements are the records"`
	Detect    []string            `yaml:"detect" written:"true" doc:"columns by which a file shows that it has this shape"`
	ID        []IDMapping         `yaml:"id" doc:"the columns of identifiers; a source may name others"`
	SplitID   string              `yaml:"split_id" doc:"what parts several identifiers in one cell, in the columns that a source names too"`
	DeclareID bool                `yaml:"declare_id" doc:"whether the source must say which identifier stands in which column: the platform leaves it to its customer"`
	Timezone  string              `yaml:"timezone" format:"zone" doc:"IANA zone of times that the platform writes without one"`
	NoHeader  bool                `yaml:"no_header" doc:"whether its files have no line that names the columns: they are then called #1, #2, …"`
	Dates     bool                `yaml:"dates" doc:"whether a time may be a date alone: a grant counts from its start, a refusal from its end"`
	Drop      map[string][]string `yaml:"drop" written:"true" blank:"true" doc:"records that are no person's: a column, and its values; an empty one stands for nothing"`
	NoGrant   map[string][]string `yaml:"no_grant" written:"true" blank:"true" doc:"records that grant nothing, though they may refuse: a column, and its values"`
	MustEmpty []string            `yaml:"must_be_empty" written:"true" doc:"columns that hold consent which the mapping does not read: a record that has something there cannot be read"`
	Pass      []string            `yaml:"pass" written:"true" doc:"columns that tell nothing of consent; they matter where columns names all others"`
	Acts      []ActMapping        `yaml:"acts" doc:"what a record tells of consent" required:"true"`

	// Name is what messages call the mapping: that of a preset, or the path of its file.
	Name string `yaml:"-"`
}

// IDMapping is a column of identifiers, or several that make one together.
type IDMapping struct {
	Kind    string              `yaml:"kind" doc:"the identifier kind" required:"true"`
	Column  string              `yaml:"column" doc:"the column"`
	Columns []string            `yaml:"columns" doc:"the columns whose values, one behind another, make the identifier"`
	Split   string              `yaml:"split" doc:"what parts several values in one cell"`
	Prefix  string              `yaml:"prefix" doc:"what may stand before a value and is no part of it, such as the ' that makes spreadsheets keep digits"`
	Region  string              `yaml:"region" format:"region" doc:"ISO 3166 region of phone numbers that the platform writes without a country code; that of the configuration when absent"`
	When    map[string][]string `yaml:"when" written:"true" blank:"true" doc:"only where a column has one of these values; an empty one stands for nothing"`
}

// columns lists the columns of an identifier.
func (m *IDMapping) columns() []string {
	if m.Column != "" {
		return append([]string{m.Column}, m.Columns...)
	}
	return m.Columns
}

// ActMapping is one statement on consent that a record can make.
type ActMapping struct {
	File    string              `yaml:"file" doc:"only in files whose name has this pattern: the name tells the state"`
	Each    string              `yaml:"each" doc:"an array (Purposes[]) or object (purposes{}) with one act for each element"`
	Split   string              `yaml:"split" doc:"what parts the elements of each in a cell of text"`
	Columns string              `yaml:"columns" doc:"one act for each column whose name has this pattern; * stands for anything"`
	Above   string              `yaml:"above" doc:"of columns: what parts a name from that of the columns above it (Sales_Emails, Sales), without whose grants it grants nothing"`
	When    map[string][]string `yaml:"when" written:"true" blank:"true" doc:"only where a column has one of these values; an empty one stands for nothing"`
	Unless  map[string][]string `yaml:"unless" written:"true" blank:"true" doc:"not where a column has one of these values"`
	IfSet   string              `yaml:"if_set" doc:"only where this column holds something"`

	Channel       string            `yaml:"channel" doc:"the channel; * for all"`
	ChannelColumn string            `yaml:"channel_column" doc:"the column that names the channel"`
	ChannelWords  map[string]string `yaml:"channel_words" doc:"the channel that each word of the platform stands for"`
	Purpose       string            `yaml:"purpose" doc:"the purpose; * for all"`
	PurposeColumn string            `yaml:"purpose_column" doc:"the column that names the purpose"`
	PurposeWords  map[string]string `yaml:"purpose_words" doc:"the purpose that each word of the platform stands for"`

	Status string            `yaml:"status" enum:"granted,pending,denied,withdrawn,expired" doc:"the status of every such act: presence tells it"`
	Column string            `yaml:"column" doc:"the column that tells the status"`
	Words  map[string]string `yaml:"words" enum:"granted,pending,denied,withdrawn,expired,unknown" doc:"the status that each word stands for; unknown overrides nothing and permits nothing"`
	Absent string            `yaml:"absent" enum:"denied,withdrawn" doc:"the status of each of purpose_words that no element of each names"`

	At      []string `yaml:"at" doc:"the columns of the act's time; the first that holds something counts"`
	Latest  bool     `yaml:"latest" doc:"of refusals: whether of the snapshot and the times that at names the latest counts, as those may be older than the act"`
	Undated bool     `yaml:"undated" doc:"whether a grant without a time counts as older than every dated act"`
	Expires string   `yaml:"expires" doc:"the column of the expiry"`
	Notice  string   `yaml:"notice" doc:"the column of the notice"`
	NoticeV string   `yaml:"notice_version" doc:"the column of the notice's version"`
}

const minimalMapping = "a mapping has a version, a title and acts; cpm presets show canonical prints one"

// ReadMapping reads the text of a mapping; name is the file's, for messages. All that is wrong is returned at once, as
// ConfigErrors.
func ReadMapping(name string, text []byte) (*Mapping, error) {
	w := newConfigWalk(name, minimalMapping)
	m := &Mapping{Name: name}
	if err := w.readText(text, m, func() { w.checkMapping(m) }); err != nil {
		return nil, err
	}
	return m, nil
}

// checkMapping looks at what the keys say together.
func (w *configWalk) checkMapping(m *Mapping) {
	root := address("")
	for i := range m.ID {
		w.checkID(&m.ID[i], root.key("id").item(i))
	}
	for _, one := range []struct {
		key     string
		columns []string
	}{{"must_be_empty", m.MustEmpty}, {"drop", sortedKeys(m.Drop)}, {"no_grant", sortedKeys(m.NoGrant)}} {
		for _, column := range one.columns {
			w.checkReference(column, root.key(one.key), nil)
		}
	}
	if len(m.Acts) == 0 && !w.failed[root.key("acts")] {
		w.failAt(root.key("acts"), "acts is empty").Hint("list what a record tells: a channel, a purpose, a status")
	}
	for i := range m.Acts {
		w.checkAct(&m.Acts[i], root.key("acts").item(i))
	}
}

func (w *configWalk) checkID(id *IDMapping, at address) {
	failed := w.failed[at.key("column")] || w.failed[at.key("columns")]
	switch {
	case id.Column == "" && len(id.Columns) == 0 && !failed:
		w.failAt(at, "%s names no column", at).Hint("write column, or columns for several that make one identifier together")
	case id.Column != "" && len(id.Columns) > 0:
		w.failAt(at.key("columns"), "%s has both column and columns", at).Hint("keep one")
	case id.Split != "" && len(id.Columns) > 0:
		w.failAt(at.key("split"), "%s has both split and columns", at).Hint("one identifier is made of columns, or several stand in one")
	}
	for i, column := range id.Columns {
		if column == "" || i == 0 && strings.HasSuffix(column, "?") {
			w.failAt(at.key("columns"), "the first of columns may not be missing, and none may be empty").Hint("name it without ?")
		}
	}
	for _, column := range id.columns() {
		w.checkReference(column, at, nil)
	}
	for _, column := range sortedKeys(id.When) {
		w.checkReference(column, at.key("when"), nil)
	}
}

func (w *configWalk) checkAct(a *ActMapping, at address) {
	w.oneOf(at, reference{"channel", a.Channel}, reference{"channel_column", a.ChannelColumn})
	w.oneOf(at, reference{"purpose", a.Purpose}, reference{"purpose_column", a.PurposeColumn})
	column := a.Column
	if column == "" && a.Columns != "" {
		column = "@column"
	}
	w.oneOf(at, reference{"status", a.Status}, reference{"column", column})
	switch {
	case a.Column == "" && a.Columns == "" && len(a.Words) > 0:
		w.failAt(at.key("words"), "%s stands without a column", at.key("words")).Hint("name the column that holds them")
	case a.Status == "" && column != "" && len(a.Words) == 0 && !w.failed[at.key("words")]:
		w.failAt(at.key("column"), "%s stands without words", at).Hint("say with words: what each of its values means")
	}
	w.checkWhere(a, at)
	for _, use := range a.references() {
		w.checkReference(use.name, at.key(use.key), a)
	}
}

// checkWhere looks at the keys that only an act with each has, or one with columns.
func (w *configWalk) checkWhere(a *ActMapping, at address) {
	if a.Absent != "" && (a.Each == "" || len(a.PurposeWords) == 0) {
		w.failAt(at.key("absent"), "absent stands without each and purpose_words").
			Hint("list all purposes that may be named, so that those that are not can be told")
	}
	if a.Split != "" && a.Each == "" {
		w.failAt(at.key("split"), "split stands without each").Hint("name the column under each")
	}
	if a.Above != "" && a.Columns == "" {
		w.failAt(at.key("above"), "above stands without columns").Hint("name the pattern of the columns under columns")
	}
	if strings.Count(a.Columns, Star) > 1 {
		w.failAt(at.key("columns"), "columns has more than one *").Hint("a pattern has one")
	}
}

// oneOf notes when neither of two keys is there, or both.
func (w *configWalk) oneOf(at address, constant, column reference) {
	switch {
	case w.failed[at.key(constant.key)] || w.failed[at.key(column.key)]:
	case constant.name == "" && column.name == "":
		w.failAt(at, "%s says no %s", at, constant.key).Hint("write %s, or %s for the column that tells it", constant.key, column.key)
	case constant.name != "" && column.name != "":
		w.failAt(at.key(constant.key), "%s has both %s and %s", at, constant.key, column.key).Hint("keep one")
	}
}

// reference is a name under a key of the mapping.
type reference struct{ key, name string }

// references lists the columns that an act names.
func (a *ActMapping) references() []reference {
	all := []reference{
		{"each", a.Each},
		{"if_set", a.IfSet},
		{"channel_column", a.ChannelColumn},
		{"purpose_column", a.PurposeColumn},
		{"column", a.Column},
		{"expires", a.Expires},
		{"notice", a.Notice},
		{"notice_version", a.NoticeV},
	}
	for _, name := range a.At {
		all = append(all, reference{"at", name})
	}
	for _, name := range sortedKeys(a.When) {
		all = append(all, reference{"when", name})
	}
	for _, name := range sortedKeys(a.Unless) {
		all = append(all, reference{"unless", name})
	}
	return slices.DeleteFunc(all, func(r reference) bool { return r.name == "" })
}

// checkReference refuses names that have a meaning only within an act of another kind; a is nil where no act is.
func (w *configWalk) checkReference(name string, at address, a *ActMapping) {
	ofElement := strings.HasPrefix(name, ".") || name == atKey || name == atValue
	switch {
	case ofElement && (a == nil || a.Each == ""):
		w.failAt(at, "%s names %q, which only an act with each has", at, printable(name)).Hint("name a column")
	case name == atMatch && (a == nil || a.Columns == ""):
		w.failAt(at, "%s names %q, which only an act with columns has", at, name).Hint("name a column")
	}
}
