package formats

import (
	"errors"
	"strings"
	"testing"

	"cpm/formats/fault"
)

func TestDelimiterIsFoundOrAskedFor(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       string // the delimiter, and how many columns it gives; empty: asked for
	}{
		{"commas", "a,b\n1,2\n", "comma 2"},
		{"tabs", "a\tb\n1\t2\n", "tab 2"},
		{"semicolons behind a mark", bom + "a;\"b,c\"\n1;2\n", "semicolon 2"},
		{"pipes", "a|b|c\n1|2|3\n", "pipe 3"},
		{"a header alone", "a;b\n", "semicolon 2"},
		{"nothing that could part", "phone\n1\n", "comma 1"},
		{"nothing but in quotes", "\"a;b\"\n1\n", "comma 1"},
		{"a comma file whose data hold semicolons", "a,b\n1;2,3;4\n", "comma 2"},
		{"a semicolon file whose data hold commas", "a;b\n1,5;2,5\n1;2\n", "semicolon 2"},
		{"a comma file with a semicolon in a name", "a;x,b\n1,2\n3,4\n", "comma 2"},
		{"a comma file with a semicolon in a name and a malformed row", "a;x,b\n1,2\n3,4\n5\n", "comma 2"},
		{"a semicolon file with a comma in a name", "a, x;b\n1;2\n3;4\n", "semicolon 2"},
		{"a tab file with a semicolon in a name", "a;x\tb\n1\t2\n\n3\t4\n", "tab 2"},
		{"a comma file with a tab in a name, and no rows", "a\tx,b\n", "comma 2"},
		{"a comma file with quoted line breaks", "a;x,b\n\"1\n\",2\n", "comma 2"},
		{"commas and semicolons that both fit", "a,b;c\n1,2;3\n", ""},
		{"commas that fail on some rows where semicolons fit", "a;x,b\n1;1,2\n3;3\n4;4,4\n", ""},
		{"tabs and semicolons that both fit", "a\tb;c\n1\t2;3\n", ""},
		{"pipes and semicolons that both fail", "phone|name|city;\n1|a\n", ""},
		{"tabs and pipes, and no rows", "a\tb|c\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := openNamed("list.csv", c.text)
			if c.want == "" {
				var f *fault.Error
				if !errors.As(err, &f) || f.Kind != fault.Usage || !strings.Contains(f.Mend, "--delimiter") || f.Where != "list.csv:1" {
					t.Errorf("%v, want a fault that asks", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			name, columns, _ := strings.Cut(c.want, " ")
			if got := r.(*csvReader); delimiterName(got.delim) != name || len(got.info.Columns) != int(columns[0]-'0') {
				t.Errorf("%s and columns %q, want %s", delimiterName(got.delim), got.info.Columns, c.want)
			}
		})
	}
}

func TestNamedDelimiterIsUsed(t *testing.T) {
	for _, c := range []struct {
		name, text string
		columns    string
	}{
		{"semicolon", "a,b;c\n1,2;3\n", "a,b c"},
		{"comma", "a|b\n1|2\n", "a|b"},
		{"^", "a^b,c\n1^2\n", "a b,c"},
		{"\x01", "a\x01b\n1\x012\n", "a b"},
		{`\t`, "a\tb,c\n", "a b,c"},
	} {
		delim, err := ParseDelimiter(c.name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(Input{Name: "list", Reader: strings.NewReader(c.text), Size: -1}, Options{Delimiter: delim})
		if err != nil || strings.Join(r.Info().Columns, " ") != c.columns {
			t.Errorf("%q: %v and %v, want columns %q", c.name, r, err, c.columns)
		}
	}
	for _, name := range []string{"", "colon", "\"", "\n", "\r", "\x00", "7", "x", "，", ",,"} {
		if _, err := ParseDelimiter(name); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v, want a usage fault", name, err)
		}
	}
}
