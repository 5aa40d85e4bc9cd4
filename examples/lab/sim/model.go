package sim

import (
	"errors"
	"fmt"
	"time"
)

// A Model is what is simulated: one function under one load.
type Model struct {
	// Rate is the load in requests per second. Requests arrive at random
	// (Poisson), or evenly spaced if Regular.
	Rate    float64
	Regular bool
	// Ramp is the time in which the rate grows from 0, in proportion; 0 starts
	// with all of it.
	Ramp time.Duration
	// Length is how long requests arrive. What is under way then is simulated
	// to its end.
	Length time.Duration
	// Warmup is left out of the means and percentiles, not of the counts.
	Warmup time.Duration

	// Limit is how many environments there may be; 0 is no limit.
	Limit int
	// Scaling is how fast environments may be added; zero is no limit.
	Scaling Quota
	// Timeout ends an invocation, and with it the program: the next one in its
	// environment begins with INIT, within its duration. 0 is none.
	Timeout time.Duration
	// Patience is how long the front waits for an answer; the function goes on.
	// 0 is for ever.
	Patience time.Duration

	Function Function
	// Rotation makes each environment's secret stale at this time; 0 is never.
	Rotation time.Duration

	Seed uint64
}

// A Function is what an environment does.
type Function struct {
	Init   []Step // of a cold start
	Invoke []Step // of each invocation
	// MaxAge makes the secret of an environment stale, counted from its fetch;
	// 0 is never. It is shortened by a random share of up to Jitter.
	MaxAge time.Duration
	Jitter float64
}

// A Step takes time (Wait) or is a call (Call); exactly one of them is set.
type Step struct {
	Wait Dist
	Call *Service
	// Optional is for a call whose failure the function only logs.
	Optional bool
	// Stale is for a step that is only done if the environment's secret is
	// stale, or has none.
	Stale bool
	// Fetches is for the step that makes the secret fresh.
	Fetches bool
}

// A Service is called by steps. It has a quota, a number of servers with a
// queue in front, or neither.
type Service struct {
	Service, Operation string
	Latency            Dist
	Quota              Quota
	// Servers is how many calls it works on at a time; the others wait, first
	// come, first served. 0 is no limit.
	Servers int
	Retry   Retry
}

// A Quota is a token bucket: PerSecond tokens come in each second, at most Burst
// are kept, and it starts full. It is off if PerSecond is 0.
type Quota struct{ PerSecond, Burst float64 }

// Retry is what a client does about throttling: after attempt n of Attempts it
// waits a random share of Base × 2ⁿ, at most Max. The zero value does not retry.
type Retry struct {
	Attempts  int
	Base, Max time.Duration
	// Reject is how long the service takes to refuse; nil is its latency.
	Reject Dist
}

func (m *Model) validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(m.Rate > 0 && m.Rate <= 1e6, "Rate %v: want more than 0, at most 1000000 per second", m.Rate)
	check(m.Length >= time.Second && m.Length <= 24*time.Hour, "Length %v: want 1s to 24h", m.Length)
	check(m.Rate*m.Length.Seconds() <= 1e8, "Rate %v for %v: want at most 100,000,000 requests", m.Rate, m.Length)
	check(m.Ramp >= 0 && m.Ramp <= m.Length, "Ramp %v: want 0 to Length, %v", m.Ramp, m.Length)
	check(m.Warmup >= 0 && m.Warmup < m.Length, "Warmup %v: want 0 to less than Length, %v", m.Warmup, m.Length)
	check(m.Limit >= 0, "Limit %d: want 0 or more environments", m.Limit)
	check(m.Timeout >= 0 && m.Patience >= 0 && m.Rotation >= 0, "Timeout %v, Patience %v, Rotation %v: want 0 or more", m.Timeout, m.Patience, m.Rotation)
	check(m.Function.MaxAge >= 0, "MaxAge %v: want 0 or more", m.Function.MaxAge)
	check(m.Function.Jitter >= 0 && m.Function.Jitter < 1, "Jitter %v: want 0 to less than 1", m.Function.Jitter)
	m.Scaling.check("Scaling", check)
	for _, s := range append(m.Function.Init[:len(m.Function.Init):len(m.Function.Init)], m.Function.Invoke...) {
		check((s.Wait == nil) != (s.Call == nil), "a step with Wait %v and Call %v: want one of them", s.Wait, s.Call)
		if c := s.Call; c != nil {
			check(c.Latency != nil, "%s: no Latency", c.Operation)
			check(c.Servers >= 0, "%s: Servers %d: want 0 or more", c.Operation, c.Servers)
			check(c.Retry.Attempts >= 0 && c.Retry.Attempts <= 60, "%s: Attempts %d: want 0 to 60", c.Operation, c.Retry.Attempts)
			check(c.Retry.Base >= 0 && c.Retry.Max >= 0, "%s: back-off of %v to %v: want 0 or more", c.Operation, c.Retry.Base, c.Retry.Max)
			c.Quota.check(c.Operation, check)
		}
	}
	return errors.Join(errs...)
}

func (q Quota) check(of string, check func(bool, string, ...any)) {
	check(q.PerSecond >= 0 && (q.PerSecond == 0 || q.Burst >= 1), "%s: %v per second, burst %v: want 0, or a burst of at least 1", of, q.PerSecond, q.Burst)
}
