package consentload

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cpm/formats/fault"
)

// claim selects the columns that an act of a pattern names beside it, so that no pattern takes them for its own.
func (f *mapper) claim(a *ActMapping) error {
	for _, use := range a.references() {
		if use.name == atMatch {
			continue
		}
		if _, err := f.find(use.name); err != nil {
			return err
		}
	}
	return nil
}

// starred finds the columns of a pattern; those that something else reads, or that are passed over, are not meant.
func (f *mapper) starred(a *ActMapping) error {
	var meant []int // all of them before the first is read: one may be named by another, as that above it
	var matches []string
	for at, name := range f.header {
		if f.used[at] || f.ignored[at] {
			continue
		}
		match, like := matchPattern(a.Columns, name)
		switch {
		case like:
			meant, matches = append(meant, at), append(matches, match)
		case nearlyMeant(a.Columns, name):
			return fault.New(fault.Input, f.file, "column %s is nearly one of %s, and what it says would be lost", shownColumn(f.header, at), quoteSafely(a.Columns)).
				Hint("name it as the platform does, or list it under ignore in the source if it tells nothing of consent")
		}
	}
	for i, at := range meant {
		f.match, f.pattern = matches[i], at
		if err := f.act(a, at); err != nil {
			return err
		}
	}
	return nil
}

// matchPattern returns what the star of a pattern stands for in a name. What does not count in a column's name does not
// count beside the star either.
func matchPattern(pattern, name string) (match string, like bool) {
	before, after, _ := strings.Cut(pattern, Star)
	start, end := foldedEnd(name, foldColumn(before)), foldedStart(name, foldColumn(after))
	if start < 0 || end < start {
		return "", false
	}
	match = strings.TrimSpace(name[start:end])
	joint := func(r rune) bool { return foldColumn(string(r)) == "" }
	if before != "" {
		match = strings.TrimLeftFunc(match, joint)
	}
	if after != "" {
		match = strings.TrimRightFunc(match, joint)
	}
	return match, true
}

// foldedEnd is where the beginning of a name ends that folds to some text; -1 when it begins otherwise.
func foldedEnd(name, folded string) int {
	if folded == "" {
		return 0
	}
	for at, r := range name {
		if end := at + utf8.RuneLen(r); end <= len(name) && foldColumn(name[:end]) == folded {
			return end
		}
	}
	return -1
}

// foldedStart is where the end of a name starts that folds to some text; -1 when it ends otherwise.
func foldedStart(name, folded string) int {
	start := len(name)
	if folded == "" {
		return start
	}
	for at := range name { // the last start that fits is the shortest end
		if foldColumn(name[at:]) == folded {
			start = at
		}
	}
	if start == len(name) {
		return -1
	}
	return start
}

// nearlyMeant reports whether a name that does not match a pattern has its words and other marks between them: a column
// that somebody renamed by hand.
func nearlyMeant(pattern, name string) bool {
	before, after, _ := strings.Cut(pattern, Star)
	before, after, name = lettersOf(before), lettersOf(after), lettersOf(name)
	return before+after != "" && strings.HasPrefix(name, before) && strings.HasSuffix(name, after)
}

// lettersOf is a name's letters and digits alone.
func lettersOf(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// above returns the columns whose names are beginnings of another's up to a mark: those of the wholes that it is a part of.
func (f *mapper) above(mark string, column int) (wholes []ref, err error) {
	if mark == "" {
		return nil, nil
	}
	for name := f.header[column]; ; {
		end := strings.LastIndex(name, mark)
		if end < 0 {
			return wholes, nil
		}
		name = name[:end]
		folded := foldColumn(name)
		if folded == "" {
			continue
		}
		found := placesOf(f.header, func(other string) bool { return foldColumn(other) == folded })
		found = slices.DeleteFunc(found, func(at int) bool { return at == column })
		switch len(found) {
		case 0:
		case 1:
			wholes = append(wholes, ref{from: ofColumn, place: f.add(found[0]), name: f.header[found[0]]})
		default:
			return nil, fault.New(fault.Input, f.file, "%d columns are called %s, and nobody can say which of them %s is a part of",
				len(found), quoteSafely(name), shownColumn(f.header, column)).Hint("leave one of them in the export")
		}
	}
}
