package consentload

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"cpm/formats"
	"cpm/formats/fault"
)

// Source is one touchpoint's exports, with the guards that hold for them.
type Source struct {
	Name            string // what messages and reports call it
	Path            string // as the user wrote it
	Files           []string
	PassedOver      []string          // files that are no exports by their names
	Mapping         *Mapping          // how its files are read; nil: found by their columns
	IDs             map[Kind]string   // columns of identifiers, beside those that the mapping names or instead of them
	Channels        map[string]string // what the platform's channels are called in this configuration
	Purposes        map[string]string // the same of its purposes; "sms:promotion" binds one to a channel
	Ignore          []string          // columns that tell nothing of consent
	Undeclared      bool              // no configuration names it
	Links           bool              // its rows say only which identifiers belong together
	Snapshot        string            // of which instant its files without times are: a time, "filename" or "manifest"
	Format          formats.Options   // what cannot be seen from its files
	Zone            *time.Location    // of its times without one; nil: the mapping's, else the catalog's
	MinRows         int64             // fewer rows are exit 12
	MaxAge          time.Duration     // of its newest act; 0: any
	MaxShrink       *float64          // the share of rows that it may have lost since the previous index; nil: any
	RequireManifest bool
}

// Options says how a load goes. The zero value reads everything as of the beginning of time: set AsOf.
type Options struct {
	Files     formats.Files // where the exports are
	AsOf      Instant
	AsOfIsNow bool     // as-of is the clock's now: a refusal dated later is a fault of a clock, and counts at once
	Kinds     []Kind   // the identifier kinds to read; empty: all
	MaxBad    *float64 // the share of bad records, from 100 rows on, that a file may have; nil: 1 %
	KeepBad   bool     // keep the bad records for the report
	// Quarantine keeps going at a record that cannot be read: whoever it names is suppressed. Without it the load stops.
	Quarantine           bool
	AcceptUnreadRefusals bool          // go on though Kinds leaves out whole refusals
	MinRows              int64         // of all sources together
	MaxAge               time.Duration // of the newest act of all; 0: any
	MaxShrink            *float64      // the share of all rows that may be gone since the previous index; nil: any
	Digest               bool          // take the SHA-256 of every file
	Workers              int           // 0: one a processor
	BatchSize            int           // bytes; 0: the format's own. Results never depend on it
	Memory               int64         // bytes that the log of acts may take before it goes to a temporary file; 0: any
	Progress             *Progress     // may be nil
	Refusals             bool          // keep what an index file holds of refusals, so that a later build can be held to it
	Previous             *Previous     // the index of an earlier build, whose refusals may not vanish; nil: none
	// Watch asks for what the rows say of these identifiers, in Report.Watched, and has the index keep all bits of its
	// keys; nil costs nothing.
	Watch map[Key]bool
}

// Progress is pulled by whoever shows it; safe at any time.
type Progress struct {
	Rows  atomic.Int64
	Bytes atomic.Int64
}

const (
	defaultMaxBad = 0.01
	shareCountsAt = 100 // rows from which on a share of bad ones means anything
	batchesInHand = 2   // beside those that the workers hold
)

// loader is one load under way.
type loader struct {
	catalog *Catalog
	words   *vocabulary
	options Options
	keep    func(Kind) bool
	shards  []*shard
	report  *Report
	presets Presets       // read when the first file asks for them
	shown   *shownRefused // by the earlier index; nil: there is none
}

// Load reads consent exports into an index. Faults are of kind Input for records and files that cannot be trusted, of
// kind Guard for consent that is stale, empty or read in part, and of kind Usage for kinds that nobody declared.
func Load(ctx context.Context, catalog *Catalog, sources []Source, options Options) (_ *Index, _ *Report, err error) {
	l, err := newLoader(catalog, options)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		for _, s := range l.shards {
			err = errors.Join(err, s.spilled.close())
		}
	}()
	if err := options.Previous.fits(l); err != nil {
		return nil, nil, err
	}
	if sources, err = once(ctx, options.Files, sources); err != nil {
		return nil, nil, err
	}
	for _, source := range sources {
		if err := l.source(ctx, source); err != nil {
			return nil, nil, err
		}
	}
	if err := l.guard(sources); err != nil {
		return nil, nil, err
	}
	index, err := freeze(ctx, l)
	if err != nil {
		return nil, nil, err
	}
	l.report.finish(l, index)
	return index, l.report, nil
}

func newLoader(catalog *Catalog, options Options) (*loader, error) {
	if options.Workers <= 0 {
		options.Workers = runtime.GOMAXPROCS(0)
	}
	if options.MaxBad == nil {
		usual := defaultMaxBad
		options.MaxBad = &usual
	}
	if options.Progress == nil {
		options.Progress = &Progress{}
	}
	l := &loader{
		catalog: catalog, words: newVocabulary(catalog), options: options,
		report: &Report{AsOf: options.AsOf, NextAct: noExpiry, SharedByKind: map[Kind]int64{}},
	}
	kept := map[Kind]bool{}
	for _, kind := range options.Kinds {
		if raw, hashed := catalog.Kinds.RawKind(kind); hashed {
			return nil, fault.New(fault.Usage, "", "%s cannot be read without %s", kind, raw).
				Hint("name %s: its digests are read with it", raw)
		}
		if !catalog.Kinds.Has(kind) {
			return nil, fault.New(fault.Usage, "", "%s is no identifier kind", kind).
				Hint("the kinds are %s", JoinKinds(catalog.Kinds.Names()))
		}
		kept[kind] = true
	}
	l.keep = func(kind Kind) bool {
		raw, _ := catalog.Kinds.RawKind(kind)
		return len(kept) == 0 || kept[raw]
	}
	for range options.Workers {
		l.shards = append(l.shards, &shard{hashed: KindID(len(catalog.Kinds.Names()))})
	}
	return l, nil
}

func (l *loader) source(ctx context.Context, source Source) error {
	told := SourceReport{Name: source.Name, Path: source.Path, Newest: None, PassedOver: len(source.PassedOver)}
	for _, path := range source.Files {
		file, err := l.file(ctx, source, path)
		if err != nil {
			return err
		}
		told.add(file)
	}
	l.report.add(told)
	return nil
}

// file reads one export.
func (l *loader) file(ctx context.Context, source Source, path string) (told FileReport, err error) {
	sidecar, err := readManifest(ctx, l.options.Files, path)
	if err != nil {
		return told, err
	}
	if sidecar == nil && source.RequireManifest {
		return told, fault.New(fault.Guard, path, "the export has no %s", manifestSuffix).
			Hint("its source demands one (require_manifest): have its writer add it, with rows, bytes or sha256")
	}
	file, err := l.options.Files.Open(ctx, path, l.options.Digest || sidecar != nil && sidecar.SHA256 != nil)
	if err != nil {
		return told, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	told = FileReport{Newest: None}
	tables, err := file.Tables()
	if err != nil {
		return told, err
	}
	told.PassedOver = len(file.PassedOver())
	for _, input := range tables {
		if err := l.table(ctx, &table{source: &source, sidecar: sidecar, path: path, name: input.Name, asOf: l.options.AsOf}, input, &told); err != nil {
			return told, err
		}
	}
	if told.Evidence, err = file.Evidence(); err != nil {
		return told, err
	}
	if sidecar != nil {
		err = sidecar.check(told.Tally.Rows, told.Evidence)
	}
	if err == nil {
		err = l.tooManyBad(told)
	}
	return told, err
}

func (l *loader) tooManyBad(told FileReport) error {
	rows, bad := told.Tally.Rows, told.Tally.Bad
	if rows < shareCountsAt || float64(bad) <= *l.options.MaxBad*float64(rows) {
		return nil
	}
	return fault.New(fault.Input, told.Path, "%d of %d records cannot be read", bad, rows).
		Hint("check the file's columns; --max-bad raises the share that is quarantined (now %g)", *l.options.MaxBad)
}

// table is one table of an export: its file, or a part of an archive.
type table struct {
	source  *Source
	sidecar *manifest      // nil: none
	path    string         // of the file
	name    string         // of the table, for messages
	zone    *time.Location // of its times without one; nil: none is declared
	asOf    Instant
}

// table streams one table through the workers, and adds to what is told of its file.
func (l *loader) table(ctx context.Context, t *table, input formats.Input, told *FileReport) (err error) {
	reader, err := l.open(t, input)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	form, err := l.shape(t, reader, told)
	if err != nil {
		return err
	}
	if err := l.mayRead(t, form); err != nil {
		return err
	}
	if len(l.options.Watch) > 0 {
		form.addTouchpoint(reader.Info().Columns)
	}
	if err := reader.Select(form.columns); err != nil {
		return err
	}
	told.Format = reader.Info().Format
	told.PassedColumns = append(told.PassedColumns, form.passed...)
	run := newReading(l, t.name, form)
	if err := run.stream(ctx, reader); err != nil {
		return err
	}
	for _, r := range run.records {
		told.Tally.Add(r.tally)
		told.Newest = max(told.Newest, r.newest)
		l.report.NextAct = min(l.report.NextAct, r.nextAct)
	}
	if form.snapshot <= l.options.AsOf { // what it says, it says of then
		told.Newest = max(told.Newest, form.snapshot)
	}
	l.report.quarantine(run.quarantined)
	l.watched(run, t.source.Name)
	return run.unseen()
}

// open opens a table as its source says.
func (l *loader) open(t *table, input formats.Input) (formats.Reader, error) {
	options := t.source.Format
	options.BatchSize = l.options.BatchSize
	if m := t.source.Mapping; m != nil {
		options.NoHeader = m.NoHeader
		if m.Records != "" {
			options.Records = m.Records
		}
	}
	return openWhole(input, options)
}

// shape finds how a table is to be read: by the mapping of its source, or by its columns.
func (l *loader) shape(t *table, reader formats.Reader, told *FileReport) (s *shape, err error) {
	m, header := t.source.Mapping, reader.Info().Columns
	if m == nil && !t.source.Links && !isCanonical(header) {
		if m, err = l.detect(t.name, header); err != nil {
			return nil, err
		}
		if m != nil {
			told.Detected = m.Detect
		}
	}
	if t.zone, err = l.zoneOf(t.source, m); err != nil {
		return nil, err
	}
	switch {
	case t.source.Links:
		s, err = l.linkShape(t, reader)
	case m == nil || m.Name == canonical:
		told.Mapping = canonical
		if header, err = l.catalog.Kinds.mindNested(t.name, reader, []string{"expires_at", "notice_version", "notice"}); err != nil {
			return nil, err
		}
		s, err = canonicalShape(t.name, header, l.catalog.Kinds, l.keep)
	default:
		told.Mapping, told.Caveats = m.Name, m.Caveats
		s, err = l.mappedShape(t, m, reader)
	}
	if err != nil {
		return nil, err
	}
	s.zone, s.nested = t.zone, isNested(reader)
	return s, nil
}

// detect finds the preset of a table by its columns.
func (l *loader) detect(file string, header []string) (m *Mapping, err error) {
	if l.presets == nil {
		if l.presets, err = ReadPresets(); err != nil {
			return nil, err
		}
	}
	return l.presets.Detect(file, header)
}

// zoneOf returns the zone of times that are written without one: the source's own, else that in which the platform is
// known to write, else that of the configuration.
func (l *loader) zoneOf(source *Source, m *Mapping) (*time.Location, error) {
	switch {
	case source.Zone != nil:
		return source.Zone, nil
	case m != nil && m.Timezone != "":
		return LoadZone(m.Timezone)
	}
	return l.catalog.Zone, nil
}

// linkShape finds the identifier columns of a map of identities by their usual names, or by those that its source says.
func (l *loader) linkShape(t *table, reader formats.Reader) (*shape, error) {
	if len(t.source.IDs) > 0 {
		return l.mappedShape(t, &Mapping{Name: t.source.Name}, reader)
	}
	header, err := l.catalog.Kinds.mindNested(t.name, reader, nil)
	if err != nil {
		return nil, err
	}
	s := &shape{mapping: t.source.Name, snapshot: None, links: true}
	used, err := s.usualIDs(t.name, header, l.catalog.Kinds, l.keep)
	if err != nil {
		return nil, err
	}
	return s, s.check(t.name, header, l.catalog.Kinds, used)
}

// isEnd reports the ordinary end of a reader.
func isEnd(err error) bool { return errors.Is(err, io.EOF) }
