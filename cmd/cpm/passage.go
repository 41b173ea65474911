package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"cpm/filter"
	"cpm/formats"
)

// passage is one audience on its way through the gates of a run.
type passage struct {
	audience
	found     foundAudience
	permitted []destination // by channel
	rejected  []destination // by channel
	annotated destination

	sample   filter.Sample
	job      *filter.Job
	sinks    []*sink
	summary  *filter.Summary
	evidence formats.Evidence
}

// sink is one output of data on its way.
type sink struct {
	role    string
	channel string
	path    string
	w       io.Writer
	sum     hash.Hash
	bytes   int64
	packed  formats.Compressor // what lies before w
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.bytes += int64(n)
	if s.sum != nil {
		s.sum.Write(p[:n])
	}
	return n, err
}

// close completes the output, of which no memory is kept.
func (s *sink) close() error {
	err := s.packed.Close()
	if err != nil {
		return err
	}
	switch to := s.w.(type) {
	case *formats.FolderFile:
		err = to.Close()
	case *formats.Output:
		err = to.Flush()
	}
	s.packed, s.w = nil, nil
	return err
}

// abandon ends the output, of which nothing will come.
func (s *sink) abandon() {
	if s.packed != nil {
		s.packed.Abandon()
	}
}

// understand reads the first rows.
func (p *passage) understand(ctx context.Context, r *filtering) (err error) {
	p.job = &filter.Job{
		Name: p.table, Reader: p.reader, Kinds: r.catalog.Kinds, Gates: r.gates, Columns: p.columns,
		Match: r.match, Dedupe: r.dedupe, Guards: r.options.guards(r.options.given), After: r.before,
	}
	r.before = p.job
	p.sample, err = p.job.Understand(ctx)
	return err
}

// decide runs the audience through the gates into outputs that do not exist yet.
func (p *passage) decide(ctx context.Context, r *filtering) error {
	if err := p.openSinks(r); err != nil {
		return err
	}
	stop := r.talk.progress(r.progressName(p), p.info.Size, pulled{p.reader.Done, p.job.Rows.Load, "rows"})
	summary, err := p.job.Run(ctx)
	stop()
	for _, s := range p.sinks {
		if err == nil {
			err = s.close()
		}
		if err != nil {
			s.abandon()
		}
	}
	if err != nil {
		return err
	}
	p.summary = summary
	p.evidence, err = p.file.Evidence()
	return err
}

func (p *passage) openSinks(r *filtering) (err error) {
	p.job.Sinks = make([]filter.Sink, len(r.gates))
	if r.options.dryRun {
		return nil
	}
	if p.job.Annotated, err = p.sink(r, sink{role: roleAnnotated}, p.annotated); err != nil {
		return err
	}
	for i, gate := range r.gates {
		if p.job.Sinks[i].Rejected, err = p.sink(r, sink{role: roleRejected, channel: gate.Channel}, p.rejected[i]); err != nil {
			return err
		}
		if p.job.Sinks[i].Permitted, err = p.sink(r, sink{role: rolePermitted, channel: gate.Channel}, p.permitted[i]); err != nil {
			return err
		}
	}
	return nil
}

// sink opens one output; nil where none is wanted.
func (p *passage) sink(r *filtering, s sink, to destination) (_ io.Writer, err error) {
	s.path = to.path()
	switch {
	case to.name == "":
		return nil, nil //nolint:nilnil // no output is wanted
	case to.name == "-":
		s.w = r.std.out
	case to.folder == "":
		s.w = r.made.files[to.name]
	default:
		if s.w, err = r.made.folders[to.folder].Create(to.name); err != nil {
			return nil, err
		}
	}
	if r.targets.report != "" {
		s.sum = sha256.New()
	}
	if s.packed, err = formats.Compress(&s, s.path); err != nil {
		return nil, err
	}
	p.sinks = append(p.sinks, &s)
	return s.packed, nil
}

// used is what the report says of the audience.
func (p *passage) used() filter.AudienceUsed {
	used := filter.AudienceUsed{Evidence: p.evidence, Format: p.info.Format, Detail: p.info.Detail, Rows: p.summary.Rows}
	for i, column := range p.columns {
		used.Columns = append(used.Columns, filter.ColumnUsed{
			Kind: column.Kind, Column: column.Name, Position: column.At + 1,
			Readable: p.sample.Readable[i], Sampled: p.sample.Rows,
		})
	}
	return used
}

// outputs is what the report says of its outputs.
func (p *passage) outputs() (made []filter.OutputMade) {
	for _, s := range p.sinks {
		m := filter.OutputMade{Role: s.role, Channel: s.channel, Audience: p.evidence.Path, Path: s.path, Bytes: s.bytes}
		for i := range p.summary.Cells {
			if cell := &p.summary.Cells[i]; cell.Channel == s.channel && s.role == rolePermitted {
				m.Rows = cell.Counts[filter.Permitted]
			} else if cell.Channel == s.channel {
				m.Rows = cell.Suppressed()
			}
		}
		if s.role == roleAnnotated {
			m.Rows = p.summary.Rows
		}
		if s.sum != nil {
			m.SHA256 = hex.EncodeToString(s.sum.Sum(nil))
		}
		made = append(made, m)
	}
	return made
}

// end closes the audience, of which little is kept. It may be opened again.
func (p *passage) end() error {
	err := p.close()
	p.file, p.reader, p.job = nil, nil, nil
	return err
}

// ended joins the errors of closing all.
func ended(passages []*passage) error {
	var errs []error
	for _, p := range passages {
		errs = append(errs, p.end())
	}
	return errors.Join(errs...)
}
