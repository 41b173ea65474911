package consentload

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
)

// schema is the part of JSON Schema, draft 2020-12, that the configuration needs.
type schema struct {
	Dialect     string         `json:"$schema,omitempty"`
	Title       string         `json:"title,omitempty"`
	Description string         `json:"description,omitempty"`
	Type        any            `json:"type,omitempty"` // a word, or a list of words
	Enum        []any          `json:"enum,omitempty"`
	Pattern     string         `json:"pattern,omitempty"`
	Minimum     *int64         `json:"minimum,omitempty"`
	Maximum     *int64         `json:"maximum,omitempty"`
	AnyOf       []*schema      `json:"anyOf,omitempty"`
	Items       *schema        `json:"items,omitempty"`
	MinItems    int            `json:"minItems,omitempty"`
	Properties  schemaSections `json:"properties,omitempty"`
	Required    []string       `json:"required,omitempty"`
	Additional  any            `json:"additionalProperties,omitempty"` // false, or the schema of every value
}

// schemaSections are properties in the order of the structs, which is the order in which one writes them.
type schemaSections []schemaSection

type schemaSection struct {
	key    string
	schema *schema
}

// MarshalJSON writes an object whose keys keep their order.
func (s schemaSections) MarshalJSON() ([]byte, error) {
	text := []byte{'{'}
	for i, section := range s {
		if i > 0 {
			text = append(text, ',')
		}
		value, err := json.Marshal(section.schema)
		if err != nil {
			return nil, err
		}
		text = append(strconv.AppendQuote(text, section.key), ':')
		text = append(text, value...)
	}
	return append(text, '}'), nil
}

// ConfigSchema returns the JSON Schema (draft 2020-12) of cpm.yaml, for editors. It is made of the structs that
// ReadConfig reads, so it knows every key, type, word and form; what keys say together, ReadConfig alone checks.
func ConfigSchema() []byte {
	root := sectionSchema(reflect.TypeFor[Config]())
	root.Dialect = "https://json-schema.org/draft/2020-12/schema"
	root.Title = "cpm.yaml"
	root.Description = "The configuration of cpm, the consent gate between an audience and the send button."
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return nil // not reached: the type holds nothing that JSON cannot say
	}
	return text.Bytes()
}

// sectionSchema is that of a struct. A section that needs no key may stand with nothing in it, hence null.
func sectionSchema(section reflect.Type) *schema {
	s := &schema{Type: []string{"object", "null"}, Additional: false}
	for _, field := range configFields(section) {
		value := field.schema()
		value.Description = field.doc
		s.Properties = append(s.Properties, schemaSection{field.key, value})
		if field.required {
			s.Type, s.Required = "object", append(s.Required, field.key)
		}
		if field.required && field.kind.Kind() == reflect.Slice {
			value.Type, value.MinItems = "array", 1
		}
	}
	return s
}

// schema is that of the values that the field takes.
func (f configField) schema() *schema {
	if f.kind == reflect.TypeFor[MaxLinks]() {
		limits := linkLimit[map[string]int]().schema()
		limits.Type = "object"
		return &schema{AnyOf: []*schema{linkLimit[int]().schema(), limits}}
	}
	switch f.kind.Kind() {
	case reflect.Pointer:
		return f.item().schema()
	case reflect.Struct:
		return sectionSchema(f.kind)
	case reflect.Map:
		return &schema{Type: []string{"object", "null"}, Additional: f.item().schema()}
	case reflect.Slice:
		return &schema{Type: []string{"array", "null"}, Items: f.item().schema()}
	case reflect.Interface:
		scalar := []string{"string", "number", "boolean"}
		return &schema{AnyOf: []*schema{{Type: scalar}, {Type: "array", Items: &schema{Type: scalar}}}}
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Int, reflect.Int64:
		return f.numberSchema()
	}
	return f.textSchema()
}

func (f configField) numberSchema() *schema {
	s := &schema{Type: "integer", Minimum: f.least}
	for _, word := range f.enum {
		s.Enum = append(s.Enum, json.Number(word))
	}
	return s
}

func (f configField) textSchema() *schema {
	s := &schema{Type: "string", Pattern: `\S`}
	switch f.format {
	case "duration":
		s.Pattern = durationPattern
	case "region":
		s.Pattern = regionPattern
	case "percent":
		none, all := int64(0), int64(1)
		fraction := &schema{Type: "number", Minimum: &none, Maximum: &all}
		return &schema{AnyOf: []*schema{{Type: "string", Pattern: percentPattern}, fraction}}
	}
	if f.written {
		s.Type = []string{"string", "number", "boolean"}
	}
	for _, word := range f.enum {
		s.Pattern, s.Enum = "", append(s.Enum, word)
	}
	return s
}
