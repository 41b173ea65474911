package consentload

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"cpm/formats/fault"
)

// configWalk goes through the nodes of one file beside the structs of Config. It fills in what is right, and notes
// what is wrong; places and failed let the rules of check name a line, and not tell a mistake twice.
type configWalk struct {
	name   string
	least  string // what the least text is, for a file without anything
	places map[address]place
	failed map[address]bool
	faults []placedFault
}

func newConfigWalk(name, least string) *configWalk {
	return &configWalk{name: name, least: least, places: map[address]place{}, failed: map[address]bool{}}
}

// address is the way to a value from the root: keys and positions, each with a NUL before it.
type address string

func (a address) key(key string) address { return a + "\x00" + address(key) }
func (a address) item(i int) address     { return a.key(strconv.Itoa(i)) }

// String is the address for a message: purposes.promotion.basis.
func (a address) String() string {
	if a == "" {
		return "the file"
	}
	keys := strings.Split(string(a[1:]), "\x00")
	for i, key := range keys {
		if mayIdentify(key) {
			keys[i] = "…"
		}
	}
	return printable(strings.Join(keys, "."))
}

// fail notes a fault at a place, about an address.
func (w *configWalk) fail(at address, where place, format string, args ...any) *fault.Error {
	one := fault.New(fault.Usage, w.name, format, args...)
	w.failed[at] = true
	w.faults = append(w.faults, placedFault{where, one})
	return one
}

// failAt notes a fault where the address stands.
func (w *configWalk) failAt(at address, format string, args ...any) *fault.Error {
	return w.fail(at, w.places[at], format, args...)
}

// read fills in the whole struct to which into points.
func (w *configWalk) read(root ast.Node, into any, check func()) {
	w.places[""] = placeOf(root)
	whole := reflect.ValueOf(into).Elem()
	w.value(root, whole, configField{kind: whole.Type()}, "")
	if _, isMap := root.(*ast.MappingNode); isMap {
		check()
	}
}

// settle notes where the keys of a configuration stand, and looks at what they say together.
func (w *configWalk) settle(c *Config) {
	c.Lines, c.DefaultLines = map[string]int{}, map[string]int{}
	for _, field := range configFields(reflect.TypeFor[Config]()) {
		if at, stands := w.places[address("").key(field.key)]; stands {
			c.Lines[field.key] = at.line
		}
	}
	for key := range c.Defaults {
		c.DefaultLines[key] = w.places[address("").key("defaults").key(key)].line
	}
	w.check(c)
}

// value reads one node into a value of any type that the structs have.
func (w *configWalk) value(node ast.Node, into reflect.Value, f configField, at address) {
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		w.fail(at, placeOf(node), "%s has an anchor, an alias or a tag, which are not read here", at).
			Hint("write the value itself; text that looks like a number goes in quotes")
		return
	}
	if isNull(node) {
		w.null(node, into, at)
		return
	}
	if into.Type() == reflect.TypeFor[MaxLinks]() {
		w.maxLinks(node, into, at)
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(into.Type().Elem())
		w.value(node, fresh.Elem(), f, at)
		into.Set(fresh)
	case reflect.Struct:
		w.section(node, into, at)
	case reflect.Map:
		w.table(node, into, f, at)
	case reflect.Slice:
		w.list(node, into, f, at)
	case reflect.Interface:
		w.anything(node, into, at)
	case reflect.Bool:
		w.truth(node, into, at)
	case reflect.Int, reflect.Int64:
		w.number(node, into, f, at)
	default:
		w.text(node, into, f, at)
	}
}

// null takes a key with nothing behind it for an empty section. A rule without its value is a fault: left out
// silently, valid_for would mean for ever.
func (w *configWalk) null(node ast.Node, into reflect.Value, at address) {
	switch into.Kind() {
	case reflect.Map, reflect.Slice, reflect.Struct:
		if into.Type() != reflect.TypeFor[MaxLinks]() {
			w.members(nil, into, at)
			return
		}
	}
	w.fail(at, placeOf(node), "%s has no value", at).Hint("write one, or leave the key out")
}

// section reads a map whose keys a struct lists.
func (w *configWalk) section(node ast.Node, into reflect.Value, at address) {
	if mapping, ok := w.mapping(node, at); ok {
		w.members(mapping, into, at)
	}
}

// members reads the keys of a section; nil stands for none.
func (w *configWalk) members(mapping *ast.MappingNode, into reflect.Value, at address) {
	if into.Kind() != reflect.Struct {
		return
	}
	if line := into.FieldByName("Line"); line.IsValid() {
		line.SetInt(int64(w.places[at].line))
	}
	fields := configFields(into.Type())
	given := map[string]bool{}
	w.pairs(mapping, at, func(key string, value ast.Node, inner address) {
		for _, field := range fields {
			if field.key == key {
				given[key] = true
				w.value(value, into.FieldByIndex(field.index), field, inner)
				return
			}
		}
		known := keysOf(fields)
		w.failAt(inner, "unknown key %s in %s", quoteSafely(key), at).Mend = suggestion(key, known)
		misspelt := Nearest(key, known) // and so not missing
		given[misspelt], w.failed[at.key(misspelt)] = true, true
	})
	for _, field := range fields {
		if field.required && !given[field.key] {
			w.failAt(at, "%s lacks the key %q", at, field.key).Hint("%s: %s", field.key, field.doc)
			w.failed[at.key(field.key)] = true
		}
	}
}

// table reads a map whose keys are names.
func (w *configWalk) table(node ast.Node, into reflect.Value, f configField, at address) {
	mapping, ok := w.mapping(node, at)
	if !ok {
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	w.pairs(mapping, at, func(key string, value ast.Node, inner address) {
		if strings.TrimSpace(key) == "" || strings.ContainsFunc(key, unicode.IsControl) {
			w.failAt(inner, "%s has a name that is empty or breaks the line", at).Hint("write a name")
			return
		}
		fresh := reflect.New(into.Type().Elem()).Elem()
		w.value(value, fresh, f.item(), inner)
		into.SetMapIndex(reflect.ValueOf(key), fresh)
	})
}

// pairs hands out the keys of a map that are text and stand once.
func (w *configWalk) pairs(mapping *ast.MappingNode, at address, each func(key string, value ast.Node, inner address)) {
	if mapping == nil {
		return
	}
	for _, pair := range mapping.Values {
		where := placeOf(pair.Key)
		text, ok := pair.Key.(*ast.StringNode)
		if !ok {
			what, mend := keyFault(pair.Key)
			w.fail(at, where, "%s has a key that is %s", at, what).Hint("%s", mend)
			continue
		}
		inner := at.key(text.Value)
		if first, seen := w.places[inner]; seen {
			w.fail(inner, where, "the key %s stands twice in %s", quoteSafely(text.Value), at).
				Hint("it stands in line %d already; keep one", first.line)
			continue
		}
		w.places[inner] = where
		each(text.Value, pair.Value, inner)
	}
}

func keyFault(key ast.MapKeyNode) (what, mend string) {
	switch key.(type) {
	case *ast.MergeKeyNode:
		return "<<, which is not read here", "write the keys out"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MappingKeyNode:
		return "an anchor, an alias, a tag or a ?, which are not read here", "write the key itself"
	}
	return "no text", "write it in quotes"
}

func (w *configWalk) mapping(node ast.Node, at address) (*ast.MappingNode, bool) {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		w.wrongType(node, at, "keys with values")
	}
	return mapping, ok
}

func (w *configWalk) list(node ast.Node, into reflect.Value, f configField, at address) {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		w.wrongType(node, at, "a list").Hint("write [ ] around it")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(sequence.Values), len(sequence.Values)))
	for i, item := range sequence.Values {
		inner := at.item(i)
		w.places[inner] = placeOf(item)
		w.value(item, into.Index(i), f.item(), inner)
	}
}
