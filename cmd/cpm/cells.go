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

// unknownChannel tells the nearest name for the channel that cannot be served; cause is why not.
func (r *filtering) unknownChannel(cause error) error {
	var word string
	for _, word = range r.options.channels {
		if _, ok := r.catalog.Channel(word); !ok {
			break
		}
	}
	if slices.Contains(r.index.Channels(), r.catalog.ChannelName(word)) {
		return cause
	}
	return unknownName("channel", word, r.index.Channels())
}

// end closes what is open and removes what was not published. Once the outputs stand, nothing can fail any more.
func (r *filtering) end(err error) error {
	var left error
	if r.made != nil {
		left = errors.Join(left, r.made.outputs.Abort())
	}
	left = errors.Join(left, ended(r.passages), r.closeIndex())
	if r.published {
		return err
	}
	err = errors.Join(err, left)
	if err != nil && r.targets.stdout && r.before != nil {
		err = errors.Join(err, errors.New("discard what was written to standard output: it is not whole"))
	}
	return err
}

// purposesOf returns the purposes that words of a command line name, each once; of none, all that are known.
func (c *consent) purposesOf(words []string) (names []string, err error) {
	for _, word := range words {
		name := c.catalog.PurposeName(word)
		if !slices.Contains(c.index.Purposes(), name) {
			return nil, unknownName("purpose", word, c.index.Purposes())
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(words) == 0 {
		names = c.index.Purposes()
	}
	if len(names) == 0 {
		return nil, fault.New(fault.Usage, "", "the exports name no purpose but *").Hint("declare purposes in the configuration")
	}
	return names, nil
}

// tellPurpose returns the name of a purpose, or its length when the exports alone name it and it may be an identifier;
// words are those of the command line.
func (c *consent) tellPurpose(name string, words []string) string {
	if len(words) > 0 || slices.Contains(c.catalog.Purposes(), name) {
		return name
	}
	return consentload.Tell(name)
}

// noticePurposes notes that the names of some purposes are not told.
func (c *consent) noticePurposes(names, words []string) {
	for _, name := range names {
		if c.tellPurpose(name, words) != name {
			c.warn("names of purposes that may be identifiers are told by their length: declare them, or name them with --purpose")
		}
	}
}
