package consentload

import (
	"cmp"
	"slices"
	"strings"
)

func (w *configWalk) checkNotices(c *Config, notices address) {
	for _, name := range sortedKeys(c.Notices) {
		at := notices.key(name).key("versions")
		if w.failed[notices.key(name)] || w.failed[at] {
			continue
		}
		versions := c.Notices[name].Versions
		if len(versions) == 0 {
			w.failAt(at, "%s is empty", at).Hint("list every version, the oldest first")
		}
		first := map[string]int{}
		for i, version := range versions {
			if version == "" { // could not be read
				continue
			}
			if version != strings.TrimSpace(version) {
				w.failAt(at.item(i), "the version %s begins or ends with a space", quoteSafely(version)).
					Hint("versions are compared as written")
			}
			if before, seen := first[version]; seen {
				w.failAt(at.item(i), "the version %s stands twice in %s", quoteSafely(version), at).
					Hint("it is number %d already; keep one", before+1)
				continue
			}
			first[version] = i
		}
	}
}

// checkPurpose looks at a purpose's notice and versions, for all channels and for each one that overrides it.
func (w *configWalk) checkPurpose(c *Config, name string, channels knownNames) {
	at, purpose := address("").key("purposes").key(name), c.Purposes[name]
	w.checkPolicy(c, purpose.PolicyConfig, PolicyConfig{}, at)
	first := map[string]address{}
	for _, channel := range w.inPlace(sortedKeys(purpose.Channels), at.key("channels")) {
		inner := at.key("channels").key(channel)
		if foldName(channel) == Star {
			w.failAt(inner, "%s names %s, which is reserved", at.key("channels"), Star).
				Hint("what holds for every channel stands beside the key channels")
			continue
		}
		w.mustKnow(channels, channel, inner)
		meant := foldName(channel)
		if declared, ok := channels.meant[meant]; ok {
			meant = foldName(declared)
		}
		if before, taken := first[meant]; taken {
			w.failAt(inner, "%s names the channel %s twice", at.key("channels"), quoteSafely(meant)).
				Hint("line %d has it already; keep one", w.places[before].line)
		}
		first[meant] = inner
		if w.failed[at.key("notice")] {
			continue
		}
		w.checkPolicy(c, purpose.Channels[channel], purpose.PolicyConfig, inner)
	}
}

// inPlace puts the keys of a map in the order in which they stand in the file.
func (w *configWalk) inPlace(keys []string, at address) []string {
	slices.SortStableFunc(keys, func(a, b string) int {
		return w.places[at.key(a)].compare(w.places[at.key(b)])
	})
	return keys
}

// checkPolicy looks at a notice and its oldest version; what a channel does not say it has from its purpose.
func (w *configWalk) checkPolicy(c *Config, own, inherited PolicyConfig, at address) {
	if own.Notice == "" && own.MinNoticeVersion == "" || w.failed[at.key("notice")] {
		return
	}
	notice, version := cmp.Or(own.Notice, inherited.Notice), cmp.Or(own.MinNoticeVersion, inherited.MinNoticeVersion)
	where := at.key("min_notice_version")
	if own.MinNoticeVersion == "" {
		where = at.key("notice")
	}
	if notice == "" {
		w.failAt(where, "%s stands without a notice", where).Hint("say with notice: which notice's version it is")
		return
	}
	declared, known := c.Notices[notice]
	if !known {
		if own.Notice != "" && !w.failed[address("").key("notices")] {
			one := w.failAt(at.key("notice"), "%s names the notice %s, which nothing declares", at, quoteSafely(notice))
			one.Mend = suggestion(notice, sortedKeys(c.Notices))
		}
		return
	}
	listed := declared.Versions
	if version == "" || slices.Contains(listed, version) || w.unreadable(notice, len(listed)) {
		return
	}
	one := w.failAt(where, "%s asks for the version %s, which the notice %s does not list",
		at, quoteSafely(version), quoteSafely(notice))
	one.Mend = suggestion(version, listed)
}

// unreadable reports whether a notice, its list of versions or one of them could not be read.
func (w *configWalk) unreadable(notice string, versions int) bool {
	at := address("").key("notices").key(notice)
	for i := range versions {
		if w.failed[at.key("versions").item(i)] {
			return true
		}
	}
	return w.failed[at] || w.failed[at.key("versions")]
}
