package sim

import (
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
// model of throttling and back-off. The figure is the mean concurrency.
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
		Limit: run.Config.Environments, Timeout: t.Timeout,
	}
	init := Dist(Constant(0))
	if len(run.Init) > 0 {
		init = Empirical(run.Init)
	}
	replay := base
	replay.Timeout = 0 // the durations have it in them
	replay.Function = Function{Init: []Step{{Wait: init}}, Invoke: []Step{{Wait: Empirical(run.Service)}}}
	mean, err := meanOf(replay)
	if err != nil {
		return nil, err
	}
	out := []result.Agreement{{Name: run.Name, Figure: "mean concurrency", Model: "its measured durations",
		Measured: run.MeanConcurrency, Simulated: mean, Tolerance: ReplayTolerance}}

	if len(run.Alone) == 0 {
		return out, nil
	}
	predict := base
	predict.Function = Function{Init: []Step{{Wait: init}}, Invoke: []Step{{Wait: Empirical(run.Alone)}}}
	_, secret, metrics := callsOf(run)
	for _, q := range run.Config.Quotas {
		// The call itself takes no time here: it is part of the work alone.
		s := &Service{Operation: q.Operation, Latency: Constant(0), Retry: t.Retry, Quota: Quota{PerSecond: q.PerSecond, Burst: max(1, q.PerSecond)}}
		s.Retry.Reject = Constant(run.Config.APILatency)
		switch {
		case q.Operation == perSecretCall && secret:
			predict.Function.Invoke = append([]Step{{Call: s}}, predict.Function.Invoke...)
		case q.Operation == perMetricsCall && metrics:
			predict.Function.Invoke = append(predict.Function.Invoke, Step{Call: s, Optional: true})
		}
	}
	if mean, err = meanOf(predict); err != nil {
		return nil, err
	}
	return append(out, result.Agreement{Name: run.Name, Figure: "mean concurrency", Model: "its work alone, and the quotas",
		Measured: run.MeanConcurrency, Simulated: mean, Tolerance: PredictTolerance}), nil
}

// meanOf is the mean number of busy environments over the model's length: the
// average of several simulations, as a measured run is short.
func meanOf(m Model) (float64, error) {
	const times = 20
	sum := 0.0
	for m.Seed = range uint64(times) {
		st, err := m.Run()
		if err != nil {
			return 0, err
		}
		sum += st.Busy / times
	}
	return sum, nil
}
