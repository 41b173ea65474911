package filter

import (
	"cpm/consentload"
	"cpm/formats/fault"
)

// Column says which column of the audience holds which identifier.
type Column struct {
	Kind consentload.Kind
	At   int    // position in the file, from 0
	Name string // as written
	Said bool   // named by the user: match modes ask it beside the contact
}

// MapColumns finds the columns of an audience: those that specs name, KIND=COLUMN in their order, and for each contact
// kind that they leave out the one with a usual name. passed lists columns that a more specific name beat. Its faults
// are of kind Usage.
func MapColumns(kinds *consentload.Kinds, header []string, specs []IDSpec, contacts []consentload.Kind) (
	columns []Column, passed []string, err error,
) {
	for _, spec := range specs {
		at, err := consentload.FindColumn(header, spec.Column)
		if err != nil {
			return nil, nil, err
		}
		columns = append(columns, Column{spec.Kind, at, header[at], true})
	}
	for _, kind := range contacts {
		if contactColumn(kinds, columns, kind) >= 0 {
			continue
		}
		found := usualKind(kinds, header, kind)
		at, over, err := kinds.PickColumn(header, found)
		if err != nil {
			return nil, nil, err
		}
		columns = append(columns, Column{found, at, header[at], false})
		for _, i := range over {
			passed = append(passed, header[i])
		}
	}
	return columns, passed, nil
}

// usualKind returns the kind to look for where a contact is needed: the contact's own when a column has a usual name of
// it, else the one hashed kind of it that has one. Where several have, nobody knows which the message goes to.
func usualKind(kinds *consentload.Kinds, header []string, contact consentload.Kind) consentload.Kind {
	if len(kinds.MatchColumns(header, contact)) > 0 {
		return contact
	}
	found := contact
	for _, hashed := range kinds.Hashed(contact) {
		switch {
		case len(kinds.MatchColumns(header, hashed)) == 0:
		case found != contact:
			return contact // which has no column: the fault says so
		default:
			found = hashed
		}
	}
	return found
}

// contactColumn returns the place of the column that holds a contact: itself before its digests, of which the first
// that was named counts; -1 when there is none.
func contactColumn(kinds *consentload.Kinds, columns []Column, contact consentload.Kind) int {
	found := -1
	for i, column := range columns {
		raw, _ := kinds.RawKind(column.Kind)
		switch {
		case column.Kind == contact:
			return i
		case raw == contact && found < 0:
			found = i
		}
	}
	return found
}

// IDSpec is one --id KIND=COLUMN.
type IDSpec struct {
	Kind   consentload.Kind
	Column string // a name, or #1 for the first column
}

// CheckSpecs refuses specs that name an unknown kind, or one kind twice: two contacts in one row have no one verdict.
func CheckSpecs(kinds *consentload.Kinds, specs []IDSpec) error {
	seen := map[consentload.Kind]bool{}
	for _, spec := range specs {
		switch {
		case !kinds.Has(spec.Kind):
			return fault.New(fault.Usage, "", "--id: %s is no identifier kind", spec.Kind).
				Hint("the kinds are %v, and their hashes, such as phone_sha256; declare others in the configuration under kinds", kinds.Names())
		case seen[spec.Kind]:
			return fault.New(fault.Usage, "", "--id names the kind %s twice", spec.Kind).
				Hint("name the column that the message will be sent to")
		}
		seen[spec.Kind] = true
	}
	return nil
}
