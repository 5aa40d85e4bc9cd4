// Package measure makes figures of what became of each request.
package measure

import (
	"cmp"
	"slices"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// Outcome is what became of a request.
type Outcome int

// Each request has exactly one.
const (
	Unsent    Outcome = iota // the run was cut short
	Succeeded                // the right answer
	Throttled                // no environment was free, and none could be added
	Failed                   // an error, of the function or in its answer
)

// Request is one request. Times are since the start of the run.
type Request struct {
	Scheduled, Answered time.Duration
	// From Begun to Ended it took an environment, INIT included. They are not
	// set if it was throttled.
	Begun, Ended time.Duration
	Outcome      Outcome
	Cause        string // of Failed

	// As the service reports them; 0 of a throttled request.
	Service, Init, Billed time.Duration
	LogBytes, LogLines    int
	Memory                int64 // peak of its process
}

// Sample is a look at the run.
type Sample struct {
	At                                     time.Duration
	Concurrency, Environments, Connections int
}

// Load is when requests were sent: from 0 to Duration, but in the pause.
type Load struct{ Duration, PauseBegin, PauseEnd time.Duration }

// Seconds is how long the load lasted.
func (l Load) Seconds() float64 { return (l.Duration - (l.PauseEnd - l.PauseBegin)).Seconds() }

// within is how much of the time from a to b there was load.
func (l Load) within(a, b time.Duration) time.Duration {
	overlap := func(from, to time.Duration) time.Duration { return max(min(b, to)-max(a, from), 0) }
	return overlap(0, l.Duration) - overlap(l.PauseBegin, l.PauseEnd)
}

// Fill sets the fields of a run that follow from its requests and samples.
func Fill(r *result.Run, load Load, requests []Request, samples []Sample) {
	causes := map[string]int{}
	var last, busy, inside time.Duration
	during, taken := 0.0, 0 // of inside, what was during the load
	for _, q := range requests {
		if q.Outcome == Unsent {
			continue
		}
		r.Offered++
		last = max(last, q.Scheduled, q.Answered, q.Ended)
		switch q.Outcome {
		case Throttled:
			r.Throttled++
			continue
		case Succeeded:
			r.Succeeded++
			r.Latencies = append(r.Latencies, q.Answered-q.Scheduled)
		case Failed:
			r.Failed++
			causes[q.Cause]++
		}
		taken++
		busy += load.within(q.Begun, q.Ended)
		inside += q.Service + q.Init
		if d := q.Ended - q.Begun; d > 0 {
			during += (q.Service + q.Init).Seconds() * float64(load.within(q.Begun, q.Ended)) / float64(d)
		}
		r.Service = append(r.Service, q.Service)
		if q.Init > 0 {
			r.Init = append(r.Init, q.Init)
			r.ColdStarts++
		}
		r.PeakMemory = max(r.PeakMemory, q.Memory)
	}
	for cause, n := range causes {
		r.Errors = append(r.Errors, result.Count{Cause: cause, N: n})
	}
	slices.SortFunc(r.Errors, func(a, b result.Count) int { return cmp.Or(b.N-a.N, cmp.Compare(a.Cause, b.Cause)) })
	if s := load.Seconds(); s > 0 && taken > 0 {
		r.AchievedRPS = float64(r.Succeeded) / s
		r.MeanConcurrency = busy.Seconds() / s
		r.LittleConcurrency = during / s // taken per second × their mean
		r.DemandConcurrency = float64(r.Offered) / s * inside.Seconds() / float64(taken)
	}
	r.Seconds = seconds(requests, samples, last)
	for _, s := range r.Seconds {
		r.PeakConcurrency = max(r.PeakConcurrency, s.Exact)
		r.PeakEnvironments = max(r.PeakEnvironments, s.Environments)
	}
	r.Summarize()
}
