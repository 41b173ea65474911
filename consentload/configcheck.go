package consentload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// flagSyntax are the characters that mean something beside a name in flags (--channel sms,email, --suppress
// sms:stop.csv) and in the paths of outputs.
const flagSyntax = `,:/\`

// check looks at what the keys say together. Where a key could not be read, what leans on it is passed over: one
// mistake is told once.
func (w *configWalk) check(c *Config) {
	root := address("")
	kinds := w.checkKinds(c, root.key("kinds"))
	for _, name := range sortedKeys(c.MaxLinks.Kind) {
		w.mustKnow(kinds, name, root.key("max_links").key(name))
	}
	channels := w.declare("channel", root.key("channels"), channelAliases(c))
	purposes := w.declare("purpose", root.key("purposes"), purposeAliases(c))
	for _, name := range sortedKeys(c.Channels) {
		if at := root.key("channels").key(name).key("contact"); c.Channels[name].Contact != "" {
			w.mustKnow(kinds, c.Channels[name].Contact, at)
		}
	}
	for _, name := range sortedKeys(c.Purposes) {
		w.checkPurpose(c, name, channels)
	}
	w.checkNotices(c, root.key("notices")) // after the purposes, for which its faults are no unreadable versions
	w.checkIgnored(channels, c.Ignore.Channels, root.key("ignore").key("channels"))
	w.checkIgnored(purposes, c.Ignore.Purposes, root.key("ignore").key("purposes"))
	w.checkHashes(c.Hashes, root.key("hashes"))
	for i, list := range c.Suppression {
		at := root.key("suppression").item(i)
		w.checkWords(channels, list.Channels, at.key("channels"))
		w.checkWords(purposes, list.Purposes, at.key("purposes"))
		for _, kind := range sortedKeys(list.ID) {
			w.mustKnow(kinds.orHashed(), kind, at.key("id").key(kind))
		}
		w.checkFold(list, at.key("fold"))
	}
	sources, jobs := uniqueNames{w, "source", map[string]address{}}, uniqueNames{w, "job", map[string]address{}}
	for i, source := range c.Sources {
		at := root.key("sources").item(i)
		sources.add(source.Name, at.key("name"))
		w.checkSource(source, at, kinds)
	}
	for i, job := range c.Jobs {
		at := root.key("jobs").item(i)
		jobs.add(job.Name, at.key("name"))
		w.checkJob(job, at, channels, purposes)
	}
}

// checkHashes refuses a list of forms with nothing in it: whether it means none or the usual one is not guessed.
func (w *configWalk) checkHashes(hashes HashesConfig, at address) {
	for _, one := range []struct {
		kind  string
		forms []string
	}{{"phone", hashes.Phone}, {"email", hashes.Email}, {"device_id", hashes.DeviceID}} {
		if place := at.key(one.kind); one.forms != nil && len(one.forms) == 0 && !w.failed[place] {
			w.failAt(place, "%s names no form", place).Hint("name one or more, or leave the key out to mean the usual one")
		}
	}
}

// checkFold refuses folding for a list that says that it holds no e-mail addresses.
func (w *configWalk) checkFold(list ListConfig, at address) {
	if len(list.Fold) == 0 || len(list.ID) == 0 || list.ID["email"] != "" {
		return
	}
	w.failAt(at, "%s folds e-mail addresses, and the list has none", at).
		Hint("leave it out, or name the column under id: {email: COLUMN}; a digest is looked for under every form as it is")
}

// knownNames are the names that stand for something in this configuration.
type knownNames struct {
	what   string            // "channel"
	closed bool              // no other name is known; false when none are declared, or not all could be read
	meant  map[string]string // by folded name or alias: the declared name
	places map[string]place  // by folded name or alias
	exact  bool              // names count as written; those of channels and purposes are folded
	hashed bool              // a kind may be that of a hash
}

func (k knownNames) orHashed() knownNames {
	k.hashed = true
	return k
}

func (k knownNames) has(name string) bool {
	if !k.exact {
		name = foldName(name)
	}
	if k.hashed {
		name, _ = cutHash(name)
	}
	_, ok := k.meant[name]
	return ok
}

func (w *configWalk) mustKnow(known knownNames, name string, at address) {
	if !known.closed || known.has(name) {
		return
	}
	one := w.failAt(at, "%s names the %s %s, which nothing declares", at, known.what, quoteSafely(name))
	one.Mend = suggestion(name, sortedKeys(known.meant))
}

func (w *configWalk) checkWords(known knownNames, names []string, at address) {
	for i, name := range names {
		if foldName(name) == Star {
			w.failAt(at.item(i), "%s names %s, which is reserved", at, Star).
				Hint("leave the key out to mean every %s", known.what)
			continue
		}
		if name != "" { // an item that could not be read
			w.mustKnow(known, name, at.item(i))
		}
	}
}

func (w *configWalk) checkIgnored(known knownNames, names []string, at address) {
	for i, name := range names {
		folded := foldName(name)
		if folded == Star {
			w.failAt(at.item(i), "%s names %s, which is reserved", at, Star).Hint("name the %ss to pass over", known.what)
			continue
		}
		if first, declared := known.places[folded]; declared {
			w.failAt(at.item(i), "the %s %s is both declared and ignored", known.what, quoteSafely(name)).
				Hint("it is declared in line %d; keep one", first.line)
		}
	}
}

func channelAliases(c *Config) map[string][]string {
	aliases := map[string][]string{}
	for name, channel := range c.Channels {
		aliases[name] = channel.Aliases
	}
	return aliases
}

func purposeAliases(c *Config) map[string][]string {
	aliases := map[string][]string{}
	for name, purpose := range c.Purposes {
		aliases[name] = purpose.Aliases
	}
	return aliases
}

// declare gathers the names and aliases of the channels, or of the purposes. No two may be the same, once trimmed and
// without regard to case: an act would belong to either.
func (w *configWalk) declare(what string, at address, aliases map[string][]string) knownNames {
	type bearer struct {
		word, name string
		at         address
	}
	var bearers []bearer
	for name, others := range aliases {
		bearers = append(bearers, bearer{name, name, at.key(name)})
		for i, alias := range others {
			bearers = append(bearers, bearer{alias, name, at.key(name).key("aliases").item(i)})
		}
	}
	slices.SortFunc(bearers, func(a, b bearer) int {
		return cmp.Or(w.places[a.at].compare(w.places[b.at]), strings.Compare(a.word, b.word))
	})
	known := knownNames{
		what: what, closed: len(aliases) > 0 && !w.failed[at],
		meant: map[string]string{}, places: map[string]place{},
	}
	for _, one := range bearers {
		folded := foldName(one.word)
		first, taken := known.places[folded]
		switch {
		case folded == "": // could not be read
		case folded == Star:
			w.failAt(one.at, "no %s can be called %s, which means every one", what, Star).Hint("choose another name")
		case one.word == one.name && strings.ContainsAny(one.word, flagSyntax):
			w.failAt(one.at, "no %s can be called %s: flags and paths could not name it", what, quoteSafely(one.word)).
				Hint("choose a name without any of %s, and put this one under its aliases", flagSyntax)
		case taken:
			w.failAt(one.at, "two %ss are called %s", what, quoteSafely(one.word)).
				Hint("line %d has it already; names are compared trimmed and without regard to case", first.line)
		default:
			known.places[folded], known.meant[folded] = w.places[one.at], one.name
		}
	}
	return known
}

// checkKinds holds the declared kinds to names that a flag (--id KIND=COLUMN) and a hashed kind can be made of.
func (w *configWalk) checkKinds(c *Config, at address) knownNames {
	known := knownNames{what: "identifier kind", closed: !w.failed[at], exact: true, meant: map[string]string{}}
	builtIn, err := NewKinds("", nil)
	if err != nil {
		w.failAt(at, "the built-in identifier kinds contradict each other").Because(err)
		return known
	}
	for _, kind := range builtIn.Names() {
		known.meant[string(kind)] = string(kind)
	}
	for _, name := range sortedKeys(c.Kinds) {
		_, hash := cutHash(name)
		switch {
		case hash != "":
			w.failAt(at.key(name), "the identifier kind %s is that of a hash", quoteSafely(name)).
				Hint("declare the kind of the raw value; its hashes follow")
		case builtIn.Has(Kind(name)):
			w.failAt(at.key(name), "the identifier kind %q is built in", name).Hint("leave it out here")
		case builtIn.badName(Kind(name)) != "":
			w.failAt(at.key(name), "%s cannot be the name of an identifier kind", quoteSafely(name)).
				Hint("make it of lower-case letters, digits, _ and -")
		}
		known.meant[name] = name
	}
	return known
}

// checkSource looks at what a source says of the shape of its files.
func (w *configWalk) checkSource(source SourceConfig, at address, kinds knownNames) {
	for _, kind := range sortedKeys(source.ID) {
		w.mustKnow(kinds, kind, at.key("id").key(kind))
	}
	if presets := PresetNames(); source.Preset != "" && !slices.Contains(presets, source.Preset) {
		one := w.failAt(at.key("preset"), "there is no preset %s", quoteSafely(source.Preset))
		one.Mend = "cpm presets list names them all"
		if near := Nearest(source.Preset, presets); near != "" {
			one.Mend = fmt.Sprintf("did you mean %q? %s", near, one.Mend)
		}
	}
	if source.Preset != "" && source.Mapping != "" {
		w.failAt(at.key("mapping"), "%s has both a preset and a mapping", at).Hint("keep one")
	}
}

func (w *configWalk) checkJob(job JobConfig, at address, channels, purposes knownNames) {
	if job.Channel != "" {
		for channel := range strings.SplitSeq(job.Channel, ",") {
			w.mustKnow(channels, channel, at.key("channel"))
		}
	}
	if job.Purpose != "" {
		w.mustKnow(purposes, job.Purpose, at.key("purpose"))
	}
}

// uniqueNames finds names that are given twice.
type uniqueNames struct {
	walk  *configWalk
	what  string
	first map[string]address
}

func (u uniqueNames) add(name string, at address) {
	if name == "" { // missing, or could not be read
		return
	}
	if first, taken := u.first[name]; taken {
		u.walk.failAt(at, "two %ss are called %s", u.what, quoteSafely(name)).
			Hint("line %d has it already; choose another name", u.walk.places[first].line)
		return
	}
	u.first[name] = at
}
