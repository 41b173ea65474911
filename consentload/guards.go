package consentload

import (
	"cmp"
	"time"

	"cpm/formats/fault"
)

// guard stops a load whose consent is not what it should be.
func (l *loader) guard(sources []Source) error {
	total := l.report.Total
	for i, source := range sources {
		told := l.report.Sources[i]
		if len(source.Files) == 0 {
			continue // its files were read under another one that is alike
		}
		if err := l.due(&source, &told); err != nil {
			return err
		}
	}
	if err := cmp.Or(l.dueInAll(), l.shrunk(sources)); err != nil {
		return err
	}
	if total.UnreadRefusals > 0 && !l.options.AcceptUnreadRefusals {
		return fault.New(fault.Guard, "", "%d refusals name no identifier of the kinds that are read (%s)",
			total.UnreadRefusals, JoinKinds(l.options.Kinds)).
			Hint("read more kinds (--kinds), or accept that these refusals are not obeyed: --accept-unread-refusals")
	}
	return nil
}

// due holds a source to its guards.
func (l *loader) due(source *Source, told *SourceReport) error {
	if told.Tally.Rows < source.MinRows {
		return fault.New(fault.Guard, source.Path, "%d rows of consent, and at least %d are due",
			told.Tally.Rows, source.MinRows).Hint("check that the export is complete (min_rows, --min-consent-rows)")
	}
	return l.tooOld(source.Path, told.Newest, source.MaxAge, "max_age")
}

// dueInAll holds all sources together to the guards of the run.
func (l *loader) dueInAll() error {
	if rows := l.report.Total.Rows; rows < l.options.MinRows {
		return fault.New(fault.Guard, "", "%d rows of consent, and at least %d are due", rows, l.options.MinRows).
			Hint("check that the exports are complete (--min-consent-rows)")
	}
	return l.tooOld("", l.report.Newest, l.options.MaxAge, "--max-consent-age")
}

func (l *loader) tooOld(where string, newest Instant, limit time.Duration, name string) error {
	if limit == 0 || newest != None && newest.Add(limit) >= l.options.AsOf {
		return nil
	}
	f := fault.New(fault.Guard, where, "the newest act of consent is older than %s", limit).
		Hint("fetch a newer export, or raise %s", name)
	if newest == None {
		f.What = "there is no act of consent whose age could be told"
	}
	return f
}
