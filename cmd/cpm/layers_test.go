package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// root is the folder of the module, seen from this test.
const root = "../.."

// rule says where an import may stand. what covers the package of that path and all below it; only lists folders,
// and files by their whole path. A rule without a place forbids the import everywhere. Of two rules that cover a
// package, the one with the longer path holds.
type rule struct {
	what  string
	exact bool // the package alone, not those below it
	only  []string
	tests bool // the rule holds for test files too
	why   string
}

// rules are the arrows of the house. They are read from the imports of every file, whatever its build tags.
var rules = []rule{
	// The staircase: skipping a step is fine, turning back is not, and a test turns back no more than its package.
	{what: "cpm/cmd", only: []string{"cmd"}, tests: true, why: "the command is the top of the staircase"},
	{what: "cpm/filter", only: []string{"cmd", "filter"}, tests: true, why: "consent is loaded before anything is decided"},
	{what: "cpm/consentload", only: []string{"cmd", "filter", "consentload"}, tests: true, why: "formats knows nothing of consent"},
	{what: "cpm/testdata/example", exact: true, only: []string{"cmd/cpm"}, why: "the program hands out its example; nothing else may depend on it"},
	{what: "cpm/testdata", why: "what tests need is no part of the product"},

	// The terminal and the configuration stop at cmd/cpm: lower layers take values, readers, writers and a context.
	{what: "github.com/spf13/cobra", only: []string{"cmd/cpm"}, tests: true, why: "flags belong to the command"},
	{what: "github.com/spf13/pflag", only: []string{"cmd/cpm"}, tests: true, why: "flags belong to the command"},
	{what: "github.com/spf13/viper", only: []string{"cmd/cpm/config.go", "cmd/cpm/config_test.go"}, tests: true, why: "one file knows viper, the rest takes plain structs"},
	{what: "github.com/schollz/progressbar", only: []string{"cmd/cpm"}, tests: true, why: "progress is pulled by the command; lower layers only count"},
	{what: "github.com/jedib0t/go-pretty", only: []string{"cmd/cpm"}, tests: true, why: "tables are talk, and the talk is of the command"},
	{what: "golang.org/x/term", only: []string{"cmd/cpm"}, tests: true, why: "only the command knows of a terminal"},

	// A library stands behind one package, so that it can be replaced there.
	{what: "github.com/parquet-go", only: []string{"formats"}, why: "Parquet is behind formats; a test elsewhere may use it as a second opinion"},
	{what: "gocloud.dev", only: []string{"formats/cloud", "cmd/cpm/cloud_servers_test.go"}, tests: true, why: "object stores are behind one package, which the usual build leaves out"},
	{what: "github.com/aws", only: []string{"formats/cloud", "cmd/cpm/cloud_servers_test.go"}, tests: true, why: "object stores are behind one package, which the usual build leaves out"},
	{what: "github.com/Azure", only: []string{"formats/cloud", "cmd/cpm/cloud_servers_test.go"}, tests: true, why: "object stores are behind one package, which the usual build leaves out"},
	{what: "cloud.google.com/go", only: []string{"formats/cloud", "cmd/cpm/cloud_servers_test.go"}, tests: true, why: "object stores are behind one package, which the usual build leaves out"},
	{what: "cpm/formats/cloud", only: []string{"cmd/cpm/stores_cloud.go", "cmd/cpm/cloud_system_test.go", "cmd/cpm/cloud_servers_test.go"}, tests: true, why: "only the build that asks for the drivers links them"},
	{what: "github.com/RoaringBitmap/roaring", only: []string{"consentload", "filter"}, tests: true, why: "bitmaps are of the index and the gate; formats.Bits is enough for rows"},
	{what: "github.com/apache/arrow", only: []string{"formats/arrow"}, why: "Arrow is behind one package; a test elsewhere may use it as a second opinion"},
	{what: "github.com/google/flatbuffers", only: []string{"formats/arrow"}, why: "the messages of Arrow alone are looked into"},
	{what: "github.com/apache/arrow/go/v17/arrow/compute", tests: true, why: "hundreds of kernels for a filter that copies bytes"},
	{what: "github.com/apache/arrow/go/v17/parquet", tests: true, why: "parquet-go is the one Parquet implementation here"},

	// What the product does without.
	{what: "encoding/csv", only: []string{"cmd/cpm/quarantine.go", "filter/reachreport.go"}, why: "it forgets quotes and line ends; a kept row is copied as it stands"},
	{what: "log", exact: true, why: "it writes to a stream that nobody gave it, and can end the process"},
	{what: "os/exec", why: "the gate starts no other program"},
	{what: "testing", why: "test code is no product code"},
	{what: "cpm/formats/storetest", why: "test code is no product code"},
	{what: "github.com/google/go-cmp", why: "test code is no product code"},
	{what: "github.com/rogpeppe/go-internal", why: "test code is no product code"},
	{what: "github.com/xuri/excelize", why: "it spills sheets to plain temporary files; a second opinion for tests"},
	{what: "go.uber.org/goleak", why: "test code is no product code"},
	{what: "pgregory.net/rapid", why: "test code is no product code"},
}

// topLevel is all that stands in the root of the module beside hidden names, which belong to tools and to the
// community, and what .gitignore names, which is made and not kept. What is new finds its place below these.
var topLevel = []string{"cmd", "filter", "consentload", "formats", "testdata", "go.mod", "go.sum", "Makefile", "README.md"}

// steps are the folders that hold the product.
var steps = []string{"cmd", "filter", "consentload", "formats"}

// longest is the length in lines beyond which a file holds more than one noun.
const longest = 400

// source is one Go file, as far as the rules look at it.
type source struct {
	name    string // from the root, with slashes
	lines   int
	imports []string
	exits   []int // the lines that name os.Exit
}

func (s source) test() bool { return strings.HasSuffix(s.name, "_test.go") }

// sources parses every Go file of the product and of its tests; folders named testdata hold neither.
func sources(tree fs.FS) ([]source, error) {
	var all []source
	for _, step := range steps {
		if _, err := fs.Stat(tree, step); err != nil {
			continue // TestTheWholeProductIsRead asks for all of them
		}
		err := fs.WalkDir(tree, step, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "testdata":
				return fs.SkipDir
			case entry.IsDir() || path.Ext(name) != ".go":
				return nil
			}
			s, err := parse(tree, name)
			all = append(all, s)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func parse(tree fs.FS, name string) (source, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return source{}, err
	}
	positions := token.NewFileSet()
	file, err := parser.ParseFile(positions, name, text, parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	s := source{name: name, lines: bytes.Count(text, []byte("\n"))}
	osName := "" // what this file calls package os
	for _, spec := range file.Imports {
		what, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return source{}, err
		}
		s.imports = append(s.imports, what)
		if what == "os" {
			osName = "os"
			if spec.Name != nil {
				osName = spec.Name.Name
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Exit" {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == osName {
				s.exits = append(s.exits, positions.Position(n.Pos()).Line)
			}
		}
		return true
	})
	return s, nil
}

// covers reports whether the rule is about the import what.
func (r rule) covers(what string) bool {
	return what == r.what || !r.exact && strings.HasPrefix(what, r.what+"/")
}

// allows reports whether the import may stand in the file of that name.
func (r rule) allows(name string) bool {
	return slices.ContainsFunc(r.only, func(place string) bool {
		return name == place || strings.HasPrefix(name, place+"/")
	})
}

// ruleFor returns the rule about the import what; the zero rule covers nothing and has no reason.
func ruleFor(what string) rule {
	var found rule
	for _, r := range rules {
		if r.covers(what) && len(r.what) > len(found.what) {
			found = r
		}
	}
	return found
}

// checkArrows returns one sentence for each import that a rule forbids and for each exit outside main.
func checkArrows(all []source) []string {
	var wrong []string
	for _, s := range all {
		for _, what := range s.imports {
			r := ruleFor(what)
			if r.why != "" && !r.allows(s.name) && (r.tests || !s.test()) {
				wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", s.name, what, r.why))
			}
		}
		for _, line := range s.exits {
			if s.name != "cmd/cpm/main.go" && !s.test() {
				wrong = append(wrong, fmt.Sprintf("%s:%d: only main ends the process; below it everything returns an error", s.name, line))
			}
		}
	}
	return wrong
}

// checkLength returns one sentence for each product file that is too long.
func checkLength(all []source) []string {
	var wrong []string
	for _, s := range all {
		if s.lines > longest && !s.test() {
			wrong = append(wrong, fmt.Sprintf("%s has %d lines, more than %d: a noun is missing", s.name, s.lines, longest))
		}
	}
	return wrong
}

// checkTopLevel returns one sentence for each name in the root that has no place there.
func checkTopLevel(tree fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(tree, ".")
	if err != nil {
		return nil, err
	}
	ignored, err := fs.ReadFile(tree, ".gitignore")
	if err != nil {
		return nil, err
	}
	made := strings.Fields(string(ignored))
	var wrong []string
	for _, entry := range entries {
		name := entry.Name()
		kept := !slices.ContainsFunc(made, func(pattern string) bool {
			match, err := path.Match(strings.Trim(pattern, "/"), name)
			return err == nil && match
		})
		if kept && !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) {
			wrong = append(wrong, name+" stands at the top level: find the folder that it belongs to")
		}
	}
	return wrong, nil
}

// module is what `go mod edit -json` tells of a go.mod.
type module struct {
	Require []struct{ Path string }
	Tool    []struct{ Path string }
}

func readModule(t *testing.T, name string) module {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", name).Output()
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	var m module
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return m
}

// checkModule returns one sentence for each tool in product's go.mod, where tools is the go.mod that they belong to.
func checkModule(product, tools module) []string {
	var wrong []string
	for _, tool := range product.Tool {
		wrong = append(wrong, "go.mod names the tool "+tool.Path+": it belongs to .ci/tools/go.mod")
	}
	for _, need := range product.Require {
		if slices.ContainsFunc(tools.Tool, func(tool struct{ Path string }) bool {
			return strings.HasPrefix(tool.Path+"/", need.Path+"/")
		}) {
			wrong = append(wrong, "go.mod requires "+need.Path+", a tool: it belongs to .ci/tools/go.mod")
		}
	}
	return wrong
}

func TestTheWholeProductIsRead(t *testing.T) {
	all := readSources(t)
	for _, step := range steps {
		if !slices.ContainsFunc(all, func(s source) bool { return strings.HasPrefix(s.name, step+"/") }) {
			t.Errorf("no Go file is read below %s: the rules check nothing there", step)
		}
	}
}

func TestImportsGoDownTheStaircase(t *testing.T) {
	for _, sentence := range checkArrows(readSources(t)) {
		t.Error(sentence)
	}
}

func TestNoProductFileIsTooLong(t *testing.T) {
	for _, sentence := range checkLength(readSources(t)) {
		t.Error(sentence)
	}
}

func TestNothingNewStandsAtTheTopLevel(t *testing.T) {
	wrong, err := checkTopLevel(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, sentence := range wrong {
		t.Error(sentence)
	}
}

func TestToolsStayOutOfTheProductsModule(t *testing.T) {
	tools := readModule(t, root+"/.ci/tools/go.mod")
	if len(tools.Tool) == 0 {
		t.Error(".ci/tools/go.mod names no tool: the rule checks nothing")
	}
	for _, sentence := range checkModule(readModule(t, root+"/go.mod"), tools) {
		t.Error(sentence)
	}
}

func readSources(t *testing.T) []source {
	t.Helper()
	all, err := sources(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryRuleCatchesWhatItForbids(t *testing.T) {
	for _, r := range rules {
		places := []string{"cmd/cpm/x.go", "filter/x.go", "consentload/x.go", "formats/x.go", "formats/fault/x.go"}
		for _, name := range places {
			bad := source{name: name, imports: []string{r.what}}
			var want []string
			if !r.allows(name) {
				want = []string{name + " imports " + r.what + ": " + r.why}
			}
			if diff := cmp.Diff(want, checkArrows([]source{bad})); diff != "" {
				t.Errorf("%s in %s (-want +got):\n%s", r.what, name, diff)
			}
		}
		if r.why == "" || !slices.ContainsFunc(places, func(name string) bool { return !r.allows(name) }) {
			t.Errorf("the rule about %s has no reason, or forbids nothing", r.what)
		}
	}
}

func TestATreeThatBreaksTheRulesIsToldSo(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	tree := fstest.MapFS{
		".gitignore":                 file("/cpm\n*.prof\n"),
		".github/x":                  file(""),
		"cpm":                        file("built"),
		"cpu.prof":                   file("measured"),
		"go.mod":                     file("module cpm\n"),
		"utils/x.go":                 file("package utils\n"),
		"cmd/cpm/main.go":            file("package main\n\nimport \"os\"\n\nfunc main() { os.Exit(0) }\n"),
		"cmd/cpm/config.go":          file("package main\n\nimport \"github.com/spf13/viper\"\n"),
		"cmd/cpm/root.go":            file("package main\n\nimport \"github.com/spf13/viper\"\n"),
		"cmd/cpm/init.go":            file("package main\n\nimport (\n\t_ \"cpm/testdata/example\"\n\t_ \"cpm/testdata/example/gen\"\n\t_ \"cpm/testdata/x\"\n)\n"),
		"cmd/cpm/testdata/broken.go": file("no Go at all"),
		"filter/exit.go":             file("//go:build plan9\n\npackage filter\n\nimport sys \"os\"\n\nvar quit = sys.Exit\n"),
		"filter/exit_test.go":        file("package filter\n\nimport (\n\t\"encoding/csv\"\n\t\"os\"\n)\n\nvar quit = os.Exit\n"),
		"formats/fault/x.go":         file("package fault\n\nimport (\n\t\"log/slog\"\n\t_ \"cpm/filter\"\n\t. \"log\"\n)\n"),
		"formats/turn_test.go":       file("package formats\n\nimport _ \"cpm/consentload\"\n"),
		"formats/full.go":            file("package formats\n" + strings.Repeat("\n", longest-1)),
		"formats/long.go":            file("package formats\n" + strings.Repeat("\n", longest)),
		"formats/long_test.go":       file("package formats\n" + strings.Repeat("\n", longest)),
	}
	all, err := sources(tree)
	if err != nil {
		t.Fatal(err)
	}
	top, err := checkTopLevel(tree)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Concat(checkArrows(all), checkLength(all), top)
	want := []string{
		"cmd/cpm/init.go imports cpm/testdata/example/gen: what tests need is no part of the product",
		"cmd/cpm/init.go imports cpm/testdata/x: what tests need is no part of the product",
		"cmd/cpm/root.go imports github.com/spf13/viper: one file knows viper, the rest takes plain structs",
		"filter/exit.go:7: only main ends the process; below it everything returns an error",
		"formats/fault/x.go imports cpm/filter: consent is loaded before anything is decided",
		"formats/fault/x.go imports log: it writes to a stream that nobody gave it, and can end the process",
		"formats/turn_test.go imports cpm/consentload: formats knows nothing of consent",
		"formats/long.go has 401 lines, more than 400: a noun is missing",
		"utils stands at the top level: find the folder that it belongs to",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sentences (-want +got):\n%s", diff)
	}
}

func TestAToolInTheProductsModuleIsToldSo(t *testing.T) {
	type path = struct{ Path string }
	tools := module{Tool: []path{{"golang.org/x/perf/cmd/benchstat"}, {"mvdan.cc/gofumpt"}}}
	product := module{
		Require: []path{{"golang.org/x/perf"}, {"golang.org/x/term"}, {"mvdan.cc/gofumpt"}},
		Tool:    []path{{"example.com/cmd/x"}},
	}
	want := []string{
		"go.mod names the tool example.com/cmd/x: it belongs to .ci/tools/go.mod",
		"go.mod requires golang.org/x/perf, a tool: it belongs to .ci/tools/go.mod",
		"go.mod requires mvdan.cc/gofumpt, a tool: it belongs to .ci/tools/go.mod",
	}
	if diff := cmp.Diff(want, checkModule(product, tools)); diff != "" {
		t.Errorf("sentences (-want +got):\n%s", diff)
	}
}
