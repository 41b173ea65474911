package consentload

import (
	"reflect"
	"regexp"
	"slices"
	"testing"
)

func TestTheExampleIsInOrder(t *testing.T) {
	config, err := ReadConfig("cpm.yaml", ExampleConfig())
	if err != nil {
		t.Fatal(err)
	}
	if len(config.Channels) == 0 || len(config.Purposes) == 0 || len(config.Notices) == 0 || config.Timezone == "" {
		t.Errorf("the example lacks channels, purposes, notices or a timezone: %+v", config)
	}
	if config.Suppression != nil || config.Sources != nil || config.Jobs != nil || config.Defaults != nil {
		t.Errorf("the example names files that do not exist: %+v", config)
	}
}

func TestTheExampleIsInOrderWithEveryKeySwitchedOn(t *testing.T) {
	commented := regexp.MustCompile(`(?m)^( *)#(\S|  )`)
	config, err := ReadConfig("cpm.yaml", commented.ReplaceAll(ExampleConfig(), []byte("$1$2")))
	if err != nil {
		t.Fatal(err)
	}
	root := reflect.ValueOf(*config)
	for _, field := range configFields(root.Type()) {
		if root.FieldByIndex(field.index).IsZero() {
			t.Errorf("the example does not show the key %q", field.key)
		}
	}
	showsAll(t, "suppression", config.Suppression[0], "allow_empty", "no_header")
	showsAll(t, "sources", config.Sources[0], "require_manifest", "mapping")
	showsAll(t, "sources", config.Sources[1], "kind", "preset", "id", "channels", "purposes", "ignore", "snapshot_at", "encoding",
		"delimiter", "sheet", "timezone", "max_age", "min_rows", "max_shrink", "require_manifest")
	showsAll(t, "jobs", config.Jobs[0])
	showsAll(t, "kinds", config.Kinds["member_card"])
	showsAll(t, "channels", config.Channels["sms"])
	showsAll(t, "ignore", config.Ignore)
	showsAll(t, "purposes.promotion", config.Purposes["promotion"], "star")
}

// showsAll demands a value for every key of a section but those whose zero value is what the example shows.
func showsAll(t *testing.T, name string, section any, zero ...string) {
	t.Helper()
	value := reflect.ValueOf(section)
	for _, field := range configFields(value.Type()) {
		if value.FieldByIndex(field.index).IsZero() && !slices.Contains(zero, field.key) {
			t.Errorf("the example does not show %s.%s", name, field.key)
		}
	}
}

func TestTheCallerMayChangeItsExample(t *testing.T) {
	ExampleConfig()[0] = 'x'
	if ExampleConfig()[0] != '#' {
		t.Error("a change by the caller reached the embedded example")
	}
}
