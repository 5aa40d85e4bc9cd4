package handler

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// A Lazy is a value that is fetched when it is first needed and kept for the
// life of the environment: what only some branches of the logic use. It is safe
// for concurrent use. Get costs one atomic load once the value is there.
//
// Unlike sync.OnceValues it does not keep an error: the next Get fetches again.
type Lazy[T any] struct {
	fetch func(context.Context) (T, error)
	value atomic.Pointer[T]

	mu     sync.Mutex // guards flight and the storing of value
	flight *flight    // under way, nil if none is
}

// NewLazy returns a Lazy that fetch fills. fetch runs once at a time, in a
// goroutine of its own. Its context has the values and the deadline of the Get
// that started it, but not its cancellation: others may be waiting as well. A
// panic in fetch is logged and becomes the [*PanicError] of those who wait.
// fetch must not call Get on the same Lazy.
func NewLazy[T any](fetch func(context.Context) (T, error)) *Lazy[T] {
	return &Lazy[T]{fetch: fetch}
}

// flight is one run of fetch.
type flight struct {
	done     chan struct{} // closed when err and expired are set
	err      error
	expired  bool      // its deadline, not fetch itself, made it fail
	deadline time.Time // by the wall clock; zero if there is none
}

// stale reports whether the flight was left over from an earlier invocation: a
// freeze may keep it from noticing that its deadline has passed.
func (f *flight) stale(now time.Time) bool {
	return !f.deadline.IsZero() && now.After(f.deadline)
}

// Get returns the value, and fetches it or waits for a fetch under way if it is
// not there. It returns fetch's error, or ctx's error as soon as ctx is over:
// the fetch goes on for the others. Whoever waits for a fetch that fails only
// because the deadline of another's context has passed fetches again.
func (l *Lazy[T]) Get(ctx context.Context) (T, error) {
	if v := l.value.Load(); v != nil {
		return *v, nil
	}
	return l.wait(ctx)
}

func (l *Lazy[T]) wait(ctx context.Context) (zero T, err error) {
	if l.fetch == nil {
		return zero, errors.New("handler: a Lazy has no function to fetch with")
	}
	for {
		if err := ctx.Err(); err != nil {
			return zero, err
		}
		f, started := l.join(ctx)
		if f == nil {
			return *l.value.Load(), nil
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			select {
			case <-f.done: // both: the value is worth more
			default:
				return zero, ctx.Err()
			}
		}
		switch {
		case f.err == nil:
			return *l.value.Load(), nil
		case started || !f.expired:
			return zero, f.err
		}
	}
}

// join returns the flight to wait for, and whether this call started it. It is
// nil if the value is there.
func (l *Lazy[T]) join(ctx context.Context) (f *flight, started bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.value.Load() != nil {
		return nil, false
	}
	if l.flight != nil && !l.flight.stale(time.Now()) {
		return l.flight, false
	}
	f = &flight{done: make(chan struct{})}
	detached, cancel := context.WithoutCancel(ctx), context.CancelFunc(func() {})
	if d, ok := ctx.Deadline(); ok {
		f.deadline = d.Round(0)
		detached, cancel = context.WithDeadline(detached, d)
	}
	l.flight = f
	go func() {
		defer cancel()
		l.run(detached, f)
	}()
	return f, true
}

func (l *Lazy[T]) run(ctx context.Context, f *flight) {
	var value T
	err := errors.New("handler: the function of a Lazy ended its goroutine") // as runtime.Goexit does
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if f.err = err; err == nil {
			l.value.CompareAndSwap(nil, &value)
		}
		f.expired = err != nil && ctx.Err() != nil
		if l.flight == f {
			l.flight = nil
		}
		close(f.done)
	}()
	value, err = l.call(ctx)
}

func (l *Lazy[T]) call(ctx context.Context) (value T, err error) {
	defer contain(ctx, &err)
	return l.fetch(ctx)
}
