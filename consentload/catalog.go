package consentload

import (
	"math"
	"strings"
	"time"

	"cpm/formats/fault"
)

// Link says which acts reach the other identifiers of a subject.
type Link uint8

const (
	// LinkAll unites the identifiers that stand in one event: every act reaches all of them.
	LinkAll Link = iota
	// LinkRefusals does the same, but a grant counts for the identifiers alone that its event names.
	LinkRefusals
	// LinkNone makes each identifier a subject of its own.
	LinkNone
)

// String returns the word of the configuration.
func (l Link) String() string { return [...]string{"all", "refusals", "none"}[l] }

// Star stands for all channels, or all purposes, in an event.
const Star = "*"

// Policy is what decides in a cell beside the acts themselves.
type Policy struct {
	OptOut     bool          // silence means yes; the zero value is opt_in
	ValidFor   time.Duration // how long a grant holds; 0: without end
	Notice     string        // the notice whose version a grant must name; empty: none
	MinVersion int           // rank of the oldest version that still holds, from 1; 0: any
	MinName    string        // the same as written
}

// Channel is how a recipient is reached.
type Channel struct {
	Name    string
	Contact Kind // empty when nobody declared it
}

// Catalog is the configuration's meaning: channels, purposes, notices and what holds in each cell.
type Catalog struct {
	Kinds    *Kinds
	Zone     *time.Location // of times written without one; nil: none declared
	Link     Link
	Lift     bool // a grant for * lifts a refusal that names a channel or purpose
	maxLinks map[Kind]int
	linksAll int

	channels         []Channel // declared, or the usual ones
	channelsDeclared bool
	purposes         []string // declared; empty when none are
	channelNames     map[string]string
	purposeNames     map[string]string
	ignoredChannels  map[string]bool
	ignoredPurposes  map[string]bool
	policies         map[string]PurposeConfig
	notices          map[string][]string
}

// usualChannels serve where no configuration declares any.
func usualChannels() []Channel {
	return []Channel{
		{"sms", "phone"},
		{"phone", "phone"},
		{"email", "email"},
		{"push", "device_id"},
		{"wechat", "openid"},
		{"post", "customer_id"},
	}
}

const defaultMaxLinks = 10

// NewCatalog gives the configuration its meaning. The zero Config is that of a run without one. Its faults are of
// kind Usage.
func NewCatalog(c *Config) (*Catalog, error) {
	kinds, err := NewKinds(c.Region, kindRules(c.Kinds))
	if err != nil {
		return nil, err
	}
	cat := &Catalog{
		Kinds: kinds, Lift: c.StarGrants == "lift",
		Link:         map[string]Link{"refusals": LinkRefusals, "none": LinkNone}[c.Link],
		maxLinks:     map[Kind]int{},
		linksAll:     defaultMaxLinks,
		channelNames: map[string]string{}, purposeNames: map[string]string{},
		ignoredChannels: folded(c.Ignore.Channels), ignoredPurposes: folded(c.Ignore.Purposes),
		policies: map[string]PurposeConfig{}, notices: map[string][]string{},
	}
	if c.Timezone != "" {
		if cat.Zone, err = LoadZone(c.Timezone); err != nil {
			return nil, err
		}
	}
	if c.MaxLinks.All > 0 {
		cat.linksAll = c.MaxLinks.All
	}
	for kind, limit := range c.MaxLinks.Kind {
		cat.maxLinks[Kind(kind)] = limit
	}
	for name, notice := range c.Notices {
		cat.notices[name] = notice.Versions
	}
	kinds.declareForms(map[Kind][]string{
		"phone": c.Hashes.Phone, "email": c.Hashes.Email, "device_id": c.Hashes.DeviceID,
	})
	cat.declareChannels(c)
	cat.declarePurposes(c)
	return cat, nil
}

// Noting returns the catalog with kinds whose keyers note in the book what they read.
func (c *Catalog) Noting(book *AliasBook) *Catalog {
	noting := *c
	noting.Kinds = book.Kinds()
	return &noting
}

// LoadZone reads an IANA zone. Its fault is of kind Usage. The machine's own zone is never taken: a result must not
// depend on where it was computed.
func LoadZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || strings.EqualFold(name, "local") {
		return nil, fault.New(fault.Usage, "", "%s is no time zone", quoteSafely(name)).
			Hint("name an IANA zone, such as Asia/Shanghai or UTC")
	}
	return zone, nil
}

func kindRules(declared map[string]KindConfig) []KindRule {
	rules := make([]KindRule, 0, len(declared))
	for _, name := range sortedKeys(declared) {
		rule := KindRule{Kind: Kind(name), Columns: declared[name].Columns}
		for _, fold := range declared[name].Fold {
			rule.FoldCase = rule.FoldCase || fold == "case"
			rule.FoldZeros = rule.FoldZeros || fold == "leading_zeros"
		}
		rules = append(rules, rule)
	}
	return rules
}

func (c *Catalog) declareChannels(config *Config) {
	c.channelsDeclared = len(config.Channels) > 0
	if !c.channelsDeclared {
		c.channels = append(c.channels, usualChannels()...)
	}
	for _, name := range sortedKeys(config.Channels) {
		c.channels = append(c.channels, Channel{Name: name, Contact: Kind(config.Channels[name].Contact)})
		for _, alias := range config.Channels[name].Aliases {
			c.channelNames[foldName(alias)] = name
		}
	}
	for _, channel := range c.channels {
		c.channelNames[foldName(channel.Name)] = channel.Name
	}
}

func (c *Catalog) declarePurposes(config *Config) {
	for _, name := range sortedKeys(config.Purposes) {
		c.purposes = append(c.purposes, name)
		c.policies[name] = config.Purposes[name]
		c.purposeNames[foldName(name)] = name
		for _, alias := range config.Purposes[name].Aliases {
			c.purposeNames[foldName(alias)] = name
		}
	}
}

// Channel returns the channel of that name or alias, trimmed and without regard to case.
func (c *Catalog) Channel(name string) (Channel, bool) {
	name, ok := c.channelNames[foldName(name)]
	if !ok {
		return Channel{}, false
	}
	for _, channel := range c.channels {
		if channel.Name == name {
			return channel, true
		}
	}
	return Channel{}, false
}

// Channels returns the declared channels, or the usual ones.
func (c *Catalog) Channels() []Channel { return c.channels }

// Purposes returns the declared purposes; none when the exports alone name them.
func (c *Catalog) Purposes() []string { return c.purposes }

// MaxLinks returns beside how many values of any one other kind a value of this kind may stand.
func (c *Catalog) MaxLinks(kind Kind) int {
	if limit, ok := c.maxLinks[kind]; ok {
		return limit
	}
	return c.linksAll
}

// leastLinks is the smallest limit of any kind: an identifier beside no more values than that is not shared.
func (c *Catalog) leastLinks() int {
	least := c.linksAll
	for _, limit := range c.maxLinks {
		least = min(least, limit)
	}
	return least
}

// channelName returns the name that an export's word for a channel stands for: a declared one, a usual one, or, when
// none are declared, the word itself. ok is false for a word that nobody declared; ignored for one to pass over.
func (c *Catalog) channelName(word string) (name string, ignored, ok bool) {
	return resolveName(word, c.channelNames, c.ignoredChannels, c.channelsDeclared)
}

// purposeName does for purposes what channelName does for channels.
func (c *Catalog) purposeName(word string) (name string, ignored, ok bool) {
	return resolveName(word, c.purposeNames, c.ignoredPurposes, len(c.purposes) > 0)
}

func resolveName(word string, names map[string]string, ignored map[string]bool, closed bool) (string, bool, bool) {
	word = foldName(word)
	if ignored[word] {
		return "", true, true
	}
	if name, ok := names[word]; ok {
		return name, false, true
	}
	return word, false, word != "" && (word == Star || !closed)
}

// PurposeName returns the purpose that a word on the command line stands for.
func (c *Catalog) PurposeName(word string) string {
	if name, ok := c.purposeNames[foldName(word)]; ok {
		return name
	}
	return foldName(word)
}

// ChannelName returns the channel that a word on the command line stands for.
func (c *Catalog) ChannelName(word string) string {
	if name, ok := c.channelNames[foldName(word)]; ok {
		return name
	}
	return foldName(word)
}

// StarCovers reports whether an act for all purposes covers this one.
func (c *Catalog) StarCovers(purpose string) bool {
	star := c.policies[purpose].Star
	return star == nil || *star
}

// Policy returns what decides in the cell of a channel and a purpose, both by name. What the purpose says for the
// channel comes before what it says for all.
func (c *Catalog) Policy(channel, purpose string) Policy {
	declared := c.policies[purpose]
	words := declared.PolicyConfig
	for name, over := range declared.Channels {
		if c.ChannelName(name) == channel {
			words = overlay(words, over)
		}
	}
	policy := Policy{OptOut: words.Basis == "opt_out", Notice: words.Notice, MinName: words.MinNoticeVersion}
	policy.ValidFor, _ = ParseDuration(words.ValidFor) // checked when the configuration was read; empty is 0
	if words.MinNoticeVersion != "" {
		policy.MinVersion = c.versionRank(words.Notice, words.MinNoticeVersion)
		if policy.MinVersion == 0 { // an unlisted minimum: no version is known to reach it
			policy.MinVersion = math.MaxInt
		}
	}
	return policy
}

func overlay(base, over PolicyConfig) PolicyConfig {
	if over.Basis != "" {
		base.Basis = over.Basis
	}
	if over.ValidFor != "" {
		base.ValidFor = over.ValidFor
	}
	if over.Notice != "" {
		base.Notice = over.Notice
	}
	if over.MinNoticeVersion != "" {
		base.MinNoticeVersion = over.MinNoticeVersion
	}
	return base
}

// versionRank returns the place of a version in its notice, the oldest being 1; 0 when it is not listed.
func (c *Catalog) versionRank(notice, version string) int {
	for i, listed := range c.notices[notice] {
		if listed == version {
			return i + 1
		}
	}
	return 0
}

// grantVersion returns the notice and the rank that an event's words stand for. A version without a notice counts
// where exactly one notice lists it: where two do, nobody can say which was shown.
func (c *Catalog) grantVersion(notice, version string) (string, int) {
	if notice != "" {
		return notice, c.versionRank(notice, version)
	}
	found, rank := "", 0
	for name := range c.notices {
		if r := c.versionRank(name, version); r > 0 {
			if rank > 0 {
				return "", 0
			}
			found, rank = name, r
		}
	}
	return found, rank
}

// foldName makes the form in which channel and purpose names are compared: without regard to case, blanks around
// them and invisible marks, which spreadsheets and web pages leave in words.
func foldName(name string) string {
	return strings.ToLower(strings.TrimSpace(strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, name)))
}

// foldWord is foldName for the words of records. A short one in plain letters, as nearly all are, is made in room.
func foldWord(room, raw []byte) []byte {
	if len(raw) > cap(room) {
		return []byte(foldName(string(raw)))
	}
	for _, c := range raw {
		switch {
		case c <= ' ' || c >= 0x7f:
			return []byte(foldName(string(raw)))
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		room = append(room, c)
	}
	return room
}

func folded(names []string) map[string]bool {
	set := map[string]bool{}
	for _, name := range names {
		set[foldName(name)] = true
	}
	return set
}
