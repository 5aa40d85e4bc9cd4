// Package load sends requests at the times of a schedule, whatever became of
// those before: an open loop. A closed loop, whose senders wait for answers,
// slows down with the function and measures only what it let through.
package load

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Schedule are the times at which requests are sent, from the start on.
type Schedule []time.Duration

// Poisson returns arrivals as of many independent clients: at a mean rate per
// second, for a duration, but none within the pause from its begin to its end.
func Poisson(seed uint64, rate float64, duration, begin, end time.Duration) Schedule {
	rnd := rand.New(rand.NewPCG(seed, 0))
	var s Schedule
	for t := 0.0; ; {
		t += rnd.ExpFloat64() / rate
		at := time.Duration(t * float64(time.Second))
		if at >= duration {
			return s
		}
		if at < begin || at >= end {
			s = append(s, at)
		}
	}
}

// Clock tells the time since the start and waits.
type Clock struct{ Start time.Time }

// Now is how long ago the start was.
func (c Clock) Now() time.Duration { return time.Since(c.Start) }

// Sleep waits until a time since the start, or until ctx is done.
func (c Clock) Sleep(ctx context.Context, until time.Duration) error {
	d := until - c.Now()
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Send calls send, on a goroutine of its own, for each request of the schedule
// at its time, and waits until all have returned. The error is that of ctx, and
// requests whose time had not come then are not sent.
func (s Schedule) Send(ctx context.Context, clock Clock, send func(i int)) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for i, at := range s {
		if err := clock.Sleep(ctx, at); err != nil {
			return err
		}
		wg.Go(func() { send(i) })
	}
	return nil
}
