package consentload

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cpm/formats/fault"
)

// Names of facts that are looked at apart from others.
const (
	kindsFact    = "kinds"
	timezoneFact = "timezone"
	presetFact   = "preset "
	sourceFact   = "source "
	leftOut      = "left out"
)

// Shaping names all that shapes the facts of an index: whoever asks it under another configuration would be told what
// never held. Suppression lists, the basis and the guards are no part of it; every run reads them anew. sources are those
// of the configuration, with their meaning; used are the names of those that are read.
func Shaping(c *Config, kinds []Kind, sources []Source, used func(name string) bool) map[string]string {
	facts := map[string]string{
		"link": cmp.Or(c.Link, "all"), "star_grants": cmp.Or(c.StarGrants, "fill"), "region": cmp.Or(c.Region, "CN"),
		timezoneFact: cmp.Or(c.Timezone, "none"), "max_links": limits(c.MaxLinks), kindsFact: "all",
		"identifier kinds": short(c.Kinds), "hashes": short(c.Hashes), "ignore": short(c.Ignore),
	}
	if len(kinds) > 0 {
		facts[kindsFact] = JoinKinds(slices.Sorted(slices.Values(kinds)))
	}
	for name, channel := range c.Channels {
		facts["channel "+name] = list(channel.Aliases)
	}
	for name, notice := range c.Notices {
		facts["versions of notice "+name] = list(notice.Versions)
	}
	for name, purpose := range c.Purposes {
		facts["purpose "+name] = list(purpose.Aliases)
		if purpose.Star != nil && !*purpose.Star {
			facts["star of "+name] = "false"
		}
		policyFacts(facts, name, purpose.PolicyConfig)
		for channel, policy := range purpose.Channels {
			policyFacts(facts, name+" over "+channel, policy)
		}
	}
	for i := range sources {
		source := &sources[i]
		if !used(source.Name) {
			facts[sourceFact+source.Name] = leftOut
			continue
		}
		facts[sourceFact+source.Name] = source.fact()
	}
	return facts
}

func policyFacts(facts map[string]string, of string, p PolicyConfig) {
	for name, value := range map[string]string{
		"valid_for": p.ValidFor, "notice": p.Notice, "min_notice_version": p.MinNoticeVersion,
	} {
		if value != "" {
			facts[name+" of "+of] = value
		}
	}
}

func list(words []string) string {
	if len(words) == 0 {
		return "declared"
	}
	return strings.Join(words, ", ")
}

func limits(m MaxLinks) string {
	all := m.All
	if all == 0 {
		all = defaultMaxLinks
	}
	words := []string{strconv.Itoa(all)}
	for _, kind := range sortedKeys(m.Kind) {
		words = append(words, fmt.Sprintf("%s %d", kind, m.Kind[kind]))
	}
	return strings.Join(words, ", ")
}

// short is the digest of what is too long to be told; empty for the zero value's.
func short(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "" // not reached: these are words and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// fact is what the configuration says of the shape of a source's files, its mapping by content.
func (s *Source) fact() string {
	zone := ""
	if s.Zone != nil {
		zone = s.Zone.String()
	}
	mapping := ""
	if s.Mapping != nil {
		mapping = s.Mapping.digest()
	}
	return short([]any{
		s.IDs, s.Channels, s.Purposes, s.Ignore, s.Links, s.Snapshot, zone, mapping,
		s.Format.Encoding, s.Format.Sheet, s.Format.Delimiter,
	})
}

// digest is that of what a mapping says, wherever its file lies.
func (m *Mapping) digest() string {
	of := *m
	of.Name = ""
	return short(of)
}

// presetDigest is the digest of a preset; empty when there is none of that name.
func presetDigest(name string) string {
	m, err := Preset(name)
	if err != nil {
		return ""
	}
	return m.digest()
}

// agree refuses an index whose facts were shaped otherwise than a run would shape them. What a run leaves unsaid is as
// the index has it.
func (a *About) agree(name string, now map[string]string, unsaid []string) error {
	all := map[string]bool{}
	for fact := range a.Shaping {
		all[fact] = true
	}
	for fact := range now {
		all[fact] = true
	}
	var differ []string
	for _, fact := range sortedKeys(all) {
		built, was := a.Shaping[fact]
		asked, is := now[fact]
		if preset, of := strings.CutPrefix(fact, presetFact); of {
			asked = presetDigest(preset)
			is = asked != ""
		}
		if was && is && built == asked || built == leftOut || slices.Contains(unsaid, fact) {
			continue
		}
		differ = append(differ, differing(fact, cmp.Or(built, "not said"), cmp.Or(asked, "not said")))
	}
	if len(differ) == 0 {
		return nil
	}
	return fault.New(fault.Input, name, "the index was built under another configuration: %s", strings.Join(differ, "; ")).
		Hint("build it again under this configuration, or use the one under which it was built")
}

func differing(fact, built, asked string) string {
	return fmt.Sprintf("%s was %s and is %s", fact, built, asked)
}
