package sim_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/result"
	"github.com/lambdatune/lambdatune/examples/lab/sim"
)

// measured is a result as the lab makes it, of round figures.
func measured() *result.Result {
	naive := result.Run{
		Name: "naive", Config: result.Config{Rate: 60, Environments: 30, MemoryMB: 512,
			Quotas: []result.Quota{{Operation: "GetSecretValue", PerSecond: 100}, {Operation: "PutMetricData", PerSecond: 1.5}}},
		Offered: 1200, Succeeded: 1000, Throttled: 200, MeanConcurrency: 29,
		API: []result.APICalls{{Service: "Secrets Manager", Operation: "GetSecretValue", Accepted: 1000},
			{Service: "CloudWatch", Operation: "PutMetricData", Accepted: 30, Throttled: 2900}, {Service: "S3", Operation: "GetObject", Accepted: 1000}},
		Database: &result.Database{Opened: 1000}, Payments: &result.Payments{Requests: 1000, Connections: 1000},
	}
	naive.Config.APILatency, naive.Config.PaymentLatency = 2*ms, 10*ms
	tuned := result.Run{
		Name: "tuned", Config: naive.Config, Offered: 1200, Succeeded: 1200, MeanConcurrency: 1.2,
		API:      []result.APICalls{{Service: "Secrets Manager", Operation: "GetSecretValue", Accepted: 6}},
		Database: &result.Database{Opened: 3}, Payments: &result.Payments{Requests: 1200, Connections: 3},
	}
	for i := range 100 {
		naive.Alone = append(naive.Alone, time.Duration(30+i%20)*ms)
		tuned.Alone = append(tuned.Alone, time.Duration(15+i%10)*ms)
		tuned.Service = append(tuned.Service, time.Duration(15+i%10)*ms)
		naive.Service = append(naive.Service, time.Duration(500+i*30)*ms)
	}
	for i := range 20 {
		second := result.Second{Offered: 60}
		naive.Seconds, tuned.Seconds = append(naive.Seconds, second), append(tuned.Seconds, second)
		naive.Init = append(naive.Init, time.Duration(8+i%3)*ms)
	}
	tuned.Init = naive.Init[:3]
	return &result.Result{Runs: []result.Run{naive, tuned}}
}

var atScale = sync.OnceValues(func() (*result.Simulation, error) { return sim.AtScale(1).Simulate(measured()) })

func simulate(t *testing.T) *result.Simulation {
	t.Helper()
	s, err := atScale()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The talk's claim: at 6,000 requests/s the naive function throttles and wants far
// more than 600 environments, the tuned one holds about 600.
func TestTalk(t *testing.T) {
	s := simulate(t)
	naive, tuned := &s.Wanted[0], &s.Wanted[1]
	if naive.MeanConcurrency < 3*600 || naive.Throttled != 0 || naive.Config.Environments != 0 {
		t.Errorf("naive wants %.0f environments, %d throttled", naive.MeanConcurrency, naive.Throttled)
	}
	near(t, "tuned wants", tuned.MeanConcurrency, 600, 0.02)
	if tuned.PeakConcurrency > 800 || tuned.Failed != 0 || tuned.Throttled != 0 {
		t.Errorf("tuned: peak %d, %d failed", tuned.PeakConcurrency, tuned.Failed)
	}
	naive, tuned = &s.Runs[0], &s.Runs[1]
	if share := float64(naive.Throttled) / float64(naive.Offered); share < 0.5 || naive.PeakConcurrency != 600 {
		t.Errorf("naive: %.0f%% throttled, peak %d", 100*share, naive.PeakConcurrency)
	}
	// A reservation of just rate × duration throttles Erlang's B of it.
	near(t, "tuned throttled at 600", float64(tuned.Throttled)/float64(tuned.Offered), 0.032, 0.25)
	for _, l := range s.Limits {
		if l.Name == "tuned" && l.Environments >= 700 && l.Throttled > 0.0001 {
			t.Errorf("%+v", l)
		}
	}
	// Each environment fetches once at INIT and once after the rotation.
	calls := func(r *result.Run, op string) result.APICalls {
		i := slices.IndexFunc(r.API, func(c result.APICalls) bool { return c.Operation == op })
		if i < 0 {
			return result.APICalls{}
		}
		return r.API[i]
	}
	if c := calls(tuned, "GetSecretValue"); c.Accepted != 2*tuned.PeakEnvironments || c.Throttled != 0 {
		t.Errorf("tuned: %+v of %d environments", c, tuned.PeakEnvironments)
	}
	if c := calls(naive, "PutMetricData"); c.Throttled == 0 || calls(tuned, "PutMetricData").Accepted != 0 {
		t.Errorf("naive: %+v", c)
	}
	for _, r := range append(s.Runs, s.Wanted...) {
		if r.Succeeded+r.Throttled+r.Failed != r.Offered || !r.Simulated || len(r.Seconds) != 90 || r.Latency.Count == 0 {
			t.Errorf("%s: %d + %d + %d of %d, %d seconds", r.Name, r.Succeeded, r.Throttled, r.Failed, r.Offered, len(r.Seconds))
		}
		near(t, r.Name+": Little's law", r.LittleConcurrency, r.MeanConcurrency, 0.02)
	}
}

func TestAgreements(t *testing.T) {
	for _, a := range simulate(t).Agreements {
		if a.Name == "tuned" && !a.Holds() {
			t.Errorf("%+v", a)
		}
		if a.Name == "naive" && a.Figure == "mean concurrency" && a.Simulated <= 20 { // it fills its 30 environments
			t.Errorf("%+v", a)
		}
	}
	if n := len(simulate(t).Agreements); n != 8 {
		t.Errorf("%d agreements", n)
	}
}

func TestAssumptions(t *testing.T) {
	all := ""
	for _, a := range simulate(t).Assumptions {
		if a.What == "" || a.Value == "" || a.Source == "" {
			t.Errorf("%+v", a)
		}
		all += a.What + ": " + a.Value + "\n"
	}
	for _, want := range []string{
		"load: 6,000 requests/s", "mean duration of tuned: 100 ms", "GetSecretValue quota: 10,000/s", "PutMetricData quota: 500/s",
		"own work of naive: mean 35.5 ms, the payment API's 10 ms in it;", // 39.5 ms without two calls
		"wait for dependencies besides: mean 80.5 ms", "calls in each invocation of naive: GetSecretValue, PutMetricData, GetObject\n",
		"calls in each invocation of tuned: none", "3 to AWS, 1 to the payment API, 1 to the database: 30 ms",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not among the assumptions:\n%s", want, all)
		}
	}
}

func TestNothingMeasured(t *testing.T) {
	for name, r := range map[string]*result.Result{
		"no run": {}, "no samples": {Runs: []result.Run{{Name: "tuned"}}},
	} {
		if _, err := sim.AtScale(1).Simulate(r); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	r := &result.Result{Runs: []result.Run{{Name: "tuned", CPU: 20 * time.Millisecond, Service: result.Durations{1, 2}}}}
	talk := sim.AtScale(1)
	talk.Length, talk.Warmup, talk.OtherLimits = 20*time.Second, 10*time.Second, nil
	s, err := talk.Simulate(r)
	if err != nil || len(s.Agreements) != 0 {
		t.Errorf("%v, %+v", err, s)
	}
	// Without the tuned function nothing says how much the talk's duration leaves.
	r = measured()
	r.Runs = r.Runs[:1]
	if s, err = talk.Simulate(r); err != nil || len(s.Runs) != 1 {
		t.Fatal(err, s)
	}
	for _, a := range s.Assumptions {
		if strings.Contains(a.What, "tuned") || strings.HasPrefix(a.What, "wait for") && !strings.HasPrefix(a.Value, "mean 0 ms") {
			t.Errorf("%+v", a)
		}
	}
}
