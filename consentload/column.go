package consentload

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"cpm/formats/fault"
)

// columnName is what a usual column name stands for.
type columnName struct {
	kind KindID
	rank uint8 // 0 is the most specific
}

// ColumnMatch is a column whose name is a usual one of a kind.
type ColumnMatch struct {
	Index int // place in the header, from 0
	Rank  int // 0 is the most specific
}

// addUsualColumns lists the usual names of the built-in kinds, the more specific first: what names exactly that (a
// phone, a mailbox), then what may be something else too (a landline, a message). Names of one rank are equal: where
// phone and mobile stand side by side, only the user knows which of them the message goes to.
func (k *Kinds) addUsualColumns() {
	for id, ranks := range [...][2]string{
		{
			"phone|mobile|cell|msisdn|phone number|mobile phone|mobile number|手机|手机号|手机号码",
			"tel|telephone|电话|电话号码|联系电话|联系方式",
		},
		{"email|mail|email address|邮箱|电子邮箱|邮箱地址", "邮件"},
		{"customer id|user id|member id|客户id|会员号", ""},
		{"openid|wechat openid", ""},
		{"unionid", ""},
		{"device id", ""},
	} {
		for rank, names := range ranks {
			for name := range strings.SplitSeq(names, "|") {
				if name != "" {
					k.columns[foldColumn(name)] = columnName{KindID(id), uint8(rank)}
				}
			}
		}
	}
}

// addColumn makes name a usual column of a declared kind.
func (k *Kinds) addColumn(name string, id KindID, rank uint8) error {
	folded := foldColumn(name)
	if folded == "" {
		return fault.New(fault.Usage, "", "kind %q: a column name is empty", k.names[id])
	}
	if has, taken := k.columns[folded]; taken {
		if has.kind == id {
			return nil
		}
		return fault.New(fault.Usage, "", "kind %q: column name %q is one of kind %q already",
			k.names[id], name, k.names[has.kind]).Hint("name the column with --id %s=COLUMN instead", k.names[id])
	}
	k.columns[folded] = columnName{id, rank}
	return nil
}

// checkHashedColumns refuses usual columns of declared kinds whose names say that they hold digests of another one.
func (k *Kinds) checkHashedColumns() error {
	for _, name := range sortedKeys(k.columns) {
		own := k.columns[name].kind
		if of, hashed, _ := k.hashedColumn(name); hashed {
			return fault.New(fault.Usage, "", "kind %q: column name %q is that of the hashed kind %s", k.names[own], name, k.all[of.kind]).
				Hint("name the column with --id %s=COLUMN instead", k.names[own])
		}
	}
	return nil
}

// foldColumn is a column's name without what does not count: case, white space, invisible marks, underscores and
// hyphens.
func foldColumn(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || isBlank(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// MatchColumns returns the columns whose names are usual ones of the kind: the most specific first, and of equally
// specific ones the first in the header.
func (k *Kinds) MatchColumns(header []string, kind Kind) []ColumnMatch {
	id, ok := k.Index(kind)
	if !ok {
		return nil
	}
	var matches []ColumnMatch
	for i, name := range header {
		if usual, ok := k.usualColumn(name); ok && usual.kind == id {
			matches = append(matches, ColumnMatch{i, int(usual.rank)})
		}
	}
	slices.SortStableFunc(matches, func(a, b ColumnMatch) int { return a.Rank - b.Rank })
	return matches
}

// PickColumn returns the column of a kind, found by its usual names, and the less specific ones that were passed over.
// No such column, or two equally specific ones, is a fault of kind Usage that lists the columns and shows the flag;
// the index is then -1.
func (k *Kinds) PickColumn(header []string, kind Kind) (index int, passedOver []int, err error) {
	matches := k.MatchColumns(header, kind)
	if len(matches) == 0 {
		return -1, nil, headerFault(header, fmt.Sprintf("no column has a usual name of %s", kind), string(kind))
	}
	var equal []string
	for _, m := range matches {
		if m.Rank == matches[0].Rank {
			equal = append(equal, shownColumn(header, m.Index))
		}
	}
	if len(equal) > 1 {
		what := fmt.Sprintf("%d columns may hold the %s: %s", len(equal), kind, strings.Join(equal, ", "))
		return -1, nil, headerFault(header, what, string(kind))
	}
	for _, m := range matches[1:] {
		passedOver = append(passedOver, m.Index)
	}
	return matches[0].Index, passedOver, nil
}

// noData refuses a column whose name is an identifier: its file has no header, and its first row would go out
// unfiltered.
func noData(header []string, at int) (int, error) {
	if !looksLikeData(header[at]) {
		return at, nil
	}
	return -1, fault.New(fault.Usage, "", "the header of column %d looks like an identifier", at+1).
		Hint("say --no-header if the first row of an audience is a recipient; a list or export needs a line that names its columns")
}

// FindColumn returns the place of the column that spec names: by position as #1, by its exact name, or by its name
// without regard to case, spaces, _ and -. An unknown or ambiguous one is a fault of kind Usage that lists the columns.
func FindColumn(header []string, spec string) (int, error) {
	exact := placesOf(header, func(name string) bool { return name == spec })
	if position, isPosition := columnPosition(spec); isPosition {
		switch {
		case len(exact) > 1, len(exact) == 1 && exact[0] != position-1:
			return -1, headerFault(header, "another column is named "+strconv.Quote(spec)+", so the position is ambiguous", "")
		case position < 1 || position > len(header):
			return -1, headerFault(header, fmt.Sprintf("no column %s: there are %d", spec, len(header)), "")
		}
		return noData(header, position-1)
	}
	if len(exact) == 1 {
		return noData(header, exact[0])
	}
	found := exact
	if folded := foldColumn(spec); len(found) == 0 && folded != "" {
		found = placesOf(header, func(name string) bool { return foldColumn(name) == folded })
	}
	switch len(found) {
	case 0:
		return -1, headerFault(header, "no column is named "+shownName(spec, "as the flag says"), "")
	case 1:
		return noData(header, found[0])
	}
	places := make([]string, len(found))
	for i, at := range found {
		places[i] = "#" + strconv.Itoa(at+1)
	}
	return -1, headerFault(header, fmt.Sprintf("%d columns are named %s: %s", len(found),
		shownName(spec, "so"), strings.Join(places, ", ")), "")
}

func placesOf(header []string, is func(name string) bool) []int {
	var places []int
	for i, name := range header {
		if is(name) {
			places = append(places, i)
		}
	}
	return places
}

// columnPosition reads #1, #2, …; a number too large for any header is position 0.
func columnPosition(spec string) (position int, ok bool) {
	digits, ok := strings.CutPrefix(spec, "#")
	if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	position, err := strconv.Atoi(digits)
	if err != nil {
		return 0, true
	}
	return position, true
}

// mostListed is how many columns a message lists.
const mostListed = 60

// headerFault is a fault that lists the columns. kind, when told, is the one that the flag in the mend names.
func headerFault(header []string, what, kind string) error {
	shown := make([]string, 0, min(len(header), mostListed)+1)
	for i := range header[:min(len(header), mostListed)] {
		shown = append(shown, shownColumn(header, i))
	}
	if more := len(header) - mostListed; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	if kind == "" {
		kind = "KIND"
	}
	mend := fmt.Sprintf("name it with --id %s=COLUMN, or by position with --id %s=#1", kind, kind)
	if slices.ContainsFunc(header, looksLikeData) {
		mend = fmt.Sprintf("the first row looks like a recipient: for a file without a header say --no-header --id %s=#1", kind)
	}
	return fault.New(fault.Usage, "", "%s (columns: %s)", what, strings.Join(shown, ", ")).Hint("%s", mend)
}

// shownColumn is a column's name for a message, or its position where the name may be an identifier: the first row
// of a file without a header.
func shownColumn(header []string, at int) string {
	return shownName(header[at], "column "+strconv.Itoa(at+1))
}

func shownName(name, instead string) string {
	if looksLikeData(name) {
		return instead
	}
	return strconv.Quote(name)
}

// looksLikeData reports whether a column name may be an identifier: an "@", seven digits or more (a phone number), or
// one long word with digits in it (an openid, a hash).
func looksLikeData(name string) bool {
	const (
		phoneDigits = 7
		longWord    = 20
		wordDigits  = 3
	)
	digits, runes := 0, 0
	for _, r := range name {
		if r == '@' || r == '＠' {
			return true
		}
		if unicode.IsDigit(r) {
			digits++
		}
		runes++
	}
	return digits >= phoneDigits || runes >= longWord && digits >= wordDigits && !strings.ContainsFunc(name, unicode.IsSpace)
}
