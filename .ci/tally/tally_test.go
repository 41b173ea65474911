package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestEveryWayToFailIsCounted(t *testing.T) {
	const said = `plain line of another program
{"Action":"start","Package":"cpm/a"}
{"Action":"output","Package":"cpm/a","Test":"TestGood","Output":"nobody sees this\n"}
{"Action":"pass","Package":"cpm/a","Test":"TestGood"}
{"Action":"start","Package":"cpm/b"}
{"Action":"output","Package":"cpm/b","Test":"TestBad","Output":"no line end"}
{"Action":"fail","Package":"cpm/b","Test":"TestBad"}
{"Action":"output","Package":"cpm/a","Output":"ok  \tcpm/a\t0.1s\n"}
{"Action":"pass","Package":"cpm/a"}
{"Action":"output","Package":"cpm/b","Output":"FAIL\n"}
{"Action":"fail","Package":"cpm/b"}
{"Action":"output","Package":"cpm/c","Test":"TestCut","Output":"panic: boom\n"}
{"Action":"fail","Package":"cpm/c"}
{"ImportPath":"cpm/d","Action":"build-output","Output":"d.go:1: undefined\n"}
{"ImportPath":"cpm/d","Action":"build-fail"}
{"Action":"fail","Package":"cpm/d","FailedBuild":"cpm/d"}
{"Action":"output","Package":"cpm/e","Test":"TestSkipped","Output":"no strace\n"}
{"Action":"skip","Package":"cpm/e","Test":"TestSkipped"}
{"Action":"output","Package":"cpm/e","Output":"ok  \tcpm/e\t0.1s\n"}
{"Action":"pass","Package":"cpm/e"}
{"no event":1}`
	var out bytes.Buffer
	c := newTally(&out)
	if err := c.read(strings.NewReader(said)); err != nil {
		t.Fatal(err)
	}
	c.close()
	for _, want := range []string{
		"plain line of another program\n", "no line end", "panic: boom\n", "d.go:1: undefined\n", "no strace\n", `{"no event":1}`,
		"ok  \tcpm/a\t0.1s\n", "FAIL\tcpm/b\n", "FAIL\tcpm/c\n", "FAIL\tcpm/d\n", "1 skipped, each shown above with its reason\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	if strings.Contains(out.String(), "nobody sees this") {
		t.Error("the output of a test that passed is shown")
	}
	if !strings.HasSuffix(out.String(), "\n1 passed, 3 failed\n") {
		t.Errorf("the last line is wrong:\n%s", out.String())
	}
	if c.good() {
		t.Error("three failures count as good")
	}
}

func TestAStepThatFailsWithoutATestCountsAsOneFailure(t *testing.T) {
	for _, step := range []struct {
		makefile string
		failed   int
	}{
		{"step:\n\t@true\n", 0},
		{"step:\n\t@false\n", 1},
		{"step:\n\t@echo '{\"Action\":\"fail\",\"Package\":\"cpm/a\",\"Test\":\"TestBad\"}'; false\n", 1},
	} {
		t.Chdir(t.TempDir())
		if err := os.WriteFile("Makefile", []byte(step.makefile), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c := newTally(&out)
		c.step("step")
		if c.failed != step.failed || c.good() != (step.failed == 0) {
			t.Errorf("%q: %d failed, good %v\n%s", step.makefile, c.failed, c.good(), out.String())
		}
	}
}
