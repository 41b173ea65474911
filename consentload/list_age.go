package consentload

import "cpm/formats/fault"

// listAge finds the newest time that a suppression list states. What the file system says of the file is no age: a
// copy is new.
type listAge struct {
	places []int // columns of times; none unless an age is asked for
	times  TimeReader
	asOf   Instant
	newest Instant // None when there is none up to as-of
}

func newListAge(c *Catalog, source ListSource, header []string) listAge {
	age := listAge{times: NewTimeReader(c.Zone).withDates(), asOf: source.AsOf, newest: None}
	if source.MaxAge == 0 {
		return age
	}
	for at, name := range header {
		switch foldColumn(name) {
		case "created", "createdat", "updatedat", "occurredat", "date":
			age.places = append(age.places, at)
		}
	}
	return age
}

// add takes a value of a time column. A date alone is taken from its start; a time after as-of is a fault of a clock
// and makes no list newer; what cannot be read says nothing.
func (a *listAge) add(value []byte) {
	if when, bad := a.times.Read(value, Earlier); bad == TimeOK && when <= a.asOf {
		a.newest = max(a.newest, when)
	}
}

// check stops a run whose list is older than it may be, or does not tell how old it is.
func (a *listAge) check(source ListSource) error {
	switch {
	case source.MaxAge == 0:
		return nil
	case a.newest == None:
		return fault.New(fault.Guard, source.Path, "the suppression list has a max_age, and its age cannot be told").
			Hint("give it a column created_at with times up to as-of, or leave max_age out")
	case a.newest.Add(source.MaxAge) < source.AsOf:
		return fault.New(fault.Guard, source.Path, "the newest entry of the suppression list is older than %s", source.MaxAge).
			Hint("fetch a newer list, or raise max_age")
	}
	return nil
}
