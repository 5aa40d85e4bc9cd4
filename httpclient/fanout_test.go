package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lambdatune/lambdatune/httpclient"
)

func TestAll(t *testing.T) {
	for _, limit := range []int{0, 1, 3, 10, 50} {
		synctest.Test(t, func(t *testing.T) {
			var ran, now, most atomic.Int64
			boom := errors.New("boom")
			fns := make([]func(context.Context) error, 10)
			for i := range fns {
				fns[i] = func(context.Context) error {
					ran.Add(1)
					if n := now.Add(1); n > most.Load() {
						most.Store(n)
					}
					time.Sleep(time.Second)
					now.Add(-1)
					switch i {
					case 3:
						panic("ouch")
					case 5:
						return boom
					case 7:
						return fmt.Errorf("seven")
					}
					return nil
				}
			}
			start := time.Now()
			err := httpclient.All(t.Context(), limit, fns...)
			width := limit
			if width == 0 || width > len(fns) {
				width = len(fns)
			}
			if want := time.Duration((len(fns)+width-1)/width) * time.Second; time.Since(start) != want {
				t.Errorf("limit %d: took %v, want %v", limit, time.Since(start), want)
			}
			if ran.Load() != 10 || most.Load() != int64(width) {
				t.Errorf("limit %d: %d ran, %d at once", limit, ran.Load(), most.Load())
			}
			var pe *httpclient.PanicError
			if !errors.Is(err, boom) || !errors.As(err, &pe) || pe.Value != "ouch" || !strings.Contains(string(pe.Stack), "fanout_test.go") {
				t.Errorf("limit %d: error %v", limit, err)
			}
			if lines := strings.Split(err.Error(), "\n"); len(lines) != 3 || !strings.Contains(lines[0], "ouch") || lines[1] != "boom" || lines[2] != "seven" {
				t.Errorf("limit %d: errors %q, want three in order", limit, lines)
			}
		})
	}
	if err := httpclient.All(t.Context(), 0); err != nil {
		t.Errorf("no functions: %v", err)
	}
	if err := httpclient.All(t.Context(), -1); err == nil || !strings.Contains(err.Error(), "-1") {
		t.Errorf("negative limit: %v", err)
	}
}

// What has not begun when the context ends is not begun.
func TestAllDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		var ran atomic.Int64
		fn := func(ctx context.Context) error {
			ran.Add(1)
			select {
			case <-time.After(time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		err := httpclient.All(ctx, 2, fn, fn, fn, fn, fn, fn)
		if ran.Load() != 4 || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 of 6 functions not run") {
			t.Errorf("%d ran, error %v", ran.Load(), err)
		}
	})
}

func TestRace(t *testing.T) {
	type fn = func(context.Context) (string, error)
	after := func(d time.Duration, v string, err error) fn {
		return func(ctx context.Context) (string, error) {
			select {
			case <-time.After(d):
				return v, err
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
	}
	boom := errors.New("boom")
	tests := []struct {
		name  string
		hedge time.Duration
		fns   []fn
		want  string
		err   error
		took  time.Duration
	}{
		{"the first is fast", time.Second, []fn{after(500*time.Millisecond, "a", nil), after(0, "b", nil)}, "a", nil, 500 * time.Millisecond},
		{"the hedge wins", time.Second, []fn{after(time.Hour, "a", nil), after(200*time.Millisecond, "b", nil)}, "b", nil, 1200 * time.Millisecond},
		{"the first wins after all", time.Second, []fn{after(1100*time.Millisecond, "a", nil), after(time.Hour, "b", nil)}, "a", nil, 1100 * time.Millisecond},
		{"the first fails", time.Hour, []fn{after(time.Second, "", boom), after(time.Second, "b", nil)}, "b", nil, 2 * time.Second},
		{"one fails while another runs", 100 * time.Millisecond, []fn{after(time.Hour, "", nil), after(50*time.Millisecond, "", boom), after(50*time.Millisecond, "c", nil)}, "c", nil, 200 * time.Millisecond},
		{"all at once", 0, []fn{after(3*time.Second, "a", nil), after(2*time.Second, "b", nil), after(time.Second, "c", nil)}, "c", nil, time.Second},
		{"all fail", time.Second, []fn{after(0, "", boom), after(0, "", boom)}, "", boom, 0},
		{"all hang", time.Second, []fn{after(time.Hour, "", nil), after(time.Hour, "", nil)}, "", context.DeadlineExceeded, time.Minute},
		{"alone", time.Second, []fn{after(5*time.Second, "a", nil)}, "a", nil, 5 * time.Second},
		{"panic", time.Second, []fn{func(context.Context) (string, error) { panic(boom) }}, "", boom, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				got, err := httpclient.Race(ctx, tt.hedge, tt.fns...)
				if got != tt.want || !errors.Is(err, tt.err) || time.Since(start) != tt.took {
					t.Errorf("%q, %v after %v; want %q, %v after %v", got, err, time.Since(start), tt.want, tt.err, tt.took)
				}
			})
		})
	}
	if _, err := httpclient.Race[int](t.Context(), 0); err == nil {
		t.Error("no functions: no error")
	}
	if _, err := httpclient.Race(t.Context(), -1, after(0, "a", nil)); err == nil {
		t.Error("negative delay: no error")
	}
}

// A context that has ended is no reason to start hedges.
func TestRaceCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var ran atomic.Int64
		slow := func(context.Context) (int, error) {
			ran.Add(1)
			time.Sleep(10 * time.Second) // heeds nothing
			return 0, errors.New("late")
		}
		if _, err := httpclient.Race(ctx, 3*time.Second, slow, slow, slow); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if ran.Load() != 1 {
			t.Errorf("%d were started", ran.Load())
		}
	})
}

func TestPanicErrorKeepsValues(t *testing.T) {
	type secret struct{ Token string }
	err := httpclient.All(t.Context(), 0, func(context.Context) error { panic(secret{"hunter2"}) })
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}
