package consentload

import (
	"errors"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
	yamlv3 "go.yaml.in/yaml/v3"
)

// finding is one value of a document with the way to it; of a map or a list its mere presence.
type finding struct {
	at   address
	form ast.NodeType
	text string
}

// confirm has another parser read the text, and notes the first value that it finds elsewhere or otherwise. Fuzzing
// showed the need: goccy/go-yaml 1.19.2 takes {phone:5} for a key and its value where YAML has the one key phone:5,
// drops a tab inside a key, and reads on in some texts that are no YAML. Whoever decides on such a text decides on
// what nobody wrote.
func (w *configWalk) confirm(text []byte, root ast.Node) {
	ours := findings(root, "", nil)
	theirs, err := findingsOf(text)
	if err == nil && slices.Equal(ours, theirs) {
		return
	}
	at, line := w.places[""], 0
	if _, scanErr := fmt.Sscanf(fmt.Sprint(err), "yaml: line %d:", &line); scanErr == nil && line > 0 {
		at = place{line, 1}
	}
	for i, one := range ours {
		if err != nil {
			break
		}
		at = w.places[one.at]
		if i >= len(theirs) || one != theirs[i] {
			break
		}
	}
	w.fail("", at, "two YAML parsers read the file differently, about here").
		Hint("put a space behind every colon and comma, quotes around a text with special characters, and no tabs")
}

// findings lists what stands in the nodes that the walk has found in order: maps, lists and scalars of text keys.
func findings(node ast.Node, at address, found []finding) []finding {
	switch n := node.(type) {
	case *ast.MappingNode:
		found = append(found, finding{at: at, form: ast.MappingType})
		for _, pair := range n.Values {
			key, _ := scalarText(pair.Key, false)
			found = findings(pair.Value, at.key(key), found)
		}
		return found
	case *ast.SequenceNode:
		found = append(found, finding{at: at, form: ast.SequenceType})
		for i, item := range n.Values {
			found = findings(item, at.item(i), found)
		}
		return found
	}
	if isNull(node) {
		return append(found, finding{at: at, form: ast.NullType})
	}
	text, _ := scalarText(node, true)
	return append(found, finding{at: at, form: ast.StringType, text: text})
}

// findingsOf lists the same as the other parser sees it.
func findingsOf(text []byte) (found []finding, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			found, err = nil, errors.New("the parser gave up")
		}
	}()
	var document yamlv3.Node
	if err := yamlv3.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	for _, root := range document.Content {
		found = otherFindings(root, "", found)
	}
	return found, nil
}

func otherFindings(node *yamlv3.Node, at address, found []finding) []finding {
	switch {
	case node.Kind == yamlv3.MappingNode:
		found = append(found, finding{at: at, form: ast.MappingType})
		for i := 0; i+1 < len(node.Content); i += 2 {
			found = otherFindings(node.Content[i+1], at.key(node.Content[i].Value), found)
		}
		return found
	case node.Kind == yamlv3.SequenceNode:
		found = append(found, finding{at: at, form: ast.SequenceType})
		for i, item := range node.Content {
			found = otherFindings(item, at.item(i), found)
		}
		return found
	case node.Kind != yamlv3.ScalarNode: // an alias, which the walk has refused
		return append(found, finding{at: at})
	case node.Tag == "!!null":
		return append(found, finding{at: at, form: ast.NullType})
	}
	return append(found, finding{at: at, form: ast.StringType, text: node.Value})
}
