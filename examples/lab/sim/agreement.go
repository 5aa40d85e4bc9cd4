package sim

import (
	"math"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// How far a simulation of a measured run may be from it: where it is given the
// durations themselves, and where it is only given the function's work and the
// quotas, and the throttling is its own.
const (
	ReplayTolerance  = 0.10
	PredictTolerance = 0.25
)

// agreements simulates the measured run itself, with loopback's parameters: once
// with its durations, which checks that environments and limits are handled as they
// were, and once from its work alone and the quotas in force, which checks the
// model of throttling and back-off. A run that fills its environments has a certain
// mean concurrency; how many requests it takes is what tells then.
func (t Talk) agreements(run *result.Run) ([]result.Agreement, error) {
	seconds := 0
	for _, s := range run.Seconds {
		if s.Offered > 0 {
			seconds++
		}
	}
	if seconds == 0 || len(run.Service) == 0 || run.MeanConcurrency <= 0 {
		return nil, nil
	}
	base := Model{
		Rate: float64(run.Offered) / float64(seconds), Length: time.Duration(seconds) * time.Second,
		Limit: run.Config.Environments,
	}
	init := Dist(Constant(0))
	if len(run.Init) > 0 {
		init = Empirical(run.Init)
	}
	var out []result.Agreement
	compare := func(m Model, model string, tolerance float64) error {
		busy, taken, err := average(m)
		if err != nil {
			return err
		}
		measured := float64(run.Succeeded+run.Failed) / float64(seconds)
		out = append(out,
			result.Agreement{Name: run.Name, Figure: "mean concurrency", Model: model, Measured: run.MeanConcurrency, Simulated: busy, Tolerance: tolerance},
			result.Agreement{Name: run.Name, Figure: "requests/s taken", Model: model, Measured: measured, Simulated: taken, Tolerance: tolerance})
		return nil
	}

	replay := base
	replay.Function = Function{Init: []Step{{Wait: init}}, Invoke: []Step{{Wait: Empirical(run.Service)}}}
	if err := compare(replay, "its measured durations", ReplayTolerance); err != nil {
		return nil, err
	}
	if len(run.Alone) == 0 {
		return out, nil
	}
	predict := base
	predict.Timeout = t.Timeout
	predict.Function = Function{Init: []Step{{Wait: init}}, Invoke: []Step{{Wait: Empirical(run.Alone)}}}
	_, secret, metrics := callsOf(run)
	for _, q := range run.Config.Quotas {
		// The call itself takes no time here: it is part of the work alone.
		s := &Service{Operation: q.Operation, Latency: Constant(0), Retry: t.Retry, Quota: Quota{PerSecond: q.PerSecond, Burst: math.Ceil(max(1, q.PerSecond))}}
		s.Retry.Reject = Constant(run.Config.APILatency)
		switch {
		case q.Operation == perSecretCall && secret:
			predict.Function.Invoke = append([]Step{{Call: s}}, predict.Function.Invoke...)
		case q.Operation == perMetricsCall && metrics:
			predict.Function.Invoke = append(predict.Function.Invoke, Step{Call: s, Optional: true})
		}
	}
	return out, compare(predict, "its work alone, and the quotas", PredictTolerance)
}

// average is the mean number of busy environments over the model's length, and
// the requests per second that came to one, of several simulations, as a measured
// run is short.
func average(m Model) (busy, taken float64, err error) {
	const times = 20
	for m.Seed = range uint64(times) {
		st, err := m.Run()
		if err != nil {
			return 0, 0, err
		}
		busy += st.Busy / times
		taken += float64(st.Offered-st.Endings[Throttled]) / m.Length.Seconds() / times
	}
	return busy, taken, nil
}
