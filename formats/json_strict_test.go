package formats

import (
	"strings"
	"testing"
)

func TestStrictReadersTearARowInWhichAPathMayBeLost(t *testing.T) {
	for _, c := range []struct {
		name, record, path string
		torn               bool
	}{
		{"a key in another case", `{"EMAIL":1}`, "email", true},
		{"a key in another case on the way", `{"Person":{"email":1}}`, "person.email", true},
		{"a key in another case at the end of the way", `{"person":{"Email":1}}`, "person.email", true},
		{"a key in another case, with escapes", `{"\u0045mail":1}`, "email", true},
		{"a key in another case that leads to an object", `{"Email":{"a":1}}`, "email", true},
		{"a key with a dot in another case", `{"A.b":1}`, "a.b", true},
		{"the key itself beside one in another case", `{"Email":1,"email":2}`, "email", false},
		{"null in another case", `{"Email":null}`, "email", false},
		{"another key", `{"emails":1,"mail":2,"e":3}`, "email", false},
		{"a key that is no beginning up to a dot", `{"Per":1}`, "person.email", false},
		{"a text where an object should stand", `{"person":"a@example.com"}`, "person.email", true},
		{"a number where an object should stand", `{"person":1}`, "person.email", true},
		{"an array where an object should stand", `{"person":[{"email":1}]}`, "person.email", true},
		{"a text further down the way", `{"a":{"b":"c"}}`, "a.b.c", true},
		{"null where an object should stand", `{"person":null}`, "person.email", false},
		{"an empty text where an object should stand", `{"person":""}`, "person.email", false},
		{"an empty array where an object should stand", `{"person":[ ]}`, "person.email", false},
		{"an object without the key", `{"person":{}}`, "person.email", false},
		{"no object at all", `{"b":1}`, "person.email", false},
		{"a text beside a key that is the whole path", `{"person":"x","person.email":1}`, "person.email", false},
		{"a text on another way", `{"person":"x"}`, "name.email", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, strict := range []bool{false, true} {
				r, err := Open(textInput("list.json", c.record+"\n"+`{"z":1}`), Options{Strict: strict})
				if err != nil {
					t.Fatal(err)
				}
				nested := r.(PathReader)
				column, err := nested.Path(c.path)
				if err != nil {
					t.Fatal(err)
				}
				if err := nested.Select([]int{column}); err != nil {
					t.Fatal(err)
				}
				b := firstBatch(t, r)
				if got, want := b.Malformed(0), strict && c.torn; got != want || b.Malformed(1) {
					t.Errorf("strict %t: malformed %t and %t", strict, got, b.Malformed(1))
				}
			}
		})
	}
}

func TestStrictReadersTakeAKeyThatAnotherPathNamesForThat(t *testing.T) {
	r, err := Open(textInput("list.json", `{"Email":1}`), Options{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	nested := r.(PathReader)
	var columns []int
	for path := range strings.FieldsSeq("email Email") {
		column, err := nested.Path(path)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, column)
	}
	if err := nested.Select(columns); err != nil {
		t.Fatal(err)
	}
	if torn := firstBatch(t, r).MalformedRows(); torn != 0 {
		t.Errorf("%d malformed", torn)
	}
}
