package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/htmlindex"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"cpm": main}) }

// TestScripts runs the command as users do; each script is headed by what it shows.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"convert":  convert,
			"pack":     pack,
			"repeat":   repeat,
			"digest":   digest,
			"workbook": workbook,
			"arrow":    arrow,
			"unarrow":  unarrow,
			"cells":    cells,
		},
		Setup: func(env *testscript.Env) error {
			data, err := filepath.Abs("../../testdata")
			env.Setenv("TESTDATA", data)
			return err
		},
	})
}

// exits runs a command that must end with a code, as in "exits 11 cpm filter …".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGUMENT…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// convert writes a text in an encoding, as in "convert FROM gbk TO", with a byte order mark in "utf-16le-bom".
func convert(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: convert FROM-FILE ENCODING TO-FILE")
	}
	text := ts.ReadFile(args[0])
	name, isMarked := strings.CutSuffix(args[1], "-bom")
	if isMarked {
		text = "\uFEFF" + text
	}
	encoding, err := htmlindex.Get(name)
	ts.Check(err)
	out, err := encoding.NewEncoder().String(text)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(out), 0o600))
}

// pack compresses files, or unpacks one, by the extensions: "pack a.csv a.csv.gz", "pack a.csv.gz a.csv",
// "pack a.csv b.csv both.zip".
func pack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: pack FROM-FILE… TO-FILE")
	}
	from, to := args[:len(args)-1], args[len(args)-1]
	text := []byte(ts.ReadFile(from[0]))
	var out bytes.Buffer
	var err error
	switch {
	case filepath.Ext(from[0]) == ".gz":
		var r *gzip.Reader
		r, err = gzip.NewReader(bytes.NewReader(text))
		ts.Check(err)
		_, err = io.Copy(&out, r)
	case filepath.Ext(from[0]) == ".zst":
		var r *zstd.Decoder
		r, err = zstd.NewReader(bytes.NewReader(text))
		ts.Check(err)
		defer r.Close()
		_, err = io.Copy(&out, r)
	case filepath.Ext(to) == ".gz":
		w := gzip.NewWriter(&out)
		_, err = w.Write(text)
		err = errors.Join(err, w.Close())
	case filepath.Ext(to) == ".zst":
		var w *zstd.Encoder
		w, err = zstd.NewWriter(&out)
		ts.Check(err)
		_, err = w.Write(text)
		err = errors.Join(err, w.Close())
	case filepath.Ext(to) == ".zip":
		err = packZip(ts, from, &out)
	default:
		ts.Fatalf("nothing to pack or unpack: %s to %s", from, to)
	}
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(to), out.Bytes(), 0o600))
}

func packZip(ts *testscript.TestScript, from []string, out io.Writer) error {
	w := zip.NewWriter(out)
	for _, name := range from {
		to, err := w.Create(name)
		if err == nil {
			_, err = to.Write([]byte(ts.ReadFile(name)))
		}
		if err != nil {
			return err
		}
	}
	return w.Close()
}

// digest asks that a report holds the digest and the size of a file, as in "digest out.csv run.json".
func digest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: digest FILE REPORT")
	}
	file, report := ts.ReadFile(args[0]), ts.ReadFile(args[1])
	for _, want := range []string{fmt.Sprintf(`"sha256": "%x"`, sha256.Sum256([]byte(file))), fmt.Sprintf(`": %d,`, len(file))} {
		if !strings.Contains(report, want) {
			ts.Fatalf("%s does not hold %s", args[1], want)
		}
	}
}

// repeat writes so many records of one key, and a file behind them: "repeat 1000 phone 13900000000 TAIL-FILE TO-FILE".
func repeat(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: repeat N KEY VALUE TAIL-FILE TO-FILE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	text := strings.Repeat(fmt.Sprintf("{%q:%q}\n", args[1], args[2]), n) + ts.ReadFile(args[3])
	ts.Check(os.WriteFile(ts.MkAbs(args[4]), []byte(text), 0o600))
}
