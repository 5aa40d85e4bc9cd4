package report

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// Table writes the comparison for a terminal: the runs beside each other with
// the ratio of the second to the first, errors by cause, the simulation, and every
// assumption.
func Table(w io.Writer, r *result.Result) error {
	summarize(r)
	var t table
	if len(r.Runs) == 0 {
		t.line("nothing was measured")
	} else {
		t.measured(r)
	}
	if r.Simulation != nil {
		t.line("")
		t.simulated(r.Simulation)
	}
	t.notes(r)
	_, err := w.Write(t.out.Bytes())
	return err
}

type table struct {
	out  bytes.Buffer
	rows [][]string
}

func (t *table) line(format string, args ...any) {
	fmt.Fprintf(&t.out, format+"\n", args...)
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// flush writes the rows, the first column to the left, the others to the right,
// without those that only have a name.
func (t *table) flush() {
	var width []int
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, row := range t.rows {
		s := ""
		for i, c := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i == 0 {
				s = c + pad
			} else {
				s += "   " + pad + c
			}
		}
		t.line("%s", strings.TrimRight(s, " "))
	}
	t.rows = nil
}

// compare adds a row of a figure of each run. missing tells where there is none;
// then there is no ratio either.
func compare(t *table, name string, runs []result.Run, value func(*result.Run) (float64, bool), text func(*result.Run, float64) string) {
	cells := []string{name}
	values, all, some := []float64{}, true, false
	for i := range runs {
		v, ok := value(&runs[i])
		all, some = all && ok, some || ok
		values = append(values, v)
		if ok {
			cells = append(cells, text(&runs[i], v))
		} else {
			cells = append(cells, none)
		}
	}
	if !some {
		return
	}
	if len(values) == 2 && all {
		cells = append(cells, ratio(values[0], values[1]))
	}
	t.row(cells...)
}

func (t *table) head(runs []result.Run) {
	cells := []string{""}
	for _, r := range runs {
		cells = append(cells, r.Name)
	}
	if len(runs) == 2 {
		cells = append(cells, runs[1].Name+"/"+runs[0].Name)
	}
	t.row(cells...)
}

func always(f func(*result.Run) float64) func(*result.Run) (float64, bool) {
	return func(r *result.Run) (float64, bool) { return f(r), true }
}

func positive(f func(*result.Run) float64) func(*result.Run) (float64, bool) {
	return func(r *result.Run) (float64, bool) { v := f(r); return v, v > 0 }
}

func plain(_ *result.Run, v float64) string { return figure(v) }

func spanOf(_ *result.Run, ns float64) string { return span(time.Duration(ns)) }

func ofOffered(r *result.Run, v float64) string {
	return count(int(v)) + " (" + share(int(v), r.Offered) + ")"
}

// requests are the rows that measured and simulated runs have in common.
func (t *table) requests(runs []result.Run) {
	compare(t, "requests offered", runs, always(func(r *result.Run) float64 { return float64(r.Offered) }), plain)
	compare(t, "  succeeded", runs, always(func(r *result.Run) float64 { return float64(r.Succeeded) }), ofOffered)
	compare(t, "  throttled (429)", runs, always(func(r *result.Run) float64 { return float64(r.Throttled) }), ofOffered)
	compare(t, "  failed", runs, always(func(r *result.Run) float64 { return float64(r.Failed) }), ofOffered)
	compare(t, "achieved requests/s", runs, always(func(r *result.Run) float64 { return r.AchievedRPS }), plain)
	compare(t, "concurrency, mean", runs, always(func(r *result.Run) float64 { return r.MeanConcurrency }), plain)
	compare(t, "  by Little's law", runs, always(func(r *result.Run) float64 { return r.LittleConcurrency }), plain)
	compare(t, "  peak", runs, always(func(r *result.Run) float64 { return float64(r.PeakConcurrency) }), plain)
}

func (t *table) times(runs []result.Run) {
	for _, q := range []struct {
		name string
		of   func(*result.Run) time.Duration
	}{
		{"latency p50", func(r *result.Run) time.Duration { return r.Latency.P50 }},
		{"  p99", func(r *result.Run) time.Duration { return r.Latency.P99 }},
		{"  max", func(r *result.Run) time.Duration { return r.Latency.Max }},
		{"duration, mean", func(r *result.Run) time.Duration { return r.ServiceTime.Mean }},
		{"  alone, without a quota", func(r *result.Run) time.Duration { return r.AloneTime.Mean }},
		{"INIT, mean", func(r *result.Run) time.Duration { return r.InitTime.Mean }},
	} {
		compare(t, q.name, runs, positive(func(r *result.Run) float64 { return float64(q.of(r)) }), spanOf)
	}
	compare(t, "  cold starts", runs, always(func(r *result.Run) float64 { return float64(r.ColdStarts) }), plain)
}

// calls are the AWS calls of the runs, by operation.
func (t *table) calls(runs []result.Run) {
	anyCalls := false
	for i := range runs {
		anyCalls = anyCalls || len(runs[i].API) > 0
	}
	if !anyCalls {
		return
	}
	compare(t, "AWS API calls", runs, always(func(r *result.Run) float64 { return float64(r.Calls()) }), plain)
	compare(t, "  per request taken", runs, func(r *result.Run) (float64, bool) {
		n := r.Succeeded + r.Failed
		return float64(r.Calls()) / float64(max(n, 1)), n > 0
	}, plain)
	for _, op := range operations(runs) {
		compare(t, "  "+op, runs, always(func(r *result.Run) float64 { return calls(callsOf(r, op)) }), func(r *result.Run, v float64) string {
			if c := callsOf(r, op); c.Throttled > 0 {
				return fmt.Sprintf("%s (%s throttled)", figure(v), share(c.Throttled, int(v)))
			}
			return figure(v)
		})
	}
}

func calls(c result.APICalls) float64 { return float64(c.Accepted + c.Throttled + c.Failed) }

func callsOf(r *result.Run, operation string) result.APICalls {
	var sum result.APICalls
	for _, c := range r.API {
		if c.Operation == operation {
			sum.Accepted += c.Accepted
			sum.Throttled += c.Throttled
			sum.Failed += c.Failed
		}
	}
	return sum
}

// operations are those of all runs, in the order in which they come.
func operations(runs []result.Run) []string {
	var all []string
	for _, r := range runs {
		for _, c := range r.API {
			if !slices.Contains(all, c.Operation) {
				all = append(all, c.Operation)
			}
		}
	}
	return all
}

// scene says what the runs were made with.
func scene(r *result.Run) string {
	s := fmt.Sprintf("%s requests/s for %s", figure(r.Config.Rate), span(r.Config.Duration))
	if r.Config.Environments > 0 {
		return s + fmt.Sprintf(", at most %s environments", count(r.Config.Environments))
	}
	return s + ", no environment limit"
}

func (t *table) measured(r *result.Result) {
	t.line("MEASURED: %s", scene(&r.Runs[0]))
	if m := machine(r.Machine); m != "" {
		t.line("on %s", m)
	}
	t.line("")
	t.head(r.Runs)
	t.requests(r.Runs)
	compare(t, "  environments wanted", r.Runs, positive(func(r *result.Run) float64 { return r.DemandConcurrency }), plain)
	t.times(r.Runs)
	t.calls(r.Runs)

	database := func(f func(*result.Database) int) func(*result.Run) (float64, bool) {
		return func(r *result.Run) (float64, bool) {
			if r.Database == nil {
				return 0, false
			}
			return float64(f(r.Database)), true
		}
	}
	compare(t, "database connections, peak", r.Runs, database(func(d *result.Database) int { return d.Peak }), plain)
	compare(t, "  opened", r.Runs, database(func(d *result.Database) int { return d.Opened }), plain)
	compare(t, "  refused", r.Runs, database(func(d *result.Database) int { return d.Refused }), plain)
	payments := func(f func(*result.Payments) int) func(*result.Run) (float64, bool) {
		return func(r *result.Run) (float64, bool) {
			if r.Payments == nil {
				return 0, false
			}
			return float64(f(r.Payments)), true
		}
	}
	compare(t, "payment API, requests", r.Runs, payments(func(p *result.Payments) int { return p.Requests }), plain)
	compare(t, "  TLS connections", r.Runs, payments(func(p *result.Payments) int { return p.Connections }), plain)
	compare(t, "CPU per request", r.Runs, func(r *result.Run) (float64, bool) {
		n := r.Succeeded + r.Failed
		if n == 0 || r.CPU <= 0 {
			return 0, false
		}
		return float64(r.CPU) / float64(n), true
	}, spanOf)
	compare(t, "memory, largest process", r.Runs, positive(func(r *result.Run) float64 { return float64(r.PeakMemory) }),
		func(_ *result.Run, v float64) string { return size(int64(v)) })
	usd := func(_ *result.Run, v float64) string { return dollars(v) }
	compare(t, "cost per million requests", r.Runs, positive(func(r *result.Run) float64 { return r.Cost.Total }),
		func(r *result.Run, v float64) string {
			if r.Cost.Wasted {
				return usd(r, v) + " *"
			}
			return usd(r, v)
		})
	compare(t, "  compute", r.Runs, positive(func(r *result.Run) float64 { return r.Cost.Compute }), usd)
	compare(t, "  requests", r.Runs, positive(func(r *result.Run) float64 { return r.Cost.Requests }), usd)
	compare(t, "  API calls", r.Runs, positive(func(r *result.Run) float64 { return r.Cost.API }), usd)
	compare(t, "  logs", r.Runs, positive(func(r *result.Run) float64 { return r.Cost.Logs }), usd)
	t.flush()

	if slices.ContainsFunc(r.Runs, func(r result.Run) bool { return r.Cost.Wasted }) {
		t.line("* what failed requests cost is in it")
	}
	if !slices.ContainsFunc(r.Runs, func(r result.Run) bool { return r.Database != nil }) {
		t.line("The database part was off.")
	}
	t.errors(r.Runs)
	for i := range r.Runs {
		t.marks(&r.Runs[i])
	}
}

func (t *table) errors(runs []result.Run) {
	for _, r := range runs {
		for _, c := range r.Errors {
			t.line("%s failed: %s × %s", r.Name, count(c.N), c.Cause)
		}
	}
}

func (t *table) marks(r *result.Run) {
	for _, m := range r.Marks {
		at := shortSeconds(m.At)
		if m.Until > m.At {
			at += " to " + shortSeconds(m.Until)
		}
		t.line("%s at %s: %s", r.Name, at, m.Text)
	}
}

// machine is where the runs were made, as far as it is known.
func machine(m result.Machine) string {
	var parts []string
	if m.Cores > 0 {
		parts = append(parts, fmt.Sprintf("%d cores", m.Cores))
	}
	for _, s := range []string{m.CPU, m.OS, m.Go} {
		if s != "" && s != "unknown" {
			parts = append(parts, s)
		}
	}
	if m.Memory > 0 {
		parts = append(parts, fmt.Sprintf("%.0f GiB", float64(m.Memory)/(1<<30)))
	}
	return strings.Join(parts, ", ")
}

func (t *table) simulated(s *result.Simulation) {
	if len(s.Runs) == 0 {
		return
	}
	t.line("SIMULATED, not measured: %s", scene(&s.Runs[0]))
	t.line("a discrete-event simulation (%s events) with the work and INIT times of the runs above", count(s.Events))
	t.line("")
	t.head(s.Runs)
	t.requests(s.Runs)
	t.times(s.Runs)
	t.calls(s.Runs)
	if len(s.Wanted) == len(s.Runs) {
		compare(t, "wanted without a limit, mean", s.Wanted, always(func(r *result.Run) float64 { return r.MeanConcurrency }), plain)
		compare(t, "  peak", s.Wanted, always(func(r *result.Run) float64 { return float64(r.PeakConcurrency) }), plain)
		compare(t, "  latency p99", s.Wanted, positive(func(r *result.Run) float64 { return float64(r.Latency.P99) }), spanOf)
	}
	t.flush()
	t.errors(s.Runs)
	for i := range s.Runs {
		t.marks(&s.Runs[i])
	}
	if len(s.Limits) > 0 {
		t.line("")
		t.row("under a limit of", "throttled", "requests/s", "mean", "peak")
		for _, l := range s.Limits {
			t.row(fmt.Sprintf("%s, %s", count(l.Environments), l.Name), percent(l.Throttled), figure(l.AchievedRPS), figure(l.MeanConcurrency), count(l.PeakConcurrency))
		}
		t.flush()
	}
	if len(s.Agreements) > 0 {
		t.line("")
		t.row("the measured runs, simulated", "measured", "simulated", "differ by", "allowed", "")
		for _, a := range s.Agreements {
			differ, verdict := none, "agrees"
			if a.Measured != 0 {
				differ = percent(math.Abs(a.Simulated-a.Measured) / math.Abs(a.Measured))
			}
			if !a.Holds() {
				verdict = "DISAGREES"
			}
			t.row(fmt.Sprintf("%s of %s, from %s", a.Figure, a.Name, a.Model), figure(a.Measured), figure(a.Simulated), differ, percent(a.Tolerance), verdict)
		}
		t.flush()
	}
}

func (t *table) notes(r *result.Result) {
	if len(r.Assumptions) > 0 {
		t.line("\nAssumptions of the measured runs:")
		for _, a := range r.Assumptions {
			t.line("- %s", a)
		}
	}
	if len(r.Prices) > 0 {
		t.line("\nPrices:")
		for _, p := range r.Prices {
			t.line("- %s: %.10g USD per %s (%s, %s)", p.Name, p.USD, p.Per, p.Source, p.AsOf)
		}
	}
	if s := r.Simulation; s != nil && len(s.Assumptions) > 0 {
		t.line("\nAssumptions of the simulation:")
		for _, a := range s.Assumptions {
			t.line("- %s: %s (%s)", a.What, a.Value, a.Source)
		}
	}
}
