package consentload

import (
	"strconv"
	"strings"
	"sync"

	"cpm/formats/fault"
)

// maxNames bounds the channels and the purposes of one load: more of them are a wrong column, not consent.
const maxNames = 4096

// vocabulary numbers the names that a load meets. Numbers depend on the order of files; names do not, and an index
// is cut by names alone.
type vocabulary struct {
	mu       sync.Mutex
	channels nameTable
	purposes nameTable
	versions nameTable
	ranks    []version
}

// version is a notice and the rank of a version in it.
type version struct {
	notice string
	rank   int
}

type nameTable struct {
	names   []string // names[0] is the star, or "no version"
	numbers map[string]uint16
}

func newVocabulary(c *Catalog) *vocabulary {
	v := &vocabulary{ranks: make([]version, 1)}
	v.versions.number("")
	v.channels.number(Star)
	v.purposes.number(Star)
	for _, channel := range c.channels {
		v.channels.number(channel.Name)
	}
	for _, purpose := range c.purposes {
		v.purposes.number(purpose)
	}
	return v
}

func (t *nameTable) number(name string) uint16 {
	if n, ok := t.numbers[name]; ok {
		return n
	}
	if t.numbers == nil {
		t.numbers = map[string]uint16{}
	}
	n := uint16(len(t.names))
	t.numbers[name] = n
	t.names = append(t.names, name)
	return n
}

// channel numbers a channel; its fault is of kind Input.
func (v *vocabulary) channel(name string) (uint16, error) {
	return v.numbered(&v.channels, name, "channels")
}

// purpose numbers a purpose; its fault is of kind Input.
func (v *vocabulary) purpose(name string) (uint16, error) {
	return v.numbered(&v.purposes, name, "purposes")
}

func (v *vocabulary) numbered(table *nameTable, name, what string) (uint16, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := table.numbers[name]; !known && len(table.names) > maxNames {
		return 0, fault.New(fault.Input, "", "more than %d %s", maxNames, what).
			Hint("check that the column of the %s holds their names, or declare them in the configuration", what)
	}
	return table.number(name), nil
}

// text returns the terms of an act by their names.
func (v *vocabulary) text(t terms) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return strings.Join([]string{v.channels.names[t.scope.channel], v.purposes.names[t.scope.purpose], v.versions.names[t.version], t.status.String()}, "\x00")
}

// maxCells bounds the cells of an index: more of them are wrong columns too.
const maxCells = 65536

// tooMany refuses channels and purposes that together are no consent any more.
func (v *vocabulary) tooMany() error {
	channels, purposes := len(v.channels.names)-1, len(v.purposes.names)-1
	if channels*purposes <= maxCells {
		return nil
	}
	return fault.New(fault.Input, "", "the exports hold %d channels and %d purposes", channels, purposes).
		Hint("check that the columns channel and purpose hold names, or declare them in the configuration")
}

// version numbers a notice and the rank of a version in it.
func (v *vocabulary) version(notice string, rank int) uint16 {
	if rank == 0 {
		return 0
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	number := v.versions.number(notice + "\x00" + strconv.Itoa(rank))
	if int(number) == len(v.ranks) {
		v.ranks = append(v.ranks, version{notice, rank})
	}
	return number
}

// lower returns the version that two grants of one instant share for every notice: the lower of one notice, none of
// two different ones. It is called when the load is over, and changes nothing.
func (v *vocabulary) lower(a, b uint16) uint16 {
	x, y := v.ranks[a], v.ranks[b]
	switch {
	case x.notice != y.notice:
		return 0
	case x.rank < y.rank:
		return a
	default:
		return b
	}
}

// rank returns the rank that a numbered version has in a notice; 0 when it belongs to another, or to none.
func (v *vocabulary) rank(number uint16, notice string) int {
	if v.ranks[number].notice != notice {
		return 0
	}
	return v.ranks[number].rank
}
