package sim

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// Talk is the scenario of the talk: its load, its limit, AWS's quotas, and what
// loopback does not show. Every field is printed as an assumption. Use [AtScale].
type Talk struct {
	Rate    float64       // requests per second
	Limit   int           // environments reserved for the function
	Mean    time.Duration // duration of the tuned function at that scale
	Ramp    time.Duration
	Length  time.Duration
	Warmup  time.Duration
	Rotates time.Duration // when the password does; 0 is never
	Timeout time.Duration // of the front and of the function
	Scaling Quota

	GetSecretValue, PutMetricData float64   // calls per second
	Burst                         float64   // seconds' worth of calls that a quota lets through at once
	Call                          LogNormal // how long these calls take
	Retry                         Retry

	RoundTrip         time.Duration // to a service in the region
	PaymentsRoundTrip time.Duration // to the payment API
	Spread            float64       // P99 of the time that dependencies take, divided by its median

	MaxAge time.Duration // of the tuned function's secret
	Jitter float64

	OtherLimits []int // of environments, to compare with
	Seed        uint64
}

// AtScale is the talk's scenario with AWS's quotas of today.
func AtScale(seed uint64) Talk {
	return Talk{
		Rate: 6000, Limit: 600, Mean: 100 * time.Millisecond,
		Ramp: 10 * time.Second, Length: 90 * time.Second, Warmup: 20 * time.Second, Rotates: 60 * time.Second,
		Timeout:        29 * time.Second,
		Scaling:        Quota{PerSecond: 100, Burst: 1000},
		GetSecretValue: 10_000, PutMetricData: 500, Burst: 1,
		Call:      LogNormal{Median: 10 * time.Millisecond, P99: 40 * time.Millisecond},
		Retry:     Retry{Attempts: 3, Base: time.Second, Max: 20 * time.Second, Reject: Constant(2 * time.Millisecond)},
		RoundTrip: time.Millisecond, PaymentsRoundTrip: 10 * time.Millisecond, Spread: 3,
		MaxAge: time.Hour, Jitter: 0.2,
		OtherLimits: []int{700, 1000},
		Seed:        seed,
	}
}

const perSecretCall, perMetricsCall = "GetSecretValue", "PutMetricData"

// Round trips before the first byte of a request on a new connection: TCP's
// handshake and TLS 1.3's, and for PostgreSQL TCP's, its start-up message and
// SCRAM's two.
const tlsRoundTrips, postgresRoundTrips = 2, 4

// Simulate runs the variants of the result at the talk's scale. Their own work is
// what [result.Run.Alone] and [result.Run.Init] have; which calls they make in each invocation
// is taken from what was counted. It fails where nothing was measured.
func (t Talk) Simulate(r *result.Result) (*result.Simulation, error) {
	if len(r.Runs) == 0 {
		return nil, errors.New("simulation: no measured run to start from")
	}
	out := &result.Simulation{}
	wait, err := t.wait(r)
	if err != nil {
		return nil, err
	}
	for i := range r.Runs {
		run := &r.Runs[i]
		v, err := t.variant(run, wait)
		if err != nil {
			return nil, err
		}
		under := func(limit int) (*Model, *Stats, error) {
			m := t.model(v, limit)
			st, err := m.Run()
			if err != nil {
				return nil, nil, fmt.Errorf("simulation of %s: %w", run.Name, err)
			}
			out.Events += st.Events + st.Offered
			return m, st, nil
		}
		m, st, err := under(t.Limit)
		if err != nil {
			return nil, err
		}
		out.Runs = append(out.Runs, t.run(run, m, st))
		for _, limit := range append([]int{t.Limit}, t.OtherLimits...) {
			if limit != t.Limit {
				if _, st, err = under(limit); err != nil {
					return nil, err
				}
			}
			out.Limits = append(out.Limits, result.Limit{
				Name: run.Name, Environments: limit,
				Throttled:       float64(st.Endings[Throttled]) / float64(max(st.Offered, 1)),
				AchievedRPS:     float64(st.Endings[Succeeded]) / t.Length.Seconds(),
				MeanConcurrency: st.Busy, PeakConcurrency: st.Peak,
			})
		}
		if m, st, err = under(0); err != nil {
			return nil, err
		}
		out.Wanted = append(out.Wanted, t.run(run, m, st))

		agreements, err := t.agreements(run)
		if err != nil {
			return nil, err
		}
		out.Agreements = append(out.Agreements, agreements...)
	}
	out.Assumptions = t.assumptions(r, wait)
	return out, nil
}

// wait is the time that dependencies take besides what was measured: what the
// talk's duration leaves after the work of the tuned variant. It is 0 without one.
func (t Talk) wait(r *result.Result) (time.Duration, error) {
	run := r.Run("tuned")
	if run == nil {
		return 0, nil
	}
	work, _, err := work(run)
	if err != nil {
		return 0, err
	}
	return max(t.Mean-work.Mean(), 0), nil
}

// work is what an invocation takes on loopback, without its calls to services
// that have a quota, and where that is from.
func work(run *result.Run) (Dist, string, error) {
	if n := len(run.Alone); n > 0 {
		calls := time.Duration(0)
		_, secret, metrics := callsOf(run)
		for _, each := range []bool{secret, metrics} {
			if each {
				calls += run.Config.APILatency
			}
		}
		own := make(Empirical, n)
		for i, d := range run.Alone {
			own[i] = max(d-calls, 0)
		}
		return own, fmt.Sprintf("measured, %d invocations alone and without a quota", n), nil
	}
	if n := len(run.Service); n > 0 && run.CPU > 0 {
		return Constant(run.CPU / time.Duration(n)), fmt.Sprintf("measured, CPU time of %d invocations", n), nil
	}
	return nil, "", fmt.Errorf("simulation: of %s neither invocations alone nor CPU time were measured", run.Name)
}

// A variant is a measured run as a function.
type variant struct {
	Function
	work     Dist
	workFrom string
	calls    []string // AWS operations of each invocation
	dials    string   // connections of each invocation
	dialTime time.Duration
}

func (t Talk) service(name, operation string, perSecond float64) *Service {
	return &Service{Service: name, Operation: operation, Latency: t.Call, Retry: t.Retry,
		Quota: Quota{PerSecond: perSecond, Burst: math.Max(1, math.Ceil(perSecond*t.Burst))}}
}

func (t Talk) variant(run *result.Run, wait time.Duration) (*variant, error) {
	w, from, err := work(run)
	if err != nil {
		return nil, err
	}
	v := &variant{work: w, workFrom: from}
	secrets := t.service("Secrets Manager", perSecretCall, t.GetSecretValue)
	metrics := t.service("CloudWatch", perMetricsCall, t.PutMetricData)

	init := Dist(Constant(0))
	if len(run.Init) > 0 {
		init = Empirical(run.Init)
	}
	v.Init = []Step{{Wait: init}}
	each, secretEach, metricsEach := callsOf(run)
	v.calls = each
	aws := len(each)
	v.dialTime = time.Duration(aws*tlsRoundTrips) * t.RoundTrip
	if aws > 0 {
		v.dials = fmt.Sprintf("%d to AWS", aws)
	}
	invocations := max(run.Succeeded+run.Failed, 1)
	if p := run.Payments; p != nil && 2*p.Connections >= p.Requests && p.Requests > 0 {
		v.dialTime += tlsRoundTrips * t.PaymentsRoundTrip
		v.dials = join(v.dials, "1 to the payment API")
	}
	if d := run.Database; d != nil && 2*d.Opened >= invocations {
		v.dialTime += postgresRoundTrips * t.RoundTrip
		v.dials = join(v.dials, "1 to the database")
	}

	if secretEach {
		v.Invoke = append(v.Invoke, Step{Call: secrets})
	} else {
		v.Init = append(v.Init, Step{Call: secrets, Fetches: true})
		v.Invoke = append(v.Invoke, Step{Call: secrets, Stale: true, Fetches: true})
		v.MaxAge, v.Jitter = t.MaxAge, t.Jitter
	}
	v.Invoke = append(v.Invoke, Step{Wait: w})
	if v.dialTime > 0 {
		v.Invoke = append(v.Invoke, Step{Wait: Constant(v.dialTime)})
	}
	if wait > 0 {
		v.Invoke = append(v.Invoke, Step{Wait: logNormal(wait, t.Spread)})
	}
	if metricsEach {
		v.Invoke = append(v.Invoke, Step{Call: metrics, Optional: true})
	}
	return v, nil
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

// callsOf returns the AWS operations that a run called about once in each
// invocation or more often; attempts are counted, so a throttled one may be more.
func callsOf(run *result.Run) (each []string, secret, metrics bool) {
	invocations := max(run.Succeeded+run.Failed, 1)
	for _, c := range run.API {
		if 2*(c.Accepted+c.Throttled+c.Failed) < invocations {
			continue
		}
		each = append(each, c.Operation)
		secret = secret || c.Operation == perSecretCall
		metrics = metrics || c.Operation == perMetricsCall
	}
	return each, secret, metrics
}

func (t Talk) model(v *variant, limit int) *Model {
	m := &Model{
		Rate: t.Rate, Ramp: t.Ramp, Length: t.Length, Warmup: t.Warmup,
		Limit: limit, Timeout: t.Timeout, Patience: t.Timeout,
		Function: v.Function, Rotation: t.Rotates, Seed: t.Seed,
	}
	if limit > 0 {
		m.Scaling = t.Scaling
	}
	return m
}

// run is the simulation's outcome as a run, with summaries alone.
func (t Talk) run(measured *result.Run, m *Model, st *Stats) result.Run {
	window := (m.Length - m.Warmup).Seconds()
	r := result.Run{
		Name: measured.Name, Simulated: true,
		Config: result.Config{
			Rate: m.Rate, Environments: m.Limit, Duration: m.Length, MemoryMB: measured.Config.MemoryMB, Seed: m.Seed, Scale: 1,
			Quotas: []result.Quota{
				{Operation: perSecretCall, PerSecond: t.GetSecretValue, Unscaled: t.GetSecretValue},
				{Operation: perMetricsCall, PerSecond: t.PutMetricData, Unscaled: t.PutMetricData},
			},
		},
		Seconds: st.Seconds,
		Offered: st.Offered, Succeeded: st.Endings[Succeeded], Throttled: st.Endings[Throttled],
		Failed:      st.Endings[Failed] + st.Endings[TimedOut],
		AchievedRPS: float64(st.Endings[Succeeded]) / m.Length.Seconds(),
		Latencies:   st.Latencies, Service: st.Service, Init: st.Init, ColdStarts: len(st.Init),
		PeakConcurrency: st.Peak, MeanConcurrency: st.Busy,
		LittleConcurrency: float64(st.Began) / window * st.Service.Mean().Seconds(),
		DemandConcurrency: m.Rate * st.Service.Mean().Seconds(),
		PeakEnvironments:  st.Environments,
	}
	for _, c := range st.Causes {
		if c.Cause != ThrottledAtLimit && c.Cause != ThrottledByScaling {
			r.Errors = append(r.Errors, c)
		}
	}
	for _, c := range st.Calls {
		r.API = append(r.API, result.APICalls{Service: c.Service, Operation: c.Operation, Accepted: c.Accepted, Throttled: c.Throttled})
		if m.Rotation > 0 && c.Operation == perSecretCall {
			r.Marks = []result.Mark{{Name: "rotation", At: m.Rotation, Until: m.Rotation,
				Text: fmt.Sprintf("the password rotates: %s GetSecretValue calls in the busiest second from here on, the quota is %s", number(float64(c.PeakAfterRotation)), number(t.GetSecretValue))}}
		}
	}
	r.Summarize()
	r.Latencies, r.Service, r.Init = nil, nil, nil // millions
	return r
}
