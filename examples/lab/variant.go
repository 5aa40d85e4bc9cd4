package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/load"
	"github.com/lambdatune/lambdatune/examples/lab/measure"
	"github.com/lambdatune/lambdatune/examples/lab/result"
	"github.com/lambdatune/lambdatune/examples/lab/world"
	"github.com/lambdatune/lambdatune/handler/local/runtimeapi"
)

// A variant is one of the two functions, ready to run in a world.
type variant struct {
	config
	name    string
	program runtimeapi.Command
	world   *world.World
}

func newVariant(c config, w *world.World, name, binary string) variant {
	env := append(w.Env(), "CONNECTION_LIFETIME="+(c.duration/5).String())
	return variant{c, name, runtimeapi.Command{Path: binary, Env: env}, w}
}

// start starts the function.
func (v variant) start(environments int, observe func(runtimeapi.Event)) (*runtimeapi.Function, error) {
	return runtimeapi.Start(v.program, runtimeapi.Config{
		Name: v.name, MemorySize: v.memory, Concurrency: environments, Observe: observe,
		Timeout: 29 * time.Second,          // what an HTTP API waits
		Freeze:  runtime.GOOS != "windows", // as the service does
	})
}

// measureAlone invokes the function again and again, one at a time and without
// quotas.
func (v variant) measureAlone(ctx context.Context) (result.Durations, error) {
	v.world.SetQuotas(false)
	defer v.world.SetQuotas(true)
	fn, err := v.start(1, nil)
	if err != nil {
		return nil, err
	}
	defer fn.Close()
	var alone result.Durations
	for i := range v.alone + 1 {
		res, err := fn.Invoke(ctx, runtimeapi.Invocation{Payload: event("alone", i)})
		if err != nil {
			return nil, err
		}
		if outcome, cause := judge(res); outcome != measure.Succeeded {
			return nil, fmt.Errorf("the %s function fails without load: %s\n%s", v.name, cause, res.Log)
		}
		if i > 0 { // the first is cold
			alone = append(alone, res.Duration)
		}
	}
	return alone, nil
}

// run puts the function under the load and measures it.
func (v variant) run(ctx context.Context) (result.Run, error) {
	r := result.Run{Name: v.name, Config: v.echo()}
	var err error
	if r.Alone, err = v.measureAlone(ctx); err != nil {
		return r, err
	}
	if _, err := v.world.Tally(ctx); err != nil { // forget that
		return r, err
	}
	requests, samples, err := v.underLoad(ctx, &r)
	if err != nil {
		return r, err
	}
	tally, err := v.world.Tally(ctx)
	if err != nil {
		return r, err
	}
	measure.Fill(&r, measure.Load{Duration: v.duration, PauseBegin: v.freezeBegin(), PauseEnd: v.freezeEnd()}, requests, samples)
	r.API, r.Payments = tally.API, &tally.Payments
	if v.world.HasDatabase() {
		r.Database = &result.Database{Opened: tally.Opened}
		for _, s := range r.Seconds {
			r.Database.Peak = max(r.Database.Peak, s.Connections)
		}
		for _, e := range r.Errors {
			if e.Cause == measure.TooManyConnections {
				r.Database.Refused = e.N
			}
		}
		if tally.Paid < r.Succeeded {
			return r, fmt.Errorf("%s: %d orders were confirmed, but %d are paid in the database", v.name, r.Succeeded, tally.Paid)
		}
	}
	r.Cost = measure.Cost(v.memory, requests, r.API)
	return r, nil
}

// underLoad runs the function, and what happens on the way. It returns when the
// last request was answered and the function has ended.
func (v variant) underLoad(ctx context.Context, r *result.Run) ([]measure.Request, []measure.Sample, error) {
	cpu := childrenCPU()
	schedule := load.Poisson(v.seed, v.rate, v.duration, v.freezeBegin(), v.freezeEnd())
	requests := make([]measure.Request, len(schedule))
	clock := load.Clock{Start: time.Now()}
	var environments atomic.Int64
	fn, err := v.start(v.environments, func(e runtimeapi.Event) {
		switch e.Type {
		case runtimeapi.EventInitStart:
			if !e.Invoke {
				environments.Add(1)
			}
		case runtimeapi.EventStart:
			requests[number(e.RequestID)].Begun = e.Time.Sub(clock.Start)
		case runtimeapi.EventEnd:
			q := &requests[number(e.RequestID)]
			q.Begun -= e.Result.InitDuration // its environment waited for that with it
			q.Ended = e.Time.Sub(clock.Start)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	defer fn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	var inside atomic.Int64
	var samples []measure.Sample
	var sampled, rotated error
	var wg sync.WaitGroup
	watched, stop := context.WithCancel(ctx)
	defer stop()
	wg.Go(func() { samples, sampled = v.watch(watched, clock, &inside, &environments) })
	rotation := result.Mark{Name: "rotation", At: v.rotation(), Until: v.rotation() + v.window, Text: v.rotationText()}
	wg.Go(func() {
		if clock.Sleep(ctx, v.rotation()) == nil {
			rotation.At = clock.Now()
			rotated = v.world.Rotate(ctx, v.window)
			rotation.Until = clock.Now()
		}
	})
	err = schedule.Send(ctx, clock, func(i int) {
		q := &requests[i]
		q.Scheduled = schedule[i]
		payload := event(v.name, i)
		inside.Add(1)
		res, err := fn.Invoke(ctx, runtimeapi.Invocation{Payload: payload, RequestID: requestID(i)})
		q.Answered = clock.Now()
		inside.Add(-1)
		switch {
		case errors.Is(err, runtimeapi.ErrThrottled):
			q.Outcome = measure.Throttled
		case err == nil:
			q.Outcome, q.Cause = judge(res)
			q.Service, q.Init, q.Billed = res.Duration, res.InitDuration, res.BilledDuration()
			q.LogBytes, q.Memory = len(res.Log), res.MaxMemoryUsed
			for _, b := range res.Log {
				if b == '\n' {
					q.LogLines++
				}
			}
		}
	})
	stop()
	wg.Wait()
	fn.Close()
	if r.CPU = childrenCPU() - cpu; err == nil {
		err = errors.Join(sampled, rotated)
	}
	r.Marks = append(r.Marks, rotation)
	if v.freeze > 0 {
		r.Marks = append(r.Marks, result.Mark{Name: "freeze", At: v.freezeBegin(), Until: v.freezeEnd(),
			Text: fmt.Sprintf("no requests for %v, all environments frozen; the far side drops connections that are idle for %v", v.freeze, v.idle)})
	}
	return requests, samples, err
}

// requestID is a UUID for the request with that number.
func requestID(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", i) }

// number is the request's that has the ID.
func number(id string) int {
	n, _ := strconv.ParseInt(id[:8], 16, 64) // of requestID
	return int(n)
}

func (v variant) rotationText() string {
	what := "the database password"
	if !v.world.HasDatabase() {
		what = "the payment API's key"
	}
	return fmt.Sprintf("%s is rotated: for %v only the AWSPENDING version is accepted", what, v.window)
}

// watch samples the run until ctx is done.
func (v variant) watch(ctx context.Context, clock load.Clock, inside, environments *atomic.Int64) (samples []measure.Sample, err error) {
	const interval = 100 * time.Millisecond
	for at := interval; ; at += interval {
		if clock.Sleep(ctx, at) != nil {
			return samples, nil
		}
		n, err := v.world.Connections(context.WithoutCancel(ctx))
		if err != nil {
			return samples, fmt.Errorf("count connections: %w", err)
		}
		samples = append(samples, measure.Sample{
			At: clock.Now(), Concurrency: int(inside.Load()), Environments: int(environments.Load()), Connections: n,
		})
	}
}

// judge says what became of an invocation. Everything but 201 is a failure.
func judge(res *runtimeapi.Result) (measure.Outcome, string) {
	if res.FunctionError != "" {
		return measure.Failed, measure.Cause(string(res.Payload), string(res.Log))
	}
	var answer struct{ StatusCode int }
	if err := json.Unmarshal(res.Payload, &answer); err != nil || answer.StatusCode != 201 {
		return measure.Failed, measure.Cause(string(res.Log), string(res.Payload))
	}
	return measure.Succeeded, ""
}

// echo is what the run is made with.
func (v variant) echo() result.Config {
	c := result.Config{
		Rate: v.rate, Environments: v.environments, Duration: v.duration, MemoryMB: v.memory, Seed: v.seed, Scale: v.scale(),
		APILatency: v.apiLatency, PaymentLatency: v.latency,
	}
	if v.world.HasDatabase() {
		c.MaxConnections = v.connections
	}
	for _, q := range []struct {
		operation string
		unscaled  float64
	}{{"GetSecretValue", v.secretsQuota}, {"PutMetricData", v.metricsQuota}} {
		if q.unscaled > 0 {
			c.Quotas = append(c.Quotas, result.Quota{Operation: q.operation, PerSecond: q.unscaled * v.scale(), Unscaled: q.unscaled})
		}
	}
	return c
}
