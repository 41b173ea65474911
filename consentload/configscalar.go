package consentload

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"cpm/formats/fault"
)

// anything reads a default of a flag: true or false, a text or number as written, or a list of those.
func (w *configWalk) anything(node ast.Node, into reflect.Value, at address) {
	if sequence, ok := node.(*ast.SequenceNode); ok {
		values := make([]any, len(sequence.Values))
		for i, item := range sequence.Values {
			inner := at.item(i)
			w.places[inner] = placeOf(item)
			if _, nested := item.(*ast.SequenceNode); nested {
				w.wrongType(item, inner, "a text, a number, true or false")
				continue
			}
			w.value(item, reflect.ValueOf(&values[i]).Elem(), configField{}, inner)
		}
		into.Set(reflect.ValueOf(values))
		return
	}
	if truth, ok := node.(*ast.BoolNode); ok {
		into.Set(reflect.ValueOf(truth.Value))
		return
	}
	if text, ok := scalarText(node, true); ok {
		into.Set(reflect.ValueOf(text))
		return
	}
	w.wrongType(node, at, "a text, a number, true or false, or a list of those")
}

func (w *configWalk) truth(node ast.Node, into reflect.Value, at address) {
	if truth, ok := node.(*ast.BoolNode); ok {
		into.SetBool(truth.Value)
		return
	}
	w.wrongType(node, at, "true or false")
}

// number reads a decimal integer. Other forms are refused: the parser takes 010 for 8.
func (w *configWalk) number(node ast.Node, into reflect.Value, f configField, at address) {
	w.places[at] = placeOf(node)
	if text, isText := node.(*ast.StringNode); isText {
		if plain := text.Token.Type == token.StringType; plain && isDecimal(text.Value) { // beyond 64 bits
			w.failAt(at, "%s is too large a number", at)
			return
		}
		w.wrongType(node, at, "a whole number").Hint("write it in digits, without quotes")
		return
	}
	text, ok := scalarText(node, true)
	digits := strings.TrimPrefix(text, "-")
	number, err := strconv.ParseInt(text, 10, 64)
	switch {
	case !ok:
		w.wrongType(node, at, "a whole number")
	case err != nil || !isDecimal(digits) || len(digits) > 1 && digits[0] == '0':
		w.failAt(at, "%s must be a whole number, and is %s", at, quoteSafely(text)).Hint("write it in decimal digits")
	case len(f.enum) > 0 && !slices.Contains(f.enum, text):
		w.failAt(at, "%s must be %s, and is %s", at, strings.Join(f.enum, " or "), quoteSafely(text))
	case f.least != nil && number < *f.least:
		w.failAt(at, "%s must be %d or more, and is %s", at, *f.least, quoteSafely(text))
	default:
		into.SetInt(number)
	}
}

// maxLinks reads the one value that is a number, or a number a kind.
func (w *configWalk) maxLinks(node ast.Node, into reflect.Value, at address) {
	var limits MaxLinks
	switch node.(type) {
	case *ast.MappingNode:
		w.table(node, reflect.ValueOf(&limits.Kind).Elem(), linkLimit[map[string]int](), at)
	case *ast.IntegerNode:
		w.number(node, reflect.ValueOf(&limits.All).Elem(), linkLimit[int](), at)
	default:
		w.wrongType(node, at, "a whole number, or one for each identifier kind")
	}
	into.Set(reflect.ValueOf(limits))
}

// text reads a string and holds it to the words or the form that its field allows.
func (w *configWalk) text(node ast.Node, into reflect.Value, f configField, at address) {
	w.places[at] = placeOf(node)
	text, ok := scalarText(node, f.written || f.format != "")
	switch {
	case !ok:
		one := w.wrongType(node, at, "a text")
		if _, scalar := node.(ast.ScalarNode); scalar {
			one.Hint("write it in quotes")
		}
	case strings.TrimSpace(text) == "" && !f.blank:
		w.failAt(at, "%s is empty", at).Hint("write a value, or leave the key out")
	case strings.ContainsFunc(text, unicode.IsControl):
		w.failAt(at, "%s holds a line break or another control character", at).Hint("write it in one line")
	case len(f.enum) > 0 && !slices.Contains(f.enum, text):
		one := w.failAt(at, "%s is %s, which is not one of %s", at, quoteSafely(text), strings.Join(f.enum, ", "))
		if near := Nearest(text, f.enum); near != "" {
			one.Hint("did you mean %q?", near)
		}
	default:
		w.formed(text, into, f, at)
	}
}

func (w *configWalk) formed(text string, into reflect.Value, f configField, at address) {
	if err := checkForm(f.format, text); err != nil {
		one := w.failAt(at, "%s: %s", at, err.What)
		one.Mend = err.Mend
		return
	}
	into.SetString(text)
}

// checkForm holds a text to one of the forms that a struct tag can name.
func checkForm(format, text string) *fault.Error {
	var err error
	switch format {
	case "duration":
		_, err = ParseDuration(text)
	case "percent":
		_, err = ParsePercent(text)
	case "zone":
		_, err = LoadZone(text)
	case "region":
		if len(text) != 2 || strings.Trim(strings.ToUpper(text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return fault.New(fault.Usage, "", "%s is no region", quoteSafely(text)).
				Hint("write the two letters of ISO 3166, such as CN")
		}
	}
	var wrong *fault.Error
	errors.As(err, &wrong)
	return wrong
}

// scalarText returns the text of a scalar; of a number or a truth value as it is written, when that is allowed.
func scalarText(node ast.Node, written bool) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, written
	}
	return "", false
}

func (w *configWalk) wrongType(node ast.Node, at address, wanted string) *fault.Error {
	return w.fail(at, placeOf(node), "%s must be %s, and is %s", at, wanted, typeOf(node))
}

func typeOf(node ast.Node) string {
	switch node.(type) {
	case *ast.MappingNode:
		return "keys with values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	}
	return "a text"
}
