package consentload

import (
	"strings"

	"cpm/formats"
	"cpm/formats/fault"
)

// mindNested prepares nested rows to be read by the usual names of their columns, as a list, a map of identities or the
// canonical form is. Their columns are what the first records show, and a refusal may stand in a later one under a key
// that was not seen: the plain names are looked for in every record, and a record with another name that has a meaning
// is refused. fields are the names that count beside those of identifiers. The header comes back.
func (k *Kinds) mindNested(file string, reader formats.Reader, fields []string) ([]string, error) {
	paths, nested := reader.(formats.PathReader)
	if !nested {
		return reader.Info().Columns, nil
	}
	counts := map[string]bool{}
	for _, field := range fields {
		counts[foldColumn(field)] = true
	}
	meaning := func(path string) bool {
		return counts[foldColumn(path)] || k.readable(file, path) != nil || k.isUsual(path)
	}
	for _, key := range paths.Around() {
		if meaning(key) {
			return nil, fault.New(fault.Input, file, "the records were taken from within an object, and beside them stands %s, which would count", quoteSafely(key)).
				Hint("write the records one a line (JSON Lines), or read the file by a mapping that says records")
		}
	}
	for _, kind := range k.names {
		if len(k.MatchColumns(paths.Info().Columns, kind)) == 0 {
			fields = append(fields, string(kind))
		}
	}
	for _, field := range fields {
		if len(placesOf(paths.Info().Columns, func(name string) bool { return foldColumn(name) == foldColumn(field) })) > 0 {
			continue
		}
		if _, err := paths.Path(field); err != nil {
			return nil, err
		}
	}
	paths.Mind(meaning)
	return paths.Info().Columns, nil
}

// isUsual reports whether a column name is a usual one, raw or hashed.
func (k *Kinds) isUsual(name string) bool {
	_, usual := k.usualColumn(name)
	return usual
}

// lastKey is what stands behind the last dot of a path.
func lastKey(path string) (key string, nested bool) {
	at := strings.LastIndexByte(path, '.')
	return path[at+1:], at >= 0
}

// isNested reports whether a file has records of keys, not rows of a table.
func isNested(reader formats.Reader) bool {
	_, nested := reader.(formats.PathReader)
	return nested
}

// tornRow says what is wrong with a row that its reader calls malformed.
func tornRow(nested bool) (what, mend string) {
	if nested {
		return "the record has a key twice, or in another case, or a value where an object should stand",
			"write every key once, as in the other records"
	}
	return "the row does not split into the columns of the header", "check its quotes and commas"
}
