package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// labFigures are those of lab.json, which examples/lab has just written, in the
// format of benchmarks.
func labFigures(dir string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if err != nil {
		return nil, err
	}
	type run struct {
		Name                                  string
		Config                                struct{ Rate, Environments, DurationNs float64 }
		Offered, Succeeded, Throttled, Failed int
		Latency                               struct{ P50Ns, P99Ns, MaxNs int64 }
		PeakConcurrency                       int
		MeanConcurrency                       float64
		API                                   []struct{ Accepted, Throttled, Failed int }
		Database                              *struct{ OpenedConnections int }
		CPUNs                                 int64
		Cost                                  struct{ Total float64 }
	}
	var lab struct {
		Runs       []run
		Simulation struct{ Runs, Wanted []run }
	}
	if err := json.Unmarshal(b, &lab); err != nil {
		return nil, fmt.Errorf("lab.json: %w", err)
	}
	var out bytes.Buffer
	for _, of := range []struct {
		kind string
		runs []run
	}{{"Lab", lab.Runs}, {"Simulated", lab.Simulation.Runs}, {"Wanted", lab.Simulation.Wanted}} {
		if len(of.runs) != 2 {
			return nil, fmt.Errorf("lab.json: %d runs of %s, want those of both functions", len(of.runs), of.kind)
		}
		for _, r := range of.runs {
			calls := 0
			for _, a := range r.API {
				calls += a.Accepted + a.Throttled + a.Failed
			}
			fmt.Fprintf(&out, "Benchmark%s/%s %d %g rate %g environments %g duration-ns %d succeeded %d throttled %d failed %g concurrency %d peak-concurrency %d p50-ns %d p99-ns %d max-ns %d api-calls",
				of.kind, r.Name, r.Offered, r.Config.Rate, r.Config.Environments, r.Config.DurationNs, r.Succeeded, r.Throttled, r.Failed,
				r.MeanConcurrency, r.PeakConcurrency, r.Latency.P50Ns, r.Latency.P99Ns, r.Latency.MaxNs, calls)
			fmt.Fprintf(&out, " %g success-ratio %g throttled-ratio %g failed-ratio", ratio(r.Succeeded, r.Offered), ratio(r.Throttled, r.Offered), ratio(r.Failed, r.Offered))
			if of.kind == "Lab" {
				if r.Database == nil {
					return nil, fmt.Errorf("lab.json: the database was off; install PostgreSQL")
				}
				fmt.Fprintf(&out, " %d db-connections %g cpu-ns/request %g USD/million", r.Database.OpenedConnections, ratio(int(r.CPUNs), r.Succeeded+r.Failed), r.Cost.Total)
			}
			out.WriteByte('\n')
		}
	}
	return out.Bytes(), nil
}

func ratio(n, of int) float64 { return float64(n) / float64(max(of, 1)) }
