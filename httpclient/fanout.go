package httpclient

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// PanicError is a panic in a function that [All] or [Race] ran, as an error.
type PanicError struct {
	Value any    // what it panicked with
	Stack []byte // of its goroutine, as debug.Stack formats it
}

// Error names the value's type only if that is not an error or a string: a value
// of another type may hold what does not belong in a log.
func (e *PanicError) Error() string {
	switch v := e.Value.(type) {
	case error:
		return "httpclient: panic: " + v.Error()
	case string:
		return "httpclient: panic: " + v
	}
	return fmt.Sprintf("httpclient: panic with a value of type %T", e.Value)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// All runs every function, at most limit of them at the same time (0 means all),
// with the one budget of ctx, and returns when the last has returned. The error
// joins all errors in the functions' order; a panic is a [PanicError]. Functions
// whose turn has not come when ctx ends are not run, and the error says so.
//
// One function's failure does not stop the others, since a write that is cut off
// half-way helps nobody. Where it should, cancel:
//
//	ctx, cancel := context.WithCancel(ctx)
//	defer cancel()
//	err := httpclient.All(ctx, 0, func(ctx context.Context) error {
//		err := charge(ctx)
//		if err != nil {
//			cancel()
//		}
//		return err
//	}, reserve)
func All(ctx context.Context, limit int, fns ...func(context.Context) error) error {
	if limit < 0 {
		return fmt.Errorf("httpclient: All: limit is %d, allowed is 0 (all at once) or more", limit)
	}
	if limit == 0 || limit > len(fns) {
		limit = len(fns)
	}
	errs := make([]error, len(fns))
	turns := make(chan int)
	var wg sync.WaitGroup
	for range limit {
		wg.Go(func() {
			for i := range turns {
				errs[i] = contain(ctx, fns[i])
			}
		})
	}
	ended := 0
	for i := range fns {
		if ctx.Err() == nil {
			select {
			case turns <- i:
				continue
			case <-ctx.Done():
			}
		}
		ended = len(fns) - i
		break
	}
	close(turns)
	wg.Wait()
	if ended > 0 {
		errs = append(errs, fmt.Errorf("httpclient: %d of %d functions not run: %w", ended, len(fns), context.Cause(ctx)))
	}
	return errors.Join(errs...)
}

// Race returns the first success of functions that do the same thing: a hedged
// request. It runs the first one at once and the next each time one fails or
// hedge has passed without a success (0 starts all at once); with the first
// success it cancels the rest, waits for them to return, and drops their
// results. So a function must heed its context, and a result that holds
// something open must be closed by whoever loses, who sees the context
// cancelled. If all fail, the error joins theirs; a panic is a [PanicError].
//
// Hedge only what may safely happen twice. A good delay is the 95th percentile
// of the call's duration: the load then grows by one twentieth.
func Race[T any](ctx context.Context, hedge time.Duration, fns ...func(context.Context) (T, error)) (T, error) {
	var zero T
	if len(fns) == 0 || hedge < 0 {
		return zero, fmt.Errorf("httpclient: Race: %d functions and a hedge delay of %v, allowed are 1 or more and 0 or more", len(fns), hedge)
	}
	type outcome struct {
		i     int
		value T
		err   error
	}
	raceCtx, cancel := context.WithCancel(ctx)
	results := make(chan outcome, len(fns))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel() // before the wait
	started := 0
	start := func() {
		i := started
		started++
		wg.Go(func() {
			o := outcome{i: i}
			o.err = contain(raceCtx, func(ctx context.Context) (err error) {
				o.value, err = fns[i](ctx)
				return err
			})
			results <- o
		})
	}

	start()
	timer := time.NewTimer(hedge)
	defer timer.Stop()
	errs := make([]error, len(fns))
	for failed := 0; ; {
		var next <-chan time.Time
		if started < len(fns) {
			next = timer.C
		}
		select {
		case o := <-results:
			if o.err == nil {
				return o.value, nil
			}
			errs[o.i] = o.err
			if failed++; failed == len(fns) {
				return zero, errors.Join(errs...)
			}
			if ctx.Err() != nil {
				if failed == started {
					return zero, errors.Join(append(errs, context.Cause(ctx))...)
				}
				continue // those still running will see it too
			}
			if started < len(fns) {
				start()
				timer.Reset(hedge)
			}
		case <-next:
			if ctx.Err() == nil {
				start()
			}
			timer.Reset(hedge)
		}
	}
}

// contain runs fn and turns a panic into an error.
func contain(ctx context.Context, fn func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fn(ctx)
}
