package main

import (
	"fmt"
	"strings"

	"cpm/filter"
)

// alone tells what was understood of the one audience.
func (t *talk) alone(p *passage) {
	first := ""
	if p.sample.Rows >= 10000 {
		first = "first "
	}
	t.audience(&p.audience, func(column int) string {
		return fmt.Sprintf(", %s of the %s%s readable", number(int64(p.sample.Readable[column])), first, rowsOf(int64(p.sample.Rows)))
	})
}

// fewFiles are told one by one.
const fewFiles = 10

// audiences tells what was understood of several audiences.
func (t *talk) audiences(r *filtering) {
	t.say("audience", "%s", counted(int64(len(r.passages)), "file", "files"))
	if r.passedOver > 0 {
		t.say("", "%s passed over by name", counted(int64(r.passedOver), "file", "files"))
	}
	kinds := map[string]int64{}
	for _, p := range r.passages {
		var columns []string
		for _, column := range p.columns {
			columns = append(columns, fmt.Sprintf("%s ← column %d %q", column.Kind, column.At+1, column.Name))
		}
		told := strings.Join(append([]string{p.info.Format}, columns...), ", ")
		kinds[told]++
		if len(r.passages) <= fewFiles {
			t.say("", "%s: %s, %s; %s", p.table, p.info.Format, p.info.Detail, strings.Join(columns, ", "))
		}
	}
	if len(r.passages) <= fewFiles {
		return
	}
	for _, told := range sortedKeys(kinds) {
		t.say("", "%s: %s", counted(kinds[told], "file", "files"), told)
	}
}

// files tells how many rows of each audience are permitted, where these are few.
func (t *talk) files(r *filtering) {
	if !r.many || len(r.passages) > fewFiles {
		return
	}
	for _, p := range r.passages {
		var permitted []string
		for _, cell := range p.summary.Cells {
			of := number(cell.Counts[filter.Permitted])
			if len(p.summary.Cells) > 1 {
				of += " (" + cell.Channel + ")"
			}
			permitted = append(permitted, of)
		}
		t.say("file", "%s: %s of %s permitted", p.table, strings.Join(permitted, ", "), rowsOf(p.summary.Rows))
	}
}

// wrote tells the outputs: each, or where there are many how many of a role.
func (t *talk) wrote(r *filtering) {
	outputs, files, rows := r.report.Outputs, map[string]int64{}, map[string]int64{}
	for _, output := range outputs {
		if len(outputs) <= 2*fewFiles && output.Path != "-" {
			t.say("wrote", "%s (%s)", output.Path, rowsOf(output.Rows))
		}
		files[output.Role]++
		rows[output.Role] += output.Rows
	}
	for _, role := range []string{rolePermitted, roleRejected, roleAnnotated} {
		if len(outputs) > 2*fewFiles && files[role] > 0 {
			t.say("wrote", "%s of %s rows (%s)", counted(files[role], "file", "files"), role, number(rows[role]))
		}
	}
}
