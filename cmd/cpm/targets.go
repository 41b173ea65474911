package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"cpm/formats"
	"cpm/formats/fault"
)

// targets are what the outputs of a run have in common; where the rows go, each passage knows.
type targets struct {
	report     string
	quarantine string
	stdout     bool // standard output carries the data
	overwrite  bool
	mode       os.FileMode
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
	if err := r.nameChannels(); err != nil {
		return err
	}
	for _, p := range r.passages {
		if err := r.plan(p); err != nil {
			return err
		}
	}
	return r.refuseShared()
}

// nameChannels gives the channels the names of the catalogue.
func (r *filtering) nameChannels() error {
	channels := r.options.channels
	for i, word := range channels {
		channels[i] = r.catalog.ChannelName(word)
		for _, before := range channels[:i] {
			if before == channels[i] {
				return fault.New(fault.Usage, "", "--channel names %s twice", before)
			}
		}
	}
	return nil
}

// plan settles the outputs of one audience.
func (r *filtering) plan(p *passage) (err error) {
	o := r.options
	if p.annotated, err = r.destination(p, "--annotate", o.annotate); err != nil {
		return err
	}
	r.targets.stdout = r.targets.stdout || o.annotate == "-"
	for _, channel := range o.channels { // of none, the cells will be offered
		permitted, err := r.permittedBy(p, channel)
		if err != nil {
			return err
		}
		path, err := forChannel("--rejected", o.rejected, channel, len(o.channels) > 1)
		if err != nil {
			return err
		}
		rejected, err := r.destination(p, "--rejected", path)
		if err != nil {
			return err
		}
		r.targets.stdout = r.targets.stdout || permitted.name == "-"
		p.permitted, p.rejected = append(p.permitted, permitted), append(p.rejected, rejected)
	}
	return nil
}

func (r *filtering) permittedBy(p *passage, channel string) (destination, error) {
	o, several, word := r.options, len(r.options.channels) > 1, ".permitted"
	if several {
		word = "." + channel + word
	}
	switch {
	case o.output == "-" && several:
		return destination{}, fault.New(fault.Usage, "", "standard output takes one channel, and %d are named", len(o.channels)).
			Hint("name files: -o out/{channel}.csv")
	case o.output != "":
		path, err := forChannel("--output", o.output, channel, several)
		if err != nil {
			return destination{}, err
		}
		return r.destination(p, "--output", path)
	case o.annotate != "": // whoever cuts by the verdicts wants no second file
		return destination{}, nil
	case p.path == "-" && !several:
		return destination{name: "-"}, nil
	case p.path == "-":
		return destination{}, fault.New(fault.Usage, "", "an audience from standard input has no name for its outputs").
			Hint("name files: -o out/{channel}.csv")
	case p.found.tree == "":
		return destination{name: o.beside(p.path, word)}, nil
	case isBucket(p.found.tree): // what its name and a word make is the bucket of somebody else
		return destination{}, fault.New(fault.Usage, p.found.tree, "a bucket has no name for its outputs").Hint("name a folder of another bucket: -o s3://BUCKET/permitted/")
	case strings.Trim(p.found.tree, "./") == "":
		return destination{}, fault.New(fault.Usage, p.found.tree, "this folder has no name for its outputs").Hint("name another folder: -o ../permitted/")
	}
	return below(p.found.tree+word, o.beside(p.found.below, "")), nil
}

// below is a destination in a folder. In an object store there are no folders that could be published as a whole: each
// object is an output, and the set of all as much as a folder.
func below(folder, name string) destination {
	if formats.IsObject(folder) {
		return destination{name: folder + "/" + filepath.ToSlash(name)}
	}
	return destination{folder: folder, name: name}
}

// destination says where the rows of one audience go by a path, which holds for all: as a file, which has {name} in it
// where there are several, or as a folder.
func (r *filtering) destination(p *passage, flag, path string) (destination, error) {
	switch {
	case path == "":
		return destination{}, nil
	case path == "-" && r.many:
		return destination{}, fault.New(fault.Usage, "", "standard output takes one audience, and several are named").
			Hint("name a folder for the outputs: %s out/", flag)
	case !r.many || strings.Contains(path, "{name}"):
		return destination{name: strings.ReplaceAll(path, "{name}", nameOf(p.path))}, nil
	case p.found.tree == "" && !strings.HasSuffix(path, "/") && !isFolder(path), formatNamed(path) != "":
		return destination{}, fault.New(fault.Usage, path, "several audiences would share one output").
			Hint("put {name} into the path of %s, or name a folder: %s out/", flag, flag)
	}
	return below(cleanTree(path), r.options.beside(p.found.below, "")), nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// nameOf is what {name} stands for: the name of the audience without folder and extensions.
func nameOf(path string) string {
	if path == "-" {
		return "standard-input"
	}
	stem, _ := extensions(filepath.Base(path))
	return stem
}

// refuseShared refuses two audiences whose rows would go to one file, and outputs that the folder or the pattern of the
// audiences would hold too: the next run would take them for such.
func (r *filtering) refuseShared() error {
	if !r.many {
		return nil // which the outputs find themselves
	}
	from := map[string]*passage{}
	return r.each(func(p *passage, to destination) error {
		if other := from[to.path()]; other != nil {
			return fault.New(fault.Usage, to.path(), "the rows of %s and of %s would go to one output", other.path, p.path).
				Hint("name a folder for each output, or run cpm for each of them")
		}
		from[to.path()] = p
		if p.found.tree != "" && isWithin(to.path(), p.found.tree) {
			return fault.New(fault.Usage, to.path(), "the output is within the folder of the audiences, %s", p.found.tree).
				Hint("name a folder beside it: the next run would filter the outputs again")
		}
		if like, err := filepath.Match(p.found.pattern, filepath.Clean(to.path())); err == nil && like && !strings.Contains(to.name, ".permitted.") {
			return fault.New(fault.Usage, to.path(), "the pattern of the audiences, %s, matches the output", p.found.pattern).
				Hint("put .permitted. into its name, or name a folder: the next run would filter the outputs again")
		}
		return nil
	})
}

// isWithin reports whether a path that need not exist leads into a folder.
func isWithin(path, folder string) bool {
	if formats.IsObject(folder) {
		return strings.HasPrefix(path, folder+"/")
	}
	outer, err := os.Stat(folder)
	if err != nil {
		return false
	}
	path, err = filepath.Abs(path)
	for err == nil && filepath.Dir(path) != path {
		path = filepath.Dir(path)
		if info, err := os.Stat(path); err == nil && os.SameFile(info, outer) {
			return true
		}
	}
	return false
}

// each visits the destinations that rows go to in files, in the order in which they are published: what a permitted file
// implies comes first.
func (r *filtering) each(visit func(p *passage, to destination) error) error {
	for _, of := range []func(p *passage) []destination{
		func(p *passage) []destination { return []destination{p.annotated} },
		func(p *passage) []destination { return p.rejected },
		func(p *passage) []destination { return p.permitted },
	} {
		for _, p := range r.passages {
			for _, to := range of(p) {
				if to.name == "" || to.name == "-" {
					continue
				}
				if err := visit(p, to); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// beside puts a word before the extensions of an audience's path, which become that of --to.
func (o *filterOptions) beside(audience, word string) string {
	stem, ext := extensions(audience)
	if o.to != "" && !strings.HasPrefix(strings.ToLower(ext)+".", "."+o.to+".") {
		ext = "." + o.to
	}
	return stem + word + ext
}

// convert has the outputs written in the format of --to.
func (p *passage) convert(to string) error {
	if to == "" {
		return nil
	}
	reader, err := formats.ConvertTo(p.reader, to)
	if err != nil {
		return err
	}
	p.reader = reader
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

// extensions parts a path before the extensions that an output of it has: of segment.csv.gz both. What an archive holds
// is a CSV, and a compression that is not written falls away.
func extensions(path string) (stem, ext string) {
	folder, name := filepath.Split(path)
	ext = filepath.Ext(name)
	switch strings.ToLower(ext) {
	case ".zip":
		return folder + strings.TrimSuffix(name, ext), ".csv"
	case ".bz2", ".xz":
		name = strings.TrimSuffix(name, ext)
		ext = filepath.Ext(name)
	case ".gz", ".zst", ".zstd":
		ext = filepath.Ext(strings.TrimSuffix(name, ext)) + ext
	}
	if len(ext) == len(name) { // a hidden file without an extension
		ext = ""
	}
	return folder + strings.TrimSuffix(name, ext), ext
}

// checkTargets refuses outputs that could not be made, before anything is read at length.
func (r *filtering) checkTargets(ctx context.Context) error {
	o := r.outputOptions()
	var errs []error
	for _, path := range []string{r.targets.report, r.targets.quarantine} {
		if path != "" {
			errs = append(errs, r.places.Check(ctx, path, o))
		}
	}
	seen := map[string]bool{}
	_ = r.each(func(_ *passage, to destination) error { // which notes every error
		switch {
		case to.folder == "":
			errs = append(errs, r.places.Check(ctx, to.name, o))
		case !seen[to.folder]:
			seen[to.folder] = true
			errs = append(errs, formats.CheckFolder(to.folder, o))
		}
		return nil
	})
	return errors.Join(errs...)
}

func (r *filtering) outputOptions() formats.OutputOptions {
	return formats.OutputOptions{Overwrite: r.targets.overwrite, Mode: r.targets.mode, Inputs: r.inputs}
}

// words of a role in the report.
const (
	rolePermitted = "permitted"
	roleRejected  = "rejected"
	roleAnnotated = "annotated"
)
