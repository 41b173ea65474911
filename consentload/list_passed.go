package consentload

import (
	"errors"
	"slices"
	"strconv"

	"cpm/formats"
	"cpm/formats/fault"
)

// passedColumn is a column of a list that nothing reads, and what its first values look like.
type passedColumn struct {
	name   string // as messages show it
	values int    // that are not empty, up to passedValues
	mails  int    // of them, e-mail addresses
}

// passedValues is how many values of a column that nothing reads are looked at.
const passedValues = 1000

// passOver notes the columns that nothing reads and selects what is read. Unless the list's source names its columns,
// those that can serve as text are looked at too.
func (r *listReader) passOver(reader formats.Reader, kinds *Kinds, named bool) error {
	header := reader.Info().Columns
	read := slices.Clone(r.selection)
	for at, name := range header {
		if slices.Contains(read, at) {
			continue
		}
		shown := shownColumn(header, at)
		if name == "" { // spreadsheets leave such columns behind, mostly without values
			shown = "column " + strconv.Itoa(at+1)
		} else if !slices.Contains(r.list.Passed, shown) {
			r.list.Passed = append(r.list.Passed, shown)
		}
		if named {
			continue
		}
		var bad *fault.Error
		if err := reader.Select([]int{at}); errors.As(err, &bad) {
			continue // nested or binary: no list keeps addresses so
		} else if err != nil {
			return err
		}
		r.selection = append(r.selection, at)
		r.passed = append(r.passed, passedColumn{name: shown})
	}
	r.plain = kinds.Normalizer()
	return reader.Select(r.selection)
}

// lookAtPassed counts the e-mail addresses among the first values of the columns that nothing reads.
func (r *listReader) lookAtPassed(b formats.Batch) error {
	email, _ := r.plain.kinds.Index("email")
	var room []byte
	for i := range r.passed {
		column := &r.passed[i]
		if column.values >= passedValues {
			continue
		}
		for _, value := range b.Values(len(r.columns) + len(r.age.places) + i) {
			var why Unreadable
			room, why = r.plain.Append(room[:0], email, value)
			if why == Empty {
				continue
			}
			if why == Readable {
				column.mails++
			}
			if column.values++; column.values == passedValues {
				break
			}
		}
	}
	return r.checkPassed(passedValues)
}

// checkPassed refuses a list with a column that is passed over and yet holds e-mail addresses, of those of which least
// values were seen: whoever is on the list by the address alone must not be lost because of the column's name.
func (r *listReader) checkPassed(least int) error {
	for _, column := range r.passed {
		if column.values >= least && 2*column.mails >= column.values {
			return fault.New(fault.Input, r.name, "%s holds e-mail addresses and has no usual name of theirs", column.name).
				Hint("name all columns of the list in the configuration: id: {email: COLUMN}; the columns that id leaves out are not read")
		}
	}
	return nil
}
