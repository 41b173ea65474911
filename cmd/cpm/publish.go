package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"time"

	"cpm/filter"
	"cpm/formats"
)

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

// understand reads the first rows and says what was understood.
func (r *filtering) understand(ctx context.Context) (err error) {
	r.job = &filter.Job{
		Name: r.table, Reader: r.reader, Kinds: r.catalog.Kinds, Gates: r.gates, Columns: r.columns,
		Match: r.match, Dedupe: r.dedupe, Guards: r.options.guards(r.options.given),
	}
	if r.targets.toStdout() {
		if err := r.mindStdout(r.std.out); err != nil {
			return err
		}
	}
	if r.sample, err = r.job.Understand(ctx); err != nil {
		return err
	}
	r.noticeConsent()
	r.talk.understood(r)
	return nil
}

// decide runs the audience through the gates into outputs that do not exist yet.
func (r *filtering) decide(ctx context.Context) (err error) {
	if err := r.create(); err != nil {
		return err
	}
	info := r.reader.Info()
	stop := r.talk.progress("audience", info.Size, pulled{r.reader.Done, r.job.Rows.Load})
	r.summary, err = r.job.Run(ctx)
	stop()
	for _, s := range r.sinks {
		if err == nil {
			err = s.packed.Close()
		}
		if err != nil { // nothing will come of the outputs
			s.packed.Abandon()
		}
	}
	return err
}

// create opens the outputs in the order in which they will be published.
func (r *filtering) create() (err error) {
	r.job.Sinks = make([]filter.Sink, len(r.gates))
	if r.options.dryRun {
		return nil
	}
	r.outputs = formats.NewOutputs(formats.OutputOptions{
		Overwrite: r.targets.overwrite, Mode: r.targets.mode, Inputs: r.inputs,
	})
	if r.targets.report != "" {
		if r.reportF, err = r.outputs.Create(r.targets.report); err != nil {
			return err
		}
	}
	if err := r.writeQuarantine(r.outputs); err != nil {
		return err
	}
	if r.job.Annotated, err = r.sink(roleAnnotated, "", r.targets.annotated); err != nil {
		return err
	}
	for i, gate := range r.gates {
		if r.job.Sinks[i].Rejected, err = r.sink(roleRejected, gate.Channel, r.targets.rejected[i]); err != nil {
			return err
		}
	}
	for i, gate := range r.gates {
		if r.job.Sinks[i].Permitted, err = r.sink(rolePermitted, gate.Channel, r.targets.permitted[i]); err != nil {
			return err
		}
	}
	return nil
}

// sink opens one output; nil for an empty path.
func (r *filtering) sink(role, channel, path string) (io.Writer, error) {
	s := sink{role: role, channel: channel, path: path}
	switch path {
	case "":
		return nil, nil //nolint:nilnil // no output is wanted
	case "-":
		s.w = r.std.out
	default:
		output, err := r.outputs.Create(path)
		if err != nil {
			return nil, err
		}
		s.w = output
	}
	if r.targets.report != "" {
		s.sum = sha256.New()
	}
	to, err := formats.Compress(&s, path)
	if err != nil {
		return nil, err
	}
	s.packed = to
	r.sinks = append(r.sinks, &s)
	return to, nil
}

// publish makes the outputs appear: report, annotated, rejected, permitted, so that a permitted file implies the others.
func (r *filtering) publish(context.Context) error {
	evidence, err := r.file.Evidence()
	if err != nil {
		return err
	}
	if err := r.indexUnchanged(); err != nil {
		return err
	}
	r.noticeRun()
	r.report = r.newReport(evidence)
	if r.reportF != nil {
		if err := r.report.Write(r.reportF); err != nil {
			return fmt.Errorf("%s: %w", r.targets.report, err)
		}
	}
	if err := r.talk.object(r.report); err != nil {
		return err
	}
	if r.outputs != nil {
		if err := r.outputs.Commit(); err != nil {
			return err
		}
	}
	r.published = true
	r.talk.done(r)
	return nil
}

func (r *filtering) newReport(evidence formats.Evidence) *filter.Report {
	o, info := r.options, r.reader.Info()
	report := &filter.Report{
		Version: filter.ReportVersion, Tool: thisBuild(), Command: o.args, Clock: r.clock.Format(time.RFC3339Nano),
		AsOf: r.asOf.String(), AsOfIsNow: r.isNow, Timezone: r.found.Timezone, Region: r.catalog.Kinds.Region(),
		Link: r.catalog.Link.String(), Match: o.match, Dedupe: o.dedupe, DryRun: o.dryRun,
		Audience: filter.AudienceUsed{Evidence: evidence, Format: info.Format, Detail: info.Detail},
		Consent:  filter.NewConsentUsed(r.load), Lists: filter.NewListsUsed(r.catalog.Kinds, r.lists, r.summary),
		Rows: r.summary.Rows, Reasons: filter.ReasonTerms(), Warnings: append([]string{}, r.warnings...),
		Outputs: []filter.OutputMade{},
	}
	report.Consent.LeftOut, report.Consent.Kinds = r.leftOut, o.kinds
	if r.indexed != nil {
		report.Index = r.indexed.used()
	}
	if r.found.path != "" {
		report.Config = &filter.ConfigUsed{Path: r.found.path, SHA256: r.found.sum}
	}
	for i, column := range r.columns {
		report.Audience.Columns = append(report.Audience.Columns, filter.ColumnUsed{
			Kind: column.Kind, Column: column.Name, Position: column.At + 1,
			Readable: r.sample.Readable[i], Sampled: r.sample.Rows,
		})
	}
	next := r.load.NextAct
	for i := range r.summary.Cells {
		report.Cells = append(report.Cells, filter.NewCellReport(r.gates[i], &r.summary.Cells[i]))
		if at, ok := r.gates[i].NextExpiry(); ok {
			next = min(next, at)
		}
	}
	if next.Ends() {
		report.NextChange = next.String()
	}
	for _, s := range r.sinks {
		report.Outputs = append(report.Outputs, r.made(s))
	}
	report.Took(time.Since(r.clock))
	return report
}

func (r *filtering) made(s *sink) filter.OutputMade {
	made := filter.OutputMade{Role: s.role, Channel: s.channel, Path: s.path, Bytes: s.bytes}
	for i := range r.summary.Cells {
		if cell := &r.summary.Cells[i]; cell.Channel == s.channel && s.role == rolePermitted {
			made.Rows = cell.Counts[filter.Permitted]
		} else if cell.Channel == s.channel {
			made.Rows = cell.Suppressed()
		}
	}
	if s.role == roleAnnotated {
		made.Rows = r.summary.Rows
	}
	if s.sum != nil {
		made.SHA256 = hex.EncodeToString(s.sum.Sum(nil))
	}
	return made
}
