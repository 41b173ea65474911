package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// refYAML writes YAML by hand: flow style, every text quoted, keys sorted, so that a world always reads the same.
type refYAML struct{ strings.Builder }

func (y *refYAML) line(format string, args ...any) { fmt.Fprintf(&y.Builder, format+"\n", args...) }

func refTexts(texts []string) string {
	var quoted []string
	for _, t := range texts {
		quoted = append(quoted, strconv.Quote(t))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func (p *refPolicy) yaml() []string {
	var parts []string
	for _, kv := range [][2]string{{"basis", p.Basis}, {"valid_for", p.ValidFor}, {"notice", p.Notice}} {
		if kv[1] != "" {
			parts = append(parts, kv[0]+": "+kv[1])
		}
	}
	if p.MinVersion != "" {
		parts = append(parts, "min_notice_version: "+strconv.Quote(p.MinVersion))
	}
	return parts
}

func (p *refPurpose) yaml() string {
	parts := p.refPolicy.yaml()
	if len(p.Aliases) > 0 {
		parts = append(parts, "aliases: "+refTexts(p.Aliases))
	}
	if p.StarOff {
		parts = append(parts, "star: false")
	}
	var channels []string
	for _, name := range slices.Sorted(maps.Keys(p.Channels)) {
		channels = append(channels, name+": {"+strings.Join(p.Channels[name].yaml(), ", ")+"}")
	}
	if len(channels) > 0 {
		parts = append(parts, "channels: {"+strings.Join(channels, ", ")+"}")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// yaml is the configuration file of the world.
func (w *refWorld) yaml() string {
	y, c := &refYAML{}, w.Config
	y.line("version: 1")
	for _, kv := range [][2]string{{"timezone", c.Timezone}, {"link", c.Link}, {"star_grants", c.Stars}} {
		if kv[1] != "" {
			y.line("%s: %s", kv[0], kv[1])
		}
	}
	c.names(y)
	if c.MaxLinks > 0 {
		y.line("max_links: %d", c.MaxLinks)
	}
	if len(c.MaxLinksBy) > 0 {
		y.line("max_links:")
		for _, kind := range slices.Sorted(maps.Keys(c.MaxLinksBy)) {
			y.line("  %s: %d", kind, c.MaxLinksBy[kind])
		}
	}
	if len(c.IgnoreChannels)+len(c.IgnorePurposes) > 0 {
		y.line("ignore: {channels: %s, purposes: %s}", refTexts(c.IgnoreChannels), refTexts(c.IgnorePurposes))
	}
	w.yamlLists(y)
	if w.By == "sources" {
		minimum := ""
		if w.MinRowsZero {
			minimum = ", min_rows: 0"
		}
		y.line("sources:")
		y.line("  - {name: app, path: \"exports/e*\"%s}", minimum)
	}
	return y.String()
}

func (c *refConfig) names(y *refYAML) {
	if len(c.Channels) > 0 {
		y.line("channels:")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Channels)) {
		d, aliases := c.Channels[name], ""
		if len(d.Aliases) > 0 {
			aliases = ", aliases: " + refTexts(d.Aliases)
		}
		y.line("  %s: {contact: %s%s}", name, d.Contact, aliases)
	}
	if len(c.Notices) > 0 {
		y.line("notices:")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Notices)) {
		y.line("  %s: {versions: %s}", name, refTexts(c.Notices[name]))
	}
	if len(c.Purposes) > 0 {
		y.line("purposes:")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Purposes)) {
		y.line("  %s: %s", name, c.Purposes[name].yaml())
	}
}

func (w *refWorld) yamlLists(y *refYAML) {
	titled := false
	for _, l := range w.Lists {
		if l.Flag {
			continue
		}
		if !titled {
			y.line("suppression:")
			titled = true
		}
		parts := []string{"path: " + strconv.Quote(l.Table.Name)}
		if len(l.Channels) > 0 {
			parts = append(parts, "channels: "+refTexts(l.Channels))
		}
		if len(l.Purposes) > 0 {
			parts = append(parts, "purposes: "+refTexts(l.Purposes))
		}
		if l.Scope != "" {
			parts = append(parts, "scope: "+l.Scope)
		}
		if l.AllowEmpty {
			parts = append(parts, "allow_empty: true")
		}
		var columns []string
		for _, col := range l.Table.Columns {
			if l.Table.Custom && refIsKind(col.Key) {
				columns = append(columns, col.Key+": "+strconv.Quote(col.Header))
			}
		}
		if len(columns) > 0 {
			parts = append(parts, "id: {"+strings.Join(columns, ", ")+"}")
		}
		y.line("  - {%s}", strings.Join(parts, ", "))
	}
}
