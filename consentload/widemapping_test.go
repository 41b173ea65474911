package consentload_test

import (
	"os"
	"path/filepath"
	"testing"

	"cpm/consentload"
)

// mappedCase is an export, with the columns of identifiers that its source names, and what it comes to for an identifier.
type mappedCase struct {
	name, export string
	ids          map[consentload.Kind]string
	kind         consentload.Kind
	value        string
	purpose      string
	want         consentload.State
}

// wide is a mapping of columns that are purposes, with parts of them under an underscore.
const wide = `
version: 1
title: columns that are purposes
split_id: ","
id: [{kind: phone, column: "phone?"}, {kind: customer_id, column: "number?", prefix: "'"}]
acts:
  - {columns: "*", above: "_", channel: "*", purpose_column: "@match", words: {"true": granted, "false": denied, "default": unknown}, at: [time]}
`

// TestMappings holds what a mapping says to what becomes of an identifier.
func TestMappings(t *testing.T) {
	for _, c := range []mappedCase{
		{"every part of a cell is an identifier", "phone,sales,time\n\"+8613800000001,+8613800000002\",false,2025-01-01T00:00:00Z\n", nil, "phone", "13800000002", "sales", consentload.IsDenied},
		{"a column that the source names is split as those of the mapping are", "who,sales,time\n\"a@example.com,b@example.com\",false,2025-01-01T00:00:00Z\n", map[consentload.Kind]string{"email": "who"}, "email", "b@example.com", "sales", consentload.IsDenied},
		{"a mark before the value is no part of it", "number,sales,time\n'700,false,2025-01-01T00:00:00Z\n", nil, "customer_id", "700", "sales", consentload.IsDenied},
		{"a value without the mark is itself", "number,sales,time\n700,false,2025-01-01T00:00:00Z\n", nil, "customer_id", "700", "sales", consentload.IsDenied},
		{"a column that the source names has the mark of its kind", "code,sales,time\n'700,false,2025-01-01T00:00:00Z\n", map[consentload.Kind]string{"customer_id": "code"}, "customer_id", "700", "sales", consentload.IsDenied},
		{"a part of what was agreed to is agreed to", "number,sales,sales_news,time\n1,true,true,2025-01-01T00:00:00Z\n", nil, "customer_id", "1", "sales_news", consentload.IsGranted},
		{"a part of what was refused is refused", "number,sales,sales_news,time\n1,false,true,2025-01-01T00:00:00Z\n", nil, "customer_id", "1", "sales_news", consentload.IsDenied},
		{"a part refused stays refused", "number,sales,sales_news,time\n1,true,false,2025-01-01T00:00:00Z\n", nil, "customer_id", "1", "sales_news", consentload.IsDenied},
		{"a part of what nobody answered is not agreed to", "number,sales,sales_news,time\n1,default,true,2025-01-01T00:00:00Z\n", nil, "customer_id", "1", "sales_news", consentload.NoAct},
		{"the order of the columns does not count", "number,sales_news,sales,time\n1,true,false,2025-01-01T00:00:00Z\n", nil, "customer_id", "1", "sales", consentload.IsDenied},
		{"the time that an act of a pattern names is none of its columns, wherever it stands", "time,number,sales\n2025-01-01T00:00:00Z,1,true\n", nil, "customer_id", "1", "sales", consentload.IsGranted},
		{"the longest name is the one above", "number,a,a_b,a_b_c,time\n1,true,false,true,2025-01-01T00:00:00Z\n", nil, "customer_id", "1", "a_b_c", consentload.IsDenied},
		{"a name with the mark and no column above it stands alone", "number,by_post,time\n1,true,2025-01-01T00:00:00Z\n", nil, "customer_id", "1", "by_post", consentload.IsGranted},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.state(t, wide); got != c.want {
				t.Errorf("state %d, want %d", got, c.want)
			}
		})
	}
}

// state reads the export through a mapping and returns what it comes to for the identifier, over SMS.
func (c mappedCase) state(t *testing.T, mapping string) consentload.State {
	t.Helper()
	m, err := consentload.ReadMapping("test", []byte(mapping))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "export.csv")
	if err := os.WriteFile(path, []byte(c.export), 0o600); err != nil {
		t.Fatal(err)
	}
	catalog, err := consentload.NewCatalog(&consentload.Config{Purposes: map[string]consentload.PurposeConfig{c.purpose: {}, "sales": {}, "sales_news": {}, "a": {}, "a_b": {}}})
	if err != nil {
		t.Fatal(err)
	}
	asOf, bad := consentload.NewTimeReader(nil).Read([]byte("2026-01-01T00:00:00Z"), consentload.Later)
	if bad != consentload.TimeOK {
		t.Fatal(bad)
	}
	index, _, err := consentload.Load(t.Context(), catalog,
		[]consentload.Source{{Name: "test", Path: path, Files: []string{path}, Mapping: m, IDs: c.ids}}, consentload.Options{AsOf: asOf})
	if err != nil {
		t.Fatal(err)
	}
	id, _ := catalog.Kinds.Index(c.kind)
	key, _ := consentload.NewKeyer(catalog.Kinds).Key(id, []byte(c.value))
	ordinal, found := index.Find(key)
	if !found {
		return consentload.NoAct
	}
	return index.Evidence(index.Cell("sms", c.purpose), ordinal).State
}
