package secrets

import (
	"context"
	"math/rand/v2"
	"time"
)

// flight is one fetch of AWSCURRENT that any number of callers wait for. Its
// context is its own: it ends after a timeout or when the last waiter has left,
// so that nothing is left behind for a frozen environment to wake up with.
type flight[T any] struct {
	ctx     context.Context
	cancel  context.CancelFunc
	base    *entry[T] // what was held at the start
	done    chan struct{}
	waiters int  // guarded by Secret.mu
	settled bool // guarded by Secret.mu
	e       *entry[T]
	err     error
}

// refresh returns a new value, or old, which may be nil, if there is one and it
// cannot be replaced now.
func (s *Secret[T]) refresh(ctx context.Context, old *entry[T], now int64) (*entry[T], error) {
	s.mu.Lock()
	if held := s.held.Load(); held != old { // replaced meanwhile
		s.mu.Unlock()
		return held, nil
	}
	if old != nil && now < s.retryAt {
		s.mu.Unlock()
		return old, nil
	}
	f := s.flight
	if f == nil {
		f = s.takeOffLocked(ctx, old)
	}
	f.waiters++
	s.mu.Unlock()

	var err error
	select {
	case <-f.done:
	case <-f.ctx.Done():
		s.settle(f, nil, &Error{"fetch", s.id, StageCurrent, context.Cause(f.ctx)})
	case <-ctx.Done():
		err = &Error{"fetch", s.id, StageCurrent, context.Cause(ctx)}
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if f.waiters--; f.waiters == 0 {
		f.cancel()
		if s.flight == f {
			s.flight = nil
		}
	}
	held := s.held.Load()
	if held == nil && err == nil {
		err = f.err
	}
	if held != nil {
		return held, nil
	}
	return nil, err
}

func (s *Secret[T]) takeOffLocked(ctx context.Context, base *entry[T]) *flight[T] {
	timeout := s.opts.Timeout
	if base != nil {
		timeout /= 5
	}
	f := &flight[T]{base: base, done: make(chan struct{})}
	f.ctx, f.cancel = context.WithTimeout(context.WithoutCancel(ctx), timeout)
	s.flight = f
	go func() {
		defer f.cancel()
		var e *entry[T]
		err := error(&Error{"fetch", s.id, StageCurrent, context.Canceled}) // if the source ends the goroutine
		defer func() { s.settle(f, e, err) }()
		e, _, err = s.fetch(f.ctx, StageCurrent, false, base != nil)
	}()
	return f
}

// settle ends a flight. What it brings is stored unless recovery has put
// another value there since it began; a failure never replaces a value.
func (s *Secret[T]) settle(f *flight[T], e *entry[T], err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e != nil && s.held.Load() == f.base {
		s.storeLocked(e)
	}
	if f.settled {
		return
	}
	f.settled = true
	f.e, f.err = e, err
	if s.flight == f {
		s.flight = nil
		if err != nil && f.base != nil {
			s.failures++
			pause := backoff(s.failures, retryMin, retryMax)
			s.retryAt = s.opts.Now().Add(pause).UnixNano()
		}
	}
	close(f.done)
}

// backoff returns the pause after the nth failure: doubled for each, at most
// most, drawn from the upper half.
func backoff(n int, least, most time.Duration) time.Duration {
	d := most
	if n < 20 {
		d = min(least<<(n-1), most)
	}
	return d/2 + rand.N(d/2+1)
}
