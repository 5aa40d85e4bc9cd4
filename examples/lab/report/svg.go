package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// The picture's measures in pixels.
const (
	width  = 860.0
	margin = 24.0
	gap    = 34.0 // between panels
)

// SVG writes the picture: concurrency over time with Little's law beside it, the
// outcomes, latencies and API calls, and the simulation. What is not there is left
// out. It is one file without scripts, fonts or references.
func SVG(w io.Writer, r *result.Result) error {
	summarize(r)
	var c canvas
	y := 36.0
	c.text(margin, y, "h1", "start", "One order function, written naively and tuned")
	if len(r.Runs) == 0 {
		y += 20
		c.text(margin, y, "dim", "start", "nothing was measured")
	} else {
		y += 20
		s := "Measured: " + scene(&r.Runs[0])
		if r.Machine.Cores > 0 {
			s += fmt.Sprintf(", real processes on %d cores and loopback", r.Machine.Cores)
		}
		c.text(margin, y, "dim", "start", s)
		y = c.timeline(r.Runs, y+gap)
		y = c.comparison(r.Runs, y+gap)
	}
	if s := r.Simulation; s != nil && len(s.Runs) > 0 {
		y = c.simulation(s, y+gap+6)
	}
	y += 26
	c.text(margin, y, "dim small", "start", footer(r))
	height := y + 18

	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-labelledby="lab-title lab-desc">
<title id="lab-title">%s</title>
<desc id="lab-desc">%s</desc>
%s<rect x="0.5" y="0.5" width="%s" height="%s" rx="6" class="card"/>
%s</svg>
`, px(width), px(height), px(width), px(height), "A naive and a tuned Lambda function under the same load", escape(describe(r)),
		style, px(width-1), px(height-1), c.String())
	return err
}

func footer(r *result.Result) string {
	var parts []string
	if r.Command != "" {
		parts = append(parts, "made by: "+r.Command)
	}
	if !r.Made.IsZero() {
		parts = append(parts, r.Made.UTC().Format("2006-01-02"))
	}
	if r.Machine.CPU != "" && r.Machine.CPU != "unknown" {
		parts = append(parts, r.Machine.CPU)
	}
	if r.Machine.Go != "" {
		parts = append(parts, r.Machine.Go)
	}
	return strings.Join(parts, " · ")
}

// describe says in words what the picture shows, for those who don't see it.
func describe(r *result.Result) string {
	var b strings.Builder
	for i := range r.Runs {
		run := &r.Runs[i]
		fmt.Fprintf(&b, "%s, measured at %s: %s of %s requests succeeded, %s throttled, %s failed; mean concurrency %s, by Little's law %s; latency p50 %s, p99 %s; %s AWS API calls. ",
			run.Name, scene(run), count(run.Succeeded), count(run.Offered), count(run.Throttled), count(run.Failed),
			figure(run.MeanConcurrency), figure(run.LittleConcurrency), span(run.Latency.P50), span(run.Latency.P99), count(run.Calls()))
	}
	if s := r.Simulation; s != nil {
		for i := range s.Runs {
			run := &s.Runs[i]
			fmt.Fprintf(&b, "%s, simulated at %s: %s throttled", run.Name, scene(run), share(run.Throttled, run.Offered))
			if i < len(s.Wanted) {
				fmt.Fprintf(&b, "; without a limit it takes %s environments", figure(s.Wanted[i].MeanConcurrency))
			}
			b.WriteString(". ")
		}
	}
	if b.Len() == 0 {
		return "nothing was measured"
	}
	return strings.TrimSpace(b.String())
}
