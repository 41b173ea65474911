package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cpm/consentload"
	"cpm/formats/fault"
)

// offerCells stops a run that named no channel or purpose, with the cells of the exports and the completed command.
func (r *filtering) offerCells() error {
	var lines []string
	var best string
	var most uint64
	for _, channel := range r.index.Channels() {
		for _, purpose := range r.index.Purposes() {
			cell := r.index.Cell(channel, purpose)
			granted := cell.Granted.GetCardinality()
			refused := cell.Denied.GetCardinality() + cell.Withdrawn.GetCardinality()
			if granted+refused+cell.Pending.GetCardinality() == 0 {
				continue
			}
			lines = append(lines, fmt.Sprintf("\n       %-12s %-16s %12s granted %12s refused", consentload.Tell(channel), consentload.Tell(purpose),
				number(int64(granted)), number(int64(refused))))
			harmless := consentload.Tell(channel) == channel && consentload.Tell(purpose) == purpose
			if harmless && (best == "" || granted > most) {
				best, most = fmt.Sprintf("--channel %s --purpose %s", channel, purpose), granted
			}
		}
	}
	what := "a channel and a purpose are needed"
	if len(lines) == 0 {
		return fault.New(fault.Usage, "", "%s, and the exports name none but *", what).
			Hint("declare channels and purposes in the configuration")
	}
	return fault.New(fault.Usage, "", "%s; the exports hold, by identifiers:%s", what, strings.Join(lines, "")).
		Hint("%s %s", quoted(r.options.args), r.missing(best))
}

// quoted joins the words of a command so that a shell takes them apart as they were.
func quoted(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		if words[i] = arg; arg == "" || strings.ContainsAny(arg, " \t*?[]{}()$&;|<>#~`!'\"\\") {
			words[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// missing is what a command line still needs of a cell's two flags.
func (r *filtering) missing(cell string) string {
	words := strings.Fields(cell)
	switch {
	case len(r.options.channels) > 0:
		words = words[2:]
	case r.options.purpose != "":
		words = words[:2]
	}
	return strings.Join(words, " ")
}

// unknownName tells the nearest name for a channel or purpose that neither the configuration nor the exports know.
func (r *filtering) unknownName(what string, cause error) error {
	known, word := r.index.Purposes(), r.options.purpose
	if what == "channel" {
		known = r.index.Channels()
		for _, word = range r.options.channels {
			if _, ok := r.catalog.Channel(word); !ok {
				break
			}
		}
		if slices.Contains(known, r.catalog.ChannelName(word)) {
			return cause
		}
	}
	f := fault.New(fault.Usage, "", "neither the configuration nor the exports know the %s %q", what, word)
	f.Mend = "the " + what + "s are " + strings.Join(told(known), ", ")
	if near := consentload.Nearest(word, told(known)); near != "" {
		f.Mend = "did you mean " + near + "? " + f.Mend
	}
	if len(known) == 0 {
		f.Mend = "declare it in the configuration"
	}
	return f
}

// told makes names fit to be told: one that may be an identifier is replaced by its length.
func told(names []string) []string {
	fit := make([]string, len(names))
	for i, name := range names {
		fit[i] = consentload.Tell(name)
	}
	return fit
}

// warn notes what a user should know before sending.
func (r *filtering) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(r.warnings, text) {
		r.warnings = append(r.warnings, text)
	}
}

// end closes what is open and removes what was not published. Once the outputs stand, nothing can fail any more.
func (r *filtering) end(err error) error {
	var left error
	if r.outputs != nil {
		left = errors.Join(left, r.outputs.Abort())
	}
	if r.reader != nil {
		left = errors.Join(left, r.reader.Close())
	}
	if r.file != nil {
		left = errors.Join(left, r.file.Close())
	}
	if r.published {
		return err
	}
	err = errors.Join(err, left)
	if err != nil && r.targets.toStdout() && r.job != nil {
		err = errors.Join(err, errors.New("discard what was written to standard output: it is not whole"))
	}
	return err
}
