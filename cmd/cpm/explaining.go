package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"cpm/consentload"
	"cpm/filter"
	"cpm/formats"
)

// explaining is one run of explain on its way: each step fills in what the next one needs.
type explaining struct {
	*consent
	std     streams
	options *explainOptions
	talk    *talk

	asked       asked
	names       *nameBook
	find        *filter.Identifiers
	id          filter.Identifier               // what was asked for, with all its keys
	main        consentload.Key                 // the one of its keys by which the consent knows it best
	members     map[consentload.Key]bool        // the identifiers of the subject, main among them
	identifiers []identifier                    // main, the others of the subject, and those that stand beside them
	written     map[consentload.Key]writtenName // as the events name them
	channels    []consentload.Channel
	purposes    []string
	cells       []explained
	outputs     *formats.Outputs
}

// identifier is an identifier of the subject, or another one that stands in its events. Where a digest alone is known of a
// raw identifier, its kind is the hashed one.
type identifier struct {
	kind   consentload.Kind
	key    consentload.Key
	shared bool
}

// writtenName is how an event names an identifier.
type writtenName struct {
	kind  consentload.Kind
	value string
}

// explained is one cell for one identifier of the subject.
type explained struct {
	channel consentload.Channel
	purpose string // as it is told
	optOut  bool
	by      identifier
	*filter.Explanation
}

// newExplaining checks all that can be checked before a file is read.
func newExplaining(std streams, o *explainOptions, found *configFile) (*explaining, error) {
	c, err := newConsent(std.files, &o.consentFlags, found, false)
	if err != nil {
		return nil, err
	}
	return &explaining{
		consent: c, std: std, options: o, talk: newTalk(std, &o.consentFlags, true), names: newNameBook(c.catalog.Kinds, o.show),
	}, nil
}

// ask learns of whom is asked, before anything is read.
func (r *explaining) ask(ctx context.Context) error {
	a, inArgument, err := readAsked(ctx, r.std, r.catalog.Kinds, r.options.identifier)
	if err != nil {
		return err
	}
	if inArgument {
		r.warn("an identifier on the command line stays in the history of the shell: cpm explain %s asks for it instead", a.kind)
	}
	r.asked = a
	r.names.add(a.kind, a.key, a.raw)
	r.book.Want(a.id) // a digest is found under the identifiers that give it
	return nil
}

// checkOutput refuses a quarantine file that could not be made.
func (r *explaining) checkOutput(ctx context.Context) (err error) {
	r.outputs, err = r.quarantineAlone(ctx, r.std.out, r.options.overwrite)
	return err
}

// narrow settles the cells and the identifiers that are told.
func (r *explaining) narrow(context.Context) (err error) {
	if r.purposes, err = r.purposesOf(r.options.purposes); err != nil {
		return err
	}
	names := r.index.Channels()
	if len(r.options.channels) > 0 {
		names = nil
	}
	for _, word := range r.options.channels {
		name := r.catalog.ChannelName(word)
		if !slices.Contains(r.index.Channels(), name) {
			return unknownName("channel", word, r.index.Channels())
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		channel, known := r.catalog.Channel(name)
		if !known {
			channel.Name = name // the exports alone know it, and nobody whom it reaches
		}
		r.channels = append(r.channels, channel)
	}
	r.meet()
	return nil
}

func (r *explaining) understand(context.Context) error {
	r.noticeConsent()
	r.noticePurposes(r.purposes, r.options.purposes)
	r.talk.consent(r.consent)
	return nil
}

// explain weighs the events for each identifier in each of its cells.
func (r *explaining) explain(ctx context.Context) error {
	for _, channel := range r.channels {
		for _, purpose := range r.purposes {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			gate := filter.NewGate(r.index, channel, purpose, r.lists)
			for _, by := range r.contactsFor(channel) {
				why, err := gate.Explain(r.keysOf(by), r.catalog, r.load.Watched)
				if err != nil {
					return err
				}
				r.cells = append(r.cells, explained{
					channel: channel, purpose: r.tellPurpose(purpose, r.options.purposes), optOut: gate.OptOut(), by: by, Explanation: why,
				})
			}
		}
	}
	return nil
}

// contactsFor returns the identifiers of the subject that a channel reaches; when there is none, what was asked for.
func (r *explaining) contactsFor(channel consentload.Channel) (by []identifier) {
	for _, p := range r.identifiers {
		if kind, _ := r.catalog.Kinds.RawKind(p.kind); kind == channel.Contact && r.members[p.key] {
			by = append(by, p)
		}
	}
	if len(by) == 0 {
		by = r.identifiers[:1]
	}
	return by
}

// publish writes the quarantined records and the explanation: a run that cannot tell what it found leaves neither.
func (r *explaining) publish(context.Context) error {
	if err := r.writeQuarantine(r.outputs); err != nil {
		return err
	}
	var err error
	if r.options.json {
		err = r.report().write(r.std.out)
	} else {
		err = r.account().write(r.std.out)
	}
	if err == nil {
		err = r.outputs.Commit()
	}
	if err != nil {
		return err
	}
	if r.flags.quarantine != "" {
		r.talk.say("wrote", "%s", r.flags.quarantine)
	}
	r.talk.say("took", "%s", time.Since(r.clock).Round(time.Millisecond).String())
	if !r.options.show {
		r.talk.say("next", "--show tells the identifiers in clear; --channel and --purpose narrow the cells")
	}
	return nil
}

func (r *explaining) account() *account {
	return &account{
		explaining: r, width: min(widthOf(r.std.out), widestAccount),
		colour: onTerminal(r.std.out) && os.Getenv("NO_COLOR") == "",
	}
}

// end removes what was not published.
func (r *explaining) end(err error) error {
	if r.outputs != nil {
		err = errors.Join(err, r.outputs.Abort())
	}
	return err
}
