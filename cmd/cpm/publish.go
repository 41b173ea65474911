package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cpm/filter"
	"cpm/formats/fault"
)

// understand reads the first rows and says what was understood. Of many audiences it is said what was seen when they
// were opened.
func (r *filtering) understand(ctx context.Context) error {
	if r.targets.stdout {
		if err := r.mindStdout(r.std.out); err != nil {
			return err
		}
	}
	if !r.many {
		if err := r.passages[0].understand(ctx, r); err != nil {
			return err
		}
	}
	r.noticeConsent()
	r.talk.understood(r)
	return nil
}

// decide runs the audiences through the gates, one after the other, into outputs that do not exist yet.
func (r *filtering) decide(ctx context.Context) error {
	if err := r.create(ctx); err != nil {
		return err
	}
	for _, p := range r.passages {
		if err := r.pass(ctx, p); err != nil {
			return err
		}
		r.summary.Join(p.summary)
	}
	if !r.many {
		return nil
	}
	return r.options.guards(r.options.given).Check(&r.summary)
}

// pass runs one audience through the gates.
func (r *filtering) pass(ctx context.Context, p *passage) error {
	if !r.many {
		return p.decide(ctx, r)
	}
	if err := r.open(ctx, p); err != nil {
		return err
	}
	if err := p.checkDigests(r.consent); err != nil {
		return err
	}
	if err := p.understand(ctx, r); err != nil {
		return err
	}
	if err := p.decide(ctx, r); err != nil {
		return err
	}
	return p.end()
}

// progressName is what a bar is headed by.
func (r *filtering) progressName(p *passage) string {
	if len(r.passages) == 1 {
		return "audience"
	}
	return fmt.Sprintf("audience %d of %d", slices.Index(r.passages, p)+1, len(r.passages))
}

// create opens the outputs in the order in which they will be published.
func (r *filtering) create(ctx context.Context) (err error) {
	if r.options.dryRun {
		return nil
	}
	r.made = newMade(ctx, r.places, r.outputOptions())
	if r.targets.report != "" {
		if r.reportF, err = r.made.outputs.Create(r.targets.report); err != nil {
			return err
		}
	}
	if err := r.writeQuarantine(r.made.outputs); err != nil {
		return err
	}
	return r.each(func(_ *passage, to destination) error { return r.made.claim(to) })
}

// publish makes the outputs appear: report, annotated, rejected, permitted, so that a permitted file implies the others.
func (r *filtering) publish(context.Context) error {
	if err := r.indexUnchanged(); err != nil {
		return err
	}
	r.noticeRun()
	r.report = r.newReport()
	if r.reportF != nil {
		if err := r.report.Write(r.reportF); err != nil {
			return fault.At(r.targets.report, err)
		}
	}
	if err := r.talk.object(r.report); err != nil {
		return err
	}
	if r.made != nil {
		if err := r.made.outputs.Commit(); err != nil {
			return err
		}
	}
	r.published = true
	r.talk.done(r)
	return nil
}

func (r *filtering) newReport() *filter.Report {
	o := r.options
	report := &filter.Report{
		Version: filter.ReportVersion, Tool: thisBuild(), Command: o.args, Clock: r.clock.Format(time.RFC3339Nano),
		AsOf: r.asOf.String(), AsOfIsNow: r.isNow, Timezone: r.found.Timezone, Region: r.catalog.Kinds.Region(),
		Link: r.catalog.Link.String(), Match: o.match, Dedupe: o.dedupe, DryRun: o.dryRun,
		Consent: filter.NewConsentUsed(r.load), Lists: filter.NewListsUsed(r.catalog.Kinds, r.lists, &r.summary),
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
	for _, p := range r.passages {
		report.Audiences = append(report.Audiences, p.used())
		report.Outputs = append(report.Outputs, p.outputs()...)
	}
	if !r.many {
		report.Audience, report.Audiences = &report.Audiences[0], nil
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
	report.Took(time.Since(r.clock))
	return report
}
