package consentload

import (
	"encoding/json"
	"testing"
)

func TestTheSchemaIsThatOfItsGoldenFile(t *testing.T) {
	golden(t, "testdata/config/schema.json", string(ConfigSchema()))
}

func TestTheSchemaIsTheSameEveryTime(t *testing.T) {
	if first, second := ConfigSchema(), ConfigSchema(); string(first) != string(second) || !json.Valid(first) {
		t.Error("two schemas differ, or are no JSON")
	}
}
