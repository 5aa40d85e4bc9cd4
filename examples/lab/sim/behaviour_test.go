package sim_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/sim"
)

// INIT is before the first invocation of an environment, not in its duration,
// and the most recently used environment is taken first.
func TestColdStarts(t *testing.T) {
	m := sim.Model{Rate: 4, Regular: true, Length: 100 * time.Second, Seed: 1,
		Function: sim.Function{Init: []sim.Step{{Wait: sim.Constant(300 * ms)}}, Invoke: []sim.Step{{Wait: sim.Constant(100 * ms)}}}}
	st := run(t, m)
	// The second request comes 250 ms after the first, whose INIT is not over.
	if st.Environments != 2 || len(st.Init) != 2 || st.Peak != 2 {
		t.Errorf("%d environments, %d INITs, peak %d", st.Environments, len(st.Init), st.Peak)
	}
	if d := st.Service.Summary(); d.Max != 100*ms || d.Count != st.Offered {
		t.Errorf("durations %+v", d)
	}
	if d := st.Latencies.Percentile(100); d != 400*ms || st.Init.Mean() != 300*ms {
		t.Errorf("slowest %v, INIT %v", d, st.Init.Mean())
	}
}

// A timeout ends the program: its environment begins again with INIT, within the
// duration and under the timeout.
func TestTimeout(t *testing.T) {
	m := sim.Model{Rate: 1, Regular: true, Length: 100 * time.Second, Timeout: 500 * ms, Seed: 1,
		Function: sim.Function{Init: []sim.Step{{Wait: sim.Constant(300 * ms)}}, Invoke: []sim.Step{{Wait: sim.Constant(700 * ms)}}}}
	st := run(t, m)
	if st.Endings[sim.TimedOut] != st.Offered || st.Environments != 1 || len(st.Init) != 1 {
		t.Errorf("%v, %d environments, %d INITs", st.Endings, st.Environments, len(st.Init))
	}
	if d := st.Service.Summary(); d.P50 != 500*ms || d.Max != 500*ms {
		t.Errorf("durations %+v", d)
	}
	m.Function.Invoke[0].Wait = sim.Empirical{100 * ms, 100 * ms, 100 * ms, 900 * ms}
	m.Length = 1000 * time.Second
	st = run(t, m)
	after := 0 // a timeout: INIT and the invocation
	for _, d := range st.Service {
		if d == 400*ms {
			after++
		}
	}
	if n := st.Endings[sim.TimedOut]; n < 200 || n > 300 || after < n*6/10 || after > n {
		t.Errorf("%d timed out, %d after one", n, after)
	}
}

// Who waits for a server gives up at the timeout and leaves the queue; the
// server that worked for one that gives up is free.
func TestTimeoutInQueue(t *testing.T) {
	m := sim.Model{Rate: 30, Length: 200 * time.Second, Timeout: time.Second, Seed: 1, Function: station(2, sim.Constant(100*ms))}
	st := run(t, m)
	// Many that get their turn have less than 100 ms left: the servers work on
	// what nobody waits for.
	if n := st.Endings[sim.Succeeded]; n < 1000 || n > 20*200 || n+st.Endings[sim.TimedOut] != st.Offered {
		t.Errorf("%v of %d", st.Endings, st.Offered)
	}
	if d := st.Service.Percentile(100); d != time.Second {
		t.Errorf("a duration of %v", d)
	}
	m.Function = station(2, sim.Constant(3*time.Second))
	if st := run(t, m); st.Endings[sim.TimedOut] != st.Offered {
		t.Errorf("%v of %d", st.Endings, st.Offered)
	}
}

func TestPatience(t *testing.T) {
	m := sim.Model{Rate: 10, Length: 100 * time.Second, Patience: time.Second, Seed: 1, Function: waits(sim.Empirical{time.Second, 1001 * ms})}
	st := run(t, m)
	near(t, "given up", float64(st.Endings[sim.TimedOut]), 500, 0.15)
	if len(st.Causes) != 1 || st.Causes[0].Cause != sim.TimedOutFront || st.Endings[sim.Failed] != 0 {
		t.Errorf("%v, %v", st.Causes, st.Endings)
	}
}

// Environments come at the scaling rate; what comes faster is throttled.
func TestScaling(t *testing.T) {
	st := run(t, sim.Model{Rate: 20_000, Length: 10 * time.Second, Scaling: sim.Quota{PerSecond: 100, Burst: 1000}, Seed: 1,
		Function: waits(sim.Constant(time.Minute))})
	for i, s := range st.Seconds {
		if want := 1000 + 100*(i+1); s.Environments < want-1 || s.Environments > want {
			t.Errorf("after %d s: %d environments, want %d", i+1, s.Environments, want)
		}
	}
	if st.Causes[0].Cause != sim.ThrottledByScaling || st.Causes[0].N != st.Offered-st.Environments {
		t.Errorf("%v of %d", st.Causes, st.Offered)
	}
}

func TestRamp(t *testing.T) {
	st := run(t, sim.Model{Rate: 2000, Ramp: 10 * time.Second, Length: 20 * time.Second, Function: waits(sim.Constant(ms)), Seed: 1})
	for i, s := range st.Seconds {
		want := 2000.0
		if i < 10 {
			want = 200*float64(i) + 100
		}
		near(t, "offered", float64(s.Offered), want, 4/math.Sqrt(want))
	}
	near(t, "all", float64(st.Offered), 30_000, 0.02)
}

// After a rotation each environment fetches once, in its next invocation; before
// it, once at INIT.
func TestRotation(t *testing.T) {
	secret := &sim.Service{Service: "Secrets Manager", Operation: "GetSecretValue", Latency: sim.Constant(10 * ms)}
	m := sim.Model{Rate: 1000, Length: 60 * time.Second, Rotation: 30 * time.Second, Seed: 1, Function: sim.Function{
		Init:   []sim.Step{{Call: secret, Fetches: true}},
		Invoke: []sim.Step{{Wait: sim.Constant(5 * ms), Stale: true}, {Call: secret, Stale: true, Fetches: true}, {Wait: sim.Constant(50 * ms)}},
	}}
	st := run(t, m)
	late := 0 // environments that were idle from the rotation on
	for _, s := range st.Seconds[30:] {
		late = max(late, s.Environments)
	}
	if n := st.Calls[0].Accepted; n > 2*late || n < st.Environments+50 {
		t.Errorf("%d fetches of %d environments", n, st.Environments)
	}
	slow := 0
	for _, d := range st.Service {
		switch d {
		case 65 * ms:
			slow++
		case 50 * ms:
		default:
			t.Fatalf("a duration of %v", d)
		}
	}
	if slow != st.Calls[0].Accepted-st.Environments {
		t.Errorf("%d slow invocations, %d fetches of %d environments", slow, st.Calls[0].Accepted, st.Environments)
	}

	// An age instead: each environment about once per 8 to 10 s.
	m.Rotation, m.Function.MaxAge, m.Function.Jitter = 0, 10*time.Second, 0.2
	m.Rate, m.Regular = 10, true
	st = run(t, m)
	if n := st.Calls[0].Accepted; st.Environments != 1 || n < 6 || n > 8 {
		t.Errorf("%d fetches of %d environments", n, st.Environments)
	}
}

// The environment that was used last is taken first: of those that a busy moment
// once took, few are used in the last second, and notice a rotation.
func TestMostRecentFirst(t *testing.T) {
	secret := &sim.Service{Operation: "GetSecretValue", Latency: sim.Constant(ms)}
	st := run(t, sim.Model{Rate: 20, Length: 1000 * time.Second, Rotation: 999 * time.Second, Seed: 1, Function: sim.Function{
		Invoke: []sim.Step{{Call: secret, Stale: true, Fetches: true}, {Wait: sim.Constant(100 * ms)}}}})
	if late := st.Calls[0].Accepted - st.Environments; st.Environments < 8 || late > 6 || late < 1 {
		t.Errorf("%d of %d environments were used in the last second", late, st.Environments)
	}
}

func TestDeterministic(t *testing.T) {
	m := crowded()
	a, b := run(t, m), run(t, m)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%+v\n%+v", a.Endings, b.Endings)
	}
	m.Seed++
	if c := run(t, m); reflect.DeepEqual(a.Seconds, c.Seconds) {
		t.Error("another seed, the same result")
	}
	// Another function meets the same arrivals.
	m = crowded()
	m.Function = waits(sim.Constant(ms))
	for i, s := range run(t, m).Seconds {
		if s.Offered != a.Seconds[i].Offered {
			t.Fatalf("second %d: %d and %d arrivals", i, s.Offered, a.Seconds[i].Offered)
		}
	}
}

// crowded is a model with everything in it.
func crowded() sim.Model {
	secret := &sim.Service{Operation: "GetSecretValue", Latency: sim.LogNormal{Median: 8 * ms, P99: 40 * ms}, Quota: sim.Quota{PerSecond: 300, Burst: 30},
		Retry: sim.Retry{Attempts: 3, Base: 200 * ms, Max: 20 * time.Second}}
	database := &sim.Service{Operation: "Query", Latency: sim.Exponential(20 * ms), Servers: 9}
	return sim.Model{
		Rate: 400, Ramp: 2 * time.Second, Length: 20 * time.Second, Warmup: 3 * time.Second,
		Limit: 90, Scaling: sim.Quota{PerSecond: 10, Burst: 40}, Timeout: 700 * ms, Patience: 900 * ms, Rotation: 10 * time.Second, Seed: 42,
		Function: sim.Function{
			Init:   []sim.Step{{Wait: sim.Exponential(100 * ms)}, {Call: secret, Fetches: true}},
			Invoke: []sim.Step{{Call: secret, Stale: true, Fetches: true}, {Wait: sim.Exponential(50 * ms)}, {Call: database}, {Call: secret, Optional: true}},
			MaxAge: 3 * time.Second, Jitter: 0.2,
		},
	}
}

func TestValidate(t *testing.T) {
	for name, change := range map[string]func(*sim.Model){
		"no rate":      func(m *sim.Model) { m.Rate = 0 },
		"no length":    func(m *sim.Model) { m.Length = 0 },
		"too many":     func(m *sim.Model) { m.Rate, m.Length = 1e6, time.Hour },
		"all warm-up":  func(m *sim.Model) { m.Warmup = m.Length },
		"limit":        func(m *sim.Model) { m.Limit = -1 },
		"jitter":       func(m *sim.Model) { m.Function.Jitter = 1 },
		"empty step":   func(m *sim.Model) { m.Function.Invoke = append(m.Function.Invoke, sim.Step{}) },
		"full step":    func(m *sim.Model) { m.Function.Init[1].Wait = sim.Constant(1) },
		"no latency":   func(m *sim.Model) { m.Function.Init[1].Call.Latency = nil },
		"no burst":     func(m *sim.Model) { m.Scaling.Burst = 0 },
		"many retries": func(m *sim.Model) { m.Function.Init[1].Call.Retry.Attempts = 61 },
	} {
		m := crowded()
		change(&m)
		if _, err := m.Run(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	m := crowded()
	m.Rate, m.Limit, m.Scaling = 6000, 0, sim.Quota{}
	events := 0
	for b.Loop() {
		st, err := m.Run()
		if err != nil {
			b.Fatal(err)
		}
		events += st.Events + st.Offered
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}
