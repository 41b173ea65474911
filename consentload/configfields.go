package consentload

import (
	"reflect"
	"strconv"
	"strings"
)

// configField is one key of a section of the configuration, as the struct tags state it.
type configField struct {
	key      string
	doc      string
	enum     []string // the words to choose from; of a list, for each item
	format   string   // "duration", "percent", "zone" or "region"; empty: any text
	required bool
	written  bool   // a number stands for its own text: version 2.10 is "2.10", and 010 is no 8
	blank    bool   // it may be empty
	least    *int64 // the least number; nil: any
	index    []int
	kind     reflect.Type
}

// configFields lists the keys of a section in the order of its struct; those of an inlined struct stand in its place.
func configFields(section reflect.Type) []configField {
	var fields []configField
	for i := range section.NumField() {
		field := section.Field(i)
		key, option, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if option == "inline" {
			for _, inner := range configFields(field.Type) {
				inner.index = append([]int{i}, inner.index...)
				fields = append(fields, inner)
			}
			continue
		}
		if key == "" || key == "-" {
			continue
		}
		one := configField{
			key: key, doc: field.Tag.Get("doc"), format: field.Tag.Get("format"),
			required: field.Tag.Get("required") == "true", written: field.Tag.Get("written") == "true",
			blank: field.Tag.Get("blank") == "true",
			index: []int{i}, kind: field.Type,
		}
		if words := field.Tag.Get("enum"); words != "" {
			one.enum = strings.Split(words, ",")
		}
		if least, err := strconv.ParseInt(field.Tag.Get("min"), 10, 64); err == nil {
			one.least = &least
		}
		fields = append(fields, one)
	}
	return fields
}

// item is the field's rule for each item of its list or map.
func (f configField) item() configField {
	f.required, f.kind = false, f.kind.Elem()
	return f
}

// linkLimit is the rule for what max_links may be, a number or a number a kind: each is 1 or more.
func linkLimit[T int | map[string]int]() configField {
	least := int64(1)
	return configField{kind: reflect.TypeFor[T](), least: &least}
}

func keysOf(fields []configField) []string {
	keys := make([]string, len(fields))
	for i, field := range fields {
		keys[i] = field.key
	}
	return keys
}
