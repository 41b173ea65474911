package consentload

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/google/go-cmp/cmp"
	yamlv3 "go.yaml.in/yaml/v3"
)

// Whatever the text: no panic; every fault has its line; and a configuration that is read holds what another YAML
// parser finds in the same text.
func FuzzAConfigurationIsReadOrItsFaultsHaveTheirLines(f *testing.F) {
	paths, err := filepath.Glob("testdata/config/*.yaml")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no configurations: %v", err)
	}
	for _, path := range append(paths, "cpm.yaml") {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	placed := regexp.MustCompile(`^cpm\.yaml:[1-9][0-9]*:[1-9][0-9]*: \S`)
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := ReadConfig("cpm.yaml", text)
		if err == nil {
			sameToAnotherParser(t, text)
			return
		}
		var all ConfigErrors
		if !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("got %v, want the list of faults", err)
		}
		for _, one := range all {
			if !placed.MatchString(one.Error()) {
				t.Errorf("a fault without its place: %q", one)
			}
		}
	})
}

// scalar is a value of a document with the way to it.
type scalar struct{ at, text string }

func sameToAnotherParser(t *testing.T, text []byte) {
	t.Helper()
	var other yamlv3.Node
	if err := yamlv3.Unmarshal(text, &other); err != nil {
		t.Fatalf("read, and refused by another parser: %v\n%q", err, text)
	}
	walk := &configWalk{places: map[address]place{}, failed: map[address]bool{}}
	ours, theirs := ourScalars(walk.parse(text), ""), theirScalars(&other, "")
	if diff := cmp.Diff(theirs, ours, cmp.AllowUnexported(scalar{})); diff != "" {
		t.Errorf("another parser reads otherwise (-theirs +ours):\n%s\n%q", diff, text)
	}
}

func ourScalars(node ast.Node, at address) (found []scalar) {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			found = append(found, ourScalars(pair.Value, at.key(pair.Key.(*ast.StringNode).Value))...)
		}
	case *ast.SequenceNode:
		for i, item := range n.Values {
			found = append(found, ourScalars(item, at.item(i))...)
		}
	case *ast.NullNode:
		return []scalar{{string(at), "null"}}
	default:
		text, _ := scalarText(node, true)
		return []scalar{{string(at), text}}
	}
	return found
}

func theirScalars(node *yamlv3.Node, at address) (found []scalar) {
	switch node.Kind {
	case yamlv3.DocumentNode:
		return theirScalars(node.Content[0], at)
	case yamlv3.MappingNode:
		for i := 0; i < len(node.Content); i += 2 {
			found = append(found, theirScalars(node.Content[i+1], at.key(node.Content[i].Value))...)
		}
	case yamlv3.SequenceNode:
		for i, item := range node.Content {
			found = append(found, theirScalars(item, at.item(i))...)
		}
	default:
		if node.Tag == "!!null" {
			return []scalar{{string(at), "null"}}
		}
		return []scalar{{string(at), node.Value}}
	}
	return found
}
