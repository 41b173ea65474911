package main

import (
	"context"

	"github.com/spf13/pflag"

	"cpm/consentload"
	"cpm/formats/fault"
)

// previousFlags hold a build to the index of an earlier one.
type previousFlags struct {
	previous, lostRefusals, maxShrink string
}

func (o *previousFlags) bind(f *pflag.FlagSet) {
	f.StringVar(&o.previous, "previous", "", "the `INDEX` of the build before: no refusal of it may vanish without a newer grant")
	f.StringVar(&o.lostRefusals, "lost-refusals", "stop", "where refusals of --previous have vanished: stop, keep (they are carried over) or accept (they are let go)")
	f.StringVar(&o.maxShrink, "max-shrink", "", "the `SHARE` of all rows, such as 5%, that may be gone since --previous (a source has max_shrink)")
}

// settlePrevious gives the flags their meaning, and refuses what means nothing.
func (b *building) settlePrevious() error {
	o := &b.options.previousFlags
	if o.previous == "" && (b.options.said["lost-refusals"] || o.maxShrink != "") {
		return fault.New(fault.Usage, "", "--lost-refusals and --max-shrink compare with an earlier index, and none is named").
			Hint("name it: --previous yesterday.cpmx")
	}
	lost, known := map[string]consentload.LostRefusals{
		"stop": consentload.StopAtLost, "keep": consentload.KeepLost, "accept": consentload.AcceptLost,
	}[o.lostRefusals]
	if !known {
		return fault.New(fault.Usage, "", "--lost-refusals %q is unknown", o.lostRefusals).Hint("it is stop, keep or accept")
	}
	b.forIndex = true
	if o.previous == "" {
		return nil
	}
	b.previous = &consentload.Previous{Lost: lost}
	if o.maxShrink != "" {
		share, err := consentload.ParsePercent(o.maxShrink)
		if err != nil {
			return fault.New(fault.Usage, "", "--max-shrink is no share").Because(err).Hint("write it such as 5%% or 0.05")
		}
		b.maxShrink = &share
	}
	return nil
}

// openPrevious opens the index of the build before.
func (b *building) openPrevious(ctx context.Context) (err error) {
	if b.previous == nil {
		return nil
	}
	if b.previous.Snapshot, err = consentload.OpenSnapshot(ctx, b.places, b.options.previous, false); err != nil {
		return err
	}
	b.mindInput(b.previous.Snapshot.Info())
	return nil
}

// previousUnchanged refuses what came of comparing with a file that was changed meanwhile.
func (b *building) previousUnchanged() error {
	if b.previous == nil {
		return nil
	}
	_, err := b.previous.Snapshot.Evidence()
	return err
}

func (b *building) closePrevious() error {
	if b.previous == nil || b.previous.Snapshot == nil {
		return nil
	}
	return b.previous.Snapshot.Close()
}

// compared tells what the build was held to, and what came of it.
func (t *talk) compared(b *building) {
	c := b.load.Previous
	if c == nil {
		return
	}
	what := ", all there"
	switch n := c.Total(); {
	case n > 0 && c.Kept:
		what = "; " + number(n) + " have vanished from the exports and are carried over: " + c.Cells()
	case n > 0:
		what = "; " + number(n) + " have vanished without a newer grant and are let go: " + c.Cells()
	}
	t.say("previous", "%s: as of %s, %s%s", b.options.previous, localText(c.AsOf, b.catalog.Zone), counted(c.Refusals, "refusal", "refusals"), what)
}

// shownBuild is a build as JSON.
type shownBuild struct {
	Path        string         `json:"path"`
	Bytes       int64          `json:"bytes"`
	AsOf        string         `json:"as_of"`
	Identifiers int64          `json:"identifiers"`
	Previous    *shownPrevious `json:"previous,omitempty"`
	Warnings    []string       `json:"warnings"`
	consentload.Tally
}

// shownPrevious is what came of the comparison with an earlier index. Refusals count once for each identifier and cell.
type shownPrevious struct {
	Path         string      `json:"path"`
	AsOf         string      `json:"as_of"`
	Refusals     int64       `json:"refusals"`
	Lost         int64       `json:"lost"`
	LostRefusals string      `json:"lost_refusals"` // what became of them
	Cells        []shownLost `json:"lost_by_cell"`
}

type shownLost struct {
	Channel  string `json:"channel"`
	Purpose  string `json:"purpose"`
	Refusals int64  `json:"refusals"`
}

// built writes the one JSON object, when it is asked for; before the index appears, as object does.
func (t *talk) built(b *building, size int64) error {
	if t.json == nil {
		return nil
	}
	shown := shownBuild{
		Path: b.options.output, Bytes: size, AsOf: b.asOf.String(), Identifiers: b.load.Identifiers,
		Warnings: append([]string{}, b.warnings...), Tally: b.load.Total,
	}
	if c := b.load.Previous; c != nil {
		shown.Previous = &shownPrevious{
			Path: b.options.previous, AsOf: c.AsOf.String(), Refusals: c.Refusals, Lost: c.Total(),
			LostRefusals: b.options.lostRefusals, Cells: []shownLost{},
		}
		for _, lost := range c.Lost {
			shown.Previous.Cells = append(shown.Previous.Cells, shownLost{told([]string{lost.Channel})[0], told([]string{lost.Purpose})[0], lost.Refusals})
		}
	}
	return newEncoder(t.json).Encode(shown)
}
