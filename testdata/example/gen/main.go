// Command gen makes the data of the example: consent/*.csv, stop.csv, segment.csv and cast.csv.
//
//	go run ./testdata/example/gen          from the root of the module, in place
//	go run ./testdata/example/gen DIR      into another folder
//
// Everything is invented, and follows from one seed: the same bytes on every machine. The README of the example tells
// the story; cast.go is its cast, consent.go what the crowd says, segment.go whom marketing would like to reach.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	seed   = 20261101
	known  = 8_400 // people who may stand in the exports
	onList = 260   // entries of the stop list beside the cast
)

func main() {
	dir := filepath.Join("testdata", "example")
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	if err := write(dir); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// write makes every file in dir.
func write(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "consent"), 0o755); err != nil {
		return err
	}
	for _, f := range files() {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.bytes, 0o644); err != nil {
			return err
		}
	}
	return nil
}

type file struct {
	name  string
	bytes []byte
}

func files() []file {
	d := newDice(seed)
	people := crowd(d, known+strangers)
	members := cast()
	c := chronicle{dice: d, places: touchpoints()}
	for _, p := range people[:known] {
		c.live(p)
	}
	for _, m := range members {
		c.acts = append(c.acts, m.acts...)
	}
	c.acts = append(c.acts, counterActs(people)...)
	// An export is in the order of its acts, whoever they were.
	slices.SortStableFunc(c.acts, func(a, b act) int { return a.at.Compare(b.at) })

	var out []file
	for _, place := range c.places {
		out = append(out, file{"consent/" + place.name + ".csv", export(place, c.acts)})
	}
	return append(out,
		file{"stop.csv", stopList(d, members, people)},
		file{"segment.csv", segment(d, members, people[:known], people[known:])},
		file{"cast.csv", castTable(members)},
	)
}

// export writes the acts that were recorded at one touchpoint.
func export(place touchpoint, acts []act) []byte {
	out := appendRow(nil, strings.Split(place.columns, ","))
	number := 0
	for _, a := range acts {
		if a.touchpoint != place.name {
			continue
		}
		number++
		out = appendRow(out, place.row(a, number))
	}
	return out
}

// stopList is what customer service keeps by hand: a number, now and then an e-mail address alone.
func stopList(d dice, members []member, people []person) []byte {
	out := appendRow(nil, []string{"手机号", "email", "原因"})
	for _, m := range members {
		if m.verdict == "suppression_list" {
			out = appendRow(out, []string{"+86 " + m.phone, m.email, "投诉"})
		}
	}
	for range onList {
		p := people[d.IntN(len(people))]
		phone, email := p.phone, ""
		if p.email != "" && d.percent(25) {
			phone, email = "", p.email
		}
		out = appendRow(out, []string{phone, email, d.of("投诉 离职员工 法务 号码注销")})
	}
	return out
}

// castTable states what must become of the cast.
func castTable(members []member) []byte {
	out := appendRow(nil, []string{"name", "phone", "verdict"})
	for _, m := range members {
		out = appendRow(out, []string{m.name, m.phone, m.verdict})
	}
	return out
}
