package xlsx

import (
	"strings"
	"testing"
)

func TestNumberFormatsAreOfDaysOrNot(t *testing.T) {
	for _, c := range []struct {
		code string
		want shows
	}{
		{"General", showsNumber},
		{`General" days"`, showsNumber},
		{"0.00E+00", showsNumber},
		{"@", showsNumber},
		{`#,##0.00\ "USD"`, showsNumber},
		{"[Red]-0.0;[Blue]yyyy", showsNumber},
		{`0\d`, showsNumber},
		{"[h]:mm:ss", showsNumber},
		{"[mm]:ss", showsNumber},
		{`"yyyy`, showsNumber},
		{"yyyy-mm-dd", showsDate},
		{"YYYY/M/D;@", showsDate},
		{`[$-804]yyyy"年"m"月"d"日"`, showsDate},
		{"mmm-yy", showsDate},
		{"[$-F800]dddd, mmmm dd, yyyy", showsDate},
		{"yyyy-mm-dd hh:mm", showsMoment},
		{`yyyy\-mm\-dd\Thh:mm:ss.000`, showsMoment},
		{"m/d/yy h:mm AM/PM", showsMoment},
		{"h:mm AM/PM", showsClock},
		{"mm:ss.0", showsClock},
		{`h"时"mm"分"ss"秒"`, showsClock},
	} {
		if got := codeShows(c.code); got != c.want {
			t.Errorf("%s: %d, want %d", c.code, got, c.want)
		}
	}
}

func TestLooksHoldNothingElse(t *testing.T) {
	part := `<?xml version="1.0"?><!-- canary --><s:styleSheet xmlns:s="x">canary<s:fonts count="1"><s:font><s:sz val="11"/>canary<s:extLst><s:ext>canary</s:ext></s:extLst></s:font></s:fonts>` +
		`<s:canary/><s:colors/><s:extLst><s:ext a="canary"><s:fonts/></s:ext></s:extLst></s:styleSheet>`
	got, err := looks([]byte(part), []string{"fonts", "colors"})
	if err != nil {
		t.Fatal(err)
	}
	want := declaration + `<s:styleSheet xmlns:s="x"><s:fonts count="1"><s:font><s:sz val="11"/></s:font></s:fonts><s:colors/></s:styleSheet>`
	if string(got) != want || strings.Contains(string(got), "canary") {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestReferencesAreColumnAndRow(t *testing.T) {
	for _, c := range []struct {
		ref         string
		column, row int
	}{{"A1", 1, 1}, {"Z9", 26, 9}, {"AA10", 27, 10}, {"XFD1048576", 16384, 1048576}, {"xfd2", 16384, 2}, {"XFE1", 0, 0}, {"AAAA1", 0, 0}, {"1", 0, 1}, {"A", 0, 0}, {"A-1", 0, 0}, {"", 0, 0}} {
		column, row := cellPlace([]byte(c.ref))
		if column != c.column || row != c.row {
			t.Errorf("%q: %d, %d, want %d, %d", c.ref, column, row, c.column, c.row)
		}
		if c.column > 0 && string(columnName(nil, column)) != strings.ToUpper(strings.TrimRight(c.ref, "0123456789")) {
			t.Errorf("%d is written %s", column, columnName(nil, column))
		}
	}
}
