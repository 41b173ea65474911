package consentload

import (
	"strconv"
	"strings"

	"cpm/formats"
	"cpm/formats/fault"
)

// The names that an act has beside the columns of its file.
const (
	atKey   = "@key"   // the key of the element at hand
	atValue = "@value" // its value
	atMatch = "@match" // what the star of a pattern of columns stood for
)

// ref is a column that a mapping names, found in a file: where its value comes from in a row. The zero ref names none.
type ref struct {
	from  origin
	place int    // of a column: its place in the selection
	path  []step // within the value
	name  string // for messages
	text  []byte // of a match: what the star stood for
	mixed bool   // found by a pattern: what was meant to be a word may be an identifier
	must  bool   // within an element: it must be there
	watch int    // place among the columns that must hold something somewhere; 0: not watched
}

type origin uint8

const (
	nowhere origin = iota
	ofColumn
	ofElement
	ofElementKey
	ofMatch
)

func (f ref) set() bool { return f.from != nowhere }

// isCell reports a column whose cells are taken as they stand.
func (f *ref) isCell() bool { return f.from == ofColumn && f.path == nil && f.watch == 0 }

// free reports a key, a value or a part of a column's name: nothing says that words stand there, and names of persons may.
func (f *ref) free() bool {
	return f.from == ofMatch || f.from == ofElementKey || f.from == ofElement && len(f.path) == 0
}

// finder finds the columns of one file.
type finder struct {
	file    string
	header  []string
	paths   formats.PathReader // of nested rows; nil for a table
	shape   *shape
	used    map[int]bool
	chosen  map[int]int // place in the selection, by column
	match   string      // what the star of a pattern of columns stands for
	pattern int         // the column that it was found in
}

// add selects a column, once.
func (f *finder) add(column int) int {
	f.used[column] = true
	if place, ok := f.chosen[column]; ok {
		return place
	}
	f.chosen[column] = f.shape.add(f.header, column)
	return f.chosen[column]
}

// find returns where the column of that name stands; the zero ref for an empty name, and for one that ends in "?" and
// is not there. A column that is missing is a fault of kind Input: its file has not the shape that it should have.
func (f *finder) find(name string) (ref, error) {
	optional := strings.HasSuffix(name, "?")
	name = strings.TrimSuffix(name, "?")
	found := ref{name: strings.TrimSuffix(strings.TrimSuffix(name, "[]"), "{}")}
	switch {
	case name == "":
		return ref{}, nil
	case name == atKey:
		found.from = ofElementKey
	case name == atValue:
		found.from = ofElement
	case name == atMatch:
		found.from, found.text, found.name = ofMatch, []byte(f.match), f.header[f.pattern]
		if looksLikeData(found.name) {
			found.name = "#" + strconv.Itoa(f.pattern+1)
		}
	case strings.HasPrefix(name, "."):
		found.from, found.path, found.must = ofElement, parsePath(name), !optional
		f.watch(&found, optional)
	default:
		column, path, err := f.column(name)
		if err != nil {
			return ref{}, err
		}
		if column < 0 && optional {
			return ref{}, nil
		}
		if column < 0 {
			return ref{}, fault.New(fault.Input, f.file, "there is no column %s, which the mapping %s reads", quoteSafely(name), f.shape.mapping).
				Hint("the file has %s; check that it is the export that it should be", f.columns())
		}
		found.from, found.place, found.path = ofColumn, f.add(column), path
		if f.paths != nil {
			f.watch(&found, optional)
		}
	}
	return found, nil
}

// watch notes a column that must hold something somewhere: of nested rows nobody can say beforehand which there are, and
// a misspelt one would never hold anything.
func (f *finder) watch(found *ref, optional bool) {
	if optional {
		return
	}
	f.shape.watched = append(f.shape.watched, found.name)
	found.watch = len(f.shape.watched)
}

// column returns the column of a name, and the path within it; -1 when there is none.
func (f *finder) column(name string) (column int, path []step, err error) {
	if column, err = f.named(name); column >= 0 || err != nil {
		return column, nil, err
	}
	steps := parsePath(name)
	outer := make([]string, 0, len(steps))
	for i, s := range steps {
		outer = append(outer, s.key)
		if !s.leaf() { // the column is the array or object itself
			s.key = ""
			path = append([]step{s}, steps[i+1:]...)
			break
		}
	}
	if f.paths != nil {
		if column, err = f.paths.Path(strings.Join(outer, ".")); err == nil {
			f.header = f.paths.Info().Columns
		}
		return column, path, err
	}
	// In a table the column is the longest beginning of the path that names one; the rest is a path into its JSON.
	for n := len(outer); n > 0; n-- {
		if column, err = f.named(strings.Join(outer[:n], ".")); column >= 0 || err != nil {
			return column, append(parseRest(outer[n:]), path...), err
		}
	}
	return -1, nil, nil
}

func parseRest(keys []string) []step {
	steps := make([]step, 0, len(keys))
	for _, key := range keys {
		steps = append(steps, step{key: key})
	}
	return steps
}

// named returns the column with a name, as it is written or else without regard to case, spaces, _ and -.
func (f *finder) named(name string) (int, error) {
	found := placesOf(f.header, func(column string) bool { return column == name })
	if folded := foldColumn(name); len(found) == 0 && folded != "" {
		found = placesOf(f.header, func(column string) bool { return foldColumn(column) == folded })
	}
	switch len(found) {
	case 0:
		return -1, nil
	case 1:
		return found[0], nil
	}
	return -1, fault.New(fault.Input, f.file, "%d columns are called %s", len(found), quoteSafely(name)).
		Hint("leave one of them in the export")
}

// columns lists the columns of the file for a message.
func (f *finder) columns() string {
	var shown []string
	for i := range f.header[:min(len(f.header), mostListed)] {
		shown = append(shown, shownColumn(f.header, i))
	}
	return strings.Join(shown, ", ")
}
