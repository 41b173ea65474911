package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"cpm/formats"
	"cpm/formats/fault"
)

// targets are the paths of a run's outputs, by channel where there are several.
type targets struct {
	permitted  []string // "-" is standard output; empty strings: none
	rejected   []string // empty strings: none
	annotated  string   // "-" is standard output; empty: none
	report     string
	quarantine string
	overwrite  bool
	mode       os.FileMode
}

// toStdout reports whether standard output carries the data.
func (t *targets) toStdout() bool {
	return t.annotated == "-" || len(t.permitted) == 1 && t.permitted[0] == "-"
}

// planOutputs settles where the outputs go.
func (r *filtering) planOutputs() error {
	o := r.options
	mode, err := strconv.ParseUint(o.outputMode, 8, 32)
	if err != nil || mode == 0 || mode > 0o777 {
		return fault.New(fault.Usage, "", "--output-mode %q is no file mode", o.outputMode).Hint("write it in octal, such as 0640")
	}
	r.targets = targets{report: o.report, quarantine: o.quarantine, overwrite: o.overwrite, mode: os.FileMode(mode)}
	if ext := filepath.Ext(o.report); o.report != "" && ext != ".json" {
		return fault.New(fault.Usage, o.report, "a report is a .json file").Hint("name it so: --report run.json")
	}
	switch {
	case o.annotate == "-" && o.output == "-":
		return fault.New(fault.Usage, "", "standard output takes the permitted rows or the annotated ones, not both").
			Hint("name a file for one of them: -o permitted.csv")
	case strings.Contains(o.annotate, "{channel}"):
		return fault.New(fault.Usage, o.annotate, "the annotated rows of all channels are one file").
			Hint("leave {channel} out of the path of --annotate")
	}
	r.targets.annotated = o.annotate
	return r.planChannels()
}

// planChannels settles the outputs of each channel.
func (r *filtering) planChannels() error {
	o, channels := r.options, r.options.channels
	if len(channels) == 0 {
		return nil // the cells will be offered
	}
	for i, word := range channels {
		channels[i] = r.catalog.ChannelName(word)
		for _, before := range channels[:i] {
			if before == channels[i] {
				return fault.New(fault.Usage, "", "--channel names %s twice", before)
			}
		}
	}
	for _, channel := range channels {
		permitted, err := r.permittedPath(channel, len(channels) > 1)
		if err != nil {
			return err
		}
		rejected, err := forChannel("--rejected", o.rejected, channel, len(channels) > 1)
		if err != nil {
			return err
		}
		r.targets.permitted = append(r.targets.permitted, permitted)
		r.targets.rejected = append(r.targets.rejected, rejected)
	}
	return nil
}

func (r *filtering) permittedPath(channel string, several bool) (string, error) {
	o := r.options
	switch {
	case o.output == "-" && several:
		return "", fault.New(fault.Usage, "", "standard output takes one channel, and %d are named", len(o.channels)).
			Hint("name files: -o out/{channel}.csv")
	case o.output != "":
		return forChannel("--output", o.output, channel, several)
	case o.annotate != "": // whoever cuts by the verdicts wants no second file
		return "", nil
	case o.audience == "-" && !several:
		return "-", nil
	case o.audience == "-":
		return "", fault.New(fault.Usage, "", "an audience from standard input has no name for its outputs").
			Hint("name files: -o out/{channel}.csv")
	case several:
		return o.beside("." + channel + ".permitted"), nil
	}
	return o.beside(".permitted"), nil
}

// beside puts a word before the extensions of the audience's path, which become that of --to.
func (o *filterOptions) beside(word string) string {
	path := besideAudience(o.audience, word)
	if at := strings.LastIndex(path, word); o.to != "" && !strings.HasPrefix(strings.ToLower(path[at+len(word):]), "."+o.to) {
		return path[:at] + word + "." + o.to
	}
	return path
}

// convert has the outputs written in the format of --to.
func (r *filtering) convert() error {
	if r.options.to == "" {
		return nil
	}
	reader, err := formats.ConvertTo(r.reader, r.options.to)
	if err != nil {
		return err
	}
	r.reader = reader
	return nil
}

// forChannel fills the channel into a path that must differ by channel.
func forChannel(flag, path, channel string, several bool) (string, error) {
	if path == "-" && flag != "--output" {
		return "", fault.New(fault.Usage, "", "%s cannot be standard output", flag).Hint("name a file")
	}
	if path != "" && several && !strings.Contains(path, "{channel}") {
		return "", fault.New(fault.Usage, path, "several channels would share one output").
			Hint("put {channel} into the path of %s", flag)
	}
	return strings.ReplaceAll(path, "{channel}", channel), nil
}

// besideAudience puts a word before the extensions of a path: of segment.csv.gz both. What an archive holds is a CSV, and
// a compression that is not written falls away.
func besideAudience(path, word string) string {
	folder, name := filepath.Split(path)
	ext := filepath.Ext(name)
	switch strings.ToLower(ext) {
	case ".zip":
		return folder + strings.TrimSuffix(name, ext) + word + ".csv"
	case ".bz2", ".xz":
		name = strings.TrimSuffix(name, ext)
		ext = filepath.Ext(name)
	case ".gz", ".zst", ".zstd":
		ext = filepath.Ext(strings.TrimSuffix(name, ext)) + ext
	}
	if len(ext) == len(name) { // a hidden file without an extension
		ext = ""
	}
	return folder + strings.TrimSuffix(name, ext) + word + ext
}

// files lists the output files in the order in which they are published: what a permitted file implies comes first.
func (t *targets) files() []string {
	var files []string
	for _, path := range append(append([]string{t.report, t.quarantine, t.annotated}, t.rejected...), t.permitted...) {
		if path != "" && path != "-" {
			files = append(files, path)
		}
	}
	return files
}

// check refuses outputs that could not be made, before anything is read at length.
func (t *targets) check(inputs []os.FileInfo) error {
	var errs []error
	for _, path := range t.files() {
		errs = append(errs, formats.Check(path, formats.OutputOptions{Overwrite: t.overwrite, Mode: t.mode, Inputs: inputs}))
	}
	return errors.Join(errs...)
}

// words of a role in the report.
const (
	rolePermitted = "permitted"
	roleRejected  = "rejected"
	roleAnnotated = "annotated"
)
