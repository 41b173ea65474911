package consentload

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"cpm/formats/fault"
)

// ConfigErrors is everything that is wrong with a configuration, in the order of its lines. Each is of kind Usage and
// names its file, line and column.
type ConfigErrors []*fault.Error

// Error lists the faults with their mends, one a line.
func (e ConfigErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
		if one.Mend != "" {
			lines[i] += " (" + one.Mend + ")"
		}
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults.
func (e ConfigErrors) Unwrap() []error {
	faults := make([]error, len(e))
	for i, one := range e {
		faults[i] = one
	}
	return faults
}

// place is where something stands in the file, from 1; columns count characters.
type place struct{ line, column int }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.line, q.line), cmp.Compare(p.column, q.column))
}

// placedFault is a fault that has not been put in order yet.
type placedFault struct {
	place
	fault *fault.Error
}

// maxConfigSize bounds the file: beyond it is no configuration but a data file given by mistake. (The YAML parser
// takes the square of the depth in time.)
const maxConfigSize = 256 << 10

const minimalConfig = "the least is the line \"version: 1\"; cpm init writes a commented file to start from"

// ReadConfig reads the text of a configuration; name is the file's, for messages. Nothing is guessed: an unknown or
// repeated key, a value of another type, a name that nothing declares are faults, and all of them are returned at
// once, as ConfigErrors. Whether the region exists is left to the phone numbers' library.
func ReadConfig(name string, text []byte) (*Config, error) {
	w := newConfigWalk(name, minimalConfig)
	config := &Config{}
	if err := w.readText(text, config, func() { w.settle(config) }); err != nil {
		return nil, err
	}
	return config, nil
}

// readText reads a YAML text into a struct of tagged fields; check looks at what the keys say together.
func (w *configWalk) readText(text []byte, into any, check func()) error {
	text = plainText(text)
	if root := w.parse(text); root != nil {
		w.read(root, into, check)
		if len(w.faults) == 0 {
			w.confirm(text, root)
		}
	}
	if len(w.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(w.faults, func(a, b placedFault) int {
		return cmp.Or(a.compare(b.place), cmp.Compare(a.fault.What, b.fault.What))
	})
	errs := make(ConfigErrors, len(w.faults))
	for i, one := range w.faults {
		errs[i] = one.fault
		errs[i].Where = fmt.Sprintf("%s:%d:%d", w.name, one.line, one.column)
	}
	return errs
}

// plainText drops the byte order mark and makes every line end a line feed.
func plainText(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
}

// parse returns the one map that the text holds; nil when there is none, with the faults noted.
func (w *configWalk) parse(text []byte) ast.Node {
	if !w.plausible(text) {
		return nil
	}
	file, err := parseYAML(text)
	if err != nil {
		w.syntax(err)
		return nil
	}
	var root ast.Node
	for _, document := range file.Docs {
		directive, isDirective := document.Body.(*ast.DirectiveNode)
		switch {
		case isDirective:
			w.fail("", placeOf(directive), "YAML directives are not read here").Hint("leave out the line that begins with %%")
			return nil
		case root != nil:
			w.fail("", placeOf(document), "a second document begins").Hint("keep one, without --- between")
			return nil
		default:
			root = document.Body
		}
	}
	if isNull(root) {
		w.fail("", place{1, 1}, "%s is empty", address("")).Hint("%s", w.least)
		return nil
	}
	return root
}

// plausible notes what no YAML parser tells well: bytes that are no text, and tabs.
func (w *configWalk) plausible(text []byte) bool {
	if len(text) > maxConfigSize {
		w.fail("", place{1, 1}, "the file has more than %d KiB; it is no configuration", maxConfigSize>>10)
		return false
	}
	for i, line := range strings.Split(string(text), "\n") {
		if !utf8.ValidString(line) || strings.ContainsRune(line, 0) {
			at := place{i + 1, utf8.RuneCountInString(strings.SplitN(strings.ToValidUTF8(line, "\x00"), "\x00", 2)[0]) + 1}
			w.fail("", at, "the file is no UTF-8 text").Hint("save it as UTF-8")
			return false
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 && len(indent) < len(line) {
			w.fail("", place{i + 1, tab + 1}, "a tab stands in the indentation").Hint("write spaces")
		}
	}
	return len(w.faults) == 0
}

// syntaxError is what the parser knows of its errors.
type syntaxError interface {
	error
	GetMessage() string
	GetToken() *token.Token
}

// parseYAML calls the parser. It finds repeated keys by their paths, and takes a key with a dot for a path; the walk
// looks for them itself. A panic of the parser becomes an error: broken text must not take the run down.
func parseYAML(text []byte) (file *ast.File, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			file, err = nil, errors.New("the parser gave up")
		}
	}()
	return parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
}

func (w *configWalk) syntax(err error) {
	at, message := place{1, 1}, "the parser gave up"
	var known syntaxError
	if errors.As(err, &known) {
		message = known.GetMessage()
		if found := known.GetToken(); found != nil && found.Position != nil {
			at = place{max(1, found.Position.Line), max(1, found.Position.Column)}
		}
	}
	if mayIdentify(message) {
		message = "a value cannot be read"
	}
	w.fail("", at, "this is no YAML: %s", printable(message)).
		Hint("check the indentation, the quotes and the brackets here and in the line before")
}

// placeOf is where a node begins. A map without braces begins at its first key; its own token is a colon.
func placeOf(node ast.Node) place {
	switch n := node.(type) {
	case *ast.DocumentNode:
		if n.Start != nil && n.Start.Position != nil {
			return place{n.Start.Position.Line, n.Start.Position.Column}
		}
		return placeOf(n.Body)
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return placeOf(n.Values[0].Key)
		}
	}
	if node == nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return place{1, 1}
	}
	at := node.GetToken().Position
	return place{max(1, at.Line), max(1, at.Column)}
}

func isNull(node ast.Node) bool {
	if node == nil {
		return true
	}
	_, null := node.(*ast.NullNode)
	return null
}
