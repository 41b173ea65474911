package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

// configFile is a configuration with where it came from. Without one it is empty, and path too.
type configFile struct {
	*consentload.Config
	path string
	sum  string // SHA-256, hexadecimal
	info os.FileInfo
}

const usualConfig = "cpm.yaml"

// readConfig reads the configuration that a flag, else CPM_CONFIG, else the working folder names.
func readConfig(flag string) (*configFile, error) {
	path, asked := flag, true
	if path == "" {
		path = os.Getenv("CPM_CONFIG")
	}
	if path == "" {
		path, asked = usualConfig, false
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !asked:
		return &configFile{Config: &consentload.Config{}}, nil
	case err != nil:
		return nil, fault.New(fault.Usage, path, "the configuration cannot be read").Because(err).
			Hint("check --config and CPM_CONFIG; cpm init writes a configuration to start from")
	}
	config, err := consentload.ReadConfig(path, text)
	if err != nil {
		return nil, err
	}
	config.Dir = filepath.Dir(path)
	sum := sha256.Sum256(text)
	info, err := os.Stat(path)
	return &configFile{Config: config, path: path, sum: hex.EncodeToString(sum[:]), info: info}, err
}

// mustReadConfig reads the configuration and does not do without.
func mustReadConfig(flag string) (*configFile, error) {
	found, err := readConfig(flag)
	if err == nil && found.path == "" {
		return nil, fault.New(fault.Usage, "", "there is no %s here", usualConfig).
			Hint("name it with --config, or write one with cpm init")
	}
	return found, err
}

// within makes a path of the configuration relative to its folder.
func (c *configFile) within(path string) string {
	if filepath.IsAbs(path) || c.Dir == "" || formats.IsObject(path) {
		return path
	}
	return filepath.Join(c.Dir, path)
}

// lowersGuard reports whether a flag lowers a guard: it holds for the command line on which somebody wrote it, and
// nowhere else.
func lowersGuard(name string) bool {
	switch name {
	case "overwrite", "accept-unread-refusals", "min-known", "max-invalid", "max-bad", "on-bad-consent", "lost-refusals":
		return true
	}
	return false
}

// commandOnly reports whether a flag makes no sense under defaults: or as a variable of its own, or must not hold where
// nobody wrote it: --show tells personal data.
func commandOnly(name string) bool { return name == "config" || name == "help" || name == "show" }

// flagOf is the flag that a key under defaults: stands for.
func flagOf(key string) string { return strings.ReplaceAll(key, "_", "-") }

// layer fills in the flags of a command that the command line leaves out: from the environment, else from the
// configuration's defaults. Keys that are flags of another command are passed over.
func layer(flags *pflag.FlagSet, found *configFile) error {
	if err := checkDefaults(found); err != nil {
		return err
	}
	v := viper.NewWithOptions(viper.KeyDelimiter("::"))
	v.SetEnvPrefix("CPM")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	defaults := map[string]any{}
	for key, value := range found.Defaults {
		defaults[flagOf(key)] = value
	}
	if err := v.MergeConfigMap(defaults); err != nil {
		return err
	}
	var errs []error
	flags.VisitAll(func(flag *pflag.Flag) {
		if commandOnly(flag.Name) {
			return
		}
		variable := "CPM_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		_, fromVariable := os.LookupEnv(variable)
		if fromVariable && lowersGuard(flag.Name) {
			errs = append(errs, fault.New(fault.Usage, "", "%s lowers a guard, and a variable may not", variable).
				Hint("write --%s on the command line of the run that it is meant for", flag.Name))
			return
		}
		if !v.IsSet(flag.Name) || flag.Changed && flag.Name != "suppress" {
			return
		}
		value := v.Get(flag.Name)
		if !fromVariable {
			value = found.anchored(flag.Name, value)
		}
		if err := setFlag(flags, flag, value); err != nil {
			errs = append(errs, fault.New(fault.Usage, "", "--%s, from %s or the configuration's defaults, is not as it should be", flag.Name, variable).
				Because(err).Hint("cpm %s --help tells what it takes", flags.Name()))
		}
	})
	return errors.Join(errs...)
}

// anchored makes the paths among the configuration's defaults relative to its folder.
func (c *configFile) anchored(name string, value any) any {
	switch name {
	case "consent", "index", "key-file", "suppress", "output", "rejected", "annotate", "report", "quarantine":
	default:
		return value
	}
	if many, ok := value.([]any); ok {
		anchored := make([]any, len(many))
		for i := range many {
			anchored[i] = c.anchored(name, many[i])
		}
		return anchored
	}
	path := fmt.Sprint(value)
	if word, list := cutChannel(path); word != "" && name == "suppress" && !strings.ContainsAny(word, `/\.`) {
		return word + c.within(list) // a list for one channel
	}
	if path == "-" {
		return path
	}
	return c.within(path)
}

// setFlag gives a flag a value of the configuration or the environment: a scalar, or a list. Suppression lists add up
// over all layers: one that somebody wrote down somewhere is never dropped.
func setFlag(flags *pflag.FlagSet, flag *pflag.Flag, value any) error {
	many, isList := flag.Value.(pflag.SliceValue)
	values, several := value.([]any)
	switch {
	case several && !isList:
		return errors.New("one value is needed, not a list")
	case !isList:
		if rows, err := strconv.ParseInt(fmt.Sprint(value), 10, 64); flag.Name == "min-consent-rows" && err == nil && rows < 1 {
			return errors.New("0 lowers a guard; write it on the command line of the run that it is meant for")
		}
		return flags.Set(flag.Name, fmt.Sprint(value))
	}
	var words []string
	if several {
		for i := range values {
			words = append(words, fmt.Sprint(values[i]))
		}
	} else {
		words = strings.Split(fmt.Sprint(value), ",")
	}
	if flag.Changed {
		words = append(many.GetSlice(), words...)
	}
	flag.Changed = true
	return many.Replace(words)
}

// layeredFlags are the flags of all commands that have layers.
func layeredFlags() *pflag.FlagSet {
	all := pflag.NewFlagSet("filter", pflag.ContinueOnError)
	(&filterOptions{}).bind(all)
	reach := pflag.NewFlagSet("reach", pflag.ContinueOnError)
	(&reachOptions{}).bind(reach)
	all.AddFlagSet(reach)
	return all
}

// checkDefaults refuses keys under defaults: that are no flags of any command with layers, or that lower a guard.
func checkDefaults(found *configFile) error {
	var errs []error
	flags := layeredFlags()
	for _, key := range sortedKeys(found.Defaults) {
		name, where := flagOf(key), fmt.Sprintf("%s:%d", found.path, found.DefaultLines[key])
		switch {
		case !lowersGuard(name) && (flags.Lookup(name) == nil || commandOnly(name)):
			f := fault.New(fault.Usage, where, "defaults: %q is no flag of filter or reach", key)
			if near := nearestFlag(flags, name); near != "" {
				f.Mend = "did you mean " + near + "?"
			}
			errs = append(errs, f)
		case lowersGuard(name):
			errs = append(errs, fault.New(fault.Usage, where, "defaults: %s lowers a guard, and a configuration may not", key).
				Hint("write --%s on the command line of the run that it is meant for", name))
		}
	}
	return errors.Join(errs...)
}

func nearestFlag(flags *pflag.FlagSet, name string) string {
	var names []string
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return consentload.Nearest(name, names)
}
