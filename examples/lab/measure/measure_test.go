package measure_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/measure"
	"github.com/lambdatune/lambdatune/examples/lab/result"
)

const ms = time.Millisecond

func TestFill(t *testing.T) {
	load := measure.Load{Duration: 4 * time.Second, PauseBegin: 2 * time.Second, PauseEnd: 3 * time.Second}
	requests := []measure.Request{
		{Scheduled: 0, Begun: 100 * ms, Ended: 600 * ms, Outcome: measure.Succeeded, Service: 300 * ms, Init: 200 * ms, Memory: 7},
		{Scheduled: 500 * ms, Begun: 500 * ms, Ended: 1500 * ms, Outcome: measure.Succeeded, Service: time.Second},
		{Scheduled: 600 * ms, Begun: 600 * ms, Ended: 600 * ms, Outcome: measure.Throttled},
		{Scheduled: 600 * ms, Begun: 600 * ms, Ended: 700 * ms, Outcome: measure.Failed, Cause: "a", Service: 100 * ms},
		{Scheduled: 1900 * ms, Begun: 1900 * ms, Ended: 2400 * ms, Outcome: measure.Failed, Cause: "b", Service: 500 * ms},
		{Scheduled: 3500 * ms, Begun: 3500 * ms, Ended: 3600 * ms, Outcome: measure.Failed, Cause: "b", Service: 100 * ms},
		{Scheduled: 3900 * ms},
	}
	for i := range requests {
		requests[i].Answered = requests[i].Ended
	}
	requests[1].Answered += 10 * ms
	samples := []measure.Sample{{At: 550 * ms, Concurrency: 2, Environments: 2, Connections: 1}, {At: 900 * ms, Environments: 3}}
	var r result.Run
	measure.Fill(&r, load, requests, samples)
	if r.Offered != 6 || r.Succeeded != 2 || r.Throttled != 1 || r.Failed != 3 || r.ColdStarts != 1 || r.PeakMemory != 7 {
		t.Errorf("%+v", r)
	}
	if want := []result.Count{{Cause: "b", N: 2}, {Cause: "a", N: 1}}; !reflect.DeepEqual(r.Errors, want) {
		t.Errorf("errors %v, want %v", r.Errors, want)
	}
	if want := (result.Durations{600 * ms, 1010 * ms}); !reflect.DeepEqual(r.Latencies, want) {
		t.Errorf("latencies %v, want %v: from the scheduled time to the answer", r.Latencies, want)
	}
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}
	near("achieved rps", r.AchievedRPS, 2.0/3)
	near("mean concurrency", r.MeanConcurrency, (0.5+1+0.1+0.1+0.1)/3) // of the fourth only 0.1 s is load
	near("Little's law", r.LittleConcurrency, (0.5+1+0.1+0.1+0.1)/3)
	near("demand", r.DemandConcurrency, (0.5+1+0.1+0.5+0.1)/5*6/3)
	if r.PeakConcurrency != 2 || r.PeakEnvironments != 3 || len(r.Seconds) != 4 {
		t.Errorf("peaks %d, %d in %d seconds", r.PeakConcurrency, r.PeakEnvironments, len(r.Seconds))
	}
	if got, want := r.Seconds[0], (result.Second{Offered: 4, Succeeded: 1, Throttled: 1, Failed: 1,
		Sampled: 2, Exact: 2, Mean: 1.1, Little: 1.6, Environments: 3, Connections: 1, P99: 600 * ms}); !nearly(got, want) {
		t.Errorf("second 0: %+v, want %+v", got, want)
	}
	if s := r.Seconds[2]; s.Offered != 0 || s.Failed != 1 || s.Exact != 1 || math.Abs(s.Mean-0.4) > 1e-9 {
		t.Errorf("second 2: %+v", s)
	}
}

func nearly(a, b result.Second) bool {
	ok := math.Abs(a.Mean-b.Mean) < 1e-9 && math.Abs(a.Little-b.Little) < 1e-9
	a.Mean, b.Mean, a.Little, b.Little = 0, 0, 0, 0
	return ok && a == b
}

// What the seconds say adds up to what the run says, for any requests.
func TestSecondsAddUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		requests := make([]measure.Request, rnd.IntN(40))
		var busy time.Duration
		for i := range requests {
			q := &requests[i]
			q.Scheduled = time.Duration(rnd.Int64N(int64(5 * time.Second)))
			q.Begun = q.Scheduled + time.Duration(rnd.Int64N(int64(time.Second)))
			q.Ended = q.Begun
			if q.Outcome = measure.Outcome(rnd.IntN(4)); q.Outcome == measure.Succeeded || q.Outcome == measure.Failed {
				q.Ended += time.Duration(rnd.Int64N(int64(3 * time.Second)))
				q.Service = q.Ended - q.Begun
				busy += q.Service
			}
			q.Answered = q.Ended + time.Duration(rnd.Int64N(int64(time.Second)))
		}
		var r result.Run
		measure.Fill(&r, measure.Load{Duration: 10 * time.Second}, requests, nil)
		var sum result.Second
		exact := 0
		for _, s := range r.Seconds {
			sum.Offered += s.Offered
			sum.Succeeded += s.Succeeded
			sum.Throttled += s.Throttled
			sum.Failed += s.Failed
			sum.Mean += s.Mean
			exact = max(exact, s.Exact)
			if float64(s.Exact) < s.Mean-1e-9 {
				t.Fatalf("the mean of a second is above its peak: %+v", s)
			}
		}
		if r.Offered != r.Succeeded+r.Throttled+r.Failed || sum.Offered != r.Offered || sum.Succeeded != r.Succeeded || sum.Throttled != r.Throttled || sum.Failed != r.Failed {
			t.Fatalf("%+v, but the seconds say %+v", r, sum)
		}
		if math.Abs(sum.Mean-busy.Seconds()) > 1e-6 || exact != overlap(requests) {
			t.Fatalf("busy for %v and at most %d at a time, want %v and %d", sum.Mean, exact, busy.Seconds(), overlap(requests))
		}
	}
}

// overlap counts, the simple way, the most requests at a time: it is reached
// where one begins.
func overlap(requests []measure.Request) (most int) {
	taken := func(q measure.Request) bool { return q.Outcome == measure.Succeeded || q.Outcome == measure.Failed }
	for _, a := range requests {
		n := 0
		for _, b := range requests {
			if taken(a) && taken(b) && b.Begun <= a.Begun && a.Begun < b.Ended {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func TestCost(t *testing.T) {
	requests := []measure.Request{
		{Outcome: measure.Succeeded, Billed: time.Second, LogBytes: 974, LogLines: 1},
		{Outcome: measure.Failed, Billed: 3 * time.Second},
		{Outcome: measure.Throttled, Billed: time.Hour},
	}
	api := []result.APICalls{{Operation: "GetSecretValue", Accepted: 2, Throttled: 9}, {Operation: "PutMetricData", Accepted: 4}, {Operation: "GetObject", Accepted: 2}}
	got := measure.Cost(512, requests, api)
	for _, x := range []struct {
		what      string
		got, want float64
	}{
		{"compute", got.Compute, 1e6 * 2 * 0.5 * 0.0000166667}, // 2 s each, at half a GB
		{"requests", got.Requests, 0.20},
		{"API", got.API, 1e6 * (0.05/1e4 + 2*0.01/1e3 + 0.0004/1e3)},
		{"logs", got.Logs, 1e6 * 500 / 1e9 * 0.50},
	} {
		if math.Abs(x.got-x.want) > 1e-9 {
			t.Errorf("%s = %v, want %v", x.what, x.got, x.want)
		}
	}
	if math.Abs(got.Total-(got.Compute+got.Requests+got.API+got.Logs)) > 1e-9 || !got.Wasted {
		t.Errorf("%+v", got)
	}
	if none := measure.Cost(512, requests[2:], nil); none != (result.Cost{}) {
		t.Errorf("nothing taken costs %+v", none)
	}
}

func TestCause(t *testing.T) {
	for want, texts := range map[string][]string{
		"database: too many connections": {`{"errorMessage":"save: failed to connect: FATAL: sorry (SQLSTATE 53300)"}`},
		"database: password rejected":    {`{"message":"Internal Server Error"}`, "level=ERROR error=\"(SQLSTATE 28P01)\""},
		"other: strange":                 {"", " strange "},
		"other":                          nil,
	} {
		if got := measure.Cause(texts...); got != want {
			t.Errorf("Cause(%q) = %q, want %q", texts, got, want)
		}
	}
}
