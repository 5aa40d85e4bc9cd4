package report_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/result"
	"github.com/lambdatune/lambdatune/examples/lab/sim"
)

const ms = time.Millisecond

// lab is a whole result: its runs are small simulations that stand for measured
// ones, with a freeze in the middle.
func lab(t testing.TB) *result.Result {
	t.Helper()
	r, err := whole()
	if err != nil {
		t.Fatal(err)
	}
	c := *r // tests change it
	c.Runs, c.Assumptions, c.Prices = slices.Clone(r.Runs), slices.Clone(r.Assumptions), slices.Clone(r.Prices)
	s := *r.Simulation
	s.Runs, s.Wanted = slices.Clone(s.Runs), slices.Clone(s.Wanted)
	c.Simulation = &s
	return &c
}

var whole = sync.OnceValues(func() (*result.Result, error) {
	r := &result.Result{
		Made: time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC), Command: "go run . -svg lab.svg", Seed: 1,
		Machine:     result.Machine{CPU: "Some CPU @ 2.5 GHz", Cores: 2, Memory: 24 << 30, OS: "linux/amd64", Go: "go1.26"},
		Assumptions: []string{"Quotas are the talk's, scaled by 0.01."},
		Prices:      []result.Price{{Name: "Lambda compute", USD: 0.0000166667, Per: "GB-second", Source: "https://aws.amazon.com/lambda/pricing/", AsOf: "2026-11-26"}},
	}
	metrics := &sim.Service{Service: "CloudWatch", Operation: "PutMetricData", Latency: sim.Constant(5 * ms), Quota: sim.Quota{PerSecond: 5, Burst: 5},
		Retry: sim.Retry{Attempts: 3, Base: time.Second, Max: 20 * time.Second}}
	secret := &sim.Service{Service: "Secrets Manager", Operation: "GetSecretValue", Latency: sim.Constant(5 * ms)}
	for _, v := range []struct {
		name string
		work time.Duration
		f    sim.Function
	}{
		{"naive", 45 * ms, sim.Function{Invoke: []sim.Step{{Call: secret}, {Wait: sim.LogNormal{Median: 40 * ms, P99: 90 * ms}}, {Call: metrics, Optional: true}}}},
		{"tuned", 22 * ms, sim.Function{Init: []sim.Step{{Call: secret, Fetches: true}}, Invoke: []sim.Step{{Wait: sim.LogNormal{Median: 20 * ms, P99: 50 * ms}}}}},
	} {
		v.f.Init = append(v.f.Init, sim.Step{Wait: sim.LogNormal{Median: 12 * ms, P99: 20 * ms}})
		m := sim.Model{Rate: 60, Length: 45 * time.Second, Limit: 30, Function: v.f, Seed: 3}
		st, err := m.Run()
		if err != nil {
			return nil, err
		}
		run := result.Run{
			Name:    v.name,
			Config:  result.Config{Rate: 60, Environments: 30, Duration: time.Minute, MemoryMB: 512, Scale: 0.01, Quotas: []result.Quota{{Operation: "PutMetricData", PerSecond: 5, Unscaled: 500}}, MaxConnections: 20},
			Seconds: slices.Insert(st.Seconds, 30, make([]result.Second, 15)...),
			Marks: []result.Mark{{Name: "rotation", At: 15 * time.Second, Until: 15 * time.Second, Text: "the password rotates"},
				{Name: "freeze", At: 30 * time.Second, Until: 45 * time.Second, Text: "all environments are frozen"}},
			Offered: st.Offered, Succeeded: st.Endings[sim.Succeeded], Throttled: st.Endings[sim.Throttled],
			Latencies: st.Latencies, Service: st.Service, Init: st.Init, ColdStarts: len(st.Init),
			PeakConcurrency: st.Peak, MeanConcurrency: st.Busy, PeakEnvironments: st.Environments,
			Database: &result.Database{Peak: 3, Opened: 3}, Payments: &result.Payments{Requests: st.Endings[sim.Succeeded], Connections: 4},
			CPU: time.Duration(st.Began) * 5 * ms, PeakMemory: 31 << 20,
			Cost: result.Cost{Compute: 0.4, Requests: 0.2, API: 0.01, Logs: 0.1, Total: 0.71},
		}
		for i := range 100 {
			run.Alone = append(run.Alone, v.work+time.Duration(i-50)*ms/10)
		}
		run.AchievedRPS = float64(run.Succeeded) / 45
		run.LittleConcurrency = float64(st.Began) / 45 * st.Service.Mean().Seconds()
		run.DemandConcurrency = float64(st.Offered) / 45 * st.Service.Mean().Seconds()
		for _, c := range st.Calls {
			run.API = append(run.API, result.APICalls{Service: c.Service, Operation: c.Operation, Accepted: c.Accepted, Throttled: c.Throttled})
		}
		if v.name == "naive" {
			run.Succeeded -= 12
			run.Failed, run.Errors = 12, []result.Count{{Cause: "payment API: connection reset", N: 9}, {Cause: "function timeout", N: 3}}
			run.Database = &result.Database{Peak: 20, Opened: st.Began, Refused: 9}
			run.Payments.Connections = run.Payments.Requests
			run.Cost = result.Cost{Compute: 14.2, Requests: 0.2, API: 15.1, Logs: 0.2, Total: 29.7, Wasted: true}
		}
		r.Runs = append(r.Runs, run)
	}
	s, err := sim.AtScale(1).Simulate(r)
	r.Simulation = s
	return r, err
})
