package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"cpm/consentload"
	"cpm/formats/fault"
)

// asked is the identifier of which a person asks.
type asked struct {
	kind consentload.Kind
	id   consentload.KindID // of the kind
	key  consentload.Key
	raw  []byte // personal data: never told but as a nameBook tells it
}

// longestIdentifier bounds what is read for one identifier.
const longestIdentifier = 64 << 10

// readAsked finds the identifier that KIND[=VALUE] means. inArgument says that its value stood on the command line.
func readAsked(ctx context.Context, std streams, kinds *consentload.Kinds, argument string) (a asked, inArgument bool, err error) {
	word, value, inArgument := strings.Cut(argument, "=")
	a.kind = consentload.Kind(strings.ToLower(strings.TrimSpace(word)))
	var known bool
	if a.id, known = kinds.Index(a.kind); !known {
		var names []string
		for _, name := range kinds.Names() {
			names = append(names, string(name))
		}
		f := fault.New(fault.Usage, "", "%s is no identifier kind", consentload.Tell(word)).
			Hint("the kinds are %s: cpm explain phone", consentload.JoinKinds(kinds.Names()))
		if near := consentload.Nearest(string(a.kind), names); near != "" {
			f.Mend = "did you mean " + near + "?"
		}
		return a, inArgument, f
	}
	a.raw = []byte(value)
	if file, ok := std.in.(*os.File); !inArgument && ok && term.IsTerminal(int(file.Fd())) {
		a.raw, err = askHidden(ctx, std, file, a.kind)
	} else if !inArgument {
		a.raw, err = readOneLine(newAbandonable(ctx, std.in))
	}
	if err != nil {
		return a, inArgument, err
	}
	var why consentload.Unreadable
	if a.key, why = consentload.NewKeyer(kinds).Key(a.id, a.raw); why != consentload.Readable {
		return a, inArgument, fault.New(fault.Usage, "", "the %s has no normal form: %s", a.kind, why).
			Hint("check what was written: neither an export nor an audience can name anybody so")
	}
	return a, inArgument, nil
}

// askHidden asks on a terminal, without echo. The terminal is set right again when the run is interrupted.
func askHidden(ctx context.Context, std streams, terminal *os.File, kind consentload.Kind) ([]byte, error) {
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	type answer struct {
		line []byte
		err  error
	}
	answers := make(chan answer, 1)
	_, _ = fmt.Fprintf(std.err, "%s (not shown): ", kind)
	defer func() { _, _ = fmt.Fprintln(std.err) }()
	go func() {
		line, err := term.ReadPassword(fd)
		answers <- answer{line, err}
	}()
	select {
	case got := <-answers:
		return got.line, got.err
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), term.Restore(fd, before))
	}
}

// readOneLine reads the one line that a stream holds.
func readOneLine(r io.Reader) ([]byte, error) {
	all, err := io.ReadAll(io.LimitReader(r, longestIdentifier+1))
	if err != nil {
		return nil, err
	}
	line, rest, _ := bytes.Cut(all, []byte("\n"))
	if len(all) > longestIdentifier || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fault.New(fault.Usage, "standard input", "there is more than one line").
			Hint("give it one identifier: explain tells of one person")
	}
	return line, nil
}
