package consentload

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"cpm/formats/fault"
)

//go:embed presets/*.yaml
var presetFiles embed.FS

const presetFolder = "presets"

// PresetNames lists the presets: mappings of well-known platforms that ship with cpm, and the canonical form.
func PresetNames() []string {
	entries, err := presetFiles.ReadDir(presetFolder)
	if err != nil {
		return nil // not reached: the folder is part of the program
	}
	names := make([]string, 0, len(entries)+1)
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	return names
}

// PresetText returns the YAML of a preset, with its remarks. An unknown name is a fault of kind Usage.
func PresetText(name string) ([]byte, error) {
	text, err := presetFiles.ReadFile(path.Join(presetFolder, name+".yaml"))
	if err != nil {
		f := fault.New(fault.Usage, "", "there is no preset %s", quoteSafely(name)).
			Hint("cpm presets list names them all")
		if near := Nearest(name, PresetNames()); near != "" {
			f.Mend = fmt.Sprintf("did you mean %s? %s", near, f.Mend)
		}
		return nil, f
	}
	return text, nil
}

// Preset returns the mapping of a preset. An unknown name is a fault of kind Usage.
func Preset(name string) (*Mapping, error) {
	text, err := PresetText(name)
	if err != nil {
		return nil, err
	}
	return ReadMapping(name, text)
}

// Presets are all presets, read.
type Presets []*Mapping

// ReadPresets reads all presets: some milliseconds of work.
func ReadPresets() (Presets, error) {
	var all Presets
	for _, name := range PresetNames() {
		m, err := Preset(name)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// Detect returns the preset whose columns a header has; nil where none fits. Two that fit are a fault of kind Usage:
// which of them wrote the file changes what its words mean.
func (p Presets) Detect(file string, header []string) (*Mapping, error) {
	fit := p.fitting(header)
	switch len(fit) {
	case 0:
		return nil, nil //nolint:nilnil // a table of any other kind
	case 1:
		return fit[0], nil
	}
	return nil, fault.New(fault.Usage, file, "the columns are those of the presets %s and %s", fit[0].Name, fit[1].Name).
		Hint("say which it is: --preset %s, or preset: %s in the source", fit[0].Name, fit[0].Name)
}

// fitting returns the presets whose columns a header has.
func (p Presets) fitting(header []string) (fit Presets) {
	for _, m := range p {
		if len(m.Detect) > 0 && m.fits(header) {
			fit = append(fit, m)
		}
	}
	return fit
}

// fits reports whether a header has every column by which the mapping is told.
func (m *Mapping) fits(header []string) bool {
	for _, column := range m.Detect {
		if !slices.ContainsFunc(header, func(name string) bool {
			return foldColumn(name) == foldColumn(column) || strings.HasPrefix(name, column+".")
		}) {
			return false
		}
	}
	return true
}
