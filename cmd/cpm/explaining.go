package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"time"

	"cpm/consentload"
	"cpm/filter"
	"cpm/formats"
	"cpm/formats/fault"
)

// explaining is one run of explain on its way: each step fills in what the next one needs.
type explaining struct {
	*consent
	std     streams
	options *explainOptions
	talk    *talk

	asked       asked
	names       *nameBook
	members     map[consentload.Key]bool // the identifiers of the subject, what was asked for among them
	identifiers []identifier             // the same and the shared ones beside them, as they are told
	channels    []consentload.Channel
	purposes    []string
	cells       []explained
	outputs     *formats.Outputs
}

// identifier is an identifier of the subject, or a shared one that stands in its events.
type identifier struct {
	kind   consentload.Kind
	key    consentload.Key
	shared bool
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
	c, err := newConsent(&o.consentFlags, found, false)
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
	return nil
}

// checkOutput refuses a quarantine file that could not be made.
func (r *explaining) checkOutput(context.Context) (err error) {
	r.outputs, err = r.quarantineAlone(r.std.out, r.options.overwrite)
	return err
}

// loadConsent reads the exports, and once more when the person has other identifiers: their events are asked for too.
func (r *explaining) loadConsent(ctx context.Context) error {
	r.watch = map[consentload.Key]bool{r.asked.key: true}
	if err := r.readConsent(ctx, r.talk); err != nil {
		return err
	}
	if r.members = r.subject(); len(r.members) == 1 {
		return nil
	}
	r.watch, r.index, r.load = r.members, nil, nil
	if err := r.readConsent(ctx, r.talk); err != nil {
		return err
	}
	if !maps.Equal(r.members, r.subject()) {
		return fault.New(fault.Input, "", "the exports have changed while they were read").Hint("explain again when they are complete")
	}
	return nil
}

// subject returns the identifiers that belong to the one that was asked for.
func (r *explaining) subject() map[consentload.Key]bool {
	members := map[consentload.Key]bool{r.asked.key: true}
	if ordinal, found := r.index.Find(r.asked.key); found {
		for _, member := range r.index.Members(ordinal) {
			members[r.index.Key(member)] = true
		}
	}
	return members
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

// meet enters all identifiers of the subject into the book: what was asked for first, then by kind and value.
func (r *explaining) meet() {
	all := map[consentload.Key]identifier{r.asked.key: {kind: r.asked.kind, key: r.asked.key}}
	written := map[consentload.Key]string{}
	for _, e := range r.load.Watched {
		for _, name := range e.Names {
			all[name.Key] = identifier{kind: name.Kind, key: name.Key}
			written[name.Key] = name.Value
		}
	}
	for key, p := range all {
		if ordinal, found := r.index.Find(key); found {
			p.shared = r.index.Shared().Contains(ordinal)
		}
		r.identifiers = append(r.identifiers, p)
	}
	rank := func(p identifier) int {
		kind, _ := r.catalog.Kinds.Index(p.kind)
		return 1 + int(kind)
	}
	slices.SortFunc(r.identifiers, func(a, b identifier) int { // by key, which tells nothing of the value
		switch {
		case a.key == r.asked.key:
			return -1
		case b.key == r.asked.key:
			return 1
		case rank(a) != rank(b):
			return rank(a) - rank(b)
		}
		return a.key.Compare(b.key)
	})
	for _, p := range r.identifiers {
		r.names.add(p.kind, p.key, []byte(written[p.key]))
	}
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
				why, err := gate.Explain(by.key, r.catalog, r.load.Watched)
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
		if p.kind == channel.Contact && r.members[p.key] {
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
