package consentload

// Config is cpm.yaml as written: words, not yet meaning. The struct tags are the one source of the reader, of the
// nearest-key hints and of the JSON schema: `doc` is the sentence that the schema prints, `enum` the words to choose
// from, `format` the form of a text, `min` the least number; `written` takes a number for its own text, and
// `blank` an empty one.
type Config struct {
	Version     int                      `yaml:"version" enum:"1" doc:"the version of this file's form; 1" required:"true"`
	Timezone    string                   `yaml:"timezone" format:"zone" doc:"IANA zone of times written without one, such as Asia/Shanghai; there is no default"`
	Region      string                   `yaml:"region" format:"region" doc:"ISO 3166 region of phone numbers without a country code; CN when absent"`
	KeyFile     string                   `yaml:"key_file" doc:"the file of the secret key by which index files are made, which only its owner may read (cpm key new); the public key when absent"`
	Kinds       map[string]KindConfig    `yaml:"kinds" doc:"identifier kinds beside the built-in ones"`
	Hashes      HashesConfig             `yaml:"hashes" doc:"which written forms of a value make its digest the same identifier, for grants too; refusals and suppression lists reach a person under every form"`
	Channels    map[string]ChannelConfig `yaml:"channels" doc:"how a recipient is reached; declared, any other name in an export is an error"`
	Notices     map[string]NoticeConfig  `yaml:"notices" doc:"privacy notices with their versions"`
	Purposes    map[string]PurposeConfig `yaml:"purposes" doc:"why a recipient is contacted; declared, any other name in an export is an error"`
	Link        string                   `yaml:"link" enum:"all,refusals,none" doc:"which acts reach the other identifiers of a subject; all when absent"`
	MaxLinks    MaxLinks                 `yaml:"max_links" doc:"beside how many values of another kind a value may stand before nobody can say whose it is: a number, or one a kind; 10 when absent"`
	StarGrants  string                   `yaml:"star_grants" enum:"fill,lift" doc:"whether a grant for * lifts a refusal that names a channel or purpose; fill (it does not) when absent"`
	Ignore      IgnoreConfig             `yaml:"ignore" doc:"channel and purpose names in exports that are passed over"`
	Suppression []ListConfig             `yaml:"suppression" doc:"suppression lists, read anew by every run"`
	Sources     []SourceConfig           `yaml:"sources" doc:"consent exports, read when a run names none"`
	Defaults    map[string]any           `yaml:"defaults" doc:"flags of filter, by their names without the dashes"`
	Jobs        []JobConfig              `yaml:"jobs" doc:"batch jobs; filter does not read them"`

	// Dir is the folder of the file; relative paths in it start there. ReadConfig does not know it.
	Dir string `yaml:"-"`
	// Lines tells the line of each key that stands in the file itself, for messages: Lines["region"].
	Lines map[string]int `yaml:"-"`
	// DefaultLines tells the line of each key of Defaults.
	DefaultLines map[string]int `yaml:"-"`
}

// KindConfig declares an identifier kind.
type KindConfig struct {
	Fold    []string `yaml:"fold" enum:"case,leading_zeros" doc:"differences that do not count"`
	Columns []string `yaml:"columns" doc:"usual column names, beside the kind's own"`
}

// HashesConfig lists, for each kind that has several, the forms in which its values were written before they were
// hashed.
type HashesConfig struct {
	Phone    []string `yaml:"phone" written:"true" enum:"e164,digits,national,trunk,00" doc:"of phone numbers: +8613800138000, 8613800138000, 13800138000, 013800138000, 008613800138000; e164 when absent"`
	Email    []string `yaml:"email" enum:"lower,gmail_dots,plus_tag" doc:"of e-mail addresses: in lower case, without the dots that Gmail ignores, without the +tag; lower when absent"`
	DeviceID []string `yaml:"device_id" enum:"lower,upper,lower_plain,upper_plain,lower_marked,upper_marked" doc:"of device ids: in small letters or capitals as written, without dashes and colons (plain), with those of a UUID or a MAC address (marked); lower when absent"`
}

// ChannelConfig declares a channel.
type ChannelConfig struct {
	Contact string   `yaml:"contact" doc:"the identifier kind that it needs" required:"true"`
	Aliases []string `yaml:"aliases" written:"true" doc:"other names of it in exports"`
}

// NoticeConfig declares a privacy notice.
type NoticeConfig struct {
	Versions []string `yaml:"versions" written:"true" doc:"all versions, the oldest first; compared as written" required:"true"`
}

// PolicyConfig is what decides in a cell beside the acts themselves.
type PolicyConfig struct {
	Basis            string `yaml:"basis" enum:"opt_in,opt_out" doc:"whether silence means no or yes; opt_in when absent"`
	ValidFor         string `yaml:"valid_for" format:"duration" doc:"how long a grant holds: an integer with s, m, h, d or w"`
	Notice           string `yaml:"notice" doc:"the notice whose version a grant must name"`
	MinNoticeVersion string `yaml:"min_notice_version" written:"true" doc:"the oldest version of the notice under which a grant still holds"`
}

// PurposeConfig declares a purpose.
type PurposeConfig struct {
	PolicyConfig `yaml:",inline"`
	Aliases      []string                `yaml:"aliases" written:"true" doc:"other names of it in exports"`
	Star         *bool                   `yaml:"star" doc:"whether an act for * covers it; true when absent"`
	Channels     map[string]PolicyConfig `yaml:"channels" doc:"what is otherwise over one channel"`
}

// MaxLinks is one limit for all kinds, or one a kind with the default for the rest.
type MaxLinks struct {
	All  int            // 0 when absent
	Kind map[string]int // nil when a single number was written
}

// IgnoreConfig lists names that are passed over.
type IgnoreConfig struct {
	Channels []string `yaml:"channels" written:"true" doc:"channel names in exports that are passed over"`
	Purposes []string `yaml:"purposes" written:"true" doc:"purpose names in exports that are passed over"`
}

// ListConfig is one suppression list.
type ListConfig struct {
	Path       string            `yaml:"path" doc:"the file" required:"true"`
	Channels   []string          `yaml:"channels" written:"true" doc:"the channels that it holds for; every one when absent"`
	Purposes   []string          `yaml:"purposes" written:"true" doc:"the purposes that it holds for; every one when absent"`
	Scope      string            `yaml:"scope" enum:"subject,identifier" doc:"whether it reaches the other identifiers of a subject; subject when absent"`
	ID         map[string]string `yaml:"id" doc:"the column of each identifier kind; found by its usual names when absent"`
	MaxAge     string            `yaml:"max_age" format:"duration" doc:"the oldest that the newest time in the list may be; it needs a column created, created_at, updated_at, occurred_at or date"`
	Fold       []string          `yaml:"fold" enum:"gmail_dots,plus_tag" doc:"differences of e-mail addresses that do not count against this list; none when absent"`
	AllowEmpty bool              `yaml:"allow_empty" doc:"whether a list without an entry is in order"`
	NoHeader   bool              `yaml:"no_header" doc:"whether its first row is an entry; columns are then #1, #2, …, and id names them"`
	Encoding   string            `yaml:"encoding" doc:"the encoding of its text, such as GB18030; detected when absent"`
	Delimiter  string            `yaml:"delimiter" enum:"comma,tab,semicolon,pipe" doc:"what parts the fields of its text; detected when absent"`
	Sheet      string            `yaml:"sheet" doc:"the sheet of a workbook; the first when absent"`
	Line       int               `yaml:"-"` // where it stands, for messages
}

// SourceConfig is one touchpoint's exports.
type SourceConfig struct {
	Name            string            `yaml:"name" doc:"what the run calls it" required:"true"`
	Path            string            `yaml:"path" doc:"a file, a folder or a pattern" required:"true"`
	Kind            string            `yaml:"kind" enum:"consent,links" doc:"what its files hold: acts of consent, or which identifiers belong together; consent when absent"`
	Preset          string            `yaml:"preset" doc:"the platform that wrote its files (cpm presets list); found by their columns when absent"`
	Mapping         string            `yaml:"mapping" doc:"the file of a mapping of your own, in place of a preset"`
	ID              map[string]string `yaml:"id" doc:"the column of each identifier kind, where the preset does not know it"`
	Channels        map[string]string `yaml:"channels" written:"true" doc:"what the platform's channels are called here"`
	Purposes        map[string]string `yaml:"purposes" written:"true" doc:"what the platform's purposes are called here; sms:promotion binds one to a channel"`
	Ignore          []string          `yaml:"ignore" written:"true" doc:"columns that tell nothing of consent"`
	SnapshotAt      string            `yaml:"snapshot_at" written:"true" doc:"of which instant files without times are: a time, filename, or manifest"`
	Encoding        string            `yaml:"encoding" doc:"the encoding of its text, such as GB18030; detected when absent"`
	Delimiter       string            `yaml:"delimiter" enum:"comma,tab,semicolon,pipe" doc:"what parts the fields of its text; detected when absent"`
	Sheet           string            `yaml:"sheet" doc:"the sheet of its workbooks; the first when absent"`
	Timezone        string            `yaml:"timezone" format:"zone" doc:"IANA zone of its times without one; the mapping's when absent, else the file's"`
	MaxAge          string            `yaml:"max_age" format:"duration" doc:"the oldest that its newest act may be"`
	MinRows         *int64            `yaml:"min_rows" min:"0" doc:"the fewest rows that it may have; 1 when absent"`
	MaxShrink       string            `yaml:"max_shrink" format:"percent" doc:"by how much it may have shrunk since the last index"`
	RequireManifest bool              `yaml:"require_manifest" doc:"whether each file must have its .manifest.json"`
	Line            int               `yaml:"-"` // where it stands, for messages
}

// JobConfig is one batch job.
type JobConfig struct {
	Name     string `yaml:"name" doc:"what the job is called" required:"true"`
	Audience string `yaml:"audience" doc:"a file, a folder or a pattern" required:"true"`
	Channel  string `yaml:"channel" doc:"the channel, or several with commas"`
	Purpose  string `yaml:"purpose" doc:"the purpose"`
	Output   string `yaml:"output" doc:"the output; {job}, {name} and {channel} are filled in"`
	Line     int    `yaml:"-"` // where it stands, for messages
}
