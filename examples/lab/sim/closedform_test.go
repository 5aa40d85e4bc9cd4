package sim_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/sim"
)

const ms = time.Millisecond

func run(t testing.TB, m sim.Model) *sim.Stats {
	t.Helper()
	st, err := m.Run()
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// near fails if got is off by more than the share.
func near(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if !(math.Abs(got-want) <= share*math.Abs(want)) {
		t.Errorf("%s = %.4g, want %.4g ± %.0f%%", what, got, want, 100*share)
	}
}

var shapes = map[string]sim.Dist{
	"constant":    sim.Constant(100 * ms),
	"exponential": sim.Exponential(100 * ms),
	"log-normal":  sim.LogNormal{Median: 80 * ms, P99: 400 * ms},
	"empirical":   sim.Empirical{10 * ms, 20 * ms, 30 * ms, 340 * ms},
}

func seconds(x float64) time.Duration { return time.Duration(x * float64(time.Second)) }

func waits(d sim.Dist) sim.Function { return sim.Function{Invoke: []sim.Step{{Wait: d}}} }

// Without limits the number of busy environments has a Poisson distribution of
// mean rate × duration, whatever the shape (M/G/∞): Little's law.
func TestUnlimited(t *testing.T) {
	for name, d := range shapes {
		t.Run(name, func(t *testing.T) {
			st := run(t, sim.Model{Rate: 500, Length: 400 * time.Second, Warmup: 5 * time.Second, Function: waits(d), Seed: 1})
			want := 500 * d.Mean().Seconds()
			near(t, "mean", st.Busy, want, 0.01)
			near(t, "variance", st.BusyVar, want, 0.08)
			near(t, "Little's law", float64(st.Began)/395*st.Service.Mean().Seconds(), st.Busy, 0.001)
			near(t, "mean duration", st.Service.Mean().Seconds(), d.Mean().Seconds(), 0.01)
		})
	}
}

// With c environments and no queue, Erlang's B formula is the share that is
// throttled, whatever the shape.
func TestErlangB(t *testing.T) {
	erlangB := func(c int, load float64) float64 {
		b := 1.0
		for i := 1; i <= c; i++ {
			b = load * b / (float64(i) + load*b)
		}
		return b
	}
	for name, d := range shapes {
		for _, c := range []int{1, 12, 60} {
			t.Run(fmt.Sprintf("%s/%d", name, c), func(t *testing.T) {
				load := 0.9 * float64(c)
				st := run(t, sim.Model{Rate: load / d.Mean().Seconds(), Limit: c, Length: seconds(300_000 / load * 0.1), Function: waits(d), Seed: 2})
				want := erlangB(c, load)
				near(t, "throttled", float64(st.Endings[sim.Throttled])/float64(st.Offered), want, 0.06)
				near(t, "busy", st.Busy, load*(1-want), 0.01)
			})
		}
	}
}

func station(servers int, d sim.Dist) sim.Function {
	return sim.Function{Invoke: []sim.Step{{Call: &sim.Service{Operation: "Query", Latency: d, Servers: servers}}}}
}

// A service with c servers of exponential times and a queue is M/M/c: Erlang's C
// formula gives the mean wait.
func TestErlangC(t *testing.T) {
	erlangC := func(c int, load float64) float64 {
		b := 1.0
		for i := 1; i <= c; i++ {
			b = load * b / (float64(i) + load*b)
		}
		return b / (1 - load/float64(c)*(1-b))
	}
	for _, c := range []int{1, 5, 40} {
		for _, use := range []float64{0.5, 0.8} {
			t.Run(fmt.Sprintf("%d servers/%v", c, use), func(t *testing.T) {
				load := use * float64(c)
				st := run(t, sim.Model{Rate: load / 0.1, Length: seconds(400_000 / load * 0.1), Warmup: 10 * time.Second,
					Function: station(c, sim.Exponential(100*ms)), Seed: 3})
				wait := erlangC(c, load) * 0.1 / (float64(c) - load)
				near(t, "time", st.Service.Mean().Seconds(), 0.1+wait, 0.02)
				if got := st.Service.Mean().Seconds() - 0.1; wait > 0.005 {
					near(t, "wait", got, wait, 0.1)
				}
			})
		}
	}
}

// One server of constant time is M/D/1: half the wait of an exponential one.
func TestConstantServer(t *testing.T) {
	for _, use := range []float64{0.3, 0.7, 0.9} {
		st := run(t, sim.Model{Rate: use / 0.1, Length: seconds(200_000 / use * 0.1), Warmup: 100 * time.Second,
			Function: station(1, sim.Constant(100*ms)), Seed: 4})
		near(t, fmt.Sprintf("wait at %v", use), st.Service.Mean().Seconds()-0.1, 0.1*use/(2*(1-use)), 0.1)
	}
}

// Evenly spaced requests of constant duration are as many as Little's law says,
// at any time.
func TestRegular(t *testing.T) {
	st := run(t, sim.Model{Rate: 1000, Regular: true, Length: 10 * time.Second, Warmup: time.Second,
		Function: waits(sim.Constant(100 * ms)), Limit: 101, Seed: 5})
	near(t, "busy", st.Busy, 100, 0.001)
	if st.Endings[sim.Throttled] != 0 || st.Peak > 101 || st.Offered != 9999 {
		t.Errorf("throttled %d, peak %d, offered %d", st.Endings[sim.Throttled], st.Peak, st.Offered)
	}
}

// A quota that refuses all but its burst costs each call its back-offs, a mean
// of half of Base × (2 + 4) with three attempts.
func TestBackOff(t *testing.T) {
	api := &sim.Service{Operation: "PutMetricData", Latency: sim.Constant(10 * ms), Quota: sim.Quota{PerSecond: 1e-6, Burst: 1},
		Retry: sim.Retry{Attempts: 3, Base: time.Second, Max: 20 * time.Second, Reject: sim.Constant(2 * ms)}}
	m := sim.Model{Rate: 100, Length: 500 * time.Second, Warmup: 5 * time.Second, Seed: 6,
		Function: sim.Function{Invoke: []sim.Step{{Call: api, Optional: true}}}}
	st := run(t, m)
	near(t, "duration", st.Service.Mean().Seconds(), 3+0.006, 0.02)
	near(t, "busy", st.Busy, 300.6, 0.03)
	if c := st.Calls[0]; c.Accepted != 1 || c.GivenUp != st.Offered-1 || c.Throttled != 3*c.GivenUp || st.Endings[sim.Succeeded] != st.Offered {
		t.Errorf("%+v, %v", c, st.Endings)
	}
	if d := st.Service.Percentile(100); d > 6006*ms {
		t.Errorf("a duration of %v", d)
	}

	m.Function.Invoke[0].Optional = false
	if st := run(t, m); st.Endings[sim.Failed] != st.Offered-1 || st.Causes[0].Cause != "PutMetricData throttled" {
		t.Errorf("%v, %v", st.Endings, st.Causes)
	}
	// The longest back-off is Max.
	api.Retry = sim.Retry{Attempts: 50, Base: time.Second, Max: time.Second, Reject: sim.Constant(0)}
	m.Length, m.Warmup = 20*time.Second, 0
	near(t, "49 back-offs of at most 1s", run(t, m).Service.Mean().Seconds(), 24.5, 0.03)
}

// A quota lets its rate through, and never more than that and its burst.
func TestQuota(t *testing.T) {
	for _, rate := range []float64{50, 200, 1000} {
		api := &sim.Service{Operation: "Get", Latency: sim.Constant(ms), Quota: sim.Quota{PerSecond: 100, Burst: 20}}
		st := run(t, sim.Model{Rate: rate, Length: 200 * time.Second, Function: sim.Function{Invoke: []sim.Step{{Call: api}}}, Seed: 7})
		got := st.Calls[0].Accepted
		if got > 100*200+20 {
			t.Errorf("%v per second: %d accepted", rate, got)
		}
		near(t, "accepted", float64(got), min(rate, 100)*200, 0.02)
		if got != st.Endings[sim.Succeeded] || st.Calls[0].Throttled != st.Endings[sim.Failed] {
			t.Errorf("%+v, %v", st.Calls[0], st.Endings)
		}
	}
}
