package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"cpm/consentload"
	"cpm/formats"
)

// withIndex opens an index file for as long as something is done with it.
func withIndex(ctx context.Context, files formats.Files, path string, do func(s *consentload.Snapshot) error) (err error) {
	s, err := consentload.OpenSnapshot(ctx, files, path, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return consentload.WhileMapped(func() error { return do(s) })
}

const enumerable = "public: whoever has the file can find out, by trying, which identifiers are in it"

// shownIndex is an index file as JSON.
type shownIndex struct {
	Path       string `json:"path"`
	Bytes      int64  `json:"bytes"`
	SHA256     string `json:"sha256"`
	AsOf       string `json:"as_of"`
	AsOfIsNow  bool   `json:"as_of_is_now"`
	NextAct    string `json:"next_act,omitempty"`
	NewestAct  string `json:"newest_act,omitempty"`
	Key        string `json:"key"`
	Enumerable bool   `json:"enumerable"`

	Identifiers int                      `json:"identifiers"`
	ByKind      map[consentload.Kind]int `json:"identifiers_by_kind"`
	Linked      int64                    `json:"linked_subjects"`
	Channels    []string                 `json:"channels"`
	Purposes    []string                 `json:"purposes"`
	Kinds       []consentload.Kind       `json:"kinds,omitempty"`
	Digests     []consentload.Kind       `json:"digests,omitempty"`
	Sources     []shownSource            `json:"sources"`
	Carried     int64                    `json:"carried_refusals,omitempty"`
	Shaping     map[string]string        `json:"configuration"`
	Acts        consentload.ActSum       `json:"acts_digest"`
	consentload.Tally
}

type shownSource struct {
	Name   string             `json:"name"`
	Newest string             `json:"newest_act,omitempty"`
	Acts   consentload.ActSum `json:"acts_digest"`
	consentload.Tally
}

func writeIndexJSON(w io.Writer, s *consentload.Snapshot) error {
	evidence, err := s.Evidence()
	if err != nil {
		return err
	}
	a := &s.About
	shown := shownIndex{
		Path: evidence.Path, Bytes: evidence.Size, SHA256: evidence.SHA256, AsOf: a.AsOf.String(), AsOfIsNow: a.IsNow,
		Key: map[bool]string{true: "secret", false: "public"}[a.Secret], Enumerable: !a.Secret,
		Identifiers: a.Identifiers, ByKind: a.ByKind, Linked: a.Linked,
		Channels: told(a.Channels), Purposes: told(a.Purposes), Kinds: a.Kinds, Digests: a.Digests, Carried: a.Carried, Shaping: a.Shaping, Tally: a.Total,
		Acts: a.Acts, Sources: []shownSource{},
	}
	if a.Next.Ends() {
		shown.NextAct = a.Next.String()
	}
	if a.Newest != consentload.None {
		shown.NewestAct = a.Newest.String()
	}
	for _, source := range a.Sources {
		one := shownSource{Name: cmp.Or(source.Name, "--consent"), Tally: source.Tally, Acts: source.Acts}
		if source.Newest != consentload.None {
			one.Newest = source.Newest.String()
		}
		shown.Sources = append(shown.Sources, one)
	}
	encoder := newEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(shown)
}

func writeIndexText(w io.Writer, s *consentload.Snapshot) error {
	evidence, err := s.Evidence()
	if err != nil {
		return err
	}
	a := &s.About
	var b strings.Builder
	say := func(heading, format string, args ...any) {
		fmt.Fprintf(&b, "%-14s %s\n", heading, fmt.Sprintf(format, args...))
	}
	say("index", "%s, %s bytes", evidence.Path, number(evidence.Size))
	say("sha256", "%s", evidence.SHA256)
	say("as of", "%s%s", a.AsOf, map[bool]string{true: " (the clock of the build)"}[a.IsNow])
	if a.Next.Ends() {
		say("holds until", "%s, of when is the first act that it lacks", a.Next)
	}
	say("key", "%s", map[bool]string{true: "secret: only whoever has it too can look for identifiers", false: enumerable}[a.Secret])
	say("identifiers", "%s, in %s of several", number(int64(a.Identifiers)), counted(a.Linked, "subject", "subjects"))
	for _, kind := range sortedKeys(a.ByKind) {
		if a.ByKind[kind] > 0 {
			say("", "  %s %s", kind, number(int64(a.ByKind[kind])))
		}
	}
	if len(a.Kinds) > 0 {
		say("kinds", "these alone were read: %s", consentload.JoinKinds(a.Kinds))
	}
	if len(a.Digests) > 0 {
		say("digests", "%s", consentload.JoinKinds(a.Digests))
	}
	say("channels", "%s", strings.Join(told(a.Channels), ", "))
	say("purposes", "%s", strings.Join(told(a.Purposes), ", "))
	for _, source := range a.Sources {
		say("source", "%s: %s, newest act %s", cmp.Or(source.Name, "--consent"), rowsOf(source.Tally.Rows), source.Newest)
		if source.Acts != (consentload.ActSum{}) {
			say("", "  digest of its %s %s", counted(source.Tally.Events, "act", "acts"), source.Acts)
		}
	}
	if a.Carried > 0 {
		say("carried over", "%s of earlier builds that no export holds", counted(a.Carried, "refusal", "refusals"))
	}
	for _, fact := range sortedKeys(a.Shaping) {
		say("configuration", "%s: %s", fact, a.Shaping[fact])
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func writeVerified(w io.Writer, s *consentload.Snapshot) error {
	evidence, err := s.Evidence()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s: every byte is as it was written (%s bytes, sha256 %s)\n", evidence.Path, number(evidence.Size), evidence.SHA256)
	return err
}
