package filter

import (
	"slices"

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
		if slices.ContainsFunc(columns, func(c Column) bool { return c.Kind == kind }) {
			continue
		}
		at, over, err := kinds.PickColumn(header, kind)
		if err != nil {
			return nil, nil, err
		}
		columns = append(columns, Column{kind, at, header[at], false})
		for _, i := range over {
			passed = append(passed, header[i])
		}
	}
	return columns, passed, nil
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
				Hint("the kinds are %v; declare others in the configuration under kinds", kinds.Names())
		case seen[spec.Kind]:
			return fault.New(fault.Usage, "", "--id names the kind %s twice", spec.Kind).
				Hint("name the column that the message will be sent to")
		}
		seen[spec.Kind] = true
	}
	return nil
}
