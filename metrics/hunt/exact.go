package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/lambdatune/lambdatune/metrics/concurrency"
)

// exact is concurrency over time from every record of a log.
type exact struct {
	Summary   concurrency.Summary  `json:"summary"`
	Average   float64              `json:"average"`
	ColdShare float64              `json:"coldStartShare"`
	Lines     int                  `json:"lines,omitempty"`
	Malformed int                  `json:"malformed"`
	FirstBad  string               `json:"firstMalformed,omitempty"`
	Seconds   []concurrency.Second `json:"seconds"`
}

func fromLines(in io.Reader, s settings) (*exact, error) {
	var r exact
	sweep, err := r.sweep(s)
	if err != nil {
		return nil, err
	}
	reader := concurrency.NewReader(in)
	var rep concurrency.Report
	for {
		err := reader.Next(&rep)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the log: %w", err)
		}
		if err := sweep.Add(&rep); err != nil {
			return nil, err
		}
	}
	c := reader.Counts()
	r.Lines, r.Malformed = c.Lines, c.Malformed
	if c.FirstBad != nil {
		r.FirstBad = c.FirstBad.Error()
	}
	return &r, r.finish(sweep)
}

func (r *exact) sweep(s settings) (*concurrency.Sweep, error) {
	return concurrency.NewSweep(concurrency.SweepOptions{Lateness: s.lateness}, func(sec concurrency.Second) {
		r.Seconds = append(r.Seconds, sec)
	})
}

func (r *exact) finish(sweep *concurrency.Sweep) error {
	r.Summary = sweep.Close()
	r.Average, r.ColdShare = r.Summary.Average(), r.Summary.ColdStartShare()
	if r.Summary.Records == 0 {
		if r.FirstBad != "" {
			return fmt.Errorf("no usable report: %d malformed, the first: %s", r.Malformed, r.FirstBad)
		}
		return fmt.Errorf("no REPORT line and no platform.report record in %d lines", r.Lines)
	}
	return nil
}

func (r *exact) table(w io.Writer, s settings) error {
	sum := r.Summary
	fmt.Fprintf(w, "%d invocations from %s to %s\n", sum.Records, stamp(sum.First), stamp(sum.Last))
	fmt.Fprintf(w, "peak concurrency %d at %s (exact to 1 ms); average %.2f; highest estimate %.1f\n", sum.Peak, stamp(sum.PeakAt), r.Average, sum.EstimatePeak)
	fmt.Fprintf(w, "cold starts %d (%.2f %%); failed %d\n", sum.ColdStarts, 100*r.ColdShare, sum.Failed)
	if sum.Late > 0 {
		fmt.Fprintf(w, "NOT USED: %d records more than %v out of order; see -lateness\n", sum.Late, s.lateness)
	}
	if r.Malformed > 0 {
		fmt.Fprintf(w, "NOT USED: %d malformed reports; the first: %s\n", r.Malformed, r.FirstBad)
	}
	fmt.Fprintln(w)
	worst := slices.Clone(r.Seconds)
	slices.SortStableFunc(worst, func(a, b concurrency.Second) int { return b.Peak - a.Peak })
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "second\tpeak\taverage\tcount×pct(99.5)\tended\tcold\t")
	for _, sec := range worst[:min(s.top, len(worst))] {
		fmt.Fprintf(t, "%s\t%d\t%.2f\t%.1f\t%d\t%d\t\n", sec.Start.Format("2006-01-02 15:04:05"), sec.Peak, sec.Average, sec.Estimate, sec.Ended, sec.ColdStarts)
	}
	return t.Flush()
}

func (r *exact) chart() chart {
	c := chart{title: fmt.Sprintf("Concurrency per second: peak %d at %s", r.Summary.Peak, stamp(r.Summary.PeakAt)), unit: "environments"}
	peak, average, estimate := series{name: "peak, exact"}, series{name: "average"}, series{name: "count × pct(99.5)"}
	for _, s := range r.Seconds {
		peak.add(s.Start, float64(s.Peak))
		average.add(s.Start, s.Average)
		estimate.add(s.Start, s.Estimate)
	}
	c.series = []series{peak, average, estimate}
	return c
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000Z") }
