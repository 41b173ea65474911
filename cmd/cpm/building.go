package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

// building is one run of index build on its way: each step fills in what the next one needs.
type building struct {
	*consent
	options *buildOptions
	talk    *talk
	outputs *formats.Outputs
}

// newBuilding checks all that can be checked before a file is read.
func newBuilding(std streams, o *buildOptions, found *configFile) (*building, error) {
	if o.output == "" || o.output == "-" {
		return nil, fault.New(fault.Usage, "", "index build needs a file to write").Hint("cpm index build --consent exports/ -o consent.cpmx")
	}
	if err := learn(std.files, &o.output, &o.previous); err != nil {
		return nil, err
	}
	c, err := newConsent(std.files, &o.consentFlags, found, false)
	if err != nil {
		return nil, err
	}
	b := &building{consent: c, options: o, talk: newTalk(std, &o.consentFlags, false)}
	if err := b.settlePrevious(); err != nil {
		return nil, err
	}
	for _, word := range o.digests {
		kind := consentload.Kind(word)
		id, known := c.catalog.Kinds.Index(kind)
		if _, hashed := c.catalog.Kinds.RawKind(kind); !known || !hashed {
			return nil, fault.New(fault.Usage, "", "--digests %q is no hashed kind", word).Hint("such as phone_sha256 or email_md5")
		}
		c.book.Want(id)
	}
	return b, nil
}

// checkOutput refuses outputs that could not be made.
func (b *building) checkOutput(ctx context.Context) error {
	options := formats.OutputOptions{Overwrite: b.options.overwrite, Inputs: b.inputs}
	b.outputs = b.places.NewOutputs(ctx, options)
	for _, path := range []string{b.flags.quarantine, b.options.output} {
		if path == "" {
			continue
		}
		if err := b.places.Check(ctx, path, options); err != nil {
			return err
		}
	}
	return nil
}

func (b *building) loadConsent(ctx context.Context) error { return b.readConsent(ctx, b.talk) }

// write writes the quarantined records and the index, and tells what stands.
func (b *building) write(context.Context) error {
	b.noticeConsent()
	b.talk.consent(b.consent)
	b.talk.compared(b)
	if err := b.writeQuarantine(b.outputs); err != nil {
		return err
	}
	out, err := b.outputs.Create(b.options.output)
	if err != nil {
		return err
	}
	making, err := b.making()
	if err != nil {
		return err
	}
	if err := b.index.Write(out, making); err != nil {
		return err
	}
	size := out.Written()
	for _, step := range []func() error{b.previousUnchanged, func() error { return b.talk.built(b, size) }, b.outputs.Commit} {
		if err := step(); err != nil {
			return err
		}
	}
	b.talk.say("wrote", "%s (%s bytes, %s)", b.options.output, number(size), counted(b.load.Identifiers, "identifier", "identifiers"))
	b.talk.say("took", "%s", time.Since(b.clock).Round(time.Millisecond).String())
	b.talk.say("next", "cpm filter AUDIENCE --index %s --channel … --purpose …", b.options.output)
	return nil
}

func (b *building) making() (consentload.Making, error) {
	declared, err := b.declaredSources()
	read := func(name string) int {
		return slices.IndexFunc(b.sources, func(s consentload.Source) bool { return !s.Undeclared && s.Name == name })
	}
	used := func(name string) bool { return read(name) >= 0 }
	for i := range declared { // as they were read: --preset may have named the mapping of one that has none
		if at := read(declared[i].Name); at >= 0 {
			declared[i].Mapping = b.sources[at].Mapping
		}
	}
	return consentload.Making{
		Report: b.load, Sources: b.sources, Kinds: b.kinds(), IsNow: b.isNow,
		Shaping: consentload.Shaping(b.found.Config, b.kinds(), declared, used),
	}, err
}

// end removes what was not published.
func (b *building) end(err error) error {
	err = errors.Join(err, b.closePrevious())
	if b.outputs == nil {
		return err
	}
	return errors.Join(err, b.outputs.Abort())
}
