package handler

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLazySingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		l := NewLazy(func(context.Context) (int, error) {
			time.Sleep(time.Second)
			return int(calls.Add(1)), nil
		})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if v, err := l.Get(t.Context()); v != 1 || err != nil {
					t.Errorf("Get = %v, %v", v, err)
				}
			})
		}
		wg.Wait()
		if v, err := l.Get(t.Context()); v != 1 || err != nil {
			t.Errorf("a later Get = %v, %v", v, err)
		}
		// Once it is there, not even a context that is over matters.
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if v, err := l.Get(over); v != 1 || err != nil {
			t.Errorf("Get with a cancelled context = %v, %v", v, err)
		}
	})
}

func TestLazyRetriesAfterError(t *testing.T) {
	logs := captureLog(t)
	failure := errors.New("failure")
	var calls int
	l := NewLazy(func(context.Context) (string, error) {
		switch calls++; calls {
		case 1:
			return "half", failure
		case 2:
			panic("second")
		case 3:
			runtime.Goexit()
		}
		return "value", nil
	})
	if v, err := l.Get(t.Context()); v != "" || err != failure {
		t.Errorf("first Get = %q, %v", v, err)
	}
	var p *PanicError
	if v, err := l.Get(t.Context()); v != "" || !errors.As(err, &p) || p.Value != "second" {
		t.Errorf("second Get = %q, %v", v, err)
	}
	if logs.String() == "" {
		t.Error("the panic was not logged")
	}
	if v, err := l.Get(t.Context()); v != "" || err == nil {
		t.Errorf("third Get = %q, %v", v, err)
	}
	if v, err := l.Get(t.Context()); v != "value" || err != nil {
		t.Errorf("fourth Get = %q, %v", v, err)
	}
	if v, err := l.Get(t.Context()); v != "value" || err != nil || calls != 4 {
		t.Errorf("fifth Get = %q, %v after %d calls", v, err, calls)
	}
}

func TestLazyWithoutFunction(t *testing.T) {
	if _, err := NewLazy[int](nil).Get(t.Context()); err == nil {
		t.Error("no error")
	}
}

// Whoever gives up frees itself alone, be it the one that started the fetch.
func TestLazyWaitersCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var calls atomic.Int32
		l := NewLazy(func(ctx context.Context) (any, error) {
			calls.Add(1)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			return ctx.Value(key{}), nil
		})
		starter, cancelStarter := context.WithCancel(context.WithValue(t.Context(), key{}, "starter's"))
		waiter, cancelWaiter := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancelWaiter()
		var wg sync.WaitGroup
		get := func(ctx context.Context, want any, wantErr error, after time.Duration) {
			start := time.Now()
			wg.Go(func() {
				if v, err := l.Get(ctx); v != want || err != wantErr || time.Since(start) != after {
					t.Errorf("Get = %v, %v after %v, want %v, %v after %v", v, err, time.Since(start), want, wantErr, after)
				}
			})
			synctest.Wait()
		}
		get(starter, nil, context.Canceled, 500*time.Millisecond)
		get(waiter, nil, context.DeadlineExceeded, 100*time.Millisecond)
		get(t.Context(), "starter's", nil, time.Second)
		time.Sleep(500 * time.Millisecond)
		cancelStarter()
		wg.Wait()
		if calls.Load() != 1 {
			t.Errorf("%d fetches", calls.Load())
		}
	})
}

// A fetch has the deadline of the one that started it. Those who have more time
// fetch again.
func TestLazyStartersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		l := NewLazy(func(ctx context.Context) (int, error) {
			if calls.Add(1) == 1 {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return 2, nil
		})
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := l.Get(short); err != context.DeadlineExceeded {
				t.Errorf("the starter's Get: %v", err)
			}
		})
		synctest.Wait()
		for range 3 {
			wg.Go(func() {
				if v, err := l.Get(t.Context()); v != 2 || err != nil {
					t.Errorf("a waiter's Get = %v, %v", v, err)
				}
			})
		}
		wg.Wait()
		if calls.Load() != 2 {
			t.Errorf("%d fetches, want 2", calls.Load())
		}
	})
}

// A fetch that hangs although its deadline has passed, as one that a freeze
// interrupted may, does not hold up later invocations; what it brings late does
// not replace what is there.
func TestLazyLeftOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		release := make(chan struct{})
		l := NewLazy(func(context.Context) (int32, error) {
			n := calls.Add(1)
			if n == 1 {
				<-release
			}
			return n, nil
		})
		first, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.Get(first); err != context.DeadlineExceeded {
			t.Errorf("first Get: %v", err)
		}
		time.Sleep(time.Second)
		if v, err := l.Get(t.Context()); v != 2 || err != nil {
			t.Errorf("second Get = %v, %v", v, err)
		}
		close(release)
		synctest.Wait()
		if v, err := l.Get(t.Context()); v != 2 || err != nil {
			t.Errorf("third Get = %v, %v", v, err)
		}
	})
}

func TestLazyAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under -race")
	}
	l := NewLazy(func(context.Context) (string, error) { return "value", nil })
	if _, err := l.Get(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		if v, _ := l.Get(ctx); v != "value" {
			t.Error(v)
		}
	}); n != 0 {
		t.Errorf("%v allocations per Get", n)
	}
}
