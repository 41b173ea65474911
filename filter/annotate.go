package filter

import (
	"slices"
	"strings"

	"cpm/formats"
	"cpm/formats/fault"
)

// VerdictColumn is the column that annotated rows get at their end. Over several channels there is one for each, cpm_
// with the names of channel and purpose.
const VerdictColumn = "cpm_verdict"

// verdictColumns names the columns of the annotated rows, one for each gate. A name that the audience has already is a
// fault of kind Usage: nobody could tell the two apart, and the older one may permit.
func (j *Job) verdictColumns() ([]string, error) {
	names := []string{VerdictColumn}
	if len(j.Gates) > 1 {
		names = names[:0]
		for _, gate := range j.Gates {
			names = append(names, "cpm_"+gate.Channel+"_"+gate.Purpose)
		}
	}
	for _, column := range j.Reader.Info().Columns {
		if slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(strings.TrimSpace(column), name) }) {
			return nil, fault.New(fault.Usage, j.Name, "there is a column %s already", strings.TrimSpace(column)).
				Hint("rename it in the file, or name the input that it was made of")
		}
	}
	return names, nil
}

// all picks every row of a batch, with the verdicts of all gates.
func (d *decider) all(rows int) formats.Selection {
	d.keep = d.keep.Reset(rows)
	for row := range rows {
		d.keep.Set(row)
	}
	return formats.Selection{Keep: d.keep, Extra: d.verdicts, Words: d.words}
}
