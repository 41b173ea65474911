package filter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

func TestJoinedSummariesAddUpAndLeaveTheirPartsAlone(t *testing.T) {
	part := func(rows, permitted, hits int64, leftOut ...string) *Summary {
		s := &Summary{Rows: rows, Cells: []CellSummary{{Channel: "sms", Lists: []ListHits{{Rows: hits}}}}, LeftOut: leftOut}
		s.Cells[0].Counts[Permitted], s.Cells[0].Counts[Denied], s.Cells[0].Known = permitted, rows-permitted, permitted
		return s
	}
	first, second := part(10, 4, 1, "styles"), part(5, 5, 2, "charts", "styles")
	var all Summary
	all.Join(first)
	all.Join(second)
	cell := all.Cells[0]
	got := []int64{all.Rows, cell.Counts[Permitted], cell.Counts[Denied], cell.Known, cell.Lists[0].Rows}
	if diff := cmp.Diff([]int64{15, 9, 6, 9, 3}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"charts", "styles"}, all.LeftOut); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
	if first.Rows != 10 || first.Cells[0].Counts[Permitted] != 4 || first.Cells[0].Lists[0].Rows != 1 {
		t.Errorf("joining changed a part: %+v", first)
	}
}

func TestGuardsOfAllAudiencesNameTheFirstMalformedRow(t *testing.T) {
	var all Summary
	for _, s := range []*Summary{
		{Rows: 60, Cells: []CellSummary{{}}},
		{Rows: 60, Cells: []CellSummary{{}}, firstMalformed: place{file: "b.csv", batch: 3, at: "line 7"}},
		{Rows: 60, Cells: []CellSummary{{}}, firstMalformed: place{file: "c.csv", batch: 0, at: "line 2"}},
	} {
		s.Cells[0].Counts[MalformedRow] = 1
		all.Join(s)
	}
	err := Guards{}.Check(&all)
	if fault.KindOf(err) != fault.Input || !strings.HasPrefix(err.Error(), "b.csv:7: 3 of 180 rows") {
		t.Errorf("error %v", err)
	}
}
