package sim

import (
	"cmp"
	"slices"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/result"
)

// An Ending is what becomes of a request: exactly one of these.
type Ending uint8

const (
	Succeeded Ending = iota
	Throttled        // it met the limit or the scaling rate; the function did not run
	TimedOut
	Failed
)

// The causes of endings that do not come from a service.
const (
	ThrottledAtLimit   = "environment limit"
	ThrottledByScaling = "scaling rate"
	TimedOutFunction   = "function timeout"
	TimedOutFront      = "front gave up"
)

// Stats are what a simulation counted.
type Stats struct {
	Offered int
	// Each request is in one of these.
	Endings [4]int
	Causes  []result.Count // of all but Succeeded, the most frequent first

	Seconds []result.Second

	// Means and percentiles are of what arrived, or of the time that passed,
	// between Warmup and Length.
	Latencies result.Durations // of requests that succeeded
	Service   result.Durations // of invocations that ended, however; without INIT
	Init      result.Durations // all
	Busy      float64          // mean number of busy environments
	BusyVar   float64          // and its variance, both weighted by time
	Began     int              // invocations

	Peak         int // busy environments, of the whole run
	Environments int
	Calls        []Calls
	Events       int
}

// Calls are those to a service, attempts counted each.
type Calls struct {
	Service, Operation  string
	Accepted, Throttled int
	GivenUp             int // calls whose last attempt was throttled
	// PeakAfterRotation are the attempts in the busiest second from the rotation on.
	PeakAfterRotation int
}

type recorder struct {
	m      *Model
	stats  Stats
	causes map[string]int

	environments int

	level       int // busy environments
	since       int64
	area, area2 float64 // of level and level² over the time after Warmup, in ns

	seconds    []second
	firstInSec []int           // index of the first latency of a second
	all        []time.Duration // latencies, as they end
}

type second struct {
	result.Second
	area  float64       // of level, in ns
	began int           // invocations
	sum   time.Duration // their durations
}

func newRecorder(m *Model) recorder {
	n := int((m.Length + time.Second - 1) / time.Second)
	return recorder{m: m, causes: map[string]int{}, seconds: make([]second, n)}
}

func (r *recorder) bins() int { return len(r.seconds) }

func (r *recorder) at(t int64) *second {
	if i := int(t / int64(time.Second)); i < len(r.seconds) {
		return &r.seconds[i]
	}
	return nil
}

// counts reports whether what arrives at t is part of the means.
func (r *recorder) counts(t int64) bool {
	return t >= int64(r.m.Warmup) && t < int64(r.m.Length)
}

func (r *recorder) arrived(now int64) {
	r.stats.Offered++
	r.at(now).Offered++
}

// busy changes how many environments are.
func (r *recorder) busy(now int64, by int) {
	r.advance(now)
	r.level += by
	r.stats.Peak = max(r.stats.Peak, r.level)
	if s := r.at(now); s != nil {
		s.Exact = max(s.Exact, r.level)
		s.Environments = r.environments
	}
}

// advance accounts for the level that has been since the last change.
func (r *recorder) advance(now int64) {
	from := r.since
	r.since = now
	for from < now {
		s := r.at(from)
		if s == nil {
			return
		}
		s.Exact = max(s.Exact, r.level)
		to := min(now, (from/int64(time.Second)+1)*int64(time.Second))
		s.area += float64(to-from) * float64(r.level)
		if a, b := max(from, int64(r.m.Warmup)), min(to, int64(r.m.Length)); a < b {
			r.area += float64(b-a) * float64(r.level)
			r.area2 += float64(b-a) * float64(r.level) * float64(r.level)
		}
		from = to
	}
}

func (r *recorder) initialized(d int64) {
	r.stats.Init = append(r.stats.Init, time.Duration(d))
}

func (r *recorder) ended(now int64, o Ending, cause string, inv *invocation) {
	r.stats.Endings[o]++
	if cause != "" {
		r.causes[cause]++
	}
	s := r.at(now)
	if s != nil {
		switch o {
		case Succeeded:
			s.Succeeded++
		case Throttled:
			s.Throttled++
		default:
			s.Failed++
		}
	}
	if inv == nil {
		return
	}
	if began := r.at(inv.started); began != nil {
		began.began++
		began.sum += time.Duration(now - inv.started)
	}
	if r.counts(inv.arrived) {
		r.stats.Began++
		r.stats.Service = append(r.stats.Service, time.Duration(now-inv.started))
		if o == Succeeded {
			r.stats.Latencies = append(r.stats.Latencies, time.Duration(now-inv.arrived))
		}
	}
	if s != nil && o == Succeeded {
		for len(r.firstInSec) <= int(now/int64(time.Second)) {
			r.firstInSec = append(r.firstInSec, len(r.all))
		}
		r.all = append(r.all, time.Duration(now-inv.arrived))
	}
}

func (r *recorder) close(e *engine) *Stats {
	r.advance(max(e.now, int64(r.m.Length)))
	st := &r.stats
	if window := float64(r.m.Length - r.m.Warmup); window > 0 {
		st.Busy = r.area / window
		st.BusyVar = r.area2/window - st.Busy*st.Busy
	}
	environments := 0
	for i := range r.seconds {
		s := &r.seconds[i]
		environments = max(environments, s.Environments)
		s.Environments = environments
		length := min(int64(time.Second), int64(r.m.Length)-int64(i)*int64(time.Second))
		s.Mean = s.area / float64(length)
		if s.began > 0 {
			s.Little = s.sum.Seconds() / (float64(length) / float64(time.Second))
		}
		if i < len(r.firstInSec) {
			to := len(r.all)
			if i+1 < len(r.firstInSec) {
				to = r.firstInSec[i+1]
			}
			s.P99 = result.Durations(r.all[r.firstInSec[i]:to]).Percentile(99)
		}
		st.Seconds = append(st.Seconds, s.Second)
	}
	st.Environments = len(e.environments)
	for cause, n := range r.causes {
		st.Causes = append(st.Causes, result.Count{Cause: cause, N: n})
	}
	slices.SortFunc(st.Causes, func(a, b result.Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Cause, b.Cause))
	})
	for _, s := range e.stations {
		c := s.calls
		c.Service, c.Operation = s.Service.Service, s.Operation
		if i := int(r.m.Rotation / time.Second); r.m.Rotation > 0 && i < len(s.perSecond) {
			c.PeakAfterRotation = slices.Max(s.perSecond[i:])
		}
		st.Calls = append(st.Calls, c)
	}
	return st
}
