package formats

import "cpm/formats/fault"

// Mind implements PathReader.
func (r *jsonReader) Mind(meaning func(path string) bool) {
	r.meaning, r.known = meaning, map[string]bool{}
	for _, name := range r.info.Columns {
		r.known[name] = true
	}
}

// Around implements PathReader.
func (r *jsonReader) Around() []string {
	if !r.guessed {
		return nil
	}
	return r.around
}

// mind refuses the record at at when it holds something under a path that is no column and has a meaning: the columns
// are those of the first records, and whoever found their columns by name has not looked for it.
func (b *jsonBatch) mind(at int) error {
	if b.from.meaning == nil {
		return nil
	}
	var unknown bool
	b.leaf, unknown = b.from.unminded(b.data, at, b.leaf[:0])
	if !unknown {
		return nil
	}
	return fault.New(fault.Input, b.from.at(b.lineOf(at)), "the record has a key that the first records lack, and that would count: a column of it was not looked for").
		Hint("write every key in every record, null where there is nothing, or read the file by a mapping that names its paths")
}

// unminded looks for a path to a leaf of the object at at, which stands under the path given, that is no column and has
// a meaning.
func (r *jsonReader) unminded(data []byte, at int, path []byte) (leaf []byte, found bool) {
	m := membersOf(data, at, 0)
	under := len(path)
	for m.next() {
		if path = path[:under]; m.escaped {
			path = append(path, m.name()...)
		} else {
			path = append(path, m.key...)
		}
		if data[m.value] == '{' {
			if path, found = r.unminded(data, m.value, append(path, '.')); found {
				return path, true
			}
		} else if !r.known[string(path)] && r.meaning(string(path)) {
			return path, true
		}
		m.pass()
	}
	return path, false
}
